//! What is open when the daemon starts.

use crate::activation::{ActivationView, FaultView};

/// What subscribers that keep a state have to keep fresh from the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing<'a> {
    /// Open activations.
    pub activations: &'a [ActivationView],
    /// Open faults.
    pub faults: &'a [FaultView],
}
