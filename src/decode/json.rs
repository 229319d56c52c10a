//! Parts of a JSON document.

use std::borrow::Cow;

use super::captures::{Parts, Scalar};
use crate::json::without_non_finite;
use crate::profile::{Encoding, JsonPlace};
use crate::reading::Number;

/// Finds the parts of an object.
///
/// # Errors
///
/// A text for people when it is no JSON document, or no object.
pub(super) fn json<'a>(body: &str, places: &[JsonPlace]) -> Result<Parts<'a>, String> {
    let document = document(body)?;
    if !document.is_object() {
        return Err("the JSON document is not an object".to_owned());
    }
    Ok(places
        .iter()
        .map(|place| find(&document, place).map(scalar))
        .collect())
}

/// The bytes that the text at `pointer` stands for.
///
/// # Errors
///
/// A text for people when there is no such text.
pub(super) fn encoded(body: &str, pointer: &str, encoding: Encoding) -> Result<Vec<u8>, String> {
    use base64::Engine as _;
    let document = document(body)?;
    let text = document
        .pointer(pointer)
        .and_then(serde_json::Value::as_str)
        .ok_or_else(|| format!("the JSON document has no text at `{pointer}`"))?;
    let bytes = match encoding {
        Encoding::Base64 => base64::prelude::BASE64_STANDARD.decode(text).ok(),
        Encoding::Hex => hex(text),
    };
    bytes.ok_or_else(|| format!("the text at `{pointer}` is not written as it should be"))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}

fn find<'d>(document: &'d serde_json::Value, place: &JsonPlace) -> Option<&'d serde_json::Value> {
    match place {
        JsonPlace::Pointer(pointer) => document.pointer(pointer),
        JsonPlace::Entry {
            list,
            key,
            is,
            take,
        } => document
            .pointer(list)?
            .as_array()?
            .iter()
            .find(|entry| entry.get(key).and_then(serde_json::Value::as_str) == Some(is))?
            .get(take),
    }
}

fn document(body: &str) -> Result<serde_json::Value, String> {
    // Some programs begin every text with a byte order mark.
    let body = body.trim_start_matches('\u{feff}');
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    read(body)
        // A number that is none costs the one value, and not those beside it.
        .or_else(|error| {
            let mended = without_non_finite(body);
            mended.and_then(|mended| read(&mended).ok()).ok_or(error)
        })
        .map_err(|error| format!("not a JSON document: {error}"))
}

fn scalar<'a>(value: &serde_json::Value) -> Scalar<'a> {
    match value {
        serde_json::Value::Null => Scalar::Null,
        serde_json::Value::Bool(b) => Scalar::Bool(*b),
        serde_json::Value::String(s) => Scalar::Text(Cow::Owned(s.trim().to_owned())),
        serde_json::Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(int), _) => Scalar::Number(Number::Int(int)),
            (None, Some(float)) => Scalar::Number(Number::Float(float)),
            (None, None) => Scalar::Other,
        },
        serde_json::Value::Array(items) => Scalar::List(
            items
                .iter()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect(),
        ),
        serde_json::Value::Object(_) => Scalar::Other,
    }
}
