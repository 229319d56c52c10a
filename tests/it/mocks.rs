//! Each mock on a line against the profile that reads it: what is decoded is
//! what the scenario was, whatever goes wrong on the way.

mod bench;
mod broker;
mod file;
mod live;
mod rows;
mod stations;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;
use std::time::Duration;

use firmware_mocks::families::{Build, gamma_scout};
use firmware_mocks::faults::{Abilities, Fault, Faults, Timed};
use pantau::decode::RejectReason;
use pantau::dialogue::Permit;
use pantau::profile::Registry;
use pantau::reading::{Channel, DeviceTime, Flag, NoValue, Quantity, Reading};
use pantau::recording::Played;

use bench::{Delivery, Heard, Run, clock, field, position, wall};
use rows::{OTHERS, POLLED, PUSHING, Row, Show};
use stations::STATIONS;

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

/// The dose from `from` to `at`, in µSv.
fn dose_usv(faults: &Faults, from: Duration, at: Duration) -> f64 {
    seconds(from + Duration::from_secs(1), at)
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
    let is_idle = row.starts && run.reboots.iter().any(|reboot| *reboot <= at);
    if is_idle && channel.measured == Err(NoValue::NotInitialised) {
        return;
    }
    let Ok(amount) = channel.measured else {
        panic!("{family} at {at:?}: {channel:?}");
    };
    let (low, high) = match channel.quantity {
        Quantity::Dose => {
            let late = LATE + Duration::from_secs(row.window_s);
            // It may or may not outlive a power cut.
            let restarted = run.reboots.iter().rfind(|reboot| **reboot <= at);
            let from = restarted.copied().unwrap_or_default();
            (
                dose_usv(faults, from, at.saturating_sub(late)),
                dose_usv(faults, Duration::ZERO, at + late),
            )
        }
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
        let begins = jiff::SignedDuration::from_secs(row.begins_s.cast_signed());
        let off = told.secs_since(wall(clock(at) + shift - begins));
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

fn abilities(row: &Row) -> Abilities {
    match row.family().1 {
        Build::Serial(build) | Build::Server(build) | Build::Tcp(build) | Build::File(build) => {
            build(7).abilities()
        }
        Build::Mqtt(build) => build(7).abilities(),
    }
}

/// Ten minutes of the row's mock against its profile.
fn play(row: &Row, faults: &Faults) -> Run {
    let (family, build) = row.family();
    let registry = Registry::built_in();
    let profile = registry.get(family.profile).unwrap();
    let faults = faults.clone();
    match build {
        Build::Serial(build) | Build::Server(build) | Build::Tcp(build) => {
            let permit = Permit {
                changes: row.starts,
                ..Permit::default()
            };
            bench::play(build(7), profile, permit, faults)
        }
        Build::File(build) => file::play(build(7), profile, faults),
        Build::Mqtt(build) => broker::play(build(7), profile, faults),
    }
}

/// What has no value any more, or one in an unknown unit, in a message that was spoiled.
fn unsayable(row: &Row, fault: Option<Fault>) -> Vec<Quantity> {
    match fault {
        Some(Fault::Null) => row.shows.iter().map(|show| show.quantity).collect(),
        Some(Fault::Unit) => row.units.to_vec(),
        _ => Vec::new(),
    }
}

/// What came of a run, counted.
#[derive(Debug, Default)]
struct Count {
    readings: usize,
    /// Refusals for a wrong checksum.
    checksums: usize,
    /// Frames that were damaged.
    damaged: usize,
    /// Readings of messages that the broker had kept.
    kept: usize,
}

/// Plays ten minutes with this fault and checks each value.
fn play_checked(row: &Row, fault: Option<Fault>) -> Count {
    let timed = fault.map(|fault| Timed {
        fault,
        from: FROM,
        until: Some(UNTIL),
    });
    let faults: Faults = timed.into_iter().collect();
    let run = play(row, &faults);
    let mut judge = Judge {
        row,
        faults,
        run: &run,
        unsayable: unsayable(row, fault),
        last: HashMap::new(),
        samples: HashMap::new(),
        unseen: row.shows.iter().map(|show| show.quantity).collect(),
        count: Count {
            damaged: run.damaged,
            ..Count::default()
        },
    };
    for heard in &run.heard {
        judge.hear(heard);
    }
    assert!(
        judge.unseen.is_empty(),
        "{}: no {:?}",
        row.family,
        judge.unseen
    );
    judge.count
}

/// Looks at one frame of a run after the other.
struct Judge<'a> {
    row: &'a Row,
    faults: Faults,
    run: &'a Run,
    unsayable: Vec<Quantity>,
    /// When the reading of a request or topic was, and the one before at another time.
    last: HashMap<Option<&'a str>, Times>,
    /// Samples by their number, for families that tell them more than once.
    samples: HashMap<u64, &'a Reading>,
    unseen: Vec<Quantity>,
    count: Count,
}

impl<'a> Judge<'a> {
    #[track_caller]
    fn wrong(&self, at: Duration, what: impl Debug) -> ! {
        panic!("{} at {at:?}: {what:?}", self.row.family)
    }

    fn hear(&mut self, heard: &'a Heard) {
        let Heard { at, delivery, .. } = heard;
        match &heard.played {
            Played::Reading(reading) if reading.flags.contains(Flag::ChecksumUnverified) => {
                self.count.checksums += 1;
            }
            Played::Reading(reading) => self.read(heard, reading),
            Played::Ignored(_) => {}
            Played::Rejected(rejected) => {
                let is_quiet = self.faults == Faults::default();
                // What is on a line comes from its instrument, however damaged.
                let is_foreign = rejected.reason == RejectReason::UnknownInstrument
                    && *delivery == Delivery::Unknown;
                if is_quiet || is_foreign || *delivery == Delivery::Whole {
                    self.wrong(*at, rejected);
                }
                let is_wrong = rejected.reason == RejectReason::Checksum;
                self.count.checksums += usize::from(is_wrong);
            }
        }
    }

    fn read(&mut self, heard: &'a Heard, reading: &'a Reading) {
        let Self { row, run, .. } = *self;
        let mut at = heard.at;
        if heard.delivery == Delivery::Kept {
            if !reading.flags.contains(Flag::Retained) {
                self.wrong(at, reading);
            }
            self.count.kept += 1;
        } else if row.sample_s > 0 {
            let Some(ended) = self.new_sample(at, reading) else {
                return;
            };
            at = ended;
        }
        let key = heard.label.as_deref();
        self.count.readings += usize::from(heard.delivery != Delivery::Kept);
        let before = if heard.delivery == Delivery::Kept {
            at
        } else {
            let last = self.last.entry(key).or_default();
            if last.1 != at {
                *last = (last.1, at);
            }
            last.0
        };
        if row.is_placed && reading.position.is_none() {
            self.wrong(at, reading);
        }
        check_place_and_time(row, &self.faults, at, reading);
        if self.is_overloaded(at, reading) {
            return;
        }
        for channel in &reading.channels {
            self.unseen.retain(|unseen| *unseen != channel.quantity);
            let is_spoiled =
                heard.delivery == Delivery::Damaged && self.unsayable.contains(&channel.quantity);
            if !is_spoiled {
                check_value(row, &self.faults, run, (before, at), channel);
            } else if channel.measured.is_ok() {
                self.wrong(at, channel);
            }
        }
    }

    /// When the sample ended; none when it came before, and then it must be the same one.
    fn new_sample(&mut self, at: Duration, reading: &'a Reading) -> Option<Duration> {
        let Some(sequence) = reading.sequence else {
            self.wrong(at, reading);
        };
        let first = *self.samples.entry(sequence.seq).or_insert(reading);
        if first.channels != reading.channels {
            self.wrong(at, (first, reading));
        }
        // The sample under way was begun anew after a power cut.
        let late = u64::from(!self.run.reboots.is_empty());
        let ended = Duration::from_secs((sequence.seq + late) * self.row.sample_s);
        std::ptr::eq(first, reading).then_some(ended)
    }

    /// Whether it is overloaded, or was a moment ago; then it must say so.
    fn is_overloaded(&self, at: Duration, reading: &Reading) -> bool {
        let settle = Duration::from_secs(self.row.window_s) + LATE;
        let faults = &self.faults;
        let is_near = (0..=settle.as_secs())
            .any(|back| faults.overloaded(at.saturating_sub(Duration::from_secs(back))));
        let is_settled = faults.overloaded(at.saturating_sub(settle)) && faults.overloaded(at);
        if is_settled && !says_overload(reading) {
            self.wrong(at, reading);
        }
        is_near
    }
}

fn is_polled(row: &Row) -> bool {
    let registry = Registry::built_in();
    let profile = registry.get(row.family().0.profile).unwrap();
    let dialogue = profile.dialogue.as_ref();
    dialogue.is_some_and(|dialogue| dialogue.poll.is_some())
}

/// Undisturbed, then with each fault that the family can play.
#[track_caller]
fn check(row: &Row) {
    let whole = play_checked(row, None).readings;
    assert!(whole >= row.least, "{}: {whole} readings", row.family);
    let abilities = abilities(row);
    let (has_checksum, is_message) = (abilities.checksum, !abilities.line);
    // Without a checksum nothing tells where the next frame begins; and while an answer
    // is waited for, the next question is not asked.
    let per_frame = if is_message || has_checksum && !is_polled(row) {
        1
    } else {
        2
    };
    for fault in FAULTS {
        let fault = *fault;
        let probe = std::iter::once(Timed {
            fault,
            from: FROM,
            until: None,
        });
        let cannot = probe
            .collect::<Faults>()
            .check(row.family, abilities)
            .is_err();
        // The cable of a line is pulled on real pseudo-terminals.
        let is_elsewhere = fault == Fault::Unplug && !is_message;
        if cannot || is_elsewhere || row.blind.contains(&fault.kind()) {
            continue;
        }
        let count = play_checked(row, Some(fault));
        let Count {
            readings,
            checksums,
            damaged,
            kept,
        } = count;
        let may_lose = match fault {
            _ if row.holds > 0 => damaged * row.holds + row.spare,
            // The good frame behind it is found.
            Fault::Rubbish { .. } if has_checksum => damaged / 10,
            // Four hundred of six hundred seconds.
            Fault::Silence | Fault::Unplug => whole * 2 / 3 + 2 + row.spare,
            Fault::Reboot => damaged * per_frame + 1 + row.spare,
            _ => damaged * per_frame,
        };
        let told = format!("{} {}, {whole} whole: {count:?}", row.family, fault.kind());
        assert!(readings + may_lose >= whole, "{told}");
        match fault {
            // A count that began in a damaged line is refused with it.
            Fault::BadChecksum { .. } if row.holds > 0 => {
                assert!(damaged > 0 && checksums >= damaged, "{told}");
            }
            Fault::BadChecksum { .. } => assert_eq!(checksums, damaged, "{told}"),
            Fault::Duplicate { .. } => assert!(readings > whole, "{told}"),
            Fault::Retained => assert!(kept > 0, "{told}"),
            _ => {}
        }
    }
}

/// Every row, also behind one that fails: each has said why.
fn check_all(rows: &[Row]) {
    let fails = |row: &&Row| std::panic::catch_unwind(|| check(row)).is_err();
    let failed: Vec<&str> = rows.iter().filter(fails).map(|row| row.family).collect();
    assert!(failed.is_empty(), "{failed:?}");
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
    let permit = Permit::default();
    let run = bench::play(unit.firmware(7), profile, permit, Faults::default());
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
    Fault::Unplug,
    Fault::Duplicate { every: 3 },
    Fault::Retained,
    Fault::Null,
    Fault::Unit,
];

#[test]
fn those_that_push_are_read_as_the_scenario_was() {
    check_all(PUSHING);
}

#[test]
fn those_that_are_asked_are_read_as_the_scenario_was() {
    check_all(POLLED);
}

#[test]
fn those_that_connect_or_are_read_from_recordings_too() {
    check_all(OTHERS);
}

#[test]
fn those_on_a_broker_are_read_as_the_scenario_was() {
    check_all(STATIONS);
}

#[test]
fn no_profile_is_without_a_row() {
    let rows = [PUSHING, POLLED, OTHERS, STATIONS].into_iter().flatten();
    let read: BTreeSet<&str> = rows.map(|row| row.family().0.profile).collect();
    let registry = Registry::built_in();
    let missing: Vec<String> = registry
        .iter()
        .map(|(_, profile)| profile.id.to_string())
        .filter(|id| !read.contains(id.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: write a mock in `firmware-mocks` and a row in `tests/it/mocks`"
    );
}
