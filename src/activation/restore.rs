//! Going on after a restart.

use serde::{Deserialize, Serialize};

use super::machine::{Config, Machine};
use super::state::{Activation, Stamp, Watch};
use super::transition::Transition;
use crate::clock::Received;

/// The whole machine at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub stamp: Stamp,
    /// Open and remembered activations, in the order of opening.
    pub activations: Vec<Activation>,
    /// The channels behind them.
    pub watches: Vec<Watch>,
}

/// A record to go on from.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// Everything until then.
    Snapshot(Box<Snapshot>),
    /// One activation, as it then was.
    Transition(Box<Transition>),
}

impl Machine {
    /// Everything, as it is at `now`.
    pub fn snapshot(&self, now: Received) -> Snapshot {
        let mut activations: Vec<_> = self
            .open
            .values()
            .chain(self.closed.values())
            .cloned()
            .collect();
        activations.sort_by_key(|activation| activation.order);
        Snapshot {
            stamp: self.stamp(now),
            activations,
            watches: self.watches.values().cloned().collect(),
        }
    }

    /// The machine as its records say, going on at `now`.
    ///
    /// Records come in the order they were made; of one activation the last one
    /// counts. Nothing is raised, lowered, told or closed by it. Runs go on: the
    /// time we were down is taken from the wall clock, as no other clock went on;
    /// a wall clock that went backwards counts as no time at all. Every station
    /// gets its interval again before it counts as silent.
    pub fn restored(config: Config, saved: impl IntoIterator<Item = Saved>, now: Received) -> Self {
        let mut machine = Self::new(config);
        let mut last = None;
        for record in saved {
            match record {
                Saved::Snapshot(snapshot) => {
                    machine.open.clear();
                    machine.closed.clear();
                    machine.watches.clear();
                    let Snapshot {
                        stamp,
                        activations,
                        watches,
                    } = *snapshot;
                    for activation in activations {
                        machine.put(activation);
                    }
                    machine.put_watches(watches);
                    last = latest(last, stamp);
                }
                Saved::Transition(transition) => {
                    let Transition {
                        stamp,
                        activation,
                        watches,
                        ..
                    } = *transition;
                    machine.put(activation);
                    machine.put_watches(watches);
                    last = latest(last, stamp);
                }
            }
        }
        machine.go_on(last, now);
        machine
    }

    fn put(&mut self, activation: Activation) {
        let order = activation.order;
        self.next_order = self.next_order.max(order.saturating_add(1));
        self.open.remove(&order);
        self.closed.remove(&order);
        if activation.is_open() {
            self.open.insert(order, activation);
        } else {
            self.closed.insert(order, activation);
        }
    }

    fn put_watches(&mut self, watches: Vec<Watch>) {
        for watch in watches {
            self.has_distrusted |= watch.is_distrusted;
            self.watches.insert(watch.key.clone(), watch);
        }
    }

    fn go_on(&mut self, last: Option<Stamp>, now: Received) {
        if let Some(last) = last {
            let down = now
                .wall
                .as_nanos()
                .saturating_sub(last.wall.as_nanos())
                .max(0);
            self.offset = i128::from(last.mono.as_nanos()) + i128::from(down)
                - i128::from(now.mono.as_nanos());
        }
        let now = self.stamp(now);
        for watch in self.watches.values_mut() {
            watch.heard = watch.heard.max(now.mono);
        }
        self.forget();
        if !self.open.is_empty() {
            self.wake_by(now.mono);
        }
    }
}

fn latest(last: Option<Stamp>, stamp: Stamp) -> Option<Stamp> {
    last.filter(|last| last.mono > stamp.mono).or(Some(stamp))
}
