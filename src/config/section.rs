//! Reads one table of the configuration, key by key, and never stops at the
//! first mistake.
//!
//! A getter gives `None` for a key that is absent and for one that is wrong; the
//! wrong one is a problem by then, so callers go on with the default. The keys
//! that were asked for are the keys there are: [`Section::finish`] names the
//! others.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use config::{Value, ValueKind};

use super::layers::{ENVIRONMENT, variable};
use super::near::near;
use super::problem::{Problems, Refused};
use crate::error::excerpt;
use crate::reading::{InstrumentId, Number};

/// A table as it was loaded.
pub(super) type Table = HashMap<String, Value>;

/// What a name may be made of; see [`InstrumentId::new`].
const NAME_RULE: &str = "1 to 64 letters, digits, `-`, `_`, `.` or `:`";

/// What is wrong with a key that nothing reads.
pub(super) const NO_SUCH_KEY: &str = "there is no such key";

/// Longest text that is quoted in a problem, in characters.
const QUOTED: usize = 64;

/// One table while it is read.
#[derive(Debug)]
pub(super) struct Section<'a> {
    path: String,
    /// `None` when it is not there: every key of it is absent.
    table: Option<&'a Table>,
    asked: BTreeSet<&'static str>,
    problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(super) fn root(table: &'a Table, problems: &'a Problems) -> Self {
        Self::new(String::new(), Some(table), problems)
    }

    const fn new(path: String, table: Option<&'a Table>, problems: &'a Problems) -> Self {
        Self {
            path,
            table,
            asked: BTreeSet::new(),
            problems,
        }
    }

    /// Whether the table is there.
    pub(super) const fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// Whether the table is there without any key.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_some_and(Table::is_empty)
    }

    /// Whether the key is there, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// Whether the key is there and holds a text.
    pub(super) fn is_text(&self, key: &str) -> bool {
        let value = self.table.and_then(|table| table.get(key));
        value.is_some_and(|value| matches!(value.kind, ValueKind::String(_)))
    }

    /// The path of the table.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The path of a key of this table.
    pub(super) fn at(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Puts the element's name beside its number in every path from here on.
    pub(super) fn called(&mut self, name: &str) {
        self.path.push_str(&format!(" ({})", excerpt(name, QUOTED)));
    }

    /// Notes a problem with a key.
    pub(super) fn refuse(&self, key: &str, refused: Refused) {
        self.problems.add(self.at(key), refused);
    }

    /// Notes a problem with the table as a whole.
    pub(super) fn refuse_all(&self, refused: Refused) {
        self.problems.add(self.path.clone(), refused);
    }

    /// Notes a problem with an element of a list, by its path.
    pub(super) fn refuse_at(&self, at: String, refused: Refused) {
        self.problems.add(at, refused);
    }

    /// Notes that a key is missing.
    pub(super) fn missing(&self, key: &str, hint: Option<&str>) {
        let refused = Refused::new("is missing");
        self.refuse(key, hint.into_iter().fold(refused, Refused::hint));
    }

    /// A key that must be there, by any other getter.
    pub(super) fn required<T>(
        &mut self,
        key: &'static str,
        get: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if self.is_present() && !self.has(key) {
            self.asked.insert(key);
            self.missing(key, None);
            return None;
        }
        get(self, key)
    }

    /// A key that is let stand, whatever it says.
    pub(super) fn let_pass(&mut self, key: &'static str) {
        self.asked.insert(key);
    }

    /// A text: not empty, without control characters.
    pub(super) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        let value = self.get(key)?;
        let ValueKind::String(text) = &value.kind else {
            return self.wrong_type(key, value, "text");
        };
        if text.is_empty() {
            self.refuse_value(key, value, Refused::new("must not be empty"));
            return None;
        }
        if text.contains(char::is_control) {
            let refused = Refused::new("must not hold control characters or line ends");
            self.refuse_value(key, value, refused);
            return None;
        }
        Some(text)
    }

    /// A text that `read` understands.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Refused>,
    ) -> Option<T> {
        let text = self.text(key)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(refused) => {
                let value = self.get(key)?;
                self.refuse_value(key, value, refused);
                None
            }
        }
    }

    /// A name that can be a topic level, a tag and part of a file name.
    pub(super) fn name(&mut self, key: &'static str) -> Option<InstrumentId> {
        self.parsed(key, |text| {
            InstrumentId::new(text).ok_or_else(|| {
                Refused::new(format!("`{}` is no name", excerpt(text, QUOTED)))
                    .hint(format!("a name has {NAME_RULE}"))
            })
        })
    }

    /// A word of a closed list.
    pub(super) fn word<T: Copy + fmt::Display>(
        &mut self,
        key: &'static str,
        read: impl Fn(&str) -> Option<T>,
        all: &[T],
    ) -> Option<T> {
        self.parsed(key, |text| {
            read(text).ok_or_else(|| unknown_word(text, all))
        })
    }

    /// A word that stands for something with another name inside.
    pub(super) fn meaning<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(key, |text| meaning_of(text, words))
    }

    /// Yes or no.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        match (&value.kind, from_environment(value)) {
            (ValueKind::Boolean(yes), _) => Some(*yes),
            (ValueKind::String(text), true) if text == "true" => Some(true),
            (ValueKind::String(text), true) if text == "false" => Some(false),
            _ => self.wrong_type(key, value, "true or false"),
        }
    }

    /// A whole number within bounds.
    pub(super) fn whole<T>(&mut self, key: &'static str, bounds: RangeInclusive<T>) -> Option<T>
    where
        T: Copy + fmt::Display + PartialOrd + TryFrom<i64>,
    {
        let value = self.get(key)?;
        let number = match (&value.kind, from_environment(value)) {
            (ValueKind::I64(number), _) => *number,
            (ValueKind::String(text), true) => match text.parse() {
                Ok(number) => number,
                Err(_) => return self.wrong_type(key, value, "a whole number"),
            },
            _ => return self.wrong_type(key, value, "a whole number"),
        };
        let inside = T::try_from(number).ok().filter(|n| bounds.contains(n));
        if inside.is_none() {
            self.refuse_value(key, value, outside(&bounds, number));
        }
        inside
    }

    /// Whole seconds within bounds; the key ends in `_secs`.
    pub(super) fn seconds(
        &mut self,
        key: &'static str,
        bounds: RangeInclusive<u64>,
    ) -> Option<Duration> {
        self.whole(key, bounds).map(Duration::from_secs)
    }

    /// A finite number within bounds.
    pub(super) fn number(&mut self, key: &'static str, bounds: RangeInclusive<f64>) -> Option<f64> {
        let value = self.get(key)?;
        self.number_of(key, value, &bounds)
    }

    fn number_of(&self, key: &str, value: &Value, bounds: &RangeInclusive<f64>) -> Option<f64> {
        let number = match (&value.kind, from_environment(value)) {
            (ValueKind::I64(number), _) => Number::Int(*number).as_f64(),
            (ValueKind::Float(number), _) => *number,
            (ValueKind::String(text), true) => match text.parse() {
                Ok(number) => number,
                Err(_) => return self.wrong_type(key, value, "a number"),
            },
            _ => return self.wrong_type(key, value, "a number"),
        };
        // NaN is in no range.
        if bounds.contains(&number) {
            return Some(number);
        }
        self.refuse_value(key, value, outside(bounds, number));
        None
    }

    /// A whole table with any keys: each with a finite number within bounds, or
    /// one of `words` that stands for a number; gives what is right, by key.
    pub(super) fn numbers(
        self,
        bounds: &RangeInclusive<f64>,
        words: &[(&str, f64)],
    ) -> Vec<(&'a str, f64)> {
        let mut written: Vec<(&String, &Value)> = self.table.into_iter().flatten().collect();
        written.sort_by_key(|(key, _)| *key);
        let mut numbers = Vec::new();
        for (key, value) in written {
            let word = match &value.kind {
                ValueKind::String(text) => meaning_of(text, words).ok(),
                _ => None,
            };
            let quoted = format!("\"{}\"", excerpt(key, QUOTED));
            let number = word.or_else(|| self.number_of(&quoted, value, bounds));
            numbers.extend(number.map(|number| (key.as_str(), number)));
        }
        numbers
    }

    /// A whole table in which each key is one of `keys` and each value one of
    /// `words`; gives what is written and right, by key.
    pub(super) fn meanings<K, T>(self, keys: &[K], words: &[(&str, T)]) -> Vec<(K, T)>
    where
        K: Copy + fmt::Display,
        T: Copy,
    {
        let mut written: Vec<(&String, &Value)> = self.table.into_iter().flatten().collect();
        written.sort_by_key(|(key, _)| *key);
        let mut meanings = Vec::new();
        for (key, value) in written {
            let quoted = format!("\"{}\"", excerpt(key, QUOTED));
            let Some(known) = keys.iter().find(|known| known.to_string() == *key) else {
                let hint = format!("one of {}", joined(keys));
                self.refuse_value(&quoted, value, Refused::new(NO_SUCH_KEY).hint(hint));
                continue;
            };
            match &value.kind {
                ValueKind::String(text) => match meaning_of(text, words) {
                    Ok(meaning) => meanings.push((*known, meaning)),
                    Err(refused) => self.refuse_value(&quoted, value, refused),
                },
                _ => self.refuse_type(&quoted, value, "text"),
            }
        }
        meanings
    }

    /// A list of texts, each under its own path in problems.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<(String, &'a str)> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let ValueKind::Array(list) = &value.kind else {
            self.refuse_type(key, value, "a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for (n, item) in list.iter().enumerate() {
            let at = format!("{}[{n}]", self.at(key));
            match &item.kind {
                ValueKind::String(text) => texts.push((at, text.as_str())),
                kind => {
                    let text = format!("must be text, is {}", described(kind));
                    self.problems.add(at, Refused::new(text));
                }
            }
        }
        texts
    }

    /// A table inside this one; when it is absent, every key of it is.
    pub(super) fn table(&mut self, key: &'static str) -> Self {
        let table = self.get(key).and_then(|value| match &value.kind {
            ValueKind::Table(table) => Some(table),
            _ => self.wrong_type(key, value, &format!("a table, [{}]", self.at(key))),
        });
        Self::new(self.at(key), table, self.problems)
    }

    /// A list of tables inside this one.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let ValueKind::Array(list) = &value.kind else {
            self.refuse_type(key, value, &format!("a list of tables, [[{key}]]"));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (n, item) in list.iter().enumerate() {
            let at = format!("{}[{n}]", self.at(key));
            match &item.kind {
                ValueKind::Table(table) => tables.push(Self::new(at, Some(table), self.problems)),
                kind => {
                    let text = format!("must be a table, is {}", described(kind));
                    self.problems.add(at, Refused::new(text));
                }
            }
        }
        tables
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(self) {
        let Some(table) = self.table else {
            return;
        };
        let mut unknown: Vec<(&String, &Value)> = table
            .iter()
            .filter(|(key, _)| !self.asked.contains(key.as_str()))
            .collect();
        unknown.sort_by_key(|(key, _)| *key);
        for (key, value) in unknown {
            let refused = || {
                let refused = Refused::new(NO_SUCH_KEY);
                let hint = near(key, self.asked.iter().copied());
                hint.into_iter().fold(refused, Refused::hint)
            };
            let at = self.at(&excerpt(key, QUOTED));
            let variables = variables(&at, value);
            for variable in &variables {
                self.problems.add(variable.clone(), refused());
            }
            if variables.is_empty() {
                self.problems.add(at, refused());
            }
        }
    }

    fn get(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.insert(key);
        self.table?.get(key)
    }

    /// Notes a problem with a value, and which variable set it.
    fn refuse_value(&self, key: &str, value: &Value, refused: Refused) {
        let variables = variables(&self.at(key), value);
        let refused = match variables.as_slice() {
            [] => refused,
            names => refused.and(&format!(" (set by {})", names.join(", "))),
        };
        self.refuse(key, refused);
    }

    fn wrong_type<T>(&self, key: &str, value: &Value, expected: &str) -> Option<T> {
        self.refuse_type(key, value, expected);
        None
    }

    fn refuse_type(&self, key: &str, value: &Value, expected: &str) {
        let refused = Refused::new(format!("must be {expected}, is {}", described(&value.kind)));
        let is_quoted = matches!(&value.kind, ValueKind::String(text)
            if !from_environment(value)
                && (text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok()));
        let refused = if is_quoted {
            refused.hint("write it without quotation marks")
        } else {
            refused
        };
        self.refuse_value(key, value, refused);
    }
}

fn unknown_word(text: &str, known: &[impl fmt::Display]) -> Refused {
    Refused::new(format!("`{}` is not known", excerpt(text, QUOTED)))
        .hint(format!("one of {}", joined(known)))
}

fn meaning_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, Refused> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        unknown_word(text, &known)
    })
}

fn joined(words: &[impl fmt::Display]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.join(", ")
}

fn outside<T: fmt::Display>(bounds: &RangeInclusive<T>, is: impl fmt::Display) -> Refused {
    let (lowest, highest) = (bounds.start(), bounds.end());
    Refused::new(format!("must be {lowest} to {highest}, is {is}"))
}

/// What a value is, for people; texts are quoted, as nothing secret is written
/// in the configuration itself.
fn described(kind: &ValueKind) -> String {
    match kind {
        ValueKind::Nil => "nothing".to_owned(),
        ValueKind::Boolean(yes) => format!("{yes}"),
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "a whole number".to_owned()
        }
        ValueKind::Float(number) => format!("the number {number}"),
        ValueKind::String(text) => format!("the text `{}`", excerpt(text, QUOTED)),
        ValueKind::Table(_) => "a table".to_owned(),
        ValueKind::Array(_) => "a list".to_owned(),
    }
}

fn from_environment(value: &Value) -> bool {
    value.origin() == Some(ENVIRONMENT)
}

/// The variables that set this value, or parts of it.
fn variables(path: &str, value: &Value) -> Vec<String> {
    match &value.kind {
        ValueKind::Table(table) => {
            let mut names: Vec<String> = table
                .iter()
                .flat_map(|(key, value)| variables(&format!("{path}.{key}"), value))
                .collect();
            names.sort();
            names
        }
        _ if from_environment(value) => vec![variable(path)],
        _ => Vec::new(),
    }
}
