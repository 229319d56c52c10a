//! The reference of the policy: every key of `[criteria]` with unit, bounds,
//! default and reason, in one table that the configuration is read by.
//!
//! The same table makes the policy's canonical text and its hash, so that a
//! judgement of long ago can be explained after a change.

mod keys;

use std::fmt;

use sha2::{Digest, Sha256};

use super::policy::Policy;
use super::words::Rule;
use super::{category, deadline, food, tables, termination, worker};

pub use keys::KEYS;

/// The edition of the guideline that the levels come from.
pub const EDITION: &str = "PUK/DK2N.3/PT.17 rev. 0, 30 December 2022";

/// One key of `[criteria]`.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its path below `criteria`, for example `rain.ratio`.
    pub path: &'static str,
    /// Its unit; `-` without one.
    pub unit: &'static str,
    /// What it can be, and where it goes.
    pub kind: Kind,
    /// The ambiguity or rule of criteria.md that it settles.
    pub settles: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
}

/// What a key can be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A number within bounds; `None` is off.
    Number {
        /// Lowest.
        from: f64,
        /// Highest.
        to: f64,
        /// Reads it.
        get: fn(&Policy) -> Option<f64>,
        /// Sets it.
        set: fn(&mut Policy, f64),
    },
    /// Whole seconds within bounds.
    Seconds {
        /// Lowest.
        from: u64,
        /// Highest.
        to: u64,
        /// Reads it.
        get: fn(&Policy) -> f64,
        /// Sets it.
        set: fn(&mut Policy, f64),
    },
    /// Yes or no.
    Flag {
        /// Reads it.
        get: fn(&Policy) -> bool,
        /// Sets it.
        set: fn(&mut Policy, bool),
    },
    /// One of a few words.
    Choice {
        /// The words.
        words: &'static [&'static str],
        /// Reads it.
        get: fn(&Policy) -> &'static str,
        /// Sets it; the word is one of `words`.
        set: fn(&mut Policy, &str),
    },
    /// One of two words for each of these rules: `path."<rule>"`.
    ByRule {
        /// The rules.
        rules: &'static [Rule],
        /// The words, the default first.
        words: [&'static str; 2],
        /// Whether the second word is chosen.
        get: fn(&Policy, Rule) -> bool,
        /// Chooses the second word.
        set: fn(&mut Policy, Rule),
    },
}

/// One setting of a policy, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The whole path, for example `comparator."T3.1-I-1"`.
    pub path: String,
    /// What it is now.
    pub value: String,
}

impl Key {
    /// What the key is set to; several for one with a choice for each rule.
    pub fn effective(&self, policy: &Policy) -> Vec<Effective> {
        let one = |value: String| {
            vec![Effective {
                path: self.path.to_owned(),
                value,
            }]
        };
        match self.kind {
            Kind::Number { get, .. } => {
                one(get(policy).map_or_else(|| "off".to_owned(), |number| number.to_string()))
            }
            Kind::Seconds { get, .. } => one(get(policy).to_string()),
            Kind::Flag { get, .. } => one(get(policy).to_string()),
            Kind::Choice { get, .. } => one(get(policy).to_owned()),
            Kind::ByRule {
                rules, words, get, ..
            } => {
                let [usual, other] = words;
                rules
                    .iter()
                    .map(|rule| Effective {
                        path: format!("{}.\"{rule}\"", self.path),
                        value: if get(policy, *rule) { other } else { usual }.to_owned(),
                    })
                    .collect()
            }
        }
    }

    /// Its bounds or words, for people.
    pub fn bounds(&self) -> String {
        match self.kind {
            Kind::Number { from, to, .. } => format!("{from} to {to}"),
            Kind::Seconds { from, to, .. } => format!("{from} to {to}"),
            Kind::Flag { .. } => "true, false".to_owned(),
            Kind::Choice { words, .. } => words.join(", "),
            Kind::ByRule { words, .. } => words.join(", "),
        }
    }
}

/// Every level that is no configuration, by rule or name.
pub fn levels() -> Vec<(String, f64)> {
    let fixed = [
        tables::LEVELS,
        termination::LEVELS,
        food::LEVELS,
        worker::LEVELS,
        category::LEVELS,
    ];
    let fixed = fixed.into_iter().flatten();
    let hours = deadline::Deadline::ALL.iter().map(|deadline| {
        let hours = u32::try_from(deadline.hours()).expect("invariant: at most some days");
        (format!("{deadline} h"), f64::from(hours))
    });
    fixed
        .map(|(name, level)| ((*name).to_owned(), *level))
        .chain(hours)
        .collect()
}

/// Everything that decides what a value means, a line each, in an order that
/// stays: edition, levels, keys. Numbers are the shortest that read back the
/// same.
pub fn canonical(policy: &Policy) -> String {
    let mut text = format!("edition = {EDITION}\n");
    for (name, level) in levels() {
        text.push_str(&format!("level {name} = {level}\n"));
    }
    for key in KEYS {
        for Effective { path, value } in key.effective(policy) {
            text.push_str(&format!("{path} = {value}\n"));
        }
    }
    text
}

/// The SHA-256 of a policy's [`canonical`] text: its name in every record.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyHash([u8; 32]);

impl PolicyHash {
    /// Of a policy with the levels of this program.
    pub fn of(policy: &Policy) -> Self {
        Self::of_text(&canonical(policy))
    }

    /// Of a canonical text.
    pub fn of_text(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

impl fmt::Display for PolicyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PolicyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests;
