//! What a person sends, read field by field: every problem at once, each with
//! its place, and none with what was written there, for that may be somebody's
//! data.

use serde_json::{Map, Value};

use super::act::{Status, Step, Track};
use super::draft::{Draft, What};
use super::read_report::report;
use crate::activation::Coordinates;
use crate::clock::Wall;
use crate::criteria::termination::Target;
use crate::error::excerpt;
use crate::reading::InstrumentId;

/// Longest name of a person or office, in characters.
const NAME_CHARS: usize = 120;

/// Longest remark, in characters.
const NOTE_CHARS: usize = 4000;

/// Most steps, or activations, in one request.
const LIST_MAX: usize = 32;

/// Something wrong in a request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Where, such as `report.position.lat`.
    pub at: String,
    /// What.
    pub problem: String,
}

/// Reads a request: `open`, or what is done to a case or activation.
///
/// # Errors
///
/// Every problem found; one alone when there is no such act.
pub fn read(act: &str, body: &Value) -> Result<Draft, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut fields = Fields::new(body, "", &mut problems);
    let by = fields.text_of(&["name", "by"], NAME_CHARS);
    let note = fields.text_of(&["note"], NOTE_CHARS);
    let role = fields.text("role", NAME_CHARS);
    let request = fields.text("request", NAME_CHARS);
    let at = if act == "open" {
        fields.time("received_at")
    } else {
        fields.time("at")
    };
    let what = what(act, &mut fields);
    fields.finish();
    match (by, note, what) {
        (Some(by), Some(note), Some(what)) if problems.is_empty() => Ok(Draft {
            by,
            role,
            note,
            request,
            at,
            what,
        }),
        _ => Err(problems),
    }
}

fn what(act: &str, fields: &mut Fields<'_>) -> Option<What> {
    match act {
        "open" => Some(What::Open {
            report: Box::new(report(&mut fields.object("report"))),
            activation: fields.text("activation", NAME_CHARS),
            java: fields.boolean("java"),
        }),
        "form" => {
            fields.demand("report");
            Some(What::Form {
                report: Box::new(report(&mut fields.object("report"))),
                java: fields.boolean("java"),
            })
        }
        "step" => {
            let one = fields.word(
                "step",
                Step::from_word,
                Step::ALL.iter().map(|s| s.as_str()),
            );
            let mut steps: Vec<Step> = one.into_iter().collect();
            let list = fields.words(
                "steps",
                Step::from_word,
                Step::ALL.iter().map(|s| s.as_str()),
            );
            steps.extend(list);
            fields.demand_any(&["step", "steps"]);
            Some(What::Steps(steps))
        }
        "recovered" => {
            fields.demand("what");
            let both = &[Step::SourceRecovered, Step::EnvironmentRecovered][..];
            let of = |word: &str| match word {
                "source" => Some(&both[..1]),
                "environment" => Some(&both[1..]),
                "both" => Some(both),
                _ => None,
            };
            let words = ["source", "environment", "both"].into_iter();
            let steps = fields.word("what", of, words).unwrap_or_default();
            Some(What::Steps(steps.to_vec()))
        }
        "track" => {
            fields.demand("track");
            let words = Track::ALL.iter().map(|word| word.as_str());
            fields
                .word("track", Track::from_word, words)
                .map(What::Track)
        }
        "decide" => {
            fields.demand("status");
            let words = Status::ALL.iter().map(|word| word.as_str());
            fields
                .word("status", Status::from_word, words)
                .map(What::Decide)
        }
        "attach" => {
            fields.demand("activation");
            fields.text("activation", NAME_CHARS).map(What::Attach)
        }
        "detach" => {
            fields.demand("activation");
            fields.text("activation", NAME_CHARS).map(What::Detach)
        }
        "locate" => {
            fields.demand("instrument");
            fields.demand("position");
            let instrument = fields.text("instrument", NAME_CHARS);
            let at = fields.position("position");
            if instrument
                .as_deref()
                .is_some_and(|id| InstrumentId::new(id).is_none())
            {
                fields.refuse("instrument", "is no instrument's name");
            }
            let instrument = instrument.as_deref().and_then(InstrumentId::new)?;
            at.map(|at| What::Locate { instrument, at })
        }
        "note" => Some(What::Note),
        "close" => {
            let words = Target::ALL.iter().map(|word| word.as_str());
            let to = fields.word("to", Target::from_word, words);
            Some(What::Close { to })
        }
        _ => {
            fields.refuse("", "there is no such act");
            None
        }
    }
}

/// The members of one JSON object, each taken once.
pub(super) struct Fields<'v> {
    members: Option<&'v Map<String, Value>>,
    at: String,
    taken: Vec<&'static str>,
    problems: &'v mut Vec<Problem>,
}

impl<'v> Fields<'v> {
    fn new(value: &'v Value, at: &str, problems: &'v mut Vec<Problem>) -> Self {
        let members = value.as_object();
        if members.is_none() {
            problems.push(Problem {
                at: at.to_owned(),
                problem: "must be a JSON object".to_owned(),
            });
        }
        Self {
            members,
            at: at.to_owned(),
            taken: Vec::new(),
            problems,
        }
    }

    fn path(&self, key: &str) -> String {
        match (self.at.is_empty(), key.is_empty()) {
            (true, _) => key.to_owned(),
            (false, true) => self.at.clone(),
            (false, false) => format!("{}.{key}", self.at),
        }
    }

    /// Adds a problem of a member.
    pub(super) fn refuse(&mut self, key: &str, problem: impl Into<String>) {
        let at = self.path(key);
        self.problems.push(Problem {
            at,
            problem: problem.into(),
        });
    }

    /// The member, unless it is absent or null.
    fn take(&mut self, key: &'static str) -> Option<&'v Value> {
        self.taken.push(key);
        self.members?.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn demand(&mut self, key: &'static str) {
        self.demand_any(&[key]);
    }

    fn demand_any(&mut self, keys: &[&'static str]) {
        let has = |key: &&&str| {
            self.members
                .is_some_and(|m| m.get(**key).is_some_and(|v| !v.is_null()))
        };
        if keys.iter().find(has).is_none() {
            self.refuse(keys[0], "must be given");
        }
    }

    /// A text that must be there, under the first of its names.
    fn text_of(&mut self, keys: &[&'static str], max: usize) -> Option<String> {
        let mut found = None;
        for key in keys {
            found = found.or(self.text(key, max));
        }
        if found.is_none() {
            self.refuse(keys[0], "must be given and not be empty");
        }
        found
    }

    /// A text of at most `max` characters; an empty one counts as absent.
    pub(super) fn text(&mut self, key: &'static str, max: usize) -> Option<String> {
        let value = self.take(key)?;
        let Some(text) = value.as_str() else {
            self.refuse(key, "must be a text");
            return None;
        };
        let text = text.trim();
        if text.chars().count() > max {
            self.refuse(key, format!("must be at most {max} characters long"));
            return None;
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A finite number within bounds.
    pub(super) fn number(&mut self, key: &'static str, min: f64, max: f64) -> Option<f64> {
        let value = self.take(key)?;
        let number = value.as_f64().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.refuse(key, format!("must be a number from {min} to {max}"));
        }
        number
    }

    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        let boolean = value.as_bool();
        if boolean.is_none() {
            self.refuse(key, "must be true or false");
        }
        boolean
    }

    /// One of a closed list of words.
    pub(super) fn word<T>(
        &mut self,
        key: &'static str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Iterator<Item = &'static str>,
    ) -> Option<T> {
        let value = self.take(key)?;
        let found = value.as_str().and_then(from_word);
        if found.is_none() {
            let words: Vec<&str> = words.collect();
            self.refuse(key, format!("must be one of {}", words.join(", ")));
        }
        found
    }

    fn words<T>(
        &mut self,
        key: &'static str,
        from_word: impl Fn(&str) -> Option<T>,
        words: impl Iterator<Item = &'static str>,
    ) -> Vec<T> {
        let list = self.list(key, LIST_MAX);
        let found: Vec<Option<T>> = list
            .iter()
            .map(|value| value.as_str().and_then(&from_word))
            .collect();
        if found.iter().any(Option::is_none) {
            let words: Vec<&str> = words.collect();
            self.refuse(key, format!("must be among {}", words.join(", ")));
        }
        found.into_iter().flatten().collect()
    }

    /// A list of at most `max` members; absent is empty.
    pub(super) fn list(&mut self, key: &'static str, max: usize) -> &'v [Value] {
        let Some(value) = self.take(key) else {
            return &[];
        };
        match value.as_array() {
            Some(list) if list.len() <= max => list,
            Some(_) => {
                self.refuse(key, format!("must have at most {max} members"));
                &[]
            }
            None => {
                self.refuse(key, "must be a list");
                &[]
            }
        }
    }

    /// Each object of a list, read by `read`.
    pub(super) fn objects<T>(
        &mut self,
        key: &'static str,
        max: usize,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Vec<T> {
        let list = self.list(key, max);
        let mut found = Vec::new();
        for (n, value) in list.iter().enumerate() {
            let at = format!("{}[{n}]", self.path(key));
            let mut fields = Fields::new(value, &at, self.problems);
            found.extend(read(&mut fields));
            fields.finish();
        }
        found
    }

    /// An instant with its zone.
    pub(super) fn time(&mut self, key: &'static str) -> Option<Wall> {
        let value = self.take(key)?;
        match value.as_str().map(Wall::parse_rfc3339) {
            Some(Ok(at)) => Some(at),
            Some(Err(error)) => {
                self.refuse(key, error.to_string());
                None
            }
            None => {
                self.refuse(key, "must be a time as in 2026-03-14T03:00:00Z");
                None
            }
        }
    }

    /// `{lat, lon}` in degrees.
    pub(super) fn position(&mut self, key: &'static str) -> Option<Coordinates> {
        if self
            .members
            .is_none_or(|m| m.get(key).is_none_or(Value::is_null))
        {
            self.taken.push(key);
            return None;
        }
        let mut fields = self.object(key);
        fields.demand("lat");
        fields.demand("lon");
        let lat = fields.number("lat", -90.0, 90.0);
        let lon = fields.number("lon", -180.0, 180.0);
        fields.finish();
        let (lat, lon) = lat.zip(lon)?;
        if lat.abs() < 1e-9 && lon.abs() < 1e-9 {
            self.refuse(key, "latitude and longitude 0 stand for a missing position");
            return None;
        }
        Some(Coordinates { lat, lon })
    }

    /// The members of an object; absent is empty.
    pub(super) fn object(&mut self, key: &'static str) -> Fields<'_> {
        let value = self.take(key);
        let at = self.path(key);
        match value {
            Some(value) => Fields::new(value, &at, self.problems),
            None => Fields {
                members: None,
                at,
                taken: Vec::new(),
                problems: self.problems,
            },
        }
    }

    /// What `read` makes of an object; absent is nothing.
    pub(super) fn inside<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        let is_there = self
            .members
            .is_some_and(|members| members.get(key).is_some_and(|value| !value.is_null()));
        let mut fields = self.object(key);
        let inside = read(&mut fields);
        fields.finish();
        is_there.then_some(inside)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &'static str, most: usize, max: usize) -> Vec<String> {
        let list = self.list(key, most);
        let is_good = |text: &&str| text.chars().count() <= max;
        let texts: Vec<&str> = list
            .iter()
            .filter_map(|value| value.as_str().filter(is_good))
            .collect();
        if texts.len() != list.len() {
            self.refuse(key, format!("must be texts of at most {max} characters"));
        }
        texts.into_iter().map(str::to_owned).collect()
    }

    /// Refuses what was not taken.
    fn finish(mut self) {
        self.close();
    }

    /// The same, for one that is read elsewhere.
    pub(super) fn close(&mut self) {
        let Some(members) = self.members else { return };
        let unknown: Vec<String> = members
            .keys()
            .filter(|key| !self.taken.contains(&key.as_str()))
            .map(|key| excerpt(key, 40))
            .collect();
        for key in unknown {
            self.refuse(&key, "there is no such field");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_problem_is_named_and_nothing_is_repeated() {
        let body = json!({
            "name": " ",
            "received_at": "2026-03-14T03:00:00",
            "java": "yes 3171234567890123",
            "report": {
                "category": 9,
                "reporter": {"identity_number": 3_171_234_567_890_123_i64, "age": 3},
                "position": {"lat": 91},
                "exposure": [{"distance_m": 1}],
            },
        });
        let problems = read("open", &body).unwrap_err();
        let at: Vec<&str> = problems.iter().map(|p| p.at.as_str()).collect();
        for place in [
            "name",
            "note",
            "received_at",
            "java",
            "report.category",
            "report.reporter.identity_number",
            "report.reporter.age",
            "report.position.lat",
            "report.position.lon",
            "report.exposure[0].usv_h",
        ] {
            assert!(at.contains(&place), "{place} is not in {at:?}");
        }
        assert_eq!(at.len(), 10, "{at:?}");
        let text = format!("{problems:?}");
        assert!(!text.contains("3171"), "{text}");
    }

    #[test]
    fn a_request_is_read_whole() {
        let body =
            json!({"by": "Sari", "note": "seen", "status": "AKTIF_TOTAL", "role": "Ketua STD"});
        let draft = read("decide", &body).unwrap();
        assert_eq!(draft.what, What::Decide(Status::AktifTotal));
        assert_eq!(draft.role.as_deref(), Some("Ketua STD"));

        let body = json!({"name": "Sari", "note": "n", "step": "answered", "steps": ["verified"]});
        let draft = read("step", &body).unwrap();
        assert_eq!(
            draft.what,
            What::Steps(vec![Step::Answered, Step::Verified])
        );
    }

    #[test]
    fn what_an_act_needs_is_demanded() {
        let body = json!({"name": "Sari", "note": "n"});
        for (act, field) in [
            ("form", "report"),
            ("step", "step"),
            ("recovered", "what"),
            ("track", "track"),
            ("decide", "status"),
            ("attach", "activation"),
            ("locate", "instrument"),
            ("dance", ""),
        ] {
            let problems = read(act, &body).unwrap_err();
            assert!(
                problems.iter().any(|p| p.at == field),
                "{act}: {problems:?}"
            );
        }
        assert!(read("close", &body).is_ok() && read("note", &body).is_ok());
        let body = json!({"name": "Sari", "note": "n", "to": "home"});
        assert_eq!(read("close", &body).unwrap_err()[0].at, "to");
    }
}
