//! Which activation a reading at a level belongs to.
//!
//! | reading                | belongs to                                               |
//! |------------------------|----------------------------------------------------------|
//! | of a site or item      | the one of that name                                     |
//! | with a position        | one with a spot within the radius, heard in the window   |
//! | of neither             | the one its instrument is in, else one of its own        |
//! | with the first fix     | also the one that its instrument holds without a place   |
//! | of the past            | one that covers its time, by the same rules of place     |
//!
//! A site also joins an area that has reached it. Several that match become one,
//! and the older id lives, unless the whole would grow beyond the largest extent.

use std::time::Duration;

use smallvec::SmallVec;

use super::evidence::counts_confirm;
use super::id::ActivationId;
use super::machine::{Judged, Machine};
use super::place::{Located, Place, Spot};
use super::settle::Touch;
use super::shelf::Shelf;
use super::state::{Activation, Closed, ConfirmedBy, Evidence, Member, Stamp, Watch};
use super::take::Heard;
use crate::clock::Wall;
use crate::criteria::{Class, Recommendation, Remarks, Rule, Rules};
use crate::reading::InstrumentId;

/// A reading at a level, on its way to an activation.
pub(super) struct Arrival<'a> {
    pub(super) heard: Heard<'a>,
    pub(super) evidence: Evidence,
    pub(super) place: Place,
    pub(super) at: Option<Located>,
}

impl Arrival<'_> {
    fn measured(&self) -> Wall {
        self.evidence.measured
    }
}

impl Machine {
    /// The open activation the reading belongs to, opened or reopened where
    /// there is none; `None` when all it says was told before.
    pub(super) fn home(
        &mut self,
        arrival: &Arrival<'_>,
        touched: &mut SmallVec<[Touch; 2]>,
    ) -> Option<u64> {
        let current = self
            .watches
            .get(&arrival.heard.key)
            .map(|watch| watch.current.clone());
        let home_of = |activation: &Activation| {
            if activation.subject != arrival.heard.key.subject {
                return None;
            }
            let is_current = current.as_ref() == Some(&activation.id);
            // Of several that cover the past, one that told as much is meant.
            let is_told = activation.class_max >= arrival.evidence.class;
            let is_preferred = if arrival.heard.is_late {
                is_told
            } else {
                is_current
            };
            self.is_home(activation, arrival, is_current)
                .then_some((activation.order, is_preferred))
        };
        let homes: SmallVec<[(u64, bool); 4]> = match self.open.near(&arrival.place) {
            Some(orders) => orders
                .iter()
                .filter_map(|order| home_of(self.open.get(order)?))
                .collect(),
            None => self.open.values().filter_map(home_of).collect(),
        };
        let preferred = homes.iter().find(|(_, is_preferred)| *is_preferred);
        let Some((mut home, _)) = preferred.or(homes.first()).copied() else {
            return self.reopened_or_new(arrival, touched);
        };
        // An instrument without a position connects no places.
        let connects = !matches!(arrival.place, Place::Instrument { .. });
        for (other, _) in homes.into_iter().filter(|_| connects) {
            if other != home && self.can_merge(home, other, arrival) {
                home = self.merge(home.min(other), home.max(other), arrival.heard.now, touched);
            }
        }
        Some(home)
    }

    fn is_home(&self, activation: &Activation, arrival: &Arrival<'_>, is_current: bool) -> bool {
        let window = self.config.window;
        if arrival.heard.is_late {
            // Something that goes on covers all the time since it began.
            let covers = covers(activation, arrival.measured(), window);
            return covers
                && self.is_place_of(activation, arrival, is_current, |spot| {
                    is_current || between(arrival.measured(), spot.first, spot.last, window)
                });
        }
        // What was only heard of later belongs to the past, until something of
        // the present continues it.
        let is_present = self.is_held_now(activation);
        let is_past = activation.late && !is_present;
        if is_past && !covers(activation, arrival.measured(), self.config.reopen_within) {
            return false;
        }
        // What ended and waits for a person comes back as one that is closed does.
        let has_ended = !is_past && !is_present;
        let heard_within = if has_ended {
            window.max(self.config.reopen_within)
        } else {
            window
        };
        self.is_place_of(activation, arrival, is_current, |spot| {
            is_current
                || (arrival.heard.now.mono.since(spot.heard) <= heard_within
                    && (!is_past || between(arrival.measured(), spot.first, spot.last, window)))
        })
    }

    /// Whether anything holds it, with what the reading at hand did already.
    fn is_held_now(&self, activation: &Activation) -> bool {
        let is_held = |member: &Member| {
            let watch = self.watches.get(&member.key);
            member.held && watch.is_some_and(Watch::is_held)
        };
        activation.members.iter().any(is_held)
    }

    /// Whether the reading's place is one of the activation's, by its spots that
    /// pass `wanted` where it has no name.
    fn is_place_of(
        &self,
        activation: &Activation,
        arrival: &Arrival<'_>,
        is_current: bool,
        wanted: impl Fn(&Spot) -> bool,
    ) -> bool {
        if activation.is_at(&arrival.place) {
            return true;
        }
        let joins_spots = match (&arrival.place, &activation.place) {
            (Place::Area, _) | (Place::Site(_), Place::Area) => true,
            (Place::Instrument { id }, _) => return is_current || holds(activation, id),
            (Place::Site(_) | Place::Item { .. }, _) => false,
        };
        joins_spots
            && arrival.at.is_some_and(|Located { at, off_m }| {
                let radius_m = self.config.radius_m + off_m;
                (finds_its_place(activation, arrival)
                    || activation.spots.near(at, radius_m, wanted))
                    && activation.spots.extent_with([at].into_iter()) <= self.config.extent_m
            })
    }

    /// Nothing open fits: what closed lately opens again under its id, anything
    /// else is new.
    fn reopened_or_new(
        &mut self,
        arrival: &Arrival<'_>,
        touched: &mut SmallVec<[Touch; 2]>,
    ) -> Option<u64> {
        let within = self.config.reopen_within;
        let known = self
            .closed
            .values()
            .rev()
            .filter(|activation| activation.subject == arrival.heard.key.subject)
            .filter_map(|activation| Some((activation, activation.closed.as_ref()?)))
            .filter(|(_, closed)| closed.merged_into.is_none())
            .find(|(activation, closed)| {
                if arrival.heard.is_late {
                    return self.is_home(activation, arrival, false);
                }
                arrival.heard.now.mono.since(closed.at.mono) <= within
                    && (!activation.late || covers(activation, arrival.measured(), within))
                    && self.is_place_of(activation, arrival, false, |_| true)
            })
            .map(|(activation, _)| (activation.order, activation.class_max));
        match known {
            // The past neither doubles nor reopens what covered its time, unless
            // it was worse than anybody was told.
            Some((_, told)) if arrival.heard.is_late && arrival.evidence.class <= told => None,
            Some((order, _)) if !arrival.heard.is_late => {
                let mut activation = self
                    .closed
                    .remove(&order)
                    .expect("invariant: it was found among the closed");
                activation.closed = None;
                activation.ack = None;
                self.open.insert(order, activation);
                Some(order)
            }
            Some(_) | None => self.open_new(arrival, touched),
        }
    }

    fn open_new(
        &mut self,
        arrival: &Arrival<'_>,
        touched: &mut SmallVec<[Touch; 2]>,
    ) -> Option<u64> {
        let Judged {
            reading, judgement, ..
        } = arrival.heard.judged;
        let id = ActivationId::opened_by(
            reading,
            self.config.mode,
            &arrival.place,
            arrival.at.map(|located| located.at),
            arrival.heard.key.subject,
        );
        if self.activation(&id).is_some() {
            return None; // This reading opened it before: it came again.
        }
        let order = self.next_order;
        self.next_order += 1;
        let activation = Activation {
            id,
            version: 1,
            order,
            mode: self.config.mode,
            subject: arrival.heard.key.subject,
            place: arrival.place.clone(),
            absorbed: Vec::new(),
            spots: super::Spots::default(),
            class: Class::Normal,
            class_max: Class::Normal,
            confirmed: false,
            confirmed_by: None,
            unknown: false,
            late: arrival.heard.is_late,
            recommendation: Recommendation::None,
            rule: judgement.rule,
            also: Rules::EMPTY,
            remarks: Remarks::EMPTY,
            onset: arrival.measured(),
            opened: reading.received.wall,
            latest: arrival.evidence.clone(),
            highest: arrival.evidence.clone(),
            members: Vec::new(),
            notes: Vec::new(),
            ack: None,
            closed: None,
            told: 0,
            untold_since: None,
            escalation: super::Escalation::default(),
            shelf: None,
            proposed_shelf: None,
            out_of_service: false,
            inhibited_by: None,
            withheld: None,
            policy: None,
            explanation: None,
        };
        self.open.insert(order, activation);
        Touch::find(touched, order).opened = true;
        Some(order)
    }

    /// Adds what a reading says to the activation it belongs to.
    pub(super) fn join(&mut self, order: u64, arrival: &Arrival<'_>, touch: &mut Touch) {
        let verdict = arrival.heard.verdict;
        let judgement = arrival.heard.judged.judgement;
        let evidence = &arrival.evidence;
        let activation = self
            .open
            .get_mut(&order)
            .expect("invariant: a reading's home is open");
        let is_first = touch.opened || touch.risen;

        if evidence.class > activation.class_max {
            touch.risen = !touch.opened;
            activation.class_max = evidence.class;
            activation.also.insert(activation.rule);
            activation.rule = verdict.rule;
            activation.confirmed_by = if counts_confirm(arrival.heard.judged, verdict) {
                Some(ConfirmedBy::Counts)
            } else {
                is_neighbour(activation, arrival, self.config.radius_m)
                    .then_some(ConfirmedBy::Neighbour)
            };
            activation.confirmed = activation.confirmed_by.is_some();
            activation.highest = evidence.clone();
            activation.policy = self.config.policy.as_deref().map(str::to_owned);
            activation.explanation = arrival.heard.judged.explanation();
        } else {
            // A second channel of the very reading that raised is not a second
            // reading, nor is one of the past.
            let again = evidence.class == activation.class_max
                && !is_first
                && (!arrival.heard.is_late || activation.late);
            let is_at_level = evidence.class == activation.class_max;
            let counts = || is_at_level && counts_confirm(arrival.heard.judged, verdict);
            let beside = is_neighbour(activation, arrival, self.config.radius_m);
            if !activation.confirmed && (again || beside || counts()) {
                activation.confirmed = true;
                activation.confirmed_by = Some(if beside {
                    ConfirmedBy::Neighbour
                } else {
                    ConfirmedBy::SecondReading
                });
                touch.changed = true;
            }
            if evidence.class == activation.class_max && is_higher(evidence, &activation.highest) {
                activation.highest = evidence.clone();
            }
        }

        let rules = judgement.also.with(judgement.rule).with(verdict.rule);
        let also = beside(activation.rule, activation.also.union(rules));
        let recommendation = activation.recommendation.max(judgement.recommendation);
        touch.changed |= also != activation.also || recommendation != activation.recommendation;
        activation.also = also;
        activation.recommendation = recommendation;
        activation.remarks = activation.remarks.union(judgement.remarks);
        let began = super::evidence::began(arrival.heard.judged, verdict);
        // By its time of arrival alone nothing was before what came before it: there
        // the wall clock was set back.
        if evidence.measured < evidence.received || began < evidence.measured {
            activation.onset = activation.onset.min(began);
        }
        if !arrival.heard.is_late || evidence.measured > activation.latest.measured {
            activation.latest = evidence.clone();
        }
        if let Some(Located { at, off_m }) = arrival.at {
            touch.moved |= activation.spots.add(Spot {
                at,
                first: evidence.measured,
                last: evidence.measured,
                heard: arrival.heard.now.mono,
                off_m,
            });
            if finds_its_place(activation, arrival) {
                let nowhere = std::mem::replace(&mut activation.place, Place::Area);
                activation.absorbed.push(nowhere);
            }
        }
        let held = self
            .watches
            .get(&arrival.heard.key)
            .is_some_and(|watch| watch.is_held() && watch.current == activation.id);
        touch.changed |= enrol(activation, arrival, verdict.rule, held);
    }

    fn can_merge(&self, a: u64, b: u64, arrival: &Arrival<'_>) -> bool {
        let (Some(a), Some(b)) = (self.open.get(&a), self.open.get(&b)) else {
            return false;
        };
        let at = arrival.at.map(|located| located.at);
        let others = b.spots.iter().map(|spot| spot.at).chain(at);
        a.spots.extent_with(others) <= self.config.extent_m
    }

    /// The younger goes on as the older. Nobody is rung for it: whatever class
    /// there is was told under one of the two ids, unless this reading opened it.
    fn merge(
        &mut self,
        older: u64,
        younger: u64,
        now: Stamp,
        touched: &mut SmallVec<[Touch; 2]>,
    ) -> u64 {
        let (Some(mut gone), Some(kept)) = (self.open.remove(&younger), self.open.get_mut(&older))
        else {
            return older;
        };
        let has_risen = gone.class_max > kept.class_max;
        if has_risen {
            kept.class_max = gone.class_max;
            kept.also.insert(kept.rule);
            kept.rule = gone.rule;
            kept.highest = gone.highest.clone();
            kept.policy.clone_from(&gone.policy);
            kept.explanation.clone_from(&gone.explanation);
            kept.confirmed = gone.confirmed;
            kept.confirmed_by = gone.confirmed_by;
        } else if gone.class_max == kept.class_max {
            kept.confirmed |= gone.confirmed;
            kept.confirmed_by = kept.confirmed_by.or(gone.confirmed_by);
            if is_higher(&gone.highest, &kept.highest) {
                kept.highest = gone.highest.clone();
            }
        }
        kept.class = kept.class.max(gone.class);
        kept.also = beside(kept.rule, kept.also.union(gone.also).with(gone.rule));
        kept.remarks = kept.remarks.union(gone.remarks);
        kept.recommendation = kept.recommendation.max(gone.recommendation);
        kept.onset = kept.onset.min(gone.onset);
        kept.late &= gone.late;
        if gone.ack.is_none() {
            kept.ack = None;
        }
        kept.escalation.absorb(&gone.escalation);
        kept.proposed_shelf = None;
        kept.shelf = kept.shelf.take().zip(gone.shelf.take()).map(Shelf::both);
        kept.spots.absorb(&gone.spots);
        for member in &gone.members {
            absorb_member(kept, member);
        }
        let room = Activation::MAX_NOTES.saturating_sub(kept.notes.len());
        kept.notes.extend(gone.notes.iter().take(room).cloned());
        let kept_id = kept.id.clone();
        let places = std::iter::once(&gone.place).chain(&gone.absorbed);
        self.open.absorb(older, places.cloned());
        for watch in self.watches.values_mut() {
            if watch.current == gone.id {
                watch.current.clone_from(&kept_id);
            }
        }
        let is_new = touched
            .iter()
            .any(|touch| touch.order == younger && touch.opened);
        if is_new {
            // Another channel of the very reading opened it: nobody heard of it.
            touched.retain(|touch| touch.order != younger);
            let touch = Touch::find(touched, older);
            touch.changed = true;
            touch.risen |= has_risen;
            return older;
        }
        gone.version += 1;
        gone.told = gone.version;
        gone.untold_since = None;
        gone.escalation.stop();
        gone.class = Class::Normal;
        gone.unknown = false;
        for member in &mut gone.members {
            member.held = false;
        }
        gone.closed = Some(Closed {
            at: now,
            merged_into: Some(kept_id),
        });
        self.closed.insert(younger, gone);
        let touch = Touch::find(touched, older);
        touch.changed = true;
        touch.merged.push(younger);
        older
    }
}

/// Whether `measured` lies in an activation's time, give or take `slack`.
fn covers(activation: &Activation, measured: Wall, slack: Duration) -> bool {
    let ends = if activation.is_present() {
        activation.last_measured().max(measured)
    } else {
        activation.last_measured()
    };
    between(measured, activation.onset, ends, slack)
}

fn between(at: Wall, first: Wall, last: Wall, slack: Duration) -> bool {
    first.saturating_sub(slack) <= at && at <= last.saturating_add(slack)
}

/// The rules that are not the primary one.
fn beside(primary: Rule, rules: Rules) -> Rules {
    rules.iter().filter(|rule| *rule != primary).collect()
}

/// Whether an instrument holds an activation.
fn holds(activation: &Activation, instrument: &InstrumentId) -> bool {
    activation
        .members
        .iter()
        .any(|member| member.held && member.key.instrument == *instrument)
}

/// Whether the reading says where an activation is that had no place so far: that
/// of an instrument without a fix, which has one now.
fn finds_its_place(activation: &Activation, arrival: &Arrival<'_>) -> bool {
    let instrument = &arrival.heard.key.instrument;
    matches!(&activation.place, Place::Instrument { id } if id == instrument)
        && arrival.place == Place::Area
        && holds(activation, instrument)
}

/// Whether another instrument is at TIO3 or above within the radius: at the same
/// named place, or where both say where they are.
fn is_neighbour(activation: &Activation, arrival: &Arrival<'_>, radius_m: f64) -> bool {
    let Arrival {
        evidence,
        place,
        at,
        heard,
    } = arrival;
    let is_near = |other: &Evidence| {
        let is_named = *place != Place::Area && activation.place.is_same(place);
        let seen = activation.place.position().or(other.at);
        let metres = seen.zip(*at).map(|(seen, here)| seen.metres_to(here.at));
        metres.map_or(is_named, |metres| metres <= radius_m)
    };
    evidence.class >= Class::PossibleEmergency
        && !heard.is_late
        && activation.members.iter().any(|member| {
            member.held
                && member.class_max >= Class::PossibleEmergency
                && member.key.instrument != evidence.instrument
                && is_near(&member.highest)
        })
}

/// Whether `new` tells of a higher field. Of two quantities the one further
/// above its level counts; what has no upper bound counts most.
fn is_higher(new: &Evidence, old: &Evidence) -> bool {
    let height = |evidence: &Evidence| match (evidence.value, evidence.level) {
        (Some(value), Some(level)) if level > 0.0 => value / level,
        (Some(value), _) => value,
        (None, _) => f64::INFINITY,
    };
    height(new) > height(old)
}

/// Writes the reading's channel into the list of members; true when it is new
/// there, holds again, or fired a new rule.
fn enrol(activation: &mut Activation, arrival: &Arrival<'_>, rule: Rule, held: bool) -> bool {
    let evidence = &arrival.evidence;
    let Some(member) = activation.member_mut(&arrival.heard.key) else {
        activation.members.push(Member {
            key: arrival.heard.key.clone(),
            rules: Rules::EMPTY.with(rule),
            class_max: evidence.class,
            class_here: None,
            highest: evidence.clone(),
            first: evidence.measured,
            last: evidence.measured,
            held,
            unknown: false,
        });
        return true;
    };
    let changed = !member.rules.contains(rule) || (held && !member.held);
    member.rules.insert(rule);
    let most_here = if member.held {
        member.most_here()
    } else {
        evidence.class
    };
    member.class_max = member.class_max.max(evidence.class);
    member.holds_here(if held {
        most_here.max(evidence.class)
    } else {
        most_here
    });
    if is_higher_of_channel(evidence, &member.highest) {
        member.highest = evidence.clone();
    }
    member.first = member.first.min(evidence.measured);
    member.last = member.last.max(evidence.measured);
    member.held |= held;
    changed
}

fn is_higher_of_channel(new: &Evidence, old: &Evidence) -> bool {
    match (new.value, old.value) {
        (Some(new), Some(old)) => new > old,
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

fn absorb_member(kept: &mut Activation, gone: &Member) {
    let Some(member) = kept.member_mut(&gone.key) else {
        kept.members.push(gone.clone());
        return;
    };
    member.rules = member.rules.union(gone.rules);
    let held = [&*member, gone].into_iter().filter(|one| one.held);
    let most_here = held.map(Member::most_here).max();
    member.class_max = member.class_max.max(gone.class_max);
    most_here
        .into_iter()
        .for_each(|class| member.holds_here(class));
    if is_higher_of_channel(&gone.highest, &member.highest) {
        member.highest = gone.highest.clone();
    }
    member.first = member.first.min(gone.first);
    member.last = member.last.max(gone.last);
    member.held |= gone.held;
}
