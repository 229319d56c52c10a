//! All profiles by id: the built-in ones, and a user's directory on top.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::check;
use super::model::Profile;
use super::schema::RawProfile;

/// The texts of `device-profiles/*/profile.toml`.
const BUILT_IN: &[&str] = include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// Where a profile comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Part of the program.
    BuiltIn,
    /// A file of the user's.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// One thing that is wrong with one profile file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileProblem {
    /// The file.
    pub origin: Origin,
    /// The key and what is wrong with it.
    pub text: String,
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.text)
    }
}

/// Why profiles could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A file or directory could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// One or more profiles are wrong.
    #[error("{} in device profiles: {}", count(.0.len()), join(.0))]
    Invalid(Vec<ProfileProblem>),
}

fn count(n: usize) -> String {
    format!("{n} problem{}", if n == 1 { "" } else { "s" })
}

fn join(problems: &[ProfileProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Why an id names no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no profile named `{id}`{}", near_text(.near))]
pub struct LookupError {
    /// What was asked for.
    pub id: String,
    /// Ids that look like it, best first.
    pub near: Vec<String>,
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() {
        "; `pantau profile list` shows them all".to_owned()
    } else {
        format!("; near: {}", near.join(", "))
    }
}

/// All profiles by id.
#[derive(Clone, Debug)]
pub struct Registry {
    profiles: BTreeMap<Arc<str>, (Origin, Arc<Profile>)>,
}

impl Registry {
    /// The built-in profiles.
    ///
    /// # Panics
    ///
    /// When a built-in profile is wrong, which a test excludes.
    pub fn built_in() -> Self {
        let mut profiles = BTreeMap::new();
        for text in BUILT_IN {
            let profile = parse(text, &Origin::BuiltIn)
                .unwrap_or_else(|problems| panic!("built-in profile: {}", join(&problems)));
            profiles.insert(
                Arc::clone(&profile.id),
                (Origin::BuiltIn, Arc::new(profile)),
            );
        }
        Self { profiles }
    }

    /// Adds the profiles of a directory: `*/profile.toml` and `*.toml`. They win
    /// over built-in ones of the same id.
    ///
    /// # Errors
    ///
    /// [`ProfileError::Read`] when it cannot be read, [`ProfileError::Invalid`]
    /// with every problem of every file.
    pub fn add_directory(&mut self, directory: &Path) -> Result<(), ProfileError> {
        let mut problems = Vec::new();
        for path in profile_files(directory)? {
            match load(&path) {
                Ok(profile) => {
                    let id = Arc::clone(&profile.id);
                    self.profiles
                        .insert(id, (Origin::File(path), Arc::new(profile)));
                }
                Err(ProfileError::Invalid(more)) => problems.extend(more),
                Err(error) => return Err(error),
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ProfileError::Invalid(problems))
        }
    }

    /// The profile of this id.
    ///
    /// # Errors
    ///
    /// [`LookupError`] with ids that look like it.
    pub fn get(&self, id: &str) -> Result<&Arc<Profile>, LookupError> {
        self.profiles
            .get(id)
            .map(|(_, profile)| profile)
            .ok_or_else(|| LookupError {
                id: crate::error::excerpt(id, 64),
                near: self.near(id),
            })
    }

    /// Every profile with its origin, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&Origin, &Arc<Profile>)> {
        self.profiles
            .values()
            .map(|(origin, profile)| (origin, profile))
    }

    fn near(&self, id: &str) -> Vec<String> {
        let mut near: Vec<(usize, String)> = self
            .profiles
            .keys()
            .map(|known| (distance(id, known), known.to_string()))
            .filter(|(distance, known)| *distance <= known.len().div_ceil(3) || known.contains(id))
            .collect();
        near.sort();
        near.into_iter().take(3).map(|(_, known)| known).collect()
    }
}

/// Reads and checks one profile file.
///
/// # Errors
///
/// As [`Registry::add_directory`].
pub(crate) fn load(path: &Path) -> Result<Profile, ProfileError> {
    let text = std::fs::read_to_string(path).map_err(|source| ProfileError::Read {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, &Origin::File(path.to_owned())).map_err(ProfileError::Invalid)
}

impl Profile {
    /// Reads and checks one profile file, or `profile.toml` in a directory.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or with everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        if path.is_dir() {
            load(&path.join("profile.toml"))
        } else {
            load(path)
        }
    }
}

fn parse(text: &str, origin: &Origin) -> Result<Profile, Vec<ProfileProblem>> {
    let problem = |text: String| ProfileProblem {
        origin: origin.clone(),
        text,
    };
    let raw: RawProfile = toml::from_str(text)
        .map_err(|error| vec![problem(error.to_string().trim_end().to_owned())])?;
    check(raw).map_err(|problems| problems.into_iter().map(problem).collect())
}

fn profile_files(directory: &Path) -> Result<Vec<PathBuf>, ProfileError> {
    let read = |source| ProfileError::Read {
        path: directory.to_owned(),
        source,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(read)? {
        let path = entry.map_err(read)?.path();
        let inside = path.join("profile.toml");
        if path.is_dir() && inside.is_file() {
            files.push(inside);
        } else if path.extension().is_some_and(|ext| ext == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Edit distance between two short texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(ca != *cb))
                .min(left + 1)
                .min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance() {
        assert_eq!(distance("mightyohm", "mightyohm"), 0);
        assert_eq!(distance("mightohm", "mightyohm"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
