//! Going on after a restart.

use super::machine::Faults;
use super::transition::FaultTransition;
use crate::activation::Stamp;
use crate::clock::Received;

impl Faults {
    /// All faults as their records say, going on at `now`: of each key the last
    /// record counts, and records come in the order they were made.
    ///
    /// Nothing is raised, cleared or told by it. The time we were down is taken
    /// from the wall clock; one that went backwards counts as no time at all.
    pub fn restored(saved: impl IntoIterator<Item = FaultTransition>, now: Received) -> Self {
        let mut faults = Self::default();
        let mut last: Option<Stamp> = None;
        for FaultTransition { stamp, fault, .. } in saved {
            faults.next_order = faults.next_order.max(fault.order.saturating_add(1));
            faults.open.remove(&fault.key);
            faults.closed.retain(|closed| closed.key != fault.key);
            if fault.is_open() {
                faults.open.insert(fault.key.clone(), fault);
            } else {
                faults.closed.push_back(fault);
            }
            last = last.filter(|last| last.mono > stamp.mono).or(Some(stamp));
        }
        if let Some(last) = last {
            let down = now.wall.as_nanos().saturating_sub(last.wall.as_nanos());
            faults.offset = i128::from(last.mono.as_nanos()) + i128::from(down.max(0))
                - i128::from(now.mono.as_nanos());
        }
        faults
    }
}
