//! The key that signs heads: made at the first start, in a file that only its
//! owner can read.
//!
//! A key that is lost or cannot be read is no reason not to start: there is a new
//! one then, and the journal says so, with both public keys. One that cannot be
//! written down signs until the next start.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SECRET_KEY_LENGTH, Signer as _, SigningKey};
use zeroize::Zeroizing;

use super::disk::sync_folder_of;
use super::record::Entry;
use super::signed::{PublicKey, public_keys, signed_text};
use crate::activation::SignedHead;
use crate::clock::Wall;
use crate::store::replace::replace;

/// What the journal calls the key when it changes.
pub(super) const KEY: &str = "journal key";

/// The secret key, in the folder of what is kept.
pub const SECRET_FILE: &str = "journal.key";

/// The public keys beside it, the one in use first.
pub const PUBLIC_FILE: &str = "journal.pub";

/// Bits of a mode that let others in.
const OTHERS: u32 = 0o077;

/// What is wrong with a key or its file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It cannot be read.
    #[error("failed to read key `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// It is no key.
    #[error("`{}` holds no key", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner can read it.
    #[error("key `{}` can be read by others: chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// A new one cannot be written down; it signs until the next start.
    #[error("failed to write key `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
    /// There is no randomness to make a key of.
    #[error("failed to make a key")]
    Random(#[source] getrandom::Error),
}

/// What signs heads.
#[derive(Debug)]
pub struct Signer {
    key: SigningKey, // wipes itself, and prints its public half only
    node: String,
}

/// The key, and what became of it.
#[derive(Debug)]
pub struct Keys {
    /// Absent when none could be made.
    pub signer: Option<Signer>,
    /// For the journal, when it is not the key recorded last.
    pub changed: Option<Entry>,
    /// What is to be said.
    pub problems: Vec<KeyError>,
}

impl Signer {
    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::new(self.key.verifying_key())
    }

    /// Signs a head.
    pub fn sign(&self, seq: u64, hash: &str, at: Wall) -> SignedHead {
        let at = at.to_string();
        let text = signed_text(&self.node, seq, hash, &at);
        let signature = self.key.sign(text.as_bytes());
        SignedHead {
            node: self.node.clone(),
            seq,
            hash: hash.to_owned(),
            at,
            key: self.public().to_string(),
            signature: STANDARD.encode(signature.to_bytes()),
        }
    }
}

/// The key of a folder, or a new one. `recorded` is the public key that the
/// journal recorded last.
pub fn open_keys(folder: &Path, node: &str, recorded: Option<&str>) -> Keys {
    let path = folder.join(SECRET_FILE);
    let mut problems = Vec::new();
    let key = match load(&path, &mut problems) {
        Ok(Some(key)) => Some(key),
        Ok(None) => make(&path, &mut problems),
        Err(error) => {
            problems.push(error);
            set_aside(&path);
            make(&path, &mut problems)
        }
    };
    let signer = key.map(|key| Signer {
        key,
        node: node.to_owned(),
    });
    let mut changed = None;
    if let Some(signer) = &signer {
        let public = signer.public();
        let path = folder.join(PUBLIC_FILE);
        if let Err(source) = publish(&path, &public) {
            problems.push(KeyError::Write { path, source });
        }
        let public = public.to_string();
        changed = (recorded != Some(public.as_str())).then(|| Entry::Changed {
            what: KEY.to_owned(),
            old: recorded.unwrap_or("-").to_owned(),
            new: public,
            by: "pantau".to_owned(),
        });
    }
    Keys {
        signer,
        changed,
        problems,
    }
}

fn load(path: &Path, problems: &mut Vec<KeyError>) -> Result<Option<SigningKey>, KeyError> {
    let read = |source| KeyError::Read {
        path: path.to_owned(),
        source,
    };
    let text = match fs::read(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(read(error)),
    };
    let mode = fs::metadata(path).map_err(read)?.permissions().mode();
    if mode & OTHERS != 0 {
        let path = path.to_owned();
        problems.push(KeyError::Open { path });
    }
    let bytes = STANDARD.decode(text.trim_ascii()).map(Zeroizing::new);
    let seed = bytes.ok().and_then(|bytes| {
        let seed: [u8; SECRET_KEY_LENGTH] = bytes.as_slice().try_into().ok()?;
        Some(Zeroizing::new(seed))
    });
    match seed {
        Some(seed) => Ok(Some(SigningKey::from_bytes(&seed))),
        None => Err(KeyError::NoKey {
            path: path.to_owned(),
        }),
    }
}

/// What was there may still be of use to somebody who looks.
fn set_aside(path: &Path) {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".bad");
    fs::rename(path, aside).ok(); // it is said already that it cannot be used
}

fn make(path: &Path, problems: &mut Vec<KeyError>) -> Option<SigningKey> {
    let mut seed = Zeroizing::new([0; SECRET_KEY_LENGTH]);
    if let Err(error) = getrandom::fill(seed.as_mut_slice()) {
        problems.push(KeyError::Random(error));
        return None;
    }
    let text = Zeroizing::new(STANDARD.encode(seed.as_slice()) + "\n");
    if let Err(source) = write_private(path, text.as_bytes()) {
        let path = path.to_owned();
        problems.push(KeyError::Write { path, source });
    }
    Some(SigningKey::from_bytes(&seed))
}

/// Puts a file in its place that nobody but its owner could ever read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    sync_folder_of(path)
}

/// Puts a public key before those that were in use earlier.
fn publish(path: &Path, key: &PublicKey) -> io::Result<()> {
    let known = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    if public_keys(&known).first() == Some(key) {
        return Ok(());
    }
    replace(path, (key.pem() + &known).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(keys: &Keys) -> String {
        keys.signer.as_ref().unwrap().public().to_string()
    }

    #[test]
    fn a_key_is_made_once_and_every_other_one_is_recorded() {
        let folder = tempfile::tempdir().unwrap();
        let first = open_keys(folder.path(), "serpong", None);
        let old = public(&first);
        assert!(first.problems.is_empty());
        assert!(matches!(first.changed, Some(Entry::Changed { old, .. }) if old == "-"));
        let again = open_keys(folder.path(), "serpong", Some(&old));
        assert_eq!((public(&again), again.changed), (old.clone(), None));

        fs::remove_file(folder.path().join(SECRET_FILE)).unwrap();
        let other = open_keys(folder.path(), "serpong", Some(&old));
        let new = public(&other);
        assert_ne!(new, old);
        let named = Entry::Changed {
            what: KEY.to_owned(),
            old: old.clone(),
            new: new.clone(),
            by: "pantau".to_owned(),
        };
        assert_eq!(other.changed, Some(named));
        let known = fs::read_to_string(folder.path().join(PUBLIC_FILE)).unwrap();
        let known: Vec<String> = public_keys(&known)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(known, [new, old], "the one in use first");
    }

    #[test]
    fn a_key_that_others_can_read_is_said_and_one_that_is_none_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let first = public(&open_keys(folder.path(), "serpong", None));
        let path = folder.path().join(SECRET_FILE);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let open = open_keys(folder.path(), "serpong", Some(&first));
        assert!(matches!(open.problems.as_slice(), [KeyError::Open { .. }]));
        assert_eq!(public(&open), first);
        fs::write(&path, "c2hvcnQ=").unwrap();
        let other = open_keys(folder.path(), "serpong", Some(&first));
        assert!(matches!(
            other.problems.as_slice(),
            [KeyError::Open { .. }, KeyError::NoKey { .. }]
        ));
        assert_ne!(public(&other), first);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & OTHERS, 0);
    }

    #[test]
    fn a_key_that_cannot_be_written_signs_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let keys = open_keys(&file, "serpong", None);
        assert!(!keys.problems.is_empty() && keys.changed.is_some());
        let signer = keys.signer.unwrap();
        let head = signer.sign(7, &"0".repeat(64), Wall::from_secs(0).unwrap());
        assert!(crate::journal::is_signed_by(&head, &signer.public()));
        let other = SignedHead { seq: 8, ..head };
        assert!(!crate::journal::is_signed_by(&other, &signer.public()));
    }
}
