//! What is remembered for the frames that follow.

use std::time::Duration;

use super::super::model::{CaptureId, Framing, FramingKind, Message, Remember, ToldBy};
use super::super::schema::RawRemember;
use super::Problems;

/// Checks the list; a rule that says nothing of its place is left out.
pub(super) fn remember(raw: &[RawRemember], framing: &Framing, p: &mut Problems) -> Vec<Remember> {
    let mut rules = Vec::with_capacity(raw.len());
    for (n, rule) in raw.iter().enumerate() {
        let at = format!("remember[{n}]");
        if rule.for_s == Some(0) {
            p.add(&format!("{at}.for_s"), "must be at least 1");
        }
        let told_by = match (&rule.after, &rule.from) {
            (Some(after), None) => {
                ensure_comments(&at, framing, p);
                ToldBy::Comment(after.clone())
            }
            (None, Some(from)) => ToldBy::Capture(from.clone()),
            _ => {
                p.add(&at, "needs one of `after` and `from`");
                continue;
            }
        };
        rules.push(Remember {
            name: rule.name.clone(),
            told_by,
            holds: rule.for_s.map(|s| Duration::from_secs(s.into())),
        });
    }
    rules
}

fn ensure_comments(at: &str, framing: &Framing, p: &mut Problems) {
    let at = format!("{at}.after");
    match &framing.kind {
        FramingKind::Line {
            comment: Some(_), ..
        } => {}
        FramingKind::Line { .. } => p.add(&at, "needs `framing.comment`"),
        _ => p.add(&at, "needs lines with comments"),
    }
}

/// Which rules a message with these captures tells, each with its capture.
pub(super) fn told(rules: &[Remember], captures: &[String]) -> Vec<(usize, CaptureId)> {
    let capture = |rule: &Remember| match &rule.told_by {
        ToldBy::Capture(from) => captures.iter().position(|name| name == from),
        ToldBy::Comment(_) => None,
    };
    rules
        .iter()
        .enumerate()
        .filter_map(|(n, rule)| Some((n, capture(rule)?)))
        .collect()
}

/// A rule that no message tells would remember nothing.
pub(super) fn ensure_told(rules: &[Remember], messages: &[Message], p: &mut Problems) {
    for (n, rule) in rules.iter().enumerate() {
        let is_told = messages
            .iter()
            .any(|message| message.tells.iter().any(|(told, _)| *told == n));
        if let ToldBy::Capture(from) = &rule.told_by
            && !is_told
        {
            p.add(
                &format!("remember[{n}].from"),
                format!("no message has a capture `{from}`"),
            );
        }
    }
}
