//! What is wrong with a configuration: where, what, and what to do about it.

use std::cell::RefCell;
use std::fmt;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The key, for example `instrument[0] (roof).serial.port`; for syntax
    /// errors the place in the file, for the environment the variable's name.
    pub path: String,
    /// What is wrong, in one line.
    pub text: String,
    /// What would be right, in one line.
    pub hint: Option<String>,
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.text)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a configuration; at least one problem.
///
/// Displays one problem a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file that was read, or `built-in defaults`.
    pub file: String,
    /// In the order of the tables in this module's documentation.
    pub problems: Vec<ConfigProblem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Why one value is refused; its path is known where it is read.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    text: String,
    hint: Option<String>,
}

impl Refused {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            hint: None,
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Adds to the text, for example which variable set the value.
    pub(super) fn and(mut self, more: &str) -> Self {
        self.text.push_str(more);
        self
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hint {
            Some(hint) => write!(f, "{}; {hint}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Collects problems while the sections of one tree are read.
///
/// Shared between sections that are open at the same time, hence the cell.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: RefCell<Vec<ConfigProblem>>,
}

impl Problems {
    pub(super) fn add(&self, path: impl Into<String>, refused: Refused) {
        self.list.borrow_mut().push(ConfigProblem {
            path: path.into(),
            text: refused.text,
            hint: refused.hint,
        });
    }

    pub(super) fn into_list(self) -> Vec<ConfigProblem> {
        self.list.into_inner()
    }
}
