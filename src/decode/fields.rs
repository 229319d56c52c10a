//! The parts of a frame by name, for people.

use super::Decoder;
use super::captures::{Captures, Found};

/// What a kind of frame finds in one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    /// The kind of frame.
    pub message: String,
    /// Name and text of each capture; `None` where the frame lacks it.
    pub parts: Vec<(String, Option<String>)>,
}

impl Fields {
    /// The text of a capture.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, text) = self.parts.iter().find(|(own, _)| own == name)?;
        text.as_deref()
    }

    /// The names of captures that are not the same in `other`.
    pub fn differences(&self, other: &Self) -> impl Iterator<Item = String> {
        self.parts
            .iter()
            .zip(&other.parts)
            .filter(|(own, other)| own != other)
            .map(|((name, _), _)| name.clone())
    }
}

impl Decoder {
    /// Takes a frame apart whatever its checksum says; `None` when it is no
    /// frame of this instrument.
    pub fn fields(&self, bytes: &[u8], topic: Option<&str>) -> Option<Fields> {
        self.profile.messages.iter().find_map(|message| {
            let mut held = Vec::new();
            let body = self.part_of(bytes, message, &mut held).ok()?;
            let found = Captures::find(message, body, topic, &self.remembered);
            let Found::Whole(captures) = found else {
                return None;
            };
            captures.fit(&message.when).then(|| Fields {
                message: message.name.clone(),
                parts: message
                    .captures
                    .iter()
                    .enumerate()
                    .map(|(id, name)| (name.clone(), captures.text(id).map(String::from)))
                    .collect(),
            })
        })
    }
}
