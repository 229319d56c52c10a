//! One channel of one reading: what it does to its condition, and which
//! activation hears of it.

use std::time::Duration;

use smallvec::SmallVec;

use super::condition::{Sample, Weight};
use super::group::Arrival;
use super::machine::{CHECKPOINT, Judged, Machine};
use super::place::{self, Place};
use super::settle::Touch;
use super::state::{Activation, ChannelKey, Note, Stamp, Watch};
use super::{collapse, evidence, id};
use crate::clock::Mono;
use crate::criteria::{ChannelVerdict, Class, Disposition, Remark};

/// How often what goes on at a level is recorded, though nothing changes: the
/// times by which places and copies are told apart.
const REFRESH: Duration = Duration::from_secs(600);

/// Beyond this age a reading belongs to the past (alarm semantics, section 2.5).
const FRESH: Duration = Duration::from_secs(900);

/// One channel of a reading, as it is taken.
pub(super) struct Heard<'a> {
    pub(super) now: Stamp,
    pub(super) judged: &'a Judged<'a>,
    pub(super) verdict: &'a ChannelVerdict,
    pub(super) sample: Sample,
    pub(super) key: ChannelKey,
    /// Of the past: old when it arrived, or taken from the spool long after.
    pub(super) is_late: bool,
}

impl Machine {
    /// Takes one channel of a reading.
    pub(super) fn take(
        &mut self,
        now: Stamp,
        judged: &Judged<'_>,
        verdict: &ChannelVerdict,
        touched: &mut SmallVec<[Touch; 2]>,
    ) {
        let mut sample = Sample::of(verdict, judged.judgement);
        let reached = evidence::reached(verdict, judged.judgement.remarks);
        if sample.weight == Weight::None || (reached == Class::Normal && self.watches.is_empty()) {
            return;
        }
        let is_late = is_late(now, judged);
        if is_late && sample.weight == Weight::Full {
            sample.weight = Weight::RaiseOnly;
        }
        let key = ChannelKey {
            instrument: judged.reading.instrument.clone(),
            quantity: verdict.quantity,
            subject: judged.place.subject,
        };
        if !is_late {
            if sample.weight == Weight::Full && self.is_any_distrusted() {
                self.vouch(now, judged, &key, &sample, touched);
            }
            if let Some(watch) = self.watches.get_mut(&key) {
                watch.is_collapsed &= collapse::is_one(judged, verdict);
                if watch.is_distrusted && sample.weight == Weight::Full {
                    sample.weight = Weight::RaiseOnly;
                }
            }
        }
        let heard = Heard {
            now,
            judged,
            verdict,
            sample,
            key,
            is_late,
        };
        if reached == Class::Normal {
            self.take_low(&heard, touched);
        } else {
            self.take_high(heard, touched);
        }
    }

    /// A reading that reaches no level: it may lower what is held, or say
    /// something that only a person can judge.
    fn take_low(&mut self, heard: &Heard<'_>, touched: &mut SmallVec<[Touch; 2]>) {
        let now = heard.now.mono;
        let held = self.watches.get_mut(&heard.key);
        let Some(watch) = held.filter(|watch| watch.is_held()) else {
            return;
        };
        if watch.has_taken(id::mark(heard.judged.reading)) {
            return;
        }
        let class = watch.class();
        let runs = (watch.condition.run(), watch.band.run());
        apply(watch, heard);
        let mut changed = class != watch.class();
        let is_judged = heard.verdict.class != Class::Unclassified;
        if is_judged && !heard.is_late {
            watch.hear(now, heard.judged.place.silent_after);
            changed |= std::mem::take(&mut watch.unknown);
        }
        let silent_at = watch.silent_at();
        let has_moved = runs != (watch.condition.run(), watch.band.run()) && watch.is_fading();
        let is_due = has_moved && is_due(watch, heard.now, CHECKPOINT);
        if is_due {
            watch.saved = Some(now);
        } else if has_moved {
            self.save_soon(now);
        }
        self.wake_by(silent_at);
        let noted = !is_judged && self.note(heard);
        if !(changed || noted || is_due) {
            return;
        }
        let is_held = |activation: &&Activation| {
            activation
                .member(&heard.key)
                .is_some_and(|member| member.held)
        };
        for activation in self.open.values().filter(is_held) {
            let touch = Touch::find(touched, activation.order);
            touch.changed |= noted;
            touch.moved |= is_due || changed;
        }
    }

    /// Has a clearing run recorded with the next checkpoint.
    fn save_soon(&mut self, now: Mono) {
        let since = *self.unsaved_since.get_or_insert(now);
        self.wake_by(since.saturating_add(CHECKPOINT));
    }

    /// Attaches what cannot be judged to the activation of its channel; false
    /// when it is there already.
    fn note(&mut self, heard: &Heard<'_>) -> bool {
        let current = self.watches.get(&heard.key).map(|watch| &watch.current);
        let activation = self
            .open
            .values_mut()
            .find(|activation| current == Some(&activation.id));
        let Some(activation) = activation else {
            return false;
        };
        let rule = heard.verdict.rule;
        let known = |note: &Note| note.key == heard.key && note.rule == rule;
        if activation.notes.iter().any(known) || activation.notes.len() >= Activation::MAX_NOTES {
            return false;
        }
        activation.notes.push(Note {
            key: heard.key.clone(),
            rule,
            remarks: heard.judged.judgement.remarks,
            since: heard.now.wall,
        });
        true
    }

    /// A reading at a level: it belongs to an activation, old or new.
    fn take_high(&mut self, heard: Heard<'_>, touched: &mut SmallVec<[Touch; 2]>) {
        let judged = heard.judged;
        let mark = id::mark(judged.reading);
        if let Some(watch) = self.watches.get_mut(&heard.key)
            && watch.has_taken(mark)
        {
            return;
        }
        // Where it is now says nothing of where it was then.
        let last_fix = judged.place.last_fix.as_ref().filter(|_| !heard.is_late);
        let position = place::position(judged.reading, judged.place, last_fix);
        let place = Place::by(judged.reading, judged.place, position);
        let arrival = Arrival {
            evidence: evidence::of(judged, heard.verdict),
            at: place::located(position, &place),
            place,
            heard,
        };
        let Some(order) = self.home(&arrival, touched) else {
            return;
        };
        let heard = &arrival.heard;
        let home = self
            .open
            .get(&order)
            .expect("invariant: a reading's home is open");
        let watch = self.watches.entry(heard.key.clone()).or_insert_with(|| {
            let mut watch = Watch::new(heard.key.clone(), home.id.clone(), heard.now.mono);
            watch.has_taken(mark);
            watch
        });
        let touch = Touch::find(touched, order);
        let before = (watch.class(), watch.unknown);
        let runs = (watch.condition.run(), watch.band.run());
        if !heard.is_late {
            watch.current.clone_from(&home.id);
            watch.hear(heard.now.mono, judged.place.silent_after);
            touch.changed |= std::mem::take(&mut watch.unknown);
            if is_due(watch, heard.now, REFRESH) {
                watch.saved = Some(heard.now.mono);
                touch.moved = true;
            }
            apply(watch, heard);
            let is_collapse = collapse::is_one(judged, heard.verdict);
            let is_new = is_collapse && !watch.is_collapsed;
            watch.is_collapsed = is_collapse;
            watch.is_distrusted |= is_new;
            self.has_distrusted |= is_new;
            touch.changed |= is_new;
            let silent_at = watch.silent_at();
            self.wake_by(silent_at);
        } else if watch.is_held() && watch.current == home.id {
            // An old reading may raise what is held, but holds nothing by itself:
            // nothing of the present could ever lower it again.
            apply(watch, heard);
        }
        if let Some(watch) = self.watches.get(&heard.key) {
            // Low for the level held, high for the one below.
            let is_run = watch.is_fading() && runs != (watch.condition.run(), watch.band.run());
            if (watch.class(), watch.unknown) != before {
                // What it holds where it came from changes with it.
                self.touch_held(&heard.key, touched);
            }
            if is_run {
                self.save_soon(heard.now.mono);
            }
        }
        let touch = Touch::find(touched, order);
        self.join(order, &arrival, touch);
    }

    /// Has every activation looked at that a channel holds, and recorded.
    fn touch_held(&self, key: &ChannelKey, touched: &mut SmallVec<[Touch; 2]>) {
        for activation in self.open.values() {
            if activation.member(key).is_some_and(|member| member.held) {
                Touch::find(touched, activation.order).moved = true;
            }
        }
    }
}

fn apply(watch: &mut Watch, heard: &Heard<'_>) {
    let remarks = heard.judged.judgement.remarks;
    let band = evidence::band_sample(heard.verdict, remarks, heard.sample.weight);
    watch.condition.apply(heard.now.mono, heard.sample);
    watch.band.apply(heard.now.mono, band);
}

/// Whether the watch was not recorded for its own sake within `every`.
fn is_due(watch: &Watch, now: Stamp, every: Duration) -> bool {
    watch
        .saved
        .is_none_or(|saved| now.mono.since(saved) >= every)
}

fn is_late(now: Stamp, judged: &Judged<'_>) -> bool {
    // A reading in quarantine can be old as well.
    judged.judgement.disposition == Disposition::Historical
        || judged.judgement.remarks.contains(Remark::Stale)
        || now.wall > judged.reading.received.wall.saturating_add(FRESH)
}
