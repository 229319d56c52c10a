//! Curves, tubes and dead time on the way to canonical units.

use super::*;

/// A line `x,tube,told`: counts by the minute as counts and as dose rate.
fn normalised(line: &str, extra: &str, calibration: Calibration) -> Reading {
    let toml = format!(
        r#"
schema = 1
id = "test"
title = "Test"
class = "survey_meter"
status = "verified"
sources = [{{ what = "made up", grade = "S" }}]
unmatched = "rejected"
identity = {{ name = "test" }}
transport = {{ kind = "serial", baud = 9600 }}
framing = {{ kind = "line", max_bytes = 64 }}

[[message]]
name = "m"
format = {{ kind = "delimited", separator = ",", columns = ["x", "tube", "told"] }}

[[message.value]]
quantity = "dose_rate"
from = "x"
unit = "cpm"
{extra}

[[message.value]]
quantity = "count_rate"
radiation = "gamma"
from = "x"
unit = "cpm"
"#
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.toml");
    std::fs::write(&path, toml).unwrap();
    let profile = Arc::new(Profile::load(&path).unwrap());
    let mut decoder = Decoder::new(Arc::clone(&profile));
    let raw = match decoder.decode(line.as_bytes(), None).into_iter().next() {
        Some((_, Decoded::Reading(raw))) => raw,
        other => panic!("`{line}` gave {other:?}"),
    };
    let instrument = InstrumentId::new("007").unwrap();
    let normaliser = Normaliser::new(
        instrument,
        profile,
        calibration,
        None,
        crate::units::GY_TO_SV,
    );
    let arrival = Arrival {
        received: Received {
            wall: wall("2026-03-14T03:00:00Z"),
            mono: Mono::from_nanos(7),
        },
        delivery: Delivery::default(),
        fingerprint: 0,
    };
    normaliser.reading(&raw, &arrival)
}

/// The dose rate, or its lower bound behind `>=`, with the factor's text.
#[track_caller]
fn check(line: &str, extra: &str, calibration: Calibration, expected: &str) {
    let reading = normalised(line, extra, calibration);
    let channel = &reading.channels[0];
    let number = |amount: Amount| format!("{:.6}", amount.number());
    let value = match (channel.measured, channel.at_least) {
        (Ok(amount), _) => number(amount),
        (Err(missing), Some(bound)) => format!("{missing} >= {}", number(bound)),
        (Err(missing), None) => missing.to_string(),
    };
    let factor = channel.factor.as_ref().map_or("", |factor| &factor.text);
    assert_eq!(format!("{value} by {factor}"), expected, "`{line}`");
}

#[test]
fn curves() {
    let points = "sensitivity = { source = \"sheet\", points = [[100, 1], [200, 3]] }";
    let text = "100 cpm = 1 uSv/h, 200 cpm = 3 uSv/h";
    let plain = Calibration::default;
    check("50,,", points, plain(), &format!("0.500000 by {text}"));
    check("150,,", points, plain(), &format!("2.000000 by {text}"));
    check("300,,", points, plain(), &format!("5.000000 by {text}"));
    let steps = "sensitivity = { source = \"sheet\", divisors = [{ up_to = 100, base = 100 }, { base = 110, slope = -0.1 }] }";
    let text = "cpm / (100 up to 100; 110 - 0.1 cpm)";
    check("50,,", steps, plain(), &format!("0.500000 by {text}"));
    check("200,,", steps, plain(), &format!("2.222222 by {text}"));
    check("1100,,", steps, plain(), &format!("overrange by {text}"));
}

#[test]
fn the_tube_or_the_frame_tells_the_sensitivity() {
    let by = "sensitivity = { source = \"sheet\", by = { of = \"tube\", usv_h_per_cpm = { A = 0.01, B = 0.02 } } }";
    let plain = Calibration::default;
    check("50,A,", by, plain(), "0.500000 by 0.01 uSv/h per cpm (A)");
    check("50,B,", by, plain(), "1.000000 by 0.02 uSv/h per cpm (B)");
    // What is not known of the tube is not guessed; the counts stand.
    let reading = normalised("50,C,", by, plain());
    assert_eq!(reading.channels.len(), 1);
    assert!(reading.flags.contains(Flag::ValueRefused));

    let told = "sensitivity = { source = \"sheet\", cpm_per_usv_h_from = \"told\" }";
    check("50,,200", told, plain(), "0.250000 by 200 cpm per uSv/h");
    assert_eq!(normalised("50,,0", told, plain()).channels.len(), 1);
}

#[test]
fn a_calibration_goes_before_every_sensitivity() {
    let own = |factor, cpm_per_usv_h| Calibration {
        factor,
        cpm_per_usv_h,
        source: "certificate".to_owned(),
        valid_until: None,
    };
    let told = "sensitivity = { source = \"sheet\", cpm_per_usv_h_from = \"told\" }";
    check(
        "50,,200",
        told,
        own(None, Some(100.0)),
        "0.500000 by 100 cpm per uSv/h",
    );
    check(
        "50,,200",
        told,
        own(Some(2.0), None),
        "0.500000 by 200 cpm per uSv/h x 2",
    );
    let points = "sensitivity = { source = \"sheet\", points = [[100, 1]] }";
    check(
        "50,,",
        points,
        own(Some(2.0), None),
        "1.000000 by 100 cpm = 1 uSv/h x 2",
    );
}

#[test]
fn dead_time_is_corrected_and_saturation_is_over_range() {
    let dead = "sensitivity = { source = \"sheet\", cpm_per_usv_h = 60 }\ndead_time = { seconds = 0.001, source = \"sheet\" }";
    let plain = Calibration::default;
    let text = "60 cpm per uSv/h, dead time 0.001 s";
    // 100 a second, a tenth of the time dead.
    check("6000,,", dead, plain(), &format!("111.111111 by {text}"));
    check(
        "57000,,",
        dead,
        plain(),
        &format!("overrange >= 9500.000000 by {text}"),
    );
    let reading = normalised("6000,,", dead, plain());
    assert!(reading.flags.contains(Flag::DeadTimeCorrected));
    let reading = normalised("57000,,", dead, plain());
    assert!(reading.flags.contains(Flag::Overrange));
    // The counts have no dead time of their own in this profile.
    assert!(reading.channels[1].measured.is_ok());
}
