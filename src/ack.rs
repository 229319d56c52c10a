//! The token that travels with a reading until it is safely on disk.

use tokio::sync::mpsc;

/// Which message of which connection a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Counts the source's connections; a token of an older one is void.
    pub generation: u64,
    /// Order of receipt within the connection, from 0.
    pub order: u64,
}

/// The right to acknowledge one message to its source, once.
///
/// It cannot be cloned. Dropping it acknowledges nothing: the source will send
/// the message again.
#[derive(Debug)]
pub struct Ack {
    receipt: Receipt,
    source: mpsc::Sender<Receipt>,
}

impl Ack {
    /// A token that reports to `source`, whose queue must hold at least as many
    /// receipts as the source lets be outstanding.
    pub const fn new(receipt: Receipt, source: mpsc::Sender<Receipt>) -> Self {
        Self { receipt, source }
    }

    /// Tells the source that the message is safe.
    pub fn release(self) {
        // A full or closed queue means that the source has lost the connection
        // this receipt belongs to; the message will come again.
        self.source.try_send(self.receipt).ok();
    }
}
