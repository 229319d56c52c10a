//! What a start finds: state that is lost, and time that was missed.

use std::path::Path;

use crate::clock::Wall;
use crate::config::{Claim, Config, Input};
use crate::fault::{FaultKey, FaultKind, NETWORK, Priority, Report};
use crate::journal::Recovery;
use crate::language::Bilingual;

/// A stop in order and a start soon after are nobody's business.
const SOON_S: f64 = 10.0;

/// Down this long without a stop in order, something may have been missed.
const LONG_S: f64 = 300.0;

/// Whether a daemon has run on this folder before, by what it leaves beside the
/// journal.
pub(super) fn has_state(data_dir: &Path) -> bool {
    let is_used = |name: &str| {
        let entries = std::fs::read_dir(data_dir.join(name));
        entries.is_ok_and(|mut entries| entries.next().is_some())
    };
    is_used("state") || is_used("cases") || is_used("records")
}

/// Whether instruments may come that nobody configured.
pub(super) fn lets_anyone_in(config: &Config) -> bool {
    let mut inputs = config
        .instruments
        .iter()
        .map(|instrument| &instrument.input);
    inputs.any(|input| matches!(input, Input::Mqtt(input) if input.claim == Claim::Each))
}

/// What is to be told of what was found.
pub(super) fn found(recovery: &Recovery, had_state: bool, now: Wall) -> Vec<Report> {
    let lost = state_lost(recovery, had_state);
    lost.into_iter().chain(restart(recovery, now)).collect()
}

/// Records that are gone or damaged: what they said is not known. What is true is
/// raised again by the next reading, under the same id where that is the same one.
fn state_lost(recovery: &Recovery, had_state: bool) -> Option<Report> {
    let detail = match &recovery.first_bad {
        Some(bad) => Bilingual {
            id: format!("jurnal rusak: {bad}"),
            en: format!("the journal is damaged: {bad}"),
        },
        None if recovery.records == 0 && had_state => Bilingual {
            id: "jurnal tidak ada lagi".to_owned(),
            en: "the journal is gone".to_owned(),
        },
        None => return None,
    };
    let key = FaultKey::new(FaultKind::StateLost, NETWORK);
    Some(Report::new(key, Priority::High, detail))
}

fn restart(recovery: &Recovery, now: Wall) -> Option<Report> {
    let last = recovery.last_at?;
    let down_s = now.secs_since(last);
    if !recovery.was_running && down_s < SOON_S {
        return None;
    }
    let priority = if recovery.was_running && down_s >= LONG_S {
        Priority::Normal
    } else {
        Priority::Low
    };
    let detail = if recovery.was_running {
        Bilingual {
            id: format!("berhenti tanpa pamit; mati dari {last} sampai {now}"),
            en: format!("it did not stop in order; down from {last} to {now}"),
        }
    } else {
        Bilingual {
            id: format!("mati dari {last} sampai {now}"),
            en: format!("down from {last} to {now}"),
        }
    };
    let key = FaultKey::new(FaultKind::Restart, NETWORK);
    Some(Report::new(key, priority, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Wall {
        Wall::parse_rfc3339(text).unwrap()
    }

    #[track_caller]
    fn check(was_running: bool, last: &str, expected: Option<Priority>) {
        let recovery = Recovery {
            records: 1,
            was_running,
            last_at: Some(at(last)),
            ..Recovery::default()
        };
        let found = found(&recovery, true, at("2026-03-14T03:00:00Z"));
        let found: Vec<_> = found.iter().map(|report| report.priority).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{last}");
    }

    #[test]
    fn a_stop_that_was_not_in_order_is_always_told_and_others_when_they_lasted() {
        check(true, "2026-03-14T02:59:59Z", Some(Priority::Low));
        check(true, "2026-03-14T02:55:00Z", Some(Priority::Normal));
        check(false, "2026-03-14T02:59:51Z", None);
        check(false, "2026-03-13T03:00:00Z", Some(Priority::Low));
        check(false, "2026-03-15T03:00:00Z", None);
    }

    #[test]
    fn f73_a_journal_that_is_gone_is_a_fault_unless_it_never_was() {
        let gone = Recovery::default();
        let now = at("2026-03-14T03:00:00Z");
        assert!(found(&gone, false, now).is_empty());
        let found = found(&gone, true, now);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key.kind, FaultKind::StateLost);
        assert_eq!(found[0].priority, Priority::High);
    }
}
