//! How the parts of a frame are found, as written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How the parts of a frame are found.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RawFormat {
    /// Parts between separators, in fixed order.
    Delimited {
        /// What stands between them.
        separator: String,
        /// A name for each; `=TEXT` demands that very text, `-` skips one.
        columns: Vec<String>,
        /// Whether more columns may follow; default no.
        #[serde(default)]
        more: bool,
        /// Whether several separators in a row count as one; default no.
        #[serde(default)]
        collapse: bool,
    },
    /// Parts at fixed places of a line.
    Places {
        /// Capture name → first character and the one behind the last.
        places: BTreeMap<String, [usize; 2]>,
        /// Length of the whole line in characters, if it is always the same.
        chars: Option<usize>,
    },
    /// Named groups of a regular expression that fits the whole line.
    Regex {
        /// The expression.
        pattern: String,
    },
    /// Pairs of key and value, in any order.
    KeyValue {
        /// What stands between pairs.
        pairs: String,
        /// What stands between key and value.
        separator: String,
        /// Capture name → key.
        keys: BTreeMap<String, String>,
    },
    /// A JSON document.
    Json {
        /// Capture name → JSON pointer.
        #[serde(default)]
        pointers: BTreeMap<String, String>,
        /// Capture name → entry of a list that is known by its name.
        #[serde(default)]
        entries: BTreeMap<String, RawEntry>,
    },
    /// An XML document.
    Xml {
        /// Capture name → path from the root, such as `a/b` or `a/@c`.
        elements: BTreeMap<String, String>,
    },
    /// Binary fields at fixed places.
    Binary {
        /// Length of the whole frame, if it is always the same.
        bytes: Option<usize>,
        /// Capture name → field.
        fields: BTreeMap<String, RawField>,
    },
    /// The whole frame as one text.
    Text {
        /// Its name.
        name: String,
    },
}

/// An entry of a JSON list of objects.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawEntry {
    /// JSON pointer of the list.
    pub list: String,
    /// Key of the entry's name.
    pub key: String,
    /// The name.
    pub is: String,
    /// Key of what is taken.
    pub take: String,
}

/// A binary field.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawField {
    /// Where it begins; negative counts from the end.
    pub at: i32,
    /// `u8`, `i8`, `u16le` and so on, `f32le`, `text`, `hex` or `bcd`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `text`, `hex` and `bcd`: how many bytes.
    pub bytes: Option<usize>,
    /// Bits of an unsigned number that count; default all.
    pub mask: Option<u64>,
    /// It is shifted right by so many bits afterwards; default 0.
    pub shift: Option<u32>,
}

/// The part of a frame that the format takes apart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawInside {
    /// First byte; negative counts from the end. Default 0.
    #[serde(default)]
    pub from: i32,
    /// The byte behind the last; default the end.
    pub to: Option<i32>,
    /// Or the text at this JSON pointer.
    pub pointer: Option<String>,
    /// With `pointer`: `base64` or `hex`.
    pub encoding: Option<String>,
}

/// A capture made of others.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPart {
    /// Its name.
    pub name: String,
    /// The capture it is made of.
    pub from: String,
    /// How.
    pub make: String,
    /// A second capture, for what is made of two.
    pub with: Option<String>,
    /// A number, for what needs one.
    pub by: Option<f64>,
    /// `hex` and `bits`: bits that count; default all.
    pub mask: Option<u64>,
    /// `hex` and `bits`: shifted right by so many afterwards; default 0.
    pub shift: Option<u32>,
}
