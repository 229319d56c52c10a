//! Fields of a case, from JSON to what the core takes.

use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::CaseError;

/// Reads the input of a case; an unknown field is an error.
pub(super) fn input<T: DeserializeOwned>(input: Value) -> Result<T, CaseError> {
    T::deserialize(input).map_err(|source| CaseError::Input { source })
}

/// Tells a field that is null from one that is left out: use with
/// `#[serde(default, deserialize_with = "field::given")]`.
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// A number that an instrument or a person noted; `"NaN"` and `"Infinity"`,
/// which JSON cannot hold as numbers, come as texts and are usable for nothing.
pub(super) fn noted<'de, D>(deserializer: D) -> Result<Option<f64>, D::Error>
where
    D: Deserializer<'de>,
{
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => match text.as_str() {
            "NaN" => Ok(Some(f64::NAN)),
            "Infinity" => Ok(Some(f64::INFINITY)),
            "-Infinity" => Ok(Some(f64::NEG_INFINITY)),
            _ => Err(D::Error::invalid_type(Unexpected::Str(&text), &"a number")),
        },
        value => f64::deserialize(value).map(Some).map_err(D::Error::custom),
    }
}

/// A word of a closed list.
pub(super) fn word<T>(
    field: &'static str,
    text: Option<&str>,
    from_word: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, CaseError> {
    text.map(|text| from_word(text).ok_or_else(|| CaseError::word(field, text)))
        .transpose()
}

/// A number that is not negative. JSON has no infinity.
pub(super) fn amount(field: &'static str, value: Option<f64>) -> Result<Option<f64>, CaseError> {
    match value {
        Some(value) if value < 0.0 => Err(CaseError::Number {
            field,
            expected: "at least 0",
            value,
        }),
        value => Ok(value),
    }
}

/// What an instrument sent as its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sent {
    /// A number, or a text that is one.
    Number(f64),
    /// A text that is no number.
    Text(String),
    /// Nothing, or a truth value.
    Nothing,
}

impl Sent {
    /// From JSON.
    ///
    /// # Errors
    ///
    /// For a list or an object.
    pub(super) fn new(value: Option<Value>) -> Result<Self, CaseError> {
        Ok(match value {
            None | Some(Value::Null | Value::Bool(_)) => Self::Nothing,
            Some(Value::Number(number)) => number.as_f64().map_or(Self::Nothing, Self::Number),
            // Devices pad with blanks; a comma or a unit makes it no number.
            Some(Value::String(text)) => match text.trim_matches([' ', '\t']).parse::<f64>() {
                Ok(number) if number.is_finite() => Self::Number(number),
                Ok(_) | Err(_) => Self::Text(text),
            },
            Some(Value::Array(_) | Value::Object(_)) => {
                return Err(CaseError::word("value", "a list or an object"));
            }
        })
    }
}
