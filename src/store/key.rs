//! The instant a reading is stored under.

use crate::clock::Wall;
use crate::reading::Reading;

/// Nanoseconds in a millisecond: the room for telling readings of one
/// millisecond apart.
pub const NANOS_PER_MS: i64 = 1_000_000;

/// The instant a reading is stored under: [`Reading::at`] rounded down to the
/// millisecond, plus 0 to 999 999 ns that follow from its content and number.
///
/// Two readings of one instrument in one instant keep apart this way, and the
/// same one sent again lands on itself (interface.md section 4). Two different
/// ones meet by chance once in a million pairs of one millisecond; a store that
/// can look moves the later one on by a nanosecond.
pub fn point_time(reading: &Reading) -> Wall {
    // The last millisecond of the range is left out, so that the sum fits.
    let millis = reading
        .at()
        .as_millis()
        .clamp(i64::MIN / NANOS_PER_MS, i64::MAX / NANOS_PER_MS - 1);
    Wall::from_nanos(millis * NANOS_PER_MS + offset(reading))
}

fn offset(reading: &Reading) -> i64 {
    let mut mark = mix(reading.fingerprint);
    if let Some(sequence) = reading.sequence {
        mark = mix(mark ^ sequence.seq);
        mark = mix(mark ^ sequence.boot.map_or(0, |boot| boot.saturating_add(1)));
    }
    i64::try_from(mark % NANOS_PER_MS.unsigned_abs()).expect("below a million")
}

/// Spreads every input bit over all output bits (the finaliser of SplitMix64).
const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Mono, Received};
    use crate::reading::{
        Channels, Delivery, DeviceTime, Flags, InstrumentId, Sequence, TimeSource,
    };

    fn reading(at_ns: i64, fingerprint: u64, seq: Option<u64>) -> Reading {
        Reading {
            instrument: InstrumentId::new("roof").unwrap(),
            profile: "test".into(),
            received: Received {
                wall: Wall::from_nanos(5),
                mono: Mono::from_nanos(0),
            },
            device_time: DeviceTime::At(Wall::from_nanos(at_ns)),
            sequence: seq.map(|seq| Sequence { boot: None, seq }),
            channels: Channels::new(),
            position: None,
            flags: Flags::EMPTY,
            fingerprint,
            delivery: Delivery::default(),
        }
    }

    #[test]
    fn the_millisecond_stays_and_the_rest_follows_from_the_content() {
        for at_ns in [0, 1, -1, 1_700_000_000_123_456_789, -5_000_000_001] {
            let time = point_time(&reading(at_ns, 7, None));
            assert_eq!(time.as_millis(), Wall::from_nanos(at_ns).as_millis());
            assert_eq!(time, point_time(&reading(at_ns, 7, None)));
            assert_ne!(time, point_time(&reading(at_ns, 8, None)));
            assert_ne!(time, point_time(&reading(at_ns, 7, Some(1))));
            assert_ne!(
                point_time(&reading(at_ns, 7, Some(2))),
                point_time(&reading(at_ns, 7, Some(1)))
            );
        }
    }

    #[test]
    fn arrival_stands_in_for_a_missing_time() {
        let mut arrived = reading(0, 7, None);
        arrived.device_time = DeviceTime::Naive;
        arrived.received.wall = Wall::from_nanos(3_000_000);
        assert_eq!(arrived.time_source(), TimeSource::Arrival);
        assert_eq!(point_time(&arrived).as_millis(), 3);
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for at_ns in [i64::MIN, i64::MAX] {
            point_time(&reading(at_ns, u64::MAX, None));
        }
    }
}
