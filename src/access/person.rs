//! The person who acts, as records name him, and when two are two.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of a person, in characters.
pub const NAME_CHARS: usize = 120;

/// What only we write behind a name.
const PROOF: &str = "(token";

/// A person who acts: whom he says to be, and whose token he showed.
///
/// Displayed, and so recorded, as one of
///
/// | shown               | means                                             |
/// |---------------------|---------------------------------------------------|
/// | `Sari`              | somebody who says so; no token has a name         |
/// | `sari (token)`      | who showed the token of `sari`                    |
/// | `Budi (token sari)` | who showed the token of `sari` and acted for Budi |
///
/// A name that somebody gives can't hold `(token`, so that the last two can't
/// be claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// As he calls himself; the token's name where he doesn't.
    given: String,
    /// Whose token he showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

/// Why somebody can't be written down as a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPerson {
    /// Nobody is named.
    #[error("`by` must not be empty: whoever acts is named")]
    Unnamed,
    /// Too long.
    #[error("`by` must be at most {NAME_CHARS} characters long")]
    TooLong,
    /// Looks like what only we write.
    #[error("`by` must not hold `(token`: that is written by pantau alone")]
    Forged,
}

impl Person {
    /// From the name that is given, and the name of the token that was shown.
    ///
    /// # Errors
    ///
    /// [`NoPerson`].
    pub fn new(given: Option<&str>, token: Option<&str>) -> Result<Self, NoPerson> {
        let given = given.map(str::trim).filter(|given| !given.is_empty());
        let given = given.or(token).ok_or(NoPerson::Unnamed)?;
        if given.chars().count() > NAME_CHARS {
            return Err(NoPerson::TooLong);
        }
        if has_proof(given) {
            return Err(NoPerson::Forged);
        }
        Ok(Self {
            given: given.to_owned(),
            token: token.map(str::to_owned),
        })
    }

    /// A person as a record shows him; `None` where nobody is named.
    pub fn recorded(shown: &str) -> Option<Self> {
        let (given, proof) = match shown.rsplit_once(PROOF) {
            Some((given, proof)) => (given.trim(), proof.strip_suffix(')')),
            None => (shown.trim(), None),
        };
        let token = proof.map(|token| match token.trim() {
            "" => given.to_owned(),
            token => token.to_owned(),
        });
        (!given.is_empty()).then(|| Self {
            given: given.to_owned(),
            token,
        })
    }

    /// As he calls himself.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Whose token he showed, if one with a name.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let names = [Some(self.given.as_str()), self.token.as_deref()];
        names.into_iter().flatten().map(folded)
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.token {
            None => f.write_str(&self.given),
            Some(token) if folded(token) == folded(&self.given) => write!(f, "{token} (token)"),
            Some(token) => write!(f, "{} (token {token})", self.given),
        }
    }
}

/// Whether two that act may be one and the same; in doubt they are.
///
/// What takes two people takes two tokens, where tokens have names; and two
/// names that differ in more than case, blanks and signs. Neither name of the
/// one may be a name of the other: who acts under somebody else's name can't be
/// seconded by him.
pub fn is_same_person(a: &Person, b: &Person) -> bool {
    let others: Vec<String> = b.names().collect();
    a.names()
        .any(|name| name.is_empty() || others.iter().any(|o| o.is_empty() || *o == name))
}

/// A name by its letters and digits alone, small.
pub(crate) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// However many blanks, or what looks like none, stand in between.
fn has_proof(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || c.is_ascii_punctuation())
        .flat_map(char::to_lowercase)
        .collect();
    plain.contains(PROOF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(given: &str, token: Option<&str>) -> Person {
        Person::new(Some(given), token).unwrap()
    }

    #[test]
    fn a_record_tells_who_claimed_a_name_from_who_proved_it() {
        for (given, token, shown) in [
            ("Sari", None, "Sari"),
            (" Sari ", None, "Sari"),
            ("", Some("sari"), "sari (token)"),
            ("SARI", Some("sari"), "sari (token)"),
            ("Budi", Some("sari"), "Budi (token sari)"),
        ] {
            assert_eq!(person(given, token).to_string(), shown);
        }
        let none = Person::new(None, Some("sari")).unwrap();
        assert_eq!(none.to_string(), "sari (token)");
    }

    #[test]
    fn nobody_is_no_person_and_a_proof_cannot_be_claimed() {
        let new = |given: &str| Person::new(Some(given), None);
        assert_eq!(new(" \t "), Err(NoPerson::Unnamed));
        assert_eq!(Person::new(None, None), Err(NoPerson::Unnamed));
        assert_eq!(new(&"x".repeat(121)), Err(NoPerson::TooLong));
        assert!(new(&"x".repeat(120)).is_ok());
        for forged in [
            "sari (token)",
            "Budi (TOKEN sari)",
            "Budi ( token sari)",
            "Budi (\u{200b}token sari)",
        ] {
            assert_eq!(new(forged), Err(NoPerson::Forged), "{forged}");
        }
        assert!(new("Token Sari (duty)").is_ok());
    }

    #[test]
    fn two_people_differ_in_token_and_in_name() {
        let same = |a: (&str, Option<&str>), b: (&str, Option<&str>)| {
            let (a, b) = (person(a.0, a.1), person(b.0, b.1));
            assert_eq!(is_same_person(&a, &b), is_same_person(&b, &a));
            is_same_person(&a, &b)
        };
        // Without tokens: by the name alone.
        assert!(same(("Sari", None), (" SARI.", None)));
        assert!(same(("B. Santoso", None), ("b santoso", None)));
        assert!(same(("Sa\u{200b}ri", None), ("Sari", None)));
        assert!(!same(("Sari", None), ("Budi", None)));
        // One token under two names is one person.
        assert!(same(("Sari", Some("sari")), ("Budi", Some("sari"))));
        assert!(!same(("Sari", Some("sari")), ("Budi", Some("budi"))));
        // Whose name was used can't second it.
        assert!(same(("Budi", Some("sari")), ("Budi", Some("budi"))));
        assert!(same(("Budi", Some("sari")), ("", Some("budi"))));
        // Names without a letter tell nobody from anybody.
        assert!(same(("?", None), ("!", None)));
        assert!(same(("?", None), ("Sari", None)));
    }

    #[test]
    fn a_record_tells_the_person_again() {
        for (given, token) in [
            ("Sari", None),
            ("sari", Some("sari")),
            ("Budi", Some("sari")),
        ] {
            let one = person(given, token);
            assert_eq!(Person::recorded(&one.to_string()), Some(one));
        }
        assert_eq!(Person::recorded(" "), None);
    }

    #[test]
    fn a_person_survives_being_written_down() {
        for (one, text) in [
            (person("Sari", None), r#"{"given":"Sari"}"#),
            (
                person("Budi", Some("sari")),
                r#"{"given":"Budi","token":"sari"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&one).unwrap(), text);
            assert_eq!(serde_json::from_str::<Person>(text).unwrap(), one);
        }
    }
}
