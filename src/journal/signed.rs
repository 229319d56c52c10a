//! What is signed of a head, and by which key.
//!
//! No program of ours is needed to check it: the text is a few lines, the
//! signature is Ed25519 (RFC 8032), and `journal.pub` is PEM.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::activation::SignedHead;

/// What every signed text begins with: nothing else signed by this key can be
/// taken for a head.
const WHAT: &str = "pantau journal head v1";

/// What a public key begins with in PEM, before its 32 bytes: its algorithm
/// (RFC 8410).
const PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// The public half of a node's key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Base64 of its 32 bytes, as heads name it.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl PublicKey {
    pub(super) const fn new(key: VerifyingKey) -> Self {
        Self(key)
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of_bytes(&STANDARD.decode(text.trim()).ok()?)
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()?;
        Some(Self(key))
    }

    /// PEM, with an end of line.
    pub fn pem(&self) -> String {
        let der = [&PREFIX[..], self.0.as_bytes()].concat();
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(der))
    }
}

/// Every public key of a file: PEM, or the base64 of one on a line of its own.
pub fn public_keys(text: &str) -> Vec<PublicKey> {
    let of_line = |line: &str| {
        let bytes = STANDARD.decode(line.trim()).ok()?;
        PublicKey::of_bytes(bytes.strip_prefix(&PREFIX).unwrap_or(&bytes))
    };
    text.lines().filter_map(of_line).collect()
}

/// The lines that are signed: what it is, node, number, hash and time, each with
/// its end.
pub(super) fn signed_text(node: &str, seq: u64, hash: &str, at: &str) -> String {
    format!("{WHAT}\n{node}\n{seq}\n{hash}\n{at}\n")
}

/// Whether this key signed this head.
pub fn is_signed_by(head: &SignedHead, key: &PublicKey) -> bool {
    // Lines are told apart by their ends.
    let texts = [&head.node, &head.hash, &head.at];
    if texts.iter().any(|text| text.contains(char::is_control)) {
        return false;
    }
    let signature = STANDARD.decode(&head.signature).ok();
    let signature = signature.and_then(|bytes| Signature::from_slice(&bytes).ok());
    let text = signed_text(&head.node, head.seq, &head.hash, &head.at);
    signature.is_some_and(|signature| key.0.verify_strict(text.as_bytes(), &signature).is_ok())
}
