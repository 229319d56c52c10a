use std::collections::BTreeSet;

use super::*;

/// The value of a key that is not its default: the other word, or another
/// number within the bounds.
fn changed(policy: &Policy, key: &Key) -> Vec<Policy> {
    let with = |set: &dyn Fn(&mut Policy)| {
        let mut policy = *policy;
        set(&mut policy);
        policy
    };
    match key.kind {
        Kind::Number { from, to, get, set } => [from, to]
            .into_iter()
            .filter(|number| get(policy) != Some(*number))
            .map(|number| with(&|policy| set(policy, number)))
            .collect(),
        Kind::Seconds { set, .. } => vec![with(&|policy| set(policy, 777.0))],
        Kind::Flag { get, set } => vec![with(&|policy| set(policy, !get(policy)))],
        Kind::Choice { words, get, set } => words
            .iter()
            .filter(|word| **word != get(policy))
            .map(|word| with(&|policy| set(policy, word)))
            .collect(),
        Kind::ByRule { rules, set, .. } => rules
            .iter()
            .map(|rule| with(&|policy| set(policy, *rule)))
            .collect(),
    }
}

#[test]
fn each_key_changes_one_line_and_the_hash() {
    let default = Policy::default();
    let text = canonical(&default);
    let mut hashes = BTreeSet::from([PolicyHash::of(&default).to_string()]);
    for key in KEYS {
        for policy in changed(&default, key) {
            let other = canonical(&policy);
            let differing: Vec<_> = text
                .lines()
                .zip(other.lines())
                .filter(|(one, other)| one != other)
                .collect();
            assert_eq!(differing.len(), 1, "{}: {differing:?}", key.path);
            assert!(differing[0].1.starts_with(key.path), "{differing:?}");
            assert_eq!(other.lines().count(), text.lines().count());
            let hash = PolicyHash::of(&policy).to_string();
            assert!(hashes.insert(hash), "{}: the hash is another's", key.path);
        }
    }
}

#[test]
fn defaults_lie_within_their_bounds() {
    let default = Policy::default();
    for key in KEYS {
        let is_inside = match key.kind {
            Kind::Number { from, to, get, .. } => {
                get(&default).is_none_or(|number| (from..=to).contains(&number))
            }
            Kind::Seconds { from, to, get, .. } => {
                let seconds = get(&default).to_string().parse::<u64>().unwrap();
                (from..=to).contains(&seconds)
            }
            Kind::Choice { words, get, .. } => words.contains(&get(&default)),
            Kind::Flag { .. } | Kind::ByRule { .. } => true,
        };
        assert!(is_inside, "{}", key.path);
        assert!(
            !key.reason.is_empty() && !key.settles.is_empty(),
            "{}",
            key.path
        );
    }
    let paths: BTreeSet<_> = KEYS.iter().map(|key| key.path).collect();
    assert_eq!(paths.len(), KEYS.len(), "a path stands twice");
}

#[test]
fn a_policy_is_named_by_the_hash_of_its_text() {
    let text = canonical(&Policy::default());
    assert!(text.starts_with("edition = PUK/DK2N.3/PT.17 rev. 0, 30 December 2022\nlevel "));
    assert!(text.contains("\nlevel T3.1-I-2 uSv/h = 100\n"), "{text}");
    assert!(
        text.contains("\nbackground.fallback_usv_h = 0.1\n"),
        "{text}"
    );
    let hash = PolicyHash::of(&Policy::default());
    assert_eq!(PolicyHash::of_text(&text), hash);
    assert_eq!(hash.to_string().len(), 64);
    let empty = PolicyHash::of_text("").to_string();
    assert!(empty.starts_with("e3b0c44298fc1c14"), "{empty}");
}

/// Every constant of the tables is part of the hash.
#[test]
fn no_level_of_the_tables_is_left_out() {
    let n_constants = include_str!("../tables.rs")
        .lines()
        .filter(|line| line.starts_with("pub const ") && !line.starts_with("pub const LEVELS"))
        .count();
    assert_eq!(tables::LEVELS.len(), n_constants);
    let names: BTreeSet<_> = levels().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), levels().len(), "a level stands twice");
}
