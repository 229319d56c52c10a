//! Who is told next while nobody acknowledges, and when (alarm semantics, section 6).
//!
//! Pure: a start and a timetable say what is due at an instant. The stage only
//! rises; what was missed while nothing ran is due at once, and once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::wire;
use crate::clock::Mono;
use crate::criteria::Class;

/// How far the telling has gone.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The first contacts, at once.
    #[default]
    First,
    /// The second contacts, too.
    Second,
    /// Everyone, by every medium.
    Everyone,
}

impl Stage {
    /// The word for it in records and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
            Self::Everyone => "everyone",
        }
    }

    /// The one after it; the last one is its own.
    pub const fn next(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second | Self::Everyone => Self::Everyone,
        }
    }
}

/// Which contacts a telling is for: those after `above`, up to `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// Contacts up to this stage have it already; absent when it is for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Stage>,
    /// The last stage it is for.
    #[serde(default)]
    pub to: Stage,
}

impl Reach {
    /// Everyone who was told so far.
    pub const fn up_to(to: Stage) -> Self {
        Self { above: None, to }
    }

    /// Whether it is for the first contacts, as most are.
    pub fn is_first(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a contact of `stage` is meant.
    pub fn includes(self, stage: Stage) -> bool {
        stage <= self.to && self.above.is_none_or(|above| stage > above)
    }
}

/// When the next contacts are told and all are reminded, counted from when
/// something is told and nobody has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetable {
    /// The second contacts.
    pub second: Duration,
    /// Everyone; absent where it never comes to that.
    pub everyone: Option<Duration>,
    /// The reminders, again and again.
    pub remind: Duration,
}

impl Timetable {
    /// EMERGENCY: 2 min, 5 min, every 5 min.
    pub const EMERGENCY: Self = Self::minutes(2, Some(5), 5);
    /// POSSIBLE_EMERGENCY: 15 min, 45 min, every 15 min.
    pub const POSSIBLE_EMERGENCY: Self = Self::minutes(15, Some(45), 15);
    /// ELEVATED (T2.2-3): 60 min, every 60 min.
    pub const ELEVATED: Self = Self::minutes(60, None, 60);
    /// Faults: 30 min, every 60 min.
    pub const FAULT: Self = Self::minutes(30, None, 60);

    const fn minutes(second: u64, everyone: Option<u64>, remind: u64) -> Self {
        Self {
            second: Duration::from_secs(second * 60),
            everyone: match everyone {
                Some(minutes) => Some(Duration::from_secs(minutes * 60)),
                None => None,
            },
            remind: Duration::from_secs(remind * 60),
        }
    }

    /// When the contacts after `stage` are told.
    fn step_after(&self, stage: Stage, since: Mono) -> Option<Mono> {
        let after = match stage {
            Stage::First => Some(self.second),
            Stage::Second => self.everyone,
            Stage::Everyone => None,
        };
        after.map(|after| since.saturating_add(after))
    }

    fn stage_after(&self, time: Duration) -> Stage {
        if self.everyone.is_some_and(|everyone| time >= everyone) {
            Stage::Everyone
        } else if time >= self.second {
            Stage::Second
        } else {
            Stage::First
        }
    }
}

/// One timetable for each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timetables {
    /// TIO2 and its equals.
    pub emergency: Timetable,
    /// TIO3 and its equals.
    pub possible_emergency: Timetable,
    /// T2.2-3, and ELEVATED that counts confirm.
    pub elevated: Timetable,
}

impl Default for Timetables {
    fn default() -> Self {
        Self {
            emergency: Timetable::EMERGENCY,
            possible_emergency: Timetable::POSSIBLE_EMERGENCY,
            elevated: Timetable::ELEVATED,
        }
    }
}

impl Timetables {
    /// The timetable of a class.
    pub const fn of(&self, class: Class) -> &Timetable {
        match class {
            Class::Emergency => &self.emergency,
            Class::PossibleEmergency => &self.possible_emergency,
            Class::Elevated
            | Class::Invalid
            | Class::Normal
            | Class::Exempt
            | Class::ExistingManaged
            | Class::Unclassified => &self.elevated,
        }
    }
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// For whom.
    pub reach: Reach,
    /// A stage was reached; else it is a reminder.
    pub is_step: bool,
}

/// How far one activation or fault has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The stage reached; it never falls.
    #[serde(default)]
    pub stage: Stage,
    /// Since when nobody acknowledges, in the machine's own time; absent while
    /// nobody has to.
    #[serde(rename = "since_ns", default, with = "wire::mono_option")]
    since: Option<Mono>,
    /// When the next contacts are told.
    #[serde(rename = "step_ns", default, with = "wire::mono_option")]
    step: Option<Mono>,
    /// When everyone told so far is next reminded.
    #[serde(rename = "remind_ns", default, with = "wire::mono_option")]
    remind: Option<Mono>,
    /// Steps and reminders so far: they tell messages of one version apart.
    #[serde(default)]
    pub said: u32,
}

impl Escalation {
    /// Whether nothing was ever started.
    pub fn is_untouched(&self) -> bool {
        *self == Self::default()
    }

    /// Something was told: from now on somebody has to acknowledge.
    pub fn start(&mut self, now: Mono, table: &Timetable) {
        self.since = Some(now);
        self.step = table.step_after(self.stage, now);
        self.remind = Some(now.saturating_add(table.remind));
    }

    /// Somebody did, or nobody has to any more.
    pub const fn stop(&mut self) {
        self.since = None;
        self.step = None;
        self.remind = None;
    }

    /// Two became one: the further stage, and the earlier of their clocks.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.stage = self.stage.max(other.stage);
        self.since = self.since.into_iter().chain(other.since).min();
        self.step = self.step.into_iter().chain(other.step).min();
        self.remind = self.remind.into_iter().chain(other.remind).min();
        self.said = self.said.max(other.said);
    }

    /// When something is next due.
    pub fn next(&self) -> Option<Mono> {
        self.step.into_iter().chain(self.remind).min()
    }

    /// When the next contacts are told, unless somebody acknowledges.
    pub const fn next_step(&self) -> Option<Mono> {
        self.step
    }

    /// What is due at `now`; of several steps and reminders that were missed,
    /// one message.
    pub fn advance(&mut self, now: Mono, table: &Timetable) -> Option<Due> {
        let since = self.since?;
        let to = table.stage_after(now.since(since)).max(self.stage);
        let is_step = to > self.stage;
        let reminds = self.remind.is_some_and(|at| now >= at);
        if !(is_step || reminds) {
            return None;
        }
        let above = (!reminds).then_some(self.stage);
        if reminds {
            self.remind = Some(next_on_grid(since, now, table.remind));
        }
        self.stage = to;
        self.step = table.step_after(to, since);
        self.said = self.said.saturating_add(1);
        Some(Due {
            reach: Reach { above, to },
            is_step,
        })
    }

    /// Nobody of those told so far accepted it: the next contacts, at once.
    pub fn hurry(&mut self, table: &Timetable) -> Option<Due> {
        let since = self.since?;
        if self.stage == Stage::Everyone {
            return None;
        }
        let above = Some(self.stage);
        self.stage = self.stage.next();
        self.step = table.step_after(self.stage, since);
        self.said = self.said.saturating_add(1);
        let reach = Reach {
            above,
            to: self.stage,
        };
        Some(Due {
            reach,
            is_step: true,
        })
    }
}

/// The first `since + n * every` after `now`.
fn next_on_grid(since: Mono, now: Mono, every: Duration) -> Mono {
    let every = every.max(Duration::from_secs(1));
    let past = now.since(since).as_nanos() / every.as_nanos();
    let n = u32::try_from(past.saturating_add(1)).unwrap_or(u32::MAX);
    since.saturating_add(every.saturating_mul(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_OF_FIRST: Reach = Reach::up_to(Stage::First);

    fn due(above: Option<Stage>, to: Stage, is_step: bool) -> Option<Due> {
        let reach = Reach { above, to };
        Some(Due { reach, is_step })
    }

    #[track_caller]
    fn check(table: &Timetable, script: &[(u64, Option<Due>)]) {
        let mut escalation = Escalation::default();
        escalation.start(Mono::from_secs(1000), table);
        for (secs, expected) in script {
            let now = Mono::from_secs(1000 + secs);
            assert_eq!(escalation.advance(now, table), *expected, "after {secs} s");
            assert!(escalation.next().is_some_and(|next| next > now));
        }
    }

    #[test]
    fn tio2_goes_to_the_second_contact_then_to_everyone_and_reminds() {
        use Stage::{Everyone, First, Second};
        check(
            &Timetable::EMERGENCY,
            &[
                (119, None),
                (120, due(Some(First), Second, true)),
                (299, None),
                (300, due(None, Everyone, true)),
                (599, None),
                (600, due(None, Everyone, false)),
                (601, None),
                (900, due(None, Everyone, false)),
            ],
        );
    }

    #[test]
    fn tio3_takes_its_time() {
        use Stage::{Everyone, Second};
        check(
            &Timetable::POSSIBLE_EMERGENCY,
            &[
                (899, None),
                (900, due(None, Second, true)),
                (1800, due(None, Second, false)),
                (2699, None),
                (2700, due(None, Everyone, true)),
            ],
        );
    }

    #[test]
    fn elevated_never_goes_to_everyone() {
        use Stage::Second;
        check(
            &Timetable::ELEVATED,
            &[
                (3600, due(None, Second, true)),
                (7200, due(None, Second, false)),
            ],
        );
    }

    #[test]
    fn what_was_missed_is_due_once() {
        check(
            &Timetable::EMERGENCY,
            &[(7210, due(None, Stage::Everyone, true)), (7499, None)],
        );
    }

    #[test]
    fn an_acknowledgement_stops_and_a_rise_starts_again_without_a_step_back() {
        let mut escalation = Escalation::default();
        let table = &Timetable::POSSIBLE_EMERGENCY;
        escalation.start(Mono::from_secs(0), table);
        assert!(escalation.advance(Mono::from_secs(900), table).is_some());
        escalation.stop();
        assert_eq!(escalation.next(), None);
        assert_eq!(escalation.advance(Mono::from_secs(9000), table), None);
        let table = &Timetable::EMERGENCY;
        escalation.start(Mono::from_secs(9000), table);
        assert_eq!(escalation.stage, Stage::Second);
        assert_eq!(escalation.advance(Mono::from_secs(9120), table), None);
        let last = escalation.advance(Mono::from_secs(9300), table);
        assert_eq!(last, due(None, Stage::Everyone, true));
    }

    #[test]
    fn nobody_accepted_is_the_next_contact_at_once() {
        use Stage::{Everyone, First, Second};
        let mut escalation = Escalation::default();
        let table = &Timetable::EMERGENCY;
        assert_eq!(escalation.hurry(table), None);
        escalation.start(Mono::from_secs(0), table);
        assert_eq!(escalation.hurry(table), due(Some(First), Second, true));
        assert_eq!(escalation.hurry(table), due(Some(Second), Everyone, true));
        assert_eq!(escalation.hurry(table), None);
    }

    #[test]
    fn a_reach_is_what_lies_between() {
        assert!(ALL_OF_FIRST.includes(Stage::First));
        assert!(!ALL_OF_FIRST.includes(Stage::Second));
        let new = Reach {
            above: Some(Stage::First),
            to: Stage::Everyone,
        };
        assert!(!new.includes(Stage::First));
        assert!(new.includes(Stage::Second) && new.includes(Stage::Everyone));
    }
}
