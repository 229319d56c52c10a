//! Turns a profile as written into one the program can rely on, or says
//! everything that is wrong with it.
//!
//! `mod.rs` is the profile as a whole, `wire` framing and checksum, `names` templates and topics, `message`
//! one kind of frame, `format` how its parts are found, `value` one value in it,
//! `convert` its sensitivity, `remember` what is kept for later frames.

mod convert;
mod format;
mod message;
mod names;
mod remember;
mod value;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use super::dialogue::{Dialogue, check as dialogue};
use super::model::{Message, NamePart, NameTemplate, Profile, SerialLine, Source, Transport};
use super::schema::{DeviceClass, ProfileStatus, RawProfile, RawTransport, SCHEMA, Unused};
use message::{message, pattern};
use names::template;
use remember::remember;
pub(crate) use value::quantity_dimension;
use wire::{checksum, framing};

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
    let dialogue = raw
        .dialogue
        .as_ref()
        .map(|raw| dialogue::check(raw, &mut p.0));
    let framing = framing(&raw.framing, p);
    let checksum = raw.checksum.as_ref().map(|c| checksum(c, p));
    wire::ensure_fits(&transport, &framing, checksum.as_ref(), p);
    let remember = remember(&raw.remember, &framing, p);
    if raw.messages.is_empty() {
        p.add("message", "a profile needs at least one");
    }
    let messages: Vec<Message> = raw
        .messages
        .iter()
        .enumerate()
        .map(|(n, m)| message(&format!("message[{n}]"), m, &transport, &remember, p))
        .collect();
    remember::ensure_told(&remember, &messages, p);
    let identity = NameTemplate {
        parts: template(&raw.identity.name),
    };
    ensure_identity(&identity, &messages, p);
    ensure_dialogue(&transport, dialogue.as_ref(), &messages, p);
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
        dialogue: dialogue.map(Arc::new),
        framing,
        checksum,
        remember,
        messages,
        unmatched,
        ignore: raw.ignore.iter().map(|text| pattern(text)).collect(),
    })
}

/// Only a line can be spoken on, and only answers have a label.
fn ensure_dialogue(
    transport: &Transport,
    dialogue: Option<&Dialogue>,
    messages: &[Message],
    p: &mut Problems,
) {
    let is_line = matches!(transport, Transport::Serial(_) | Transport::Tcp { .. });
    if dialogue.is_some() && !is_line {
        p.add("dialogue", "needs a serial line or a TCP connection");
    }
    if matches!(transport, Transport::Mqtt { .. }) {
        return;
    }
    let is_polled = dialogue.is_some_and(|dialogue| dialogue.poll.is_some());
    for (n, message) in messages.iter().enumerate() {
        if message.topic.is_some() && !is_polled {
            p.add(
                &format!("message[{n}].topic"),
                "only MQTT messages and answers to `dialogue.poll` have one",
            );
        }
    }
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
            rts,
            dtr,
            open_delay_ms,
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
            if rtscts && rts.is_some() {
                p.add(
                    "transport.rts",
                    "with `flow = \"rtscts\"` the driver sets it",
                );
            }
            Transport::Serial(SerialLine {
                baud: *baud,
                data_bits,
                parity,
                stop_bits,
                rtscts,
                rts: *rts,
                dtr: *dtr,
                open_delay: Duration::from_millis(open_delay_ms.unwrap_or(0).into()),
                silence: seconds(silence_s),
            })
        }
        RawTransport::Tcp { silence_s } => Transport::Tcp {
            silence: seconds(silence_s),
        },
        RawTransport::Mqtt { silence_s } => Transport::Mqtt {
            silence: seconds(silence_s),
        },
        RawTransport::File {} => Transport::File,
    }
}
