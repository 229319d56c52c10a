//! Explanations: what they say, and that they say what was judged.

use pantau::cases::{Explain, assess};
use pantau::criteria::Policy;
use pantau::criteria::explain::Explanation;
use pantau::criteria::loaded::ReferenceTables;
use serde_json::{Value, json};

use super::{answer, environment, examples, with};

fn explained(case: &Value, policy: &Policy) -> Explanation {
    let line = assess(
        &case.to_string(),
        policy,
        &ReferenceTables::default(),
        Explain::Yes,
    );
    *line.explanation.unwrap_or_else(|| panic!("{case}"))
}

fn reading(input: Value) -> Explanation {
    let case = json!({"id": "x", "kind": "reading", "input": input});
    explained(&case, &Policy::default())
}

/// No sentence is left half made.
#[track_caller]
fn check_text(text: &str) {
    assert!(text.ends_with('.') && text.len() > 40, "{text}");
    for bad in ["..", "  ", " .", "()", "( ", ": .", "NaN", "None", "Some("] {
        assert!(!text.contains(bad), "`{bad}` in: {text}");
    }
}

/// For every worked case and both comparators: the answer is the one without
/// an explanation, and the explanation is of that answer.
#[test]
fn an_explanation_is_of_what_was_judged() {
    let Some(examples) = examples() else { return };
    for policy in [Policy::default(), Policy::strict_text()] {
        for case in examples["cases"].as_array().unwrap() {
            let line = assess(
                &case.to_string(),
                &policy,
                &ReferenceTables::default(),
                Explain::Yes,
            );
            let mut whole = serde_json::to_value(&line).unwrap();
            whole.as_object_mut().unwrap().remove("explanation");
            let plain = answer(case, &policy);
            assert_eq!(whole, plain);
            let explanation = line.explanation.unwrap_or_else(|| panic!("{case}"));
            assert_eq!(explanation.rule, plain["rule"], "{case}");
            let class = match case["kind"].as_str().unwrap() {
                "reading" | "termination" | "food" | "worker" => plain["classification"].clone(),
                "report" => plain["std_status"].clone(),
                "sequence" => plain["states"].as_array().unwrap().last().unwrap().clone(),
                "category" => plain["category"]
                    .as_u64()
                    .map_or(Value::Null, |number| Value::from(number.to_string())),
                _ => Value::Null,
            };
            assert_eq!(json!(explanation.class), class, "{case}");
            let flags: Vec<_> = explanation.flags.iter().map(|flag| &flag.flag).collect();
            if let Some(expected) = plain.get("flags") {
                assert_eq!(json!(flags), *expected, "{case}");
            }
            check_text(&explanation.text.id);
            check_text(&explanation.text.en);
            let written = serde_json::to_string(&explanation).unwrap();
            let back: Explanation = serde_json::from_str(&written).unwrap();
            assert_eq!(back, *explanation);
        }
    }
}

#[test]
fn a_reading_is_explained_in_both_languages() {
    let explanation = reading(environment(1.2));
    assert_eq!(
        explanation.text.en,
        "Dose rate of 1.2 µSv/h in the environment at 1 m is judged POSSIBLE_EMERGENCY: possible \
         radiological emergency. It reaches the 1 µSv/h of rule T3.1-I-1 (PUK/DK2N.3/PT.17 rev. 0, \
         table 3.1 row I-1, p. 30–31). It stays below the 100 µSv/h of rule T3.1-I-2. Compared as \
         measured (gross). Also matched: ESC-TIO3-G (PUK/DK2N.3/PT.17 rev. 0, section 3.2.1(5), \
         p. 33). The background dose rate is 0.08 µSv/h, measured. Recommended status: AKTIF \
         PARSIAL, because a possible emergency and an emergency ask for a team at the scene \
         (tables 2.1 and 2.2); the named official decides."
    );
    assert_eq!(
        explanation.text.id,
        "Laju dosis 1,2 µSv/jam di lingkungan pada jarak 1 m dinilai POSSIBLE_EMERGENCY: \
         kemungkinan kedaruratan radiologik. Nilai ini mencapai 1 µSv/jam menurut aturan T3.1-I-1 \
         (PUK/DK2N.3/PT.17 rev. 0, tabel 3.1 baris I-1, hal. 30–31). Nilai ini tetap di bawah \
         100 µSv/jam menurut aturan T3.1-I-2. Dibandingkan apa adanya (bruto). Juga terpenuhi: \
         ESC-TIO3-G (PUK/DK2N.3/PT.17 rev. 0, bagian 3.2.1(5), hal. 33). Latar laju dosis \
         0,08 µSv/jam, diukur. Status yang disarankan: AKTIF PARSIAL, sebab kemungkinan \
         kedaruratan dan kedaruratan meminta tim ke lokasi (tabel 2.1 dan 2.2); yang berwenang \
         memutuskan."
    );
    let value = serde_json::to_value(&explanation).unwrap();
    assert_eq!(value["source"]["table"], "3.1");
    assert_eq!(value["source"]["row"], "I-1");
    assert_eq!(value["source"]["page"], "30–31");
    assert_eq!(
        value["compared"].as_array().unwrap().last().unwrap(),
        &json!({
            "rule": "T3.1-I-1", "what": "dose_rate", "value": 1.2, "comparator": ">=",
            "level": 1.0, "unit": "uSv/h", "basis": "gross", "result": "holds",
        })
    );
    assert_eq!(value["backgrounds"][0]["source"], "measured");
    assert_eq!(value["policy"].as_str().unwrap().len(), 64);
}

/// A part of the text for each way an exemption can go.
#[test]
fn exemptions_say_why_they_hold_or_not() {
    let background = |usv_h: f64| json!({"background": {"value": usv_h, "unit": "uSv/h"}});
    let rain = json!({"rain": {"active": true}});
    let person = json!({"subject": "person", "distance_m": 0.1});
    let object = json!({"subject": "object"});
    let norm = |nuclide: &str, hours: f64| {
        json!({"norm": {"identified": true, "nuclides": [nuclide], "item": "glass",
                        "hours_per_year": hours}})
    };
    let high = json!({"high_background_area": true});
    for (input, holds, why, part) in [
        (
            environment(0.25),
            false,
            "no_rain",
            "EX-RAIN (PUK/DK2N.3/PT.17 rev. 0, note of table 3.1 row I, p. 30–31) does not hold: it does not rain",
        ),
        (
            with(with(environment(0.27), background(0.14)), rain.clone()),
            true,
            "holds",
            "EX-RAIN (PUK/DK2N.3/PT.17 rev. 0, note of table 3.1 row I, p. 30–31) holds: its condition is met (0.27 µSv/h, its bound is 0.28 µSv/h)",
        ),
        (
            with(with(environment(0.3), background(0.14)), rain.clone()),
            false,
            "ratio_exceeded",
            "higher than it explains (0.3 µSv/h, its bound is 0.28 µSv/h)",
        ),
        (
            with(environment(1.4), rain.clone()),
            false,
            "too_high",
            "too high to be exempt (1.4 µSv/h, its bound is 1 µSv/h)",
        ),
        (
            with(with(environment(1.3), background(0.9)), high.clone()),
            true,
            "holds",
            "EX-NHB (project rule, where the guideline is silent) holds",
        ),
        (
            with(with(environment(2.1), background(0.9)), high.clone()),
            false,
            "net_too_high",
            "its bound is 1.9 µSv/h",
        ),
        (
            with(environment(1.3), person.clone()),
            false,
            "not_claimed",
            "nobody speaks of a medical treatment",
        ),
        (
            with(
                with(environment(1.3), person.clone()),
                json!({"medical": {"claimed": true}}),
            ),
            false,
            "unverified",
            "no person verified it",
        ),
        (
            with(
                with(environment(22.0), person.clone()),
                json!({"medical": {"verified": true}}),
            ),
            true,
            "holds",
            "EX-MED",
        ),
        (
            with(
                with(environment(122.0), person),
                json!({"medical": {"verified": true}}),
            ),
            false,
            "too_high",
            "its bound is 100 µSv/h",
        ),
        (
            with(environment(1.4), object.clone()),
            false,
            "nothing_known",
            "nothing is known of natural material",
        ),
        (
            with(with(environment(1.4), object.clone()), norm("Cs-137", 1.0)),
            false,
            "other_nuclide",
            "not natural",
        ),
        (
            with(with(environment(1.4), object.clone()), norm("K-40", 2000.0)),
            false,
            "dose_exceeded",
            "the yearly dose is too high (2.64 mSv, its bound is 1 mSv)",
        ),
        (
            with(with(environment(1.4), object.clone()), norm("K-40", 500.0)),
            true,
            "holds",
            "(0.66 mSv, its bound is 1 mSv)",
        ),
        (
            with(with(environment(140.0), object), norm("K-40", 1.0)),
            false,
            "never_here",
            "it never holds for an emergency row",
        ),
    ] {
        let explanation = reading(input);
        let [exemption] = explanation.exemptions.as_slice() else {
            panic!("{:?}", explanation.exemptions);
        };
        assert_eq!((exemption.holds, exemption.why.as_str()), (holds, why));
        assert!(
            explanation.text.en.contains(part),
            "`{part}` is not in: {}",
            explanation.text.en
        );
        check_text(&explanation.text.id);
    }
}

#[test]
fn a_value_just_off_its_level_does_not_look_like_it() {
    let explanation = reading(environment(0.999_999));
    let text = &explanation.text.en;
    assert!(text.contains("ELEVATED"), "{text}");
    let object = with(environment(0.999_999), json!({"subject": "object"}));
    let policy = Policy::default();
    let case = json!({"id": 1, "kind": "worker", "input": {"dose_msv": 49.999_999_9}});
    let worker = explained(&case, &policy).text.id;
    assert!(
        worker.contains("49,9999999 mSv tetap di bawah 50 mSv"),
        "{worker}"
    );
    check_text(&reading(object).text.en);
}

#[test]
fn where_a_background_comes_from_is_said() {
    let none =
        json!({"quantity": "dose_rate", "value": 0.19, "unit": "uSv/h", "subject": "environment"});
    let text = reading(none).text;
    assert!(
        text.en
            .contains("The background dose rate is 0.1 µSv/h, only assumed"),
        "{}",
        text.en
    );
    assert!(text.id.contains("hanya diandaikan"), "{}", text.id);
    let counted = json!({
        "quantity": "count_rate", "radiation": "beta", "value": 3.1, "unit": "cps",
        "subject": "object", "background_counts": {"beta": 1.0, "age_h": 2.0},
    });
    let text = reading(counted).text.en;
    assert!(
        text.contains("reaches the 3 cps of rule T3.2-III-1"),
        "{text}"
    );
    assert!(
        text.contains("follows from the background of 1 cps"),
        "{text}"
    );
    assert!(
        text.contains("The background beta count rate is 1 cps, measured 2 h before."),
        "{text}"
    );
}
