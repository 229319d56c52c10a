//! Why a case cannot be read.

use crate::clock::TimeError;
use crate::error::excerpt;

/// Why a case cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The text is not JSON, or holds a number that nothing can hold.
    #[error("not JSON")]
    Json {
        /// What the parser found.
        #[source]
        source: serde_json::Error,
    },
    /// JSON, but no object.
    #[error("a case must be an object")]
    NotAnObject,
    /// A field that the case makes no sense without.
    #[error("`{field}` is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// The input has an unknown field, or one of another type.
    #[error("`input` cannot be read")]
    Input {
        /// What the parser found.
        #[source]
        source: serde_json::Error,
    },
    /// A word that is none of the field's.
    #[error("`{field}` cannot be `{text}`")]
    Word {
        /// The field.
        field: &'static str,
        /// An excerpt of what was there.
        text: String,
    },
    /// A number that the field cannot have.
    #[error("`{field}` must be {expected}, not {value}")]
    Number {
        /// The field.
        field: &'static str,
        /// What would do.
        expected: &'static str,
        /// What was there.
        value: f64,
    },
    /// A time that is none.
    #[error("`{field}` is no time")]
    Time {
        /// The field.
        field: &'static str,
        /// Why.
        #[source]
        source: TimeError,
    },
    /// Two ways to say the same.
    #[error("`a_over_d` and `sources` exclude each other")]
    RatioAndSources,
    /// Sources, and no danger values to compare them with.
    #[error("`sources` need danger values: name a file in `criteria.source_d_values`")]
    NoDangerValues,
    /// A nuclide that the table of danger values lacks.
    #[error("there is no danger value for `{nuclide}` in the file of `criteria.source_d_values`")]
    NoDangerValue {
        /// An excerpt of its name.
        nuclide: String,
    },
}

impl CaseError {
    /// A nuclide without a danger value.
    pub(super) fn no_danger_value(nuclide: &str) -> Self {
        Self::NoDangerValue {
            nuclide: excerpt(nuclide, 40),
        }
    }

    /// A word that `field` cannot have.
    pub(super) fn word(field: &'static str, text: &str) -> Self {
        Self::Word {
            field,
            text: excerpt(text, 40),
        }
    }
}
