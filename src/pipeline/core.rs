//! The core task: every frame is decoded, normalised, judged and handed on
//! here, and every activation lives here.
//!
//! It owns its state, does no I/O and never waits for disk, network or page.
//! What the store cannot take at once is kept in order; a reading is evaluated
//! before it is stored.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use geo::MultiPolygon;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::after::Around;
use super::books::Ledger;
use super::command::Command;
use super::drill::Drill;
use super::fixes::Fixes;
use super::instrument::{Instrument, Link, Taken};
use super::keep::Memories;
use super::outbox::Recorded;
use super::router::{Route, Router};
use super::waiting::Waiting;
use super::watching::{Watching, is_valid};
use crate::ack::Ack;
use crate::activation::{Effect, Event, EventContext, Machine, Mode};
use crate::clock::{Clock, Received, Zone};
use crate::closing::{Closings, Ground};
use crate::criteria::{ExistingArea, Policy, Remark};
use crate::decode::{RejectReason, Rejected};
use crate::deliver::Notice;
use crate::error::excerpt;
use crate::exchange::reading_record;
use crate::fault::{FaultTransition, Report};
use crate::frame::Framed;
use crate::journal::Entry;
use crate::normalise::{Arrival, fingerprint};
use crate::reading::{Flag, InstrumentId};
use crate::source::{Frame, Input, InstrumentIndex, LinkChange, SourceId};
use crate::store::embedded::{Counters, Health, Item, Refused, Verdict, Writer};

/// Frames taken from the sources at once.
const BATCH: usize = 256;

/// Readings without an acknowledgement that may wait for the store in memory;
/// further ones are refused with the reason `backlog`. Those with one are
/// bounded by the broker, which sends no more until they are acknowledged.
pub(super) const OVERFLOW_BOUND: usize = 100_000;

/// How often a full store is tried again.
const RETRY_STORE: Duration = Duration::from_millis(20);

/// How often stations and daemon are looked at.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Most instruments that open rules may let in.
pub(super) const ADMITTED_MAX: usize = 20_000;

/// A region with something known about it, for instruments on the move.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) polygons: MultiPolygon<f64>,
    pub(super) high_background: bool,
    pub(super) existing: Option<ExistingArea>,
    pub(super) ground: Ground,
}

/// Makes an instrument for a device that an open rule lets in.
pub(super) type Admit = Box<dyn Fn(usize, &str) -> Option<Instrument> + Send>;

/// What the core needs from outside.
pub(super) struct Parts {
    pub(super) node: String,
    pub(super) zone: Zone,
    pub(super) clock: Clock,
    pub(super) started: Received,
    pub(super) mode: Mode,
    pub(super) policy: Policy,
    pub(super) machine: Machine,
    pub(super) closings: Closings,
    /// What was learned before of instruments that have not been seen yet.
    pub(super) memories: Memories,
    pub(super) instruments: Vec<Instrument>,
    pub(super) router: Router,
    pub(super) admit: Admit,
    pub(super) areas: Vec<Place>,
    pub(super) has_broker: bool,
    pub(super) store: Writer,
    pub(super) counters: watch::Receiver<Counters>,
    pub(super) health: watch::Receiver<Health>,
    pub(super) outbox: mpsc::Sender<Recorded>,
    pub(super) outbox_waiting: watch::Receiver<BTreeMap<String, u64>>,
    /// Which subscribers are flooded with alarms.
    pub(super) floods: watch::Receiver<BTreeMap<String, bool>>,
    pub(super) notices: Option<mpsc::Sender<Notice>>,
    /// Wakes whoever writes the matters down.
    pub(super) keeper: Arc<Notify>,
    /// The watch over stations and daemon.
    pub(super) watching: Watching,
    pub(super) drill: Drill,
    /// Who tells of an exercise.
    pub(super) context: EventContext,
}

/// The core and its state.
pub(super) struct CoreTask {
    pub(super) parts: Parts,
    by_name: HashMap<InstrumentId, InstrumentIndex>,
    pub(super) broker: Option<Link>,
    /// The broker answers, whether or not it confirms a subscription.
    pub(super) is_broker_reached: bool,
    pub(super) unattributed: Ledger,
    unattributed_said: HashMap<String, u64>,
    /// The acknowledgement of the frame at hand, until something takes it along.
    ack: Option<Ack>,
    fixes: Fixes,
    /// Something was learned since it was last written down.
    pub(super) has_learned: bool,
    /// An instrument rose above normal, or fell back.
    pub(super) has_elevation_changed: bool,
    /// What the store could not take yet, in order.
    overflow: VecDeque<Item>,
    /// What the outbox could not take yet, in order.
    unsent: VecDeque<Recorded>,
    /// Instruments with a reading that waits for more counts.
    waiting: Waiting,
    /// The last bug that a frame met since the last look.
    pub(super) bug: Option<Report>,
}

impl CoreTask {
    pub(super) fn new(parts: Parts) -> Self {
        let by_name = parts
            .instruments
            .iter()
            .enumerate()
            .map(|(at, instrument)| (instrument.id.clone(), at))
            .collect();
        let broker = parts.has_broker.then(|| Link {
            up: false,
            since: parts.started,
            detail: "not connected yet".to_owned(),
        });
        Self {
            parts,
            by_name,
            broker,
            is_broker_reached: false,
            unattributed: Ledger::default(),
            unattributed_said: HashMap::new(),
            ack: None,
            fixes: Fixes::default(),
            has_learned: false,
            has_elevation_changed: false,
            overflow: VecDeque::new(),
            unsent: VecDeque::new(),
            waiting: Waiting::default(),
            bug: None,
        }
    }

    /// Works until told to stop, which comes after all sources are gone; then
    /// hands on what is left.
    pub(super) async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        mut commands: mpsc::Receiver<Command>,
        stop: CancellationToken,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut has_sources = true;
        let mut retry = tokio::time::interval(RETRY_STORE);
        retry.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seconds = tokio::time::interval(WATCH_EVERY);
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        self.begin_watch();
        loop {
            let deadlines = [self.parts.machine.next_deadline(), self.waiting.next()];
            let deadline = deadlines
                .into_iter()
                .flatten()
                .min()
                .map(|at| self.parts.clock.instant_at(at));
            tokio::select! {
                () = stop.cancelled(), if !has_sources => break,
                taken = inputs.recv_many(&mut batch, BATCH), if has_sources => {
                    has_sources = taken > 0;
                    for input in batch.drain(..) {
                        match input {
                            Input::Frame(frame) => self.guarded(frame),
                            Input::Link(change) => self.link(change),
                        }
                    }
                }
                Some(command) = commands.recv() => self.command(command),
                () = sleep_until(deadline), if deadline.is_some() => self.tick(),
                _ = seconds.tick() => self.watch(),
                _ = retry.tick(), if !self.overflow.is_empty() || !self.unsent.is_empty() => {
                    self.hand_over();
                }
            }
        }
        self.drain().await;
        info!("Core has handed everything on.");
    }

    /// After the last frame: waits until the store and the outbox took the rest.
    async fn drain(&mut self) {
        while let Some(recorded) = self.unsent.pop_front() {
            if self.parts.outbox.send(recorded).await.is_err() {
                break; // outbox gone: what was decided is found again in the store
            }
        }
        while let Some(item) = self.overflow.pop_front() {
            if self.parts.store.send(item).await.is_err() {
                break; // store closed: its sources keep what was not acknowledged
            }
        }
    }

    fn tick(&mut self) {
        let now = self.parts.clock.now();
        while let Some(at) = self.waiting.over(now.mono) {
            self.decide(now, at);
        }
        for effect in self.parts.machine.tick(now) {
            let notes = self.follow(now, std::slice::from_ref(&effect));
            self.record(vec![effect], notes, None);
        }
    }

    /// A reading waited for more counts, and none came: what there is decides.
    fn decide(&mut self, now: Received, at: InstrumentIndex) {
        let Some(instrument) = self.parts.instruments.get_mut(at) else {
            return;
        };
        let Some(overdue) = instrument.overdue(now.mono, &self.parts.policy) else {
            return;
        };
        let (reading, judgement) = (&*overdue.reading, &*overdue.judgement);
        let judged = instrument.judged(reading, judgement, &self.parts.policy);
        let effects = self.parts.machine.apply(now, &judged);
        if effects.is_empty() {
            return;
        }
        let mut around = Around {
            closings: &mut self.parts.closings,
            areas: &self.parts.areas,
            policy: &self.parts.policy,
        };
        let after = instrument.follow(now, reading, judgement, &effects, &mut around);
        let notes = self.note_changes(&after.changes);
        self.record(effects, notes, None);
    }

    fn link(&mut self, change: LinkChange) {
        let link = Some(Link {
            up: change.up,
            since: change.received,
            detail: change.detail.clone(),
        });
        match change.source {
            SourceId::Broker => {
                self.broker = link;
                self.is_broker_reached = change.is_reached;
            }
            SourceId::Drill => {}
            SourceId::Instrument(at) => {
                let supervision = &mut self.parts.watching.supervision;
                supervision.line(at, change.up, &change.detail);
                if let Some(instrument) = self.parts.instruments.get_mut(at) {
                    instrument.link = link;
                }
            }
        }
    }

    /// One frame that meets a bug of ours must not end the watch over all the
    /// others: it is kept, raw, as refused.
    fn guarded(&mut self, mut frame: Frame) {
        self.ack = frame.ack.take();
        let raw = bytes_of(&frame.framed);
        let topic = frame.topic.clone();
        let received = frame.received.wall;
        let worked = catch_unwind(AssertUnwindSafe(|| self.frame(frame)));
        if worked.is_ok() {
            return;
        }
        let source = excerpt(topic.as_deref().unwrap_or_default(), 120);
        error!(topic = %source, "A frame met a bug; it is kept as refused.");
        self.note_bug(&source);
        self.unattributed.refuse(RejectReason::Internal);
        let refused = Refused {
            instrument: None,
            source,
            received,
            reason: RejectReason::Internal.to_string(),
            error: "the frame met a bug of the program".to_owned(),
            raw,
        };
        let ack = self.ack.take();
        self.store_item(Item::Refused {
            refused: Box::new(refused),
            ack,
        });
    }

    fn frame(&mut self, frame: Frame) {
        let at = match frame.source {
            SourceId::Drill => return self.begin_drill(&frame),
            SourceId::Instrument(at) => Some(at),
            SourceId::Broker => self.whose(frame.topic.as_ref()),
        };
        let Some(at) = at.filter(|at| *at < self.parts.instruments.len()) else {
            self.refuse_unknown(frame);
            return;
        };
        self.decode(at, frame);
    }

    /// The instrument of a topic; lets a new one in where a rule allows it.
    fn whose(&mut self, topic: Option<&Arc<str>>) -> Option<InstrumentIndex> {
        let topic = topic?;
        match self.parts.router.route(topic) {
            Route::Instrument(at) => Some(at),
            Route::Unknown => None,
            Route::New { entry, name } => {
                if self.parts.instruments.len() >= ADMITTED_MAX {
                    return None;
                }
                let mut instrument = (self.parts.admit)(entry, &name)?;
                let known = self.by_name.get(&instrument.id).copied();
                let at = known.unwrap_or_else(|| {
                    info!(instrument = %instrument.id, %topic, "New instrument on the broker.");
                    let at = self.parts.instruments.len();
                    self.parts.memories.give(
                        &mut instrument,
                        &self.parts.policy.learning,
                        self.parts.started,
                    );
                    self.by_name.insert(instrument.id.clone(), at);
                    self.parts.watching.supervision.watch(
                        instrument.id.clone(),
                        instrument.expected,
                        instrument.way,
                        self.parts.clock.mono(),
                    );
                    self.parts.instruments.push(instrument);
                    at
                });
                self.parts.router.admit(topic, at);
                Some(at)
            }
        }
    }

    fn refuse_unknown(&mut self, frame: Frame) {
        let topic = frame.topic.as_deref().unwrap_or_default();
        let topic = excerpt(topic, 120);
        self.unattributed.refuse(RejectReason::UnknownInstrument);
        let said = self.unattributed_said.len();
        let times = self.unattributed_said.entry(topic.clone()).or_default();
        *times += 1;
        if *times == 1 && said < 1000 {
            warn!(%topic, reason = %RejectReason::UnknownInstrument, "Message of nobody that is configured refused.");
        }
        if said >= 1000 {
            self.unattributed_said.clear(); // a flood of topics must not fill memory
        }
        let refused = Refused {
            instrument: None,
            source: topic,
            received: frame.received.wall,
            reason: RejectReason::UnknownInstrument.to_string(),
            error: "no configured instrument speaks on this topic".to_owned(),
            raw: bytes_of(&frame.framed),
        };
        let ack = self.ack.take();
        self.store_item(Item::Refused {
            refused: Box::new(refused),
            ack,
        });
    }

    fn decode(&mut self, at: InstrumentIndex, frame: Frame) {
        let Some(instrument) = self.parts.instruments.get_mut(at) else {
            return;
        };
        let raw = bytes_of(&frame.framed);
        instrument.decoder.arrived(frame.received.mono);
        let outcomes = instrument
            .decoder
            .decode_framed(&frame.framed, frame.topic.as_deref());
        let last = outcomes.len();
        for (n, (range, decoded)) in outcomes.into_iter().enumerate() {
            let piece = if range.start <= range.end && range.end <= raw.len() {
                raw.slice(range)
            } else {
                raw.clone()
            };
            let arrival = Arrival {
                received: frame.received,
                delivery: frame.delivery,
                fingerprint: fingerprint(&piece),
            };
            // The frame is safe when the last of what it held is safe.
            let is_last = n + 1 == last;
            self.take(
                at,
                decoded,
                &arrival,
                piece,
                frame.topic.as_deref(),
                frame.unguarded,
                is_last,
            );
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of one frame, used once")]
    fn take(
        &mut self,
        at: InstrumentIndex,
        decoded: crate::decode::Decoded,
        arrival: &Arrival,
        raw: bytes::Bytes,
        topic: Option<&str>,
        unguarded: bool,
        is_last: bool,
    ) {
        let Some(instrument) = self.parts.instruments.get_mut(at) else {
            return;
        };
        instrument.note_held(&self.parts.policy, &self.parts.machine);
        let taken = instrument.take(
            decoded,
            arrival,
            &self.parts.policy,
            &self.parts.areas,
            &mut self.fixes,
        );
        match taken {
            Taken::Ignored => {
                if let Some(online) = instrument.online {
                    self.parts.watching.supervision.signed(at, online);
                }
                if let Some(ack) = self.ack.take_if(|_| is_last) {
                    ack.release();
                }
            }
            Taken::Refused(rejected) => {
                say_refused(instrument, &rejected);
                let refused = Refused {
                    instrument: Some(instrument.id.clone()),
                    source: topic.map(|topic| excerpt(topic, 120)).unwrap_or_default(),
                    received: arrival.received.wall,
                    reason: rejected.reason.to_string(),
                    error: rejected.text,
                    raw,
                };
                let ack = self.ack.take_if(|_| is_last);
                self.store_item(Item::Refused {
                    refused: Box::new(refused),
                    ack,
                });
            }
            Taken::Reading(mut reading, judgement) => {
                say_good(instrument);
                if unguarded {
                    instrument.ledger.unguarded += 1;
                    Arc::make_mut(&mut reading).flags.insert(Flag::Unguarded);
                }
                let is_zero = judgement.remarks.contains(Remark::SuspectZero);
                let is_valid = is_valid(&reading, &judgement);
                self.hear(at, arrival.received, &reading, is_valid, is_zero);
                let Some(instrument) = self.parts.instruments.get_mut(at) else {
                    return;
                };
                let judged = instrument.judged(&reading, &judgement, &self.parts.policy);
                let effects = self.parts.machine.apply(arrival.received, &judged);
                if let Some(due) = instrument.begins_to_wait() {
                    self.waiting.begin(due, at);
                }
                let after = instrument.follow(
                    arrival.received,
                    &reading,
                    &judgement,
                    &effects,
                    &mut Around {
                        closings: &mut self.parts.closings,
                        areas: &self.parts.areas,
                        policy: &self.parts.policy,
                    },
                );
                if let Some(notices) = &self.parts.notices {
                    publish(notices, &reading);
                }
                let item = Item::Reading {
                    reading,
                    verdict: Verdict::from(&*judgement),
                    context: Arc::clone(&instrument.context),
                    ack: self.ack.take_if(|_| is_last),
                };
                instrument.ledger.readings += 1;
                instrument.ledger.handed_over += 1;
                self.has_learned |= after.has_learned;
                if instrument.elevation.take_change() {
                    self.has_elevation_changed = true;
                    self.parts.keeper.notify_one();
                }
                let notes = self.note_changes(&after.changes);
                if effects.is_empty() && notes.is_empty() {
                    self.store_item(item);
                } else {
                    // The reading that moved an activation is stored, and so
                    // acknowledged, only after the journal has the change.
                    self.record(effects, notes, Some(item));
                }
            }
        }
    }

    pub(super) fn record(&mut self, effects: Vec<Effect>, notes: Vec<Entry>, item: Option<Item>) {
        self.hand_on(Recorded {
            effects,
            notes,
            item,
            ..Recorded::now()
        });
    }

    /// Hands changes of faults to the outbox.
    pub(super) fn record_faults(&mut self, faults: Vec<FaultTransition>, notes: Vec<Entry>) {
        if !(faults.is_empty() && notes.is_empty()) {
            self.hand_on(Recorded {
                faults,
                notes,
                ..Recorded::now()
            });
        }
    }

    fn begin_drill(&mut self, frame: &Frame) {
        let (policy, context) = (&self.parts.policy, &self.parts.context);
        let notices = self.parts.drill.begin(frame, policy, context);
        self.tell_drill(notices);
    }

    pub(super) fn end_drill(&mut self, now: Received) {
        let (policy, context) = (&self.parts.policy, &self.parts.context);
        let notices = self.parts.drill.end(now, policy, context);
        self.tell_drill(notices);
    }

    /// An exercise is told as it would be in earnest, but is no transition: a
    /// restart takes up nothing of it.
    fn tell_drill(&mut self, notices: Vec<Event>) {
        if !notices.is_empty() {
            self.hand_on(Recorded {
                notices,
                ..Recorded::now()
            });
        }
    }

    /// Readings in memory that wait for the store.
    pub(super) fn overflow_len(&self) -> usize {
        self.overflow.len()
    }

    /// Hands on to the outbox, in order; never waits.
    pub(super) fn hand_on(&mut self, recorded: Recorded) {
        if !self.unsent.is_empty() {
            self.unsent.push_back(recorded);
        } else if let Err(error) = self.parts.outbox.try_send(recorded) {
            self.unsent.push_back(error.into_inner());
        }
    }

    fn store_item(&mut self, item: Item) {
        if self.overflow.is_empty() {
            match self.parts.store.try_send(item) {
                Ok(()) => {}
                Err(item) => self.overflow.push_back(item),
            }
        } else if self.overflow.len() < OVERFLOW_BOUND || has_ack(&item) {
            self.overflow.push_back(item);
        } else {
            self.refuse_backlog(&item);
        }
    }

    /// Memory is full, too: the reading was evaluated, but cannot be kept.
    fn refuse_backlog(&mut self, item: &Item) {
        if let Item::Reading { reading, .. } = item
            && let Some(at) = self.by_name.get(&reading.instrument)
            && let Some(instrument) = self.parts.instruments.get_mut(*at)
        {
            instrument.ledger.handed_over -= 1;
            instrument.ledger.refuse(RejectReason::Backlog);
        }
    }

    fn hand_over(&mut self) {
        while let Some(recorded) = self.unsent.pop_front() {
            if let Err(error) = self.parts.outbox.try_send(recorded) {
                self.unsent.push_front(error.into_inner());
                break;
            }
        }
        while let Some(item) = self.overflow.pop_front() {
            if let Err(item) = self.parts.store.try_send(item) {
                self.overflow.push_front(item);
                break;
            }
        }
    }
}

const fn has_ack(item: &Item) -> bool {
    match item {
        Item::Reading { ack, .. } | Item::Refused { ack, .. } => ack.is_some(),
    }
}

fn bytes_of(framed: &Framed) -> bytes::Bytes {
    match framed {
        Framed::Frame(bytes) | Framed::Unfinished(bytes) | Framed::Refused { bytes, .. } => {
            bytes.clone()
        }
        Framed::TooLong { head, .. } => head.clone(),
    }
}

/// Logs a refusal once for each change of its reason.
fn say_refused(instrument: &mut Instrument, rejected: &Rejected) {
    match &mut instrument.refusing {
        Some((reason, times)) if *reason == rejected.reason => *times += 1,
        refusing => {
            *refusing = Some((rejected.reason, 1));
            warn!(instrument = %instrument.id, reason = %rejected.reason, error = %rejected.text, "Frame refused.");
        }
    }
}

fn say_good(instrument: &mut Instrument) {
    if let Some((reason, times)) = instrument.refusing.take()
        && times > 1
    {
        info!(instrument = %instrument.id, %reason, times, "Frames are good again.");
    }
}

/// Puts a reading on its topic, if anyone has room for it now.
fn publish(notices: &mpsc::Sender<Notice>, reading: &crate::reading::Reading) {
    if let Ok(payload) = serde_json::to_vec(&reading_record(reading, None)) {
        let topic = format!("reading/{}", reading.instrument);
        // Readings on request are a view, not the record: a full queue drops them.
        notices
            .try_send(Notice {
                topic,
                retain: false,
                payload,
            })
            .ok();
    }
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
