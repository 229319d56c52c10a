//! What answers said, for later requests, answers and labels.

use std::collections::BTreeMap;

use crate::profile::dialogue::{Label, LabelPart, Set};

/// Longest value of a variable, in characters; more is cut.
const MAX_CHARS: usize = 128;
/// Stands in a label for what is not known yet.
const UNKNOWN: &str = "-";

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Takes from an answer what it says; an answer without the text that
    /// stands before a value leaves the variable as it was.
    pub(super) fn take(&mut self, sets: &[Set], answer: &[u8]) {
        if sets.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(answer);
        for set in sets {
            let Some((_, rest)) = text.split_once(set.after.as_str()) else {
                continue;
            };
            let value = if set.until.is_empty() {
                rest
            } else {
                rest.split_once(set.until.as_str())
                    .map_or(rest, |(value, _)| value)
            };
            // Version texts end with NUL on some instruments, and some have one
            // in the middle.
            let value = value.chars().filter(|c| !c.is_control()).take(MAX_CHARS);
            let value: String = value.collect();
            self.values
                .insert(set.name.clone(), value.trim().to_owned());
        }
    }

    /// A label with its variables filled in. A slash in a value would begin a
    /// level of its own, and becomes `_`.
    pub(super) fn label(&self, label: &Label) -> String {
        let parts = label.parts.iter().map(|part| match part {
            LabelPart::Text(text) => text.clone(),
            LabelPart::Variable(name) => {
                let value = self.get(name).filter(|value| !value.is_empty());
                value.unwrap_or(UNKNOWN).replace('/', "_")
            }
        });
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(after: &str, until: &str) -> Set {
        Set {
            name: "v".to_owned(),
            after: after.to_owned(),
            until: until.to_owned(),
        }
    }

    #[track_caller]
    fn check(after: &str, until: &str, answer: &[u8], expected: Option<&str>) {
        let mut variables = Variables::default();
        variables.take(&[set(after, until)], answer);
        assert_eq!(variables.get("v"), expected);
    }

    #[test]
    fn values_stand_between_texts() {
        check("", "", b"GMC-300Re 4.54", Some("GMC-300Re 4.54"));
        check("", "", b"GMC-320+V5\0RRe 5.73", Some("GMC-320+V5RRe 5.73"));
        check("OK ", "", b"OK 153.800\r\n", Some("153.800"));
        check(
            ";",
            ";",
            b"FS2011;Rad Pro 2.0/en;b57",
            Some("Rad Pro 2.0/en"),
        );
        check("OK ", "", b"ERROR", None);
    }

    #[test]
    fn a_label_keeps_its_levels() {
        let label = Label {
            parts: vec![
                LabelPart::Text("rate/".to_owned()),
                LabelPart::Variable("v".to_owned()),
            ],
        };
        let mut variables = Variables::default();
        assert_eq!(variables.label(&label), "rate/-");
        variables.take(&[set("", "")], b"a/b");
        assert_eq!(variables.label(&label), "rate/a_b");
    }
}
