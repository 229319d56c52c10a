use super::*;

fn survey(area: AreaKind, max_usv_h: f64, background_usv_h: Option<f64>) -> Survey {
    Survey {
        area,
        track: Track::Orphan,
        recovered: Recovered {
            source: true,
            environment: true,
        },
        duration_h: 24.0,
        n_points: 10.0,
        max_usv_h: Some(max_usv_h),
        uncertainty_usv_h: None,
        background_usv_h,
        projected_msv: None,
    }
}

fn home(max_usv_h: f64, background_usv_h: Option<f64>) -> Survey {
    survey(AreaKind::Residential, max_usv_h, background_usv_h)
}

fn works(max_usv_h: f64) -> Survey {
    survey(AreaKind::NonResidential, max_usv_h, None)
}

#[track_caller]
fn check(survey: &Survey, closing: Closing, rule: &str, remarks: &[Remark]) {
    let got = propose(survey, &TerminationPolicy::default());
    assert_eq!((got.closing, got.rule), (closing, rule));
    assert_eq!(got.remarks, remarks.iter().copied().collect());
}

#[test]
fn rates_must_lie_below_their_limit() {
    check(&home(0.1099, None), Closing::Normal, "T4.2-RN", &[]);
    check(&home(0.11, None), Closing::Existing, "T4.2-RE", &[]);
    check(&home(2.28, None), Closing::Existing, "T4.2-RE", &[]);
    check(
        &home(2.3, Some(0.1)),
        Closing::NotTerminable,
        "T4.2-RE",
        &[],
    );
    check(&works(0.499), Closing::Normal, "T4.2-NN", &[]);
    check(&works(0.5), Closing::Existing, "T4.2-NE", &[]);
    check(&works(9.99), Closing::Existing, "T4.2-NE", &[]);
    check(&works(10.0), Closing::NotTerminable, "T4.2-NE", &[]);
}

#[test]
fn near_background_is_normal_only_with_a_low_net() {
    check(
        &home(0.179, Some(0.06)),
        Closing::Existing,
        "T4.2-RE",
        &[Remark::TextWouldAllowNormal],
    );
    check(&home(0.169, Some(0.06)), Closing::Normal, "T4.2-RN", &[]);
    check(
        &home(0.17, Some(0.06)),
        Closing::Existing,
        "T4.2-RE",
        &[Remark::TextWouldAllowNormal],
    );
    check(&home(0.12, Some(0.04)), Closing::Existing, "T4.2-RE", &[]);
    check(
        &home(2.5, Some(1.0)),
        Closing::NotTerminable,
        "T4.2-RE",
        &[Remark::TextWouldAllowNormal],
    );
}

#[test]
fn table_4_1_must_hold_too() {
    let dose = |msv, base: Survey| Survey {
        projected_msv: Some(msv),
        ..base
    };
    let low = home(0.1, None);
    check(&dose(1.0, low), Closing::Normal, "T4.2-RN", &[]);
    check(
        &dose(1.001, low),
        Closing::Existing,
        "T4.2-RE",
        &[Remark::T41Limits],
    );
    check(
        &dose(20.0, low),
        Closing::Existing,
        "T4.2-RE",
        &[Remark::T41Limits],
    );
    check(
        &dose(20.1, low),
        Closing::NotTerminable,
        "T4.2-RE",
        &[Remark::T41Limits],
    );
    check(
        &home(2.29, None),
        Closing::NotTerminable,
        "T4.2-RE",
        &[Remark::T41Limits],
    );
    check(&home(2.29, Some(0.05)), Closing::Existing, "T4.2-RE", &[]);
    check(
        &dose(50.0, works(10.0)),
        Closing::NotTerminable,
        "T4.2-NE",
        &[],
    );
}

#[test]
fn a_background_of_nothing_is_no_background() {
    for background in [0.0, -0.1] {
        check(
            &home(0.12, Some(background)),
            Closing::Existing,
            "T4.2-RE",
            &[Remark::BackgroundInvalid],
        );
    }
}

#[test]
fn uncertainty_is_added() {
    let with = |uncertainty| Survey {
        uncertainty_usv_h: Some(uncertainty),
        ..home(0.1, None)
    };
    check(
        &with(0.006),
        Closing::Normal,
        "T4.2-RN",
        &[Remark::GuardBand],
    );
    check(
        &with(0.007),
        Closing::Existing,
        "T4.2-RE",
        &[Remark::GuardBand],
    );
}

#[test]
fn recovery_depends_on_the_track() {
    for (source, environment, facility, orphan) in [
        (true, true, true, true),
        (true, false, true, false),
        (false, true, true, false),
        (false, false, false, false),
    ] {
        for (track, allowed) in [(Track::Facility, facility), (Track::Orphan, orphan)] {
            let survey = Survey {
                track,
                recovered: Recovered {
                    source,
                    environment,
                },
                ..home(0.1, None)
            };
            let got = propose(&survey, &TerminationPolicy::default());
            assert_eq!(
                got.rule == "T4.2-RN",
                allowed,
                "{track} {source} {environment}"
            );
            assert_eq!(got.remarks.contains(Remark::NotRecovered), !allowed);
        }
    }
}

#[test]
fn too_little_data_closes_nothing() {
    let base = home(0.1, None);
    for survey in [
        Survey {
            duration_h: 23.9,
            ..base
        },
        Survey {
            n_points: 9.0,
            ..base
        },
        Survey {
            max_usv_h: None,
            ..base
        },
    ] {
        check(
            &survey,
            Closing::NotTerminable,
            "PT-DATA",
            &[Remark::InsufficientData],
        );
    }
}

#[test]
fn the_mode_of_normal_is_a_choice() {
    let high = home(0.5, Some(0.3));
    for (normal_mode, survey, expected) in [
        (NormalMode::TextOr, high, Closing::Existing),
        (NormalMode::NetOnly, home(0.35, Some(0.3)), Closing::Normal),
        (NormalMode::NetOnly, high, Closing::Existing),
        (NormalMode::NetOnly, home(0.1, None), Closing::Normal),
    ] {
        let policy = TerminationPolicy {
            normal_mode,
            ..TerminationPolicy::default()
        };
        assert_eq!(
            propose(&survey, &policy).closing,
            expected,
            "{normal_mode:?}"
        );
    }
}

/// The limit that people are shown is the one that decides.
#[test]
fn just_below_the_shown_limit_is_allowed_and_just_above_is_not() {
    for normal_mode in [NormalMode::Guarded, NormalMode::TextOr, NormalMode::NetOnly] {
        let policy = TerminationPolicy {
            normal_mode,
            ..TerminationPolicy::default()
        };
        for area in AreaKind::ALL.iter().copied() {
            for background in [
                None,
                Some(0.0),
                Some(0.02),
                Some(0.08),
                Some(0.3),
                Some(4.0),
            ] {
                for target in Target::ALL.iter().copied() {
                    let limit = limit_usv_h(target, area, background, &policy);
                    let met = |usv_h| {
                        let proposal = propose(&survey(area, usv_h, background), &policy);
                        target.is_met_by(proposal.closing)
                    };
                    let case = format!("{target} {area} {background:?} {normal_mode:?}");
                    assert!(met(limit * (1.0 - 1e-6)), "{case}: {limit}");
                    assert!(!met(limit * (1.0 + 1e-6)), "{case}: {limit}");
                }
            }
        }
    }
}
