//! Framings that need the time of arrival: by pauses, and counting of bytes.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Framed, HEAD_BYTES};
use crate::clock::Mono;

/// Frames between pauses, or of a fixed length that begin after one.
#[derive(Debug)]
pub(super) struct PauseFramer {
    gap: Duration,
    max_bytes: usize,
    /// Whether a frame is whole when it has `max_bytes`, not at the pause.
    fixed: bool,
    buffer: BytesMut,
    /// Bytes of the present frame beyond `max_bytes`; they were dropped.
    beyond: usize,
    last: Mono,
    ready: VecDeque<Framed>,
}

impl PauseFramer {
    pub(super) fn new(gap: Duration, max_bytes: usize, fixed: bool) -> Self {
        Self {
            gap,
            max_bytes,
            fixed,
            buffer: BytesMut::new(),
            beyond: 0,
            last: Mono::from_nanos(0),
            ready: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], at: Mono) {
        self.tick(at);
        self.last = at;
        if self.fixed {
            self.buffer.extend_from_slice(bytes);
            while self.max_bytes > 0 && self.buffer.len() >= self.max_bytes {
                let frame = self.buffer.split_to(self.max_bytes).freeze();
                self.ready.push_back(Framed::Frame(frame));
            }
        } else {
            let room = self.max_bytes.saturating_sub(self.buffer.len());
            let taken = bytes.get(..room).unwrap_or(bytes);
            self.buffer.extend_from_slice(taken);
            self.beyond += bytes.len() - taken.len();
        }
    }

    pub(super) fn next_frame(&mut self) -> Option<Framed> {
        self.ready.pop_front()
    }

    pub(super) fn deadline(&self) -> Option<Mono> {
        (!self.buffer.is_empty()).then(|| self.last.saturating_add(self.gap))
    }

    pub(super) fn tick(&mut self, now: Mono) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.close();
        }
    }

    pub(super) fn finish(&mut self) -> Option<Framed> {
        self.close();
        self.ready.pop_front()
    }

    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.beyond = 0;
        self.ready.clear();
    }

    /// Ends the present frame.
    fn close(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let bytes = self.buffer.split().freeze();
        let beyond = std::mem::take(&mut self.beyond);
        self.ready.push_back(if self.fixed {
            Framed::Unfinished(bytes)
        } else if beyond > 0 {
            Framed::TooLong {
                dropped: bytes.len() + beyond,
                head: bytes.slice(..bytes.len().min(HEAD_BYTES)),
            }
        } else {
            Framed::Frame(bytes)
        });
    }
}

/// Windows without an event that are still counted as zero events. After more of
/// them the detector counts as silent: a zero for ever would look like health.
const QUIET_WINDOWS: u32 = 10;

/// Counts bytes; a frame is their number in one window and the window's seconds,
/// as `25 10`.
#[derive(Debug)]
pub(super) struct EventCounter {
    window: Duration,
    /// End of the present window; absent while the detector is silent.
    end: Option<Mono>,
    counted: u64,
    quiet: u32,
    ready: VecDeque<Framed>,
}

impl EventCounter {
    pub(super) const fn new(window: Duration) -> Self {
        Self {
            window,
            end: None,
            counted: 0,
            quiet: 0,
            ready: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8], at: Mono) {
        self.tick(at);
        if self.end.is_none() {
            self.end = Some(at.saturating_add(self.window));
        }
        self.counted = self.counted.saturating_add(bytes.len() as u64);
    }

    pub(super) fn next_frame(&mut self) -> Option<Framed> {
        self.ready.pop_front()
    }

    pub(super) const fn deadline(&self) -> Option<Mono> {
        self.end
    }

    /// Closes every window that has ended.
    pub(super) fn tick(&mut self, now: Mono) {
        while let Some(end) = self.end.filter(|end| *end <= now) {
            self.quiet = if self.counted == 0 { self.quiet + 1 } else { 0 };
            if self.quiet > QUIET_WINDOWS {
                self.end = None;
                self.quiet = 0;
                return;
            }
            self.close();
            self.end = Some(end.saturating_add(self.window));
        }
    }

    /// The window that the end of the stream cuts short is no measurement: its
    /// length is not known.
    pub(super) fn finish(&mut self) -> Option<Framed> {
        self.end = None;
        self.counted = 0;
        self.ready.pop_front()
    }

    fn close(&mut self) {
        let counted = std::mem::take(&mut self.counted);
        let text = format!("{counted} {}", self.window.as_secs_f64());
        self.ready.push_back(Framed::Frame(Bytes::from(text)));
    }
}
