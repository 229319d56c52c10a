//! What is kept of an activation and of the channels behind it.
//!
//! Everything here can be written to a record and read back. Times marked as
//! the machine's own are monotonic and go on across restarts.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::behind::Behind;
use super::condition::Condition;
use super::escalation::Escalation;
use super::id::{ActivationId, Mode};
use super::place::{Coordinates, Place, Spots};
use super::shelf::Shelf;
use super::transition::Why;
use super::wire;
use crate::clock::{Mono, Wall};
use crate::criteria::{Class, Explanation, Recommendation, Remarks, Rule, Rules, Subject};
use crate::reading::{InstrumentId, Quantity};

/// An instant on both clocks: wall time for the record, the machine's own
/// monotonic time for runs and deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Wall time, as believed then.
    #[serde(with = "wire::wall")]
    pub wall: Wall,
    /// The machine's own time.
    #[serde(rename = "mono_ns", with = "wire::mono")]
    pub mono: Mono,
}

/// One channel of one source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChannelKey {
    /// The instrument.
    #[serde(with = "wire::instrument")]
    pub instrument: InstrumentId,
    /// What it measures.
    #[serde(with = "wire::quantity")]
    pub quantity: Quantity,
    /// Whose radiation it measures.
    #[serde(with = "wire::subject")]
    pub subject: Subject,
}

/// What is remembered of a channel that reached a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// The channel.
    #[serde(flatten)]
    pub key: ChannelKey,
    /// Its level, by HY-1.
    #[serde(with = "wire::condition")]
    pub condition: Condition,
    /// The band of T2.2-3, by the same hysteresis: held or not.
    #[serde(with = "wire::condition")]
    pub band: Condition,
    /// The activation that its readings belong to now.
    pub current: ActivationId,
    /// When the last valid reading of the present arrived, in the machine's own time.
    #[serde(rename = "heard_ns", with = "wire::mono")]
    pub heard: Mono,
    /// Without a valid reading for this long it is not known to hold.
    silent_after_ms: u64,
    /// Silent, or only invalid readings. Changes no level.
    pub unknown: bool,
    /// When it was last recorded for its own sake, in the machine's own time.
    #[serde(rename = "saved_ns", with = "wire::mono_option")]
    pub saved: Option<Mono>,
    /// Its detector collapsed after a rise, and nobody has vouched for it since:
    /// its readings lower nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_distrusted: bool,
    /// The last reading was that of a collapsed detector.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_collapsed: bool,
    /// Marks of the last readings it took, oldest first.
    #[serde(with = "wire::marks")]
    marks: Vec<u64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(it: &bool) -> bool {
    !*it
}

impl Watch {
    /// Most readings whose marks are kept: one that comes again after that many
    /// others is no longer recognised here.
    const MAX_MARKS: usize = 128;

    pub(super) fn new(key: ChannelKey, current: ActivationId, now: Mono) -> Self {
        Self {
            key,
            condition: Condition::new(),
            band: Condition::new(),
            current,
            heard: now,
            silent_after_ms: 0,
            unknown: false,
            saved: None,
            is_distrusted: false,
            is_collapsed: false,
            marks: Vec::new(),
        }
    }

    /// The class that holds: a level, ELEVATED for the band, else NORMAL.
    pub fn class(&self) -> Class {
        if self.band.level() == Class::Normal {
            self.condition.level()
        } else {
            self.condition.level().max(Class::Elevated)
        }
    }

    /// Whether a level or the band is held.
    pub fn is_held(&self) -> bool {
        self.class() != Class::Normal
    }

    /// Whether a clearing run is under way.
    pub fn is_fading(&self) -> bool {
        self.condition.is_fading() || self.band.is_fading()
    }

    /// When it counts as silent, unless something valid arrives before.
    pub fn silent_at(&self) -> Mono {
        self.heard
            .saturating_add(Duration::from_millis(self.silent_after_ms))
    }

    /// A valid reading of the present arrived.
    pub(super) fn hear(&mut self, now: Mono, silent_after: Duration) {
        self.heard = now;
        self.silent_after_ms = u64::try_from(silent_after.as_millis()).unwrap_or(u64::MAX);
    }

    /// Whether a reading was taken before; remembers it when not.
    pub(super) fn has_taken(&mut self, mark: u64) -> bool {
        if self.marks.contains(&mark) {
            return true;
        }
        if self.marks.len() >= Self::MAX_MARKS {
            self.marks.remove(0);
        }
        self.marks.push(mark);
        false
    }
}

/// A value and what it was compared with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The instrument.
    #[serde(with = "wire::instrument")]
    pub instrument: InstrumentId,
    /// What was measured.
    #[serde(with = "wire::quantity")]
    pub quantity: Quantity,
    /// In the quantity's canonical unit; absent when over-range of unknown height.
    pub value: Option<f64>,
    /// The field is at least this high: the instrument was over-range.
    pub at_least: bool,
    /// The class of this channel.
    #[serde(with = "wire::class")]
    pub class: Class,
    /// Its rule.
    #[serde(with = "wire::rule")]
    pub rule: Rule,
    /// Where the level begins, in the canonical unit.
    pub level: Option<f64>,
    /// When it was measured, as far as known.
    #[serde(with = "wire::wall")]
    pub measured: Wall,
    /// When it arrived.
    #[serde(with = "wire::wall")]
    pub received: Wall,
    /// The calibration factor that made the value, as a person reads it.
    pub factor: Option<String>,
    /// What else is known of its making; of it, records of before say nothing.
    #[serde(default, skip_serializing_if = "Behind::is_unknown")]
    pub behind: Box<Behind>,
    /// Where the reading says it was measured; absent at a site whose frames tell
    /// no position, and in records that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Coordinates>,
}

/// What makes a class more than one reading's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmedBy {
    /// The counts behind the reading alone.
    Counts,
    /// A second reading.
    SecondReading,
    /// Another instrument nearby.
    Neighbour,
}

impl ConfirmedBy {
    /// The word for it in records and topics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::SecondReading => "second_reading",
            Self::Neighbour => "neighbour",
        }
    }
}

/// One channel that reached a level here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The channel.
    #[serde(flatten)]
    pub key: ChannelKey,
    /// Every rule that fired.
    #[serde(with = "wire::rules")]
    pub rules: Rules,
    /// The highest class it reached here.
    #[serde(with = "wire::class")]
    pub class_max: Class,
    /// The class it holds here, where that is below its highest: what it says
    /// elsewhere raises nothing here.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "wire::class_option"
    )]
    pub class_here: Option<Class>,
    /// Its highest value.
    pub highest: Evidence,
    /// When it was first at a level, by the time of measurement.
    #[serde(with = "wire::wall")]
    pub first: Wall,
    /// When it was last at a level.
    #[serde(with = "wire::wall")]
    pub last: Wall,
    /// It holds its class now.
    pub held: bool,
    /// Held, but silent since.
    pub unknown: bool,
}

impl Member {
    /// The most it may hold here; only where it is held.
    pub(super) fn most_here(&self) -> Class {
        self.class_here.unwrap_or(self.class_max)
    }

    /// From now on it holds no more than that here.
    pub(super) fn holds_here(&mut self, class: Class) {
        self.class_here = (class < self.class_max).then_some(class);
    }
}

/// A reading of a member that nobody but a person can judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The channel.
    #[serde(flatten)]
    pub key: ChannelKey,
    /// Why it cannot be judged.
    #[serde(with = "wire::rule")]
    pub rule: Rule,
    /// Remarks of the first such reading.
    #[serde(with = "wire::remarks")]
    pub remarks: Remarks,
    /// When the first such reading arrived.
    #[serde(with = "wire::wall")]
    pub since: Wall,
}

/// A person took notice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The version that was acknowledged.
    pub version: u32,
    /// Who.
    pub by: String,
    /// Remark of that person.
    pub note: String,
    /// Through which channel, for example `http` or `cli`.
    pub channel: String,
    /// When.
    #[serde(with = "wire::wall")]
    pub at: Wall,
}

/// How and when an activation ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closed {
    /// When.
    pub at: Stamp,
    /// The activation that lives on for it, when they merged.
    pub merged_into: Option<ActivationId>,
}

/// What an activation is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Shown {
    /// Present, and nobody acknowledged.
    Raised,
    /// Present and acknowledged.
    Acked,
    /// No longer present; nobody acknowledged yet.
    ClearedUnacked,
    /// No longer present and acknowledged, or merged into another.
    Closed,
}

impl Shown {
    /// The word for it in records and topics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "RAISED",
            Self::Acked => "ACKED",
            Self::ClearedUnacked => "CLEARED_UNACKED",
            Self::Closed => "CLOSED",
        }
    }
}

/// An alarm event: what people are told about one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activation {
    /// Its name for life.
    pub id: ActivationId,
    /// Grows by one with each change, from 1.
    pub version: u32,
    /// Order of opening: of two that merge, the lower one lives.
    pub order: u64,
    /// Real or a drill.
    pub mode: Mode,
    /// Whose radiation.
    #[serde(with = "wire::subject")]
    pub subject: Subject,
    /// Where.
    pub place: Place,
    /// Places of activations that merged into this one.
    pub absorbed: Vec<Place>,
    /// Positions at which a level was reached.
    pub spots: Spots,
    /// The class that holds now; NORMAL when nothing does.
    #[serde(with = "wire::class")]
    pub class: Class,
    /// The highest class since it opened; falls never.
    #[serde(with = "wire::class")]
    pub class_max: Class,
    /// Seen by a second reading, a neighbour, or counts enough.
    pub confirmed: bool,
    /// By what; absent in records that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<ConfirmedBy>,
    /// Every source that holds it is silent: data lost.
    pub unknown: bool,
    /// Opened by readings that were old when they arrived.
    pub late: bool,
    /// The highest recommended response status; only a person lowers it.
    #[serde(with = "wire::recommendation")]
    pub recommendation: Recommendation,
    /// The rule of the highest class.
    #[serde(with = "wire::rule")]
    pub rule: Rule,
    /// Every other rule that fired.
    #[serde(with = "wire::rules")]
    pub also: Rules,
    /// Remarks of the readings behind it.
    #[serde(with = "wire::remarks")]
    pub remarks: Remarks,
    /// When it began, by the time of measurement.
    #[serde(with = "wire::wall")]
    pub onset: Wall,
    /// When the opening reading arrived.
    #[serde(with = "wire::wall")]
    pub opened: Wall,
    /// The latest reading at a level.
    pub latest: Evidence,
    /// What made `class_max`: the highest value of the highest class.
    pub highest: Evidence,
    /// Everything that reached a level here.
    pub members: Vec<Member>,
    /// Readings that a person has to look at.
    pub notes: Vec<Note>,
    /// Who took notice of what is true now.
    pub ack: Option<Acknowledgement>,
    /// Set when it is over.
    pub closed: Option<Closed>,
    /// The last version that people were told.
    pub told: u32,
    /// Since when a version waits to be told, in the machine's own time.
    #[serde(rename = "untold_since_ns", with = "wire::mono_option")]
    pub untold_since: Option<Mono>,
    /// How far the telling has gone without an acknowledgement.
    #[serde(default, skip_serializing_if = "Escalation::is_untouched")]
    pub escalation: Escalation,
    /// Its notifications rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<Shelf>,
    /// One person asked for that; at TIO2 a second one has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_shelf: Option<Shelf>,
    /// Everything that holds it is out of service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub out_of_service: bool,
    /// The TIO2 that speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inhibited_by: Option<ActivationId>,
    /// What was kept back while it was muted or another spoke for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Why>,
    /// Hash of the policy that judged the reading which set `class_max`; absent
    /// in records that do not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Why that reading was judged so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Box<Explanation>>,
}

impl Activation {
    /// Most notes kept: one for each channel and rule, in practice a handful.
    pub const MAX_NOTES: usize = 16;

    /// Whether something holds it now.
    pub fn is_present(&self) -> bool {
        self.class != Class::Normal
    }

    /// Whether it is not over yet.
    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether its notifications rest.
    pub const fn is_muted(&self) -> bool {
        self.shelf.is_some() || self.out_of_service
    }

    /// It changed, and people are told at once.
    pub(super) fn is_told(&mut self, why: Why) {
        self.version += 1;
        self.told = self.version;
        self.untold_since = None;
        self.withheld = self.inhibited_by.as_ref().map(|_| why);
    }

    /// What it is shown as.
    pub fn shown(&self) -> Shown {
        match (self.is_open(), self.is_present(), self.ack.is_some()) {
            (false, _, _) => Shown::Closed,
            (true, true, false) => Shown::Raised,
            (true, true, true) => Shown::Acked,
            // An acknowledged one that is no longer present is closed at once.
            (true, false, _) => Shown::ClearedUnacked,
        }
    }

    /// The member of one channel.
    pub fn member(&self, key: &ChannelKey) -> Option<&Member> {
        self.members.iter().find(|member| member.key == *key)
    }

    pub(super) fn member_mut(&mut self, key: &ChannelKey) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.key == *key)
    }

    /// The last time of measurement at a level.
    pub fn last_measured(&self) -> Wall {
        self.members
            .iter()
            .map(|member| member.last)
            .fold(self.onset, Wall::max)
    }

    /// Whether this activation speaks for `place`, by name.
    pub fn is_at(&self, place: &Place) -> bool {
        self.place.is_same(place) || self.absorbed.iter().any(|other| other.is_same(place))
    }
}
