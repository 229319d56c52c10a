//! `[criteria]`: what the guideline leaves open (criteria.md sections 5 and 7).
//!
//! The keys, with unit, bounds, default and reason, are those of
//! [`crate::criteria::reference`]; `pantau policy` prints them. The levels of the
//! guideline itself are no configuration. What the supplied text lacks is read
//! from files that name their origin: [`table_file`].

use super::secret::Folders;
use super::section::Section;
use super::table_file;
use crate::criteria::loaded::ReferenceTables;
use crate::criteria::reference::{KEYS, Key, Kind};
use crate::criteria::{Policy, Rule};

pub(super) fn read(mut section: Section<'_>, folders: &Folders) -> (Policy, ReferenceTables) {
    let tables = ReferenceTables {
        tio6: table_file::read(&mut section, "tio6_table", table_file::TIO6, folders),
        source_d_values: table_file::read(
            &mut section,
            "source_d_values",
            table_file::D_VALUES,
            folders,
        ),
    };
    (policy(section), tables)
}

fn policy(mut section: Section<'_>) -> Policy {
    let mut policy = Policy::default();
    for key in KEYS.iter().filter(|key| !key.path.contains('.')) {
        read_key(&mut section, key.path, key, &mut policy);
    }
    for (name, keys) in tables() {
        let mut table = section.table(name);
        for (key, path) in keys {
            read_key(&mut table, path, key, &mut policy);
        }
        if name == "tio2_schedule" {
            check_schedule(&table);
        }
        table.finish();
    }
    section.finish();
    // What has to be known cannot be forgotten before.
    let learning = &mut policy.learning;
    learning.days = learning.days.max(learning.min_hours / 24.0);
    policy
}

/// The keys inside tables, table by table: each with its own name there.
fn tables() -> Vec<(&'static str, Vec<(&'static Key, &'static str)>)> {
    let mut tables: Vec<(&'static str, Vec<_>)> = Vec::new();
    for key in KEYS {
        let Some((table, name)) = key.path.split_once('.') else {
            continue;
        };
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, keys)) => keys.push((key, name)),
            None => tables.push((table, vec![(key, name)])),
        }
    }
    tables
}

fn read_key(section: &mut Section<'_>, name: &'static str, key: &Key, policy: &mut Policy) {
    match key.kind {
        Kind::Number { from, to, set, .. } => {
            if let Some(number) = section.number(name, from..=to) {
                set(policy, number);
            }
        }
        Kind::Seconds { from, to, set, .. } => {
            if let Some(time) = section.seconds(name, from..=to) {
                set(policy, time.as_secs_f64());
            }
        }
        Kind::Flag { set, .. } => {
            if let Some(yes) = section.boolean(name) {
                set(policy, yes);
            }
        }
        Kind::Choice { words, set, .. } => {
            let words: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
            if let Some(word) = section.meaning(name, &words) {
                set(policy, word);
            }
        }
        Kind::ByRule {
            rules, words, set, ..
        } => {
            let [usual, other] = words;
            let meanings = [(usual, false), (other, true)];
            let chosen: Vec<(Rule, bool)> = section.table(name).meanings(rules, &meanings);
            for (rule, _) in chosen.into_iter().filter(|(_, is_other)| *is_other) {
                set(policy, rule);
            }
        }
    }
}

/// One key of the two says nothing.
fn check_schedule(table: &Section<'_>) {
    for (one, other) in [("after_days", "usv_h"), ("usv_h", "after_days")] {
        if table.has(one) && !table.has(other) {
            table.missing(other, Some("a schedule needs both keys"));
        }
    }
}
