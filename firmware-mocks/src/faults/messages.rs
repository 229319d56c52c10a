//! What the faults do to messages for a broker: a payload is spoiled as a frame is,
//! and the message around it may say something else.

use std::time::Duration;

use super::{Abilities, Fault, Faults, Frame, Spoiler, Step};
use crate::firmware::Message;

/// What becomes of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoiled {
    /// What is published instead of it, in this order.
    pub messages: Vec<Message>,
    /// The instrument loses its power then.
    pub reboots: bool,
}

/// In no list of units.
const UNKNOWN_UNIT: &str = "\"furlong\"";

impl Spoiler {
    /// What is published instead of `message`, `at` after the mock's start.
    pub fn spoil_message(
        &mut self,
        at: Duration,
        message: &Message,
        abilities: Abilities,
    ) -> Spoiled {
        let meant = self.faults().reworded(at, message, abilities);
        let frame = Frame {
            bytes: meant.payload.clone(),
            ..Frame::default()
        };
        let mut spoiled = Spoiled::default();
        for step in self.spoil(at, frame) {
            match step {
                Step::Send(payload) | Step::Pour(payload) | Step::Drip { bytes: payload, .. } => {
                    // Spoiled, it is no longer the message of that number.
                    let id = message.id.filter(|_| payload == message.payload);
                    spoiled.messages.push(Message {
                        payload,
                        id,
                        ..meant.clone()
                    });
                }
                Step::Reboot => spoiled.reboots = true,
            }
        }
        spoiled
    }
}

impl Faults {
    /// `message` with what the instrument itself says wrong.
    fn reworded(&self, at: Duration, message: &Message, abilities: Abilities) -> Message {
        let mut reworded = message.clone();
        reworded.retain |= self.holds(at, Fault::Retained);
        for (fault, names, value) in [
            (Fault::Null, abilities.values, "null"),
            (Fault::Unit, abilities.units, UNKNOWN_UNIT),
        ] {
            if self.holds(at, fault) {
                for name in names {
                    reworded.payload = with(&reworded.payload, name, value);
                }
            }
        }
        reworded
    }
}

/// The JSON text with `value` in place of each number or text named `name`.
fn with(payload: &[u8], name: &str, value: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(payload);
    let key = format!("\"{name}\":");
    let mut pieces = text.split(key.as_str());
    let mut told = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        told.push_str(&key);
        if piece.trim_start().starts_with(['{', '[']) {
            told.push_str(piece);
            continue;
        }
        let end = piece.find([',', '}', ']']).unwrap_or(piece.len());
        told.push_str(value);
        told.push_str(piece.get(end..).unwrap_or_default());
    }
    told.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Timed;

    const ABILITIES: Abilities = Abilities {
        checksum: false,
        clock: false,
        line: false,
        terminator: false,
        overload: false,
        values: &["value"],
        units: &["unit"],
    };

    #[track_caller]
    fn check(fault: &str, expected: &[(&str, bool)]) {
        let faults = std::iter::once(fault.parse::<Timed>().unwrap()).collect();
        let payload = r#"{"value":"24","unit":"cpm","raw":{"value":2.5}}"#;
        let message = Message::plain("a".to_owned(), payload.to_owned());
        let spoiled = Spoiler::new(faults, 1).spoil_message(Duration::ZERO, &message, ABILITIES);
        let found: Vec<(&str, bool)> = spoiled
            .messages
            .iter()
            .map(|message| (str::from_utf8(&message.payload).unwrap(), message.retain))
            .collect();
        assert_eq!(found, expected, "{fault}");
        assert_eq!(spoiled.reboots, fault == "reboot");
    }

    #[test]
    fn each_fault_of_a_message_does_what_it_says() {
        let whole = r#"{"value":"24","unit":"cpm","raw":{"value":2.5}}"#;
        check("clock", &[(whole, false)]);
        check("silence", &[]);
        check("duplicate", &[(whole, false), (whole, false)]);
        check("retained", &[(whole, true)]);
        let null = r#"{"value":null,"unit":"cpm","raw":{"value":null}}"#;
        check("null", &[(null, false)]);
        let unit = r#"{"value":"24","unit":"furlong","raw":{"value":2.5}}"#;
        check("unit", &[(unit, false)]);
        check("flood=3", &[("xxx", false), (whole, false)]);
    }

    #[test]
    fn a_spoiled_message_has_lost_its_number() {
        use crate::firmware::MessageId;
        let message = Message {
            id: Some(MessageId { boot: 1, seq: 2 }),
            ..Message::plain("a".to_owned(), r#"{"value":1}"#.to_owned())
        };
        let spoil = |fault: &str| {
            let faults = std::iter::once(fault.parse::<Timed>().unwrap()).collect();
            let spoiled =
                Spoiler::new(faults, 1).spoil_message(Duration::ZERO, &message, ABILITIES);
            spoiled.messages[0].id
        };
        assert_eq!(spoil("retained"), message.id);
        assert_eq!(spoil("null"), None);
        assert_eq!(spoil("cut"), None);
    }
}
