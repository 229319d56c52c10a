//! What others ask the core, and its answers.

use std::time::Duration;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::background::BackgroundView;
use super::books::Books;
use super::keep::Unsaved;
use crate::activation::{
    ActivationId, ActivationView, FaultView, OutOfService, Person, Shelving, inert,
};
use crate::closing::ClosingView;
use crate::criteria::termination::{Recovered, Target, Track};
use crate::exchange::ReadingRecord;
use crate::fault::Report;

/// Questions that may wait for the core; when full, the asker waits.
pub(super) const COMMAND_BOUND: usize = 64;

/// A question with the way back for its answer.
#[derive(Debug)]
pub enum Command {
    /// How is everything?
    Status(oneshot::Sender<Status>),
    /// All instruments.
    Instruments(oneshot::Sender<Vec<InstrumentView>>),
    /// All activations, the newest first.
    Activations(oneshot::Sender<Vec<ActivationStatus>>),
    /// The books.
    Books(oneshot::Sender<Books>),
    /// A person takes notice of an activation.
    Acknowledge {
        /// Its id.
        id: String,
        /// The version the person saw.
        version: u32,
        /// Who.
        by: String,
        /// Remark.
        note: String,
        /// Through which channel.
        channel: &'static str,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ActivationStatus, Refusal>>,
    },
    /// A person stops the notifications of an activation for a while.
    Shelve {
        /// Its id.
        id: String,
        /// The version the person saw.
        version: u32,
        /// For how long.
        shelving: Shelving,
        /// Who, why and through which channel.
        by: By,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ShelfStatus, Refusal>>,
    },
    /// A person lets them go on.
    Unshelve {
        /// Its id.
        id: String,
        /// Who.
        by: By,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ActivationStatus, Refusal>>,
    },
    /// A person takes a station out of service.
    OutOfService {
        /// The instrument.
        instrument: String,
        /// For how long.
        lasting: Duration,
        /// Who, and why.
        by: By,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ServiceView, Refusal>>,
    },
    /// A person takes it into service again.
    BackInService {
        /// The instrument.
        instrument: String,
        /// Who.
        by: By,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<Vec<ServiceView>, Refusal>>,
    },
    /// Every station out of service.
    Services(oneshot::Sender<Vec<ServiceView>>),
    /// What was told of an activation was accepted by nobody in time.
    Unaccepted(ActivationId),
    /// A person says what was recovered, and by which procedure the case goes.
    Recovered {
        /// Id of the activation.
        id: String,
        /// What was recovered.
        recovered: Recovered,
        /// The procedure.
        track: Track,
        /// Who.
        by: String,
        /// Remark.
        note: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ClosingView, Refusal>>,
    },
    /// A person closes a matter.
    Close {
        /// Id of the activation.
        id: String,
        /// To what.
        to: Target,
        /// Who.
        by: String,
        /// Remark.
        note: String,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<ClosingView, Refusal>>,
    },
    /// All open faults, the most important first.
    Faults(oneshot::Sender<Vec<FaultView>>),
    /// A person takes notice of a fault.
    AcknowledgeFault {
        /// Its id.
        id: String,
        /// The version the person saw.
        version: u32,
        /// Who.
        by: String,
        /// Remark.
        note: String,
        /// Through which channel.
        channel: &'static str,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<FaultView, FaultRefusal>>,
    },
    /// Something outside the core is at fault.
    Report(Box<Report>),
    /// Hangs until the other end is dropped.
    #[cfg(test)]
    Hang(std::sync::mpsc::Receiver<()>),
    /// What changed since it was last written down?
    Unsaved(oneshot::Sender<Unsaved>),
    /// Answered once everything decided so far is on disk, or the disk is late.
    Written(oneshot::Sender<()>),
}

/// An activation, and what is missing before its end may be proposed.
#[derive(Clone, Debug, Serialize)]
pub struct ActivationStatus {
    /// The activation.
    #[serde(flatten)]
    pub activation: ActivationView,
    /// Its matter; absent once a person closed it.
    pub closing: Option<ClosingView>,
}

/// Why an acknowledgement was not taken.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// There is no such activation.
    Unknown(String),
    /// Something changed since that version: this is true now.
    Stale(Box<ActivationStatus>, String),
    /// The request itself is wrong.
    Invalid(String),
}

/// Why the acknowledgement of a fault was not taken.
#[derive(Clone, Debug)]
pub enum FaultRefusal {
    /// There is no such fault.
    Unknown(String),
    /// Something changed since that version: this is true now.
    Stale(Box<FaultView>, String),
    /// The request itself is wrong.
    Invalid(String),
}

/// Asks the core.
#[derive(Clone, Debug)]
pub struct Core {
    commands: mpsc::Sender<Command>,
}

/// The core has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the daemon is shutting down")]
pub struct Gone;

impl Core {
    /// A handle to the core behind this queue.
    pub const fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands }
    }

    /// Sends a command and waits for its answer.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the core has ended.
    pub async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Gone> {
        let (answer, answered) = oneshot::channel();
        self.commands
            .send(command(answer))
            .await
            .map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }

    /// Makes the core hang until the other end is dropped.
    #[cfg(test)]
    pub(super) async fn hang(&self, until: std::sync::mpsc::Receiver<()>) -> Result<(), Gone> {
        self.commands
            .send(Command::Hang(until))
            .await
            .map_err(|_| Gone)
    }

    /// Tells the core of something that is at fault outside it.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the core has ended.
    pub async fn report(&self, report: Report) -> Result<(), Gone> {
        let command = Command::Report(Box::new(report));
        self.commands.send(command).await.map_err(|_| Gone)
    }

    /// The same as [`Core::ask`] for what a person does: a crash after the answer
    /// must not undo it, so the answer comes when the journal has it. A disk that is
    /// late keeps nobody waiting; then the answer comes first.
    ///
    /// # Errors
    ///
    /// [`Gone`] when the core has ended.
    pub async fn act<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, Gone> {
        let answer = self.ask(command).await?;
        self.ask(Command::Written).await?;
        Ok(answer)
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub struct By {
    /// Name.
    pub name: String,
    /// Remark.
    pub note: String,
    /// Channel.
    pub channel: &'static str,
}

impl By {
    /// The same for the machine.
    pub fn person(&self) -> Person<'_> {
        Person {
            by: &self.name,
            note: &self.note,
            channel: self.channel,
        }
    }
}

/// What became of a request to shelve.
#[derive(Clone, Debug, Serialize)]
pub struct ShelfStatus {
    /// TIO2: nothing rests until a second person asks for the same.
    pub needs_second_person: bool,
    /// The activation.
    #[serde(flatten)]
    pub status: ActivationStatus,
}

/// A station that is out of service.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceView {
    /// The instrument.
    pub instrument: String,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when.
    pub until: String,
}

impl ServiceView {
    /// The outside of it.
    pub fn of(out: &OutOfService) -> Self {
        Self {
            instrument: out.instrument.to_string(),
            by: inert(&out.by, 80),
            reason: inert(&out.reason, 500),
            since: out.at.wall.to_string(),
            until: out.until_wall.to_string(),
        }
    }
}

/// How everything is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Name of the node.
    pub node: String,
    /// Version of the program.
    pub version: &'static str,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// Now, RFC 3339.
    pub now: String,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// Whether everything it raises is a drill.
    pub exercise: bool,
    /// The broker's link, if one is configured.
    pub broker: Option<LinkView>,
    /// The embedded store.
    pub store: StoreView,
    /// How many instruments there are, and how many of them are connected and
    /// have sent something.
    pub instruments: InstrumentCounts,
    /// Open activations, by their highest class.
    pub activations: std::collections::BTreeMap<String, u64>,
    /// Open faults, by kind.
    pub faults: std::collections::BTreeMap<String, u64>,
    /// How many of them are shelved.
    pub shelved: u64,
    /// Stations out of service.
    pub out_of_service: u64,
    /// Events not yet accepted, by subscriber.
    pub outbox_waiting: std::collections::BTreeMap<String, u64>,
    /// Whether more alarms come than a person can take in, by subscriber: they
    /// are told together then.
    pub alarm_flood: std::collections::BTreeMap<String, bool>,
}

/// A link and since when it is so.
#[derive(Clone, Debug, Serialize)]
pub struct LinkView {
    /// Whether readings can come in.
    pub up: bool,
    /// Since when, RFC 3339.
    pub since: String,
    /// What happened last.
    pub detail: String,
}

/// The state of the embedded store.
#[derive(Clone, Debug, Serialize)]
pub struct StoreView {
    /// Whether writes reach the disk.
    pub ok: bool,
    /// Why not.
    pub error: Option<String>,
    /// Group commits so far.
    pub commits: u64,
}

/// How many instruments there are.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct InstrumentCounts {
    /// In all.
    pub total: u64,
    /// With their link up.
    pub connected: u64,
    /// That have sent at least one reading.
    pub heard: u64,
}

/// One instrument and its last reading.
#[derive(Clone, Debug, Serialize)]
pub struct InstrumentView {
    /// Its name.
    pub id: String,
    /// Its profile.
    pub profile: String,
    /// Its site.
    pub site: Option<String>,
    /// How it is used.
    pub source: &'static str,
    /// Its own link, or the broker's.
    pub link: Option<LinkView>,
    /// Whether it says that it is there.
    pub online: Option<bool>,
    /// Seconds since its last reading.
    pub age_s: Option<f64>,
    /// The class of its last reading.
    pub class: Option<&'static str>,
    /// Its background.
    pub background: BackgroundView,
    /// Its last reading.
    pub last: Option<ReadingRecord>,
}
