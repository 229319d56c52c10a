//! What people ask for beside acknowledging, and who is told next while nobody
//! acknowledges (alarm-semantics §4.6, 5 and 6).

use super::Tells;
use super::level::Level;

/// Notifications of one activation rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Shelf {
    /// True seconds, and those by the wall clock.
    pub(super) at: i64,
    pub(super) wall: i64,
    pub(super) until: i64,
    pub(super) one_shot: bool,
    pub(super) class: Level,
}

/// What is told of one activation, when, and whether it may be.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Rest {
    pub(super) shelf: Option<Shelf>,
    /// The first of two people at TIO2.
    pub(super) asked: Option<(u8, Shelf)>,
    /// Everything that holds it is out of service.
    pub(super) is_out: bool,
    /// The last news that nobody was told.
    pub(super) withheld: Option<Tells>,
    /// Since when somebody has to acknowledge.
    since: Option<i64>,
    stage: u8,
    step: i64,
    remind: i64,
}

/// Two people have this long to ask for the same.
const SECOND_WITHIN: i64 = 600;

/// Seconds to the second contact, to everyone, and between reminders.
fn table(class: Level) -> (i64, i64, i64) {
    match class {
        Level::Emergency => (120, 300, 300),
        Level::Possible => (900, 2700, 900),
        Level::Lasting | Level::Normal => (3600, i64::MAX, 3600),
    }
}

/// What becomes of a request to shelve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Answer {
    Done,
    NeedsSecond,
    Refused,
}

impl Rest {
    pub(in super::super) fn is_muted(&self) -> bool {
        self.shelf.is_some() || self.is_out
    }

    /// Somebody has to acknowledge from now on.
    pub(super) fn start(&mut self, now: i64, class: Level) {
        self.since = Some(now);
        self.remind = now + table(class).2;
        self.step = self.next_step(now, class);
    }

    /// When the contacts after those told so far are told.
    fn next_step(&self, since: i64, class: Level) -> i64 {
        let (second, everyone, _) = table(class);
        match self.stage {
            0 => since + second,
            1 => since.saturating_add(everyone),
            _ => i64::MAX,
        }
    }

    pub(super) fn stop(&mut self) {
        self.since = None;
    }

    /// Who else is told now; of all that was missed, one message.
    pub(super) fn due(&mut self, now: i64, class: Level) -> Option<Tells> {
        let since = self.since.filter(|_| !self.is_muted())?;
        let (second, everyone, remind) = table(class);
        if now < self.step.min(self.remind) {
            return None;
        }
        let stage = match now - since {
            past if past >= everyone => 2,
            past if past >= second => 1,
            _ => 0,
        };
        let is_step = stage > self.stage;
        let reminds = now >= self.remind;
        self.stage = self.stage.max(stage);
        self.step = self.next_step(since, class);
        if reminds {
            self.remind = since + ((now - since) / remind + 1) * remind;
        }
        match (is_step, reminds) {
            (true, _) => Some(Tells::Escalated),
            (false, true) => Some(Tells::Reminder),
            (false, false) => None,
        }
    }

    /// A person asks for a shelf.
    pub(super) fn ask(&mut self, who: u8, shelf: Shelf, class_max: Level) -> Answer {
        let is_emergency = class_max == Level::Emergency;
        let most = if is_emergency { 3600 } else { 12 * 3600 };
        if shelf.until - shelf.at > most {
            return Answer::Refused;
        }
        if !is_emergency {
            self.rest_by(shelf);
            return Answer::Done;
        }
        let asked = self
            .asked
            .filter(|asked| shelf.at - asked.1.at <= SECOND_WITHIN);
        match asked {
            None => {
                self.asked = Some((who, shelf));
                Answer::NeedsSecond
            }
            Some((first, _)) if first == who => Answer::Refused,
            Some((_, first)) => {
                self.rest_by(Shelf {
                    until: shelf.until.min(first.until),
                    one_shot: shelf.one_shot || first.one_shot,
                    ..shelf
                });
                Answer::Done
            }
        }
    }

    /// That it rests is told, and with it all that was kept back.
    fn rest_by(&mut self, shelf: Shelf) {
        self.shelf = Some(shelf);
        self.asked = None;
        self.withheld = None;
    }

    /// A rise ends a shelf, TIO2 again and again; so does the end of what a
    /// one-shot shelf was for.
    pub(super) fn look(&mut self, was: Level, is: Level) {
        let ends = |shelf: &Shelf| {
            is > shelf.class
                || (is > was && is == Level::Emergency)
                || (shelf.one_shot && was > Level::Normal && is == Level::Normal)
        };
        self.shelf.take_if(|shelf| ends(shelf));
    }

    /// After a restart a shelf holds only while the wall clock vouches for it.
    pub(super) fn restart(&mut self, now: i64, wall: i64) {
        self.asked = None;
        if let Some(shelf) = &mut self.shelf {
            let until = shelf.until - shelf.at + shelf.wall;
            if wall < shelf.wall || wall >= until {
                shelf.until = now;
            }
        }
    }

    /// Two became one.
    pub(super) fn absorb(&mut self, gone: &Self) {
        let shelves = self.shelf.zip(gone.shelf);
        self.shelf = shelves.map(|(a, b)| if a.until <= b.until { a } else { b });
        self.asked = None;
        if let Some(since) = gone.since {
            if self.since.is_some() {
                self.remind = self.remind.min(gone.remind);
                self.step = self.step.min(gone.step);
            } else {
                (self.remind, self.step) = (gone.remind, gone.step);
            }
            self.since = Some(self.since.map_or(since, |own| own.min(since)));
        }
        self.stage = self.stage.max(gone.stage);
    }
}
