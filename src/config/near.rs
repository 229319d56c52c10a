//! Finds the word that somebody may have meant.

/// Most words that are offered.
const OFFERED: usize = 3;

/// `near: a, b`, the known words that look like `word`, best first; `None` when
/// none does.
pub(super) fn near<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|known| (distance(word, known), known))
        .filter(|(distance, known)| {
            *distance <= (known.chars().count() + 1) / 3
                || known.starts_with(word)
                || (!known.is_empty() && word.starts_with(known))
        })
        .collect();
    found.sort_unstable();
    let words: Vec<&str> = found.into_iter().take(OFFERED).map(|(_, w)| w).collect();
    (!words.is_empty()).then(|| format!("near: {}", words.join(", ")))
}

/// How many characters have to be put in, taken out, changed, or swapped with
/// their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let cost = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX - 1);
            let changed = cost(&last, j) + usize::from(from != to);
            let moved = cost(&row, j).min(cost(&last, j + 1)) + 1;
            let is_swap = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            let swapped = if is_swap {
                cost(&before, j - 1) + 1
            } else {
                usize::MAX
            };
            row.push(changed.min(moved).min(swapped));
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, expected: Option<&str>) {
        let known = ["listen", "token_file", "language", "lat", "lon", "level"];
        assert_eq!(near(word, known).as_deref(), expected, "`{word}`");
    }

    #[test]
    fn offers_what_looks_like_the_word() {
        check("lisen", Some("near: listen"));
        check("token", Some("near: token_file"));
        check("lt", Some("near: lat"));
        check("lno", Some("near: lon"));
        check("languages", Some("near: language"));
        check("colour", None);
    }

    #[test]
    fn counts_changes() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("baud", "baud", 0),
            ("ab", "ba", 1),
            ("prak", "park", 1),
            ("abcd", "dcba", 3),
        ] {
            assert_eq!(distance(a, b), expected, "`{a}` `{b}`");
        }
    }
}
