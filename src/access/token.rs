//! Tokens, and the hashes by which they are known.
//!
//! A token is made by us from 256 random bits. Nobody can try all of them, so
//! one fast round of SHA-256 keeps it as safe as a slow hash would, and costs
//! an attacker more requests than us time. A slow hash (argon2, scrypt, bcrypt)
//! is for passwords, which people choose from a few million; here it would only
//! let whoever sends rubbish burn our processor. So a password is no token:
//! what has not the form of a random number never passes, whatever its hash.

use std::fmt;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// What every token of ours begins with, so that one that leaked is recognised
/// by those who scan for them.
const MARK: &str = "pantau_";

/// Fewest random bits of a token: 128, as hexadecimal digits.
const DIGITS_MIN: usize = 32;

/// How a hash is written.
const KIND: &str = "sha256:";

/// What a token looks like, for people.
pub const FORM: &str = "at least 32 hexadecimal digits, as `pantau token new` makes them";

/// A token from random bits.
pub fn token_of(random: &[u8; 32]) -> String {
    format!("{MARK}{}", hex(random))
}

/// Whether it looks like a token: at least 128 bits, written in hexadecimal,
/// with or without our mark.
pub fn has_form(token: &str) -> bool {
    let digits = token.strip_prefix(MARK).unwrap_or(token);
    digits.len() >= DIGITS_MIN && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// The SHA-256 of a token.
///
/// It tells nothing about the token, so it may stand in the configuration.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Reads `sha256:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(KIND)?.as_bytes();
        let mut hash = [0; 32];
        if digits.len() != 2 * hash.len() {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair.first()?, pair.get(1)?].map(|c| char::from(*c).to_digit(16));
            *byte = u8::try_from(high? * 16 + low?).ok()?;
        }
        Some(Self(hash))
    }

    /// Whether both are the same; the time it takes does not tell where they
    /// differ.
    pub fn is(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(other.0);
        pairs.fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", hex(&self.0))
    }
}

/// Not its digits: whoever sees a log need not see what opens the door, not
/// even hashed.
impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_random_numbers_are_tokens() {
        assert!(has_form(&token_of(&[0xa5; 32])));
        assert!(has_form("0123456789abcdefABCDEF0123456789"));
        for no in [
            "",
            "pantau_",
            "0123456789abcdef0123456789abcde",
            "correct horse battery staple, of course",
            "pantau_correcthorsebatterystapleofcourse",
        ] {
            assert!(!has_form(no), "{no}");
        }
    }

    #[test]
    fn a_hash_is_read_back_and_knows_its_token() {
        let hash = TokenHash::of("abc");
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert!(TokenHash::parse(text).unwrap().is(&hash));
        assert!(
            TokenHash::parse(&text.to_uppercase().replace("SHA", "sha"))
                .unwrap()
                .is(&hash)
        );
        assert!(!hash.is(&TokenHash::of("abd")));
        assert_eq!(format!("{hash:?}"), "TokenHash(***)");
        for no in [
            "",
            "sha256:",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha256:ba7816bf",
            "sha256:+a7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
        ] {
            assert!(TokenHash::parse(no).is_none(), "{no}");
        }
    }
}
