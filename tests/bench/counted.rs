//! A reading with the counts of one second, and one without, for whoever measures
//! what the guard costs.

use pantau::clock::{Mono, Received, Wall};
use pantau::criteria::{Judgement, Policy, Setting, SourceKind, Subject, judge_reading};
use pantau::guard::{Guard, Heard};
use pantau::reading::{
    Amount, Channel, Channels, Counting, Delivery, DeviceTime, Flags, InstrumentId, Quantity,
    Reading,
};

/// Reads a station second by second.
pub(crate) struct Counted {
    reading: Reading,
    judgement: Judgement,
    setting: Setting,
    policy: Policy,
    guard: Guard,
    secs: u64,
}

impl Counted {
    /// One at the background; with the counts of each second, or a value alone.
    pub(crate) fn new(has_counts: bool) -> Self {
        let received = received(0);
        let channel = Channel {
            quantity: Quantity::DoseRate,
            measured: Ok(Amount::new(Quantity::DoseRate, 0.1).expect("a dose rate")),
            at_least: None,
            raw: None,
            factor: None,
            counting: has_counts.then_some(Counting {
                counts: 10,
                seconds: 1.0,
            }),
        };
        let reading = Reading {
            instrument: InstrumentId::new("i1").expect("a name"),
            profile: "test".into(),
            received,
            device_time: DeviceTime::At(received.wall),
            sequence: None,
            channels: Channels::from_iter([channel]),
            position: None,
            flags: Flags::EMPTY,
            fingerprint: 0,
            delivery: Delivery::default(),
        };
        let setting = Setting {
            subject: Some(Subject::Environment),
            source: Some(SourceKind::Irdms),
            distance_m: Some(1.0),
            background_usv_h: Some(0.1),
            ..Setting::default()
        };
        let policy = Policy::default();
        Self {
            judgement: judge_reading(&reading, &setting, &policy),
            reading,
            setting,
            policy,
            guard: Guard::new(1.0),
            secs: 0,
        }
    }

    /// The next second; true when something else is acted on than what came.
    pub(crate) fn next(&mut self, is_idle: bool) -> bool {
        self.secs += 1;
        self.reading.received = received(self.secs);
        let outcome = self.guard.take(&Heard {
            reading: &self.reading,
            judgement: &self.judgement,
            setting: &self.setting,
            policy: &self.policy,
            is_idle,
        });
        outcome.acting.is_some()
    }
}

fn received(secs: u64) -> Received {
    Received {
        wall: Wall::from_secs(1_773_457_200).expect("in range"),
        mono: Mono::from_secs(secs),
    }
}
