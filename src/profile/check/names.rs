//! Names and topics with parts to fill in.

use super::super::model::{NamePart, TopicLevel, TopicPattern};

/// Splits `bgeigie-{id}` into text and captures.
pub(super) fn template(text: &str) -> Vec<NamePart> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        let Some((name, after)) = tail.split_once('}') else {
            break;
        };
        if !before.is_empty() {
            parts.push(NamePart::Text(before.to_owned()));
        }
        parts.push(NamePart::Capture(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(NamePart::Text(rest.to_owned()));
    }
    parts
}

/// Reads a topic with at most one `{capture}` in each level.
pub(super) fn topic(at: &str, text: &str, problems: &mut Vec<String>) -> TopicPattern {
    let mut bad = |what: &str| problems.push(format!("{at}: {what} in `{text}`"));
    if text.is_empty() || text.contains(['+', '#']) {
        bad("a topic is not empty and has no wildcard; write `{name}`");
    }
    let levels = text
        .split('/')
        .map(|level| match template(level).as_slice() {
            [] => TopicLevel {
                before: String::new(),
                capture: None,
                after: String::new(),
            },
            [NamePart::Text(before)] => plain_level(before, None, ""),
            [NamePart::Capture(name)] => plain_level("", Some(name), ""),
            [NamePart::Text(before), NamePart::Capture(name)] => {
                plain_level(before, Some(name), "")
            }
            [NamePart::Capture(name), NamePart::Text(after)] => plain_level("", Some(name), after),
            [
                NamePart::Text(before),
                NamePart::Capture(name),
                NamePart::Text(after),
            ] => plain_level(before, Some(name), after),
            _ => {
                bad("more than one capture in a level");
                plain_level(level, None, "")
            }
        })
        .collect();
    TopicPattern { levels }
}

fn plain_level(before: &str, capture: Option<&str>, after: &str) -> TopicLevel {
    TopicLevel {
        before: before.to_owned(),
        capture: capture.map(str::to_owned),
        after: after.to_owned(),
    }
}
