//! Where a rule stands: document, table, row and page, once for every text.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// The guideline, as texts name it.
const GUIDELINE: &str = "PUK/DK2N.3/PT.17 rev. 0";

/// What stands for the document of a rule that no document has.
const PROJECT: &str = "project";

/// Where a rule stands. What the rule does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The document; `project` for a rule where the guideline is silent.
    pub document: Cow<'static, str>,
    /// Number of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Cow<'static, str>>,
    /// Number of the annex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annex: Option<Cow<'static, str>>,
    /// Row of the table, annex or flow chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Cow<'static, str>>,
    /// Whether it is a note printed with the table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub note: bool,
    /// Number of the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<Cow<'static, str>>,
    /// Number of the flow chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_chart: Option<Cow<'static, str>>,
    /// Printed page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Cow<'static, str>>,
}

fn some(text: &'static str) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(text))
}

impl Source {
    fn guideline() -> Self {
        Self {
            document: Cow::Borrowed(GUIDELINE),
            ..Self::default()
        }
    }

    fn table(table: &'static str, row: &str, page: &'static str) -> Self {
        Self {
            table: some(table),
            row: (!row.is_empty()).then(|| Cow::Owned(row.to_owned())),
            page: some(page),
            ..Self::guideline()
        }
    }

    fn section(section: &'static str, page: Option<&'static str>) -> Self {
        Self {
            section: some(section),
            page: page.map(Cow::Borrowed),
            ..Self::guideline()
        }
    }

    fn flow_chart(chart: &'static str, row: &'static str) -> Self {
        Self {
            flow_chart: some(chart),
            row: some(row),
            ..Self::guideline()
        }
    }

    fn note(section: &'static str, page: &'static str) -> Self {
        Self {
            note: true,
            ..Self::table("3.1", section, page)
        }
    }

    /// Of a rule by its id, as criteria.md section 4 cites it.
    pub fn of(rule: &str) -> Self {
        match rule.split_once('-').unwrap_or((rule, "")) {
            ("T2.1", row) => Self::table("2.1", row, "18"),
            ("T2.2", row) => Self::table("2.2", row, "20"),
            ("T3.1", row) => Self::table("3.1", row, "30–31"),
            ("T3.2", row) => Self::table("3.2", row, "31"),
            ("T3.4", "TIO6") => Self {
                annex: some("VII"),
                ..Self::table("3.4", "", "38")
            },
            ("T3.4", _) => Self::table("3.4", "", "38"),
            ("T4.1", _) => Self::table("4.1", "", "73"),
            ("T4.2", _) => Self::table("4.2", "", "73"),
            ("ESC", _) => Self::section("3.2.1(5)", Some("33")),
            ("P4.1", _) => Self::section("4.1.1(2), 4.1.2(1)", None),
            ("W", "50") => Self::section("3.2.1(1)", Some("32")),
            ("W", row) => Self {
                annex: some("VIII"),
                row: row
                    .strip_prefix("A8-")
                    .map(|row| Cow::Owned(row.to_owned())),
                page: some("105–106"),
                ..Self::guideline()
            },
            ("EX", "RAIN") => Self::note("I", "30–31"),
            ("EX", "MED") => Self::note("II", "30–31"),
            ("EX", "NORM") => Self::note("III", "31"),
            ("CAT", _) => Self {
                document: Cow::Borrowed("PP 58/2015"),
                annex: some("VII"),
                table: some("1"),
                ..Self::default()
            },
            ("D", _) => Self::of_deadline(rule),
            _ => Self {
                document: Cow::Borrowed(PROJECT),
                ..Self::default()
            },
        }
    }

    fn of_deadline(rule: &str) -> Self {
        match rule {
            "D-01" => Self::section("2.1(2)", Some("16")),
            "D-02" => Self::section("2.1(5)", Some("16")),
            "D-03" => Self::section("2.1(6)", Some("17")),
            "D-04" => Self::section("2.1(7)", Some("17")),
            "D-05" => Self::section("2.2.1(3)", Some("18")),
            "D-06" => Self::section("2.2.1(5)", Some("18")),
            "D-07J" | "D-07O" => Self::section("3.1.1(2), 3.1.2(1)", Some("28–29")),
            "D-08" => Self::section("3.1.1(7)", None),
            "D-09" => Self::section("3.1.1(8)", None),
            "D-10" => Self::section("3.1.1(9)", None),
            "D-11" | "D-12" => Self::section("3.1.2(7)", None),
            "D-13" => Self::section("3.2.1(3)", None),
            "D-14" => Self::section("3.2.1(4)c", Some("32")),
            "D-15" => Self::flow_chart("3.1, 3.2", "3"),
            "D-16" => Self::flow_chart("3.1", "15"),
            "D-17" => Self::flow_chart("3.2", "19"),
            "D-18" => Self::flow_chart("4.2, 4.3", "5"),
            "D-19" => Self::flow_chart("3.1", "16"),
            "D-20" => Self::flow_chart("2.2, 2.3", "1"),
            _ => Self::flow_chart("2.1", "5"),
        }
    }

    /// As a person cites it.
    pub(crate) fn text(&self, language: Language) -> String {
        if self.document == PROJECT {
            return language
                .pick(
                    "aturan proyek, karena pedoman tidak mengaturnya",
                    "project rule, where the guideline is silent",
                )
                .to_owned();
        }
        let mut parts = vec![self.document.to_string()];
        let mut part = |id: &str, en: &str, what: &Option<Cow<'static, str>>, last: bool| {
            if let Some(what) = what {
                let row = self.row.as_ref().filter(|_| last);
                let row = row.map_or_else(String::new, |row| {
                    format!(" {} {row}", language.pick("baris", "row"))
                });
                parts.push(format!("{} {what}{row}", language.pick(id, en)));
            }
        };
        part("lampiran", "annex", &self.annex, self.table.is_none());
        let (id, en) = if self.note {
            ("catatan tabel", "note of table")
        } else {
            ("tabel", "table")
        };
        part(id, en, &self.table, true);
        part("bagian", "section", &self.section, false);
        part("diagram alir", "flow chart", &self.flow_chart, true);
        if let Some(page) = &self.page {
            parts.push(format!("{} {page}", language.pick("hal.", "p.")));
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_cited_as_people_do() {
        for (rule, id, en) in [
            (
                "T3.1-I-1",
                "PUK/DK2N.3/PT.17 rev. 0, tabel 3.1 baris I-1, hal. 30–31",
                "PUK/DK2N.3/PT.17 rev. 0, table 3.1 row I-1, p. 30–31",
            ),
            (
                "EX-MED",
                "PUK/DK2N.3/PT.17 rev. 0, catatan tabel 3.1 baris II, hal. 30–31",
                "PUK/DK2N.3/PT.17 rev. 0, note of table 3.1 row II, p. 30–31",
            ),
            (
                "W-A8-4",
                "PUK/DK2N.3/PT.17 rev. 0, lampiran VIII baris 4, hal. 105–106",
                "PUK/DK2N.3/PT.17 rev. 0, annex VIII row 4, p. 105–106",
            ),
            (
                "D-15",
                "PUK/DK2N.3/PT.17 rev. 0, diagram alir 3.1, 3.2 baris 3",
                "PUK/DK2N.3/PT.17 rev. 0, flow chart 3.1, 3.2 row 3",
            ),
            (
                "CAT-AD",
                "PP 58/2015, lampiran VII, tabel 1",
                "PP 58/2015, annex VII, table 1",
            ),
            (
                "PB-ELEV",
                "aturan proyek, karena pedoman tidak mengaturnya",
                "project rule, where the guideline is silent",
            ),
        ] {
            let source = Source::of(rule);
            assert_eq!(source.text(Language::Indonesian), id);
            assert_eq!(source.text(Language::English), en);
        }
    }
}
