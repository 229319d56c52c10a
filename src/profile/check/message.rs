//! One kind of frame: how its parts are found, and what they are.

use super::super::model::{
    Availability, CaptureId, HdopRule, Message, NumberTest, Pattern, PositionForm, PositionRule,
    Remember, SequenceRule, StatusRule, StatusWords, TimeForm, TimeRule, TopicPattern, Transport,
    ValueRule, When,
};
use super::super::schema::{RawAvailability, RawMessage, RawPosition, RawTime, RawWhen, Unused};
use super::Problems;
use super::format::{format, inside, part};
use super::names::topic;
use super::remember::told;
use super::value::value;
use crate::clock::Zone;
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
    if matches!(transport, Transport::Mqtt { .. }) && topic.is_none() {
        p.add(&format!("{at}.topic"), "an MQTT message needs one");
    }
    names.extend(
        topic
            .iter()
            .flat_map(TopicPattern::capture_names)
            .map(str::to_owned),
    );
    names.extend(remember.iter().map(|r| r.name.clone()));
    let inside = raw
        .inside
        .as_ref()
        .map(|raw| inside(&format!("{at}.inside"), raw, p));
    let mut parts = Vec::with_capacity(raw.parts.len());
    for (n, made) in raw.parts.iter().enumerate() {
        let captures = Captures { names: &names };
        parts.push(part(&format!("{at}.part[{n}]"), made, &captures, p));
        names.push(made.name.clone());
    }
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
            let test = match (s.at_or_above, s.bit) {
                (Some(limit), None) => Some(NumberTest::AtOrAbove(limit)),
                (None, Some(bit)) if bit < 64 => Some(NumberTest::Bit(bit)),
                (None, None) => None,
                _ => {
                    p.add(&at, "takes `at_or_above`, or a `bit` from 0 to 63");
                    None
                }
            };
            if s.number.is_some() != test.is_some() {
                p.add(&at, "`number` belongs together with `at_or_above` or `bit`");
            }
            if s.when.is_empty() && s.number.is_none() {
                p.add(&at, "needs `when` or `number`; it would always be set");
            }
            StatusRule {
                flag: flag(&at, &s.flag, p),
                when: captures.when(&format!("{at}.when"), &s.when, p),
                number: captures.optional(&at, s.number.as_ref(), p).zip(test),
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
    let time = raw
        .time
        .as_ref()
        .map(|raw| time(&format!("{at}.time"), raw, &captures, p));
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
    let gives_reading = !raw.values.is_empty() || raw.position.is_some();
    let gives =
        usize::from(gives_reading) + usize::from(availability.is_some()) + usize::from(raw.ignore);
    if gives != 1 {
        p.add(
            at,
            "needs one of values or a position, an availability, or `ignore = true`",
        );
    }
    if raw.restart && !raw.ignore {
        p.add(&format!("{at}.restart"), "belongs to `ignore = true`");
    }
    if raw.time.is_none() && raw.values.iter().any(|value| value.counter_time) {
        p.add(&format!("{at}.time"), "is needed by `counter_time`");
    }
    let empty = raw.empty.as_deref().unwrap_or(Unused::Rejected.as_str());
    let when = captures.when(&format!("{at}.when"), &raw.when, p);
    Message {
        name: raw.name.clone(),
        topic,
        inside,
        format,
        parts,
        format_captures,
        when,
        ignore: raw.ignore,
        restart: raw.restart,
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
        tells: told(remember, &names),
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

fn flag(at: &str, word: &str, p: &mut Problems) -> Flag {
    p.word(at, word, Flag::from_word, Flag::ALL, Flag::CountInvalid)
}

fn time(at: &str, raw: &RawTime, captures: &Captures<'_>, p: &mut Problems) -> TimeRule {
    let date = captures.optional(&format!("{at}.date"), raw.date.as_ref(), p);
    if date.is_some() != matches!(raw.form.as_str(), "nmea" | "accurad") {
        p.add(&format!("{at}.date"), "belongs to `nmea` and `accurad`");
    }
    let is_pattern = raw.form == "pattern";
    if raw.pattern.is_some() != is_pattern || (raw.utc && !is_pattern) {
        p.add(at, "`pattern` and `utc` belong to the form `pattern`");
    }
    let date = date.unwrap_or(0);
    let form = match raw.form.as_str() {
        "rfc3339" => TimeForm::Rfc3339,
        "unix" => TimeForm::Unix,
        "unix_ms" => TimeForm::UnixMs,
        "filetime" => TimeForm::Filetime,
        "nmea" => TimeForm::Nmea(date),
        "accurad" => TimeForm::Accurad(date),
        "pattern" => TimeForm::Pattern {
            pattern: raw.pattern.clone().unwrap_or_default(),
            utc: raw.utc,
        },
        other => {
            let known = "rfc3339, unix, unix_ms, filetime, nmea, pattern, accurad";
            p.add(at, format!("form `{other}` is none of {known}"));
            TimeForm::Rfc3339
        }
    };
    let zone = raw.zone.as_ref().and_then(|text| {
        let zone = Zone::parse(text);
        if zone.is_none() {
            p.add(at, format!("`{text}` is none of UTC, WIB, WITA, WIT"));
        }
        zone
    });
    let may_lack_zone = matches!(
        form,
        TimeForm::Rfc3339 | TimeForm::Pattern { utc: false, .. } | TimeForm::Accurad(_)
    );
    if raw.zone.is_some() && !may_lack_zone {
        p.add(at, "`zone` is for clocks that tell none");
    }
    TimeRule {
        from: captures.id(at, &raw.from, p),
        form,
        zone,
    }
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
/// What a text may be: this; with `*` at the end what begins so; with `>=` or
/// `<` in front a number.
pub(super) fn pattern(word: &str) -> Pattern {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse().ok());
    if let Some(limit) = number(word.strip_prefix(">=")) {
        return Pattern::AtLeast(limit);
    }
    if let Some(limit) = number(word.strip_prefix('<')) {
        return Pattern::Below(limit);
    }
    match word.strip_suffix('*') {
        Some(prefix) => Pattern::Prefix(prefix.to_owned()),
        None => Pattern::Exact(word.to_owned()),
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
                let patterns = words.iter().map(|word| pattern(word)).collect();
                (self.id(at, name, p), patterns)
            })
            .collect()
    }
}
