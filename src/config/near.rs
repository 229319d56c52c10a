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
            *distance <= known.chars().count().div_ceil(3)
                || known.starts_with(word)
                || (!known.is_empty() && word.starts_with(known))
        })
        .collect();
    found.sort_unstable();
    let words: Vec<&str> = found.into_iter().take(OFFERED).map(|(_, w)| w).collect();
    (!words.is_empty()).then(|| format!("near: {}", words.join(", ")))
}

/// How many characters have to be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (n, from) in a.chars().enumerate() {
        let mut diagonal = n;
        let mut left = n + 1;
        for (cell, to) in row.iter_mut().skip(1).zip(&b) {
            let changed = diagonal + usize::from(from != *to);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
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
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(a, b), expected, "`{a}` `{b}`");
        }
    }
}
