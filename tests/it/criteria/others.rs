//! Cases that are not readings, as `assess` answers them. Their rules are
//! tested beside the code.

use super::answer;
use pantau::criteria::Policy;
use serde_json::{Value, json};

#[track_caller]
fn check(kind: &str, input: Value, mut expected: Value) {
    let case = json!({"id": "x", "kind": kind, "input": input});
    expected["id"] = json!("x");
    assert_eq!(answer(&case, &Policy::default()), expected, "{case}");
}

#[test]
fn sequences() {
    let run = |readings: Value, states: &[&str]| {
        check(
            "sequence",
            json!({"readings": readings}),
            json!({"states": states, "rule": "HY-1"}),
        );
    };
    let (n, p, e) = ("NORMAL", "POSSIBLE_EMERGENCY", "EMERGENCY");
    run(json!([]), &[]);
    run(
        json!([{"t_s": 0, "value": 1.0}, {"t_s": 10, "value": 0.5}, {"t_s": 300, "value": 0.5},
               {"t_s": 610, "value": 0.5}]),
        &[p, p, p, n],
    );
    run(
        json!([{"t_s": 0, "value": 150, "stale": true}, {"t_s": 10, "value": 0.5, "stale": true},
               {"t_s": 300, "value": 0.5, "stale": true}, {"t_s": 700, "value": 0.5, "stale": true}]),
        &[e, e, e, e],
    );
    run(
        json!([{"t_s": 0, "value": 150, "duplicate": true}, {"t_s": 1, "value": "NaN"},
               {"t_s": 2, "value": -150}, {"t_s": 3, "value": 0}, {"t_s": 4, "value": null}]),
        &[n, n, n, n, n],
    );
    run(
        json!([{"t_s": 0, "value": 2}, {"t_s": 10, "value": 0.5}, {"t_s": 20, "value": 0},
               {"t_s": 300, "value": 9, "duplicate": true}, {"t_s": 310, "value": 0.5},
               {"t_s": 610, "value": 0.5}]),
        &[p, p, p, p, p, n],
    );
    run(
        json!([{"t_s": -50, "value": 100}, {"t_s": -60.5, "value": 1}]),
        &[e, e],
    );
}

#[test]
fn termination() {
    let survey = |more: Value| {
        super::with(
            json!({
                "max_usv_h": 0.1, "recovered": {"source": true, "environment": true},
                "duration_h": 24, "n_points": 10,
            }),
            more,
        )
    };
    let answer = |classification: &str, rule: &str, flags: &[&str]| json!({"classification": classification, "rule": rule, "flags": flags});
    check(
        "termination",
        survey(json!({})),
        answer("TERMINATE_NORMAL", "T4.2-RN", &[]),
    );
    check(
        "termination",
        survey(json!({"track": "facility", "recovered": {"source": true}})),
        answer("TERMINATE_NORMAL", "T4.2-RN", &[]),
    );
    check(
        "termination",
        survey(json!({"recovered": {"source": true}})),
        answer("NOT_TERMINABLE", "P4.1-REC", &["NOT_RECOVERED"]),
    );
    check(
        "termination",
        survey(json!({"uncertainty_usv_h": 0.1, "background_usv_h": 0})),
        answer(
            "TERMINATE_EXISTING",
            "T4.2-RE",
            &["BACKGROUND_INVALID", "GUARD_BAND"],
        ),
    );
}

#[test]
fn food_and_workers() {
    let answer = |classification: &str, rule: &str, flags: &[&str]| json!({"classification": classification, "rule": rule, "flags": flags});
    check(
        "food",
        json!({"test": "TIO6", "nuclides_bq_kg": {"Syn-1": 1}}),
        answer("FOOD_INDETERMINATE", "T3.4-TIO6", &["TIO6_VALUE_MISSING"]),
    );
    check(
        "food",
        json!({"test": "TIO5", "gross_beta_bq_kg": 150, "gross_alpha_bq_kg": 1, "k40_beta_bq_kg": 60}),
        answer("FOOD_SAFE", "T3.4-TIO5", &["K40_SUBTRACTED"]),
    );
    check(
        "worker",
        json!({"dose_msv": 80, "task": "avert_collective_dose"}),
        answer("WORKER_APPROACHING", "W-A8-5", &["CONSENT_NOT_RECORDED"]),
    );
    check(
        "worker",
        json!({"dose_msv": 1}),
        answer("WORKER_OK", "W-50", &[]),
    );
    check(
        "worker",
        json!({"dose_msv": 50}),
        answer("WORKER_LIMIT", "W-50", &["CONSENT_NOT_RECORDED"]),
    );
}

#[test]
fn reports_deadlines_and_categories() {
    check(
        "report",
        json!({"event": "loss_abroad", "category": null, "potentially_dangerous": null}),
        json!({"std_status": "SIAGA", "rule": "T2.2-1", "flags": ["CATEGORY_UNKNOWN"]}),
    );
    check(
        "deadline",
        json!({"rule": "D-20", "start": "2026-12-31T23:30:00Z", "now": "2027-01-01T00:30:00Z"}),
        json!({"rule": "D-20", "due": "2027-01-01T00:30:00Z", "overdue": false}),
    );
    check(
        "category",
        json!({"a_over_d": 0.001, "above_exemption": false}),
        json!({"category": null, "rule": "CAT-AD"}),
    );
}
