//! The file and the environment, laid over each other into one tree.
//!
//! Values of the environment stay text here: a token `007` must not become the
//! number 7. What is a number is decided where it is read.

use std::collections::BTreeMap;

use config::{Environment, File, FileFormat, Map, Source, Value};
use toml::de::DeTable;

use super::problem::{Problems, Refused};
use super::section::{NO_SUCH_KEY, Table};
use crate::error::excerpt;

/// The origin of values that the environment set, as `config` names it.
pub(super) const ENVIRONMENT: &str = "the environment";

/// Variables that begin with this belong to Pantau.
const PREFIX: &str = "PANTAU_";

/// Stands between the parts of a key.
const SEPARATOR: &str = "__";

/// Lists of tables. A variable can't name an element, and would replace the
/// whole list.
const LISTS: &[&str] = &["area", "instrument", "site", "subscriber"];

/// Most syntax errors that are reported: after a few they follow from each other.
const MAX_SYNTAX_ERRORS: usize = 10;

/// The variable that sets a key.
pub(super) fn variable(path: &str) -> String {
    format!("{PREFIX}{}", path.replace('.', SEPARATOR).to_uppercase())
}

/// Lays the environment over the text of a file.
///
/// `None` when the text is not TOML; nothing else can be checked then.
pub(super) fn merge(
    text: &str,
    env: impl Iterator<Item = (String, String)>,
    problems: &Problems,
) -> Option<Table> {
    let variables = own_variables(env, problems);
    let (_, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors.iter().take(MAX_SYNTAX_ERRORS) {
            let at = error.span().map_or(0, |span| span.start);
            let message: Vec<&str> = error.message().lines().collect();
            problems.add(place(text, at), Refused::new(message.join(", ")));
        }
        return None;
    }
    let file = match File::from_str(text, FileFormat::Toml).collect() {
        Ok(table) => plain_keys(table, problems),
        Err(error) => {
            // Numbers that no machine number holds are all that is left.
            problems.add(
                "configuration",
                Refused::new(excerpt(&error.to_string(), 200)),
            );
            return None;
        }
    };
    let environment = Environment::default()
        .prefix("PANTAU")
        .prefix_separator("_")
        .separator(SEPARATOR)
        .source(Some(variables.into_iter().collect()));
    let merged = config::Config::builder()
        .add_source(Tree(file))
        .add_source(environment)
        .build()
        .and_then(|merged| merged.collect());
    match merged {
        Ok(table) => Some(table),
        Err(error) => {
            problems.add(
                "environment",
                Refused::new(excerpt(&error.to_string(), 200)),
            );
            None
        }
    }
}

/// `line 3, column 7` of a byte of the text, both from 1.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    format!("line {line}, column {column}")
}

/// Drops keys that `config` would read as a path into the tree: `"a[9999]"`
/// makes a list of that length.
fn plain_keys(table: Table, problems: &Problems) -> Table {
    let is_plain = |key: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        !key.is_empty() && key.chars().all(good)
    };
    let (plain, odd): (Table, Table) = table.into_iter().partition(|(key, _)| is_plain(key));
    let mut odd: Vec<String> = odd.into_keys().collect();
    odd.sort();
    for key in odd {
        let path = format!("`{}`", excerpt(&key, 64));
        problems.add(path, Refused::new(NO_SUCH_KEY));
    }
    plain
}

/// The variables that may be keys; the others of our prefix are problems.
fn own_variables(
    env: impl Iterator<Item = (String, String)>,
    problems: &Problems,
) -> BTreeMap<String, String> {
    let ours: BTreeMap<String, String> = env.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    ours.iter()
        .filter(|(name, _)| match refused_name(name, &ours) {
            Some(refused) => {
                problems.add(excerpt(name, 100), refused);
                false
            }
            None => true,
        })
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn refused_name(name: &str, all: &BTreeMap<String, String>) -> Option<Refused> {
    let parts: Vec<&str> = name.strip_prefix(PREFIX)?.split(SEPARATOR).collect();
    let form = "PANTAU_SECTION__KEY in capitals, for example PANTAU_HTTP__LISTEN";
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if parts.len() < 2
        || !parts
            .iter()
            .all(|p| !p.is_empty() && p.chars().all(is_capital))
    {
        return Some(Refused::new("names no key of the configuration").hint(form));
    }
    let section = parts.first()?.to_lowercase();
    if LISTS.contains(&section.as_str()) {
        return Some(
            Refused::new(format!("[[{section}]] cannot be set by the environment"))
                .hint("set it in the configuration file"),
        );
    }
    let inside = format!("{name}{SEPARATOR}");
    all.keys()
        .any(|other| other.starts_with(&inside))
        .then(|| Refused::new("names a table, and another variable a key in it"))
}

/// A tree that is loaded already, as a layer of the configuration.
#[derive(Clone, Debug)]
struct Tree(Table);

impl Source for Tree {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, config::ConfigError> {
        Ok(self.0.clone())
    }
}
