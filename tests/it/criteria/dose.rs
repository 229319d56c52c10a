//! Dose rates against table 3.1, PB-ELEV, T2.2-3, PB-EXIST and geometry.

use serde_json::{Value, json};

use super::{check, check_by, edge, environment, with};
use pantau::criteria::{Policy, Rule, Rules};

const TIO3: &str = "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G";
const TIO2: &str = "EMERGENCY T3.1-I-2 +ESC-TIO2-G";

fn person(usv_h: f64, role: &str, distance_m: impl Into<Value>) -> Value {
    json!({
        "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h", "subject": "person",
        "person_role": role, "distance_m": distance_m.into(),
    })
}

fn object(usv_h: f64, distance_m: impl Into<Value>) -> Value {
    json!({
        "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h", "subject": "object",
        "distance_m": distance_m.into(),
    })
}

#[test]
fn environment_rows() {
    edge(environment, 1.0, "ELEVATED PB-ELEV", TIO3);
    edge(environment, 100.0, TIO3, TIO2);
}

#[test]
fn every_unit_meets_the_same_level() {
    for (value, unit, flags) in [
        (1000.0, "nSv/h", ""),
        (1.0, "\u{b5}Sv/h", ""),
        (1.0, "\u{3bc}Sv/h", ""),
        (0.001, "mSv/h", ""),
        (1e-6, "Sv/h", ""),
        (1.0 / 3.6e9, "Sv/s", ""),
        (100.0, "urem/h", ""),
        (0.1, "mrem/h", ""),
        (0.0001, "rem/h", ""),
        (100.0, "uR/h", " !ROENTGEN_CONVERTED"),
        (0.1, "mR/h", " !ROENTGEN_CONVERTED"),
        (0.0001, "R/h", " !ROENTGEN_CONVERTED"),
        (1000.0 / 1.2, "nGy/h", " !GRAY_CONVERTED"),
        (1.0 / 1.2, "uGy/h", " !GRAY_CONVERTED"),
        (0.001 / 1.2, "mGy/h", " !GRAY_CONVERTED"),
        (1e-6 / 1.2, "Gy/h", " !GRAY_CONVERTED"),
    ] {
        let reading = |value: f64| with(environment(value), json!({"unit": unit}));
        check(&reading(value), &format!("{TIO3}{flags}"));
        check(
            &reading(value * 0.999_999),
            &format!("ELEVATED PB-ELEV{flags}"),
        );
    }
}

#[test]
fn band_above_background() {
    let over = |background: f64| {
        move |usv_h: f64| {
            with(
                environment(usv_h),
                json!({"background": {"value": background, "unit": "uSv/h"}}),
            )
        }
    };
    edge(over(0.10), 0.21, "NORMAL NR", "ELEVATED PB-ELEV");
    edge(over(0.06), 0.17, "NORMAL NR", "ELEVATED PB-ELEV");
    edge(over(0.5), 0.61, "NORMAL NR", "ELEVATED PB-ELEV");
    check(&over(0.8)(0.3), "NORMAL NR");
}

#[test]
fn a_background_that_is_none_is_assumed() {
    for background in [
        Value::Null,
        json!({"value": 0.0, "unit": "uSv/h"}),
        json!({"value": -0.1, "unit": "uSv/h"}),
        json!({"value": 0.15, "unit": "uSievert"}),
        json!({"value": 0.15, "unit": "cps"}),
        json!({"value": null, "unit": "uSv/h"}),
        json!({"value": "NaN", "unit": "uSv/h"}),
        json!({"value": "Infinity", "unit": "uSv/h"}),
    ] {
        let reading = |usv_h: f64| with(environment(usv_h), json!({"background": background}));
        check(&reading(0.2099), "NORMAL NR !BACKGROUND_ASSUMED");
        check(&reading(0.21), "ELEVATED PB-ELEV !BACKGROUND_ASSUMED");
        // Assumed for the band only: the row above needs none.
        check(&reading(1.0), TIO3);
    }
    let in_nanosievert = json!({"background": {"value": 150, "unit": "nSv/h"}});
    check(&with(environment(0.25), in_nanosievert), "NORMAL NR");
}

#[test]
fn the_band_lasts_at_a_fixed_or_mobile_detector() {
    let lasting = "ELEVATED T2.2-3 +PB-ELEV ^AKTIF_PARSIAL";
    for (source, minutes, expected) in [
        ("irdms", json!(60), lasting),
        ("mobile", json!(60), lasting),
        ("mobile", json!(59.99), "ELEVATED PB-ELEV"),
        ("irdms", Value::Null, "ELEVATED PB-ELEV"),
        ("handheld", json!(600), "ELEVATED PB-ELEV"),
    ] {
        let more = json!({"source": source, "persistence_min": minutes});
        check(&with(environment(0.5), more.clone()), expected);
        check(&with(environment(0.1), more.clone()), "NORMAL NR");
        check(&with(environment(1.5), more), TIO3);
    }
}

#[test]
fn persons() {
    let public = "EMERGENCY ESC-TIO4-G +T3.1-II-1";
    let personnel = "POSSIBLE_EMERGENCY T3.1-II-1";
    edge(|v| person(v, "public", 0.1), 1.0, "NORMAL NR", public);
    edge(|v| person(v, "responder", 0.1), 1.0, "NORMAL NR", personnel);
    edge(|v| person(v, "worker", 0.1), 1.0, "NORMAL NR", personnel);
    check(&person(500.0, "worker", 0.1), personnel);
    check(
        &with(person(1.0, "public", 0.1), json!({"person_role": null})),
        public,
    );
    check(&person(1.0, "visitor", 0.1), public);
}

#[test]
fn each_rule_has_its_own_comparator() {
    let policy = Policy {
        strict: Rules::EMPTY.with(Rule::EscTio4G),
        ..Policy::default()
    };
    let at = person(1.0, "public", 0.1);
    check_by(&policy, &at, "POSSIBLE_EMERGENCY T3.1-II-1");
    let policy = Policy {
        strict: Rules::EMPTY.with(Rule::T31I1),
        ..Policy::default()
    };
    check_by(&policy, &environment(1.0), "POSSIBLE_EMERGENCY ESC-TIO3-G");
}

#[test]
fn objects() {
    let possible = "POSSIBLE_EMERGENCY T3.1-III-1";
    edge(|v| object(v, 1.0), 1.0, "NORMAL NR", possible);
    edge(|v| object(v, 1.0), 100.0, possible, "EMERGENCY T3.1-III-2");
}

#[test]
fn distance_of_persons() {
    let unknown = "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY";
    let fires = "POSSIBLE_EMERGENCY T3.1-II-1";
    for (usv_h, distance_m, expected) in [
        (1.5, 0.08, fires),
        (1.5, 0.12, fires),
        (1.5, 0.5, fires),
        (1.5, 0.079, unknown),
        (1.5, 0.0, unknown),
        (0.9, 0.08, "NORMAL NR"),
        (0.9, 0.12, "NORMAL NR"),
        (0.9, 0.079, "NORMAL NR"),
        (0.9, 0.121, unknown),
        (0.9, -0.1, unknown),
        (1.5, -0.1, unknown),
    ] {
        check(&person(usv_h, "worker", distance_m), expected);
    }
}

#[test]
fn distance_of_objects() {
    let unknown = "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY";
    let possible = "POSSIBLE_EMERGENCY T3.1-III-1";
    for (usv_h, distance_m, expected) in [
        (5.0, 0.8, possible),
        (5.0, 1.2, possible),
        (
            5.0,
            1.21,
            "POSSIBLE_EMERGENCY T3.1-III-1 !HIGHER_LEVEL_UNKNOWN",
        ),
        (5.0, 0.79, unknown),
        (0.5, 0.79, "NORMAL NR"),
        (0.5, 1.21, unknown),
        (150.0, 1.21, "EMERGENCY T3.1-III-2"),
        (150.0, 0.79, unknown),
        (150.0, 0.8, "EMERGENCY T3.1-III-2"),
    ] {
        check(&object(usv_h, distance_m), expected);
    }
}

#[test]
fn unknown_distance_of_persons_and_objects() {
    let unknown = "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY";
    let high = "POSSIBLE_EMERGENCY SN-1 !GEOMETRY_UNKNOWN";
    edge(|v| person(v, "public", Value::Null), 100.0, unknown, high);
    edge(|v| object(v, Value::Null), 100.0, unknown, high);
    check(&object(0.1, Value::Null), unknown);
}

#[test]
fn height_over_ground() {
    let at =
        |usv_h: f64, height_m: Value| with(environment(usv_h), json!({"distance_m": height_m}));
    for height_m in [0.0, 1.0, 3.0] {
        check(&at(1.5, json!(height_m)), TIO3);
        check(&at(0.1, json!(height_m)), "NORMAL NR");
    }
    let above = |usv_h| at(usv_h, json!(3.01));
    check(&above(0.1), "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY");
    check(&above(1.5), &format!("{TIO3} !HIGHER_LEVEL_UNKNOWN"));
    check(&above(150.0), TIO2);
    check(&at(1.5, Value::Null), &format!("{TIO3} !GEOMETRY_ASSUMED"));
    check(&at(0.1, Value::Null), "NORMAL NR !GEOMETRY_ASSUMED");
}

#[test]
fn areas_closed_to_existing_exposure() {
    let managed = "EXISTING_MANAGED PB-EXIST";
    let exceeded = "POSSIBLE_EMERGENCY PB-EXIST +T2.2-3";
    for (state, limit) in [
        ("existing_residential", 2.3),
        ("existing_nonresidential", 10.0),
    ] {
        let area = |baseline: Value| {
            move |usv_h: f64| {
                let more = json!({"area_state": state, "area_baseline_usv_h": baseline});
                with(environment(usv_h), more)
            }
        };
        edge(area(Value::Null), limit, managed, exceeded);
        edge(area(json!(1.0)), 1.5, managed, "ELEVATED PB-EXIST");
        edge(area(json!(1.0)), 100.0, exceeded, TIO2);
        check(&area(json!(0.0))(1.9), managed);
        check(&area(json!(100.0))(0.05), managed);
    }
}

#[test]
fn implausible_and_zero() {
    let implausible = "POSSIBLE_EMERGENCY DQ-06 !IMPLAUSIBLE @QUARANTINE";
    check(&environment(9.99e7), TIO2);
    check(&environment(1e8), implausible);
    check(&environment(1e308), implausible);
    check(
        &with(environment(1e308), json!({"unit": "Sv/h"})),
        implausible,
    );
    let zero = "UNCLASSIFIED DQ-05 !SUSPECT_ZERO @QUARANTINE";
    check(&environment(0), zero);
    check(&environment(-0.0), zero);
    check(&object(0.0, 1.0), zero);
    check(&environment(1e-9), "NORMAL NR");
}

#[test]
fn net_comparison_is_a_choice() {
    let policy = Policy {
        net_dose: Rules::EMPTY.with(Rule::T31I1).with(Rule::EscTio3G),
        ..Policy::default()
    };
    check_by(&policy, &environment(1.07), "ELEVATED PB-ELEV");
    check_by(&policy, &environment(1.08), TIO3);
}
