//! The open activations, and which of them are at a named place.
//!
//! A reading of a site or an item finds its own without a look at all others: in
//! a storm everybody has one open, and everybody sends.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;

use smallvec::SmallVec;

use super::place::Place;
use super::state::Activation;

/// By order of opening. Read like a map.
#[derive(Clone, Debug, Default)]
pub(super) struct Open {
    all: BTreeMap<u64, Activation>,
    /// Orders by the key of a place, own or absorbed.
    at: HashMap<String, SmallVec<[u64; 1]>>,
}

impl Deref for Open {
    type Target = BTreeMap<u64, Activation>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

/// Every place that an activation speaks for, by name. All areas have one name.
fn keys(activation: &Activation) -> impl Iterator<Item = String> {
    std::iter::once(&activation.place)
        .chain(&activation.absorbed)
        .map(|place| place.key(None))
}

impl Open {
    pub(super) fn insert(&mut self, order: u64, activation: Activation) {
        self.remove(&order);
        self.index(order, &activation);
        self.all.insert(order, activation);
    }

    pub(super) fn remove(&mut self, order: &u64) -> Option<Activation> {
        let gone = self.all.remove(order)?;
        for key in keys(&gone) {
            if let Some(orders) = self.at.get_mut(&key) {
                orders.retain(|other| other != order);
                if orders.is_empty() {
                    self.at.remove(&key);
                }
            }
        }
        Some(gone)
    }

    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.at.clear();
    }

    /// For everything but its places; see [`Open::absorb`].
    pub(super) fn get_mut(&mut self, order: &u64) -> Option<&mut Activation> {
        self.all.get_mut(order)
    }

    /// For everything but their places.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Activation> {
        self.all.values_mut()
    }

    /// One speaks for further places from now on.
    pub(super) fn absorb(&mut self, order: u64, places: impl IntoIterator<Item = Place>) {
        if let Some(mut activation) = self.remove(&order) {
            activation.absorbed.extend(places);
            self.insert(order, activation);
        }
    }

    /// Every activation that a reading from `place` can belong to, in the order of
    /// opening; `None` where any of them may be meant.
    pub(super) fn near(&self, place: &Place) -> Option<SmallVec<[u64; 4]>> {
        let of = |key: &str| self.at.get(key).into_iter().flatten().copied();
        let mut orders: SmallVec<[u64; 4]> = match place {
            // A site joins an area that has reached it.
            Place::Site(_) => of(&place.key(None))
                .chain(of(&Place::Area.key(None)))
                .collect(),
            Place::Item { .. } => of(&place.key(None)).collect(),
            Place::Area | Place::Instrument { .. } => return None,
        };
        orders.sort_unstable();
        orders.dedup();
        Some(orders)
    }

    fn index(&mut self, order: u64, activation: &Activation) {
        for key in keys(activation) {
            let orders = self.at.entry(key).or_default();
            if !orders.contains(&order) {
                orders.push(order);
            }
        }
    }
}
