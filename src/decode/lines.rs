//! Parts of a line of text.

use super::captures::{Parts, Unfit, text};
use crate::profile::Column;

/// Fills `parts` with what stands between separators, in fixed order.
pub(super) fn delimited<'a>(
    mut found: impl Iterator<Item = &'a str>,
    columns: &[Column],
    more: bool,
    parts: &mut Parts<'a>,
) -> Result<(), Unfit> {
    let damaged = |n: usize| Unfit::Damaged(format!("{n} columns, expected {}", columns.len()));
    for (n, column) in columns.iter().enumerate() {
        let part = found.next().ok_or_else(|| damaged(n))?;
        match column {
            Column::Literal(literal) if part.trim() == literal => {}
            Column::Literal(_) => return Err(Unfit::Other),
            Column::Skip => {}
            Column::Capture(_) => parts.push(Some(text(part))),
        }
    }
    let surplus = found.count();
    if surplus > 0 && !more {
        return Err(damaged(columns.len() + surplus));
    }
    Ok(())
}

/// Parts at fixed places.
pub(super) fn places<'a>(
    body: &'a str,
    places: &[(usize, usize)],
    chars: Option<usize>,
) -> Result<Parts<'a>, String> {
    if let Some(expected) = chars.filter(|chars| *chars != body.len()) {
        return Err(format!("{} characters, expected {expected}", body.len()));
    }
    places
        .iter()
        .map(|(from, to)| match body.get(*from..*to) {
            Some(part) => Ok(Some(text(part))),
            None => Err(format!("{} characters, too few", body.len())),
        })
        .collect()
}

/// Named groups; `None` when the line does not fit.
pub(super) fn regex<'a>(
    body: &'a str,
    pattern: &regex::Regex,
    groups: &[usize],
) -> Option<Parts<'a>> {
    let found = pattern.captures(body)?;
    let part = |group: &usize| found.get(*group).map(|part| text(part.as_str()));
    Some(groups.iter().map(part).collect())
}

/// Pairs of key and value, in any order.
pub(super) fn key_value<'a>(
    body: &'a str,
    pairs: &str,
    separator: &str,
    keys: &[String],
) -> Parts<'a> {
    let mut parts: Parts<'a> = smallvec::smallvec![None; keys.len()];
    for pair in body.split(pairs) {
        let Some((key, value)) = pair.split_once(separator) else {
            continue;
        };
        let at = keys.iter().position(|known| known == key.trim());
        if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
            *part = Some(text(value));
        }
    }
    parts
}
