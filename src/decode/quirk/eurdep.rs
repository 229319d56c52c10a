//! EURDEP text: the exchange of other authorities' stations.
//!
//! Statements begin with `\` and end with `;`. Sections hold lists of fields and
//! rows; a row of the radiological section takes its place from the locality
//! section and its constant fields from the default section. Damage costs the
//! row it stands in, and what depends on it: no field is taken from elsewhere.
//!
//! # Source
//!
//! exchange-formats.md section 3 and instruments.md section 27: the grammar of
//! OpenBfS/eurdep-parser and the files of palli/eurdep.

mod row;

use std::collections::BTreeMap;
use std::ops::Range;

use super::lines::{Lines, Part};
use super::{Found, Records, rejected};
use crate::decode::raw::{Ignored, RejectReason};
use crate::error::excerpt;
use row::{Locality, Row};

/// Where a statement stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Section {
    /// In none whose rows are of interest.
    #[default]
    Other,
    Locality,
    Radiological,
    /// Constant fields, inside the radiological section.
    Default,
}

/// Reads the blocks of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    lines: Lines,
    section: Section,
    in_comment: bool,
    /// What the header says of the message's importance.
    importance: Option<String>,
    /// Names of the fields of the present section's rows.
    fields: Vec<String>,
    defaults: BTreeMap<String, String>,
    /// By their codes; `None` while the block has no such section.
    localities: Option<BTreeMap<String, Locality>>,
}

impl Exchange {
    /// Reads a piece.
    pub(super) fn read(&mut self, piece: &[u8], is_last: bool) -> Records {
        let mut records = Records::new();
        for (range, part) in self.lines.cut(piece, is_last) {
            match part {
                Part::Line(line) => self.line(&line, &range, &mut records),
                Part::TooLong(bytes) => {
                    let text = format!("{bytes} bytes without an end");
                    records.push((range, rejected(RejectReason::TooLong, text)));
                }
            }
        }
        records
    }

    /// A line, which may hold several statements.
    fn line(&mut self, line: &str, range: &Range<usize>, out: &mut Records) {
        let mut rest = line;
        loop {
            let found = match statement(rest) {
                Statement::Whole(text, behind) => {
                    rest = behind;
                    self.statement(text)
                }
                _ if self.in_comment => {
                    rest = "";
                    Found::Ignored(Ignored::Comment)
                }
                Statement::Cut => {
                    let text = format!("no `;` at its end: `{}`", excerpt(rest, 60));
                    rest = "";
                    rejected(RejectReason::Truncated, text)
                }
                Statement::None => {
                    let text = format!("does not begin with `\\`: `{}`", excerpt(rest, 60));
                    rest = "";
                    rejected(RejectReason::Malformed, text)
                }
            };
            out.push((range.clone(), found));
            // What follows a `;` without being a statement is of no interest.
            if !rest.starts_with('\\') {
                return;
            }
        }
    }

    fn statement(&mut self, text: &str) -> Found {
        if text == "END_COMMENT" {
            self.in_comment = false;
            return Found::Ignored(Ignored::Comment);
        }
        if let Some(name) = text.strip_prefix("BEGIN_") {
            return self.begin(name);
        }
        if self.in_comment {
            return Found::Ignored(Ignored::Comment);
        }
        if let Some(name) = text.strip_prefix("END_") {
            return self.end(name);
        }
        if let Some(list) = text.strip_prefix("FIELD_LIST") {
            return self.field_list(list);
        }
        match self.section {
            Section::Other => self.other(text),
            Section::Locality => self.locality(text),
            Section::Radiological => self.radiological(text),
            Section::Default => self.constant(text),
        }
    }

    /// A section begins, whether or not the one before was ended.
    fn begin(&mut self, name: &str) -> Found {
        match name {
            "COMMENT" => {
                self.in_comment = true;
                return Found::Ignored(Ignored::Comment);
            }
            "EURDEP" => {
                let lines = std::mem::take(&mut self.lines);
                *self = Self {
                    lines,
                    ..Self::default()
                };
            }
            "LOCALITY" => {
                self.section = Section::Locality;
                self.fields.clear();
                self.localities = Some(BTreeMap::new());
            }
            "RADIOLOGICAL" => self.radiological_begins(),
            "DEFAULT" => self.section = Section::Default,
            _ => self.section = Section::Other,
        }
        self.in_comment = false;
        Found::Ignored(Ignored::Other)
    }

    /// A section ends, and any inside it that was not ended.
    fn end(&mut self, name: &str) -> Found {
        self.section = match (name, self.section) {
            ("DEFAULT", _) => Section::Radiological,
            ("LOCALITY" | "RADIOLOGICAL" | "HEADER" | "EURDEP", _) | (_, Section::Other) => {
                Section::Other
            }
            (_, Section::Locality | Section::Radiological | Section::Default) => {
                let text = format!("no such section was begun: `{}`", excerpt(name, 24));
                return rejected(RejectReason::Malformed, text);
            }
        };
        Found::Ignored(Ignored::Other)
    }

    fn radiological_begins(&mut self) {
        self.section = Section::Radiological;
        self.fields.clear();
        self.defaults.clear();
    }

    /// The list says what the rows are, should the line before it be lost.
    fn field_list(&mut self, list: &str) -> Found {
        let names: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
        let has = |name: &str| names.iter().any(|known| known == name);
        let is_twice = |(at, name): (usize, &String)| names.iter().skip(at + 1).any(|n| n == name);
        if !has("LOCALITY_CODE") || names.iter().enumerate().any(is_twice) {
            self.fields.clear();
            let text = format!("no list of fields: `{}`", excerpt(list.trim(), 60));
            return rejected(RejectReason::Malformed, text);
        }
        match (has("VALUE"), self.section) {
            (true, Section::Other | Section::Locality) => self.radiological_begins(),
            (true, Section::Default) => self.section = Section::Radiological,
            (false, Section::Other) if has("LOCALITY_NAME") => {
                self.section = Section::Locality;
                self.localities = Some(BTreeMap::new());
            }
            _ => {}
        }
        self.fields = names;
        Found::Ignored(Ignored::Other)
    }

    /// Outside of what is of interest, such as in the header.
    fn other(&mut self, text: &str) -> Found {
        if let Some(importance) = text.strip_prefix("IMPORTANCE ") {
            self.importance = Some(importance.trim().to_owned());
        }
        Found::Ignored(Ignored::Other)
    }

    /// A constant field, or the first row behind constant fields without an end.
    fn constant(&mut self, text: &str) -> Found {
        let name_end = text.find([' ', '\t', ',']).unwrap_or(text.len());
        let (name, value) = text.split_at(name_end);
        let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
        if value.starts_with(',') {
            self.section = Section::Radiological;
            return self.radiological(text);
        }
        if value.trim().is_empty() || !name.chars().all(is_name) {
            let text = format!("no field and its value: `{}`", excerpt(text, 60));
            return rejected(RejectReason::Malformed, text);
        }
        self.defaults
            .insert(name.to_owned(), value.trim().to_owned());
        Found::Ignored(Ignored::Other)
    }

    fn locality(&mut self, text: &str) -> Found {
        let row = match Row::read(text, &self.fields) {
            Ok(row) => row,
            Err(refused) => return Found::Rejected(refused),
        };
        let localities = self.localities.get_or_insert_default();
        if let Some(code) = row.field("LOCALITY_CODE") {
            localities.insert(code.to_owned(), Locality::of(&row));
            Found::Ignored(Ignored::Other)
        } else {
            rejected(RejectReason::Malformed, "a locality without a code")
        }
    }

    fn radiological(&mut self, text: &str) -> Found {
        let mut row = match Row::read(text, &self.fields) {
            Ok(row) => row,
            Err(refused) => return Found::Rejected(refused),
        };
        row.complete(&self.defaults);
        let own = Locality::of(&row);
        let code = row.field("LOCALITY_CODE").unwrap_or_default();
        let locality = match (&self.localities, own.is_somewhere()) {
            (_, true) | (None, false) => own,
            (Some(known), false) => match known.get(code) {
                Some(locality) => locality.clone(),
                None => {
                    let text = format!("`{}` is no station of its block", excerpt(code, 24));
                    return rejected(RejectReason::UnknownInstrument, text);
                }
            },
        };
        match row.line(&locality, self.importance.as_deref()) {
            Ok(line) => line.found(),
            Err(refused) => Found::Rejected(refused),
        }
    }
}

/// What a line begins with.
enum Statement<'t> {
    /// What stands between `\` and `;`, and what follows.
    Whole(&'t str, &'t str),
    /// It has no end.
    Cut,
    /// No statement.
    None,
}

/// Takes a statement from the beginning of a line. A quoted remark may hold any
/// character.
fn statement(line: &str) -> Statement<'_> {
    let Some(text) = line.strip_prefix('\\') else {
        return Statement::None;
    };
    let mut is_quoted = false;
    let end = text.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '"';
        (c == ';' && !is_quoted).then_some(at)
    });
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((text, behind)) => {
            let behind = behind.trim_start_matches(';').trim_start();
            Statement::Whole(text.trim(), behind)
        }
        None => Statement::Cut,
    }
}

#[cfg(test)]
mod tests;
