//! Which clocks run (criteria.md section 4.9): from which event, until which.

use super::act::{Step, Track};
use super::case::{Cases, Done, Dossier, Facts};
use crate::clock::Wall;
use crate::criteria::deadline::Deadline;

/// Why a clock is shorter, or began earlier, than it may have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assumed {
    /// Java or not is unknown.
    Java,
    /// Facility or special event is not set yet.
    Track,
    /// Nobody recorded the event that starts it.
    Start,
}

impl Assumed {
    /// The flag for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Java => "JAVA_UNKNOWN",
            Self::Track => "TRACK_UNKNOWN",
            Self::Start => "START_ASSUMED",
        }
    }
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is time left.
    Running,
    /// It ran out and is not done.
    Overdue,
    /// Done in time.
    Done,
    /// Done after it was due.
    Late,
    /// The case was closed before it was due.
    Ended,
    /// The case was closed after it was due, and it was never done.
    Missed,
}

impl State {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Overdue => "overdue",
            Self::Done => "done",
            Self::Late => "late",
            Self::Ended => "ended",
            Self::Missed => "missed",
        }
    }
}

/// One clock of a case or an activation.
#[derive(Clone, Debug, PartialEq)]
pub struct Clock<'c> {
    /// Its rule.
    pub rule: Deadline,
    /// When it began.
    pub start: Wall,
    /// When it was done.
    pub done: Option<Done<'c>>,
    /// When the case was closed, or the activation taken over.
    pub ended: Option<Wall>,
    /// What was assumed.
    pub assumed: Vec<Assumed>,
}

impl Clock<'_> {
    /// When it is due.
    pub fn due(&self) -> Wall {
        self.rule.due(self.start)
    }

    /// How it stands.
    pub fn state(&self, now: Wall) -> State {
        let is_late = |at: Wall| self.rule.is_overdue(self.start, at);
        match (self.done, self.ended) {
            (Some(done), _) if is_late(done.at) => State::Late,
            (Some(_), _) => State::Done,
            (None, Some(ended)) if is_late(ended) => State::Missed,
            (None, Some(_)) => State::Ended,
            (None, None) if is_late(now) => State::Overdue,
            (None, None) => State::Running,
        }
    }
}

/// The clocks that have begun, in the order in which they are due.
pub fn clocks<'c>(cases: &'c Cases, dossier: &'c Dossier) -> Vec<Clock<'c>> {
    let facts = cases.facts(dossier);
    let mut begun = Begun {
        facts: &facts,
        clocks: Vec::new(),
    };
    begun.duty_officer();
    begun.activation();
    begun.verification();
    begun.ending();
    let mut clocks = begun.clocks;
    clocks.sort_by_key(|clock| (clock.due(), clock.rule));
    clocks
}

struct Begun<'f, 'c> {
    facts: &'f Facts<'c>,
    clocks: Vec<Clock<'c>>,
}

impl<'c> Begun<'_, 'c> {
    fn add(
        &mut self,
        rule: Deadline,
        start: Option<Wall>,
        done: Option<Done<'c>>,
        assumed: &[Assumed],
    ) {
        let Some(start) = start else { return };
        self.clocks.push(Clock {
            rule,
            start,
            done,
            ended: self.facts.ended,
            assumed: assumed.to_vec(),
        });
    }

    /// From a step to a step.
    fn step(&mut self, rule: Deadline, start: Step, end: Step) {
        let facts = self.facts;
        let start = facts.first(start).map(|done| done.at);
        self.add(rule, start, facts.first(end), &[]);
    }

    /// D-20 and D-01 to D-05, D-21: taking in, verifying, setting the track and
    /// the level.
    fn duty_officer(&mut self) {
        let facts = self.facts;
        let verified = facts.first(Step::Verified);
        let passed_on = facts.first(Step::PassedOn);
        self.add(
            Deadline::D20,
            facts.received,
            facts.first(Step::Forwarded),
            &[],
        );
        self.add(
            Deadline::D01,
            facts.received,
            facts.first(Step::Answered),
            &[],
        );
        self.add(Deadline::D02, facts.form, verified, &[]);
        match verified {
            Some(verified) => self.add(Deadline::D03, Some(verified.at), passed_on, &[]),
            // Readings start all of the duty officer's clocks at once
            // (alarm-semantics.md section 4.7).
            None if facts.from_readings => {
                self.add(Deadline::D03, facts.form, passed_on, &[Assumed::Start]);
            }
            None => {}
        }
        let reached = passed_on.map(|done| done.at);
        self.add(Deadline::D21, reached, facts.first(Step::Reviewed), &[]);
        let track = facts.track.map(|(_, done)| done);
        // C-16: from the complete form on. An activation alone has no track.
        let form = facts.form.filter(|_| facts.is_case);
        self.add(Deadline::D04, form, track, &[]);
        // 2.2.1 is about facilities.
        if facts
            .track
            .is_none_or(|(track, _)| track == Track::Facility)
        {
            let decided = facts.decisions.first().map(|(_, done)| *done);
            let unknown: &[Assumed] = if facts.track.is_none() {
                &[Assumed::Track]
            } else {
                &[]
            };
            self.add(Deadline::D05, reached, decided, unknown);
        }
    }

    /// D-06, D-07 and D-15: once a status is decided.
    fn activation(&mut self) {
        let facts = self.facts;
        let active = facts.active_since();
        if let (Some(active), Some(suspected)) = (active, facts.first(Step::CrimeSuspected)) {
            let start = active.max(suspected.at);
            let informed = facts.first(Step::PoliceInformed);
            self.add(Deadline::D06, Some(start), informed, &[]);
        }
        let verified = active.and_then(|active| facts.since(Step::VerificationEnded, active));
        match facts.on_java {
            Some(false) => self.add(Deadline::D07O, active, verified, &[]),
            Some(true) => self.add(Deadline::D07J, active, verified, &[]),
            None => self.add(Deadline::D07J, active, verified, &[Assumed::Java]),
        }
        self.step(Deadline::D15, Step::TeamAssigned, Step::TasksDivided);
    }

    /// D-08 to D-12, D-16 and D-17: by track; the shorter ones while it is not
    /// set.
    fn verification(&mut self) {
        let facts = self.facts;
        let ended = facts.first(Step::VerificationEnded).map(|done| done.at);
        let safe = facts.first(Step::SafetyVerified).map(|done| done.at);
        let oral = facts.first(Step::OralReport);
        let written = facts.first(Step::WrittenReport);
        let final_report = facts.first(Step::FinalReport);
        if let Some((Track::Facility, _)) = facts.track {
            let presented = facts.first(Step::Presented);
            self.add(Deadline::D08, ended, oral, &[]);
            self.add(Deadline::D09, ended, presented, &[]);
            self.add(Deadline::D10, ended, written, &[]);
            self.add(Deadline::D16, safe, final_report, &[]);
        } else {
            let unknown: &[Assumed] = if facts.track.is_none() {
                &[Assumed::Track]
            } else {
                &[]
            };
            self.add(Deadline::D11, ended, oral, unknown);
            self.add(Deadline::D12, ended, written, unknown);
            self.add(Deadline::D17, safe, final_report, unknown);
        }
    }

    /// D-13, D-14, D-18 and D-19.
    fn ending(&mut self) {
        self.step(Deadline::D13, Step::SourceRecovered, Step::LicenceChecked);
        self.step(Deadline::D14, Step::CompletionNotice, Step::CloseStatement);
        self.step(Deadline::D18, Step::FinalReport, Step::ReportApproved);
        self.step(Deadline::D19, Step::ReportApproved, Step::CloseStatement);
    }
}
