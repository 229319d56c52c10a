//! Tasks and channels: how a configuration becomes a running daemon.
//!
//! Sources → core → (outbox →) store, and outbox → subscribers. Shutdown goes
//! with the data: sources stop, the core drains, the outbox writes down and
//! gives subscribers a grace period, the store closes, HTTP ends last.

mod acceptances;
mod after;
mod answers;
mod background;
mod books;
mod build;
mod casework;
mod command;
mod core;
mod desk;
mod drill;
mod elevation;
mod fixes;
mod heads;
mod instrument;
mod keep;
mod matters;
mod mute;
mod outbox;
mod people;
mod replay;
mod router;
mod start;
mod subscribers;
mod urgent;
mod waiting;
mod watching;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

pub use background::{BackgroundView, CandidateView, LearningView};
pub use books::{Account, Books};
pub use casework::{CaseRequest, Casework};
pub use command::{
    ActivationStatus, By, Command, Core, FaultRefusal, Gone, InstrumentCounts, InstrumentView,
    LinkView, Refusal, ServiceView, ShelfStatus, Status, StoreView,
};
pub use keep::Unsaved;
pub use outbox::EVENT_BOUND;
pub use people::{Act, Deed, ScriptError, acts};
pub use replay::{LevelChange, Replay, Step};
pub use subscribers::{SubscriberError, subscriber};

use crate::activation::{Accepted, ActivationView, Event, EventContext, Machine, Mode};
use crate::clock::{Clock, Received, Zone};
use crate::closing::{Closings, Saved};
use crate::config::{Config, HttpToken};
use crate::criteria::PolicyHash;
use crate::criteria::reference::canonical;
use crate::deliver::{Floods, Kind, Notice, OFFER_BOUND, REPORT_BOUND, Report, Standing};
use crate::error::Chain;
use crate::fault::{self, Faults};
use crate::http;
use crate::journal::{Entry, HeadsFile, Journal, JournalError, Told, Waiting, open_keys};
use crate::records::Sources;
use crate::source::INPUT_BOUND;
use crate::store::embedded::{Health, Store, StoreError};
use crate::supervision::Supervision;
use acceptances::Acceptances;
use casework::{CaseParts, CaseTask};
use command::COMMAND_BOUND;
use core::{CoreTask, Parts};
use drill::Drill;
use heads::{HEAD_BOUND, HeadTask, Mark};
use outbox::{ACCEPTED_BOUND, Listener, Outbox, RECORDED_BOUND, Recorded};
use urgent::Urgent;
use watching::{Delivering, Watching};

/// How long each step of the shutdown may take before it is named and left.
const STEP: Duration = Duration::from_secs(15);

/// When the first sign of life goes out.
const FIRST_HEARTBEAT: Duration = Duration::from_secs(1);

/// How often an address that could not be had is tried again.
const RETRY_LISTEN: Duration = Duration::from_secs(5);

/// Notices that may wait for the alert channel.
const NOTICE_BOUND: usize = 1024;

/// How often the retention is applied.
const RETENTION_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How often tokens that end soon are spoken of.
const SAY_ENDING_EVERY: Duration = Duration::from_secs(24 * 3600);

/// Why the daemon did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The store.
    #[error("failed to open the store")]
    Store(#[source] StoreError),
    /// The journal.
    #[error("failed to open the journal")]
    Journal(#[source] JournalError),
    /// The journal's thread.
    #[error("failed to start the journal's thread")]
    JournalThread(#[source] std::io::Error),
    /// A subscriber.
    #[error("failed to set up a subscriber")]
    Subscriber(#[source] SubscriberError),
}

/// A running daemon.
#[derive(Debug)]
pub struct Daemon {
    /// Asks the core.
    pub core: Core,
    /// Asks the casework task.
    pub casework: Casework,
    /// Where the HTTP interface listens, if it does.
    pub http: Option<SocketAddr>,
    /// The embedded store's folder.
    pub store_folder: PathBuf,
    /// Counts what the core did, as long as it can judge: what the service's
    /// watchdog hangs on.
    pub progress: watch::Receiver<u64>,
    events: broadcast::Sender<Arc<Event>>,
    steps: Steps,
}

#[derive(Debug)]
struct Steps {
    sources_stop: CancellationToken,
    sources: JoinSet<()>,
    keep_stop: CancellationToken,
    keeping: JoinHandle<()>,
    core_stop: CancellationToken,
    core: JoinHandle<()>,
    casework_stop: CancellationToken,
    casework: JoinHandle<()>,
    outbox: JoinHandle<()>,
    /// Absent without a key to sign with.
    heads: Option<JoinHandle<()>>,
    subscribers_stop: CancellationToken,
    subscribers: JoinSet<()>,
    store: Store,
    http_stop: CancellationToken,
    http: Option<JoinHandle<()>>,
    side: JoinSet<()>,
}

impl Daemon {
    /// Opens store and journal, takes up what was open, and starts every task.
    /// A port or broker that is missing is no reason not to start.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing is running then.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartError> {
        let started = clock.now();
        let had_state = start::has_state(&config.node.data_dir);
        let listener = listen(&config).await;
        let store = Store::open(config.store.clone(), clock).map_err(StartError::Store)?;
        let journal_folder = config.node.data_dir.join("journal");
        let opened = Journal::open(&journal_folder, started.wall);
        let (mut journal, recovery) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // Waited for, so that whoever tries again finds the store free.
                if let Err(error) = store.close().await {
                    warn!(error = %Chain(&error), "Store did not close in order.");
                }
                return Err(StartError::Journal(error));
            }
        };
        say_recovered(&recovery);
        let entry = Entry::Started {
            software: env!("CARGO_PKG_VERSION").to_owned(),
            node: config.node.name.clone(),
        };
        let policy = new_policy(&config, recovery.policy.as_deref());
        let state = config.node.data_dir.join("state");
        let keys = open_keys(&state, &config.node.name, recovery.key.as_deref());
        for problem in &keys.problems {
            error!(error = %Chain(problem), "The journal's key needs somebody to look after it.");
        }
        let entries = std::iter::once(&entry).chain(&policy).chain(&keys.changed);
        if let Err(error) = journal.append_all(started.wall, entries) {
            warn!(error = %Chain(&error), "Journal cannot be written.");
        }
        let found = start::found(&recovery, had_state, started.wall);
        let faults = Faults::restored(recovery.faults.iter().cloned(), started);
        let machine = Machine::restored(config.activation.clone(), recovery.saved, started);
        let (mut memories, matters) = keep::kept(&state);
        let closings = closings(&config, matters, &machine, started);
        let open: Vec<ActivationView> = machine.open().map(ActivationView::of).collect();
        let open_faults = faults.views();
        let standing = Standing {
            activations: &open,
            faults: &open_faults,
        };
        let context = EventContext {
            node: config.node.name.clone(),
            zone: config.node.zone,
            recorded: true,
        };
        let leftover = leftover(&recovery.waiting, &context);

        let (inputs_tx, inputs) = mpsc::channel(INPUT_BOUND);
        let (commands_tx, commands) = mpsc::channel(COMMAND_BOUND);
        let (recorded_tx, recorded) = mpsc::channel::<Recorded>(RECORDED_BOUND);
        let (reports_tx, reports) = mpsc::channel::<Report>(REPORT_BOUND);
        let (waiting_tx, waiting) = watch::channel(BTreeMap::new());
        let (events, _) = broadcast::channel(EVENT_BOUND);

        let subscribers_stop = CancellationToken::new();
        let (floods_tx, floods) = watch::channel(BTreeMap::new());
        let answers = Answers {
            reports: reports_tx,
            floods: floods_tx,
        };
        let (listeners, subscribers, notices, deliveries) =
            start_subscribers(&config, standing, clock, answers, &subscribers_stop)?;
        let (marks, marked) = watch::channel(Mark {
            seq: journal.next_seq() - 1,
            hash: journal.head(),
            emergencies: 0,
        });
        let (heads_tx, heads) = mpsc::channel(HEAD_BOUND);
        let journal =
            outbox::start_journal(journal, clock, marks).map_err(StartError::JournalThread)?;
        let head_task = keys.signer.map(|signer| HeadTask {
            signer,
            file: HeadsFile::of(&journal_folder),
            clock,
            context: context.clone(),
            exercise: config.node.mode == Mode::Exercise,
            every: heads::EVERY,
            marks: marked,
            notices: notices.clone(),
            events: heads_tx,
            kept: None,
            is_failing: false,
        });
        let (dead_letters_tx, dead_letters) = watch::channel(BTreeMap::new());
        let (accepted_tx, accepted) = mpsc::channel(ACCEPTED_BOUND);
        let (progress_tx, progress) = watch::channel(0);
        let watching = Watching {
            faults,
            supervision: Supervision::new(config.supervision.many),
            found,
            is_open: start::lets_anyone_in(&config),
            journal: journal.seen.clone(),
            deliveries,
            dead_letters,
            accepted,
            progress: progress_tx,
        };
        let outbox = Outbox {
            journal,
            store: store.writer(),
            listeners,
            events: events.clone(),
            heads,
            context: context.clone(),
            accepted: Acceptances::default(),
            waiting: waiting_tx,
            dead_letters: dead_letters_tx,
            accepted_faults: accepted_tx,
            unwritten: VecDeque::new(),
            unstored: VecDeque::new(),
            held: VecDeque::new(),
            rosters: config.rosters.clone(),
            urgent: Urgent::default(),
            core: commands_tx.clone(),
        };
        let outbox = tokio::spawn(outbox.run(recorded, reports, leftover));
        let heads = head_task.map(|task| tokio::spawn(task.run()));

        // It listens before anything can be told.
        let heard = events.subscribe();
        let case_outbox = recorded_tx.clone();
        let mut built = build::instruments(&config);
        for instrument in &mut built.instruments {
            memories.give(instrument, &config.criteria.learning, started);
        }
        let keeper = Arc::new(Notify::new());
        let core = CoreTask::new(Parts {
            node: config.node.name.clone(),
            zone: config.node.zone,
            clock,
            started,
            mode: config.node.mode,
            policy: config.criteria,
            machine,
            closings,
            memories,
            instruments: built.instruments,
            router: built.router,
            admit: built.admit,
            areas: built.areas,
            has_broker: built.mqtt.is_some(),
            store: store.writer(),
            counters: store.counters(),
            health: store.health(),
            outbox: recorded_tx,
            outbox_waiting: waiting,
            floods,
            notices: notices.clone().filter(|_| config.publish.has_readings),
            keeper: Arc::clone(&keeper),
            watching,
            drill: Drill::new(config.criteria.gy_to_sv),
            context: context.clone(),
        });
        let core_stop = CancellationToken::new();
        let core_task = tokio::spawn(core.run(inputs, commands, core_stop.clone()));
        let core = Core::new(commands_tx);
        let (case_task, casework) = CaseTask::open(CaseParts {
            clock,
            core: core.clone(),
            sources: sources_of_records(&config),
            records: config.node.data_dir.join("records"),
            context,
            exercise: config.node.mode == Mode::Exercise,
            geography: build::geography(&config),
            outbox: case_outbox,
            events: heard,
            told: recovery.notices,
        });
        let casework_stop = CancellationToken::new();
        let case_task = tokio::spawn(case_task.run(casework_stop.clone()));
        let keep_stop = CancellationToken::new();
        let keeping = tokio::spawn(keep::run(core.clone(), state, keeper, keep_stop.clone()));

        let sources_stop = CancellationToken::new();
        let ways = Ways {
            serials: built.serials,
            tcps: built.tcps,
            recordings: built.recordings,
            mqtt: built.mqtt,
            drill: config
                .supervision
                .drill_at_min
                .map(|at_min| (at_min, config.node.zone)),
        };
        let sources = start_sources(ways, clock, inputs_tx, &sources_stop);
        let http_stop = CancellationToken::new();
        let address = match &listener {
            Some(Ok(listener)) => listener.local_addr().ok(),
            Some(Err(_)) | None => None,
        };
        let http = listener.map(|listener| {
            let context = http::Context {
                core: core.clone(),
                casework: casework.clone(),
                store: config.store.folder.clone(),
                guard: Arc::new(http::Guard::new(build::keys(&config), clock)),
            };
            tokio::spawn(serve(listener, context, http_stop.clone()))
        });
        let mut side = JoinSet::new();
        if let Some(notices) = notices {
            side.spawn(heartbeat(core.clone(), notices, config.publish.heartbeat));
        }
        side.spawn(say_health(store.health()));
        let tokens = config.http.map_or_else(Vec::new, |http| http.tokens);
        if !tokens.is_empty() {
            side.spawn(say_ending(tokens, clock));
        }
        if config.store.retention.is_some() {
            side.spawn(retention(store.writer(), clock));
        }
        info!(node = %config.node.name, instruments = config.instruments.len(), exercise = config.node.mode == Mode::Exercise, "Pantau is running.");
        Ok(Self {
            core,
            casework,
            http: address,
            store_folder: config.store.folder,
            progress,
            events,
            steps: Steps {
                sources_stop,
                sources,
                keep_stop,
                keeping,
                core_stop,
                core: core_task,
                casework_stop,
                casework: case_task,
                outbox,
                heads,
                subscribers_stop,
                subscribers,
                store,
                http_stop,
                http,
                side,
            },
        })
    }

    /// Every event from now on, as it is told.
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Waits until a task ends that must not end: a bug. The daemon is of no use
    /// then, and whoever watches it must start it anew.
    pub async fn broken(&mut self) -> &'static str {
        tokio::select! {
            _ = &mut self.steps.core => "core",
            _ = &mut self.steps.casework => "casework",
            _ = &mut self.steps.outbox => "outbox",
            () = panicked(&mut self.steps.sources) => "source",
        }
    }

    /// Stops taking anything in and lets what came reach the disk; the core
    /// answers until then. [`Stopping::finish`] ends the rest.
    pub async fn stop(self) -> Stopping {
        let Self { core, steps, .. } = self;
        let mut steps = steps;
        steps.side.abort_all();
        steps.sources_stop.cancel();
        step("sources", async {
            while steps.sources.join_next().await.is_some() {}
        })
        .await;
        Stopping { core, steps }
    }
}

/// A daemon that takes nothing in any more.
#[derive(Debug)]
pub struct Stopping {
    /// Still answers until the core has handed everything on.
    pub core: Core,
    steps: Steps,
}

impl Stopping {
    /// Waits until everything that came in is stored; gives the books.
    pub async fn books(&mut self) -> Option<Books> {
        let deadline = tokio::time::Instant::now() + STEP;
        loop {
            let books = self.core.ask(Command::Books).await.ok()?;
            if books.total.waiting == 0 || tokio::time::Instant::now() >= deadline {
                return Some(books);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends every task, in the order of the data.
    pub async fn finish(self) {
        let Steps {
            keep_stop,
            keeping,
            core_stop,
            core,
            casework_stop,
            casework,
            outbox,
            heads,
            subscribers_stop,
            mut subscribers,
            store,
            http_stop,
            http,
            ..
        } = self.steps;
        keep_stop.cancel();
        step("state", async { drop(keeping.await) }).await;
        core_stop.cancel();
        step("core", async { drop(core.await) }).await;
        casework_stop.cancel();
        step("casework", async { drop(casework.await) }).await;
        step("outbox", async { drop(outbox.await) }).await;
        if let Some(heads) = heads {
            step("heads", async { drop(heads.await) }).await;
        }
        subscribers_stop.cancel();
        step("subscribers", async {
            while subscribers.join_next().await.is_some() {}
        })
        .await;
        step("store", async {
            if let Err(error) = store.close().await {
                warn!(error = %Chain(&error), "Store did not close in order.");
            }
        })
        .await;
        http_stop.cancel();
        if let Some(http) = http {
            step("http", async { drop(http.await) }).await;
        }
        info!("Pantau has stopped.");
    }
}

/// Where everything is that closing records are made of.
pub(crate) fn sources_of_records(config: &Config) -> Sources {
    Sources {
        cases: config.node.data_dir.join("cases"),
        journal: config.node.data_dir.join("journal"),
        store: config.store.folder.clone(),
        node: config.node.name.clone(),
        zone: config.node.zone,
        policy: config.criteria,
    }
}

/// Waits for a task that ends by a panic; one whose recording is over ends well.
async fn panicked(tasks: &mut JoinSet<()>) {
    loop {
        match tasks.join_next().await {
            Some(Ok(())) => {}
            Some(Err(_)) => return,
            None => std::future::pending().await,
        }
    }
}

/// One step of the shutdown; one that takes too long is named and left.
async fn step(what: &str, work: impl Future<Output = ()>) {
    if tokio::time::timeout(STEP, work).await.is_err() {
        warn!(step = what, "Shutdown goes on without waiting any longer.");
    }
}

/// Says at the start and every day which tokens end soon, or have.
async fn say_ending(tokens: Vec<HttpToken>, clock: Clock) {
    let mut days = tokio::time::interval(SAY_ENDING_EVERY);
    loop {
        days.tick().await;
        let now = clock.wall();
        for caution in tokens.iter().filter_map(|token| token.caution(now)) {
            warn!(key = %caution.path, problem = %caution.text, "Token needs a look.");
        }
    }
}

/// The listening socket, or the address that could not be had; `None` when the
/// interface is off.
async fn listen(config: &Config) -> Option<Result<TcpListener, SocketAddr>> {
    let address = config.http.as_ref()?.listen;
    Some(match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) => {
            warn!(%address, %error, "HTTP interface cannot listen; trying again. Alarms do not depend on it.");
            Err(address)
        }
    })
}

/// Serves as soon as the address can be had.
async fn serve(
    mut listener: Result<TcpListener, SocketAddr>,
    context: http::Context,
    stop: CancellationToken,
) {
    loop {
        match listener {
            Ok(listener) => return http::serve(listener, context, stop).await,
            Err(address) => {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(RETRY_LISTEN) => {}
                }
                listener = TcpListener::bind(address).await.map_err(|_| address);
            }
        }
    }
}

/// The matters as they were kept, brought up to the journal; one of an activation
/// that is present and has none begins now.
fn closings(config: &Config, kept: Option<Saved>, machine: &Machine, now: Received) -> Closings {
    let mut closings = after::no_matters(config);
    if let Some(kept) = kept {
        closings = closings.resumed(kept, now);
        closings.let_go(|id| machine.activation(id).is_some());
    }
    for activation in machine.open().chain(machine.closed()) {
        let ground = after::ground_of(&activation.place, config);
        closings.follow(now, activation, &ground);
    }
    closings
}

fn say_recovered(recovery: &crate::journal::Recovery) {
    if let Some(bad) = &recovery.first_bad {
        warn!(error = %bad, "Journal is damaged; a new chain was begun.");
    }
    if let Some(error) = &recovery.repair_error {
        warn!(error = %Chain(error), "The journal's repair could not be recorded.");
    }
    if let Some(last) = recovery.last_at {
        info!(records = recovery.records, last = %last, waiting = recovery.waiting.len(), "Journal taken up.");
    }
}

/// The policy for the record, when it is not the one recorded last.
fn new_policy(config: &Config, recorded: Option<&str>) -> Option<Entry> {
    let text = canonical(&config.criteria);
    let hash = PolicyHash::of_text(&text).to_string();
    (recorded != Some(hash.as_str())).then_some(Entry::Policy { hash, text })
}

/// What was decided before the restart and not accepted by everyone.
fn leftover(waiting: &[Waiting], context: &EventContext) -> Vec<(Arc<str>, Arc<Event>)> {
    let mut leftover = Vec::new();
    for waiting in waiting {
        let event = match &waiting.told {
            Told::Transition(transition) => Event::of(transition, context),
            Told::Notice(event) => Some((**event).clone()),
            Told::Fault(transition) => fault::event(transition, context),
        };
        let Some(event) = event else {
            continue;
        };
        // What comes again says the same of who was told.
        let told = waiting.subscribers.clone();
        let event = Arc::new(event.told_to(told, Accepted::Unknown));
        for outgoing in &waiting.outgoing {
            leftover.push((Arc::from(outgoing.subscriber.as_str()), Arc::clone(&event)));
        }
    }
    leftover
}

/// Where subscribers say what became of events, and how they are.
struct Answers {
    reports: mpsc::Sender<Report>,
    floods: Floods,
}

type Started = (
    Vec<Listener>,
    JoinSet<()>,
    Option<mpsc::Sender<Notice>>,
    Vec<Delivering>,
);

fn start_subscribers(
    config: &Config,
    standing: Standing<'_>,
    clock: Clock,
    answers: Answers,
    stop: &CancellationToken,
) -> Result<Started, StartError> {
    let mut listeners = Vec::new();
    let mut tasks = JoinSet::new();
    let mut notices = None;
    let mut deliveries = Vec::new();
    for configured in &config.subscribers {
        let (subscriber, wanted) = subscriber(configured, config, standing, NOTICE_BOUND)
            .map_err(StartError::Subscriber)?;
        notices = notices.or(wanted);
        deliveries.push((configured.id.clone(), subscriber.trying.subscribe()));
        let (offers, offered) = mpsc::channel(OFFER_BOUND);
        listeners.push(Listener {
            config: subscriber.config.clone(),
            reaches_people: !matches!(subscriber.kind, Kind::Log(_) | Kind::Cap(_)),
            offers,
            backlog: VecDeque::new(),
            waiting: 0,
        });
        tasks.spawn(subscriber.run(
            clock,
            offered,
            answers.reports.clone(),
            answers.floods.clone(),
            stop.clone(),
        ));
    }
    Ok((listeners, tasks, notices, deliveries))
}

/// Every way by which readings come in.
struct Ways {
    serials: Vec<crate::source::serial::Serial>,
    tcps: Vec<crate::source::tcp::Tcp>,
    recordings: Vec<crate::source::play::Recording>,
    mqtt: Option<crate::source::mqtt::Mqtt>,
    /// Minutes after midnight, and whose midnight.
    drill: Option<(u32, Zone)>,
}

fn start_sources(
    ways: Ways,
    clock: Clock,
    inputs: crate::source::Inputs,
    stop: &CancellationToken,
) -> JoinSet<()> {
    let Ways {
        serials,
        tcps,
        recordings,
        mqtt,
        drill,
    } = ways;
    let mut tasks = JoinSet::new();
    for serial in serials {
        tasks.spawn(crate::source::serial::run(
            serial,
            clock,
            inputs.clone(),
            stop.clone(),
        ));
    }
    for tcp in tcps {
        tasks.spawn(crate::source::tcp::run(
            tcp,
            clock,
            inputs.clone(),
            stop.clone(),
        ));
    }
    for recording in recordings {
        tasks.spawn(crate::source::play::run(
            recording,
            clock,
            inputs.clone(),
            stop.clone(),
        ));
    }
    if let Some(mqtt) = mqtt {
        tasks.spawn(crate::source::mqtt::run(
            mqtt,
            clock,
            inputs.clone(),
            stop.clone(),
        ));
    }
    if let Some((at_min, zone)) = drill {
        tasks.spawn(drill::run(
            at_min,
            zone,
            clock,
            inputs.clone(),
            stop.clone(),
        ));
    }
    // The core lives as long as somebody can send to it; an idle daemon without
    // any source lives until it is told to stop.
    let stop = stop.clone();
    tasks.spawn(async move {
        stop.cancelled().await;
        drop(inputs);
    });
    tasks
}

/// A sign of life through the normal alert path.
async fn heartbeat(core: Core, notices: mpsc::Sender<Notice>, every: Duration) {
    // The first one when the links had time to come up.
    let mut ticks = tokio::time::interval_at(Instant::now() + FIRST_HEARTBEAT, every);
    loop {
        ticks.tick().await;
        let Ok(status) = core.ask(Command::Status).await else {
            return;
        };
        let Ok(payload) = serde_json::to_vec(&status) else {
            return;
        };
        let notice = Notice {
            topic: "heartbeat".to_owned(),
            retain: false,
            payload,
        };
        notices.try_send(notice).ok(); // a heartbeat is worth nothing later
    }
}

/// Says when the store fails, and when it has healed.
async fn say_health(mut health: watch::Receiver<Health>) {
    while health.changed().await.is_ok() {
        match &*health.borrow_and_update() {
            Health::Ok => info!("Store can be written again."),
            Health::Failing { error, .. } => {
                error!(%error, "Store cannot be written; nothing is acknowledged. Trying again.");
            }
        }
    }
}

async fn retention(store: crate::store::embedded::Writer, clock: Clock) {
    let mut ticks = tokio::time::interval(RETENTION_EVERY);
    loop {
        ticks.tick().await;
        match store.apply_retention(clock.wall()).await {
            Ok(dropped) if dropped.is_empty() => {}
            Ok(dropped) => info!(
                files = dropped.len(),
                "Readings beyond the retention dropped."
            ),
            Err(error) => warn!(error = %Chain(&error), "Retention could not be applied."),
        }
    }
}
