//! Each conflict (C-) and each ambiguity (A-) of the guideline, settled as the
//! specification says (criteria.md sections 6 and 7).

use pantau::criteria::{Policy, Recommendation};
use serde_json::{Value, json};

use super::{answer, check, check_by, counts, environment, with};

/// A case's answer holds what is expected of it, for the choice `id`.
#[track_caller]
fn settled(id: &str, kind: &str, input: Value, expected: &Value) {
    let case = json!({"id": id, "kind": kind, "input": input});
    let answer = answer(&case, &Policy::default());
    let differences = super::differences(&answer, expected);
    assert!(differences.is_empty(), "{case}\n{}", differences.join("\n"));
}

/// A survey that lasted, of an area where all is recovered.
fn survey(more: Value) -> Value {
    with(
        json!({
            "area": "residential", "track": "orphan", "duration_h": 24, "n_points": 10,
            "recovered": {"source": true, "environment": true},
        }),
        more,
    )
}

fn closing(classification: &str, flags: &[&str]) -> Value {
    json!({"classification": classification, "flags_all": flags})
}

fn person(role: &str) -> Value {
    json!({
        "quantity": "dose_rate", "value": 1, "unit": "uSv/h",
        "subject": "person", "distance_m": 0.1, "person_role": role,
    })
}

#[test]
fn equal_is_reached_unless_the_comparator_says_otherwise() {
    // C-01, A-01
    check(&environment(100), "EMERGENCY T3.1-I-2 +ESC-TIO2-G");
    let strict = "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G";
    check_by(&Policy::strict_text(), &environment(100), strict);
}

#[test]
fn one_value_by_two_clauses() {
    // C-02
    check(&person("public"), "EMERGENCY ESC-TIO4-G +T3.1-II-1");
    check(&person("worker"), "POSSIBLE_EMERGENCY T3.1-II-1");
    // C-03
    check(&environment(1), "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G");
    // C-04
    let alpha = "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-A";
    check(&counts("environment", "alpha", 2.0), alpha);
    // C-05, A-07: either line is enough, and all that hold are listed.
    let both = json!({"subject": "environment", "probe_factor": 1, "channels": [
        {"quantity": "count_rate", "value": 19, "unit": "cps", "radiation": "beta"},
        {"quantity": "count_rate", "value": 2, "unit": "cps", "radiation": "alpha"},
    ]});
    check(&both, alpha);
    let all = json!({"subject": "environment", "probe_factor": 1, "channels": [
        {"quantity": "count_rate", "value": 20, "unit": "cps", "radiation": "beta"},
        {"quantity": "count_rate", "value": 2, "unit": "cps", "radiation": "alpha"},
    ]});
    check(&all, "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-A +ESC-TIO3-B");
}

#[test]
fn closing_keeps_both_tables() {
    // Table 4.1 by the yearly dose (T4.1-N, T4.1-E), table 4.2 by the rate.
    let normal = closing("TERMINATE_NORMAL", &[]);
    let existing = closing("TERMINATE_EXISTING", &[]);
    let of = |id: &str, more: Value, expected: &Value| {
        settled(id, "termination", survey(more), expected);
    };
    of(
        "C-06",
        json!({"max_usv_h": 0.1, "projected_msv": 1}),
        &normal,
    );
    of(
        "C-06",
        json!({"max_usv_h": 0.11, "projected_msv": 1}),
        &existing,
    );
    let limits = closing("NOT_TERMINABLE", &["T4.1_LIMITS"]);
    of("C-07", json!({"max_usv_h": 2.29}), &limits);
    of(
        "C-07",
        json!({"max_usv_h": 2.0, "projected_msv": 20}),
        &existing,
    );
    of(
        "C-07",
        json!({"max_usv_h": 2.0, "projected_msv": 20.1}),
        &limits,
    );
    let text = closing("TERMINATE_EXISTING", &["TEXT_WOULD_ALLOW_NORMAL"]);
    of(
        "C-09",
        json!({"max_usv_h": 0.8, "background_usv_h": 0.3}),
        &text,
    );
    let facility = json!({"max_usv_h": 0.1, "track": "facility", "recovered": {"source": true}});
    of("C-14", facility, &normal);
    let orphan = json!({"max_usv_h": 0.1, "recovered": {"source": true}});
    of(
        "C-14",
        orphan,
        &closing("NOT_TERMINABLE", &["NOT_RECOVERED"]),
    );
    let too_little = closing("NOT_TERMINABLE", &["INSUFFICIENT_DATA"]);
    of(
        "A-11",
        json!({"max_usv_h": 0.1, "duration_h": 23.9}),
        &too_little,
    );
    of(
        "A-11",
        json!({"max_usv_h": 0.1, "n_points": 9}),
        &too_little,
    );
    let field = |max: f64| json!({"area": "non_residential", "max_usv_h": max});
    of("A-12", field(9.99), &existing);
    of("A-12", json!({"max_usv_h": 2.28}), &existing);
    of(
        "A-13",
        json!({"max_usv_h": 0.1, "background_usv_h": 0.01}),
        &normal,
    );
    let guarded = closing("TERMINATE_EXISTING", &["GUARD_BAND"]);
    of(
        "A-18",
        json!({"max_usv_h": 0.1, "uncertainty_usv_h": 0.01}),
        &guarded,
    );
    of("A-21", json!({"area": null, "max_usv_h": 0.4}), &existing);
}

#[test]
fn reports_and_decisions() {
    let of = |id: &str, event: &str, category: Value, dangerous: Value, expected: [&str; 2]| {
        let input = json!({
            "event": event, "category": category, "potentially_dangerous": dangerous,
        });
        let [std_status, rule] = expected;
        let expected = json!({"std_status": std_status, "rule": rule});
        settled(id, "report", input, &expected);
    };
    // C-11: Aktif Total is a person's alone.
    assert!(
        Recommendation::ALL
            .iter()
            .all(|status| status.as_str() != "AKTIF_TOTAL")
    );
    let loss = "loss_facility";
    of(
        "C-12",
        loss,
        json!(3),
        json!(true),
        ["AKTIF_PARSIAL", "T2.1-2"],
    );
    of(
        "C-13",
        loss,
        json!(4),
        json!(true),
        ["AKTIF_PARSIAL", "PG-1"],
    );
    of("C-13", loss, json!(1), json!(false), ["SIAGA", "PG-2"]);
    of(
        "C-13",
        "found_orphan",
        json!(5),
        json!(false),
        ["SIAGA", "PG-3"],
    );
    of(
        "C-13",
        "loss_abroad",
        json!(4),
        json!(true),
        ["NONE", "PG-4"],
    );
    of(
        "A-19",
        "found_facility",
        json!(null),
        json!(null),
        ["AKTIF_PARSIAL", "T2.1-4"],
    );
}

#[test]
fn clocks_without_a_start_or_a_time_in_the_text() {
    let due = |id: &str, rule: &str, due: &str| {
        let input = json!({"rule": rule, "start": "2026-03-14T00:00:00Z"});
        settled(id, "deadline", input, &json!({"due": due}));
    };
    // C-16: 2 h, 2 h and 20 h add up to the 24 h that have no start.
    due("C-16", "D-02", "2026-03-14T02:00:00Z");
    due("C-16", "D-03", "2026-03-14T02:00:00Z");
    due("C-16", "D-21", "2026-03-14T20:00:00Z");
    due("C-16", "D-04", "2026-03-15T00:00:00Z");
    due("C-17", "D-13", "2026-03-14T08:00:00Z");
}

#[test]
fn areas_with_a_level_of_their_own() {
    // C-08
    let closed = with(
        environment(1.5),
        json!({"area_state": "existing_residential"}),
    );
    check(&closed, "EXISTING_MANAGED PB-EXIST");
    // C-10, A-02: the band needs an hour at a detector; 1 µSv/h needs one reading.
    let lasting = |usv_h: f64, minutes: f64| {
        with(
            environment(usv_h),
            json!({"source": "irdms", "persistence_min": minutes}),
        )
    };
    check(&lasting(0.2, 59.9), "ELEVATED PB-ELEV");
    check(
        &lasting(0.2, 60.0),
        "ELEVATED T2.2-3 +PB-ELEV ^AKTIF_PARSIAL",
    );
    check(
        &lasting(1.0, 0.0),
        "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G",
    );
    // C-18, A-14: rain acts on the band alone, twice the background at most, 3 h.
    let rainy = |usv_h: f64, hours: f64| {
        let more = json!({
            "background": {"value": 0.4, "unit": "uSv/h"},
            "rain": {"active": false, "hours_since_end": hours},
        });
        with(environment(usv_h), more)
    };
    check(&rainy(0.8, 3.0), "EXEMPT EX-RAIN +PB-ELEV");
    check(&rainy(0.8, 3.01), "ELEVATED PB-ELEV");
    check(&rainy(0.81, 3.0), "ELEVATED PB-ELEV !RAIN_RATIO_EXCEEDED");
    let rows = "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G !RAIN_NOT_APPLICABLE";
    check(&rainy(1.0, 3.0), rows);
    // C-20: only where somebody registered the area.
    let high = |more: Value| {
        let background = json!({"background": {"value": 0.9, "unit": "uSv/h"}});
        with(with(environment(1.2), background), more)
    };
    check(&high(json!({})), "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G");
    check(
        &high(json!({"high_background_area": true})),
        "EXEMPT EX-NHB +T3.1-I-1",
    );
}

#[test]
fn notes_of_the_table() {
    // C-19, A-16: the note's 10 cm, and 2000 h unless given.
    let object = |usv_h: f64, distance_m: f64, more: Value| {
        json!({
            "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h", "subject": "object",
            "distance_m": distance_m, "background": {"value": 0.1, "unit": "uSv/h"},
            "norm": with(
                json!({"identified": true, "nuclides": ["K-40"], "item": "fertiliser"}),
                more,
            ),
        })
    };
    let given = json!({"projected_msv": 0.2});
    check(&object(12.0, 0.1, given.clone()), "EXEMPT EX-NORM");
    check(&object(100.0, 1.0, given), "EMERGENCY T3.1-III-2");
    let exceeded = "POSSIBLE_EMERGENCY T3.1-III-1 !NORM_DOSE_EXCEEDED";
    check(&object(1.0, 1.0, json!({})), exceeded);
    let short = json!({"hours_per_year": 1000});
    check(&object(1.0, 1.0, short), "EXEMPT EX-NORM +T3.1-III-1");
    // a person confirms.
    let patient = |verified: bool| {
        with(
            person("worker"),
            json!({"medical": {"claimed": true, "verified": verified}}),
        )
    };
    check(&patient(true), "EXEMPT EX-MED +T3.1-II-1");
    check(
        &patient(false),
        "POSSIBLE_EMERGENCY T3.1-II-1 !MEDICAL_UNVERIFIED",
    );
}

#[test]
fn gross_net_and_whose_background() {
    let over =
        |usv_h: f64, background: Value| with(environment(usv_h), json!({"background": background}));
    let of = |usv_h: f64| json!({"value": usv_h, "unit": "uSv/h"});
    // gross for the rows, net for the band.
    check(
        &over(1.0, of(0.95)),
        "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G",
    );
    check(&over(0.99, of(0.9)), "NORMAL NR");
    check(&over(0.99, of(0.88)), "ELEVATED PB-ELEV");
    // without one of the place, the fallback, and it is said.
    check(
        &over(0.21, Value::Null),
        "ELEVATED PB-ELEV !BACKGROUND_ASSUMED",
    );
    check(&over(0.209, Value::Null), "NORMAL NR !BACKGROUND_ASSUMED");
    // gross.
    let fresh = json!({"background_counts": {"beta": 19, "age_h": 1}});
    let beta = with(counts("environment", "beta", 20.0), fresh);
    check(&beta, "POSSIBLE_EMERGENCY T3.2-I-1 +ESC-TIO3-B");
    // no probe is named; one without a factor is warned of.
    let unknown = with(
        counts("environment", "beta", 19.0),
        json!({"probe_factor": null}),
    );
    check(&unknown, "NORMAL NR !PROBE_NOT_NORMALISED");
    // a background of zero is one; the floor keeps chance out.
    let clean = json!({"background_counts": {"alpha": 0, "age_h": 1}});
    let alpha = |cps: f64| with(counts("object", "alpha", cps), clean.clone());
    check(&alpha(0.09), "NORMAL NR");
    check(&alpha(0.1), "POSSIBLE_EMERGENCY T3.2-III-1");
    // no correction for gamma.
    let mixed = json!({"subject": "environment", "distance_m": 1, "probe_factor": 1, "channels": [
        {"quantity": "dose_rate", "value": 50, "unit": "uSv/h"},
        {"quantity": "count_rate", "value": 200, "unit": "cps", "radiation": "beta"},
    ]});
    check(
        &mixed,
        "EMERGENCY T3.2-I-2 +ESC-TIO2-B +T3.1-I-1 +ESC-TIO3-G",
    );
}

#[test]
fn what_is_off_by_default() {
    // TIO2 has one value, whatever the day; A-10: no level above it.
    check(&environment(99), "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G");
    check(&environment(2000), "EMERGENCY T3.1-I-2 +ESC-TIO2-G");
    // one printed value for two rows.
    for task in ["severe_deterministic", "catastrophic"] {
        let input = json!({"dose_msv": 500, "task": task, "informed_volunteer": true});
        settled(
            "A-20",
            "worker",
            input,
            &json!({"classification": "WORKER_LIMIT"}),
        );
    }
    //
    let at = |height_m: f64| with(environment(0.5), json!({"distance_m": height_m}));
    check(&at(3.0), "ELEVATED PB-ELEV");
    check(&at(3.01), "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY");
}
