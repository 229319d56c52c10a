//! What programs read of an activation: the shape that MQTT, webhooks and the
//! HTTP interface share. Fields may be added, never renamed.

use serde::{Deserialize, Serialize};

use super::deadline::DeadlineView;
use super::digest::DigestLine;
use super::escalation::{Reach, Stage};
use super::fault::FaultView;
use super::head::SignedHead;
use super::id::Mode;
use super::inert;
use super::message::{self, Text};
use super::place::{Coordinates, Place};
use super::state::{Activation, Evidence, Member, Stamp};
use super::transition::{Transition, Why};
use crate::clock::{Wall, Zone};
use crate::criteria::{Class, Explanation, Recommendation, Source};
use crate::language::Language;
use crate::units::rounded;

/// Longest name of a site or item that is passed on, in characters.
pub(super) const NAME_CHARS: usize = 80;

/// One activation, as it is now. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivationView {
    /// Its name for life.
    pub id: String,
    /// Grows by one with each change.
    pub version: u32,
    /// RAISED, ACKED, CLEARED_UNACKED or CLOSED.
    pub state: String,
    /// The class that holds now; NORMAL when nothing does.
    pub class: String,
    /// The highest class since it opened.
    pub class_max: String,
    /// The rule of the highest class.
    pub rule: String,
    /// Table and page of that rule.
    pub rule_source: String,
    /// Every other rule that fired.
    pub also: Vec<String>,
    /// What is recommended; a person decides.
    pub recommended_status: String,
    /// Something holds it now.
    pub present: bool,
    /// A person took notice of what is true now.
    pub acked: bool,
    /// Who that was.
    pub acked_by: Option<String>,
    /// Seen by a second reading, a neighbour, or counts enough.
    pub confirmed: bool,
    /// By what: counts, second_reading or neighbour.
    #[serde(default)]
    pub confirmed_by: Option<String>,
    /// Every source that holds it is silent.
    pub data_lost: bool,
    /// Its readings were old when they arrived.
    pub late: bool,
    /// How far the telling has gone: first, second or everyone.
    #[serde(default)]
    pub contacts: Stage,
    /// When the next contacts are told, unless somebody acknowledges.
    #[serde(default)]
    pub next_contacts_at: Option<String>,
    /// Its notifications rest until then, at the latest.
    #[serde(default)]
    pub shelved_until: Option<String>,
    /// By whom: one person, at TIO2 two.
    #[serde(default)]
    pub shelved_by: Vec<String>,
    /// Who asked to shelve a TIO2, and waits for a second person.
    #[serde(default)]
    pub shelf_proposed_by: Option<String>,
    /// Everything that holds it is out of service.
    #[serde(default)]
    pub out_of_service: bool,
    /// The TIO2 beside it that speaks for it.
    #[serde(default)]
    pub inhibited_by: Option<String>,
    /// Not real.
    pub exercise: bool,
    /// environment, person or object.
    pub subject: String,
    /// Where.
    pub place: PlaceView,
    /// dose_rate or count_rate.
    pub quantity: String,
    /// The radiation counted, for count rates.
    pub radiation: Option<String>,
    /// The highest value; absent when over-range of unknown height.
    pub value: Option<f64>,
    /// The field is at least that high.
    pub at_least: bool,
    /// `uSv/h` or `cps`.
    pub unit: String,
    /// Where the level begins, in the same unit.
    pub level: Option<f64>,
    /// Which instrument saw the highest value.
    pub instrument: String,
    /// Its maker and model.
    #[serde(default)]
    pub model: Option<String>,
    /// Its calibration factor, as a person reads it.
    pub factor: Option<String>,
    /// The certificate of its own calibration.
    #[serde(default)]
    pub certificate: Option<String>,
    /// Until when that is valid.
    #[serde(default)]
    pub calibration_valid_until: Option<String>,
    /// What it shows there without a source, in the unit of the value.
    #[serde(default)]
    pub background: Option<f64>,
    /// measured, learned, site_survey or assumed.
    #[serde(default)]
    pub background_from: Option<String>,
    /// When it began, by the time of measurement.
    pub onset: String,
    /// When the opening reading arrived.
    pub opened_at: String,
    /// When the highest value was measured.
    pub observed_at: String,
    /// When that arrived.
    pub received_at: String,
    /// When the last reading at a level was measured.
    pub last_seen_at: String,
    /// Remarks of the readings behind it.
    pub flags: Vec<String>,
    /// Every channel that reached a level.
    pub members: Vec<MemberView>,
    /// Rules by which readings could not be judged.
    pub review: Vec<String>,
    /// The activation that it goes on as.
    pub merged_into: Option<String>,
    /// Hash of the policy that judged the reading which set the highest class;
    /// `pantau policy <hash>` shows it.
    #[serde(default)]
    pub policy: Option<String>,
    /// Why that reading was judged so, in Indonesian and English.
    #[serde(default)]
    pub explanation: Option<Box<Explanation>>,
}

/// Where an activation is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaceView {
    /// site, item, area or instrument (no position).
    pub kind: String,
    /// Id of the site.
    pub site: Option<String>,
    /// Name of site or item.
    pub name: Option<String>,
    /// Degrees north; of the last position heard.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
}

/// One channel that reached a level.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberView {
    /// The instrument.
    pub instrument: String,
    /// What it measures.
    pub quantity: String,
    /// The radiation counted, for count rates.
    pub radiation: Option<String>,
    /// Its highest class here.
    pub class_max: String,
    /// Its rules.
    pub rules: Vec<String>,
    /// Its highest value.
    pub value: Option<f64>,
    /// In this unit.
    pub unit: String,
    /// First at a level.
    pub first: String,
    /// Last at a level.
    pub last: String,
    /// At a level now.
    pub held: bool,
    /// Silent since.
    pub unknown: bool,
}

impl ActivationView {
    /// The outside of an activation.
    pub fn of(activation: &Activation) -> Self {
        let highest = &activation.highest;
        let behind = &highest.behind;
        let text = |text: &Option<String>| text.as_ref().map(|text| inert(text, NAME_CHARS));
        Self {
            id: activation.id.to_string(),
            version: activation.version,
            state: activation.shown().as_str().to_owned(),
            class: activation.class.to_string(),
            class_max: activation.class_max.to_string(),
            rule: activation.rule.to_string(),
            rule_source: Source::of(activation.rule.as_str()).text(Language::English),
            also: activation
                .also
                .iter()
                .map(|rule| rule.to_string())
                .collect(),
            recommended_status: activation.recommendation.to_string(),
            present: activation.is_present(),
            acked: activation.ack.is_some(),
            acked_by: activation
                .ack
                .as_ref()
                .map(|ack| inert(&ack.by, NAME_CHARS)),
            confirmed: activation.confirmed,
            confirmed_by: activation.confirmed_by.map(|by| by.as_str().to_owned()),
            data_lost: activation.unknown,
            late: activation.late,
            contacts: activation.escalation.stage,
            next_contacts_at: None,
            shelved_until: activation
                .shelf
                .as_ref()
                .map(|shelf| shelf.until_wall.to_string()),
            shelved_by: activation
                .shelf
                .iter()
                .flat_map(|shelf| std::iter::once(&shelf.by).chain(&shelf.second))
                .map(|name| inert(name, NAME_CHARS))
                .collect(),
            shelf_proposed_by: activation
                .proposed_shelf
                .as_ref()
                .map(|shelf| inert(&shelf.by, NAME_CHARS)),
            out_of_service: activation.out_of_service,
            inhibited_by: activation.inhibited_by.as_ref().map(ToString::to_string),
            exercise: activation.mode == Mode::Exercise,
            subject: activation.subject.to_string(),
            place: PlaceView::of(activation),
            quantity: highest.quantity.as_str().to_owned(),
            radiation: highest.quantity.radiation().map(|word| word.to_string()),
            value: highest.value.map(rounded),
            at_least: highest.at_least,
            unit: highest.quantity.unit().to_owned(),
            level: highest.level.map(rounded),
            instrument: highest.instrument.to_string(),
            model: text(&behind.model),
            factor: text(&highest.factor),
            certificate: text(&behind.certificate),
            calibration_valid_until: behind.valid_until.map(|until| until.to_string()),
            background: behind.background.map(rounded),
            background_from: behind.background_from.clone(),
            onset: activation.onset.to_string(),
            opened_at: activation.opened.to_string(),
            observed_at: highest.measured.to_string(),
            received_at: highest.received.to_string(),
            last_seen_at: activation.last_measured().to_string(),
            flags: activation
                .remarks
                .iter()
                .map(|remark| remark.to_string())
                .collect(),
            members: activation.members.iter().map(MemberView::of).collect(),
            review: activation
                .notes
                .iter()
                .map(|note| format!("{} {}", note.rule, note.key.instrument))
                .collect(),
            merged_into: activation
                .closed
                .as_ref()
                .and_then(|closed| closed.merged_into.as_ref())
                .map(ToString::to_string),
            policy: activation.policy.clone(),
            explanation: activation.explanation.clone(),
        }
    }
}

impl PlaceView {
    fn of(activation: &Activation) -> Self {
        let (kind, site, name) = match &activation.place {
            Place::Site(site) => (
                "site",
                Some(inert(&site.id, NAME_CHARS)),
                Some(inert(&site.name, NAME_CHARS)),
            ),
            Place::Item { name } => ("item", None, Some(inert(name, NAME_CHARS))),
            Place::Area => ("area", None, None),
            Place::Instrument { .. } => ("instrument", None, None),
        };
        let at = where_now(activation);
        Self {
            kind: kind.to_owned(),
            site,
            name,
            lat: at.map(|at| at.lat),
            lon: at.map(|at| at.lon),
        }
    }
}

/// The site's position, else the one that was heard last.
pub(super) fn where_now(activation: &Activation) -> Option<Coordinates> {
    let of_site = match &activation.place {
        Place::Site(site) => site.position,
        Place::Item { .. } | Place::Area | Place::Instrument { .. } => None,
    };
    of_site.or_else(|| {
        activation
            .spots
            .iter()
            .max_by_key(|spot| spot.heard)
            .map(|spot| spot.at)
    })
}

impl MemberView {
    fn of(member: &Member) -> Self {
        let Evidence {
            quantity, value, ..
        } = &member.highest;
        Self {
            instrument: member.key.instrument.to_string(),
            quantity: quantity.as_str().to_owned(),
            radiation: quantity.radiation().map(|word| word.to_string()),
            class_max: member.class_max.to_string(),
            rules: member.rules.iter().map(|rule| rule.to_string()).collect(),
            value: value.map(rounded),
            unit: quantity.unit().to_owned(),
            first: member.first.to_string(),
            last: member.last.to_string(),
            held: member.held,
            unknown: member.unknown,
        }
    }
}

/// Who tells, and how times are shown.
#[derive(Clone, Debug)]
pub struct EventContext {
    /// Name of this node.
    pub node: String,
    /// The zone of the people who read it.
    pub zone: Zone,
    /// False when the journal could not be written: told all the same, marked.
    pub recorded: bool,
}

/// What people and programs are told: one version of an activation or of a fault, a
/// clock that ran out, or a head of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The message: `<activation>.<version>` or `<fault>.<version>`, with `.r<n>`
    /// when it says a version again, or
    /// `<case or activation>.<rule>.<second it was due>`, or
    /// `<instrument>.<why>.<millisecond>`, or `HEAD-<node>-<record>`, or `G-` and a
    /// hash of the messages of a digest. One that comes twice is one message.
    pub id: String,
    /// raised, risen, reopened, cleared, closed, merged, updated, escalated,
    /// reminder, shelved, unshelved, back_in_service, uninhibited, overdue,
    /// out_of_service, in_service, head or digest.
    pub why: String,
    /// Which contacts it is for.
    #[serde(default, skip_serializing_if = "Reach::is_first")]
    pub reach: Reach,
    /// When it happened.
    pub at: String,
    /// Which node tells.
    pub node: String,
    /// Not real.
    pub exercise: bool,
    /// The daemon's own exercise, which tries the whole chain.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
    /// The transition is in the journal.
    pub recorded: bool,
    /// The activation, after the change; of a clock that ran out, the one that
    /// it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<ActivationView>,
    /// The clock that ran out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<DeadlineView>,
    /// The fault of the watch itself, after the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultView>,
    /// The head, for those who keep heads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<SignedHead>,
    /// Of a digest, everything that it tells, the worst first. Beside an
    /// activation: the earlier messages about it that go along with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digest: Vec<DigestLine>,
    /// For people, in Indonesian and English.
    pub text: Text,
    /// The subscribers that it goes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// Those of them and others that accepted an earlier version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_by: Vec<String>,
}

impl Event {
    /// A message about nothing yet, for the first contacts.
    pub(crate) fn plain(
        id: String,
        why: &str,
        at: Wall,
        context: &EventContext,
        text: Text,
    ) -> Self {
        Self {
            id,
            why: why.to_owned(),
            reach: Reach::default(),
            at: at.to_string(),
            node: inert(&context.node, NAME_CHARS),
            exercise: false,
            drill: false,
            recorded: context.recorded,
            activation: None,
            deadline: None,
            fault: None,
            head: None,
            digest: Vec::new(),
            text,
            told: Vec::new(),
            accepted_by: Vec::new(),
        }
    }

    /// What a transition tells; `None` when it is only recorded.
    pub fn of(transition: &Transition, context: &EventContext) -> Option<Self> {
        let why = transition.tell?;
        let activation = &transition.activation;
        let id = Self::message_id(transition);
        let text = message::text(transition, why, context);
        Some(Self {
            reach: transition.reach,
            exercise: activation.mode == Mode::Exercise,
            activation: Some(ActivationView {
                next_contacts_at: next_contacts(transition).map(|at| at.to_string()),
                ..ActivationView::of(activation)
            }),
            ..Self::plain(id, why.as_str(), transition.stamp.wall, context, text)
        })
    }

    /// The activation or, without one, the case or the fault that it is about.
    pub fn about(&self) -> &str {
        let case = || self.deadline.as_ref().and_then(|d| d.case.as_deref());
        let fault = || self.fault.as_ref().map(|fault| fault.id.as_str());
        let activation = self.activation.as_ref().map(|a| a.id.as_str());
        activation.or_else(case).or_else(fault).unwrap_or_default()
    }

    /// The highest class of its activation, or of all in a digest. A clock of a
    /// case that no reading produced ranks with those that call for a team; a fault
    /// has none.
    pub fn class_max(&self) -> Option<Class> {
        if let Some(highest) = self.digest.iter().map(DigestLine::class_max).max() {
            return Some(highest);
        }
        match &self.activation {
            Some(activation) => Class::from_word(&activation.class_max),
            None if self.fault.is_some() => None,
            None => Some(Class::PossibleEmergency),
        }
    }

    /// Whether it must never be given up.
    pub fn is_emergency(&self) -> bool {
        self.class_max() == Some(Class::Emergency)
    }

    /// Whether a team is recommended to go.
    pub fn sends_a_team(&self) -> bool {
        let recommended = self.activation.as_ref().map(|a| &*a.recommended_status);
        recommended == Some(Recommendation::AktifParsial.as_str())
    }

    /// Whether it asks people to take notice.
    pub fn asks_for_notice(&self) -> bool {
        const ASKS: &[Why] = &[
            Why::Raised,
            Why::Risen,
            Why::Reopened,
            Why::Escalated,
            Why::Unshelved,
        ];
        ASKS.iter().any(|why| why.as_str() == self.why)
    }

    /// Whether it only says again what is so.
    pub fn is_repeat(&self) -> bool {
        [Why::Escalated, Why::Reminder]
            .iter()
            .any(|why| why.as_str() == self.why)
    }

    /// The id of the message that tells a transition.
    pub fn message_id(transition: &Transition) -> String {
        let activation = &transition.activation;
        let of_version = format!("{}.{}", activation.id, activation.version);
        if transition.tell.is_some_and(Why::is_repeat) {
            format!("{of_version}.r{}", activation.escalation.said)
        } else {
            of_version
        }
    }
}

/// When the next contacts are told, by the wall clock of the transition.
pub(super) fn next_contacts(transition: &Transition) -> Option<Wall> {
    let at = transition.activation.escalation.next_step()?;
    let Stamp { wall, mono } = transition.stamp;
    Some(wall.saturating_add(at.since(mono)))
}
