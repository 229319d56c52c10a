//! Detectors that collapsed after a rise (SN-3): what they say later may raise,
//! and lowers nothing, for nobody knows whether they measure.
//!
//! The distrust ends by a person, who acknowledges a version of the activation that
//! shows the collapse (the rule SN-3 among its rules), or by another instrument at
//! that place, of the site or within the radius, with a valid reading below the
//! level. It goes on across restarts. While a detector still reads too low its
//! readings are over-range as before, whoever said what.

use smallvec::SmallVec;

use super::condition::Sample;
use super::machine::{Judged, Machine};
use super::place::{self, Place};
use super::settle::Touch;
use super::state::{Activation, ChannelKey, Stamp};
use crate::criteria::{ChannelVerdict, Rule};
use crate::reading::Quantity;

/// Whether a reading's channel is that of a collapsed detector.
pub(super) fn is_one(judged: &Judged<'_>, verdict: &ChannelVerdict) -> bool {
    verdict.quantity == Quantity::DoseRate && judged.judgement.also.contains(Rule::Sn3)
}

impl Machine {
    /// Whether a detector is distrusted; asked for each reading.
    pub(super) fn is_any_distrusted(&mut self) -> bool {
        // A look at all channels only while there may be one.
        self.has_distrusted =
            self.has_distrusted && self.watches.values().any(|watch| watch.is_distrusted);
        self.has_distrusted
    }

    /// Whether one behind an activation is.
    pub(super) fn is_distrusted(&self, activation: &Activation) -> bool {
        self.watches
            .values()
            .any(|watch| watch.is_distrusted && watch.current == activation.id)
    }

    /// Another instrument speaks for what a distrusted one should see.
    pub(super) fn vouch(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        key: &ChannelKey,
        sample: &Sample,
        touched: &mut SmallVec<[Touch; 2]>,
    ) {
        let place = Place::of(judged.reading, judged.place);
        let located = place::located(judged.reading.position.as_ref(), &place);
        let at = located.map(|located| located.at);
        for watch in self.watches.values_mut() {
            let is_other = watch.key.instrument != key.instrument
                && (watch.key.quantity, watch.key.subject) == (key.quantity, key.subject);
            let level = watch.condition.level();
            let is_below = sample.class < level && sample.value.is_some();
            if !(watch.is_distrusted && is_other && is_below) {
                continue;
            }
            let Some(activation) = self
                .open
                .values()
                .find(|activation| activation.id == watch.current)
            else {
                continue;
            };
            let member = activation.member(&watch.key);
            let seen_at = activation
                .place
                .position()
                .or_else(|| member.and_then(|member| member.highest.at));
            let is_near = seen_at
                .zip(at)
                .is_some_and(|(seen, at)| seen.metres_to(at) <= self.config.radius_m);
            if is_near || (place != Place::Area && activation.is_at(&place)) {
                watch.is_distrusted = false;
                watch.saved = Some(now.mono);
                Touch::find(touched, activation.order).moved = true;
            }
        }
    }

    /// A person has seen the version that shows it.
    pub(super) fn trust_again(&mut self, order: u64) {
        let Some(activation) = self.open.get(&order) else {
            return;
        };
        for watch in self.watches.values_mut() {
            if watch.current == activation.id {
                watch.is_distrusted = false;
            }
        }
    }
}
