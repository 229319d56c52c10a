//! Judging written cases with the daemon's own core (interface.md section 3).
//!
//! A file holds cases in the shape of the worked examples; each gets one line
//! of answer, in order. A case that cannot be read gets an error in its line,
//! and the others go on.
//!
//! ```
//! use pantau::cases::{Explain, assess_file};
//! use pantau::criteria::Policy;
//! use pantau::criteria::loaded::ReferenceTables;
//!
//! let text = r#"{"id":"a","kind":"category","input":{"a_over_d":12.0}}"#;
//! let tables = ReferenceTables::default();
//! let assessed = assess_file(text, &Policy::default(), &tables, Explain::No);
//! assert_eq!(
//!     serde_json::to_string(&assessed.lines)?,
//!     r#"[{"id":"a","category":2,"rule":"CAT-AD"}]"#
//! );
//! assert_eq!(assessed.n_failed(), 0);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod complete;
mod error;
mod field;
mod other;
mod reading;
mod sequence;
mod split;

use serde::Serialize;
use serde_json::Value;

pub use error::CaseError;

use crate::criteria::loaded::ReferenceTables;
use crate::criteria::{Explanation, Policy};
use crate::error::{Chain, excerpt};

/// Longest error text of an answer, in characters.
const MAX_ERROR_CHARS: usize = 300;

/// The answer to one case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The case's id as it was given; null when there is none.
    pub id: Value,
    /// What was found.
    #[serde(flatten)]
    pub answer: Answer,
    /// Where the configured table is from that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Box<Explanation>>,
}

/// An answer, and what explains it when somebody asks.
struct Found {
    answer: Answer,
    explanation: Option<Box<Explanation>>,
}

/// Whether answers are explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explain {
    /// Each with the reasons for it.
    Yes,
    /// The answers alone.
    No,
}

impl Explain {
    /// The explanation, made only where it is asked for.
    fn then(self, explain: impl FnOnce() -> Explanation) -> Option<Box<Explanation>> {
        (self == Self::Yes).then(|| Box::new(explain()))
    }
}

/// What was found, by the kind of case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A reading.
    Reading(Box<ReadingAnswer>),
    /// A sequence of readings.
    Sequence {
        /// The level after each reading.
        states: Vec<&'static str>,
        /// HY-1.
        rule: &'static str,
    },
    /// Termination, food and worker.
    Verdict {
        /// The class.
        classification: &'static str,
        /// The rule that decided.
        rule: &'static str,
        /// Further rules that matched.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        also: Vec<&'static str>,
        /// Remarks.
        flags: Vec<&'static str>,
    },
    /// A report.
    Report {
        /// The recommended status.
        std_status: &'static str,
        /// The rule that decided.
        rule: &'static str,
        /// Remarks.
        flags: Vec<&'static str>,
    },
    /// A deadline.
    Deadline {
        /// The deadline's id.
        rule: &'static str,
        /// When it is due, RFC 3339 in UTC.
        due: String,
        /// Whether it has passed; absent when the case does not say what time it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        overdue: Option<bool>,
    },
    /// The category of a source.
    Category {
        /// 1 to 5; null below the exemption level.
        category: Option<u8>,
        /// CAT-AD.
        rule: &'static str,
    },
    /// The case cannot be read.
    Failed {
        /// Why.
        error: String,
    },
}

/// What a reading means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReadingAnswer {
    /// The class; null for a duplicate.
    pub classification: Option<&'static str>,
    /// The primary rule.
    pub rule: &'static str,
    /// Further rules that matched.
    pub also: Vec<&'static str>,
    /// The recommended status.
    pub std_status: &'static str,
    /// What becomes of the record.
    pub disposition: &'static str,
    /// Remarks.
    pub flags: Vec<&'static str>,
    /// The value that decided, in µSv/h or counts per second, to six decimals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<f64>,
}

/// The answers to a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Assessed {
    /// One for each case, in order.
    pub lines: Vec<Line>,
}

impl Assessed {
    /// How many cases could not be read.
    pub fn n_failed(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| matches!(line.answer, Answer::Failed { .. }))
            .count()
    }
}

/// Judges every case of a file: `{"cases":[…]}`, a bare array, or one case a line.
///
/// `tables` stand in where a case brings no table of its own.
pub fn assess_file(
    text: &str,
    policy: &Policy,
    tables: &ReferenceTables,
    explain: Explain,
) -> Assessed {
    let lines = split::cases(text)
        .into_iter()
        .map(|case| assess(case, policy, tables, explain))
        .collect();
    Assessed { lines }
}

/// Judges one case, given as its JSON text.
pub fn assess(text: &str, policy: &Policy, tables: &ReferenceTables, explain: Explain) -> Line {
    let (id, found) = match serde_json::from_str(text) {
        Ok(Value::Object(mut case)) => {
            let id = case.remove("id").unwrap_or(Value::Null);
            (id, found(case, policy, tables, explain))
        }
        Ok(_) => (Value::Null, Err(CaseError::NotAnObject)),
        Err(source) => (split::id(text), Err(CaseError::Json { source })),
    };
    let (found, source) = found.unwrap_or_else(|error| {
        let answer = Answer::Failed {
            error: excerpt(&Chain(&error).to_string(), MAX_ERROR_CHARS),
        };
        let explanation = None;
        (
            Found {
                answer,
                explanation,
            },
            None,
        )
    });
    Line {
        id,
        answer: found.answer,
        source,
        explanation: found.explanation,
    }
}

/// The answer, and the origin of the configured table that went into it.
fn found(
    mut case: serde_json::Map<String, Value>,
    policy: &Policy,
    tables: &ReferenceTables,
    explain: Explain,
) -> Result<(Found, Option<String>), CaseError> {
    let kind = match case.remove("kind") {
        Some(Value::String(kind)) => kind,
        Some(_) => return Err(CaseError::word("kind", "a value that is no text")),
        None => return Err(CaseError::Missing { field: "kind" }),
    };
    let mut input = case
        .remove("input")
        .ok_or(CaseError::Missing { field: "input" })?;
    let source = complete::complete(&kind, &mut input, tables)?;
    let found = match kind.as_str() {
        "reading" => reading::assess(input, policy, explain),
        "sequence" => sequence::assess(input, policy, explain),
        "termination" => other::termination(input, policy, explain),
        "food" => other::food(input, policy, explain),
        "worker" => other::worker(input, policy, explain),
        "report" => other::report(input, policy, explain),
        "deadline" => other::deadline(input, policy, explain),
        "category" => other::category(input, policy, explain),
        _ => Err(CaseError::word("kind", &kind)),
    }?;
    Ok((found, source))
}
