//! Records of `profile decode` and `replay` as lines for people.

use serde::Serialize;
use serde_json::Value;

use super::output::Out;
use super::{Format, ask};
use crate::error::excerpt;

/// Longest text of a recording or person that a line repeats, in characters.
const TEXT_CHARS: usize = 160;

/// Prints a record as JSON or as a line for people.
pub(super) fn print(out: &mut Out, format: Format, record: &impl Serialize) -> anyhow::Result<()> {
    match format {
        Format::Ndjson => out.json(record),
        Format::Table => out.line(&line(&serde_json::to_value(record)?)),
    }
}

/// When or which frame, what it is, and what it says.
fn line(record: &Value) -> String {
    let outcome = word(record, "outcome");
    let when = ["at", "measured_at", "received_at"]
        .into_iter()
        .find_map(|key| record.get(key)?.as_str());
    let when = when.map_or_else(|| format!("frame {}", word(record, "frame")), str::to_owned);
    let says = match outcome.as_str() {
        "reading" => reading(record),
        "ignored" => word(record, "kind"),
        "rejected" => join(record, &["reason", "error"]),
        "event" => record
            .pointer("/text/en/headline")
            .map_or_else(String::new, |text| ask::cell(Some(text))),
        "level" => format!(
            "{}, was {}",
            join(record, &["instrument", "quantity", "radiation", "now"]),
            word(record, "was")
        ),
        "closing" => join(record, &["activation", "proposal", "rule"]),
        "deadline" => {
            let what = record.pointer("/what/en");
            format!(
                "{} {} due {}",
                join(record, &["rule", "state"]),
                ask::cell(what),
                word(record, "due_local")
            )
        }
        _ => join(
            record,
            &[
                "by",
                "do",
                "status",
                "steps",
                "to",
                "activation",
                "note",
                "refused",
            ],
        ),
    };
    format!("{when:<20}  {outcome:<8}  {says}")
        .trim_end()
        .to_owned()
}

fn reading(record: &Value) -> String {
    let values = record.get("values").and_then(Value::as_array);
    let values: Vec<String> = values
        .into_iter()
        .flatten()
        .map(|value| {
            join(
                value,
                &["quantity", "radiation", "value", "missing", "unit"],
            )
        })
        .collect();
    format!(
        "{}  {}  {}",
        word(record, "instrument"),
        values.join(", "),
        join(record, &["class", "rule", "flags"])
    )
}

/// A member for people; empty when there is none.
fn word(record: &Value, key: &str) -> String {
    match record.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::Array(list)) => {
            let words = list.iter().map(|one| ask::cell(Some(one)));
            words.collect::<Vec<_>>().join(" ")
        }
        Some(value) => excerpt(&ask::cell(Some(value)), TEXT_CHARS),
    }
}

fn join(record: &Value, keys: &[&str]) -> String {
    let words = keys.iter().map(|key| word(record, key));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_record_is_one_line() {
        let reading = json!({
            "outcome": "reading", "instrument": "gate", "frame": 3,
            "measured_at": "2026-03-14T03:00:00Z", "received_at": "2026-03-14T03:00:01Z",
            "values": [
                {"quantity": "dose_rate", "value": 0.11, "unit": "uSv/h"},
                {"quantity": "count_rate", "radiation": "beta", "value": null,
                 "missing": "overrange", "unit": "cps"},
            ],
            "flags": ["overrange"], "class": "NORMAL", "rule": "NR",
        });
        assert_eq!(
            line(&reading),
            "2026-03-14T03:00:00Z  reading   gate  dose_rate 0.11 uSv/h, \
             count_rate beta overrange cps  NORMAL NR overrange"
        );
        let rejected = json!({"outcome": "rejected", "frame": 4, "reason": "checksum",
            "error": "sum is 1\nnot 2"});
        let rejected = line(&rejected);
        assert!(
            rejected.starts_with("frame 4 ") && !rejected.contains('\n'),
            "{rejected}"
        );
        let deadline = json!({"outcome": "deadline", "at": "2026-03-14T04:00:00Z",
            "rule": "D-20", "state": "overdue", "what": {"en": "forward the form"},
            "due_local": "2026-03-14 11:00:00 WIB"});
        assert_eq!(
            line(&deadline),
            "2026-03-14T04:00:00Z  deadline  D-20 overdue forward the form due \
             2026-03-14 11:00:00 WIB"
        );
    }
}
