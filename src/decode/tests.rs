//! Each rule of a profile, through small profiles of its own.

mod context;
mod formats;
mod frames;
mod values;

use std::fmt::Write as _;

use super::*;
use crate::reading::Number;

/// What every profile of a serial instrument begins with.
const SERIAL: &str = r#"
schema = 1
id = "test"
title = "Test"
class = "survey_meter"
status = "verified"
sources = [{ what = "made up", grade = "S" }]
unmatched = "rejected"
identity = { name = "test" }
transport = { kind = "serial", baud = 9600 }
"#;

/// What every profile of an MQTT instrument begins with.
const MQTT: &str = r#"
schema = 1
id = "test"
title = "Test"
class = "fixed_station"
status = "verified"
sources = [{ what = "made up", grade = "S" }]
unmatched = "rejected"
identity = { name = "st-{station}" }
transport = { kind = "mqtt" }
framing = { kind = "message", max_bytes = 256 }
"#;

const LINE: &str = "framing = { kind = \"line\", max_bytes = 64 }\n";

/// One line with columns and a dose rate in the first.
fn columns(columns: &str, rest: &str) -> String {
    format!(
        "{SERIAL}{LINE}[[message]]\nname = \"m\"\n\
         format = {{ kind = \"delimited\", separator = \",\", columns = {columns} }}\n{rest}"
    )
}

/// A document with pointers.
fn pointers(pointers: &str, rest: &str) -> String {
    format!(
        "{MQTT}[[message]]\nname = \"m\"\ntopic = \"s/{{station}}\"\n\
         format = {{ kind = \"json\", pointers = {{ {pointers} }} }}\n{rest}"
    )
}

#[track_caller]
fn decoder(toml: &str) -> Decoder {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.toml");
    std::fs::write(&path, toml).unwrap();
    match Profile::load(&path) {
        Ok(profile) => Decoder::new(Arc::new(profile)),
        Err(error) => panic!("{error}"),
    }
}

/// An outcome in short: `dose_rate 7 cpm [flags]`, `-word` for a missing number
/// with its lower bound, `!reason` for what is refused.
fn short(decoded: &Decoded) -> String {
    let reading = match decoded {
        Decoded::Ignored(ignored) => return format!("ignored {ignored:?}"),
        Decoded::Rejected(rejected) => return format!("!{}", rejected.reason),
        Decoded::Reading(reading) => reading,
    };
    let number = |number: Number| match number {
        Number::Int(n) => n.to_string(),
        Number::Float(x) => format!("{x:?}"),
    };
    let mut parts = Vec::new();
    for value in &reading.values {
        let mut text = value.quantity.as_str().to_owned();
        if let Some(radiation) = value.quantity.radiation() {
            write!(text, "/{radiation}").unwrap();
        }
        match value.number {
            Ok(n) => write!(text, " {}", number(n)).unwrap(),
            Err(missing) => write!(text, " -{missing}").unwrap(),
        }
        if let Some(bound) = value.at_least {
            write!(text, ">={}", number(bound)).unwrap();
        }
        write!(text, " {}", value.unit.symbol).unwrap();
        if (value.scale - 1.0).abs() > f64::EPSILON {
            write!(text, "x{}", value.scale).unwrap();
        }
        if let Some(counting) = value.counting {
            write!(text, " ({} in {} s)", counting.counts, counting.seconds).unwrap();
        }
        parts.push(text);
    }
    let refused = reading.refused.iter();
    parts.extend(refused.map(|refused| format!("!{}", refused.why.reason)));
    let flags: Vec<&str> = reading.flags.iter().map(|flag| flag.as_str()).collect();
    if !flags.is_empty() {
        parts.push(format!("[{}]", flags.join(" ")));
    }
    parts.join(", ")
}

/// A line, and what becomes of it.
#[track_caller]
fn check(toml: &str, cases: &[(&str, &str)]) {
    let mut decoder = decoder(toml);
    for (line, expected) in cases {
        let topic = toml.starts_with(MQTT).then_some("s/9");
        let outcomes = decoder.decode(line.as_bytes(), topic);
        let got: Vec<String> = outcomes.iter().map(|(_, one)| short(one)).collect();
        assert_eq!(got.join(" | "), *expected, "`{line}`");
    }
}
