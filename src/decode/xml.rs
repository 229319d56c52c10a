//! Text of XML elements and attributes.
//!
//! A strict scanner for the small documents instruments send: elements,
//! attributes, text, comments. No entity is expanded and no document type read;
//! where they stand the document is refused, for nothing in it could be trusted.

use std::borrow::Cow;

use super::captures::{Parts, Scalar};
use crate::profile::XmlPlace;

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;

/// Finds the texts at `places`; `Ok(None)` when the root element is another one.
///
/// # Errors
///
/// A text for people when the document is not well formed.
pub(super) fn xml<'a>(body: &'a str, places: &[XmlPlace]) -> Result<Option<Parts<'a>>, String> {
    let mut scan = Scan {
        rest: body.trim(),
        path: String::new(),
        opened: Vec::new(),
        root_ended: false,
        parts: places.iter().map(|_| None).collect(),
        places,
    };
    while !scan.rest.is_empty() {
        if !scan.step()? {
            return Ok(None);
        }
    }
    if scan.root_ended {
        Ok(Some(scan.parts))
    } else {
        Err("the XML document has no end".to_owned())
    }
}

struct Scan<'a, 'p> {
    rest: &'a str,
    /// Names of the open elements, joined by `/`.
    path: String,
    /// Lengths of `path` before each of them.
    opened: Vec<usize>,
    root_ended: bool,
    parts: Parts<'a>,
    places: &'p [XmlPlace],
}

impl<'a> Scan<'a, '_> {
    /// Reads on by one piece of mark-up or text; `false` when the root is not
    /// the one that was looked for.
    fn step(&mut self) -> Result<bool, String> {
        let Some(markup) = self.rest.strip_prefix('<') else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest;
            self.text(text)?;
            return Ok(true);
        };
        if let Some(comment) = markup.strip_prefix("!--") {
            self.rest = after(comment, "-->")?;
        } else if markup.starts_with('!') {
            return Err("the XML document holds more than elements and text".to_owned());
        } else if let Some(declaration) = markup.strip_prefix('?') {
            self.rest = after(declaration, "?>")?;
        } else if let Some(closing) = markup.strip_prefix('/') {
            let (name, rest) = closing.split_once('>').ok_or_else(unended)?;
            self.rest = rest;
            self.close(name.trim_end())?;
        } else {
            let end = tag_end(markup).ok_or_else(unended)?;
            let (tag, rest) = markup.split_at(end);
            self.rest = rest.strip_prefix('>').unwrap_or(rest);
            return self.open(tag);
        }
        Ok(true)
    }

    fn open(&mut self, tag: &'a str) -> Result<bool, String> {
        let (tag, is_empty) = match tag.strip_suffix('/') {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let (name, attributes) = match tag.split_once(char::is_whitespace) {
            Some((name, attributes)) => (name, attributes.trim()),
            None => (tag, ""),
        };
        if self.root_ended || name.is_empty() || self.opened.len() >= MAX_DEPTH {
            return Err("the XML document is not well formed".to_owned());
        }
        if self.opened.is_empty() {
            let is_root = |place: &XmlPlace| place.path.split('/').next() == Some(name);
            if !self.places.iter().any(is_root) {
                return Ok(false);
            }
        }
        self.opened.push(self.path.len());
        if !self.path.is_empty() {
            self.path.push('/');
        }
        self.path.push_str(name);
        self.attributes(attributes)?;
        if is_empty {
            self.close(name)?;
        }
        Ok(true)
    }

    fn attributes(&mut self, mut rest: &'a str) -> Result<(), String> {
        let broken = || "an attribute is not well formed".to_owned();
        while !rest.is_empty() {
            let (name, tail) = rest.split_once('=').ok_or_else(broken)?;
            let tail = tail.trim_start();
            let quote = tail
                .chars()
                .next()
                .filter(|c| matches!(c, '"' | '\''))
                .ok_or_else(broken)?;
            let (value, tail) = tail
                .strip_prefix(quote)
                .and_then(|tail| tail.split_once(quote))
                .ok_or_else(broken)?;
            self.keep(Some(name.trim()), value)?;
            rest = tail.trim_start();
        }
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), String> {
        let before = self.opened.pop();
        let open = self.path.rsplit('/').next();
        let (Some(before), true) = (before, open == Some(name)) else {
            return Err("an XML element ends that is not open".to_owned());
        };
        self.path.truncate(before);
        self.root_ended = self.opened.is_empty();
        Ok(())
    }

    fn text(&mut self, text: &'a str) -> Result<(), String> {
        if self.opened.is_empty() && !text.trim().is_empty() {
            return Err("text outside the XML document".to_owned());
        }
        self.keep(None, text)
    }

    /// Keeps what is looked for at the present path.
    fn keep(&mut self, attribute: Option<&str>, text: &'a str) -> Result<(), String> {
        for (place, part) in self.places.iter().zip(self.parts.iter_mut()) {
            if place.path != self.path || place.attribute.as_deref() != attribute {
                continue;
            }
            if text.contains('&') {
                return Err("the XML document holds an entity".to_owned());
            }
            let text = text.trim();
            if part.is_none() || !text.is_empty() {
                *part = Some(Scalar::Text(Cow::Borrowed(text)));
            }
        }
        Ok(())
    }
}

/// Where a tag ends: a `>` that stands in no quotes.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    tag.char_indices().find_map(|(at, c)| {
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == '>' => return Some(at),
            None => {}
        }
        None
    })
}

fn after<'t>(text: &'t str, end: &str) -> Result<&'t str, String> {
    text.split_once(end)
        .map(|(_, rest)| rest)
        .ok_or_else(unended)
}

fn unended() -> String {
    "the XML document has no end".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &str, attribute: Option<&str>) -> XmlPlace {
        XmlPlace {
            path: path.to_owned(),
            attribute: attribute.map(str::to_owned),
        }
    }

    /// The texts of `a/b` and `a/@id`, or the word for what went wrong.
    fn found(body: &str) -> String {
        let places = [place("a/b", None), place("a", Some("id"))];
        match xml(body, &places) {
            Err(_) => "damaged".to_owned(),
            Ok(None) => "other".to_owned(),
            Ok(Some(parts)) => parts
                .iter()
                .map(|part| match part {
                    Some(Scalar::Text(text)) => format!("[{text}]"),
                    Some(other) => format!("{other:?}"),
                    None => "-".to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn documents_and_their_injuries() {
        for (body, expected) in [
            (
                "<?xml version=\"1.0\"?><a id=\"7\"><b>1.5</b></a>",
                "[1.5][7]",
            ),
            (
                "<a id='x>y' n = \"1\"><c><b>no</b></c><b> 2 </b></a>",
                "[2][x>y]",
            ),
            ("<a><b/></a>", "--"),
            ("<a><!-- <b>1</b> --><b></b></a>", "--"),
            ("<r><b>1</b></r>", "other"),
            ("<a><b>1</b>", "damaged"),
            ("<a><b>1</a></b>", "damaged"),
            ("<a><b>1</b></a><a></a>", "damaged"),
            ("<a><b>1&amp;2</b></a>", "damaged"),
            ("<!DOCTYPE a><a><b>1</b></a>", "damaged"),
            ("<a id=7><b>1</b></a>", "damaged"),
            ("x<a><b>1</b></a>", "damaged"),
            ("<a", "damaged"),
            ("", "damaged"),
        ] {
            assert_eq!(found(body), expected, "{body}");
        }
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        assert_eq!(found(&deep), "damaged");
    }
}
