//! What is watched of one instrument.

use std::time::Duration;

use super::Sign;
use super::expected::{Cadence, Expected};
use super::gaps::Gaps;
use super::lasting::{Lasting, Turn};
use super::low::{Low, Lowness};
use super::stuck::Stuck;
use crate::clock::Mono;
use crate::criteria::Class;
use crate::fault::{FaultKey, FaultKind, NETWORK, Priority, Report};
use crate::language::Bilingual;
use crate::reading::{InstrumentId, NoValue, Quantity, Reading};

/// A link that is down this long is a fault.
pub(super) const UNHEALTHY: Duration = Duration::from_secs(30);

/// The way in of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A line of its own.
    Line,
    /// The broker.
    Broker,
    /// A recording, which ends when it ends: it is not watched.
    Recording,
}

/// A reading, as its watcher sees it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    /// The reading.
    pub reading: &'a Reading,
    /// It is of the present, and usable.
    pub is_valid: bool,
    /// It has the remark `SUSPECT_ZERO`.
    pub is_suspect_zero: bool,
    /// The instrument's own background, in µSv/h.
    pub background: Option<f64>,
    /// Message numbers missing so far.
    pub missing: u64,
    /// It collapsed after a rise.
    pub has_collapsed: bool,
}

/// One instrument.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub(super) id: InstrumentId,
    pub(super) expected: Expected,
    pub(super) way: Way,
    cadence: Cadence,
    heard: Mono,
    pub(super) is_signed_off: bool,
    silent_since: Option<Mono>,
    silent: Option<Turn>,
    stuck: Stuck,
    stuck_at: Option<u64>,
    low: Low,
    lowness: Lowness,
    has_collapsed: bool,
    gaps: Gaps,
    pub(super) line: Line,
    said: Said,
}

/// An instrument's own line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) is_up: bool,
    pub(super) detail: String,
    lasting: Lasting,
}

/// What was said of each thing that is either so or not.
#[derive(Clone, Debug)]
struct Said {
    stuck: Lasting,
    dead: Lasting,
    zero: Lasting,
    collapse: Lasting,
}

impl Station {
    pub(super) const fn new(id: InstrumentId, expected: Expected, way: Way, now: Mono) -> Self {
        const AT_ONCE: Lasting = Lasting::new(Duration::ZERO);
        Self {
            id,
            expected,
            way,
            cadence: Cadence::EMPTY,
            heard: now,
            is_signed_off: false,
            silent_since: None,
            silent: None,
            stuck: Stuck::EMPTY,
            stuck_at: None,
            low: Low::EMPTY,
            lowness: Lowness::NONE,
            has_collapsed: false,
            gaps: Gaps::EMPTY,
            line: Line {
                is_up: false,
                detail: String::new(),
                lasting: Lasting::new(UNHEALTHY),
            },
            said: Said {
                stuck: AT_ONCE,
                dead: AT_ONCE,
                zero: AT_ONCE,
                collapse: AT_ONCE,
            },
        }
    }

    /// Without a valid reading for this long it is silent.
    pub(super) fn limit(&self) -> Duration {
        self.expected.limit(self.cadence.usual())
    }

    pub(super) fn hear(&mut self, now: Mono, heard: &Heard<'_>) {
        self.gaps.note(now, heard.missing);
        self.has_collapsed = heard.has_collapsed;
        if !heard.is_valid {
            return;
        }
        self.cadence.note(now, heard.reading);
        self.heard = now;
        self.stuck_at = self.stuck.take(now, heard.reading);
        let dose_rate = heard.reading.channel(Quantity::DoseRate);
        match dose_rate.map(|channel| channel.measured) {
            Some(Ok(amount)) => {
                let (background, is_zero) = (heard.background, heard.is_suspect_zero);
                self.lowness = self.low.take(now, amount.number(), background, is_zero);
            }
            Some(Err(NoValue::Overrange)) => {
                self.low = Low::EMPTY;
                self.lowness = Lowness::NONE;
            }
            Some(Err(_)) | None => {}
        }
    }

    /// Whether its silence is watched now.
    pub(super) fn is_watched(&self) -> bool {
        let is_away = self.expected.moves && self.is_signed_off;
        self.way != Way::Recording && !is_away
    }

    /// Since when it is silent, if it is.
    pub(super) fn silent_since(&mut self, now: Mono) -> Option<Mono> {
        let is_silent = self.is_watched() && now.since(self.heard) >= self.limit();
        if is_silent {
            self.silent_since.get_or_insert(now);
        } else {
            self.silent_since = None;
        }
        self.silent_since
    }

    /// Whether it is well on its way to being silent.
    pub(super) fn is_overdue(&self, now: Mono) -> bool {
        self.is_watched() && now.since(self.heard) * 3 >= self.limit() * 2
    }

    /// Whether nothing is known of it since the start.
    pub(super) const fn is_unheard(&self) -> bool {
        !self.cadence.has_heard()
    }

    /// The way in that would explain its silence.
    fn behind(&self, broker: FaultKind) -> Option<FaultKey> {
        match self.way {
            Way::Line => Some(FaultKey::new(FaultKind::Link, self.id.as_str())),
            Way::Broker => Some(FaultKey::new(broker, NETWORK)),
            Way::Recording => None,
        }
    }

    /// Says what changed. `broker` is what would be at fault with the broker, and
    /// `level` the class that the instrument holds.
    pub(super) fn look(
        &mut self,
        now: Mono,
        broker: FaultKind,
        level: impl Fn(&InstrumentId) -> Option<Class>,
        signs: &mut Vec<Sign>,
    ) {
        self.look_for_silence(now, broker, level, signs);
        if self.way == Way::Line
            && let Some(turn) = self.line.lasting.look(now, !self.line.is_up)
        {
            let detail = &self.line.detail;
            let said = Bilingual {
                id: detail.clone(),
                en: detail.clone(),
            };
            signs.push(self.sign(turn, FaultKind::Link, Priority::Normal, || said.clone()));
        }
        if let Some(turn) = self.said.stuck.look(now, self.stuck_at.is_some()) {
            let counts = self.stuck_at.unwrap_or_default();
            signs.push(
                self.sign(turn, FaultKind::Stuck, Priority::Normal, || Bilingual {
                    id: format!("cacah {counts} terus-menerus"),
                    en: format!("{counts} counts again and again"),
                }),
            );
        }
        if let Some(turn) = self.said.dead.look(now, self.lowness.is_dead) {
            signs.push(
                self.sign(turn, FaultKind::Dead, Priority::Normal, || Bilingual {
                    id: "di bawah 0,3 kali latarnya sendiri selama 3 menit".to_owned(),
                    en: "below 0.3 times its own background for 3 minutes".to_owned(),
                }),
            );
        }
        if let Some(turn) = self.said.zero.look(now, self.lowness.is_zero) {
            signs.push(
                self.sign(turn, FaultKind::ZeroRepeated, Priority::Normal, || {
                    Bilingual {
                        id: "tepat nol selama 3 menit".to_owned(),
                        en: "exactly zero for 3 minutes".to_owned(),
                    }
                }),
            );
        }
        if let Some(turn) = self.said.collapse.look(now, self.has_collapsed) {
            signs.push(
                self.sign(turn, FaultKind::Collapse, Priority::High, || Bilingual {
                    id: "nilai rendah dianggap di atas jangkauan (SN-3)".to_owned(),
                    en: "its low values count as over range (SN-3)".to_owned(),
                }),
            );
        }
        if let Some(turn) = self.gaps.look(now) {
            let lost = self.gaps.lost();
            signs.push(
                self.sign(turn, FaultKind::SequenceGap, Priority::Low, || Bilingual {
                    id: format!("{lost} nomor hilang"),
                    en: format!("{lost} numbers missing"),
                }),
            );
        }
    }

    fn look_for_silence(
        &mut self,
        now: Mono,
        broker: FaultKind,
        level: impl Fn(&InstrumentId) -> Option<Class>,
        signs: &mut Vec<Sign>,
    ) {
        let turn = if self.silent_since.is_some() {
            Turn::On
        } else {
            Turn::Off
        };
        // Nothing is known of one that was not heard since the start.
        let is_known = turn == Turn::On || self.cadence.has_heard() || !self.is_watched();
        if !is_known || self.silent.replace(turn) == Some(turn) {
            return;
        }
        let key = FaultKey::new(FaultKind::Silent, self.id.as_str());
        if turn == Turn::Off {
            signs.push(Sign::Off(key));
            return;
        }
        let is_at_level = level(&self.id).is_some_and(|class| class >= Class::PossibleEmergency);
        let priority = if is_at_level {
            Priority::High
        } else {
            Priority::Normal
        };
        let (gone, limit) = (now.since(self.heard).as_secs(), self.limit().as_secs());
        let detail = Bilingual {
            id: format!("tanpa pembacaan sah selama {gone} s (batas {limit} s)"),
            en: format!("no valid reading for {gone} s (limit {limit} s)"),
        };
        signs.push(Sign::On(Report {
            behind: self.behind(broker),
            patience: self.limit(),
            urgent: is_at_level,
            ..Report::new(key, priority, detail)
        }));
    }

    fn sign(
        &self,
        turn: Turn,
        kind: FaultKind,
        priority: Priority,
        detail: impl Fn() -> Bilingual,
    ) -> Sign {
        let key = FaultKey::new(kind, self.id.as_str());
        match turn {
            Turn::On => Sign::On(Report::new(key, priority, detail())),
            Turn::Off => Sign::Off(key),
        }
    }
}
