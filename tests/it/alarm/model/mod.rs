//! The life of activations once more, written from the specification alone and
//! as plainly as possible: the whole history of every channel is kept and gone
//! through again at each reading, and every point of every place is compared
//! with every other. It shares nothing with the machine it is compared with.
//!
//! Times are true seconds. To the model a wall clock that steps and a restart do
//! not exist, but for the interval that every station is given anew.
//!
//! Where the specification leaves a choice, the model takes this one:
//!
//! - Of several activations that a reading belongs to, the one its channel is in
//!   already comes first, then the oldest.
//! - A place of 5 km is measured corner to corner of the box around its points.
//! - What one instrument holds in one place is never more than it said there: its
//!   higher readings from elsewhere say nothing of it.
//! - On the move, what ended and nobody acknowledged comes back for an hour, as what
//!   was closed does.
//! - The past belongs to what covers its time, give or take 30 minutes.

mod event;
mod level;
mod place;
mod rest;

use std::collections::BTreeMap;

pub(super) use event::{Event, Key};
pub(super) use level::{Came, Level, Said};
pub(super) use place::{Fix, Where};
pub(super) use rest::Answer;
use rest::Shelf;

/// A reading, as the model needs it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) instrument: u8,
    pub(super) subject: u8,
    pub(super) place: Where,
    pub(super) channels: Vec<(u8, Said)>,
    pub(super) came: Came,
    /// When it was measured; for the present, when it came.
    pub(super) measured: i64,
}

/// Seconds a station may be silent before it is unknown.
pub(super) const SILENT_AFTER: i64 = 1000;
/// A condition that returns within this belongs to what ended.
const RETURNS: i64 = 3600;
/// Points of a place on the move connect for so long.
const RECENT: i64 = 1800;

/// Why people are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tells {
    Raised,
    Risen,
    Reopened,
    Cleared,
    Closed,
    Merged,
    Shelved,
    Unshelved,
    BackInService,
    Escalated,
    Reminder,
}

/// All that ever happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    history: BTreeMap<Key, Vec<level::Sample>>,
    /// Where each instrument was last, and when it said so.
    fixes: BTreeMap<u8, (i64, Fix)>,
    /// When each channel last said something valid of the present.
    heard: BTreeMap<Key, i64>,
    /// The activation that each channel's last reading at a level was in.
    current: BTreeMap<Key, usize>,
    booted: i64,
    /// How far off the wall clock is.
    pub(super) wall_off: i64,
    /// Instruments out of service: until when, and by the wall clock since when and
    /// until when.
    out: BTreeMap<u8, (i64, i64, i64)>,
    unknown: Vec<Key>,
    pub(super) events: Vec<Event>,
}

impl Model {
    pub(super) fn level(&self, key: Key) -> Level {
        let history = self.history.get(&key);
        history.map_or(Level::Normal, |history| level::level(history))
    }

    /// Every channel that ever said something.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.history.keys().copied()
    }

    pub(super) fn open(&self) -> impl Iterator<Item = (usize, &Event)> {
        self.events
            .iter()
            .enumerate()
            .filter(|(_, event)| event.is_open())
    }

    /// Whether it goes on as another.
    pub(super) fn is_gone(&self, n: usize) -> bool {
        self.events[n].merged_into.is_some()
    }

    /// Whether nobody tells any more what holds it.
    pub(super) fn is_unknown(&self, event: &Event) -> bool {
        let mut holding = event
            .members
            .iter()
            .filter(|(_, held)| **held > Level::Normal);
        event.is_present() && holding.all(|(key, _)| self.unknown.contains(key))
    }

    pub(super) fn restart(&mut self, now: i64) {
        self.booted = now;
        let wall = now + self.wall_off;
        for event in self.events.iter_mut().filter(|event| event.is_open()) {
            event.rest.restart(now, wall);
        }
        for (until, from, to) in self.out.values_mut() {
            if wall < *from || wall >= *to {
                *until = now;
            }
        }
    }

    /// What time alone brings about: silence, the end of what people asked for,
    /// and the next contacts.
    pub(super) fn tick(&mut self, now: i64) -> Vec<(usize, Tells)> {
        for (key, heard) in &self.heard {
            let is_silent = now - heard.max(&self.booted) >= SILENT_AFTER;
            if is_silent && self.level(*key) > Level::Normal && !self.unknown.contains(key) {
                self.unknown.push(*key);
            }
        }
        let mut told = Vec::new();
        for n in 0..self.events.len() {
            let event = &mut self.events[n];
            if event.is_open() && event.rest.shelf.is_some_and(|shelf| shelf.until <= now) {
                event.rest.shelf = None;
                told.extend(self.tell_again(now, n, Tells::Unshelved));
            }
        }
        let over: Vec<u8> = self
            .out
            .iter()
            .filter(|out| out.1.0 <= now)
            .map(|out| *out.0)
            .collect();
        for instrument in over {
            told.extend(self.back_in_service(now, instrument));
        }
        for (n, event) in self.events.iter_mut().enumerate() {
            let due = event
                .is_open()
                .then(|| event.rest.due(now, event.class_max));
            told.extend(due.flatten().map(|tells| (n, tells)));
        }
        told
    }

    /// A person has seen what is there now.
    pub(super) fn ack(&mut self, now: i64, n: usize) -> Option<Tells> {
        let event = &mut self.events[n];
        event.acked = true;
        event.rest.stop();
        if !event.is_open() || event.is_present() {
            return None;
        }
        event.closed = Some(now);
        Some(Tells::Closed)
    }

    /// One of two people asks for so many seconds without notifications.
    pub(super) fn shelve(
        &mut self,
        now: i64,
        n: usize,
        who: u8,
        lasting: i64,
        one_shot: bool,
    ) -> Answer {
        let event = &mut self.events[n];
        let shelf = Shelf {
            at: now,
            wall: now + self.wall_off,
            until: now + lasting,
            one_shot,
            class: event.class(),
        };
        event.rest.ask(who, shelf, event.class_max)
    }

    /// A person ends a shelf; none when there is none.
    pub(super) fn unshelve(&mut self, now: i64, n: usize) -> Option<Vec<(usize, Tells)>> {
        self.events[n].rest.shelf.take()?;
        Some(
            self.tell_again(now, n, Tells::Unshelved)
                .into_iter()
                .collect(),
        )
    }

    pub(super) fn take_out_of_service(&mut self, now: i64, instrument: u8, lasting: i64) {
        let wall = now + self.wall_off;
        self.out
            .insert(instrument, (now + lasting, wall, wall + lasting));
        for event in self.events.iter_mut().filter(|event| event.is_open()) {
            event.look_at_service(&self.out);
        }
    }

    pub(super) fn is_out(&self, instrument: u8) -> bool {
        self.out.contains_key(&instrument)
    }

    pub(super) fn back_in_service(&mut self, now: i64, instrument: u8) -> Vec<(usize, Tells)> {
        self.out.remove(&instrument);
        let mut told = Vec::new();
        for n in 0..self.events.len() {
            let event = &mut self.events[n];
            if event.is_open() && event.rest.is_out {
                event.look_at_service(&self.out);
                if !event.rest.is_out {
                    told.extend(self.tell_again(now, n, Tells::BackInService));
                }
            }
        }
        told
    }

    /// It is told again, for a TIO2 beside it no longer speaks for it.
    pub(super) fn uninhibited(&mut self, now: i64, n: usize) {
        let event = &mut self.events[n];
        if !event.acked {
            event.rest.start(now, event.class_max);
        }
    }

    /// What may be told again is, when there is something to tell.
    fn tell_again(&mut self, now: i64, n: usize, tells: Tells) -> Option<(usize, Tells)> {
        let event = &mut self.events[n];
        if event.rest.is_muted() || !(event.is_present() || event.rest.withheld.is_some()) {
            return None;
        }
        event.rest.withheld = None;
        if !event.acked {
            event.rest.start(now, event.class_max);
        }
        Some((n, tells))
    }

    /// Takes a reading, and gives which activation is told of, and why.
    pub(super) fn read(&mut self, now: i64, seen: &Seen) -> Vec<(usize, Tells)> {
        let is_late = seen.came == Came::Late;
        if let Where::At(fix) = seen.place
            && !is_late
        {
            self.fixes.insert(seen.instrument, (now, fix));
        }
        let before: Vec<(Level, Level)> = self
            .events
            .iter()
            .map(|event| (event.class(), event.class_max))
            .collect();
        let mut merged = Vec::new();
        let mut homes: BTreeMap<usize, Level> = BTreeMap::new();
        for (quantity, said) in &seen.channels {
            let key = (seen.instrument, *quantity);
            let is_high = said.level() > Level::Normal;
            let home = if is_high {
                let Some(home) = self.home(now, seen, key, said.level(), &mut merged) else {
                    continue;
                };
                let here = homes.entry(home).or_default();
                *here = said.level().max(*here);
                Some(home)
            } else {
                None
            };
            if said.is_usable() && !is_late {
                self.heard.insert(key, now);
                self.unknown.retain(|other| *other != key);
            }
            if let Some(home) = home {
                let current = self.current.entry(key).or_insert(home);
                if !is_late {
                    *current = home;
                }
            }
            // Of the past, only what is of the very place that is held counts.
            let is_here = home.is_none() || self.current.get(&key).copied() == home;
            if !is_late || (is_here && self.level(key) > Level::Normal) {
                self.hold(now, seen.came, key, *said, home);
            } else if let Some(home) = home {
                self.events[home].members.entry(key).or_default();
            }
        }
        // What two channels of one reading opened and joined is one.
        let mut found: BTreeMap<usize, Level> = BTreeMap::new();
        for (mut home, level) in homes {
            while let Some(into) = self.events[home].merged_into {
                home = into;
            }
            let here = found.entry(home).or_default();
            *here = level.max(*here);
        }
        let homes = found;
        merged.retain(|gone| *gone < before.len());
        for (home, level) in &homes {
            self.weigh(*home, before.len() <= *home, seen, *level);
        }
        self.tells(now, &before, &homes, &merged)
    }

    /// What one channel said counts, here or wherever it is held.
    fn hold(&mut self, now: i64, came: Came, key: Key, said: Said, home: Option<usize>) {
        self.history.entry(key).or_default().push((now, came, said));
        let level = self.level(key);
        for event in &mut self.events {
            if let Some(held) = event.members.get_mut(&key) {
                *held = level.min(*held);
            }
        }
        if let Some(home) = home {
            let held = level.min(said.level());
            let member = self.events[home].members.entry(key).or_default();
            *member = held.max(*member);
        }
    }

    /// Whether a reading at a level bears out what was told. Where places have no
    /// name, how near a neighbour is is left to the machine.
    fn weigh(&mut self, home: usize, is_new: bool, seen: &Seen, level: Level) {
        let event = &mut self.events[home];
        let is_neighbour = level >= Level::Possible
            && seen.came != Came::Late
            && event.has_neighbour_of(seen.instrument);
        event.confirmed = if is_new || level > event.class_max {
            is_neighbour
        } else {
            let is_again = seen.came != Came::Late || event.late;
            event.confirmed || is_neighbour || (is_again && level == event.class_max)
        };
        for (quantity, said) in &seen.channels {
            if said.level() >= Level::Possible {
                event.neighbours.insert((seen.instrument, *quantity));
            }
        }
    }

    /// What the change of each activation amounts to.
    fn tells(
        &mut self,
        now: i64,
        before: &[(Level, Level)],
        homes: &BTreeMap<usize, Level>,
        merged: &[usize],
    ) -> Vec<(usize, Tells)> {
        let mut tells: Vec<_> = merged.iter().map(|gone| (*gone, Tells::Merged)).collect();
        for (n, event) in self.events.iter_mut().enumerate() {
            if event.merged_into.is_some() {
                continue;
            }
            let is = event.class();
            let said = homes.get(&n).copied().unwrap_or_default();
            let (mut was, mut was_max) = before.get(n).copied().unwrap_or_default();
            if said > Level::Normal {
                for gone in merged {
                    was = was.max(before[*gone].0);
                    was_max = was_max.max(before[*gone].1);
                }
            }
            event.class_max = was_max.max(is).max(said);
            let was_muted = event.rest.is_muted();
            if event.is_present() {
                event.look_at_service(&self.out);
            }
            event.rest.look(was, is);
            let news = match (was > Level::Normal, is > Level::Normal) {
                _ if n >= before.len() => Some(Tells::Raised),
                (false, true) => Some(Tells::Reopened),
                _ if said > was_max || (was > Level::Normal && is > was) => Some(Tells::Risen),
                (true, false) if event.acked => Some(Tells::Closed),
                (true, false) => Some(Tells::Cleared),
                // What was kept back is told when it may be.
                _ if was_muted && !event.rest.is_muted() => event.rest.withheld,
                _ => None,
            };
            let Some(news) = news else {
                continue;
            };
            match news {
                Tells::Risen | Tells::Reopened | Tells::Raised => {
                    event.acked &= news == Tells::Raised;
                    event.closed = None;
                    event.rest.start(now, event.class_max);
                }
                Tells::Closed => {
                    event.closed = Some(now);
                    event.rest.stop();
                }
                _ => {}
            }
            let is_told = news == Tells::Closed || !event.rest.is_muted();
            event.rest.withheld = (!is_told).then_some(news);
            tells.extend(is_told.then_some((n, news)));
        }
        tells
    }

    /// The activation that a reading at a level belongs to; none when the past
    /// tells nothing that was not told.
    fn home(
        &mut self,
        now: i64,
        seen: &Seen,
        key: Key,
        level: Level,
        merged: &mut Vec<usize>,
    ) -> Option<usize> {
        let is_late = seen.came == Came::Late;
        let fix = match seen.place {
            Where::Site(_, fix) | Where::At(fix) => Some(fix),
            Where::Lost if !is_late => {
                let last = self.fixes.get(&seen.instrument);
                last.and_then(|(at, fix)| fix.drifted(now - at))
            }
            Where::Lost | Where::Item(_) => None,
        };
        let belongs: Vec<usize> = (0..self.events.len())
            .filter(|n| self.is_connected(*n, now, seen, key, fix))
            .collect();
        let (open, closed): (Vec<usize>, Vec<usize>) =
            belongs.into_iter().partition(|n| self.events[*n].is_open());
        let preferred = open.iter().copied().find(|n| {
            if is_late {
                self.events[*n].class_max >= level
            } else {
                self.current.get(&key) == Some(n)
            }
        });
        let mut home = match preferred.or(open.first().copied()) {
            Some(home) => home,
            None => match closed.last() {
                Some(ended) if is_late && level <= self.events[*ended].class_max => return None,
                Some(ended) if !is_late => *ended,
                _ => self.new_event(seen),
            },
        };
        let connects = fix.is_some() || !matches!(seen.place, Where::Lost);
        for other in open.into_iter().filter(|_| connects) {
            let is_gone = self.events[other].merged_into.is_some();
            if other != home && !is_gone && self.events[home].fits(fix, Some(&self.events[other])) {
                let (older, younger) = (home.min(other), home.max(other));
                self.merge(now, older, younger);
                merged.push(younger);
                home = older;
            }
        }
        let event = &mut self.events[home];
        event.first = event.first.min(seen.measured);
        event.last = event.last.max(seen.measured);
        event
            .points
            .extend(fix.map(|fix| (now, seen.measured, fix)));
        Some(home)
    }

    fn new_event(&mut self, seen: &Seen) -> usize {
        let mut event = Event {
            subject: seen.subject,
            late: seen.came == Came::Late,
            first: seen.measured,
            last: seen.measured,
            ..Event::default()
        };
        match seen.place {
            Where::Site(site, _) => {
                event.sites.insert(site);
                event.began_at_site = true;
            }
            Where::Item(item) => drop(event.items.insert(item)),
            Where::Lost => drop(event.lost.insert(seen.instrument)),
            Where::At(_) => {}
        }
        self.events.push(event);
        self.events.len() - 1
    }

    /// Whether a reading belongs to an activation, by time and by place.
    fn is_connected(&self, n: usize, now: i64, seen: &Seen, key: Key, fix: Option<Fix>) -> bool {
        let event = &self.events[n];
        if event.merged_into.is_some() || event.subject != seen.subject {
            return false;
        }
        let covers = |slack: i64| {
            let ends = if event.is_present() { now } else { event.last };
            event.first - slack <= seen.measured && seen.measured <= ends + slack
        };
        let is_late = seen.came == Came::Late;
        let is_past = event.late && !event.is_present();
        let in_time = match event.closed {
            _ if is_late => covers(RECENT),
            Some(closed) => now - closed <= RETURNS && (!event.late || covers(RETURNS)),
            None => !is_past || covers(RETURNS),
        };
        if !in_time {
            return false;
        }
        let is_current = self.current.get(&key) == Some(&n);
        let has_ended = !event.is_open() || !event.is_present();
        let is_near = |fix: Fix| {
            event.points.iter().any(|(came, measured, point)| {
                let in_time = match (is_late, event.is_open()) {
                    (false, false) => true,
                    (true, _) => (seen.measured - measured).abs() <= RECENT,
                    (false, true) if is_past => (seen.measured - measured).abs() <= RECENT,
                    (false, true) if has_ended => now - came <= RETURNS,
                    (false, true) => now - came <= RECENT,
                };
                (is_current || in_time) && fix.is_near(*point)
            })
        };
        // An instrument that gets its first fix says where its activation is.
        let is_found = event.lost.contains(&seen.instrument)
            && event.points.is_empty()
            && event.is_held_by(seen.instrument);
        let is_there =
            fix.is_some_and(|fix| (is_found || is_near(fix)) && event.fits(Some(fix), None));
        match seen.place {
            Where::Site(site, _) => {
                event.sites.contains(&site) || (!event.began_at_site && is_there)
            }
            Where::Item(item) => event.items.contains(&item),
            Where::At(_) => is_there,
            Where::Lost if fix.is_some() => is_there,
            Where::Lost => {
                event.lost.contains(&seen.instrument)
                    || (is_current && event.is_open())
                    || event.is_held_by(seen.instrument)
            }
        }
    }

    fn merge(&mut self, now: i64, older: usize, younger: usize) {
        let gone = self.events[younger].clone();
        self.events[older].absorb(&gone);
        for current in self
            .current
            .values_mut()
            .filter(|current| **current == younger)
        {
            *current = older;
        }
        let gone = &mut self.events[younger];
        gone.members.clear();
        gone.closed = Some(now);
        gone.merged_into = Some(older);
    }
}
