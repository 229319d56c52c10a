//! The statistical guard (alarm semantics, section 3): what of a judged reading
//! the activations act on, so that counting noise rings nobody and a true rise
//! still does in time. Pure: time comes with the reading.
//!
//! What is judged, stored and published is the reading as it came. Where a channel
//! tells its counts, and they are of less than 10 s, the activations get instead
//! what the tables say of the counts of the last 10 s together, under the reading's
//! own name: value, counts and counting time are those of the sum, and the remark
//! `SUMMED_COUNTS` says so.
//!
//! | a channel …                                    | is taken                          |
//! |------------------------------------------------|-----------------------------------|
//! | without counts, or with 10 s of them or more   | as it is                          |
//! | at EMERGENCY, or over-range                    | as it is: never delayed           |
//! | at POSSIBLE_EMERGENCY, its 99.99 % lower bound at the level | as it is, at once    |
//! | one of readings that come every 10 s or slower | as it is                          |
//! | else, once 10 s are there                      | as the sum: up *and* down         |
//! | else                                           | not yet: it moves nothing         |
//!
//! - The window holds what arrived in the last 10 s, so a rise is seen 10 s after
//!   its first reading at the latest. After a start or a break it is empty; what
//!   waits then and hears no more is decided by what there is once its 10 s are
//!   over ([`Guard::overdue`]): silence after one high second hides nothing.
//! - The sum speaks for both sides of HY-1. One-second counts at background are
//!   above 0.8 µSv/h every few minutes by chance, which would begin a clearing run
//!   again for ever; and most seconds of a field at the level are below 0.8 of it.
//!   By the sum, a clearing run needs 600 s in which every 10 s together are low,
//!   as of an instrument that smooths over 10 s itself.
//! - Copies count for nothing. Old readings have a window of their own, by the time
//!   of measurement. An over-range empties the window: its counts were lower than
//!   the truth. Doubtful times and zeros are counts like any other; an invalid
//!   reading is none.
//! - What is slow hears slowly: the hour of T2.2-3 and the learned background get
//!   the counts of each full minute, as from an instrument that sends minutes.
//! - ELEVATED pages nobody until `cusum` confirms it on counts.

mod cusum;
mod minute;

use crate::clock::Mono;
use crate::criteria::{
    BackgroundSource, ChannelVerdict, Class, Disposition, Judgement, Policy, Remark, Rule, Setting,
    Subject, judge_reading,
};
use crate::quality::poisson::is_surely_at;
use crate::quality::window::{Counted, SPAN_NS, SPAN_S, Window};
use crate::reading::{Amount, Counting, Flag, NoValue, Quantity, Reading};

pub use cusum::Cusum;
use minute::Minute;

/// What an activation acts on instead of the reading as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Acting {
    /// The same reading, with sums where it had single seconds.
    pub reading: Reading,
    /// What the tables say of that.
    pub judgement: Judgement,
}

/// What what is slow hears: the hour of T2.2-3, and the background.
#[derive(Clone, Debug, PartialEq)]
pub enum Slow {
    /// The reading as it came.
    AsJudged,
    /// The counts of a minute that is full.
    Minute(Box<Acting>),
    /// Nothing: a minute is under way.
    NotYet,
}

/// What became of one reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What to act on; absent where that is the reading as it came.
    pub acting: Option<Acting>,
    /// For what is slow.
    pub slow: Slow,
    /// A channel at a level waits for more counts.
    pub is_withheld: bool,
    /// Nothing that waited before waits any longer.
    pub is_decided: bool,
}

impl Outcome {
    const AS_JUDGED: Self = Self {
        acting: None,
        slow: Slow::AsJudged,
        is_withheld: false,
        is_decided: false,
    };
}

/// The guard of one instrument.
#[derive(Clone, Debug)]
pub struct Guard {
    /// False alarms of the band that a station may raise in a year.
    per_year: f64,
    /// Channels that tell their counts; one is made when it first does.
    channels: Vec<Channel>,
}

#[derive(Clone, Debug)]
struct Channel {
    quantity: Quantity,
    present: Window,
    past: Window,
    minute: Minute,
    cusum: Cusum,
}

impl Channel {
    fn new(quantity: Quantity) -> Self {
        Self {
            quantity,
            present: Window::default(),
            past: Window::default(),
            minute: Minute::default(),
            cusum: Cusum::default(),
        }
    }
}

/// What is done about one channel.
enum Step {
    Sum(Quantity, Counted),
    Wait(Quantity),
}

/// Most channels of one reading that are looked at; further ones are taken as
/// they are.
const MOST: usize = crate::criteria::MAX_CHANNELS;

type Steps = arrayvec::ArrayVec<Step, MOST>;

/// A reading and all that decides what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The reading.
    pub reading: &'a Reading,
    /// What the tables say of it.
    pub judgement: &'a Judgement,
    /// What is known beside it.
    pub setting: &'a Setting,
    /// The policy.
    pub policy: &'a Policy,
    /// Nothing is held anywhere: what reaches no level changes nothing, and need
    /// not be judged again.
    pub is_idle: bool,
}

impl Guard {
    /// A guard that has heard nothing, and lets the band raise so many false
    /// alarms in a year.
    pub const fn new(per_year: f64) -> Self {
        Self {
            per_year,
            channels: Vec::new(),
        }
    }

    /// Takes a judged reading.
    pub fn take(&mut self, heard: &Heard<'_>) -> Outcome {
        let Heard {
            reading, judgement, ..
        } = heard;
        let tells_counts = reading
            .channels
            .iter()
            .any(|channel| channel.counting.is_some());
        if !tells_counts && self.channels.is_empty() {
            return Outcome::AS_JUDGED;
        }
        if matches!(
            judgement.disposition,
            Disposition::Duplicate | Disposition::Reject
        ) {
            // It says nothing, and what waits goes on waiting.
            return Outcome {
                slow: Slow::NotYet,
                ..Outcome::AS_JUDGED
            };
        }
        let mut steps = Steps::new();
        let mut outcome = Outcome::AS_JUDGED;
        let (mut has_decided, mut has_to_wait) = (false, false);
        let mut full_minute = None;
        let mut is_confirmed = false;
        let per_year = self.per_year;
        let is_past = judgement.disposition == Disposition::Historical;
        for verdict in &judgement.channels {
            let Some((counted, channel)) = self.counted(heard, verdict) else {
                continue;
            };
            if !is_past && let Some(rate) = usual_rate(heard, verdict.quantity) {
                is_confirmed |= channel.cusum.take(counted, rate, per_year);
            }
            if counted.seconds >= SPAN_S {
                continue;
            }
            let at = if is_past {
                u64::try_from(reading.at().as_nanos()).unwrap_or(0)
            } else {
                reading.received.mono.as_nanos()
            };
            if !is_past {
                outcome.slow = Slow::NotYet;
                let minute = channel.minute.add(at, counted);
                full_minute = full_minute.or(minute.map(|minute| (verdict.quantity, minute)));
            }
            let window = if is_past {
                &mut channel.past
            } else {
                &mut channel.present
            };
            let step = step(window, at, counted, verdict);
            let waits = matches!(step, Some(Step::Wait(_)));
            outcome.is_withheld |= waits && verdict.class == Class::PossibleEmergency;
            has_to_wait |= waits;
            has_decided |= !waits;
            // There is one for each verdict at most.
            steps.extend(step);
        }
        outcome.is_decided = has_decided && !has_to_wait;
        if let Some((quantity, minute)) = full_minute {
            let minute = acting(heard, &[Step::Sum(quantity, minute)]);
            outcome.slow = Slow::Minute(Box::new(minute));
        }
        if !steps.is_empty() && (is_confirmed || !is_nothing(heard, &steps)) {
            outcome.acting = Some(acting(heard, &steps));
        }
        if is_confirmed {
            confirm(heard, &mut outcome);
        }
        outcome
    }

    /// What is to be acted on of a reading that has waited long enough, by what
    /// there is; `None` when that is nothing.
    pub fn overdue(&mut self, heard: &Heard<'_>) -> Option<Acting> {
        let is_past = heard.judgement.disposition == Disposition::Historical;
        let steps: Steps = heard
            .judgement
            .channels
            .iter()
            .filter_map(|verdict| {
                let known = |channel: &&Channel| channel.quantity == verdict.quantity;
                let channel = self.channels.iter().find(known)?;
                let window = if is_past {
                    &channel.past
                } else {
                    &channel.present
                };
                let counted = window.total()?;
                Some(Step::Sum(verdict.quantity, counted))
            })
            .collect();
        (!steps.is_empty()).then(|| acting(heard, &steps))
    }

    /// The counts behind a verdict, and what is known of its channel.
    fn counted(
        &mut self,
        heard: &Heard<'_>,
        verdict: &ChannelVerdict,
    ) -> Option<(Counted, &mut Channel)> {
        let quantity = verdict.quantity;
        let at = self
            .channels
            .iter()
            .position(|channel| channel.quantity == quantity);
        let channel = heard.reading.channel(quantity)?;
        let is_over = channel.measured == Err(NoValue::Overrange)
            || heard.reading.flags.contains(Flag::Overload)
            || heard.reading.flags.contains(Flag::Overrange);
        if is_over && let Some(known) = at.and_then(|at| self.channels.get_mut(at)) {
            // What was counted before is no measure of it.
            known.present.clear();
            known.minute.clear();
        }
        let amount = channel.measured.ok().filter(|_| !is_over)?;
        let Counting { counts, seconds } = channel.counting?;
        if verdict.class == Class::Invalid || !(seconds > 0.0 && seconds.is_finite()) {
            return None;
        }
        let at = at.unwrap_or_else(|| {
            self.channels.push(Channel::new(quantity));
            self.channels.len() - 1
        });
        let counted = Counted {
            counts,
            seconds,
            value: amount.number(),
        };
        Some((counted, self.channels.get_mut(at)?))
    }
}

/// What is done about one channel with counts of less than 10 s; `None` where it
/// is taken as it is.
fn step(window: &mut Window, at: u64, counted: Counted, verdict: &ChannelVerdict) -> Option<Step> {
    let sum = window.add(at, counted);
    if verdict.class == Class::Emergency || sum.is_alone {
        return None;
    }
    let scale = scale(verdict, counted.value);
    let is_sure = |counted: Counted| {
        verdict
            .possible_at
            .is_some_and(|level| is_surely_at(counted.value * scale, counted.counts, level))
    };
    if verdict.class == Class::PossibleEmergency && is_sure(counted) {
        return None;
    }
    if sum.is_ready || is_sure(sum.counted) {
        Some(Step::Sum(verdict.quantity, sum.counted))
    } else {
        Some(Step::Wait(verdict.quantity))
    }
}

/// Whether neither the reading nor its sums can change anything.
fn is_nothing(heard: &Heard<'_>, steps: &[Step]) -> bool {
    let is_low = |verdict: &ChannelVerdict| {
        let is_high = match verdict.class {
            Class::PossibleEmergency | Class::Emergency => true,
            Class::Elevated => verdict.rule != Rule::PbElev,
            Class::Invalid
            | Class::Normal
            | Class::Exempt
            | Class::ExistingManaged
            | Class::Unclassified => false,
        };
        let is_high_sum = |step: &Step| match step {
            Step::Sum(quantity, counted) => {
                let is_meant = *quantity == verdict.quantity;
                let reading = heard.reading.channel(*quantity);
                let own = reading.and_then(|channel| channel.measured.ok());
                let scale = scale(verdict, own.map_or(0.0, Amount::number));
                let level = verdict.possible_at.unwrap_or(0.0);
                is_meant && counted.value * scale >= level
            }
            Step::Wait(_) => false,
        };
        !is_high && !steps.iter().any(is_high_sum)
    };
    heard.is_idle && heard.judgement.channels.iter().all(is_low)
}

/// A probe's factor stands between what was measured and what is compared.
fn scale(verdict: &ChannelVerdict, measured: f64) -> f64 {
    match verdict.value {
        Some(value) if measured > 0.0 => value / measured,
        _ => 1.0,
    }
}

/// The reading with sums in place of seconds, judged again; channels that wait
/// say nothing.
fn acting(heard: &Heard<'_>, steps: &[Step]) -> Acting {
    let mut reading = heard.reading.clone();
    for step in steps {
        if let Step::Sum(quantity, counted) = step
            && let Ok(amount) = Amount::new(*quantity, counted.value)
            && let Some(channel) = reading
                .channels
                .iter_mut()
                .find(|channel| channel.quantity == *quantity)
        {
            channel.measured = Ok(amount);
            channel.counting = Some(Counting {
                counts: counted.counts,
                seconds: counted.seconds,
            });
        }
    }
    let mut judgement = judge_reading(&reading, heard.setting, heard.policy);
    judgement.channels.retain(|verdict| {
        let waits = |step: &Step| matches!(step, Step::Wait(of) if *of == verdict.quantity);
        !steps.iter().any(waits)
    });
    if steps.iter().any(|step| matches!(step, Step::Sum(..))) {
        judgement.remarks.insert(Remark::SummedCounts);
    }
    Acting { reading, judgement }
}

/// Marks what is in the band and confirmed: it pages from here on.
fn confirm(heard: &Heard<'_>, outcome: &mut Outcome) {
    let judgement = outcome
        .acting
        .as_ref()
        .map_or(heard.judgement, |acting| &acting.judgement);
    let is_in_band = judgement.channels.iter().any(|verdict| {
        let is_elevated = verdict.class == Class::Elevated && verdict.rule == Rule::PbElev;
        is_elevated && verdict.quantity == Quantity::DoseRate
    });
    if is_in_band && judgement.disposition == Disposition::Accept {
        let acting = outcome.acting.get_or_insert_with(|| Acting {
            reading: heard.reading.clone(),
            judgement: heard.judgement.clone(),
        });
        acting.judgement.remarks.insert(Remark::CusumConfirmed);
    }
}

/// What the place shows in µSv/h where nothing happens, as this very instrument
/// knows it: a survey was taken with another, and what is assumed was never seen.
/// In rain it is what rain explains (EX-RAIN), so that a shower confirms nothing.
fn usual_rate(heard: &Heard<'_>, quantity: Quantity) -> Option<f64> {
    let setting = heard.setting;
    let is_own = setting.background_from.is_some_and(|from| {
        matches!(
            from.source,
            BackgroundSource::Measured | BackgroundSource::Learned
        )
    });
    let is_environment = setting.subject.unwrap_or(Subject::Environment) == Subject::Environment;
    let is_meant = quantity == Quantity::DoseRate && is_own && is_environment;
    let usual = setting
        .background_usv_h
        .filter(|usv_h| is_meant && *usv_h > 0.0)?;
    let is_wet = heard.reading.flags.contains(Flag::Rain) || setting.rain.is_near(heard.policy);
    let explained = if is_wet { heard.policy.rain_ratio } else { 1.0 };
    Some(usual * explained.max(1.0))
}

/// When something that began to wait at `now` has waited long enough.
pub fn due(now: Mono) -> Mono {
    now.saturating_add(std::time::Duration::from_nanos(SPAN_NS))
}
