//! `[[http.token]]`: who may ask over HTTP, and as what.
//!
//! A token itself never stands in the configuration, and what stands where its
//! hash should is never repeated: it may be the token.

use std::sync::Arc;

use super::problem::{ConfigProblem, Refused};
use super::secret::Folders;
use super::section::Section;
use crate::access::{FORM, Person, Role, TokenHash, is_same_person};
use crate::clock::{Wall, Zone};
use crate::error::excerpt;

/// A token that opens the HTTP interface.
#[derive(Clone, Debug)]
pub struct HttpToken {
    /// Its place in the configuration.
    pub path: String,
    /// `name`: of the person or service; goes into the record.
    pub name: Arc<str>,
    /// `role`.
    pub role: Role,
    /// `hash`, or what stands in `hash_file`.
    pub hash: TokenHash,
    /// `expires`: from then on it opens nothing. Only a viewer's may last for
    /// ever.
    pub expires: Option<Wall>,
}

/// Longest name, in characters.
const NAME_CHARS: usize = 64;

/// Most tokens: each request is compared with all of them.
const TOKENS_MAX: usize = 256;

/// A token that lasts longer than this, in days, is as good as one for ever.
const LONG_DAYS: u64 = 400;

/// So many days before its end a token is spoken of.
const SOON_DAYS: u64 = 14;

const DAY_SECS: u64 = 24 * 3600;

/// Length of `2027-06-30`.
const DATE_CHARS: usize = 10;

/// What people take for tokens, though everybody knows it.
const KNOWN: &[&str] = &[
    "",
    "0",
    "1234",
    "123456",
    "12345678",
    "123456789",
    "admin",
    "administrator",
    "changeme",
    "default",
    "guest",
    "letmein",
    "operator",
    "pantau",
    "pass",
    "passwd",
    "password",
    "public",
    "qwerty",
    "rahasia",
    "root",
    "secret",
    "test",
    "token",
    "user",
];

/// Reads the tokens.
///
/// | key         | what                                              | default   |
/// |-------------|---------------------------------------------------|-----------|
/// | `name`      | of the person or service, at most 64 characters   | mandatory |
/// | `role`      | `viewer`, `operator`, `second` or `chief`         | mandatory |
/// | `hash`      | `sha256:` and 64 hexadecimal digits               | this or   |
/// | `hash_file` | a file with that, which nobody else may read      | this      |
/// | `expires`   | RFC 3339, or the last day it is good, as a date   | mandatory, but for a viewer |
pub(super) fn read(sections: Vec<Section<'_>>, folders: &Folders, zone: Zone) -> Vec<HttpToken> {
    let mut tokens: Vec<HttpToken> = Vec::new();
    for (n, mut section) in sections.into_iter().enumerate() {
        if n == TOKENS_MAX {
            let text = format!("there are more than {TOKENS_MAX} tokens");
            section.refuse_all(Refused::new(text));
            break;
        }
        let token = read_one(&mut section, folders, zone);
        if let Some(token) = &token {
            refuse_twins(&section, token, &tokens);
        }
        section.finish();
        tokens.extend(token);
    }
    tokens
}

fn read_one(section: &mut Section<'_>, folders: &Folders, zone: Zone) -> Option<HttpToken> {
    let name = section.required("name", |section, key| section.parsed(key, name));
    if let Some(name) = &name {
        section.called(name);
    }
    let role = section.required("role", |section, key| {
        section.word(key, Role::from_word, Role::ALL)
    });
    let written = section.parsed("hash", hash);
    let in_file = section.parsed("hash_file", |text| hash(folders.secret(text)?.expose()));
    match (section.has("hash"), section.has("hash_file")) {
        (true, true) => {
            let text = "is given beside `hash`";
            section.refuse("hash_file", Refused::new(text).hint("only one of them"));
        }
        (false, false) => section.missing("hash", Some("`pantau token new` prints it")),
        (true, false) | (false, true) => {}
    }
    let expires = section.parsed("expires", |text| end(text, zone));
    let acts = role.is_some_and(|role| role > Role::Viewer);
    if acts && !section.has("expires") {
        let hint = "who acts needs a token that ends, such as `expires = \"2027-06-30\"`";
        section.missing("expires", Some(hint));
    }
    Some(HttpToken {
        path: section.path().to_owned(),
        name: name?,
        role: role?,
        hash: written.or(in_file)?,
        expires,
    })
}

/// Letters, digits and a few signs; none that our records use around it.
fn name(text: &str) -> Result<Arc<str>, Refused> {
    let is_plain = |c: char| c.is_alphanumeric() || " .-_'@,/".contains(c);
    let is_good = text.chars().count() <= NAME_CHARS
        && text.trim() == text
        && text.chars().all(is_plain)
        && text.chars().any(char::is_alphanumeric);
    if is_good {
        Ok(text.into())
    } else {
        let refused = Refused::new(format!("`{}` is no name", excerpt(text, NAME_CHARS)));
        Err(refused.hint(format!(
            "at most {NAME_CHARS} letters, digits, blanks and . - _ ' @ , /"
        )))
    }
}

fn hash(text: &str) -> Result<TokenHash, Refused> {
    let hash = TokenHash::parse(text).ok_or_else(|| {
        if text.starts_with('$') {
            // A slow hash guards a password; see `access::token`.
            Refused::new("is a password's hash; a password is no token")
                .hint("`pantau token new` makes a token, and prints the hash of it")
        } else {
            Refused::new("is no `sha256:` with 64 hexadecimal digits").hint(
                "`pantau token new` prints it; a token that stood here is known to \
                 everybody who reads this file, so make a new one",
            )
        }
    })?;
    if KNOWN.iter().any(|known| TokenHash::of(known).is(&hash)) {
        let refused = Refused::new("is the hash of a word that everybody knows");
        return Err(refused.hint(format!("a token has {FORM}")));
    }
    Ok(hash)
}

/// The instant from which on a token is good no longer.
fn end(text: &str, zone: Zone) -> Result<Wall, Refused> {
    let refused = || {
        Refused::new(format!("`{}` is no date and no time", excerpt(text, 64)))
            .hint("as in `2027-06-30` or `2027-06-30T12:00:00+07:00`")
    };
    // A date alone: the parser would take a time behind it, and leave it out.
    let date = text.parse::<jiff::civil::Date>().ok();
    let Some(date) = date.filter(|_| text.len() == DATE_CHARS) else {
        return Wall::parse_rfc3339(text).map_err(|_| refused());
    };
    // Good to the end of that day, where the node is.
    let offset = jiff::tz::offset(zone.offset_hours());
    let midnight = date.tomorrow().map(|next| next.at(0, 0, 0, 0));
    let stamp = midnight.and_then(|midnight| offset.to_timestamp(midnight));
    let nanos = stamp
        .ok()
        .and_then(|at| i64::try_from(at.as_nanosecond()).ok());
    nanos.map(Wall::from_nanos).ok_or_else(refused)
}

/// Two tokens of one name would make one person two.
fn refuse_twins(section: &Section<'_>, token: &HttpToken, others: &[HttpToken]) {
    let person = |token: &HttpToken| Person::new(Some(&token.name), None).ok();
    for other in others {
        let (one, two) = (person(token), person(other));
        if one.zip(two).is_some_and(|(a, b)| is_same_person(&a, &b)) {
            let text = format!("is the name of {} already", other.path);
            let refused = Refused::new(text).hint("a name for each person, a token for each name");
            section.refuse("name", refused);
        }
        if token.hash.is(&other.hash) {
            let text = format!("is the hash of {} already", other.path);
            let refused = Refused::new(text).hint("a token for each person: `pantau token new`");
            let key = if section.has("hash") {
                "hash"
            } else {
                "hash_file"
            };
            section.refuse(key, refused);
        }
    }
}

impl HttpToken {
    /// What is worth saying of it now, though it is no mistake: a daemon must
    /// start whatever the day.
    pub fn caution(&self, now: Wall) -> Option<ConfigProblem> {
        let expires = self.expires?;
        let days = |days: u64| std::time::Duration::from_secs(days * DAY_SECS);
        let text = if expires <= now {
            format!("expired at {expires}; it opens nothing")
        } else if expires <= now.saturating_add(days(SOON_DAYS)) {
            format!("expires at {expires}")
        } else if expires > now.saturating_add(days(LONG_DAYS)) {
            format!("expires only at {expires}, in more than {LONG_DAYS} days")
        } else {
            return None;
        };
        let (role, name) = (self.role, &self.name);
        Some(ConfigProblem {
            path: format!("{}.expires", self.path),
            text,
            hint: Some(format!("pantau token new --role {role} --name \"{name}\"")),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::access::token_of;
    use crate::config::{Config, ConfigErrors, from_toml};

    fn hash_of(n: u8) -> String {
        TokenHash::of(&token_of(&[n; 32])).to_string()
    }

    /// A table that is right for who only looks, with more keys.
    fn table(n: u8, name: &str, keys: &str) -> String {
        let hash = hash_of(n);
        format!("[[http.token]]\nname = \"{name}\"\nhash = \"{hash}\"\n{keys}\n")
    }

    fn read(text: &str) -> Result<Config, ConfigErrors> {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [
            ("hash", hash_of(1)),
            ("shared", "0123456789abcdef".to_owned()),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        from_toml(text, folder.path())
    }

    #[track_caller]
    fn good(text: &str) -> Config {
        read(text).unwrap_or_else(|errors| panic!("{errors}\n\nin:\n{text}"))
    }

    #[track_caller]
    fn problems(text: &str) -> ConfigErrors {
        let errors = read(text).err();
        errors.unwrap_or_else(|| panic!("nothing is wrong in:\n{text}"))
    }

    #[track_caller]
    fn bad(text: &str, path: &str, part: &str) {
        let errors = problems(text);
        let [problem] = errors.problems.as_slice() else {
            panic!("not one problem:\n{errors}\n\nin:\n{text}");
        };
        assert_eq!(problem.path, path, "{problem}");
        let line = problem.to_string();
        assert!(line.contains(part), "`{part}` is not in: {line}");
    }

    #[test]
    fn a_token_has_a_name_a_role_a_hash_and_an_end() {
        let text = [
            "[http]\nlisten = \"0.0.0.0:80\"\n",
            &table(2, "oki", "role = \"operator\"\nexpires = \"2027-06-30\""),
            &table(
                3,
                "citra",
                "role = \"chief\"\nexpires = \"2027-06-30T12:00:00+07:00\"",
            ),
            "[[http.token]]\nname = \"graphs\"\nrole = \"viewer\"\nhash_file = \"hash\"\n",
        ]
        .concat();
        let http = good(&text).http.unwrap();
        assert!(http.token.is_none());
        let tokens: Vec<(&str, Role, Option<String>)> = http
            .tokens
            .iter()
            .map(|token| {
                let expires = token.expires.map(|at| at.to_string());
                (token.name.as_ref(), token.role, expires)
            })
            .collect();
        // The last day is good to its end, in Jakarta.
        let ends = ["2027-06-30T17:00:00Z", "2027-06-30T05:00:00Z"].map(|at| Some(at.to_owned()));
        let [first, second] = ends;
        assert_eq!(
            tokens,
            [
                ("oki", Role::Operator, first),
                ("citra", Role::Chief, second),
                ("graphs", Role::Viewer, None)
            ]
        );
        assert!(http.tokens[2].hash.is(&TokenHash::of(&token_of(&[1; 32]))));
    }

    #[test]
    fn tokens_that_would_not_do_are_refused_by_name() {
        let viewer = "role = \"viewer\"";
        let at = |key: &str| format!("http.token[0] (oki).{key}");
        bad(&table(2, "oki", ""), &at("role"), "is missing");
        bad(
            &table(2, "oki", "role = \"boss\""),
            &at("role"),
            "one of viewer, operator",
        );
        for role in ["operator", "second", "chief"] {
            let keys = format!("role = \"{role}\"");
            bad(
                &table(2, "oki", &keys),
                &at("expires"),
                "needs a token that ends",
            );
        }
        for end in ["soon", "2027-13-01", "2027-06-30T12:00:00", ""] {
            let keys = format!("{viewer}\nexpires = \"{end}\"");
            let part = if end.is_empty() {
                "empty"
            } else {
                "no date and no time"
            };
            bad(&table(2, "oki", &keys), &at("expires"), part);
        }
        bad(
            &table(2, "oki", &format!("{viewer}\ncolour = 1")),
            &at("colour"),
            "no such key",
        );
        let twice = format!("{viewer}\nhash_file = \"hash\"");
        bad(&table(2, "oki", &twice), &at("hash_file"), "beside `hash`");
        let none = format!("[[http.token]]\nname = \"oki\"\n{viewer}\n");
        bad(&none, &at("hash"), "pantau token new");
        for name in ["a (token)", " a", "-", "a\\\"b"] {
            let errors = problems(&table(2, name, viewer));
            assert!(errors.to_string().contains("is no name"), "{errors}");
        }
    }

    #[test]
    fn what_is_no_hash_of_a_random_token_is_refused_and_not_repeated() {
        let with = |hash: &str| {
            format!("[[http.token]]\nname = \"oki\"\nrole = \"viewer\"\nhash = \"{hash}\"\n")
        };
        for (hash, part) in [
            ("hunter2", "is no `sha256:`"),
            ("sha256:abc", "is no `sha256:`"),
            (
                "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
                "a password is no token",
            ),
            (
                "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
                "a password is no token",
            ),
            (&TokenHash::of("changeme").to_string(), "everybody knows"),
        ] {
            bad(&with(hash), "http.token[0] (oki).hash", part);
            let shown = problems(&with(hash)).to_string();
            assert!(!shown.contains(hash), "{shown}");
        }
        let shared = "[http]\ntoken = \"hunter2-hunter2-hunter2\"";
        bad(shared, "http.token", "never stands in the configuration");
        assert!(!problems(shared).to_string().contains("hunter2"));
    }

    #[test]
    fn each_has_a_token_and_a_name_of_his_own() {
        let viewer = "role = \"viewer\"";
        let two = |a: (u8, &str), b: (u8, &str)| {
            [table(a.0, a.1, viewer), table(b.0, b.1, viewer)].concat()
        };
        bad(
            &two((2, "oki"), (3, "Oki.")),
            "http.token[1] (Oki.).name",
            "http.token[0] (oki)",
        );
        bad(
            &two((2, "oki"), (2, "edi")),
            "http.token[1] (edi).hash",
            "http.token[0] (oki)",
        );
        let shared = format!(
            "[http]\ntoken_file = \"shared\"\n{}",
            table(2, "oki", viewer)
        );
        bad(&shared, "http.token_file", "beside [[http.token]]");
        let many: String = (0..=TOKENS_MAX)
            .map(|n| {
                let hash = TokenHash::of(&format!("p{n}"));
                format!("[[http.token]]\nname = \"p{n}\"\nrole = \"viewer\"\nhash = \"{hash}\"\n")
            })
            .collect();
        bad(&many, "http.token[256]", "more than 256");
    }

    #[test]
    fn a_token_near_its_end_or_past_it_is_spoken_of_and_starts_all_the_same() {
        let config = good(&table(
            2,
            "oki",
            "role = \"chief\"\nexpires = \"2027-01-01T00:00:00Z\"",
        ));
        let said = |now: &str| {
            let cautions = config.cautions(Wall::parse_rfc3339(now).unwrap());
            cautions.first().map(ToString::to_string)
        };
        assert_eq!(said("2026-10-01T00:00:00Z"), None);
        for (now, part) in [
            ("2025-01-01T00:00:00Z", "expires only at"),
            ("2026-12-20T00:00:00Z", "expires at 2027-01-01"),
            ("2027-01-01T00:00:00Z", "expired at 2027-01-01"),
        ] {
            let said = said(now).unwrap();
            assert!(said.starts_with("http.token[0] (oki).expires: "), "{said}");
            assert!(
                said.contains(part) && said.contains("pantau token new"),
                "{said}"
            );
        }
    }
}
