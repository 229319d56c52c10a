//! One kind of frame: how its parts are found, and what they are.

use std::collections::BTreeMap;

use super::super::model::{
    Availability, CaptureId, Column, Format, HdopRule, Message, Pattern, PositionForm,
    PositionRule, Remember, SequenceRule, StatusRule, StatusWords, TimeForm, TimeRule,
    TopicPattern, Transport, ValueRule, When,
};
use super::super::schema::{RawAvailability, RawFormat, RawMessage, RawPosition, RawWhen, Unused};
use super::Problems;
use super::names::topic;
use super::value::value;
use crate::reading::Flag;

/// Checks one kind of frame.
pub(super) fn message(
    at: &str,
    raw: &RawMessage,
    transport: &Transport,
    remember: &[Remember],
    p: &mut Problems,
) -> Message {
    let (format, mut names) = format(&format!("{at}.format"), &raw.format, p);
    let format_captures = names.len();
    let topic = raw
        .topic
        .as_ref()
        .map(|text| topic(&format!("{at}.topic"), text, &mut p.0));
    match (transport, &topic) {
        (Transport::Mqtt { .. }, None) => {
            p.add(&format!("{at}.topic"), "an MQTT message needs one")
        }
        (Transport::Serial(_), Some(_)) => p.add(&format!("{at}.topic"), "a serial line has none"),
        _ => {}
    }
    names.extend(
        topic
            .iter()
            .flat_map(TopicPattern::capture_names)
            .map(str::to_owned),
    );
    names.extend(remember.iter().map(|r| r.name.clone()));
    reject_duplicates(at, &names, p);
    let captures = Captures { names: &names };
    let values: Vec<ValueRule> = raw
        .values
        .iter()
        .enumerate()
        .filter_map(|(n, v)| value(&format!("{at}.value[{n}]"), v, &captures, p))
        .collect();
    let status = raw
        .status
        .iter()
        .enumerate()
        .map(|(n, s)| {
            let at = format!("{at}.status[{n}]");
            if s.number.is_some() != s.at_or_above.is_some() {
                p.add(&at, "`number` and `at_or_above` belong together");
            }
            if s.when.is_empty() && s.number.is_none() {
                p.add(&at, "needs `when` or `number`; it would always be set");
            }
            StatusRule {
                flag: flag(&at, &s.flag, p),
                when: captures.when(&format!("{at}.when"), &s.when, p),
                at_or_above: captures
                    .optional(&at, s.number.as_ref(), p)
                    .zip(s.at_or_above),
            }
        })
        .collect();
    let status_words = raw.status_words.as_ref().map(|s| {
        let at = format!("{at}.status_words");
        StatusWords {
            from: captures.id(&at, &s.from, p),
            words: s
                .words
                .iter()
                .map(|(word, name)| (word.clone(), flag(&at, name, p)))
                .collect(),
        }
    });
    let time = raw.time.as_ref().map(|t| {
        let at = format!("{at}.time");
        TimeRule {
            from: captures.id(&at, &t.from, p),
            form: match t.form.as_str() {
                "rfc3339" => TimeForm::Rfc3339,
                "unix" => TimeForm::Unix,
                other => {
                    p.add(&at, format!("form `{other}` is none of rfc3339, unix"));
                    TimeForm::Rfc3339
                }
            },
        }
    });
    let position = raw
        .position
        .as_ref()
        .and_then(|r| position(&format!("{at}.position"), r, &captures, p));
    let sequence = raw.sequence.as_ref().map(|s| {
        let at = format!("{at}.sequence");
        SequenceRule {
            seq: captures.id(&at, &s.seq, p),
            boot: captures.optional(&at, s.boot.as_ref(), p),
        }
    });
    let availability = raw
        .availability
        .as_ref()
        .map(|a| availability(&format!("{at}.availability"), a, &captures, p));
    let gives = usize::from(!raw.values.is_empty())
        + usize::from(availability.is_some())
        + usize::from(raw.ignore);
    if gives != 1 {
        p.add(
            at,
            "needs one of values, an availability, or `ignore = true`",
        );
    }
    let empty = raw.empty.as_deref().unwrap_or(Unused::Rejected.as_str());
    let when = captures.when(&format!("{at}.when"), &raw.when, p);
    Message {
        name: raw.name.clone(),
        topic,
        format,
        format_captures,
        when,
        ignore: raw.ignore,
        empty: p.word(
            &format!("{at}.empty"),
            empty,
            Unused::from_word,
            Unused::ALL,
            Unused::Rejected,
        ),
        values,
        status,
        status_words,
        time,
        position,
        sequence,
        availability,
        captures: names,
    }
}

fn reject_duplicates(at: &str, names: &[String], p: &mut Problems) {
    for (n, name) in names.iter().enumerate() {
        if names.iter().skip(n + 1).any(|other| other == name) {
            p.add(at, format!("two captures are called `{name}`"));
        }
    }
}

fn format(at: &str, raw: &RawFormat, p: &mut Problems) -> (Format, Vec<String>) {
    match raw {
        RawFormat::Delimited {
            separator,
            columns,
            more,
        } => {
            if separator.is_empty() {
                p.add(&format!("{at}.separator"), "must not be empty");
            }
            let mut names = Vec::new();
            let columns = columns
                .iter()
                .map(|column| match column.strip_prefix('=') {
                    Some(literal) => Column::Literal(literal.to_owned()),
                    None if column == "-" => Column::Skip,
                    None => {
                        names.push(column.clone());
                        Column::Capture(names.len() - 1)
                    }
                })
                .collect();
            let format = Format::Delimited {
                separator: separator.clone(),
                columns,
                more: *more,
            };
            (format, names)
        }
        RawFormat::KeyValue {
            pairs,
            separator,
            keys,
        } => {
            if pairs.is_empty() || separator.is_empty() {
                p.add(at, "`pairs` and `separator` must not be empty");
            }
            let (names, keys) = unzip(keys);
            let format = Format::KeyValue {
                pairs: pairs.clone(),
                separator: separator.clone(),
                keys,
            };
            (format, names)
        }
        RawFormat::Json { pointers } => {
            for (name, pointer) in pointers {
                if !pointer.starts_with('/') {
                    p.add(
                        &format!("{at}.pointers.{name}"),
                        "a JSON pointer begins with `/`",
                    );
                }
            }
            let (names, pointers) = unzip(pointers);
            (Format::Json { pointers }, names)
        }
        RawFormat::Text { name } => (Format::Text, vec![name.clone()]),
    }
}

fn unzip(map: &BTreeMap<String, String>) -> (Vec<String>, Vec<String>) {
    map.iter().map(|(k, v)| (k.clone(), v.clone())).unzip()
}

fn flag(at: &str, word: &str, p: &mut Problems) -> Flag {
    p.word(at, word, Flag::from_word, Flag::ALL, Flag::CountInvalid)
}

fn position(
    at: &str,
    raw: &RawPosition,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> Option<PositionRule> {
    let lat = captures.id(at, &raw.lat, p);
    let lon = captures.id(at, &raw.lon, p);
    let form = match (raw.form.as_str(), &raw.lat_hemisphere, &raw.lon_hemisphere) {
        ("nmea", Some(ns), Some(ew)) => PositionForm::Nmea {
            lat,
            lat_hemisphere: captures.id(at, ns, p),
            lon,
            lon_hemisphere: captures.id(at, ew, p),
        },
        ("degrees", None, None) => PositionForm::Degrees { lat, lon },
        _ => {
            p.add(
                at,
                "form is `nmea` with both hemispheres, or `degrees` without",
            );
            return None;
        }
    };
    Some(PositionRule {
        form,
        alt_m: captures.optional(at, raw.alt_m.as_ref(), p),
        void: captures.when(&format!("{at}.void"), &raw.void, p),
        hdop: raw
            .hdop
            .iter()
            .enumerate()
            .map(|(n, h)| {
                let at = format!("{at}.hdop[{n}]");
                HdopRule {
                    from: captures.id(&at, &h.from, p),
                    scale: h.scale.unwrap_or(1.0),
                    when: captures.when(&format!("{at}.when"), &h.when, p),
                }
            })
            .collect(),
    })
}

fn availability(
    at: &str,
    raw: &RawAvailability,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> Availability {
    if raw.online.is_empty() || raw.offline.is_empty() {
        p.add(at, "needs words for `online` and for `offline`");
    }
    Availability {
        from: captures.id(at, &raw.from, p),
        online: raw.online.clone(),
        offline: raw.offline.clone(),
    }
}
/// The captures of one message while it is checked.
pub(super) struct Captures<'a> {
    names: &'a [String],
}

impl Captures<'_> {
    pub(super) fn id(&self, at: &str, name: &str, p: &mut Problems) -> CaptureId {
        self.names
            .iter()
            .position(|n| n == name)
            .unwrap_or_else(|| {
                p.add(
                    at,
                    format!("no capture `{name}`; there are {}", self.names.join(", ")),
                );
                0
            })
    }

    pub(super) fn optional(
        &self,
        at: &str,
        name: Option<&String>,
        p: &mut Problems,
    ) -> Option<CaptureId> {
        name.map(|name| self.id(at, name, p))
    }

    pub(super) fn when(&self, at: &str, raw: &RawWhen, p: &mut Problems) -> When {
        raw.iter()
            .map(|(name, words)| {
                if words.is_empty() {
                    p.add(&format!("{at}.{name}"), "an empty list never matches");
                }
                let patterns = words
                    .iter()
                    .map(|word| match word.strip_suffix('*') {
                        Some(prefix) => Pattern::Prefix(prefix.to_owned()),
                        None => Pattern::Exact(word.clone()),
                    })
                    .collect();
                (self.id(at, name, p), patterns)
            })
            .collect()
    }
}
