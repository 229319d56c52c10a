//! Small files that are replaced as a whole: after a crash the old one is there
//! or the new one, and one that was damaged is known by its hash.
//!
//! Two lines: `{"kind":…,"schema":1,"sha256":"…"}`, then the content; the hash is
//! that of the second line without its end.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::replace::replace;

/// The version of the content that this program writes and reads.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    kind: String,
    schema: u32,
    sha256: String,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// It cannot be read or written.
    #[error("failed to access `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// It is not what was written; it was moved aside.
    #[error("`{}` is damaged ({what}); it is kept as `{}`", path.display(), kept.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// Where it is now.
        kept: PathBuf,
    },
    /// The content cannot be put in words.
    #[error("failed to encode `{}`", path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// Replaces the file at `path`. Returns once it is on the disk.
///
/// # Errors
///
/// When it could not be written; the old one is then still there.
pub fn write(path: &Path, kind: &str, content: &impl Serialize) -> Result<(), SealedError> {
    let encode = |source| SealedError::Encode {
        path: path.to_owned(),
        source,
    };
    let body = serde_json::to_vec(content).map_err(encode)?;
    let head = Head {
        kind: kind.to_owned(),
        schema: SCHEMA,
        sha256: hash(&body),
    };
    let mut text = serde_json::to_vec(&head).map_err(encode)?;
    text.push(b'\n');
    text.extend_from_slice(&body);
    text.push(b'\n');
    replace(path, &text).map_err(|source| SealedError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Reads the file at `path`; `None` when there is none. One that is damaged, or
/// of a later version, is moved aside, so that the next one can be written.
///
/// # Errors
///
/// [`SealedError::Damaged`], or when it cannot be read.
pub fn read<T: DeserializeOwned>(path: &Path, kind: &str) -> Result<Option<T>, SealedError> {
    let io = |source| SealedError::Io {
        path: path.to_owned(),
        source,
    };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    match decode(&bytes, kind) {
        Ok(content) => Ok(Some(content)),
        Err(what) => {
            let kept = aside(path).map_err(io)?;
            Err(SealedError::Damaged {
                path: path.to_owned(),
                what,
                kept,
            })
        }
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8], kind: &str) -> Result<T, String> {
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .ok_or("it has no first line")?;
    let (head, body) = bytes.split_at(end);
    let head: Head = serde_json::from_slice(head).map_err(|_| "its first line cannot be read")?;
    if head.kind != kind {
        return Err(format!(
            "it is of kind `{}`",
            crate::error::excerpt(&head.kind, 32)
        ));
    }
    if head.schema != SCHEMA {
        return Err(format!("it is of version {}", head.schema));
    }
    let body = body.trim_ascii();
    if hash(body) != head.sha256 {
        return Err("its hash does not fit its content".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn aside(path: &Path) -> io::Result<PathBuf> {
    let mut n = 0_u32;
    loop {
        let kept = beside(path, &format!("{n}.damaged"));
        if !kept.try_exists()? {
            fs::rename(path, &kept)?;
            return Ok(kept);
        }
        n += 1;
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("invariant: a string takes any text");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("numbers.json");
        assert_eq!(read::<Vec<u32>>(&path, "numbers").unwrap(), None);
        for numbers in [vec![1, 2, 3], vec![4]] {
            write(&path, "numbers", &numbers).unwrap();
            assert_eq!(read(&path, "numbers").unwrap(), Some(numbers));
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_file_is_named_and_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("numbers.json");
        let good = {
            write(&path, "numbers", &[1, 2, 3]).unwrap();
            fs::read_to_string(&path).unwrap()
        };
        for (n, (bad, part)) in [
            (good.replace("[1,", "[7,"), "hash"),
            (good.replace("\"schema\":1", "\"schema\":2"), "version 2"),
            (good.replace("\"numbers\"", "\"letters\""), "kind `letters`"),
            (good.replacen('\n', "", 2), "no first line"),
            (String::new(), "no first line"),
        ]
        .into_iter()
        .enumerate()
        {
            fs::write(&path, &bad).unwrap();
            let error = read::<Vec<u32>>(&path, "numbers").unwrap_err().to_string();
            assert!(error.contains(part), "`{part}` is not in: {error}");
            assert!(!path.exists());
            let kept = folder.path().join(format!("numbers.json.{n}.damaged"));
            assert_eq!(fs::read_to_string(kept).unwrap(), bad);
        }
    }
}
