//! Each mock on a line against the profile that reads it: what is decoded is
//! what the scenario was, whatever goes wrong on the way.

mod bench;
mod rows;

use std::collections::HashMap;
use std::time::Duration;

use firmware_mocks::families::{Build, Family, gamma_scout};
use firmware_mocks::faults::{Fault, Faults, Timed};
use firmware_mocks::firmware::Firmware;
use pantau::decode::RejectReason;
use pantau::profile::Registry;
use pantau::reading::{Channel, DeviceTime, Flag, Quantity, Reading};
use pantau::recording::Played;

use bench::{Heard, Run, clock, field, play, position, wall};
use rows::{POLLED, PUSHING, Row, Show};

/// Factors of the mocks and profiles agree to this share; one count of the shortest
/// window is within it where the mocks use that window.
const SHARE: f64 = 0.005;

/// How far an instrument's own interval, and a framer that waits for the end of what
/// rubbish began, may put a value off.
const LATE: Duration = Duration::from_secs(6);

/// The faults hold from here …
const FROM: Duration = Duration::from_secs(100);

/// … up to here.
const UNTIL: Duration = Duration::from_secs(500);

/// When the reading before arrived, and when this one.
type Times = (Duration, Duration);

fn seconds(from: Duration, to: Duration) -> impl Iterator<Item = Duration> {
    (from.as_secs()..=to.as_secs()).map(Duration::from_secs)
}

/// The fields between which a value of `at` may lie, by its window.
///
/// It may also look back to the reading before, and past a time when it was frozen.
fn seen(row: &Row, faults: &Faults, run: &Run, (before, at): Times) -> (f64, f64) {
    let window = Duration::from_secs(row.window_s) + LATE;
    let mut from = at.saturating_sub(window).min(before.saturating_sub(LATE));
    if seconds(from, at).any(|at| faults.frozen(at)) {
        from = FROM.saturating_sub(window);
    }
    let restarted = run
        .reboots
        .iter()
        .any(|reboot| (from..=at).contains(reboot));
    let first = if restarted || at < window {
        0.0
    } else {
        f64::MAX
    };
    seconds(from, at)
        .map(|at| faults.seen_usv_h(at, field(at)))
        .fold((first, 0.0), |(low, high), usv_h| {
            (f64::min(low, usv_h), f64::max(high, usv_h))
        })
}

/// The dose since the start, in µSv.
fn dose_usv(faults: &Faults, at: Duration) -> f64 {
    seconds(Duration::from_secs(1), at)
        .filter(|at| !faults.frozen(*at))
        .map(|at| faults.seen_usv_h(at, field(at)) / 3600.0)
        .sum()
}

fn check_value(row: &Row, faults: &Faults, run: &Run, times: Times, channel: &Channel) {
    let (_, at) = times;
    let family = row.family;
    let shown = |show: &&Show| show.quantity == channel.quantity;
    let Some(show) = row.shows.iter().find(shown) else {
        panic!("{family}: nobody knows of {channel:?}");
    };
    let Ok(amount) = channel.measured else {
        panic!("{family} at {at:?}: {channel:?}");
    };
    let (low, high) = match channel.quantity {
        Quantity::Dose => (
            dose_usv(faults, at.saturating_sub(LATE)),
            dose_usv(faults, at + LATE),
        ),
        _ => seen(row, faults, run, times),
    };
    let limit = |field: f64, sign: f64| {
        let value = (show.of)(field);
        value + sign * (show.step + value * SHARE)
    };
    let range = limit(low, -1.0)..=limit(high, 1.0);
    assert!(
        range.contains(&amount.number()),
        "{family} at {at:?}: {amount:?} is not within {range:?}"
    );
}

fn check_place_and_time(row: &Row, faults: &Faults, at: Duration, reading: &Reading) {
    if faults.frozen(at) {
        return;
    }
    let family = row.family;
    if let Some(found) = reading.position {
        let (here, there) = (position(at), position(at.saturating_sub(LATE)));
        let is_right = (here.lat - 2e-6..=there.lat + 2e-6).contains(&found.lat)
            && (found.lon - here.lon).abs() < 2e-6;
        assert!(is_right, "{family} at {at:?}: {found:?} is not {here:?}");
    }
    if let DeviceTime::At(told) = reading.device_time {
        let shift = jiff::SignedDuration::from_secs(faults.clock_shift_secs(at));
        let off = told.secs_since(wall(clock(at) + shift));
        let allowed = -LATE.as_secs_f64()..=1.0;
        assert!(allowed.contains(&off), "{family} at {at:?}: off by {off} s");
    }
}

/// Whether the instrument says that there is more than it can measure.
fn says_overload(reading: &Reading) -> bool {
    let flags = reading.flags;
    flags.contains(Flag::Overload)
        || flags.contains(Flag::Overrange)
        || reading
            .channels
            .iter()
            .any(|channel| channel.measured.is_err())
}

fn firmware(row: &Row) -> (&'static Family, Box<dyn Firmware>) {
    let family = Family::named(row.family).unwrap();
    let (Build::Serial(build) | Build::Tcp(build)) = family.build else {
        panic!("{} is on no line", row.family);
    };
    (family, build(7))
}

/// Plays ten minutes with these faults and checks each value; gives the number of
/// readings, of refusals for a wrong checksum, and of frames that were damaged.
fn play_checked(row: &Row, faults: &Faults) -> (usize, usize, usize) {
    let (family, unit) = firmware(row);
    let registry = Registry::built_in();
    let profile = registry.get(family.profile).unwrap();
    let run = play(unit, profile, faults.clone());
    let mut readings = 0;
    let mut checksums = 0;
    let settle = Duration::from_secs(row.window_s) + LATE;
    let mut last = HashMap::new();
    let mut unseen: Vec<Quantity> = row.shows.iter().map(|show| show.quantity).collect();
    for Heard { at, label, played } in &run.heard {
        let reading = match played {
            Played::Reading(reading) => reading,
            Played::Ignored(_) => continue,
            Played::Rejected(rejected) => {
                let quiet = *faults == Faults::default();
                assert!(!quiet, "{} at {at:?}: {rejected}", row.family);
                checksums += usize::from(rejected.reason == RejectReason::Checksum);
                continue;
            }
        };
        if reading.flags.contains(Flag::ChecksumUnverified) {
            checksums += 1;
            continue;
        }
        readings += 1;
        let before = last.insert(label, *at).unwrap_or_default();
        assert!(
            !row.is_placed || reading.position.is_some(),
            "{} at {at:?}: {reading:?}",
            row.family
        );
        check_place_and_time(row, faults, *at, reading);
        let overloaded = (0..=settle.as_secs())
            .any(|back| faults.overloaded(at.saturating_sub(Duration::from_secs(back))));
        if overloaded {
            let settled = faults.overloaded(at.saturating_sub(settle)) && faults.overloaded(*at);
            assert!(
                !settled || says_overload(reading),
                "{} at {at:?}: {reading:?}",
                row.family
            );
            continue;
        }
        for channel in &reading.channels {
            unseen.retain(|quantity| *quantity != channel.quantity);
            check_value(row, faults, &run, (before, *at), channel);
        }
    }
    assert!(unseen.is_empty(), "{}: no {unseen:?}", row.family);
    (readings, checksums, run.damaged)
}

fn is_polled(family: &Family) -> bool {
    let registry = Registry::built_in();
    let profile = registry.get(family.profile).unwrap();
    let dialogue = profile.dialogue.as_ref();
    dialogue.is_some_and(|dialogue| dialogue.poll.is_some())
}

/// Undisturbed, then with each fault that the family can play.
#[track_caller]
fn check(row: &Row) {
    let (whole, ..) = play_checked(row, &Faults::default());
    assert!(whole >= row.least, "{}: {whole} readings", row.family);
    let (family, unit) = firmware(row);
    let has_checksum = unit.abilities().checksum;
    // Without a checksum nothing tells where the next frame begins; and while an answer
    // is waited for, the next question is not asked.
    let per_frame = if has_checksum && !is_polled(family) {
        1
    } else {
        2
    };
    for fault in FAULTS {
        let faults = Faults::new(vec![Timed {
            fault: *fault,
            from: FROM,
            until: Some(UNTIL),
        }]);
        let is_blind = row.blind.contains(&fault.kind());
        if is_blind || faults.check(row.family, unit.abilities()).is_err() {
            continue;
        }
        let (readings, checksums, damaged) = play_checked(row, &faults);
        let may_lose = match fault {
            // The good frame behind it is found.
            Fault::Rubbish { .. } if has_checksum => damaged / 10,
            // Four hundred of six hundred seconds.
            Fault::Silence => whole * 2 / 3 + 2 + row.spare,
            Fault::Reboot => damaged * per_frame + 1 + row.spare,
            _ => damaged * per_frame,
        };
        let told = format!(
            "{} {}: {readings} of {whole} readings, {damaged} frames damaged, {checksums} wrong checksums",
            row.family,
            fault.kind()
        );
        assert!(readings + may_lose >= whole, "{told}");
        if matches!(fault, Fault::BadChecksum { .. }) {
            assert_eq!(checksums, damaged, "{told}");
        }
    }
}

/// With its longest interval a Gamma-Scout says nothing for five minutes. It is not
/// taken for one that was switched off: that would begin the interval anew.
#[test]
fn a_long_interval_is_no_silence() {
    let unit = gamma_scout::Options {
        interval: 300,
        ..gamma_scout::Options::default()
    };
    let registry = Registry::built_in();
    let profile = registry.get("gamma-scout").unwrap();
    let run = play(unit.firmware(7), profile, Faults::default());
    let readings: Vec<Duration> = run
        .heard
        .iter()
        .filter(|heard| matches!(heard.played, Played::Reading(_)))
        .map(|heard| heard.at)
        .collect();
    // Its first interval begins when it is started, after two seconds.
    assert_eq!(readings, [Duration::from_secs(302)]);
}

/// All of them.
const FAULTS: &[Fault] = &[
    Fault::Silence,
    Fault::Rubbish { bytes: 16 },
    Fault::Cut { every: 3 },
    Fault::BadChecksum { every: 3 },
    Fault::Glued { every: 3 },
    Fault::Slow {
        per_byte: Duration::from_millis(1),
    },
    Fault::Frozen,
    Fault::Collapse { above_usv_h: 100.0 },
    Fault::Overload,
    Fault::Clock {
        shift_secs: -1024 * 7 * 24 * 3600,
    },
    Fault::Flood { bytes: 1 << 16 },
    Fault::Reboot,
];

#[test]
fn those_that_push_are_read_as_the_scenario_was() {
    PUSHING.iter().for_each(check);
}

#[test]
fn those_that_are_asked_are_read_as_the_scenario_was() {
    POLLED.iter().for_each(check);
}
