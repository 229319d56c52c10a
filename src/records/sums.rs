//! `SHA256SUMS`: written, and checked.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The file with the sums; `sha256sum -c` reads it, too.
pub const SUMS: &str = "SHA256SUMS";

/// What is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A file is gone.
    Missing(String),
    /// A file was changed.
    Changed(String),
    /// A file was added.
    Added(String),
    /// A line of the sums is none.
    Line(usize),
    /// The sums themselves are not those that the case store knows.
    Sums,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "`{name}` is missing"),
            Self::Changed(name) => write!(f, "`{name}` is not as it was written"),
            Self::Added(name) => write!(f, "`{name}` was added"),
            Self::Line(line) => write!(f, "line {line} of `{SUMS}` is no sum"),
            Self::Sums => write!(f, "`{SUMS}` is not the one that the case store knows"),
        }
    }
}

/// A file that is hashed while it is written, and synced in the end.
#[derive(Debug)]
pub(super) struct Hashed {
    file: io::BufWriter<File>,
    hasher: Sha256,
}

impl Hashed {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: io::BufWriter::new(File::create_new(path)?),
            hasher: Sha256::new(),
        })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.file.write_all(bytes)
    }

    /// Syncs it and gives its sum, in hexadecimal.
    pub(super) fn finish(self) -> io::Result<String> {
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(hex(&self.hasher.finalize()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sum of a text.
pub(super) fn sum_of(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

fn sum_of_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

/// The text of the sums: a line for each file, and remarks that begin with `#`.
pub(super) fn sums_text(remarks: &[String], sums: &BTreeMap<&str, String>) -> String {
    let remarks = remarks.iter().map(|remark| format!("# {remark}\n"));
    let lines = sums.iter().map(|(name, sum)| format!("{sum}  {name}\n"));
    remarks.chain(lines).collect()
}

/// Compares a folder with its sums, and these with the hashes of them that the
/// case store knows, where it is asked. Nothing is different when the list is
/// empty.
///
/// # Errors
///
/// When the folder or its sums cannot be read.
pub fn verify_record(folder: &Path, known: Option<&[&str]>) -> io::Result<Vec<Difference>> {
    let text = fs::read_to_string(folder.join(SUMS))?;
    let mut differences = Vec::new();
    let sum = sum_of(text.as_bytes());
    if known.is_some_and(|known| !known.contains(&sum.as_str())) {
        differences.push(Difference::Sums);
    }
    let mut named = vec![SUMS.to_owned()];
    for (n, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            continue;
        }
        let is_name = |name: &&str| !name.is_empty() && !name.contains(['/', '\\']);
        let Some((sum, name)) = line.split_once("  ").filter(|(_, name)| is_name(name)) else {
            differences.push(Difference::Line(n + 1));
            continue;
        };
        named.push(name.to_owned());
        match sum_of_file(&folder.join(name)) {
            Ok(found) if found == sum => {}
            Ok(_) => differences.push(Difference::Changed(name.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                differences.push(Difference::Missing(name.to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    let mut added = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !named.contains(&name) {
            added.push(name);
        }
    }
    added.sort();
    differences.extend(added.into_iter().map(Difference::Added));
    Ok(differences)
}
