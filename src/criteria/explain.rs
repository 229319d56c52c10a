//! Why a judgement is what it is, for a person and for a program.
//!
//! An explanation is made by the judges themselves, run once more with somebody
//! listening (see `trace`): no second implementation can disagree with them.
//! It is made when it is asked for, never on the way of a reading.

mod flags;
mod other;
mod reading;
mod rules;
mod source;
mod words;

use serde::{Deserialize, Serialize};

pub(crate) use flags::says as flag_says;
pub use other::{category, deadline, food_tio5, food_tio6, report, sequence, termination, worker};
pub use reading::explain;
pub use source::Source;

use super::geometry::Outcome;
use super::policy::Policy;
use super::reference::PolicyHash;
use super::trace::{Against, Compared, What};
use super::words::Remarks;
use crate::language::Bilingual;
use crate::units::rounded;

/// Why a judgement is what it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The primary rule.
    pub rule: String,
    /// The class, status or category that was found; absent for a duplicate and
    /// below every category.
    pub class: Option<String>,
    /// Where the rule stands.
    pub source: Source,
    /// Hash of the policy that judged.
    pub policy: String,
    /// Every comparison that was made, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared: Vec<Comparison>,
    /// The backgrounds there are, and where they come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backgrounds: Vec<Background>,
    /// Further rules that matched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Cited>,
    /// The exemptions that were tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exemptions: Vec<Exemption>,
    /// The flags, each with what it says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// The recommended status, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommended>,
    /// Each step of a sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Bilingual>,
    /// The whole in sentences.
    pub text: Bilingual,
}

/// A rule and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cited {
    /// The rule.
    pub rule: String,
    /// Where it stands.
    pub source: Source,
}

/// One comparison. Numbers have six decimals.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The rule that asks.
    pub rule: String,
    /// What the value is of: a quantity, `yearly_dose`, `hours`, …
    pub what: String,
    /// The radiation, for count rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radiation: Option<String>,
    /// The value.
    pub value: f64,
    /// `>=`, `>`, `<` or `<=`.
    pub comparator: String,
    /// The level.
    pub level: f64,
    /// The unit of both; absent for pure numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What the level is made of: `gross`, `net`, `times_background`,
    /// `times_baseline` or `part_of_limit`.
    pub basis: String,
    /// The background, baseline or limit that the level is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_of: Option<f64>,
    /// `holds`, `fails`, or `unknown` where the distance does not let it be said.
    pub result: String,
}

/// A background and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// `dose_rate` or `count_rate`.
    pub what: String,
    /// The radiation, for count rates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radiation: Option<String>,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// `measured`, `learned`, `site_survey` or `assumed`; absent when nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When it was taken, RFC 3339 in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// Its age in hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_h: Option<f64>,
    /// How many points stand behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n_points: Option<u32>,
}

/// An exemption that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exemption {
    /// Its rule.
    pub rule: String,
    /// Where it stands.
    pub source: Source,
    /// Whether it holds.
    pub holds: bool,
    /// Why, as a word.
    pub why: String,
    /// What was compared with its bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<f64>,
}

/// A flag and what it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flag {
    /// The flag.
    pub flag: String,
    /// What it says.
    pub says: Bilingual,
}

/// A recommended status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recommended {
    /// The status.
    pub status: String,
    /// Why.
    pub why: Bilingual,
}

impl Explanation {
    /// With what every kind has; the rest is empty.
    fn of(
        rule: &str,
        class: Option<&str>,
        policy: &Policy,
        compared: &[Compared],
        text: Bilingual,
    ) -> Self {
        Self {
            rule: rule.to_owned(),
            class: class.map(str::to_owned),
            source: Source::of(rule),
            policy: PolicyHash::of(policy).to_string(),
            compared: compared.iter().map(Comparison::of).collect(),
            backgrounds: Vec::new(),
            also: Vec::new(),
            exemptions: Vec::new(),
            flags: Vec::new(),
            recommendation: None,
            steps: Vec::new(),
            text,
        }
    }
}

impl Cited {
    fn of(rule: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            source: Source::of(rule),
        }
    }
}

impl Comparison {
    fn of(compared: &Compared) -> Self {
        let (basis, made_of) = match compared.basis {
            Against::Gross => ("gross", None),
            Against::Net(background) => ("net", Some(background)),
            Against::Times(background) => ("times_background", Some(background)),
            Against::Baseline(baseline) => ("times_baseline", Some(baseline)),
            Against::Part(limit) => ("part_of_limit", Some(limit)),
        };
        let result = match compared.fit.outcome(compared.holds) {
            Outcome::Fires => "holds",
            Outcome::Silent => "fails",
            Outcome::Unknown => "unknown",
        };
        let radiation = match compared.what {
            What::Quantity(quantity) => quantity.radiation(),
            _ => None,
        };
        Self {
            rule: compared.rule.to_owned(),
            what: words::name(compared.what).to_owned(),
            radiation: radiation.map(|radiation| radiation.to_string()),
            value: rounded(compared.value),
            comparator: compared.sign.as_str().to_owned(),
            level: rounded(compared.level),
            unit: words::canonical_unit(compared.what).map(str::to_owned),
            basis: basis.to_owned(),
            made_of: made_of.map(rounded),
            result: result.to_owned(),
        }
    }
}

/// The flags with what they say.
fn flags_of(remarks: Remarks) -> Vec<Flag> {
    remarks
        .iter()
        .map(|remark| Flag {
            flag: remark.to_string(),
            says: flags::says(remark).into(),
        })
        .collect()
}
