//! What holds for every number, not only at the levels.

use proptest::prelude::*;

use super::*;
use crate::quality::{Arrived, TimeCheck};
use crate::reading::{Quantity, Radiation};

const QUANTITIES: [Quantity; 5] = [
    Quantity::DoseRate,
    Quantity::CountRate(Radiation::Alpha),
    Quantity::CountRate(Radiation::Beta),
    Quantity::CountRate(Radiation::AlphaBeta),
    Quantity::CountRate(Radiation::Gamma),
];

fn judged(quantity: Quantity, shown: Shown, setting: &Setting) -> Judgement {
    let channels = [Input {
        quantity,
        shown,
        noted: Remarks::EMPTY,
    }];
    judge(
        &Observation {
            setting,
            channels: &channels,
            status: Status::default(),
            arrived: Arrived::Fresh,
            time: TimeCheck::default(),
            has_position: true,
            noted: Remarks::EMPTY,
        },
        &Policy::default(),
    )
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        (-6.0..9.0).prop_map(|exponent| 10_f64.powf(exponent)),
        Just(0.0),
        Just(f64::NAN),
    ]
}

prop_compose! {
    fn settings()(
        subject in prop::option::of(prop::sample::select(Subject::ALL)),
        role in prop::option::of(prop::sample::select(Role::ALL)),
        distance_m in prop::option::of(number()),
        background_usv_h in prop::option::of(number()),
        beta in prop::option::of(number()),
        probe_factor in prop::option::of(number()),
        area in prop::option::of((prop::sample::select(ExistingKind::ALL), number())),
        flags in any::<[bool; 3]>(),
    ) -> Setting {
        let [raining, verified, high_background_area] = flags;
        Setting {
            subject,
            role,
            distance_m,
            background_usv_h,
            background_counts: CountBackground { alpha: beta, beta, age_h: None },
            probe_factor,
            rain: Rain { active: raining, hours_since_end: None },
            high_background_area,
            existing: area.map(|(kind, baseline)| ExistingArea {
                kind,
                baseline_usv_h: Some(baseline),
            }),
            medical: Medical { claimed: true, verified },
            ..Setting::default()
        }
    }
}

proptest! {
    #[test]
    fn no_input_is_too_strange(
        quantity in prop::sample::select(&QUANTITIES[..]),
        value in number(),
        setting in settings(),
    ) {
        let judgement = judged(quantity, Shown::Number(value), &setting);
        let is_usable = value.is_finite() && value >= 0.0;
        prop_assert_eq!(judgement.class == Some(Class::Invalid), !is_usable);
        prop_assert!(judgement.canonical.is_none_or(f64::is_finite));
        let raises = matches!(
            judgement.class,
            Some(Class::PossibleEmergency | Class::Emergency)
        );
        let lasts = judgement.rule == Rule::T223;
        prop_assert_eq!(judgement.recommendation != Recommendation::None, raises || lasts);
    }

    #[test]
    fn more_is_never_less(
        quantity in prop::sample::select(&QUANTITIES[..]),
        subject in prop::sample::select(Subject::ALL),
        value in 1e-3..9e7_f64,
        factor in 1.0..1e3_f64,
        beta in prop::option::of(0.0..50.0_f64),
    ) {
        let setting = Setting {
            subject: Some(subject),
            distance_m: Some(if subject == Subject::Person { 0.1 } else { 1.0 }),
            background_counts: CountBackground { alpha: beta, beta, age_h: None },
            ..Setting::default()
        };
        // From 1e8 on, a value is implausible and a person looks at it.
        let higher = (value * factor).min(9.9e7);
        let class = |value| judged(quantity, Shown::Number(value), &setting).class;
        // Only a missing background makes a low value the harder one to judge.
        prop_assume!(class(value) != Some(Class::Unclassified));
        prop_assert!(class(higher) >= class(value));
    }

    #[test]
    fn over_range_is_at_least_possible(
        quantity in prop::sample::select(&QUANTITIES[..]),
        bound in prop::option::of(1e-6..1e9_f64),
        setting in settings(),
    ) {
        let judgement = judged(quantity, Shown::Overrange(bound), &setting);
        prop_assert!(judgement.class >= Some(Class::PossibleEmergency));
        prop_assert!(judgement.remarks.contains(Remark::Overrange));
    }

    #[test]
    fn nothing_exempts_tio2(setting in settings(), usv_h in 100.0..1e8_f64) {
        let setting = Setting {
            subject: Some(Subject::Environment),
            ..setting
        };
        let judgement = judged(Quantity::DoseRate, Shown::Number(usv_h), &setting);
        prop_assert_eq!(judgement.class, Some(Class::Emergency));
    }
}

proptest! {
    /// The explanation is another run of the same judges: it cannot disagree.
    #[test]
    fn an_explanation_never_disagrees(
        quantity in prop::sample::select(&QUANTITIES[..]),
        value in number(),
        is_over in any::<bool>(),
        setting in settings(),
        is_strict in any::<bool>(),
    ) {
        let policy = if is_strict { Policy::strict_text() } else { Policy::default() };
        let shown = if is_over { Shown::Overrange(Some(value)) } else { Shown::Number(value) };
        let channels = [Input { quantity, shown, noted: Remarks::EMPTY }];
        let observation = Observation {
            setting: &setting,
            channels: &channels,
            status: Status::default(),
            arrived: Arrived::Fresh,
            time: TimeCheck::default(),
            has_position: true,
            noted: Remarks::EMPTY,
        };
        let judgement = judge(&observation, &policy);
        let explanation = explain::explain(&observation, &policy);
        prop_assert_eq!(explanation.rule.as_str(), judgement.rule.as_str());
        let class = judgement.class.map(|class| class.to_string());
        prop_assert_eq!(explanation.class, class);
        let also: Vec<_> = explanation.also.iter().map(|cited| cited.rule.as_str()).collect();
        let expected: Vec<_> = judgement.also.iter().map(Rule::as_str).collect();
        prop_assert_eq!(also, expected);
        let is_exempt = judgement.class == Some(Class::Exempt);
        let holds = explanation.exemptions.iter().any(|exemption| exemption.holds);
        prop_assert!(!is_exempt || holds, "{}", explanation.text.en);
        // A row that decided was reached, and the explanation shows by what.
        if judgement.rule.as_str().starts_with('T') && judgement.rule != Rule::T223 {
            let reached = explanation.compared.iter().any(|compared| {
                compared.rule == explanation.rule && compared.result == "holds"
            });
            prop_assert!(reached, "{:?}", explanation.compared);
        }
    }
}
