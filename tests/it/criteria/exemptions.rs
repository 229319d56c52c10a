//! EX-RAIN, EX-MED, EX-NORM and EX-NHB, and why each does not hold.

use serde_json::{Value, json};

use super::{check, check_by, environment, with};
use pantau::criteria::Policy;

#[test]
fn rain() {
    let raining = |usv_h: f64, background: f64, rain: Value| {
        let more = json!({"background": {"value": background, "unit": "uSv/h"}, "rain": rain});
        with(environment(usv_h), more)
    };
    let exempt = "EXEMPT EX-RAIN +PB-ELEV";
    let elevated = "ELEVATED PB-ELEV";
    let active = || json!({"active": true});
    check(&raining(0.28, 0.14, active()), exempt);
    check(
        &raining(0.280_001, 0.14, active()),
        "ELEVATED PB-ELEV !RAIN_RATIO_EXCEEDED",
    );
    check(&raining(0.2, 0.14, active()), "NORMAL NR");
    check(&raining(0.999, 0.6, active()), exempt);
    check(
        &raining(1.0, 0.6, active()),
        "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G !RAIN_NOT_APPLICABLE",
    );
    check(
        &raining(100.0, 0.6, active()),
        "EMERGENCY T3.1-I-2 +ESC-TIO2-G !RAIN_NOT_APPLICABLE",
    );
    for (rain, expected) in [
        (json!({"active": false, "hours_since_end": 0}), exempt),
        (json!({"active": false, "hours_since_end": 3}), exempt),
        (json!({"hours_since_end": 3.0}), exempt),
        (json!({"active": false, "hours_since_end": 3.01}), elevated),
        (json!({"active": false, "hours_since_end": -1}), elevated),
        (json!({"active": false}), elevated),
        (json!({}), elevated),
        (Value::Null, elevated),
    ] {
        check(&raining(0.27, 0.14, rain), expected);
    }
    check(
        &raining(0.25, 0.0, active()),
        "ELEVATED PB-ELEV !BACKGROUND_ASSUMED !RAIN_NO_BASELINE",
    );
}

#[test]
fn rain_ends_at_one_whatever_the_comparator() {
    let more = json!({"background": {"value": 0.6, "unit": "uSv/h"}, "rain": {"active": true}});
    check_by(
        &Policy::strict_text(),
        &with(environment(1.0), more),
        "ELEVATED PB-ELEV !RAIN_NOT_APPLICABLE",
    );
}

#[test]
fn rain_acts_on_a_lasting_band_too() {
    let more = json!({
        "background": {"value": 0.14, "unit": "uSv/h"}, "rain": {"active": true},
        "source": "irdms", "persistence_min": 90,
    });
    check(
        &with(environment(0.27), more.clone()),
        "EXEMPT EX-RAIN +PB-ELEV",
    );
    check(
        &with(environment(0.3), more),
        "ELEVATED T2.2-3 +PB-ELEV !RAIN_RATIO_EXCEEDED ^AKTIF_PARSIAL",
    );
}

#[test]
fn medical() {
    let patient = |usv_h: f64, medical: Value| {
        json!({
            "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h", "subject": "person",
            "distance_m": 0.1, "medical": medical,
        })
    };
    let fires = "EMERGENCY ESC-TIO4-G +T3.1-II-1";
    let exempt = "EXEMPT EX-MED +T3.1-II-1";
    let verified = || json!({"claimed": true, "verified": true});
    check(&patient(0.5, verified()), "NORMAL NR");
    check(&patient(1.0, verified()), exempt);
    check(&patient(99.99, verified()), exempt);
    check(
        &patient(100.0, verified()),
        &format!("{fires} !MEDICAL_ABOVE_CAP"),
    );
    check(&patient(22.0, json!({"verified": true})), exempt);
    check(
        &patient(22.0, json!({"claimed": true})),
        &format!("{fires} !MEDICAL_UNVERIFIED"),
    );
    check(&patient(22.0, json!({"claimed": false})), fires);
    let responder = json!({"person_role": "responder"});
    check(&with(patient(22.0, verified()), responder), exempt);
    // Skin contamination is not covered.
    let with_skin = json!({
        "subject": "person", "distance_m": 0.1, "probe_factor": 1.0, "medical": verified(),
        "channels": [
            {"quantity": "dose_rate", "value": 22, "unit": "uSv/h"},
            {"quantity": "count_rate", "value": 100, "unit": "cps", "radiation": "beta"},
        ],
    });
    check(
        &with_skin,
        "POSSIBLE_EMERGENCY T3.2-II-1 +EX-MED +T3.1-II-1",
    );
    // Nor is the environment, nor an unknown distance.
    check(
        &with(environment(22.0), json!({"medical": verified()})),
        "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G",
    );
    check(
        &with(patient(150.0, verified()), json!({"distance_m": null})),
        "POSSIBLE_EMERGENCY SN-1 !GEOMETRY_UNKNOWN !MEDICAL_ABOVE_CAP",
    );
    let trusting = Policy {
        medical_require_verification: false,
        ..Policy::default()
    };
    check_by(&trusting, &patient(22.0, json!({"claimed": true})), exempt);
}

fn norm_object(usv_h: f64, distance_m: f64, norm: &Value) -> Value {
    json!({
        "quantity": "dose_rate", "value": usv_h, "unit": "uSv/h", "subject": "object",
        "distance_m": distance_m, "norm": norm, "background": {"value": 0.1, "unit": "uSv/h"},
    })
}

fn fertiliser(more: Value) -> Value {
    with(
        json!({"identified": true, "nuclides": ["K-40"], "item": "fertiliser"}),
        more,
    )
}

#[test]
fn natural_material() {
    let given = |msv: f64| fertiliser(json!({"projected_msv": msv}));
    let exempt = "EXEMPT EX-NORM +T3.1-III-1";
    let fires = "POSSIBLE_EMERGENCY T3.1-III-1";
    check(&norm_object(0.9, 1.0, &given(0.2)), "NORMAL NR");
    check(&norm_object(1.0, 1.0, &given(0.2)), exempt);
    check(&norm_object(99.0, 1.0, &given(0.999)), exempt);
    check(
        &norm_object(1.4, 1.0, &given(1.0)),
        &format!("{fires} !NORM_DOSE_EXCEEDED"),
    );
    check(
        &norm_object(1.4, 1.0, &given(-1.0)),
        &format!("{fires} !NORM_DOSE_UNKNOWN"),
    );
    check(
        &norm_object(100.0, 1.0, &given(0.2)),
        "EMERGENCY T3.1-III-2",
    );
    for (norm, flag) in [
        (json!({"identified": false}), "NORM_UNVERIFIED"),
        (json!({"nuclides": []}), "NORM_UNVERIFIED"),
        (
            json!({"nuclides": ["K-40", "Cs-137"]}),
            "NORM_OTHER_NUCLIDE",
        ),
        (json!({"nuclides": ["U-235"]}), "NORM_OTHER_NUCLIDE"),
        (json!({"item": "scrap"}), "NORM_ITEM_NOT_LISTED"),
        (json!({"item": null}), "NORM_ITEM_NOT_LISTED"),
    ] {
        let norm = with(given(0.2), norm);
        check(&norm_object(1.4, 1.0, &norm), &format!("{fires} !{flag}"));
    }
    for item in ["ceramic", "ceramic_pigment", "glass"] {
        let norm = with(
            given(0.2),
            json!({"item": item, "nuclides": ["Ra-226", "Th-232"]}),
        );
        check(&norm_object(1.4, 1.0, &norm), exempt);
    }
}

#[test]
fn yearly_dose_from_a_reading_at_one_metre() {
    let exempt = "EXEMPT EX-NORM +T3.1-III-1";
    let fires = "POSSIBLE_EMERGENCY T3.1-III-1";
    let hours = |hours: f64| fertiliser(json!({"hours_per_year": hours}));
    check(&norm_object(1.1, 1.0, &hours(999.9)), exempt);
    check(
        &norm_object(1.1, 1.0, &hours(1000.0)),
        &format!("{fires} !NORM_DOSE_EXCEEDED"),
    );
    check(
        &norm_object(1.1, 1.0, &hours(0.0)),
        &format!("{fires} !NORM_DOSE_UNKNOWN"),
    );
    // 2000 h, unless somebody knows better.
    let over = |usv_h: f64| {
        let more = json!({"background": {"value": 0.6, "unit": "uSv/h"}});
        with(norm_object(usv_h, 1.0, &fertiliser(json!({}))), more)
    };
    check(&over(1.099_99), exempt);
    check(&over(1.1), &format!("{fires} !NORM_DOSE_EXCEEDED"));
    let bare = with(
        norm_object(1.1, 1.0, &hours(10.0)),
        json!({"background": null}),
    );
    check(&bare, &format!("{fires} !NORM_DOSE_UNKNOWN"));
    check(
        &norm_object(1.1, 1.0, &fertiliser(json!({}))),
        &format!("{fires} !NORM_DOSE_EXCEEDED"),
    );
}

#[test]
fn natural_material_at_ten_centimetres() {
    let given = fertiliser(json!({"projected_msv": 0.2}));
    let unknown = "UNCLASSIFIED DQ-12 !NEEDS_GEOMETRY";
    check(&norm_object(12.0, 0.1, &given), "EXEMPT EX-NORM");
    check(&norm_object(12.0, 0.12, &given), "EXEMPT EX-NORM");
    check(&norm_object(12.0, 0.5, &given), unknown);
    check(&norm_object(120.0, 0.1, &given), unknown);
    let not_given = fertiliser(json!({"hours_per_year": 10}));
    check(
        &norm_object(12.0, 0.1, &not_given),
        &format!("{unknown} !NORM_DOSE_UNKNOWN"),
    );
    // Farther away the higher row is open, and an exemption must not hide it.
    check(
        &norm_object(12.0, 2.0, &given),
        "POSSIBLE_EMERGENCY T3.1-III-1 !HIGHER_LEVEL_UNKNOWN",
    );
}

#[test]
fn natural_material_by_counts() {
    let counted = |norm: Value| {
        json!({
            "quantity": "count_rate", "value": 4, "unit": "cps", "radiation": "beta",
            "subject": "object", "probe_factor": 1.0,
            "background_counts": {"beta": 1.0}, "norm": norm,
        })
    };
    let given = fertiliser(json!({"projected_msv": 0.2}));
    check(&counted(given.clone()), "EXEMPT EX-NORM +T3.2-III-1");
    check(
        &counted(fertiliser(json!({}))),
        "POSSIBLE_EMERGENCY T3.2-III-1 !NORM_DOSE_UNKNOWN",
    );
    check(
        &with(counted(given), json!({"value": 100})),
        "EMERGENCY T3.2-III-2",
    );
}

#[test]
fn naturally_high_background() {
    let area = |usv_h: f64, background: f64| {
        let more = json!({
            "background": {"value": background, "unit": "uSv/h"},
            "high_background_area": true,
        });
        with(environment(usv_h), more)
    };
    let fires = "POSSIBLE_EMERGENCY T3.1-I-1 +ESC-TIO3-G";
    let exempt = "EXEMPT EX-NHB +T3.1-I-1";
    let ratio = "ELEVATED PB-ELEV !NHB_RATIO_EXCEEDED";
    check(&area(1.35, 0.9), exempt);
    check(&area(1.350_01, 0.9), ratio);
    check(&area(1.0, 0.9), exempt);
    check(&area(0.95, 0.9), "NORMAL NR");
    check(&area(1.899_9, 0.9), ratio);
    check(&area(1.9, 0.9), fires);
    check(&area(50.9, 50.0), exempt);
    check(&area(100.0, 99.5), "EMERGENCY T3.1-I-2 +ESC-TIO2-G");
    check(&area(1.0, 0.0), fires);
    check(
        &with(area(1.3, 0.9), json!({"high_background_area": false})),
        fires,
    );
    check(
        &with(
            area(1.5, 0.9),
            json!({"source": "irdms", "persistence_min": 60}),
        ),
        "ELEVATED T2.2-3 +PB-ELEV !NHB_RATIO_EXCEEDED ^AKTIF_PARSIAL",
    );
}
