//! One activation, by the specification.

use std::collections::{BTreeMap, BTreeSet};

use super::level::Level;
use super::place::{CHAIN, Fix, size};
use super::rest::Rest;

/// An instrument and one of its quantities.
pub(in super::super) type Key = (u8, u8);

/// An activation as far as people are told of it.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Event {
    pub(super) subject: u8,
    pub(super) sites: BTreeSet<u8>,
    pub(super) items: BTreeSet<u8>,
    /// Instruments whose place it is, for want of any other.
    pub(super) lost: BTreeSet<u8>,
    /// It opened at a fixed site.
    pub(super) began_at_site: bool,
    /// When and where something at a level was measured: the time it came, the
    /// time it was measured.
    pub(super) points: Vec<(i64, i64, Fix)>,
    /// The level that each member holds here.
    pub(in super::super) members: BTreeMap<Key, Level>,
    pub(in super::super) class_max: Level,
    pub(in super::super) acked: bool,
    pub(in super::super) confirmed: bool,
    pub(in super::super) late: bool,
    pub(super) closed: Option<i64>,
    pub(super) merged_into: Option<usize>,
    /// First and last time of measurement at a level.
    pub(super) first: i64,
    pub(super) last: i64,
    /// Channels that reached TIO3 here.
    pub(super) neighbours: BTreeSet<Key>,
    /// What people asked for, and who is told next.
    pub(in super::super) rest: Rest,
}

impl Event {
    /// The highest level that holds here now.
    pub(in super::super) fn class(&self) -> Level {
        self.members.values().copied().max().unwrap_or_default()
    }

    pub(in super::super) fn is_present(&self) -> bool {
        self.class() > Level::Normal
    }

    pub(in super::super) fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    pub(in super::super) fn shown(&self) -> &'static str {
        match (self.is_open(), self.is_present(), self.acked) {
            (false, ..) => "CLOSED",
            (true, true, false) => "RAISED",
            (true, true, true) => "ACKED",
            (true, false, _) => "CLEARED_UNACKED",
        }
    }

    pub(super) fn is_held_by(&self, instrument: u8) -> bool {
        let holds = |(key, held): (&Key, &Level)| key.0 == instrument && *held > Level::Normal;
        self.members.iter().any(holds)
    }

    /// Whether everything that holds it is out of service; TIO2 never is.
    pub(super) fn look_at_service(&mut self, out: &BTreeMap<u8, (i64, i64, i64)>) {
        let is_present = self.is_present();
        let mut of_interest = self
            .members
            .iter()
            .filter(|(_, held)| **held > Level::Normal || !is_present)
            .peekable();
        self.rest.is_out = self.class_max < Level::Emergency
            && of_interest.peek().is_some()
            && of_interest.all(|(key, _)| out.contains_key(&key.0));
    }

    /// Whether another instrument holds it that reached TIO3 here.
    pub(super) fn has_neighbour_of(&self, instrument: u8) -> bool {
        self.neighbours
            .iter()
            .filter(|key| key.0 != instrument)
            .any(|key| {
                self.members
                    .get(key)
                    .is_some_and(|held| *held > Level::Normal)
            })
    }

    /// Whether it stays one place with this point, and those of another.
    pub(super) fn fits(&self, point: Option<Fix>, other: Option<&Self>) -> bool {
        let own = self.points.iter().map(|point| point.2);
        let others = other.into_iter().flat_map(|other| &other.points);
        let all: Vec<_> = own
            .chain(others.map(|point| point.2))
            .chain(point)
            .collect();
        size(&all) <= CHAIN
    }

    /// Takes over another that turned out to be the same.
    pub(super) fn absorb(&mut self, gone: &Self) {
        if gone.class_max > self.class_max {
            self.confirmed = gone.confirmed;
        } else if gone.class_max == self.class_max {
            self.confirmed |= gone.confirmed;
        }
        self.class_max = self.class_max.max(gone.class_max);
        self.acked &= gone.acked;
        self.late &= gone.late;
        self.first = self.first.min(gone.first);
        self.last = self.last.max(gone.last);
        self.sites.extend(&gone.sites);
        self.items.extend(&gone.items);
        self.lost.extend(&gone.lost);
        self.points.extend(&gone.points);
        self.neighbours.extend(&gone.neighbours);
        self.rest.absorb(&gone.rest);
        for (key, held) in &gone.members {
            let member = self.members.entry(*key).or_insert(*held);
            *member = (*member).max(*held);
        }
    }
}
