//! Turns a profile as written into one the program can rely on, or says
//! everything that is wrong with it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::model::{
    Availability, CaptureId, Case, CaseRow, Checksum, Column, CountingRule, Format, Framing,
    FramingKind, HdopRule, Message, NamePart, NameTemplate, Pattern, PositionForm, PositionRule,
    Profile, Remember, Sensitivity, SequenceRule, SerialLine, Source, StatusRule, StatusWords,
    TimeForm, TimeRule, TopicLevel, TopicPattern, Transport, UNNAMED_RADIATION, UnitRule,
    ValueRule, What, When,
};
use super::schema::{
    ChecksumMode, DeviceClass, ProfileStatus, RawAvailability, RawCase, RawChecksum, RawCounting,
    RawFormat, RawFraming, RawMessage, RawPosition, RawProfile, RawSensitivity, RawTransport,
    RawValue, RawWhen, SCHEMA, Unused,
};
use crate::reading::{Factor, Flag, NoValue, Quantity, Radiation};
use crate::units::{Dimension, Unit};

/// Longest frame any profile may ask for: 64 KiB.
const MAX_FRAME_BYTES: usize = 65_536;

/// Collects what is wrong, each with its place in the file.
#[derive(Debug, Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, at: &str, text: impl std::fmt::Display) {
        self.0.push(format!("{at}: {text}"));
    }

    /// Reads a word of a closed list; on failure notes it and gives `fallback`.
    fn word<T>(
        &mut self,
        at: &str,
        word: &str,
        read: impl Fn(&str) -> Option<T>,
        all: &[T],
        fallback: T,
    ) -> T
    where
        T: Copy + std::fmt::Display,
    {
        read(word).unwrap_or_else(|| {
            let known: Vec<String> = all.iter().map(ToString::to_string).collect();
            self.add(at, format!("`{word}` is none of {}", known.join(", ")));
            fallback
        })
    }
}

/// Checks a whole profile.
///
/// # Errors
///
/// Every problem found, each with the path of its key.
pub(super) fn check(raw: RawProfile) -> Result<Profile, Vec<String>> {
    let mut problems = Problems::default();
    let p = &mut problems;
    if raw.schema != SCHEMA {
        p.add(
            "schema",
            format!("is {}, this program reads {SCHEMA}", raw.schema),
        );
    }
    ensure_id(&raw.id, p);
    let class = p.word(
        "class",
        &raw.class,
        DeviceClass::from_word,
        DeviceClass::ALL,
        DeviceClass::SurveyMeter,
    );
    let status = p.word(
        "status",
        &raw.status,
        ProfileStatus::from_word,
        ProfileStatus::ALL,
        ProfileStatus::Unverified,
    );
    if status == ProfileStatus::Unverified && raw.caveat.is_none() {
        p.add("caveat", "an unverified profile says what is not certain");
    }
    ensure_sources(&raw, p);
    if raw.gy_to_sv.is_some_and(|f| !(0.5..=2.0).contains(&f)) {
        p.add("gy_to_sv", "must lie between 0.5 and 2");
    }
    let unmatched = p.word(
        "unmatched",
        &raw.unmatched,
        Unused::from_word,
        Unused::ALL,
        Unused::Rejected,
    );
    let transport = transport(&raw.transport, p);
    let framing = framing(&raw.framing, p);
    match (&transport, &framing.kind) {
        (Transport::Serial(_), FramingKind::Line { .. })
        | (Transport::Mqtt { .. }, FramingKind::Message) => {}
        _ => p.add(
            "framing.kind",
            "serial lines are framed by `line`, MQTT by `message`",
        ),
    }
    let checksum = raw.checksum.as_ref().map(|c| checksum(c, p));
    let remember: Vec<Remember> = raw
        .remember
        .iter()
        .map(|r| Remember {
            name: r.name.clone(),
            after: r.after.clone(),
        })
        .collect();
    if raw.messages.is_empty() {
        p.add("message", "a profile needs at least one");
    }
    let messages: Vec<Message> = raw
        .messages
        .iter()
        .enumerate()
        .map(|(n, m)| message(&format!("message[{n}]"), m, &transport, &remember, p))
        .collect();
    let identity = NameTemplate {
        parts: template(&raw.identity.name),
    };
    ensure_identity(&identity, &messages, p);
    if !problems.0.is_empty() {
        return Err(problems.0);
    }
    Ok(Profile {
        id: raw.id.into(),
        title: raw.title,
        class,
        status,
        caveat: raw.caveat,
        sources: raw
            .sources
            .into_iter()
            .map(|s| Source {
                what: s.what,
                grade: s.grade,
            })
            .collect(),
        gy_to_sv: raw.gy_to_sv,
        identity,
        transport,
        framing,
        checksum,
        remember,
        messages,
        unmatched,
    })
}

fn ensure_id(id: &str, p: &mut Problems) {
    let good = !id.is_empty()
        && id
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !good {
        p.add(
            "id",
            format!("`{id}` is not lower-case letters, digits and dashes"),
        );
    }
}

fn ensure_sources(raw: &RawProfile, p: &mut Problems) {
    if raw.sources.is_empty() {
        p.add("sources", "a profile names at least one source");
    }
    for (n, source) in raw.sources.iter().enumerate() {
        if !matches!(source.grade.as_str(), "V" | "F" | "C" | "R" | "S") {
            p.add(
                &format!("sources[{n}].grade"),
                format!("`{}` is none of V, F, C, R, S", source.grade),
            );
        }
    }
}

fn ensure_identity(identity: &NameTemplate, messages: &[Message], p: &mut Problems) {
    for part in &identity.parts {
        let NamePart::Capture(name) = part else {
            continue;
        };
        let lacking = messages
            .iter()
            .find(|m| !m.values.is_empty() && !m.captures.contains(name));
        if let Some(message) = lacking {
            p.add(
                "identity.name",
                format!("message `{}` has no capture `{name}`", message.name),
            );
        }
    }
}

fn transport(raw: &RawTransport, p: &mut Problems) -> Transport {
    let seconds = |s: &Option<u32>| s.map(|s| Duration::from_secs(s.into()));
    match raw {
        RawTransport::Serial {
            baud,
            data_bits,
            parity,
            stop_bits,
            flow,
            silence_s,
        } => {
            if *baud == 0 {
                p.add("transport.baud", "must be at least 1");
            }
            let data_bits = data_bits.unwrap_or(8);
            if !(5..=8).contains(&data_bits) {
                p.add("transport.data_bits", "must be 5 to 8");
            }
            let stop_bits = stop_bits.unwrap_or(1);
            if !(1..=2).contains(&stop_bits) {
                p.add("transport.stop_bits", "must be 1 or 2");
            }
            let parity = match parity.as_deref().unwrap_or("none") {
                "none" => 'N',
                "even" => 'E',
                "odd" => 'O',
                other => {
                    p.add(
                        "transport.parity",
                        format!("`{other}` is none of none, even, odd"),
                    );
                    'N'
                }
            };
            let rtscts = match flow.as_deref().unwrap_or("none") {
                "none" => false,
                "rtscts" => true,
                other => {
                    p.add(
                        "transport.flow",
                        format!("`{other}` is none of none, rtscts"),
                    );
                    false
                }
            };
            Transport::Serial(SerialLine {
                baud: *baud,
                data_bits,
                parity,
                stop_bits,
                rtscts,
                silence: seconds(silence_s),
            })
        }
        RawTransport::Mqtt { silence_s } => Transport::Mqtt {
            silence: seconds(silence_s),
        },
    }
}

fn framing(raw: &RawFraming, p: &mut Problems) -> Framing {
    let (max_bytes, kind) = match raw {
        RawFraming::Line {
            max_bytes,
            comment,
            start,
        } => {
            let start = start.as_deref().and_then(|text| match text.as_bytes() {
                [byte] => Some(*byte),
                _ => {
                    p.add("framing.start", "must be one ASCII character");
                    None
                }
            });
            let kind = FramingKind::Line {
                comment: comment.clone(),
                start,
            };
            (*max_bytes, kind)
        }
        RawFraming::Message { max_bytes } => (*max_bytes, FramingKind::Message),
    };
    if !(1..=MAX_FRAME_BYTES).contains(&max_bytes) {
        p.add(
            "framing.max_bytes",
            format!("must be 1 to {MAX_FRAME_BYTES}"),
        );
    }
    Framing { max_bytes, kind }
}

fn checksum(raw: &RawChecksum, p: &mut Problems) -> Checksum {
    let RawChecksum::Xor {
        after,
        until,
        seed,
        mode,
    } = raw;
    if until.is_empty() {
        p.add("checksum.until", "must not be empty");
    }
    Checksum {
        after: after.clone(),
        until: until.clone(),
        seed: seed.unwrap_or(0),
        mode: p.word(
            "checksum.mode",
            mode,
            ChecksumMode::from_word,
            ChecksumMode::ALL,
            ChecksumMode::Require,
        ),
    }
}

/// Splits `bgeigie-{id}` into text and captures.
fn template(text: &str) -> Vec<NamePart> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            parts.push(NamePart::Text(before.to_owned()));
        }
        parts.push(NamePart::Capture(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(NamePart::Text(rest.to_owned()));
    }
    parts
}

/// Reads a topic with at most one `{capture}` in each level.
pub(super) fn topic(at: &str, text: &str, problems: &mut Vec<String>) -> TopicPattern {
    let mut bad = |what: &str| problems.push(format!("{at}: {what} in `{text}`"));
    if text.is_empty() || text.contains(['+', '#']) {
        bad("a topic is not empty and has no wildcard; write `{name}`");
    }
    let levels = text
        .split('/')
        .map(|level| match template(level).as_slice() {
            [] => TopicLevel {
                before: String::new(),
                capture: None,
                after: String::new(),
            },
            [NamePart::Text(before)] => plain_level(before, None, ""),
            [NamePart::Capture(name)] => plain_level("", Some(name), ""),
            [NamePart::Text(before), NamePart::Capture(name)] => {
                plain_level(before, Some(name), "")
            }
            [NamePart::Capture(name), NamePart::Text(after)] => plain_level("", Some(name), after),
            [
                NamePart::Text(before),
                NamePart::Capture(name),
                NamePart::Text(after),
            ] => plain_level(before, Some(name), after),
            _ => {
                bad("more than one capture in a level");
                plain_level(level, None, "")
            }
        })
        .collect();
    TopicPattern { levels }
}

fn plain_level(before: &str, capture: Option<&str>, after: &str) -> TopicLevel {
    TopicLevel {
        before: before.to_owned(),
        capture: capture.map(str::to_owned),
        after: after.to_owned(),
    }
}

/// The captures of one message while it is checked.
struct Captures<'a> {
    names: &'a [String],
}

impl Captures<'_> {
    fn id(&self, at: &str, name: &str, p: &mut Problems) -> CaptureId {
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

    fn optional(&self, at: &str, name: Option<&String>, p: &mut Problems) -> Option<CaptureId> {
        name.map(|name| self.id(at, name, p))
    }

    fn when(&self, at: &str, raw: &RawWhen, p: &mut Problems) -> When {
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

fn message(
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
    if values.is_empty() && availability.is_none() && raw.values.is_empty() {
        p.add(at, "has neither values nor an availability: leave it out");
    }
    let empty = raw.empty.as_deref().unwrap_or(Unused::Rejected.as_str());
    let when = captures.when(&format!("{at}.when"), &raw.when, p);
    Message {
        name: raw.name.clone(),
        topic,
        format,
        format_captures,
        when,
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

fn value(at: &str, raw: &RawValue, captures: &Captures<'_>, p: &mut Problems) -> Option<ValueRule> {
    let parts = Parts {
        quantity: raw.quantity.as_deref(),
        radiation: raw.radiation.as_deref(),
        unit: raw.unit.as_deref(),
        unit_from: captures.optional(&format!("{at}.unit_from"), raw.unit_from.as_ref(), p),
        scale: raw.scale.unwrap_or(1.0),
    };
    let sensitivity = raw
        .sensitivity
        .as_ref()
        .map(|s| sensitivity(&format!("{at}.sensitivity"), s, p));
    let case = raw.case.as_ref().map(|c| {
        case(
            &format!("{at}.case"),
            c,
            &parts,
            captures,
            sensitivity.is_some(),
            p,
        )
    });
    let what = match case {
        Some(_) => None,
        None => Some(what(at, &parts, sensitivity.is_some(), p)?),
    };
    let missing = raw
        .missing
        .iter()
        .map(|(word, reason)| {
            let at = format!("{at}.missing");
            let reason = p.word(
                &at,
                reason,
                NoValue::from_word,
                NoValue::ALL,
                NoValue::NotReported,
            );
            (word.clone(), reason)
        })
        .collect();
    let rising = |[lo, hi]: [f64; 2]| lo.partial_cmp(&hi) == Some(std::cmp::Ordering::Less);
    if !raw.range.is_none_or(rising) {
        p.add(
            &format!("{at}.range"),
            "the lower end must be below the upper one",
        );
    }
    Some(ValueRule {
        from: captures.id(at, &raw.from, p),
        what,
        case,
        sensitivity,
        missing,
        range: raw.range.map(|[lo, hi]| (lo, hi)),
        ceiling: raw.ceiling,
        counting: raw
            .counting
            .as_ref()
            .map(|c| counting(&format!("{at}.counting"), c, captures, p)),
        when: captures.when(&format!("{at}.when"), &raw.when, p),
        optional: raw.optional.unwrap_or(true),
    })
}

/// What a value says of itself, before a case adds to it.
#[derive(Clone, Copy)]
struct Parts<'a> {
    quantity: Option<&'a str>,
    radiation: Option<&'a str>,
    unit: Option<&'a str>,
    unit_from: Option<CaptureId>,
    scale: f64,
}

fn what(at: &str, parts: &Parts<'_>, has_sensitivity: bool, p: &mut Problems) -> Option<What> {
    let radiation = match parts.radiation {
        Some(word) => p.word(
            &format!("{at}.radiation"),
            word,
            Radiation::from_word,
            Radiation::ALL,
            UNNAMED_RADIATION,
        ),
        None => UNNAMED_RADIATION,
    };
    let quantity = match parts.quantity {
        Some("dose_rate") => Quantity::DoseRate,
        Some("count_rate") => Quantity::CountRate(radiation),
        Some("dose") => Quantity::Dose,
        Some("surface_activity") => Quantity::SurfaceActivity(radiation),
        other => {
            let found = other.unwrap_or("nothing");
            p.add(
                &format!("{at}.quantity"),
                format!("`{found}` is none of dose_rate, count_rate, dose, surface_activity"),
            );
            return None;
        }
    };
    if quantity.radiation().is_some() && parts.radiation.is_none() {
        p.add(
            &format!("{at}.radiation"),
            "counts are never without their radiation",
        );
    }
    if !(parts.scale.is_finite() && parts.scale > 0.0) {
        p.add(&format!("{at}.scale"), "must be a number above zero");
    }
    let unit = match (parts.unit, parts.unit_from) {
        (Some(text), None) => match Unit::parse(text) {
            Ok(unit) => {
                ensure_unit_fits(at, quantity, unit, has_sensitivity, p);
                UnitRule::Fixed(unit)
            }
            Err(error) => {
                p.add(&format!("{at}.unit"), error);
                return None;
            }
        },
        (None, Some(capture)) => UnitRule::From(capture),
        _ => {
            p.add(at, "needs `unit` or `unit_from`, and only one of them");
            return None;
        }
    };
    Some(What {
        quantity,
        unit,
        scale: parts.scale,
    })
}

fn ensure_unit_fits(
    at: &str,
    quantity: Quantity,
    unit: &Unit,
    has_sensitivity: bool,
    p: &mut Problems,
) {
    let direct = quantity_dimension(quantity) == unit.dimension;
    let by_sensitivity = quantity == Quantity::DoseRate && unit.dimension == Dimension::CountRate;
    if by_sensitivity && !has_sensitivity {
        p.add(at, "a dose rate from counts needs `sensitivity`");
    } else if !direct && !by_sensitivity {
        p.add(
            &format!("{at}.unit"),
            format!("`{}` is no unit of {}", unit.symbol, quantity.as_str()),
        );
    }
}

/// The dimension a quantity's unit must have.
pub(crate) const fn quantity_dimension(quantity: Quantity) -> Dimension {
    match quantity {
        Quantity::DoseRate => Dimension::DoseRate,
        Quantity::CountRate(_) => Dimension::CountRate,
        Quantity::Dose => Dimension::Dose,
        Quantity::SurfaceActivity(_) => Dimension::SurfaceActivity,
    }
}

fn case(
    at: &str,
    raw: &RawCase,
    parts: &Parts<'_>,
    captures: &Captures<'_>,
    has_sensitivity: bool,
    p: &mut Problems,
) -> Case {
    let rows = raw
        .rows
        .iter()
        .filter_map(|(text, row)| {
            if row.skip {
                return Some((text.clone(), CaseRow::Skip));
            }
            let merged = Parts {
                quantity: row.quantity.as_deref().or(parts.quantity),
                radiation: row.radiation.as_deref().or(parts.radiation),
                unit: row.unit.as_deref().or(parts.unit),
                unit_from: if row.unit.is_some() {
                    None
                } else {
                    parts.unit_from
                },
                scale: row.scale.unwrap_or(parts.scale),
            };
            let what = what(&format!("{at}.rows.{text}"), &merged, has_sensitivity, p)?;
            Some((text.clone(), CaseRow::Value(what)))
        })
        .collect();
    Case {
        of: captures.id(at, &raw.of, p),
        rows,
    }
}

fn sensitivity(at: &str, raw: &RawSensitivity, p: &mut Problems) -> Sensitivity {
    let (cpm_per_usv_h, text) = match (raw.cpm_per_usv_h, raw.usv_h_per_cpm) {
        (Some(cpm), None) => (cpm, format!("{cpm} cpm per uSv/h")),
        (None, Some(usv_h)) => (1.0 / usv_h, format!("{usv_h} uSv/h per cpm")),
        _ => {
            p.add(at, "needs `cpm_per_usv_h` or `usv_h_per_cpm`, and only one");
            (1.0, String::new())
        }
    };
    if !(cpm_per_usv_h.is_finite() && cpm_per_usv_h > 0.0) {
        p.add(at, "must be a number above zero");
    }
    Sensitivity {
        cpm_per_usv_h,
        factor: Arc::new(Factor {
            text,
            source: raw.source.clone(),
        }),
    }
}

fn counting(
    at: &str,
    raw: &RawCounting,
    captures: &Captures<'_>,
    p: &mut Problems,
) -> CountingRule {
    let seconds = match (&raw.seconds_from, raw.seconds) {
        (Some(name), None) => Err(captures.id(at, name, p)),
        (None, Some(seconds)) if seconds > 0.0 => Ok(seconds),
        _ => {
            p.add(at, "needs `seconds` above zero or `seconds_from`");
            Ok(1.0)
        }
    };
    CountingRule {
        counts: captures.id(at, &raw.counts, p),
        seconds,
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
