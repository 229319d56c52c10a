//! Readings as CSV: one line for each value, units in the header, text columns
//! that no spreadsheet takes for a formula.

use std::fmt::Write as _;

use crate::reading::{NoValue, Number};
use crate::store::embedded::{StoredChannel, StoredReading};
use crate::units::rounded;

/// The first line.
pub const CSV_HEADER: &str = "at_utc,instrument,site,profile,source,subject,measured_at_utc,\
received_at_utc,boot,seq,quantity,radiation,value,unit,missing,at_least,raw_value,raw_unit,\
factor,factor_source,counts,counting_s,lat_deg,lon_deg,alt_m,position_source,hdop,class,rule,\
disposition,flags,remarks\n";

/// The lines of one reading.
pub fn csv_rows(reading: &StoredReading) -> String {
    let mut out = String::new();
    for channel in &reading.channels {
        row(&mut out, reading, channel);
    }
    out
}

fn row(out: &mut String, reading: &StoredReading, channel: &StoredChannel) {
    let measured = reading.device_time.trusted();
    let position = reading.position;
    let number = |value: Option<f64>| value.map_or(String::new(), |v| rounded(v).to_string());
    let whole = |value: Option<u64>| value.map_or(String::new(), |v| v.to_string());
    let words = |flags: Vec<&'static str>| flags.join(" ");
    let columns = [
        reading.at().to_string(),
        csv_text(reading.instrument.as_str()),
        csv_text(reading.context.site.as_deref().unwrap_or_default()),
        csv_text(&reading.profile),
        reading.context.source.to_string(),
        reading.context.subject.to_string(),
        measured.map_or(String::new(), |at| at.to_string()),
        reading.received.to_string(),
        whole(reading.sequence.and_then(|s| s.boot)),
        whole(reading.sequence.map(|s| s.seq)),
        channel.quantity.as_str().to_owned(),
        channel
            .quantity
            .radiation()
            .map_or(String::new(), |r| r.to_string()),
        number(channel.measured.ok().map(|a| a.number())),
        channel.quantity.unit().to_owned(),
        channel
            .measured
            .err()
            .map_or(String::new(), |no: NoValue| no.to_string()),
        number(channel.at_least.map(|a| a.number())),
        channel
            .raw
            .as_ref()
            .map_or(String::new(), |raw| match raw.value {
                Number::Int(n) => n.to_string(),
                Number::Float(x) => x.to_string(),
            }),
        csv_text(channel.raw.as_ref().map_or("", |raw| raw.unit.as_str())),
        csv_text(channel.factor.as_ref().map_or("", |f| f.text.as_str())),
        csv_text(channel.factor.as_ref().map_or("", |f| f.source.as_str())),
        whole(channel.counting.map(|c| c.counts)),
        number(channel.counting.map(|c| c.seconds)),
        number(position.map(|p| p.lat)),
        number(position.map(|p| p.lon)),
        number(position.and_then(|p| p.alt_m)),
        position.map_or(String::new(), |p| p.source.to_string()),
        number(position.and_then(|p| p.hdop)),
        reading
            .verdict
            .class
            .map_or(String::new(), |class| class.to_string()),
        reading.verdict.rule.to_string(),
        reading.verdict.disposition.to_string(),
        words(reading.flags.iter().map(|f| f.as_str()).collect()),
        words(reading.verdict.remarks.iter().map(|r| r.as_str()).collect()),
    ];
    for (n, column) in columns.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str(column);
    }
    out.push('\n');
}

/// A text column: quoted where CSV needs it, and with a quote in front of what a
/// spreadsheet would run as a formula.
pub(crate) fn csv_text(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\0']);
    let defused = if risky {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if defused.contains([',', '"', '\n', '\r']) {
        let mut quoted = String::new();
        // Writing to a string cannot fail.
        write!(quoted, "\"{}\"", defused.replace('"', "\"\"")).expect("a string takes everything");
        quoted
    } else {
        defused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_defused() {
        for (input, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
            ("-x", "'-x"),
            ("@cmd", "'@cmd"),
        ] {
            assert_eq!(csv_text(input), expected);
        }
    }

    #[test]
    fn the_header_has_a_name_for_every_column() {
        assert_eq!(CSV_HEADER.matches(',').count(), 31);
    }
}
