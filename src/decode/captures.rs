//! Finding the parts of a frame by name.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::number::{NumberError, parse_number};
use crate::json::without_non_finite;
use crate::profile::{CaptureId, Column, Format, Message, When};
use crate::reading::Number;

/// A part of a frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    /// Text, trimmed.
    Text(Cow<'a, str>),
    /// A JSON number.
    Number(Number),
    /// A JSON truth value.
    Bool(bool),
    /// A JSON null.
    Null,
    /// A JSON list of texts.
    List(Vec<String>),
    /// A JSON value of another kind.
    Other,
}

impl Scalar<'_> {
    /// The part as text, for comparisons with words.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Number(Number::Int(n)) => Some(Cow::Owned(n.to_string())),
            Self::Number(Number::Float(x)) => Some(Cow::Owned(x.to_string())),
            Self::Bool(b) => Some(Cow::Borrowed(if *b { "true" } else { "false" })),
            Self::Null | Self::List(_) | Self::Other => None,
        }
    }

    /// The part as a number; texts that hold one count.
    pub(super) fn number(&self) -> Result<Number, NumberError> {
        match self {
            Self::Text(text) => parse_number(text),
            Self::Number(number) => Ok(*number),
            Self::Bool(_) | Self::Null | Self::List(_) | Self::Other => {
                Err(NumberError::NotANumber)
            }
        }
    }
}

/// The parts of one frame, by [`CaptureId`].
#[derive(Debug)]
pub(super) struct Captures<'a> {
    parts: SmallVec<[Option<Scalar<'a>>; 20]>,
}

/// What became of the search.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Every part was looked for.
    Whole(Captures<'a>),
    /// The frame is damaged: what was found before, and a text for people.
    Damaged(Captures<'a>, String),
    /// The frame is of another kind: its topic or a fixed text differs.
    Other,
}

impl<'a> Captures<'a> {
    /// Takes a frame apart as `message` says.
    pub(super) fn find(
        message: &Message,
        body: &'a str,
        topic: Option<&'a str>,
        remembered: &'a [Option<String>],
    ) -> Found<'a> {
        let from_topic: SmallVec<[Option<&str>; 2]> = match &message.topic {
            None => SmallVec::new(),
            Some(pattern) => match topic.map(|topic| pattern.captures(topic)) {
                Some(None) => return Found::Other,
                Some(Some(found)) => found.into_iter().map(Some).collect(),
                // A recorded payload without its topic can only be known by its
                // form, and any text would pass for a plain one.
                None if !matches!(message.format, Format::Json { .. }) => return Found::Other,
                None => smallvec::smallvec![None; pattern.capture_names().count()],
            },
        };
        let mut parts = Parts::new();
        let damage = match &message.format {
            Format::Delimited {
                separator,
                columns,
                more,
            } => match delimited(body, separator, columns, *more, &mut parts) {
                Ok(true) => None,
                Ok(false) => return Found::Other,
                Err(damage) => Some(damage),
            },
            Format::KeyValue {
                pairs,
                separator,
                keys,
            } => {
                parts = key_value(body, pairs, separator, keys);
                None
            }
            Format::Json { pointers } => match json(body, pointers) {
                Ok(found) => {
                    parts = found;
                    None
                }
                Err(damage) => Some(damage),
            },
            Format::Text => {
                parts.push(Some(text(body)));
                None
            }
        };
        parts.resize(message.format_captures, None);
        parts.extend(from_topic.into_iter().map(|part| part.map(text)));
        parts.extend(remembered.iter().map(|part| part.as_deref().map(text)));
        let captures = Self { parts };
        match damage {
            None => Found::Whole(captures),
            Some(damage) => Found::Damaged(captures, damage),
        }
    }

    /// The part, if the frame has it.
    pub(super) fn get(&self, id: CaptureId) -> Option<&Scalar<'a>> {
        self.parts.get(id).and_then(Option::as_ref)
    }

    /// The part as text.
    pub(super) fn text(&self, id: CaptureId) -> Option<Cow<'_, str>> {
        self.get(id).and_then(Scalar::text)
    }

    /// Whether all conditions hold; a part that is not there fits nothing.
    pub(super) fn fit(&self, when: &When) -> bool {
        when.iter().all(|(id, patterns)| {
            self.text(*id)
                .is_some_and(|text| patterns.iter().any(|pattern| pattern.fits(&text)))
        })
    }
}

type Parts<'a> = SmallVec<[Option<Scalar<'a>>; 20]>;

fn text(text: &str) -> Scalar<'_> {
    Scalar::Text(Cow::Borrowed(text.trim()))
}

/// Fills `parts`; `Ok(false)` when a fixed text differs.
fn delimited<'a>(
    body: &'a str,
    separator: &str,
    columns: &[Column],
    more: bool,
    parts: &mut Parts<'a>,
) -> Result<bool, String> {
    let mut found = body.split(separator);
    for (n, column) in columns.iter().enumerate() {
        let Some(part) = found.next() else {
            return Err(format!("{n} columns, expected {}", columns.len()));
        };
        match column {
            Column::Literal(literal) if part.trim() == literal => {}
            Column::Literal(_) => return Ok(false),
            Column::Skip => {}
            Column::Capture(_) => parts.push(Some(text(part))),
        }
    }
    let surplus = found.count();
    if surplus > 0 && !more {
        return Err(format!(
            "{} columns, expected {}",
            columns.len() + surplus,
            columns.len()
        ));
    }
    Ok(true)
}

fn key_value<'a>(body: &'a str, pairs: &str, separator: &str, keys: &[String]) -> Parts<'a> {
    let mut parts: Parts<'a> = smallvec::smallvec![None; keys.len()];
    for pair in body.split(pairs) {
        let Some((key, value)) = pair.split_once(separator) else {
            continue;
        };
        let at = keys.iter().position(|known| known == key.trim());
        if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
            *part = Some(text(value));
        }
    }
    parts
}

fn json<'a>(body: &str, pointers: &[String]) -> Result<Parts<'a>, String> {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    let document = match read(body) {
        Ok(document) => document,
        // A number that is none costs the one value, and not those beside it.
        Err(error) => without_non_finite(body)
            .and_then(|mended| read(&mended).ok())
            .ok_or_else(|| format!("not a JSON document: {error}"))?,
    };
    if !document.is_object() {
        return Err("the JSON document is not an object".to_owned());
    }
    Ok(pointers
        .iter()
        .map(|pointer| document.pointer(pointer).map(scalar))
        .collect())
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
