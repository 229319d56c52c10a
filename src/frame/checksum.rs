//! Checks that a frame is what the instrument sent.

use crate::profile::Checksum;

/// What a checksum says of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Good,
    /// It does not fit.
    Wrong {
        /// What the frame says.
        stored: u8,
        /// What its bytes give.
        computed: u8,
    },
    /// The frame does not begin as it must.
    NoStart,
    /// The frame ends before its checksum.
    Missing,
}

/// Checks `frame` by `rule`; upper and lower case digits are both good.
pub fn verify(rule: &Checksum, frame: &[u8]) -> Verdict {
    let Some(body) = frame.strip_prefix(rule.after.as_bytes()) else {
        return Verdict::NoStart;
    };
    let until = rule.until.as_bytes();
    let Some(end) = body
        .windows(until.len())
        .rposition(|window| window == until)
    else {
        return Verdict::Missing;
    };
    let (covered, tail) = body.split_at(end);
    let digits = tail.get(until.len()..).unwrap_or_default();
    let Some(stored) = hex_byte(digits) else {
        return Verdict::Missing;
    };
    let computed = covered.iter().fold(rule.seed, |sum, byte| sum ^ byte);
    if stored == computed {
        Verdict::Good
    } else {
        Verdict::Wrong { stored, computed }
    }
}

/// Exactly two hex digits, blanks after them allowed.
fn hex_byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?.trim_end();
    if text.len() != 2 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(text, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::schema::ChecksumMode;
    use proptest::prelude::*;

    fn nmea() -> Checksum {
        Checksum {
            after: "$".to_owned(),
            until: "*".to_owned(),
            seed: 0,
            mode: ChecksumMode::Require,
        }
    }

    #[track_caller]
    fn check(frame: &str, expected: Verdict) {
        assert_eq!(verify(&nmea(), frame.as_bytes()), expected, "{frame}");
    }

    #[test]
    fn a_real_sentence_and_its_injuries() {
        let good =
            "$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c";
        check(good, Verdict::Good);
        check(&good.replace("*5c", "*5C"), Verdict::Good);
        check(
            &good.replace(",7,3,7,", ",8,3,7,"),
            Verdict::Wrong {
                stored: 0x5c,
                computed: 0x53,
            },
        );
        check(good.trim_start_matches('$'), Verdict::NoStart);
        check(good.trim_end_matches("*5c"), Verdict::Missing);
        check(good.trim_end_matches('c'), Verdict::Missing);
        check("", Verdict::NoStart);
    }

    proptest! {
        #[test]
        fn one_flipped_bit_never_passes(body in "[0-9A-Z,.]{1,60}", at in 0usize..600, bit in 0u8..8) {
            let sum = body.bytes().fold(0u8, |sum, byte| sum ^ byte);
            let frame = format!("${body}*{sum:02X}").into_bytes();
            prop_assert_eq!(verify(&nmea(), &frame), Verdict::Good);
            let mut broken = frame.clone();
            let at = at % broken.len();
            broken[at] ^= 1 << bit;
            // Only the case of a hex digit may change without harm.
            let same = broken.eq_ignore_ascii_case(&frame) && at + 2 >= frame.len();
            prop_assert_eq!(verify(&nmea(), &broken) == Verdict::Good, same);
        }
    }
}
