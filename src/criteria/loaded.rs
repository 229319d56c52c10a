//! Tables that the supplied text of the guideline lacks: TIO6 (annex VII) and
//! the danger values D (criteria.md sections 4.6 and 9).
//!
//! None is built in, and no other publication's numbers stand in: whoever runs
//! Pantau loads them from a file that says where they are from and who checked
//! them.

use std::collections::BTreeMap;
use std::fmt;

use super::nuclide;

/// Where the numbers of a table are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `publication`, for example `BAPETEN Regulation 5/2024`.
    pub publication: String,
    /// `edition`: revision, year or printing.
    pub edition: String,
    /// `table`: the table or annex, with its page.
    pub table: String,
    /// `checked_by`: who compared the file with the publication.
    pub checked_by: String,
    /// `date` of that, `YYYY-MM-DD`.
    pub date: String,
}

/// What to print beside a verdict; the person's name stays in the file.
impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            publication,
            edition,
            table,
            date,
            ..
        } = self;
        write!(f, "{publication}, {edition}, {table}, checked {date}")
    }
}

/// A number for each nuclide, with its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceTable {
    /// Where it is from.
    pub provenance: Provenance,
    /// By [`nuclide::key`]; above zero, and infinite where there is no limit.
    values: BTreeMap<String, f64>,
}

impl ReferenceTable {
    /// From values above zero; of two for one nuclide the lower holds.
    pub fn new<'n>(
        provenance: Provenance,
        values: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Self {
        let mut by_key = BTreeMap::new();
        for (name, value) in values {
            by_key
                .entry(nuclide::key(name))
                .and_modify(|kept: &mut f64| *kept = kept.min(value))
                .or_insert(value);
        }
        Self {
            provenance,
            values: by_key,
        }
    }

    /// The number for a nuclide, however its name is spelt.
    pub fn get(&self, nuclide: &str) -> Option<f64> {
        self.values.get(&nuclide::key(nuclide)).copied()
    }
}

/// The tables that are loaded; by default none is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferenceTables {
    /// `tio6_table`: TIO6 in Bq/kg.
    pub tio6: Option<ReferenceTable>,
    /// `source_d_values`: D in TBq.
    pub source_d_values: Option<ReferenceTable>,
}

/// One of several sources at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its nuclide.
    pub nuclide: String,
    /// Its activity in TBq, finite and not negative.
    pub activity_tbq: f64,
}

/// The sum of activity by danger value over the sources: A/D of CAT-AD.
///
/// # Errors
///
/// The first nuclide that the table lacks.
pub fn sum_a_over_d<'s>(sources: &'s [Source], table: &ReferenceTable) -> Result<f64, &'s str> {
    sources.iter().try_fold(0.0, |sum, source| {
        let danger_tbq = table.get(&source.nuclide).ok_or(source.nuclide.as_str())?;
        Ok(sum + source.activity_tbq / danger_tbq)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> ReferenceTable {
        let provenance = Provenance {
            publication: "Synthetic".to_owned(),
            edition: "1".to_owned(),
            table: "table 1".to_owned(),
            checked_by: "A. Person".to_owned(),
            date: "2026-01-31".to_owned(),
        };
        let values = [("Syn-1", 2.0), ("Syn-2", f64::INFINITY), ("syn1", 4.0)];
        ReferenceTable::new(provenance, values)
    }

    fn source(nuclide: &str, activity_tbq: f64) -> Source {
        Source {
            nuclide: nuclide.to_owned(),
            activity_tbq,
        }
    }

    #[test]
    fn the_lower_of_two_values_holds() {
        assert_eq!(table().get("Syn1"), Some(2.0));
        assert_eq!(table().get("Syn-3"), None);
    }

    #[test]
    fn sources_add_up_and_none_is_left_out() {
        let sum = |sources: &[Source]| sum_a_over_d(sources, &table()).map_err(str::to_owned);
        assert_eq!(sum(&[source("Syn-1", 1.0), source("Syn 1", 3.0)]), Ok(2.0));
        assert_eq!(sum(&[source("Syn-2", 1e9)]), Ok(0.0));
        assert_eq!(
            sum(&[source("Syn-1", 1.0), source("Syn-3", 0.0)]),
            Err("Syn-3".to_owned())
        );
    }

    #[test]
    fn no_name_is_printed() {
        let shown = table().provenance.to_string();
        assert_eq!(shown, "Synthetic, 1, table 1, checked 2026-01-31");
    }
}
