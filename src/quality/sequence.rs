//! DQ-07: a message that came before, and a sequence number used twice.

use crate::reading::words;

words! {
    /// How a message stands to the ones received before it.
    pub enum Arrived {
        /// Nothing like it came before.
        Fresh = "fresh",
        /// The same device, sequence number, time and value: sent again.
        Duplicate = "duplicate",
        /// The same device and sequence number, but another value.
        Conflict = "conflict",
    }
}

/// What tells two messages apart.
///
/// A device that was restarted counts from the start: its boot counter belongs
/// into `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<D, S, T, V> {
    /// Who sent it.
    pub device: D,
    /// Its number. Without one, nothing can be said.
    pub sequence: Option<S>,
    /// The time it was measured at, as sent.
    pub time: T,
    /// What it says: a value, or a fingerprint of the frame.
    pub value: V,
}

impl<D: PartialEq, S: PartialEq, T: PartialEq, V: PartialEq> Message<D, S, T, V> {
    /// Compares with every message that came before.
    ///
    /// A copy wins over a conflict: it has been through here already. The same
    /// number and value at another time is neither, for it hides nothing.
    pub fn arrived<'a>(&self, previous: impl IntoIterator<Item = &'a Self>) -> Arrived
    where
        Self: 'a,
    {
        let mut arrived = Arrived::Fresh;
        for earlier in previous {
            match self.against(earlier) {
                Arrived::Duplicate => return Arrived::Duplicate,
                Arrived::Conflict => arrived = Arrived::Conflict,
                Arrived::Fresh => {}
            }
        }
        arrived
    }

    fn against(&self, earlier: &Self) -> Arrived {
        let same_number = self.sequence.is_some()
            && self.sequence == earlier.sequence
            && self.device == earlier.device;
        match (same_number, self.value == earlier.value) {
            (true, true) if self.time == earlier.time => Arrived::Duplicate,
            (true, false) => Arrived::Conflict,
            (true, true) | (false, _) => Arrived::Fresh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = Message<&'static str, u32, u32, u32>;

    fn line(device: &'static str, seq: u32, time: u32, value: u32) -> Line {
        Message {
            device,
            sequence: Some(seq),
            time,
            value,
        }
    }

    #[track_caller]
    fn check(previous: &[Line], expected: Arrived) {
        assert_eq!(line("a", 7, 100, 5).arrived(previous), expected);
    }

    #[test]
    fn only_the_same_message_is_a_copy() {
        check(&[], Arrived::Fresh);
        check(&[line("a", 7, 100, 5)], Arrived::Duplicate);
        check(&[line("b", 7, 100, 5)], Arrived::Fresh);
        check(&[line("a", 8, 100, 5)], Arrived::Fresh);
        check(&[line("a", 7, 101, 5)], Arrived::Fresh);
    }

    #[test]
    fn another_value_under_one_number_is_a_conflict() {
        check(&[line("a", 7, 100, 6)], Arrived::Conflict);
        check(&[line("a", 7, 101, 6)], Arrived::Conflict);
        check(
            &[line("a", 7, 100, 6), line("a", 7, 100, 5)],
            Arrived::Duplicate,
        );
        check(
            &[line("a", 7, 100, 6), line("a", 8, 100, 5)],
            Arrived::Conflict,
        );
    }

    #[test]
    fn without_a_number_every_message_is_new() {
        let bare = Line {
            sequence: None,
            ..line("a", 0, 100, 5)
        };
        assert_eq!(bare.arrived(&[bare]), Arrived::Fresh);
    }
}
