//! Files with a number for each nuclide, named by `[criteria]`: TOML.
//!
//! | key           | unit | range                                        | mandatory |
//! |---------------|------|----------------------------------------------|-----------|
//! | `publication` | -    | text                                         | yes       |
//! | `edition`     | -    | text                                         | yes       |
//! | `table`       | -    | text, with the page                          | yes       |
//! | `checked_by`  | -    | text                                         | yes       |
//! | `date`        | -    | `YYYY-MM-DD`, the day of the check           | yes       |
//! | `[nuclides]`  | Bq/kg for TIO6, TBq for D | name = number above 0   | yes       |
//!
//! Without its origin a table is refused: a number that nobody can look up
//! decides nothing. In a table of D a nuclide without limit is `"unlimited"`.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;

use super::layers;
use super::problem::{Problems, Refused};
use super::secret::Folders;
use super::section::{Section, Table};
use crate::clock::Wall;
use crate::criteria::loaded::{Provenance, ReferenceTable};
use crate::criteria::nuclide;
use crate::error::excerpt;

/// Largest file: 1 MiB.
const MAX_BYTES: u64 = 1024 * 1024;

/// What the numbers of a table are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    bounds: &'static RangeInclusive<f64>,
    words: &'static [(&'static str, f64)],
}

/// TIO6, Bq/kg.
pub(super) const TIO6: Kind = Kind {
    bounds: &(1e-6..=1e12),
    words: &[],
};

/// D, TBq. Ar-37 has no limit (criteria.md section 9).
pub(super) const D_VALUES: Kind = Kind {
    bounds: &(1e-9..=1e9),
    words: &[("unlimited", f64::INFINITY)],
};

/// The table in the file that `key` names; every problem of the file is one of
/// the key.
pub(super) fn read(
    section: &mut Section<'_>,
    key: &'static str,
    kind: Kind,
    folders: &Folders,
) -> Option<ReferenceTable> {
    let (file, text) = section.parsed(key, |name| read_text(name, folders))?;
    let problems = Problems::default();
    let table = layers::merge(&text, std::iter::empty(), &problems);
    let table = table.and_then(|table| read_table(&table, kind, &problems));
    let problems = problems.into_list();
    let is_right = problems.is_empty();
    for problem in problems {
        let refused = Refused::new(format!("`{file}`, {}: {}", problem.path, problem.text));
        let refused = problem.hint.into_iter().fold(refused, Refused::hint);
        section.refuse(key, refused);
    }
    table.filter(|_| is_right)
}

fn read_text(name: &str, folders: &Folders) -> Result<(String, String), Refused> {
    let path = folders.path(name);
    let shown = excerpt(&path.to_string_lossy(), 200);
    let unreadable =
        |error: std::io::Error| Refused::new(format!("cannot read `{shown}`: {error}"));
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Refused::new(format!("`{shown}` is not a file")));
    }
    if metadata.len() > MAX_BYTES {
        let text = format!("`{shown}` is larger than {} MiB", MAX_BYTES / 1024 / 1024);
        return Err(Refused::new(text));
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    Ok((shown, text))
}

fn read_table(table: &Table, kind: Kind, problems: &Problems) -> Option<ReferenceTable> {
    let mut file = Section::root(table, problems);
    let publication = file.required("publication", Section::text);
    let edition = file.required("edition", Section::text);
    let name = file.required("table", Section::text);
    let checked_by = file.required("checked_by", Section::text);
    let date = file.required("date", |file, key| file.parsed(key, day));
    let nuclides = nuclides(&mut file, kind);
    file.finish();
    let provenance = Provenance {
        publication: publication?.to_owned(),
        edition: edition?.to_owned(),
        table: name?.to_owned(),
        checked_by: checked_by?.to_owned(),
        date: date?,
    };
    Some(ReferenceTable::new(provenance, nuclides))
}

fn nuclides<'a>(file: &mut Section<'a>, kind: Kind) -> Vec<(&'a str, f64)> {
    if !file.has("nuclides") {
        file.missing("nuclides", Some("a table `[nuclides]`, name = number"));
    }
    let section = file.table("nuclides");
    let is_empty = section.is_empty();
    if is_empty {
        section.refuse_all(Refused::new("names no nuclide"));
    }
    let path = section.path().to_owned();
    let values = section.numbers(kind.bounds, kind.words);
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for (name, _) in &values {
        if let Some(earlier) = names.insert(nuclide::key(name), name) {
            let text = format!("is `{}` once more", excerpt(earlier, 64));
            file.refuse_at(
                format!("{path}.\"{}\"", excerpt(name, 64)),
                Refused::new(text),
            );
        }
    }
    values
}

/// A day that is one.
fn day(text: &str) -> Result<String, Refused> {
    let is_day = text.len() == "YYYY-MM-DD".len()
        && Wall::parse_rfc3339(&format!("{text}T00:00:00Z")).is_ok();
    if is_day {
        Ok(text.to_owned())
    } else {
        Err(Refused::new(format!("`{}` is no day", excerpt(text, 64))).hint("as in `2026-03-31`"))
    }
}
