//! What people do while a recording is played: one JSON object a line.
//!
//! `{"at":"2026-03-14T09:00:00Z","do":"ack","by":"…","note":"…"}`. With
//! `activation` it means that one; without, the one there is.

use serde::{Deserialize, Deserializer, Serialize};

use crate::activation::{ActivationId, wire};
use crate::casework::{Status, Step};
use crate::clock::Wall;
use crate::criteria::termination::{Target, Track};
use crate::error::excerpt;

/// One act of a person.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Act {
    /// When, RFC 3339.
    #[serde(with = "wire::wall")]
    pub at: Wall,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
    /// On which activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationId>,
    /// Who.
    #[serde(alias = "name")]
    pub by: String,
    /// Remark.
    pub note: String,
}

/// What a person does.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Deed {
    /// Takes notice of the activation as it is then.
    Ack,
    /// Says what was recovered, and by which procedure the case goes.
    Recovered {
        /// The source.
        source: bool,
        /// The environment.
        environment: bool,
        /// `facility` or `orphan`.
        #[serde(with = "wire::track")]
        track: Track,
    },
    /// Closes the matter.
    Close {
        /// `TERMINATE_NORMAL` or `TERMINATE_EXISTING`.
        #[serde(with = "wire::target")]
        to: Target,
    },
    /// Decides the response status: D-07 begins.
    Decide {
        /// NONE, SIAGA, AKTIF_PARSIAL or AKTIF_TOTAL.
        status: Status,
    },
    /// Does steps of the guideline, as `pantau case step` names them.
    Step {
        /// One, or a list.
        #[serde(alias = "step", deserialize_with = "one_or_more")]
        steps: Vec<Step>,
    },
}

/// A step, or a list of them that is not empty.
fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Step>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        One(String),
        More(Vec<String>),
    }
    let words = match Words::deserialize(deserializer)? {
        Words::One(word) => vec![word],
        Words::More(words) => words,
    };
    if words.is_empty() {
        return Err(serde::de::Error::custom("there is no step in the list"));
    }
    let step = |word: &String| {
        let unknown = || format!("there is no step `{}`", excerpt(word, 32));
        Step::from_word(word).ok_or_else(|| serde::de::Error::custom(unknown()))
    };
    words.iter().map(step).collect()
}

/// Why a script cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct ScriptError {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// Reads a script; acts come in the order of their times.
///
/// # Errors
///
/// The first line that is no act, or that goes back in time.
pub fn acts(script: &str) -> Result<Vec<Act>, ScriptError> {
    let mut acts: Vec<Act> = Vec::new();
    for (n, text) in script.lines().enumerate() {
        let wrong = |text: String| ScriptError { line: n + 1, text };
        if text.trim().is_empty() {
            continue;
        }
        let act: Act =
            serde_json::from_str(text).map_err(|error| wrong(excerpt(&error.to_string(), 200)))?;
        if acts.last().is_some_and(|last| last.at > act.at) {
            return Err(wrong(
                "it goes back in time; order the lines by `at`".to_owned(),
            ));
        }
        acts.push(act);
    }
    Ok(acts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_line_by_line() {
        let script = r#"
            {"at":"2026-03-14T09:00:00Z","do":"ack","name":"Duty officer","note":"seen"}

            {"at":"2026-03-14T16:30:00+07:00","do":"recovered","source":true,"environment":false,"track":"facility","by":"Korlap","note":"source found"}
            {"at":"2026-03-15T00:00:00Z","do":"close","to":"TERMINATE_NORMAL","activation":"A-022468cc60f6c309","by":"Chief","note":"over"}
            {"at":"2026-03-15T01:00:00Z","do":"step","steps":["answered","verified"],"by":"Sari","note":"n"}
            {"at":"2026-03-15T01:00:00Z","do":"step","step":"passed_on","by":"Sari","note":"n"}
            {"at":"2026-03-15T02:00:00Z","do":"decide","status":"AKTIF_TOTAL","by":"Chief","note":"n"}
        "#;
        let acts = acts(script).unwrap();
        assert_eq!(acts.len(), 6);
        assert_eq!(acts[0].deed, Deed::Ack);
        let recovered = Deed::Recovered {
            source: true,
            environment: false,
            track: Track::Facility,
        };
        assert_eq!(acts[1].deed, recovered);
        assert_eq!(acts[1].at.to_string(), "2026-03-14T09:30:00Z");
        assert!(acts[2].activation.is_some());
        let steps = vec![Step::Answered, Step::Verified];
        assert_eq!(acts[3].deed, Deed::Step { steps });
        let steps = vec![Step::PassedOn];
        assert_eq!(acts[4].deed, Deed::Step { steps });
        let status = Status::AktifTotal;
        assert_eq!(acts[5].deed, Deed::Decide { status });
    }

    #[track_caller]
    fn check_wrong(script: &str, line: usize, part: &str) {
        let error = acts(script).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.text.contains(part), "`{part}` is not in: {error}");
    }

    #[test]
    fn a_line_that_is_no_act_is_named() {
        let ack = r#"{"at":"2026-03-14T09:00:00Z","do":"ack","by":"A","note":"n"}"#;
        check_wrong("\n{", 2, "EOF");
        check_wrong(&ack.replace("ack", "sing"), 1, "sing");
        check_wrong(&ack.replace("Z", ""), 1, "zone");
        check_wrong(&ack.replace(r#""by":"A","#, ""), 1, "by");
        let step = ack.replace(r#""ack""#, r#""step","steps":["dance"]"#);
        check_wrong(&step, 1, "no step `dance`");
        check_wrong(&step.replace(r#""dance""#, ""), 1, "no step in the list");
        let decide = ack.replace(r#""ack""#, r#""decide","status":"RED""#);
        check_wrong(&decide, 1, "unknown Status");
        let earlier = ack.replace("09:00", "08:00");
        check_wrong(&format!("{ack}\n{earlier}"), 2, "back in time");
    }
}
