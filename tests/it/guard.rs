//! The statistical guard: counts from a seeded generator through guard, tables
//! and activations, with the figures of alarm semantics, section 3.

mod collapse;
mod confirmed;
mod cusum;
mod hysteresis;
mod noise;
mod rain;

use std::time::Duration;

use pantau::activation::{
    Config, Coordinates, Grounds, Judged, Machine, Person, PlaceContext, SiteRef, Transition,
};
use pantau::clock::{Mono, Received, Wall};
use pantau::criteria::{
    BackgroundFrom, BackgroundSource, Class, Judgement, Policy, Setting, SourceKind, Subject,
    judge_reading,
};
use pantau::guard::{Guard, Heard};
use pantau::reading::{
    Amount, Channel, Channels, Counting, Delivery, DeviceTime, Flags, InstrumentId, NoValue,
    Quantity, Reading, Sequence,
};

/// 2026-03-14T03:00:00Z.
const START: i64 = 1_773_457_200;

/// Counts by second and µSv/h of a small tube, and of a large probe.
const SMALL: f64 = 3.7;
const LARGE: f64 = 100.0;

/// Numbers by chance, the same ones for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap()
    }

    /// From 0 to 1.
    fn roll(&mut self) -> f64 {
        part_of_one(self.bits())
    }
}

fn part_of_one(bits: u32) -> f64 {
    (f64::from(bits) + 0.5) / 4_294_967_296.0
}

/// Counts by chance around a mean: by its distribution, worked out once.
struct Poisson {
    below: Vec<f64>,
    guide: Vec<usize>,
}

impl Poisson {
    fn new(mean: f64) -> Self {
        let mut below = Vec::new();
        let (mut ln_term, mut sum, mut n) = (-mean, 0.0, 0.0);
        while sum < 1.0 - 1e-12 && n < mean + 20.0 * mean.sqrt() + 50.0 {
            sum += f64::exp(ln_term);
            below.push(sum);
            n += 1.0;
            ln_term += (mean / n).ln();
        }
        let guide = (0..256)
            .map(|part| below.partition_point(|sum| *sum < f64::from(part) / 256.0))
            .collect();
        Self { below, guide }
    }

    fn draw(&self, dice: &mut Dice) -> u64 {
        let bits = dice.bits();
        let roll = part_of_one(bits);
        let mut n = self.guide[usize::try_from(bits >> 24).unwrap()];
        while n + 1 < self.below.len() && self.below[n] < roll {
            n += 1;
        }
        n as u64
    }
}

/// A fixed station with its guard, its activations and a clock of its own.
struct Station {
    guard: Guard,
    machine: Machine,
    setting: Setting,
    policy: Policy,
    place: PlaceContext,
    reading: Reading,
    /// Counts by second and µSv/h.
    sensitivity: f64,
    millis: u64,
    /// Judgements that differ by their counts alone.
    known: Vec<Option<Judgement>>,
    /// When people were told what, in milliseconds.
    told: Vec<(u64, String)>,
    /// Readings at POSSIBLE_EMERGENCY or above, as they came.
    high: u32,
}

fn place(site: &str) -> PlaceContext {
    PlaceContext {
        site: Some(SiteRef {
            id: site.to_owned(),
            name: site.to_owned(),
            position: Some(Coordinates {
                lat: -7.0,
                lon: 110.0,
            }),
        }),
        item: None,
        subject: Subject::Environment,
        source: SourceKind::Irdms,
        silent_after: Duration::from_secs(2000),
        last_fix: None,
    }
}

impl Station {
    fn new(sensitivity: f64) -> Self {
        let config = Config::default();
        Self {
            guard: Guard::new(config.elevated_false_alarms_per_year),
            machine: Machine::new(config),
            setting: Setting {
                subject: Some(Subject::Environment),
                source: Some(SourceKind::Irdms),
                distance_m: Some(1.0),
                ..Setting::default()
            },
            policy: Policy::default(),
            place: place("s1"),
            reading: Reading {
                instrument: InstrumentId::new("i1").unwrap(),
                profile: "test".into(),
                received: received(0),
                device_time: DeviceTime::Absent,
                sequence: None,
                channels: Channels::from_iter([Channel {
                    quantity: Quantity::DoseRate,
                    measured: Err(NoValue::NotReported),
                    at_least: None,
                    raw: None,
                    factor: None,
                    counting: None,
                }]),
                position: None,
                flags: Flags::EMPTY,
                fingerprint: 0,
                delivery: Delivery::default(),
            },
            sensitivity,
            millis: 0,
            known: Vec::new(),
            told: Vec::new(),
            high: 0,
        }
    }

    /// The same, beside a background that was measured with it.
    fn beside(mut self, usv_h: f64) -> Self {
        self.setting.background_usv_h = Some(usv_h);
        self.setting.background_from = Some(BackgroundFrom::new(BackgroundSource::Measured));
        self
    }

    /// Hears so many counts of the last `millis` milliseconds.
    fn count(&mut self, counts: u64, millis: u64) -> Vec<Transition> {
        let seconds = Duration::from_millis(millis).as_secs_f64();
        let usv_h = counts as f64 / seconds / self.sensitivity;
        self.hear(usv_h, Some(Counting { counts, seconds }), millis)
    }

    /// Hears a value that the instrument made itself, or made of these counts.
    fn hear(&mut self, usv_h: f64, counting: Option<Counting>, millis: u64) -> Vec<Transition> {
        self.millis += millis;
        let received = received(self.millis);
        let reading = &mut self.reading;
        reading.received = received;
        reading.device_time = DeviceTime::At(received.wall);
        reading.sequence = Some(Sequence {
            boot: Some(1),
            seq: self.millis,
        });
        reading.fingerprint = self.millis;
        reading.channels[0].measured =
            Amount::new(Quantity::DoseRate, usv_h).map_err(|_| NoValue::Overrange);
        reading.channels[0].counting = counting;
        let judgement = self.judge(counting);
        self.act(&judgement)
    }

    /// What the tables say; looked up where only the counts differ.
    fn judge(&mut self, counting: Option<Counting>) -> Judgement {
        let judge =
            |station: &Self| judge_reading(&station.reading, &station.setting, &station.policy);
        let Some(n) = counting
            .filter(|counting| counting.seconds <= 1.0)
            .and_then(|counting| usize::try_from(counting.counts).ok())
            .filter(|n| *n < 1000)
        else {
            return judge(self);
        };
        if self.known.len() <= n {
            self.known.resize(n + 1, None);
        }
        if self.known[n].is_none() {
            self.known[n] = Some(judge(self));
        }
        self.known[n].clone().unwrap()
    }

    fn act(&mut self, judgement: &Judgement) -> Vec<Transition> {
        self.high += u32::from(judgement.class >= Some(Class::PossibleEmergency));
        let outcome = self.guard.take(&Heard {
            reading: &self.reading,
            judgement,
            setting: &self.setting,
            policy: &self.policy,
            is_idle: self.machine.is_idle(),
        });
        let acting = outcome.acting.as_ref();
        let judged = Judged {
            reading: acting.map_or(&self.reading, |acting| &acting.reading),
            judgement: acting.map_or(judgement, |acting| &acting.judgement),
            place: &self.place,
            grounds: Some(Grounds {
                setting: &self.setting,
                policy: &self.policy,
                nameplate: None,
            }),
        };
        let now = self.reading.received;
        let mut effects = self.machine.tick(now);
        effects.extend(self.machine.apply(now, &judged));
        let transitions: Vec<Transition> = effects
            .iter()
            .map(|effect| effect.transition().clone())
            .collect();
        for transition in &transitions {
            // That nobody has acknowledged yet is another matter.
            if let Some(why) = transition.tell.filter(|why| !why.is_repeat()) {
                let activation = &transition.activation;
                let text = format!("{} {}", why.as_str(), activation.class_max);
                self.told.push((self.millis, text));
            }
        }
        transitions
    }

    /// A person takes notice of the only open activation, as it is now.
    fn ack(&mut self) {
        let activation = self.machine.open().next().unwrap();
        let (id, version) = (activation.id.clone(), activation.version);
        let person = Person {
            by: "piket",
            note: "",
            channel: "cli",
        };
        let now = self.reading.received;
        self.machine.acknowledge(&id, version, person, now).unwrap();
    }

    /// Counts for so many seconds, one at a time.
    fn count_for(&mut self, seconds: u64, usv_h: f64, dice: &mut Dice) {
        let counts = Poisson::new(usv_h * self.sensitivity);
        for _ in 0..seconds {
            self.count(counts.draw(dice), 1000);
        }
    }

    fn words(&self) -> Vec<&str> {
        self.told.iter().map(|(_, text)| text.as_str()).collect()
    }
}

fn received(millis: u64) -> Received {
    let since = Duration::from_millis(millis);
    Received {
        wall: Wall::from_secs(START).unwrap().saturating_add(since),
        mono: Mono::from_nanos(0).saturating_add(since),
    }
}

/// The one in the middle.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}
