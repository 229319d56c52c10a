//! Instruments with a reading at a level that waits for more counts: each waits
//! as long, so the first to begin is the first to be over.

use std::collections::VecDeque;

use crate::clock::Mono;
use crate::source::InstrumentIndex;

/// Who waits, by when it is over.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queue: VecDeque<(Mono, InstrumentIndex)>,
}

impl Waiting {
    /// An instrument waits until `due`.
    pub(super) fn begin(&mut self, due: Mono, at: InstrumentIndex) {
        self.queue.push_back((due, at));
    }

    /// When the first is over.
    pub(super) fn next(&self) -> Option<Mono> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// One that is over by `now`. It may have been decided meanwhile.
    pub(super) fn over(&mut self, now: Mono) -> Option<InstrumentIndex> {
        self.queue
            .pop_front_if(|(due, _)| *due <= now)
            .map(|(_, at)| at)
    }
}
