//! Numbers that are none, units, status, time, place, copies, and several
//! channels in one reading.

use serde_json::{Value, json};

use super::{answer, check, counts, environment, with};
use pantau::criteria::Policy;

const TIO3: &str = "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G";
const TIO2: &str = "EMERGENCY T3.1-I-2 +ESC-TIO2-G";

#[test]
fn what_is_no_number() {
    for value in [
        json!("NaN"),
        json!("nan"),
        json!("Infinity"),
        json!("-Infinity"),
        json!("inf"),
        json!("0,11"),
        json!("1.5 uSv/h"),
        json!(""),
        json!("0x10"),
        json!("1_000"),
        json!(true),
        json!(false),
        Value::Null,
    ] {
        check(&environment(value), "INVALID DQ-01 !NOT_A_NUMBER @REJECT");
    }
    check(&environment("150"), TIO2);
    check(&environment(" 1.5 "), TIO3);
    for negative in [-0.05, -1e-300, -1e308] {
        check(&environment(negative), "INVALID DQ-02 !NEGATIVE @REJECT");
        check(
            &counts("person", "beta", negative),
            "INVALID DQ-02 !NEGATIVE @REJECT",
        );
    }
}

#[test]
fn units_are_never_guessed() {
    for unit in [
        json!("uSievert"),
        json!(" uSv/h"),
        json!("uSv/h "),
        json!("USV/H"),
        json!("MSv/h"),
        json!(""),
        Value::Null,
    ] {
        check(
            &with(environment(150), json!({"unit": unit})),
            "INVALID DQ-03 !UNKNOWN_UNIT @REJECT",
        );
    }
    for unit in ["uSv", "cps", "Bq/cm2", "Bq/cm\u{b2}", "Bq/kg", "Bq/L", "mR"] {
        check(
            &with(environment(150), json!({"unit": unit})),
            "INVALID DQ-04 !UNIT_MISMATCH @REJECT",
        );
    }
    check(
        &with(counts("person", "beta", 5.0), json!({"unit": "uSv/h"})),
        "INVALID DQ-04 !UNIT_MISMATCH @REJECT",
    );
    // The unit is looked at before the number.
    check(
        &with(environment("NaN"), json!({"unit": "x"})),
        "INVALID DQ-03 !UNKNOWN_UNIT @REJECT",
    );
    for (value, unit) in [
        (1200.0, "cpm"),
        (1.2, "kcpm"),
        (0.02, "kcps"),
        (20.0, "s-1"),
        (20.0, "s\u{207b}\u{b9}"),
    ] {
        check(
            &with(counts("environment", "beta", value), json!({"unit": unit})),
            "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
        );
    }
}

fn flagged(usv_h: impl Into<Value>, flags: &[&str], more: Value) -> Value {
    with(
        with(environment(usv_h), json!({"status_flags": flags})),
        more,
    )
}

#[test]
fn over_range() {
    let over = |usv_h: f64, range_max: Value| {
        flagged(usv_h, &["overrange"], json!({"range_max": range_max}))
    };
    let sn2 = "POSSIBLE_EMERGENCY SN-2 !OVERRANGE";
    for (usv_h, range_max, expected) in [
        (0.0, Value::Null, sn2.to_owned()),
        (0.5, Value::Null, sn2.to_owned()),
        (0.0, json!(0.5), sn2.to_owned()),
        (0.0, json!(-5), sn2.to_owned()),
        (2.0, Value::Null, format!("{TIO3} !OVERRANGE")),
        (0.0, json!(1), format!("{TIO3} !OVERRANGE")),
        (0.0, json!(100), format!("{TIO2} !OVERRANGE")),
        (150.0, json!(10), format!("{TIO2} !OVERRANGE")),
        (150.0, Value::Null, format!("{TIO2} !OVERRANGE")),
    ] {
        check(&over(usv_h, range_max), &expected);
    }
    let milli = json!({"unit": "mSv/h", "range_max": 0.1});
    check(
        &flagged(0, &["overrange"], milli),
        &format!("{TIO2} !OVERRANGE"),
    );
    let probe = json!({"status_flags": ["overrange"], "range_max": 12000, "unit": "cpm"});
    check(
        &with(counts("environment", "beta", 0.0), probe),
        "EMERGENCY T3.2-I-2 +ESC-TIO2-B !OVERRANGE",
    );
    let gamma = json!({"status_flags": ["overrange"]});
    check(
        &with(counts("environment", "gamma", 9000.0), gamma),
        "POSSIBLE_EMERGENCY SN-2 !OVERRANGE !RADIATION_UNSPECIFIED",
    );
    // What is no number stays none, whatever the instrument says beside.
    check(
        &flagged("NaN", &["overrange"], json!({"range_max": 1000})),
        "INVALID DQ-01 !NOT_A_NUMBER @REJECT",
    );
    check(
        &flagged(-1, &["overrange"], json!({"range_max": 1000})),
        "INVALID DQ-02 !NEGATIVE @REJECT",
    );
}

#[test]
fn nothing_exempts_over_range() {
    let rain = json!({"rain": {"active": true}, "background": {"value": 0.5, "unit": "uSv/h"}});
    check(
        &flagged(0.7, &["overrange"], rain),
        "POSSIBLE_EMERGENCY SN-2 !OVERRANGE",
    );
    let patient = json!({
        "subject": "person", "distance_m": 0.1, "medical": {"verified": true},
    });
    check(
        &flagged(22, &["overrange"], patient),
        "EMERGENCY ESC-TIO4-G +T3.1-II-1 !OVERRANGE",
    );
    let area = json!({"area_state": "existing_residential"});
    check(
        &flagged(1.5, &["overrange"], area),
        "POSSIBLE_EMERGENCY SN-2 !OVERRANGE",
    );
}

#[test]
fn below_the_detection_limit() {
    let low = |usv_h: f64, more: Value| flagged(usv_h, &["below_detection_limit"], more);
    check(&low(0.5, json!({})), "NORMAL DQ-08 !BELOW_DL");
    check(&low(0.999, json!({})), "NORMAL DQ-08 !BELOW_DL");
    check(&low(1.0, json!({})), "UNCLASSIFIED DQ-08 !BELOW_DL");
    check(&low(150.0, json!({})), "UNCLASSIFIED DQ-08 !BELOW_DL");
    let object = json!({"status_flags": ["below_detection_limit"]});
    check(
        &with(counts("object", "beta", 2.0), object),
        "UNCLASSIFIED DQ-11 !NEEDS_BACKGROUND !BELOW_DL",
    );
}

#[test]
fn faults_and_tests() {
    let test = "INVALID DQ-10 !TEST_MODE @QUARANTINE";
    let fault = "INVALID DQ-09 !DEVICE_FAULT @QUARANTINE";
    check(&flagged(150, &["test_mode"], json!({})), test);
    check(&flagged(150, &["fault"], json!({})), fault);
    check(&flagged(150, &["fault", "test_mode"], json!({})), test);
    check(&flagged("NaN", &["fault"], json!({"unit": "x"})), fault);
    check(
        &flagged(150, &["low_battery", "calibration_expired"], json!({})),
        &format!("{TIO2} !LOW_BATTERY !CALIBRATION_EXPIRED"),
    );
}

fn timed(usv_h: f64, measured: Value, received: Value) -> Value {
    let more = json!({"t_measured": measured, "t_received": received});
    with(environment(usv_h), more)
}

#[test]
fn time() {
    let at = |measured: &str| timed(150.0, json!(measured), json!("2026-03-14T03:00:00Z"));
    let stale = format!("{TIO2} !STALE @HISTORICAL");
    let ahead = format!("{TIO2} !CLOCK_SKEW @QUARANTINE");
    let naive = format!("{TIO2} !NAIVE_TIME @QUARANTINE");
    let assumed = format!("{TIO2} !TIME_ASSUMED");
    check(&at("2026-03-14T02:45:00Z"), TIO2);
    check(&at("2026-03-14T02:44:59Z"), &stale);
    check(&at("2026-03-14T03:02:00Z"), TIO2);
    check(&at("2026-03-14T03:02:01Z"), &ahead);
    check(&at("2026-03-14T10:00:00+07:00"), TIO2);
    check(&at("2026-03-14T09:00:00+07:00"), &stale);
    check(&at("2026-03-14T03:00:00"), &naive);
    check(&at("2020-03-14T03:00:00"), &naive);
    check(&at("2026-00-14T03:00:00Z"), &assumed);
    check(&at("yesterday"), &assumed);
    let received = json!("2026-03-14T03:00:00Z");
    check(&timed(150.0, Value::Null, received.clone()), &assumed);
    check(
        &with(environment(150), json!({"t_received": received})),
        &assumed,
    );
    check(
        &with(environment(150), json!({"t_measured": null})),
        &assumed,
    );
    check(
        &with(
            environment(150),
            json!({"t_measured": "2026-03-14T03:00:00Z"}),
        ),
        TIO2,
    );
}

#[test]
fn the_worst_disposition_wins() {
    let old = |usv_h: f64| {
        timed(
            usv_h,
            json!("2026-03-14T01:00:00Z"),
            json!("2026-03-14T03:00:00Z"),
        )
    };
    check(&old(-1.0), "INVALID DQ-02 !NEGATIVE !STALE @REJECT");
    check(
        &old(0.0),
        "UNCLASSIFIED DQ-05 !SUSPECT_ZERO !STALE @QUARANTINE",
    );
    check(
        &with(
            old(0.0),
            json!({"status_flags": ["overrange"], "range_max": 1000}),
        ),
        &format!("{TIO2} !OVERRANGE !STALE @HISTORICAL"),
    );
}

#[test]
fn place_and_subject() {
    for position in [
        Value::Null,
        json!({}),
        json!({"lat": 91.0, "lon": 0.0}),
        json!({"lat": "x", "lon": 0.0}),
    ] {
        check(
            &with(environment(150), json!({"position": position})),
            &format!("{TIO2} !NO_POSITION"),
        );
    }
    let known = json!({"position": {"lat": -6.35, "lon": 106.66, "alt_m": 40.0}});
    check(&with(environment(150), known), TIO2);
    for subject in [
        json!({"subject": null}),
        json!({"subject": null, "person_role": "worker"}),
    ] {
        check(
            &with(environment(150), subject),
            &format!("{TIO2} !SUBJECT_ASSUMED_ENVIRONMENT"),
        );
    }
}

#[test]
fn copies_and_conflicts() {
    let sent = |value: f64, previous: Value| {
        let more = json!({
            "device_id": "G-07", "seq": 41, "t_measured": "2026-03-14T03:00:00Z",
            "t_received": "2026-03-14T03:00:30Z", "previous": previous,
        });
        with(environment(value), more)
    };
    let earlier = |seq: u64, value: f64, at: &str| json!({"device_id": "G-07", "seq": seq, "value": value, "t_measured": at});
    let time = "2026-03-14T03:00:00Z";
    let duplicate = "none DQ-07 !DUPLICATE @DUPLICATE";
    let conflict = format!("{TIO3} !SEQ_CONFLICT @QUARANTINE");
    check(&sent(2.5, json!([])), TIO3);
    check(&sent(2.5, json!([earlier(41, 2.5, time)])), duplicate);
    check(
        &sent(2.5, json!([earlier(41, 2.5, "2026-03-14T10:00:00+07:00")])),
        duplicate,
    );
    check(
        &sent(2.5, json!([earlier(40, 2.4, time), earlier(41, 2.5, time)])),
        duplicate,
    );
    check(&sent(2.5, json!([earlier(41, 2.4, time)])), &conflict);
    check(
        &sent(2.5, json!([earlier(41, 2.4, time), earlier(41, 2.5, time)])),
        duplicate,
    );
    check(&sent(2.5, json!([earlier(40, 2.5, time)])), TIO3);
    check(
        &sent(2.5, json!([earlier(41, 2.5, "2026-03-14T02:59:59Z")])),
        TIO3,
    );
    let other = json!([{"device_id": "G-08", "seq": 41, "value": 2.5, "t_measured": time}]);
    check(&sent(2.5, other), TIO3);
    // A copy is a copy before anything else is looked at.
    let broken = with(
        sent(2.5, json!([earlier(41, 2.5, time)])),
        json!({"status_flags": ["fault"], "unit": "x"}),
    );
    check(&broken, duplicate);
}

fn channels(list: Value) -> Value {
    json!({
        "subject": "environment", "distance_m": 1.0, "probe_factor": 1.0,
        "background": {"value": 0.08, "unit": "uSv/h"}, "channels": list,
    })
}

fn dose(value: impl Into<Value>) -> Value {
    json!({"quantity": "dose_rate", "value": value.into(), "unit": "uSv/h"})
}

fn beta(cps: f64) -> Value {
    json!({"quantity": "count_rate", "value": cps, "unit": "cps", "radiation": "beta"})
}

#[test]
fn one_bad_channel_never_hides_a_good_one() {
    let surface = "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B";
    check(
        &channels(json!([dose("NaN"), beta(30.0)])),
        &format!("{surface} +DQ-01 !NOT_A_NUMBER"),
    );
    check(
        &channels(json!([beta(30.0), dose(-1)])),
        &format!("{surface} +DQ-02 !NEGATIVE"),
    );
    check(
        &channels(json!([dose(0), beta(30.0)])),
        &format!("{surface} +DQ-05 !SUSPECT_ZERO"),
    );
    check(
        &channels(json!([dose(0), beta(1.0)])),
        "UNCLASSIFIED DQ-05 !SUSPECT_ZERO @QUARANTINE",
    );
    check(
        &channels(json!([dose("x"), dose("y")])),
        "INVALID DQ-01 !NOT_A_NUMBER @REJECT",
    );
    check(
        &channels(json!([dose(0.1), beta(250.0)])),
        "EMERGENCY T3.2-I-2 +ESC-TIO2-B",
    );
    check(
        &channels(json!([beta(250.0), dose(250)])),
        "EMERGENCY T3.2-I-2 +ESC-TIO2-B +T3.1-I-2 +ESC-TIO2-G",
    );
    check(
        &channels(json!([dose(0.5), beta(30.0)])),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B +PB-ELEV",
    );
}

#[test]
fn the_highest_of_many_channels_counts() {
    for place in [0, 7, 8, 19] {
        let list: Vec<_> = (0..20)
            .map(|index| if index == place { dose(150) } else { dose(0.1) })
            .collect();
        check(&channels(json!(list)), TIO2);
    }
}

#[test]
fn the_value_that_decided_is_printed() {
    for (input, canonical) in [
        (channels(json!([dose(0.1), beta(250.0)])), json!(250.0)),
        (with(environment(120), json!({"unit": "uR/h"})), json!(1.2)),
        (
            with(counts("person", "beta", 100.0), json!({"unit": "cpm"})),
            json!(1.666_667),
        ),
        (
            with(
                counts("environment", "beta", 10.0),
                json!({"probe_factor": 2.0}),
            ),
            json!(20.0),
        ),
        (environment(-0.0), json!(0.0)),
        (environment("NaN"), Value::Null),
        (flagged(0, &["overrange"], json!({})), Value::Null),
        (
            flagged(3, &["overrange"], json!({"range_max": 50})),
            json!(50.0),
        ),
    ] {
        let case = json!({"id": 1, "kind": "reading", "input": input});
        let answer = answer(&case, &Policy::default());
        assert_eq!(
            answer.get("canonical").unwrap_or(&Value::Null),
            &canonical,
            "{case}"
        );
    }
}
