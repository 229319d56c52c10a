//! Cases at the edges that the keys move; see `policy`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{counts, environment, with};

pub(super) fn reading(input: Value) -> Value {
    json!({"id": "x", "kind": "reading", "input": input})
}

fn of(kind: &str, input: Value) -> Value {
    json!({"id": "x", "kind": kind, "input": input})
}

/// A dose rate in µSv/h of a subject at its distance, over a background of 0.08.
fn dose(subject: &str, distance_m: f64, usv_h: f64) -> Value {
    let more = json!({"subject": subject, "distance_m": distance_m});
    with(environment(usv_h), more)
}

fn worker(task: &str, dose_msv: f64) -> Value {
    of(
        "worker",
        json!({"task": task, "dose_msv": dose_msv, "informed_volunteer": true}),
    )
}

fn survey(more: Value) -> Value {
    let base = json!({
        "area": "residential", "track": "facility", "recovered": {"source": true},
        "duration_h": 30.0, "n_points": 24.0, "max_usv_h": 0.08,
    });
    of("termination", with(base, more))
}

/// Cases at the edges that the keys move.
pub(super) fn probes() -> BTreeMap<&'static str, Value> {
    let responder = |value| {
        let role = json!({"person_role": "responder"});
        with(value, role)
    };
    let background = |usv_h: f64| json!({"background": {"value": usv_h, "unit": "uSv/h"}});
    let norm = json!({"norm": {"identified": true, "nuclides": ["K-40"], "item": "fertiliser"}});
    let beta_background =
        |cps: f64, age_h: f64| json!({"background_counts": {"beta": cps, "age_h": age_h}});
    BTreeMap::from([
        // Values at their level, and a little above it.
        ("environment at TIO3", reading(environment(1.0))),
        ("environment at TIO2", reading(environment(100.0))),
        ("environment over TIO3", reading(environment(1.05))),
        ("environment over TIO2", reading(environment(100.05))),
        ("public at 1", reading(dose("person", 0.1, 1.0))),
        ("public over 1", reading(dose("person", 0.1, 1.05))),
        (
            "responder at 1",
            reading(responder(dose("person", 0.1, 1.0))),
        ),
        (
            "responder over 1",
            reading(responder(dose("person", 0.1, 1.05))),
        ),
        ("object at 1", reading(dose("object", 1.0, 1.0))),
        ("object over 1", reading(dose("object", 1.0, 1.05))),
        ("object at 100", reading(dose("object", 1.0, 100.0))),
        ("object over 100", reading(dose("object", 1.0, 100.05))),
        (
            "surface beta at 20",
            reading(counts("environment", "beta", 20.0)),
        ),
        (
            "surface alpha at 2",
            reading(counts("environment", "alpha", 2.0)),
        ),
        (
            "surface beta at 200",
            reading(counts("environment", "beta", 200.0)),
        ),
        (
            "surface alpha at 10",
            reading(counts("environment", "alpha", 10.0)),
        ),
        ("skin beta at 100", reading(counts("person", "beta", 100.0))),
        ("skin alpha at 5", reading(counts("person", "alpha", 5.0))),
        (
            "skin beta at 1000",
            reading(counts("person", "beta", 1000.0)),
        ),
        ("skin alpha at 50", reading(counts("person", "alpha", 50.0))),
        (
            "object beta at 100",
            reading(counts("object", "beta", 100.0)),
        ),
        (
            "object beta at 3 x",
            reading(with(
                counts("object", "beta", 3.0),
                beta_background(1.0, 1.0),
            )),
        ),
        ("band at its edge", reading(environment(0.19))),
        (
            "closed area at 2.3",
            reading(with(
                environment(2.3),
                json!({"area_state": "existing_residential"}),
            )),
        ),
        (
            "somewhere at 100",
            reading(json!({
                "quantity": "dose_rate", "value": 100.0, "unit": "uSv/h", "subject": "person",
            })),
        ),
        // What the other keys move.
        (
            "surface beta over 20",
            reading(with(
                counts("environment", "beta", 20.5),
                beta_background(1.0, 1.0),
            )),
        ),
        (
            "gray",
            reading(with(environment(0.9), json!({"unit": "uGy/h"}))),
        ),
        (
            "station for 45 min",
            reading(with(
                environment(0.3),
                json!({"source": "irdms", "persistence_min": 45.0}),
            )),
        ),
        ("band", reading(environment(0.25))),
        (
            "band without background",
            reading(json!({
                "quantity": "dose_rate", "value": 0.25, "unit": "uSv/h",
                "subject": "environment", "distance_m": 1.0,
            })),
        ),
        (
            "old background",
            reading(with(
                counts("object", "beta", 3.5),
                beta_background(1.0, 20.0),
            )),
        ),
        (
            "heavy rain",
            reading(with(
                with(environment(0.25), background(0.1)),
                json!({"rain": {"active": true}}),
            )),
        ),
        (
            "after rain",
            reading(with(
                with(environment(0.25), background(0.13)),
                json!({"rain": {"hours_since_end": 5.0}}),
            )),
        ),
        (
            "high area",
            reading(with(
                with(environment(1.5), background(0.9)),
                json!({"high_background_area": true}),
            )),
        ),
        (
            "closed area rising",
            reading(with(
                environment(1.6),
                json!({
                    "area_state": "existing_residential", "area_baseline_usv_h": 1.0,
                }),
            )),
        ),
        (
            "hardly any alpha",
            reading(with(
                counts("object", "alpha", 0.15),
                json!({"background_counts": {"alpha": 0.01}}),
            )),
        ),
        (
            "hardly any beta",
            reading(with(
                counts("object", "beta", 0.7),
                beta_background(0.1, 1.0),
            )),
        ),
        (
            "claimed patient",
            reading(with(
                dose("person", 0.1, 5.0),
                json!({"medical": {"claimed": true}}),
            )),
        ),
        (
            "fertiliser",
            reading(with(with(dose("object", 1.0, 1.4), background(0.1)), norm)),
        ),
        (
            "drone at 5 m",
            reading(with(environment(0.25), json!({"distance_m": 5.0}))),
        ),
        ("object at 1.3 m", reading(dose("object", 1.3, 0.5))),
        (
            "probe without factor",
            reading(json!({
                "quantity": "count_rate", "value": 12.0, "unit": "cps", "radiation": "beta", "subject": "environment",
            })),
        ),
        (
            "day 12 of an event",
            reading(with(environment(30.0), json!({"days_since_onset": 12.0}))),
        ),
        (
            "day 5 of an event",
            reading(with(environment(30.0), json!({"days_since_onset": 5.0}))),
        ),
        ("very high", reading(environment(1200.0))),
        (
            "20 min old",
            reading(with(
                environment(0.1),
                json!({
                    "t_measured": "2026-03-14T02:40:00Z", "t_received": "2026-03-14T03:00:00Z",
                }),
            )),
        ),
        (
            "200 s ahead",
            reading(with(
                environment(0.1),
                json!({
                    "t_measured": "2026-03-14T03:03:20Z", "t_received": "2026-03-14T03:00:00Z",
                }),
            )),
        ),
        ("survey of 12 h", survey(json!({"duration_h": 12.0}))),
        ("survey of 5 points", survey(json!({"n_points": 5.0}))),
        (
            "survey near a high background",
            survey(json!({"max_usv_h": 0.5, "background_usv_h": 0.3})),
        ),
        (
            "survey with a low net",
            survey(json!({"max_usv_h": 0.14, "background_usv_h": 0.04})),
        ),
        (
            "survey with uncertainty",
            survey(json!({"max_usv_h": 0.1, "uncertainty_usv_h": 0.01})),
        ),
        (
            "survey just over 20 mSv",
            survey(json!({"max_usv_h": 2.29})),
        ),
        (
            "survey of works",
            survey(json!({"area": "non_residential", "max_usv_h": 0.49})),
        ),
        (
            "survey of no kind",
            survey(json!({"area": null, "max_usv_h": 0.49})),
        ),
        ("worker", worker("general", 20.0)),
        ("worker saving life", worker("life_saving", 200.0)),
        (
            "worker against severe effects",
            worker("severe_deterministic", 200.0),
        ),
        ("worker against catastrophe", worker("catastrophic", 200.0)),
        (
            "worker against injury",
            worker("prevent_serious_injury", 40.0),
        ),
        (
            "worker against collective dose",
            worker("avert_collective_dose", 40.0),
        ),
    ])
}
