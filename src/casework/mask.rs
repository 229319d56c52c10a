//! What of a case may be seen outside its store.
//!
//! Identity numbers never leave it: not under their own name, and not where
//! somebody wrote one into a remark. Other personal data leave it only where a
//! caller is entitled to them.

use serde_json::Value;

use super::report::Report;
use crate::activation::inert;

/// What stands for what is not shown.
pub const ON_FILE: &str = "on file";

/// What stands for a number in a free text.
const HIDDEN: char = '█';

/// Length of a NIK, the number of an Indonesian identity card, in digits.
const NIK_DIGITS: usize = 16;

/// Shortest piece of personal data that is looked for in free texts, in letters
/// and digits: shorter ones would black out half the language.
const LEAST: usize = 6;

/// Longest free text that is shown, in characters.
const TEXT_CHARS: usize = 8000;

/// Fields of a reporter that are personal.
const PERSONAL: &[&str] = &["name", "address", "phone", "fax", "email"];

/// Hides the personal data of one case.
#[derive(Clone, Debug)]
pub struct Mask {
    needles: Vec<Vec<char>>,
    personal: bool,
}

impl Mask {
    /// For a case. `personal`: the caller may see who reported and who was hurt.
    pub fn of(report: &Report, personal: bool) -> Self {
        let reporter = &report.reporter;
        let always = reporter.identity_number.iter();
        let others = [
            &reporter.name,
            &reporter.phone,
            &reporter.fax,
            &reporter.email,
        ];
        let others = others.into_iter().flatten();
        let casualties = report.casualties.iter().filter_map(|c| c.name.as_ref());
        let others = others.chain(casualties).filter(|_| !personal);
        let needles = always
            .chain(others)
            .map(|text| letters(text).map(|(c, _)| c).collect());
        Self {
            needles: needles.filter(|n: &Vec<char>| n.len() >= LEAST).collect(),
            personal,
        }
    }

    /// A free text as it may be shown: safe on a terminal, on one line.
    pub fn text(&self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let letters: Vec<(char, usize)> = letters(text).collect();
        for needle in &self.needles {
            hide(&mut chars, &letters, needle.len(), |window| {
                window.iter().map(|(c, _)| c).eq(needle)
            });
        }
        hide_numbers(&mut chars);
        let text: String = chars.into_iter().collect();
        inert(&text, TEXT_CHARS)
    }

    /// Every text of a document, as it may be shown.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(list) => list.iter_mut().for_each(|value| self.value(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A report as it may be shown.
    pub fn report(&self, report: &Report) -> Value {
        let mut value = serde_json::to_value(report).unwrap_or(Value::Null);
        if let Some(reporter) = value.get_mut("reporter") {
            cover(reporter, &["identity_number"]);
            if !self.personal {
                cover(reporter, PERSONAL);
            }
        }
        if !self.personal {
            cover(&mut value, &["signed"]);
            let casualties = value.get_mut("casualties").and_then(Value::as_array_mut);
            for casualty in casualties.into_iter().flatten() {
                cover(casualty, &["name", "note"]);
            }
        }
        self.value(&mut value);
        value
    }
}

fn cover(object: &mut Value, keys: &[&str]) {
    for key in keys {
        if let Some(value) = object.get_mut(*key).filter(|value| !value.is_null()) {
            *value = Value::String(ON_FILE.to_owned());
        }
    }
}

/// Letters and digits, small, and which character of the text each is: however
/// somebody groups a number, it is the same number.
fn letters(text: &str) -> impl Iterator<Item = (char, usize)> {
    text.chars()
        .enumerate()
        .filter(|(_, c)| c.is_alphanumeric())
        .map(|(n, c)| (c.to_lowercase().next().unwrap_or(c), n))
}

fn hide(
    chars: &mut [char],
    letters: &[(char, usize)],
    len: usize,
    is_it: impl Fn(&[(char, usize)]) -> bool,
) {
    for window in letters.windows(len.max(1)).filter(|window| is_it(window)) {
        if let (Some((_, first)), Some((_, last))) = (window.first(), window.last())
            && let Some(found) = chars.get_mut(*first..=*last)
        {
            found.fill(HIDDEN);
        }
    }
}

/// Hides what looks like the number of an identity card: so many digits in a
/// row, with at most one blank, dot or dash between any two.
fn hide_numbers(chars: &mut [char]) {
    let mut run: Vec<usize> = Vec::new();
    let mut gap = 0;
    for n in 0..=chars.len() {
        match chars.get(n) {
            Some(c) if c.is_ascii_digit() => {
                run.push(n);
                gap = 0;
                continue;
            }
            Some(' ' | '.' | '-') if !run.is_empty() && gap == 0 => {
                gap = 1;
                continue;
            }
            _ => {}
        }
        if run.len() == NIK_DIGITS {
            for digit in &run {
                if let Some(c) = chars.get_mut(*digit) {
                    *c = HIDDEN;
                }
            }
        }
        run.clear();
        gap = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::casework::report::{Casualty, Reporter};

    fn report() -> Report {
        let text = |text: &str| Some(text.to_owned());
        Report {
            reporter: Reporter {
                name: text("Budi Santoso"),
                phone: text("+62 812-3456-789"),
                identity_number: text("A 7654321"),
                position: text("Guard"),
                ..Reporter::default()
            },
            casualties: vec![Casualty {
                name: text("Siti Aminah"),
                note: text("burn"),
            }],
            description: text("called by BUDI SANTOSO (a-765.4321), \u{1b}[2J"),
            ..Report::default()
        }
    }

    #[test]
    fn the_identity_number_is_hidden_however_it_is_written() {
        let hidden = Mask::of(&report(), true);
        for text in ["A 7654321", "a7654321", "x A-765 43 21 y"] {
            let shown = hidden.text(text);
            assert!(!shown.contains("321") && shown.contains(HIDDEN), "{shown}");
        }
        assert_eq!(hidden.text("Budi Santoso"), "Budi Santoso");
        assert_eq!(hidden.text("7654320"), "7654320");
        let any = Mask::of(&Report::default(), true);
        for text in [
            "3171234567890123",
            "NIK 3171 2345 6789 0123.",
            "31.71.23-456789.0123",
        ] {
            let shown = any.text(text);
            assert!(!shown.contains("0123"), "{shown}");
        }
        for text in ["317123456789012", "2026-03-14 03:00:05, 1234567890123"] {
            assert_eq!(any.text(text), text);
        }
    }

    #[test]
    fn a_report_shows_nobodys_data_to_those_who_may_not_see_them() {
        let shown = Mask::of(&report(), false).report(&report());
        assert_eq!(shown["reporter"]["name"], ON_FILE);
        assert_eq!(shown["reporter"]["identity_number"], ON_FILE);
        assert_eq!(shown["reporter"]["position"], "Guard");
        assert_eq!(shown["casualties"][0]["name"], ON_FILE);
        let text = shown.to_string();
        for data in ["Budi", "BUDI", "4321", "812", "Siti", "\u{1b}"] {
            assert!(!text.contains(data), "{data} is in {text}");
        }
        let shown = Mask::of(&report(), true).report(&report());
        assert_eq!(shown["reporter"]["name"], "Budi Santoso");
        assert_eq!(shown["reporter"]["identity_number"], ON_FILE);
        assert!(!shown.to_string().contains("4321"));
    }
}
