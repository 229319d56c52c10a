//! One row of a section, by the names of its fields.

use std::collections::BTreeMap;

use super::super::Line;
use crate::clock::Wall;
use crate::decode::raw::{RejectReason, Rejected};
use crate::error::excerpt;

/// The fields of a row that are not empty.
#[derive(Debug)]
pub(super) struct Row {
    fields: BTreeMap<String, String>,
    /// Names of the row's own fields, the empty ones too.
    names: Vec<String>,
}

/// Where a station is, as it was written: signed degrees, or a text that is no
/// number where the direction is missing.
#[derive(Clone, Debug, Default)]
pub(super) struct Locality {
    lat: Option<String>,
    lon: Option<String>,
    alt_m: Option<String>,
}

fn malformed(text: impl Into<String>) -> Rejected {
    Rejected::new(RejectReason::Malformed, text)
}

impl Row {
    /// Takes a row apart.
    ///
    /// # Errors
    ///
    /// When it does not have just the fields of the list.
    pub(super) fn read(text: &str, names: &[String]) -> Result<Self, Rejected> {
        if names.is_empty() {
            return Err(malformed(format!(
                "no list of fields stands before it: `{}`",
                excerpt(text, 60)
            )));
        }
        let parts = parts(text);
        if parts.len() != names.len() {
            return Err(malformed(format!(
                "{} fields, expected {}: `{}`",
                parts.len(),
                names.len(),
                excerpt(text, 60)
            )));
        }
        let fields = names
            .iter()
            .zip(&parts)
            .filter(|(_, part)| !part.is_empty())
            .map(|(name, part)| (name.clone(), (*part).to_owned()))
            .collect();
        Ok(Self {
            fields,
            names: names.to_vec(),
        })
    }

    /// Adds the constant fields that are not among the row's own.
    pub(super) fn complete(&mut self, defaults: &BTreeMap<String, String>) {
        for (name, value) in defaults {
            if !self.names.contains(name) {
                self.fields.insert(name.clone(), value.clone());
            }
        }
    }

    /// A field that is there and not empty.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// The line for the profile.
    ///
    /// # Errors
    ///
    /// When a field is missing that says whose and what the value is, or the
    /// constraint is none there is: it could be the end of the range.
    pub(super) fn line(
        &self,
        locality: &Locality,
        importance: Option<&str>,
    ) -> Result<Line, Rejected> {
        let needed = |name: &str| {
            self.field(name)
                .ok_or_else(|| malformed(format!("a row without {name}")))
        };
        let code = needed("LOCALITY_CODE")?;
        let nuclide = needed("NUCLIDE")?;
        let sample = needed("SAMPLE_TYPE")?;
        let constraint = self.field("VALUE_CONSTRAINT");
        if let Some(unknown) = constraint.filter(|text| !matches!(*text, "<" | ">")) {
            let text = format!("`{}` is no constraint of a value", excerpt(unknown, 24));
            return Err(malformed(text));
        }
        Ok(Line::default()
            .with("locality", code)
            .with("nuclide", nuclide)
            .with("sample", sample)
            .with("value", self.field("VALUE").unwrap_or_default())
            .with_some("unit", self.field("UNIT"))
            .with_some("constraint", constraint)
            .with_some("importance", importance)
            .with_some("time", self.time())
            .with_some("lat", locality.lat.as_ref())
            .with_some("lon", locality.lon.as_ref())
            .with_some("alt_m", locality.alt_m.as_ref()))
    }

    /// The end of the interval. One that does not lie behind its beginning is no
    /// interval, and neither end can be trusted: both come out, as a text that
    /// is no time.
    fn time(&self) -> Option<String> {
        let end = self.field("END")?;
        let Some(begin) = self.field("BEGIN") else {
            return Some(end.to_owned());
        };
        Some(match (time(begin), time(end)) {
            (Some(from), Some(to)) if from < to => to.to_string(),
            _ => format!("{begin}/{end}"),
        })
    }
}

impl Locality {
    /// The place that a row tells.
    pub(super) fn of(row: &Row) -> Self {
        let degrees = |name, positive, negative| {
            row.field(name)
                .map(|text| degrees(text, positive, negative))
        };
        Self {
            lat: degrees("LATITUDE", 'N', 'S'),
            lon: degrees("LONGITUDE", 'E', 'W'),
            alt_m: row.field("HEIGHT_ABOVE_SEA").map(str::to_owned),
        }
    }

    /// Whether it tells a place.
    pub(super) const fn is_somewhere(&self) -> bool {
        self.lat.is_some() && self.lon.is_some()
    }
}

/// The fields between commas; a quoted one may hold commas.
fn parts(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    text.split(|c| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    })
    .map(str::trim)
    .collect()
}

/// Signed degrees of `S06.1754`. Without a letter the half of the Earth is not
/// known: what comes out then is no number.
fn degrees(text: &str, positive: char, negative: char) -> String {
    let is_plain = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    match (text.strip_prefix(positive), text.strip_prefix(negative)) {
        (Some(number), _) if is_plain(number) => number.to_owned(),
        (_, Some(number)) if is_plain(number) => format!("-{number}"),
        _ => format!("?{text}"),
    }
}

/// `YYYY-MM-DDThh:mmZ`, or with seconds.
fn time(text: &str) -> Option<Wall> {
    let minutes = text.strip_suffix('Z').filter(|rest| rest.len() == 16);
    let whole = minutes.map(|rest| format!("{rest}:00Z"));
    Wall::parse_rfc3339(whole.as_deref().unwrap_or(text)).ok()
}
