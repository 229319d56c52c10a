//! Numbers from the wire into canonical units, and what stays beside them.

mod conversion;

use super::*;
use crate::clock::{Mono, Wall};
use crate::decode::{Decoded, Decoder};

/// A line `value,unit,state,lat,lon`: the value as dose rate and, where the unit
/// is a count rate, also as counts.
const PROFILE: &str = r#"
schema = 1
id = "test"
title = "Test"
class = "survey_meter"
status = "verified"
sources = [{ what = "made up", grade = "S" }]
unmatched = "rejected"
identity = { name = "test" }
transport = { kind = "serial", baud = 9600 }
framing = { kind = "line", max_bytes = 64 }

[[message]]
name = "m"
format = { kind = "delimited", separator = ",", columns = ["x", "unit", "state", "lat", "lon"] }
position = { form = "degrees", lat = "lat", lon = "lon", void = { lat = ["void"] } }
status = [{ flag = "overload", when = { state = ["O"] } }]

[[message.value]]
quantity = "dose_rate"
from = "x"
unit_from = "unit"
ceiling = 1e300
sensitivity = { cpm_per_usv_h = 100, source = "sheet" }
when = { state = ["", "O"] }

[[message.value]]
quantity = "dose"
from = "x"
unit_from = "unit"
when = { state = ["dose"] }

[[message.value]]
quantity = "count_rate"
radiation = "beta"
from = "x"
unit_from = "unit"
when = { state = ["counts"] }
"#;

fn profile(extra: &str) -> Arc<Profile> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.toml");
    std::fs::write(&path, format!("{extra}\n{PROFILE}")).unwrap();
    Arc::new(Profile::load(&path).unwrap())
}

fn wall(text: &str) -> Wall {
    Wall::parse_rfc3339(text).unwrap()
}

/// What a line becomes.
#[derive(Default)]
struct Case {
    /// Root keys of the profile.
    profile: &'static str,
    calibration: Calibration,
    position: Option<Position>,
    retained: bool,
}

impl Case {
    #[track_caller]
    fn reading(&self, line: &str) -> Reading {
        let profile = profile(self.profile);
        let mut decoder = Decoder::new(Arc::clone(&profile));
        let raw = match decoder.decode(line.as_bytes(), None).into_iter().next() {
            Some((_, Decoded::Reading(raw))) => raw,
            other => panic!("`{line}` gave {other:?}"),
        };
        let instrument = InstrumentId::new("007").unwrap();
        let normaliser = Normaliser::new(
            instrument,
            profile,
            self.calibration.clone(),
            self.position,
            crate::units::GY_TO_SV,
        );
        let arrival = Arrival {
            received: Received {
                wall: wall("2026-03-14T03:00:00Z"),
                mono: Mono::from_nanos(7),
            },
            delivery: Delivery {
                retained: self.retained,
                redelivered: false,
            },
            fingerprint: fingerprint(line.as_bytes()),
        };
        normaliser.reading(&raw, &arrival)
    }

    /// The value in its canonical unit, to nine digits, and the factor behind it.
    #[track_caller]
    fn check(&self, line: &str, value: f64, factor: Option<(&str, &str)>) {
        let reading = self.reading(line);
        let channel = &reading.channels[0];
        let got = channel.measured.unwrap().number();
        assert!(
            (got - value).abs() <= 1e-9 * value.abs(),
            "`{line}` gave {got}"
        );
        let kept = channel.factor.as_deref();
        let kept = kept.map(|factor| (factor.text.as_str(), factor.source.as_str()));
        assert_eq!(kept, factor, "`{line}`");
    }
}

fn calibrated_by(factor: Option<f64>, cpm_per_usv_h: Option<f64>) -> Case {
    Case {
        calibration: Calibration {
            factor,
            cpm_per_usv_h,
            source: "certificate".to_owned(),
            valid_until: None,
        },
        ..Case::default()
    }
}

#[test]
fn each_number_is_converted_once() {
    let plain = Case::default();
    let of_sheet = Some(("100 cpm per uSv/h", "sheet"));
    for (line, value, factor) in [
        ("7,uSv/h,,,", 7.0, None),
        ("7,nSv/h,,,", 0.007, None),
        ("7,mSv/h,,,", 7000.0, None),
        ("120,uR/h,,,", 1.2, Some(("10 mSv per R", "convention"))),
        ("7,cpm,,,", 0.07, of_sheet),
        ("7,cps,,,", 4.2, of_sheet),
        ("7,mSv,dose,,", 7000.0, None),
        ("90,cpm,counts,,", 1.5, None),
        ("0,uSv/h,,,", 0.0, None),
    ] {
        plain.check(line, value, factor);
    }
    let channel = &plain.reading("7,cpm,,,").channels[0];
    let raw = channel.raw.unwrap();
    assert_eq!((raw.value, raw.unit), (Number::Int(7), "cpm"));
}

#[test]
fn the_calibration_goes_before_the_profile_and_stays_with_the_value() {
    let both = calibrated_by(Some(1.1), Some(200.0));
    let certificate = |text| Some((text, "certificate"));
    both.check("100,cpm,,,", 0.55, certificate("200 cpm per uSv/h x 1.1"));
    both.check("100,uSv/h,,,", 110.0, certificate("x 1.1"));
    both.check("100,uSv,dose,,", 110.0, certificate("x 1.1"));
    let with_convention = Some(("10 mSv per R, x 1.1", "convention; certificate"));
    both.check("100,uR/h,,,", 1.1, with_convention);
    // Counts are what they are.
    both.check("60,cpm,counts,,", 1.0, None);

    let own = calibrated_by(None, Some(200.0));
    own.check("100,cpm,,,", 0.5, certificate("200 cpm per uSv/h"));
    own.check("100,uSv/h,,,", 100.0, None);

    let by = calibrated_by(Some(0.5), None);
    by.check("100,cpm,,,", 0.5, certificate("100 cpm per uSv/h x 0.5"));
}

#[test]
fn a_lower_bound_is_converted_like_a_value() {
    let reading = calibrated_by(Some(2.0), None).reading("7,mSv/h,O,,");
    let channel = &reading.channels[0];
    assert_eq!(channel.measured, Err(NoValue::Overrange));
    assert_eq!(channel.at_least.map(Amount::number), Some(14_000.0));
    assert_eq!(channel.raw.map(|raw| raw.unit), Some("mSv/h"));
    assert!(reading.flags.contains(Flag::Overrange));
}

#[test]
fn a_number_too_high_for_its_unit_is_over_range_and_not_infinite() {
    let reading = Case::default().reading("1e298,Sv/s,,,");
    let finite = reading.channels[0].measured.unwrap().number();
    assert!(finite.is_finite());
    let beyond = Case::default().reading("1e299,Sv/s,,,");
    assert_eq!(beyond.channels[0].measured, Err(NoValue::Overrange));
    assert!(beyond.flags.contains(Flag::Overrange));
}

#[test]
fn conventions_are_flagged_and_gray_is_the_profiles() {
    let own = "gy_to_sv = 1.0";
    let (gray, roentgen) = (Flag::GrayConverted, Flag::RoentgenConverted);
    for (profile, line, value, flag, factor) in [
        ("", "1,uGy/h,,,", 1.2, gray, "1.2 Sv per Gy"),
        (own, "1,uGy/h,,,", 1.0, gray, "1 Sv per Gy"),
        (own, "100,uR/h,,,", 1.0, roentgen, "10 mSv per R"),
        ("", "1,mGy,dose,,", 1200.0, gray, "1.2 Sv per Gy"),
    ] {
        let case = Case {
            profile,
            ..Case::default()
        };
        case.check(line, value, Some((factor, "convention")));
        let flags = case.reading(line).flags;
        let conventions = [Flag::GrayConverted, Flag::RoentgenConverted];
        let set: Vec<Flag> = flags.iter().filter(|f| conventions.contains(f)).collect();
        assert_eq!(set, [flag], "`{line}`");
    }
}

#[test]
fn a_calibration_that_ran_out_is_flagged_from_the_next_instant_on() {
    for (until, is_expired) in [
        (None, false),
        (Some("2026-03-14T02:59:59.999999999Z"), true),
        (Some("2026-03-14T03:00:00Z"), false),
        (Some("2027-01-01T00:00:00Z"), false),
    ] {
        let mut case = calibrated_by(None, None);
        case.calibration.valid_until = until.map(wall);
        let flags = case.reading("7,uSv/h,,,").flags;
        assert_eq!(
            flags.contains(Flag::CalibrationExpired),
            is_expired,
            "{until:?}"
        );
    }
}

#[test]
fn the_frames_own_position_goes_before_the_configured_one() {
    let configured = Position::new(-6.2, 106.8, PositionSource::Configured);
    let fixed = Case {
        position: configured,
        ..Case::default()
    };
    let moving = Case::default();
    let own = Position::new(1.0, 2.0, PositionSource::Frame);
    for (line, of_fixed, of_moving) in [
        ("7,uSv/h,,1,2", own, own),
        // Void or impossible: a fixed one is still where it is, a moving one
        // may be anywhere.
        ("7,uSv/h,,void,2", configured, None),
        ("7,uSv/h,,91,2", configured, None),
        ("7,uSv/h,,,", configured, None),
    ] {
        assert_eq!(fixed.reading(line).position, of_fixed, "`{line}`");
        assert_eq!(moving.reading(line).position, of_moving, "`{line}`");
    }
}

#[test]
fn a_reading_says_how_it_came() {
    let case = Case {
        retained: true,
        ..Case::default()
    };
    let reading = case.reading("7,uSv/h,,,");
    assert!(reading.flags.contains(Flag::Retained));
    assert!(reading.delivery.retained);
    assert_eq!(reading.instrument.as_str(), "007");
    assert_eq!(&*reading.profile, "test");
    assert_eq!(reading.received.wall, wall("2026-03-14T03:00:00Z"));
    assert_eq!(reading.fingerprint, fingerprint(b"7,uSv/h,,,"));
    assert!(
        !Case::default()
            .reading("7,uSv/h,,,")
            .flags
            .contains(Flag::Retained)
    );
}

/// Stored, and compared with stored ones: it may never change. XXH64 with seed
/// 0; the first is the reference implementation's own check value.
#[test]
fn the_fingerprint_is_the_same_for_ever() {
    for (bytes, expected) in [
        (&b""[..], 0xef46_db37_51d8_e999),
        (b"a", 0xd24e_c4f1_a98c_6e5b),
        (
            b"$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c",
            0x6ac2_f2a4_34f8_1f83,
        ),
    ] {
        assert_eq!(fingerprint(bytes), expected, "{bytes:?}");
    }
    assert_ne!(fingerprint(b"CPS, 1"), fingerprint(b"CPS, 2"));
}
