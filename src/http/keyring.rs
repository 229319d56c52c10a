//! The tokens that open the door, and what each makes its holder.

use std::sync::Arc;

use crate::access::{Caller, Role, TokenHash, has_form};
use crate::clock::Wall;

/// Before this the wall clock is plainly wrong: 2026-01-01, when there was no
/// Pantau yet.
///
/// A machine whose clock lost its battery starts in 1970, and every token would
/// be good again. So as long as the clock shows such a time, a token that
/// expires opens the door for reading alone. That silences nothing and hides
/// nothing; whoever sets the clock right may act at once.
const CLOCK_FROM: Wall = Wall::from_nanos(1_767_225_600_000_000_000);

/// One token.
#[derive(Clone, Debug)]
pub struct Key {
    /// Whose it is; `None` for the shared one of `http.token_file`, which may
    /// be any text.
    pub name: Option<Arc<str>>,
    /// What it makes its holder.
    pub role: Role,
    /// Of the token.
    pub hash: TokenHash,
    /// From then on it opens nothing.
    pub expires: Option<Wall>,
}

/// Who came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) caller: Caller,
    /// The token expires, and the clock can't say when that is.
    pub(super) is_clock_doubted: bool,
}

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// None was given.
    Missing,
    /// No token of ours.
    Unknown,
    /// One of ours, once.
    Expired,
}

/// All tokens.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyring(Vec<Key>);

impl Keyring {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        Self(keys)
    }

    /// Nobody needs a token.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose token it is.
    ///
    /// Whatever is given, even nothing, is hashed and compared with every hash,
    /// so that the time taken tells neither which token came close nor whether
    /// there was one.
    pub(super) fn find(&self, given: Option<&str>, now: Wall) -> Result<Entry, NoEntry> {
        let hash = TokenHash::of(given.unwrap_or_default());
        let is_random = has_form(given.unwrap_or_default());
        let mut found = None;
        for key in &self.0 {
            let is_it = key.hash.is(&hash) & (is_random | key.name.is_none());
            found = if is_it { Some(key) } else { found };
        }
        if given.is_none() {
            return Err(NoEntry::Missing);
        }
        let key = found.ok_or(NoEntry::Unknown)?;
        if key.expires.is_some_and(|expires| expires <= now) {
            return Err(NoEntry::Expired);
        }
        let is_clock_doubted = key.expires.is_some() && now < CLOCK_FROM;
        let role = if is_clock_doubted {
            Role::Viewer
        } else {
            key.role
        };
        Ok(Entry {
            caller: Caller {
                name: key.name.clone(),
                role,
            },
            is_clock_doubted,
        })
    }
}
