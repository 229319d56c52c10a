//! Readings of the daemon: flags of the decoder, and the levels that the
//! hysteresis needs.

use std::sync::Arc;

use pantau::clock::{Mono, Received, Wall};
use pantau::criteria::{
    Class, CountBackground, Disposition, ExistingArea, ExistingKind, Judgement, Policy, Remark,
    Remarks, Role, Rule, Setting, Subject, judge_reading,
};
use pantau::quality::Arrived;
use pantau::reading::{
    Amount, Channel, Delivery, DeviceTime, Flag, Flags, InstrumentId, Measured, NoValue, Position,
    PositionSource, Quantity, Radiation, Reading,
};

const NOW_S: i64 = 1_700_000_000;

fn channel(quantity: Quantity, measured: Measured<f64>, at_least: Option<f64>) -> Channel {
    let amount = |number| Amount::new(quantity, number).unwrap();
    Channel {
        quantity,
        measured: measured.map(amount),
        at_least: at_least.map(amount),
        raw: None,
        factor: None,
        counting: None,
    }
}

fn dose(usv_h: f64) -> Channel {
    channel(Quantity::DoseRate, Ok(usv_h), None)
}

fn counted(radiation: Radiation, cps: f64) -> Channel {
    channel(Quantity::CountRate(radiation), Ok(cps), None)
}

fn over(quantity: Quantity, at_least: Option<f64>) -> Channel {
    channel(quantity, Err(NoValue::Overrange), at_least)
}

fn reading(channels: Vec<Channel>, flags: &[Flag]) -> Reading {
    let now = Wall::from_secs(NOW_S).unwrap();
    Reading {
        instrument: InstrumentId::new("G-07").unwrap(),
        profile: Arc::from("test"),
        received: Received {
            wall: now,
            mono: Mono::from_secs(5),
        },
        device_time: DeviceTime::At(now),
        sequence: None,
        channels: channels.into(),
        position: Position::new(-6.35, 106.66, PositionSource::Frame),
        flags: flags.iter().copied().collect::<Flags>(),
        fingerprint: 1,
        delivery: Delivery::default(),
    }
}

fn at_1_m() -> Setting {
    Setting {
        subject: Some(Subject::Environment),
        distance_m: Some(1.0),
        background_usv_h: Some(0.08),
        probe_factor: Some(1.0),
        ..Setting::default()
    }
}

fn judged(reading: &Reading, setting: &Setting) -> Judgement {
    judge_reading(reading, setting, &Policy::default())
}

#[track_caller]
fn check(
    reading: &Reading,
    setting: &Setting,
    (class, rule, disposition): (Class, Rule, Disposition),
    remarks: &[Remark],
) {
    let judgement = judged(reading, setting);
    assert_eq!(judgement.class, Some(class));
    assert_eq!((judgement.rule, judgement.disposition), (rule, disposition));
    assert_eq!(
        judgement.remarks,
        remarks.iter().copied().collect::<Remarks>()
    );
}

const FINE: (Class, Rule, Disposition) = (Class::Normal, Rule::Nr, Disposition::Accept);

#[test]
fn flags_that_change_nothing_but_are_remarked() {
    for (flag, remark) in [
        (Flag::LowBattery, Some(Remark::LowBattery)),
        (Flag::CalibrationExpired, Some(Remark::CalibrationExpired)),
        (Flag::RoentgenConverted, Some(Remark::RoentgenConverted)),
        (Flag::GrayConverted, Some(Remark::GrayConverted)),
        (Flag::CountInvalid, None),
        (Flag::AlarmRate, None),
        (Flag::DeadTimeCorrected, None),
    ] {
        let reading = reading(vec![dose(0.1)], &[flag]);
        check(&reading, &at_1_m(), FINE, remark.as_slice());
    }
    let expired = Setting {
        calibration_expired: true,
        ..at_1_m()
    };
    check(
        &reading(vec![dose(0.1)], &[]),
        &expired,
        FINE,
        &[Remark::CalibrationExpired],
    );
    let lost = Reading {
        position: None,
        ..reading(vec![dose(0.1)], &[Flag::GpsInvalid])
    };
    check(&lost, &at_1_m(), FINE, &[Remark::NoPosition]);
}

#[test]
fn over_range_is_evidence() {
    let tio2 = (Class::Emergency, Rule::T31I2, Disposition::Accept);
    let sn2 = (Class::PossibleEmergency, Rule::Sn2, Disposition::Accept);
    let known = Setting {
        range_max_usv_h: Some(1000.0),
        ..at_1_m()
    };
    for (channel, setting, expected) in [
        (over(Quantity::DoseRate, None), &at_1_m(), sn2),
        (over(Quantity::DoseRate, Some(0.5)), &at_1_m(), sn2),
        (over(Quantity::DoseRate, Some(150.0)), &at_1_m(), tio2),
        (over(Quantity::DoseRate, None), &known, tio2),
    ] {
        let reading = reading(vec![channel], &[Flag::Overrange]);
        check(&reading, setting, expected, &[Remark::Overrange]);
    }
    for flag in [Flag::Overload, Flag::Overrange] {
        check(
            &reading(vec![dose(0.1)], &[flag]),
            &known,
            tio2,
            &[Remark::Overrange],
        );
    }
    // A fault that comes with it hides nothing.
    let both = reading(
        vec![over(Quantity::DoseRate, None)],
        &[Flag::Overload, Flag::HvFault],
    );
    check(&both, &known, tio2, &[Remark::Overrange]);
}

#[test]
fn over_range_of_one_channel_spares_the_other() {
    let beta = Quantity::CountRate(Radiation::Beta);
    let mixed = reading(vec![dose(0.1), over(beta, None)], &[Flag::Overrange]);
    let judgement = judged(&mixed, &at_1_m());
    assert_eq!(judgement.class, Some(Class::PossibleEmergency));
    let classes: Vec<_> = judgement
        .channels
        .iter()
        .map(|verdict| verdict.class)
        .collect();
    assert_eq!(classes, [Class::Normal, Class::PossibleEmergency]);
}

#[test]
fn over_range_of_counts_without_a_row_speaks_through_the_dose_rate() {
    let gamma = Quantity::CountRate(Radiation::Gamma);
    let judgement = judged(&reading(vec![over(gamma, None), dose(0.1)], &[]), &at_1_m());
    assert_eq!(
        (judgement.class, judgement.rule),
        (Some(Class::PossibleEmergency), Rule::Sn2)
    );
    let quantities: Vec<_> = judgement
        .channels
        .iter()
        .map(|verdict| verdict.quantity)
        .collect();
    assert_eq!(quantities, [Quantity::DoseRate]);
}

#[test]
fn faults() {
    let fault = (Class::Invalid, Rule::Dq09, Disposition::Quarantine);
    for flag in [Flag::DetectorFault, Flag::HvFault] {
        check(
            &reading(vec![dose(150.0)], &[flag]),
            &at_1_m(),
            fault,
            &[Remark::DeviceFault],
        );
    }
    let broken = channel(Quantity::DoseRate, Err(NoValue::DetectorFault), None);
    check(
        &reading(vec![broken.clone()], &[Flag::DetectorFault]),
        &at_1_m(),
        fault,
        &[Remark::DeviceFault],
    );
    let beside = reading(
        vec![broken, counted(Radiation::Beta, 30.0)],
        &[Flag::DetectorFault],
    );
    check(
        &beside,
        &at_1_m(),
        (Class::PossibleEmergency, Rule::T32I1, Disposition::Accept),
        &[Remark::DeviceFault],
    );
    let cold = channel(Quantity::DoseRate, Err(NoValue::NotInitialised), None);
    check(
        &reading(vec![cold], &[Flag::NotInitialised]),
        &at_1_m(),
        fault,
        &[],
    );
    check(
        &reading(vec![dose(0.1)], &[Flag::NotInitialised]),
        &at_1_m(),
        fault,
        &[],
    );
    check(
        &reading(vec![dose(150.0)], &[Flag::TestMode]),
        &at_1_m(),
        (Class::Invalid, Rule::Dq10, Disposition::Quarantine),
        &[Remark::TestMode],
    );
    let silent = channel(Quantity::DoseRate, Err(NoValue::NotReported), None);
    check(
        &reading(vec![silent.clone(), counted(Radiation::Beta, 1.0)], &[]),
        &at_1_m(),
        FINE,
        &[],
    );
    check(
        &reading(vec![silent], &[]),
        &at_1_m(),
        (Class::Invalid, Rule::Dq01, Disposition::Reject),
        &[Remark::NotANumber],
    );
}

#[test]
fn below_detection_limit_and_rain() {
    check(
        &reading(vec![dose(0.5)], &[Flag::BelowDetectionLimit]),
        &at_1_m(),
        (Class::Normal, Rule::Dq08, Disposition::Accept),
        &[Remark::BelowDl],
    );
    let wet = Setting {
        background_usv_h: Some(0.14),
        ..at_1_m()
    };
    let exempt = (Class::Exempt, Rule::ExRain, Disposition::Accept);
    check(&reading(vec![dose(0.27)], &[Flag::Rain]), &wet, exempt, &[]);
}

#[test]
fn time_of_the_instrument() {
    let seconds = |secs: i64| DeviceTime::At(Wall::from_secs(NOW_S + secs).unwrap());
    let accept = Disposition::Accept;
    for (device_time, retained, disposition, remarks) in [
        (seconds(-900), false, accept, &[][..]),
        (
            seconds(-901),
            false,
            Disposition::Historical,
            &[Remark::Stale],
        ),
        (seconds(120), false, accept, &[]),
        (
            seconds(121),
            false,
            Disposition::Quarantine,
            &[Remark::ClockSkew],
        ),
        (
            DeviceTime::Naive,
            false,
            Disposition::Quarantine,
            &[Remark::NaiveTime],
        ),
        (DeviceTime::Absent, false, accept, &[Remark::TimeAssumed]),
        (
            DeviceTime::Impossible,
            false,
            accept,
            &[Remark::TimeAssumed],
        ),
        (seconds(-5), true, accept, &[]),
        (
            seconds(-901),
            true,
            Disposition::Historical,
            &[Remark::Stale],
        ),
        (
            DeviceTime::Absent,
            true,
            Disposition::Historical,
            &[Remark::Stale, Remark::TimeAssumed],
        ),
    ] {
        let mut reading = reading(vec![dose(0.1)], &[]);
        reading.device_time = device_time;
        reading.delivery.retained = retained;
        check(
            &reading,
            &at_1_m(),
            (Class::Normal, Rule::Nr, disposition),
            remarks,
        );
    }
    let old = reading(vec![dose(0.1)], &[Flag::Stale]);
    check(
        &old,
        &at_1_m(),
        (Class::Normal, Rule::Nr, Disposition::Historical),
        &[Remark::Stale],
    );
}

#[test]
fn copies() {
    let copy = Setting {
        arrived: Some(Arrived::Duplicate),
        ..at_1_m()
    };
    let judgement = judged(&reading(vec![dose(150.0)], &[]), &copy);
    assert_eq!((judgement.class, judgement.rule), (None, Rule::Dq07));
    assert!(judgement.channels.is_empty());
    let conflict = Setting {
        arrived: Some(Arrived::Conflict),
        ..at_1_m()
    };
    check(
        &reading(vec![dose(150.0)], &[]),
        &conflict,
        (Class::Emergency, Rule::T31I2, Disposition::Quarantine),
        &[Remark::SeqConflict],
    );
}

#[test]
fn what_has_no_row() {
    let total = || channel(Quantity::Dose, Ok(3.0), None);
    let surface = || channel(Quantity::SurfaceActivity(Radiation::Beta), Ok(3.0), None);
    for channel in [total(), surface()] {
        let alone = (Class::Unclassified, Rule::Nr, Disposition::Accept);
        check(&reading(vec![channel], &[]), &at_1_m(), alone, &[]);
    }
    let beside = reading(vec![total(), dose(0.1), surface()], &[]);
    assert_eq!(judged(&beside, &at_1_m()).channels.len(), 1);
    check(&beside, &at_1_m(), FINE, &[]);
    let full = channel(Quantity::Dose, Err(NoValue::Overrange), None);
    check(
        &reading(vec![full, dose(0.1)], &[Flag::Overrange]),
        &at_1_m(),
        FINE,
        &[],
    );
}

#[test]
fn counts_without_a_row_speak_only_when_nothing_else_does() {
    let gamma = || counted(Radiation::Gamma, 14.0);
    let alone = (Class::Unclassified, Rule::Dq13, Disposition::Accept);
    let total = channel(Quantity::Dose, Ok(3.0), None);
    let unspecified = [Remark::RadiationUnspecified];
    check(
        &reading(vec![total, gamma()], &[]),
        &at_1_m(),
        alone,
        &unspecified,
    );
    check(
        &reading(vec![gamma()], &[Flag::BelowDetectionLimit]),
        &at_1_m(),
        alone,
        &[Remark::RadiationUnspecified, Remark::BelowDl],
    );
    let broken = channel(Quantity::DoseRate, Err(NoValue::DetectorFault), None);
    let judgement = judged(&reading(vec![broken, gamma()], &[]), &at_1_m());
    assert_eq!((judgement.class, judgement.rule), (Some(alone.0), alone.1));
    let full = over(Quantity::DoseRate, Some(150.0));
    let tio2 = (Class::Emergency, Rule::T31I2, Disposition::Accept);
    check(
        &reading(vec![full, gamma()], &[]),
        &at_1_m(),
        tio2,
        &[Remark::Overrange],
    );
}

#[test]
fn more_channels_than_fit_keep_the_highest() {
    let mut channels: Vec<_> = (0..20).map(|_| dose(0.1)).collect();
    channels.push(dose(150.0));
    let judgement = judged(&reading(channels, &[]), &at_1_m());
    assert_eq!(judgement.class, Some(Class::Emergency));
    assert!(
        judgement
            .channels
            .iter()
            .any(|verdict| verdict.class == Class::Emergency)
    );
}

#[track_caller]
fn check_levels(
    channel: Channel,
    setting: &Setting,
    possible: Option<f64>,
    emergency: Option<f64>,
) {
    let judgement = judged(&reading(vec![channel], &[]), setting);
    let verdict = judgement.channels.first().unwrap();
    assert_eq!(
        (verdict.possible_at, verdict.emergency_at),
        (possible, emergency)
    );
}

#[test]
fn levels_for_the_hysteresis() {
    let of = |subject, role| Setting {
        subject: Some(subject),
        role: Some(role),
        ..at_1_m()
    };
    let public = of(Subject::Person, Role::Public);
    let worker = of(Subject::Person, Role::Worker);
    let object = of(Subject::Object, Role::Public);
    check_levels(dose(0.1), &at_1_m(), Some(1.0), Some(100.0));
    check_levels(dose(0.0), &at_1_m(), Some(1.0), Some(100.0));
    check_levels(
        over(Quantity::DoseRate, None),
        &at_1_m(),
        Some(1.0),
        Some(100.0),
    );
    check_levels(dose(0.1), &public, Some(1.0), Some(1.0));
    check_levels(dose(0.1), &worker, Some(1.0), None);
    check_levels(dose(0.1), &object, Some(1.0), Some(100.0));
    for (kind, possible) in [
        (ExistingKind::Residential, 2.3),
        (ExistingKind::NonResidential, 10.0),
    ] {
        let existing = Some(ExistingArea {
            kind,
            baseline_usv_h: None,
        });
        let area = Setting {
            existing,
            ..at_1_m()
        };
        check_levels(dose(0.1), &area, Some(possible), Some(100.0));
    }
    // Below 1 above background is not a level in a registered area, so what was
    // raised there can come down to the background.
    let high = Setting {
        high_background_area: true,
        background_usv_h: Some(2.0),
        ..at_1_m()
    };
    check_levels(dose(2.1), &high, Some(3.0), Some(100.0));
    let beta = || counted(Radiation::Beta, 1.0);
    check_levels(beta(), &at_1_m(), Some(20.0), Some(200.0));
    check_levels(
        counted(Radiation::Alpha, 1.0),
        &at_1_m(),
        Some(2.0),
        Some(10.0),
    );
    check_levels(
        counted(Radiation::AlphaBeta, 1.0),
        &public,
        Some(100.0),
        Some(1000.0),
    );
    check_levels(
        counted(Radiation::Alpha, 1.0),
        &worker,
        Some(5.0),
        Some(50.0),
    );
    check_levels(beta(), &object, None, Some(100.0));
    let with_background = Setting {
        background_counts: CountBackground {
            alpha: Some(0.0),
            beta: Some(0.1),
            age_h: Some(1.0),
        },
        ..object
    };
    check_levels(beta(), &with_background, Some(0.6), Some(100.0));
    check_levels(
        counted(Radiation::Alpha, 1.0),
        &with_background,
        Some(0.1),
        Some(5.0),
    );
    check_levels(counted(Radiation::Gamma, 1.0), &at_1_m(), None, None);
}
