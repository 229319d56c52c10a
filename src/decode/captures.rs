//! Finding the parts of a frame by name.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::binary::binary;
use super::json::json;
use super::lines::{delimited, key_value, places, regex};
use super::number::{NumberError, parse_number};
use super::parts::make;
use super::xml::xml;
use crate::profile::{CaptureId, Format, Message, When};
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

/// What a frame tells for those that follow: which rule of the profile's
/// `remember` list, and the text.
pub(super) type Told = SmallVec<[(usize, String); 1]>;

/// What became of the search.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// Every part was looked for.
    Whole(Captures<'a>),
    /// The frame is damaged: what was found before, and a text for people.
    Damaged(Captures<'a>, String),
    /// The frame is of another kind: its topic or a fixed text differs.
    Other,
    /// The frame is no text, and this kind is.
    NotText,
}

/// What a format takes apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'a> {
    /// The bytes.
    pub(super) bytes: &'a [u8],
    /// The same as text, without the marks of a checksum.
    pub(super) text: Option<&'a str>,
}

impl<'a> Captures<'a> {
    /// Takes a frame apart as `message` says.
    pub(super) fn find(
        message: &Message,
        body: Body<'a>,
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
                None if !matches!(message.format, Format::Json { .. } | Format::Regex { .. }) => {
                    return Found::Other;
                }
                None => smallvec::smallvec![None; pattern.capture_names().count()],
            },
        };
        let mut parts = Parts::new();
        let damage = match by_format(&message.format, body, &mut parts) {
            Ok(()) => None,
            Err(Unfit::Other) => return Found::Other,
            Err(Unfit::NotText) => return Found::NotText,
            Err(Unfit::Damaged(damage)) => Some(damage),
        };
        parts.resize(message.format_captures, None);
        parts.extend(from_topic.into_iter().map(|part| part.map(text)));
        parts.extend(remembered.iter().map(|part| part.as_deref().map(text)));
        let mut captures = Self { parts };
        for part in &message.parts {
            let made = make(part, &captures);
            captures.parts.push(made);
        }
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

    /// What the frame tells for those that follow.
    pub(super) fn told(&self, message: &Message) -> Told {
        let text = |id| self.text(id).map(Cow::into_owned);
        message
            .tells
            .iter()
            .filter_map(|(rule, id)| Some((*rule, text(*id)?)))
            .collect()
    }

    /// Whether all conditions hold; a part that is not there fits nothing.
    pub(super) fn fit(&self, when: &When) -> bool {
        when.iter().all(|(id, patterns)| {
            self.text(*id)
                .is_some_and(|text| patterns.iter().any(|pattern| pattern.fits(&text)))
        })
    }
}

/// The parts that a format finds, in its order.
pub(super) type Parts<'a> = SmallVec<[Option<Scalar<'a>>; 20]>;

/// Why a frame cannot be taken apart.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It is of another kind.
    Other,
    /// It is no text, and this kind is.
    NotText,
    /// It is damaged.
    Damaged(String),
}

/// A part of a line, without the blanks around it.
pub(super) fn text(text: &str) -> Scalar<'_> {
    Scalar::Text(Cow::Borrowed(text.trim()))
}

/// Fills `parts` in the order of the format; what was found before damage stays.
fn by_format<'a>(format: &Format, body: Body<'a>, parts: &mut Parts<'a>) -> Result<(), Unfit> {
    if let Format::Binary { bytes, fields } = format {
        *parts = binary(body.bytes, *bytes, fields).map_err(Unfit::Damaged)?;
        return Ok(());
    }
    let body = body.text.ok_or(Unfit::NotText)?;
    match format {
        Format::Delimited {
            separator,
            columns,
            more,
            collapse: false,
        } => return delimited(body.split(separator.as_str()), columns, *more, parts),
        Format::Delimited {
            separator,
            columns,
            more,
            collapse: true,
        } => {
            let found = body.split(separator.as_str());
            let found = found.filter(|part| !part.is_empty());
            return delimited(found, columns, *more, parts);
        }
        Format::Places { places: at, chars } => {
            *parts = places(body, at, *chars).map_err(Unfit::Damaged)?;
        }
        Format::Regex { pattern, groups } => {
            *parts = regex(body, pattern, groups).ok_or(Unfit::Other)?;
        }
        Format::KeyValue {
            pairs,
            separator,
            keys,
        } => *parts = key_value(body, pairs, separator, keys),
        Format::Json { places } => *parts = json(body, places).map_err(Unfit::Damaged)?,
        Format::Xml { elements } => match xml(body, elements) {
            Ok(found) => *parts = found.ok_or(Unfit::Other)?,
            Err(damage) => return Err(Unfit::Damaged(damage)),
        },
        Format::Text => parts.push(Some(text(body))),
        Format::Binary { .. } => {}
    }
    Ok(())
}
