//! Going on after a restart.

use serde::{Deserialize, Serialize};

use super::machine::{Config, Machine};
use super::service::OutOfService;
use super::state::{Activation, Stamp, Watch};
use super::transition::Transition;
use crate::clock::Received;
use crate::criteria::Class;
use crate::reading::InstrumentId;

/// The whole machine at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub stamp: Stamp,
    /// Open and remembered activations, in the order of opening.
    pub activations: Vec<Activation>,
    /// The channels behind them.
    pub watches: Vec<Watch>,
    /// Stations that people work on.
    #[serde(default)]
    pub out_of_service: Vec<OutOfService>,
}

/// A record to go on from.
#[derive(Clone, Debug, PartialEq)]
pub enum Saved {
    /// Everything until then.
    Snapshot(Box<Snapshot>),
    /// One activation, as it then was.
    Transition(Box<Transition>),
    /// A station was taken out of service.
    OutOfService(Box<OutOfService>),
    /// It is in service again.
    BackInService(InstrumentId),
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
            out_of_service: self.out_of_service.values().cloned().collect(),
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
                        out_of_service,
                    } = *snapshot;
                    machine.out_of_service.clear();
                    machine.put_out_of_service(out_of_service);
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
                Saved::OutOfService(out) => {
                    last = latest(last, out.at);
                    machine.put_out_of_service([*out]);
                }
                Saved::BackInService(instrument) => {
                    machine.out_of_service.remove(&instrument);
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

    fn put_out_of_service(&mut self, out: impl IntoIterator<Item = OutOfService>) {
        for out in out {
            self.out_of_service.insert(out.instrument.clone(), out);
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
        if let Some(last) = last {
            self.trust(last, now);
        }
        self.begin_escalations(now);
        self.emergencies = self
            .open
            .values()
            .filter(|activation| activation.class >= Class::Emergency)
            .map(|activation| activation.order)
            .collect();
        self.inhibited = self
            .open
            .values()
            .filter(|activation| activation.inhibited_by.is_some())
            .map(|activation| activation.order)
            .collect();
        self.forget();
        if !(self.open.is_empty() && self.out_of_service.is_empty()) {
            self.wake_by(now.mono);
        }
    }
}

impl Machine {
    /// Records of before there was an escalation say of none that it waits for
    /// somebody: it does from now on.
    fn begin_escalations(&mut self, now: Stamp) {
        let table = self.config.escalation;
        for activation in self.open.values_mut() {
            if activation.ack.is_none() && activation.escalation.next().is_none() {
                let table = table.of(activation.class_max);
                activation.escalation.start(now.mono, table);
            }
        }
    }

    /// Ends, at the next tick, every shelf and every time out of service that the
    /// clock cannot vouch for.
    fn trust(&mut self, last: Stamp, now: Stamp) {
        for activation in self.open.values_mut() {
            activation.proposed_shelf = None;
            if let Some(shelf) = &mut activation.shelf
                && !shelf.is_sound(last, now.wall)
            {
                shelf.until = now.mono;
            }
        }
        for out in self.out_of_service.values_mut() {
            let is_sound =
                now.wall >= last.wall && out.at.wall <= now.wall && now.wall < out.until_wall;
            if !is_sound {
                out.until = now.mono;
            }
        }
    }
}

fn latest(last: Option<Stamp>, stamp: Stamp) -> Option<Stamp> {
    last.filter(|last| last.mono > stamp.mono).or(Some(stamp))
}
