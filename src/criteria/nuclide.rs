//! Names of nuclides, however they are spelt: `K-40`, `K40`, `k 40`.

/// Whether two names are one nuclide's.
pub fn is_same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// The name by which a nuclide is looked up.
pub fn key(name: &str) -> String {
    letters(name).map(char::from).collect()
}

/// The parts that matter: ASCII letters in lower case, and digits.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes()
        .filter(|byte| !matches!(byte, b'-' | b' '))
        .map(|byte| byte.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_nuclide_by_any_spelling() {
        for name in ["Cs-137", "Cs137", "cs 137", "CS-137"] {
            assert!(is_same(name, "Cs-137"), "{name}");
            assert_eq!(key(name), "cs137");
        }
        for name in ["Cs-13", "Cs-1370", "Cs-137m", "C-137", ""] {
            assert!(!is_same(name, "Cs-137"), "{name}");
        }
    }
}
