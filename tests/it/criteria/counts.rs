//! Counts against table 3.2, the 3 x rule and PB-ELEV.

use serde_json::{Value, json};

use super::{check, check_by, counts, edge, with};
use pantau::criteria::{Basis, Policy};

#[test]
fn environment_surface() {
    let at = |radiation: &'static str| move |cps| counts("environment", radiation, cps);
    let beta = "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B";
    edge(at("beta"), 20.0, "NORMAL NR", beta);
    edge(at("beta"), 200.0, beta, "EMERGENCY T3.2-I-2 +ESC-TIO2-B");
    let alpha = "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-A";
    edge(at("alpha"), 2.0, "NORMAL NR", alpha);
    edge(at("alpha"), 10.0, alpha, "EMERGENCY T3.2-I-2 +ESC-TIO2-A");
}

#[test]
fn skin() {
    let at = |radiation: &'static str| move |cps| counts("person", radiation, cps);
    let possible = "POSSIBLE_EMERGENCY T3.2-II-1";
    edge(at("beta"), 100.0, "NORMAL NR", possible);
    edge(
        at("beta"),
        1000.0,
        possible,
        "EMERGENCY T3.2-II-2 +ESC-TIO4-B",
    );
    edge(at("alpha"), 5.0, "NORMAL NR", possible);
    edge(
        at("alpha"),
        50.0,
        possible,
        "EMERGENCY T3.2-II-2 +ESC-TIO4-A",
    );
    // TIO4 is for the public.
    let responder = with(at("beta")(1000.0), json!({"person_role": "responder"}));
    check(&responder, "EMERGENCY T3.2-II-2");
}

fn object(radiation: &'static str, background: Value) -> impl Fn(f64) -> Value {
    move |cps| {
        with(
            counts("object", radiation, cps),
            json!({"background_counts": background}),
        )
    }
}

#[test]
fn objects_against_background() {
    let possible = "POSSIBLE_EMERGENCY T3.2-III-1";
    for (radiation, background, level) in [
        ("beta", json!({"beta": 1.0}), 3.0),
        // Three times a low background: the net floor decides.
        ("beta", json!({"beta": 0.1}), 0.6),
        ("beta", json!({"beta": 0.25}), 0.75),
        ("beta", json!({"beta": 60, "unit": "cpm"}), 3.0),
        ("alpha", json!({"alpha": 0.1}), 0.3),
        ("alpha", json!({"alpha": 0.0}), 0.1),
        ("alpha", json!({"alpha": 0.01}), 0.11),
        ("alpha_beta", json!({"beta": 1.0}), 3.0),
    ] {
        edge(object(radiation, background), level, "NORMAL NR", possible);
    }
    // A high background: 3 x it lies above the absolute row.
    let high = object("beta", json!({"beta": 40.0}));
    check(&high(99.0), "NORMAL NR");
    check(&high(100.0), "EMERGENCY T3.2-III-2");
    let absolute = object("alpha", json!({"alpha": 0.1}));
    edge(absolute, 5.0, possible, "EMERGENCY T3.2-III-2");
}

#[test]
fn objects_without_a_usable_background() {
    let needs = "UNCLASSIFIED DQ-11 !NEEDS_BACKGROUND";
    for background in [
        Value::Null,
        json!({}),
        json!({"alpha": 1.0}),
        json!({"beta": -1.0}),
        json!({"beta": 1.0, "unit": "uSv/h"}),
        json!({"beta": 1.0, "unit": "counts"}),
    ] {
        check(&object("beta", background)(2.0), needs);
    }
    let aged = |age_h: f64| object("beta", json!({"beta": 1.0, "age_h": age_h}));
    check(&aged(12.0)(2.0), "NORMAL NR");
    let stale = "UNCLASSIFIED DQ-11 !NEEDS_BACKGROUND !BACKGROUND_STALE";
    check(&aged(12.01)(2.0), stale);
    check(&aged(12.01)(3.0), stale);
    check(&aged(12.01)(100.0), "EMERGENCY T3.2-III-2");
    check(&object("beta", Value::Null)(0.0), needs);
}

#[test]
fn surface_band() {
    let over = |source: &'static str, minutes: f64| {
        move |cps| {
            let more = json!({
                "background_counts": {"beta": 1.0, "age_h": 12.0},
                "source": source, "persistence_min": minutes,
            });
            with(counts("environment", "beta", cps), more)
        }
    };
    edge(over("handheld", 0.0), 3.0, "NORMAL NR", "ELEVATED PB-ELEV");
    edge(
        over("mobile", 60.0),
        3.0,
        "NORMAL NR",
        "ELEVATED T2.2-3 +PB-ELEV ^AKTIF_PARSIAL",
    );
    check(&counts("environment", "beta", 19.0), "NORMAL NR");
    let stale = json!({"background_counts": {"beta": 1.0, "age_h": 13.0}});
    check(
        &with(counts("environment", "beta", 5.0), stale.clone()),
        "NORMAL NR !BACKGROUND_STALE",
    );
    check(
        &with(counts("environment", "beta", 20.0), stale),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
    );
    check(&counts("environment", "beta", 0.0), "NORMAL NR");
}

#[test]
fn unseparated_counts_may_hide_alpha() {
    for (subject, alpha_row, class) in [
        ("environment", 2.0, "NORMAL NR"),
        ("person", 5.0, "NORMAL NR"),
    ] {
        let hidden = format!("{class} !ALPHA_NOT_EXCLUDED");
        edge(
            |v| counts(subject, "alpha_beta", v),
            alpha_row,
            class,
            &hidden,
        );
    }
    check(
        &counts("environment", "alpha_beta", 20.0),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
    );
    let needs = "UNCLASSIFIED DQ-11 !NEEDS_BACKGROUND";
    check(&counts("object", "alpha_beta", 4.9), needs);
    check(
        &counts("object", "alpha_beta", 5.0),
        &format!("{needs} !ALPHA_NOT_EXCLUDED"),
    );
}

#[test]
fn radiation_without_a_row() {
    let alone = "UNCLASSIFIED DQ-13 !RADIATION_UNSPECIFIED";
    for radiation in [
        json!("gamma"),
        json!("neutron"),
        json!("alpha_beta_gamma"),
        Value::Null,
    ] {
        let reading = with(
            counts("environment", "gamma", 5000.0),
            json!({"radiation": radiation}),
        );
        check(&reading, alone);
        let beside = json!({
            "subject": "environment", "distance_m": 1.0, "probe_factor": 1.0,
            "background": {"value": 0.08, "unit": "uSv/h"},
            "channels": [
                {"quantity": "count_rate", "value": 5000, "unit": "cps", "radiation": radiation},
                {"quantity": "dose_rate", "value": 0.09, "unit": "uSv/h"},
            ],
        });
        check(&beside, "NORMAL NR");
    }
}

#[test]
fn probe_factor() {
    let factor = |factor: Value| {
        with(
            counts("environment", "beta", 10.0),
            json!({"probe_factor": factor}),
        )
    };
    check(&factor(json!(1.99)), "NORMAL NR");
    check(
        &factor(json!(2.0)),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
    );
    for none in [Value::Null, json!(0), json!(-2)] {
        check(&factor(none), "NORMAL NR !PROBE_NOT_NORMALISED");
    }
    // Background and value go through the same probe: the ratio stays.
    let object = |cps: f64| {
        let more = json!({"probe_factor": 4.0, "background_counts": {"beta": 1.0}});
        with(counts("object", "beta", cps), more)
    };
    edge(object, 3.0, "NORMAL NR", "POSSIBLE_EMERGENCY T3.2-III-1");
}

#[test]
fn net_counts_are_a_choice() {
    let net = Policy {
        count_basis: Basis::Net,
        ..Policy::default()
    };
    let over = |cps: f64, age_h: f64| {
        let more = json!({"background_counts": {"beta": 10.0, "age_h": age_h}});
        with(counts("environment", "beta", cps), more)
    };
    check_by(&net, &over(29.9, 1.0), "NORMAL NR");
    check_by(
        &net,
        &over(30.0, 1.0),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
    );
    check_by(
        &net,
        &over(20.0, 13.0),
        "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B",
    );
}
