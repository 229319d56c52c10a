//! Messages of one connection that are not acknowledged yet, in order of
//! receipt.

use std::collections::VecDeque;

use rumqttc::Publish;

use crate::ack::Receipt;

/// The messages received and not yet acknowledged.
#[derive(Debug)]
pub(super) struct Window {
    generation: u64,
    /// Order number of the oldest entry.
    first: u64,
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Without topic and payload: only what an acknowledgement needs.
    publish: Publish,
    done: bool,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self {
            generation: 0,
            first: 0,
            entries: VecDeque::new(),
        }
    }

    /// A new connection: the broker forgets what was under way, and so do we.
    pub(super) fn new_connection(&mut self) {
        self.generation += 1;
        self.first = 0;
        self.entries.clear();
    }

    /// Notes a message and gives the receipt for it.
    pub(super) fn take(&mut self, publish: Publish) -> Receipt {
        let order = self.first + self.entries.len() as u64;
        self.entries.push_back(Entry {
            publish,
            done: false,
        });
        Receipt {
            generation: self.generation,
            order,
        }
    }

    /// Its reading is safe. Receipts of an older connection change nothing.
    pub(super) fn done(&mut self, receipt: Receipt) {
        if receipt.generation != self.generation {
            return;
        }
        let at = receipt
            .order
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            entry.done = true;
        }
    }

    /// Whether the oldest message can be acknowledged.
    pub(super) fn has_ready(&self) -> bool {
        self.entries.front().is_some_and(|entry| entry.done)
    }

    /// The oldest message, if it can be acknowledged.
    pub(super) fn next_ready(&self) -> Option<&Publish> {
        self.entries
            .front()
            .filter(|entry| entry.done)
            .map(|entry| &entry.publish)
    }

    /// The oldest message has been acknowledged.
    pub(super) fn acknowledged(&mut self) {
        if self.entries.pop_front().is_some() {
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rumqttc::QoS;

    fn publish(pkid: u16) -> Publish {
        let mut publish = Publish::new("t", QoS::AtLeastOnce, "");
        publish.pkid = pkid;
        publish
    }

    fn drain(window: &mut Window) -> Vec<u16> {
        let mut acked = Vec::new();
        while let Some(publish) = window.next_ready() {
            acked.push(publish.pkid);
            window.acknowledged();
        }
        acked
    }

    #[test]
    fn acknowledgements_keep_the_order_of_receipt() {
        let mut window = Window::new();
        window.new_connection();
        let [a, b, c] = [1, 2, 3].map(|pkid| window.take(publish(pkid)));
        window.done(c);
        window.done(b);
        assert!(drain(&mut window).is_empty());
        window.done(a);
        assert_eq!(drain(&mut window), [1, 2, 3]);
        let d = window.take(publish(4));
        window.done(d);
        window.done(a);
        assert_eq!(drain(&mut window), [4]);
    }

    #[test]
    fn a_receipt_dies_with_its_connection() {
        let mut window = Window::new();
        window.new_connection();
        let old = window.take(publish(1));
        window.new_connection();
        let new = window.take(publish(1));
        window.done(old);
        assert!(
            !window.has_ready(),
            "an old receipt acknowledged a new message"
        );
        window.done(new);
        assert_eq!(drain(&mut window), [1]);
    }
}
