//! Numbers as instruments write them.

use crate::reading::Number;

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// NaN or infinity, spelled out.
    #[error("not a finite number")]
    NotFinite,
    /// Anything else, such as `0,11` or `1.5 uSv/h`.
    #[error("not a number")]
    NotANumber,
}

/// Reads a decimal number: sign, digits, one point, exponent; blanks around it.
///
/// No comma, no group separators, no unit, no hex: what is not plainly a
/// decimal number is refused. A number without point and exponent stays an
/// integer.
///
/// # Errors
///
/// [`NumberError`] for everything else, and for numbers beyond 1.8e308.
pub fn parse_number(text: &str) -> Result<Number, NumberError> {
    let text = text.trim_matches([' ', '\t']);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        let word = digits.to_ascii_lowercase();
        return Err(if matches!(word.as_str(), "nan" | "inf" | "infinity") {
            NumberError::NotFinite
        } else {
            NumberError::NotANumber
        });
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(value) = text.parse()
    {
        return Ok(Number::Int(value));
    }
    let value: f64 = text.parse().map_err(|_| NumberError::NotANumber)?;
    if value.is_finite() {
        Ok(Number::Float(value))
    } else {
        Err(NumberError::NotFinite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("7", Ok(Number::Int(7))),
            (" 0024 ", Ok(Number::Int(24))),
            ("-5", Ok(Number::Int(-5))),
            ("0.11", Ok(Number::Float(0.11))),
            (".5", Ok(Number::Float(0.5))),
            ("1e3", Ok(Number::Float(1000.0))),
            ("99999999999999999999", Ok(Number::Float(1e20))),
            ("NaN", Err(NumberError::NotFinite)),
            ("-Infinity", Err(NumberError::NotFinite)),
            ("1e999", Err(NumberError::NotFinite)),
            ("0,11", Err(NumberError::NotANumber)),
            ("1.5 uSv/h", Err(NumberError::NotANumber)),
            ("0x1F", Err(NumberError::NotANumber)),
            ("1_000", Err(NumberError::NotANumber)),
            ("--1", Err(NumberError::NotANumber)),
            ("1\n", Err(NumberError::NotANumber)),
            (".", Err(NumberError::NotANumber)),
            ("", Err(NumberError::NotANumber)),
        ] {
            assert_eq!(parse_number(text), expected, "`{text}`");
        }
    }
}
