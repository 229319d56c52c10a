//! What was recorded of the end of an event, for the matters that propose it.
//!
//! It adds to what a person said of the matter itself, and takes nothing of it
//! back.

use super::act::Step;
use super::case::Facts;
use super::mask::Mask;
use crate::closing::ClosingView;
use crate::criteria::termination::{Recovered, Track};

/// What a case says of its activations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// What was recovered.
    pub recovered: Recovered,
    /// By which procedure it goes; absent while nobody set it.
    pub track: Option<Track>,
    /// Who said the last of it.
    pub by: String,
    /// In which case, or about which activation.
    pub about: String,
}

impl Said {
    /// What was recorded; `None` when that is nothing.
    pub fn of(id: &str, facts: &Facts<'_>, mask: &Mask) -> Option<Self> {
        let source = facts.first(Step::SourceRecovered);
        let environment = facts.first(Step::EnvironmentRecovered);
        let track = facts.track;
        let said = [source, environment, track.map(|(_, done)| done)];
        let last = said.into_iter().flatten().max_by_key(|done| done.at)?;
        Some(Self {
            recovered: Recovered {
                source: source.is_some(),
                environment: environment.is_some(),
            },
            track: track.map(|(track, _)| track.procedure()),
            by: mask.text(last.by),
            about: id.to_owned(),
        })
    }

    /// Both, where two activations go on as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            recovered: Recovered {
                source: self.recovered.source || other.recovered.source,
                environment: self.recovered.environment || other.recovered.environment,
            },
            track: other.track.or(self.track),
            by: other.by,
            about: other.about,
        }
    }

    /// What a matter has to be told; `None` when it knows.
    pub fn news(&self, matter: &ClosingView) -> Option<(Recovered, Track)> {
        let known = Recovered {
            source: matter.source_recovered,
            environment: matter.environment_recovered,
        };
        let recovered = Recovered {
            source: known.source || self.recovered.source,
            environment: known.environment || self.recovered.environment,
        };
        let known_track = Track::from_word(matter.track)?;
        let track = self.track.unwrap_or(known_track);
        ((recovered, track) != (known, known_track)).then_some((recovered, track))
    }
}
