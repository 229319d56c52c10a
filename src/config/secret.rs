//! Passwords, keys and tokens: they come from files and are never printed.

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::problem::Refused;
use crate::error::excerpt;

/// Largest file that is taken for a secret: 16 KiB.
const MAX_BYTES: u64 = 16 * 1024;

/// A text that must not be seen. `Debug` prints `***`; there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, without the line end of its file. Not for logs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Secret {
    /// Reads the secret in a file that is named on the command line.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, in one line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let folders = Folders::default();
        let read = folders.secret(&path.to_string_lossy());
        read.map_err(|refused| refused.to_string())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where the files of a configuration are.
#[derive(Clone, Debug, Default)]
pub(super) struct Folders {
    /// The folder of the configuration file: relative paths begin here.
    pub(super) base: PathBuf,
    /// Where the service manager puts credentials (`CREDENTIALS_DIRECTORY`).
    pub(super) credentials: Option<PathBuf>,
}

impl Folders {
    /// A path of the configuration.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }

    /// Permission bits that a secret's file must not have.
    ///
    /// systemd grants a service its credentials by an access list, whose mask
    /// shows as permission of the group though the group has none.
    fn forbidden_bits(&self, path: &Path) -> u32 {
        match &self.credentials {
            Some(folder) if path.starts_with(folder) => 0o037,
            _ => 0o077,
        }
    }

    /// Reads the secret in a file.
    pub(super) fn secret(&self, text: &str) -> Result<Secret, Refused> {
        let path = self.path(text);
        let shown = excerpt(&path.to_string_lossy(), 200);
        let unreadable =
            |error: std::io::Error| Refused::new(format!("cannot read `{shown}`: {error}"));
        // Opening a pipe would wait for ever, so look before.
        if !fs::metadata(&path).map_err(unreadable)?.is_file() {
            return Err(Refused::new(format!("`{shown}` is not a file")));
        }
        let file = fs::File::open(&path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.permissions().mode();
        if mode & self.forbidden_bits(&path) != 0 {
            return Err(Refused::new(format!(
                "others may read or change `{shown}` (mode {:03o})",
                mode & 0o777
            ))
            .hint(format!("chmod 600 {shown}")));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(Refused::new(format!(
                "`{shown}` is larger than {MAX_BYTES} bytes"
            )));
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(Refused::new(format!("`{shown}` is not UTF-8 text")));
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(Refused::new(format!("`{shown}` is empty")));
        }
        if text.contains(char::is_control) {
            return Err(Refused::new(format!(
                "`{shown}` holds more than one line, or control characters"
            )));
        }
        Ok(Secret(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, mode: u32, content: &[u8]) {
        let path = folder.join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[track_caller]
    fn check(mode: u32, content: &[u8], expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), mode, content);
        let folders = Folders {
            base: folder.path().to_owned(),
            credentials: None,
        };
        match (folders.secret("secret"), expected) {
            (Ok(secret), Ok(text)) => assert_eq!(secret.expose(), text),
            (Err(refused), Err(part)) => {
                let text = format!("{refused:?}");
                assert!(text.contains(part), "`{part}` is not in: {text}");
            }
            (got, expected) => panic!("got {got:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn a_secret_is_the_one_line_of_a_file_nobody_else_reads() {
        check(0o600, b"007\n", Ok("007"));
        check(0o400, b"with blank \r\n", Ok("with blank "));
        check(0o600, b"\n", Err("is empty"));
        check(0o600, b"two\nlines\n", Err("more than one line"));
        check(0o600, &[0xff, 0xfe], Err("not UTF-8"));
        check(0o600, &vec![b'x'; 16_385], Err("larger than"));
        check(0o640, b"x", Err("chmod 600"));
        check(0o604, b"x", Err("mode 604"));
        check(0o602, b"x", Err("chmod 600"));
    }

    #[test]
    fn a_credential_of_the_service_manager_may_show_the_mask_of_its_access_list() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders {
            base: PathBuf::new(),
            credentials: Some(folder.path().to_owned()),
        };
        let path = folder.path().join("secret");
        write(folder.path(), 0o440, b"x\n");
        assert!(folders.secret(path.to_str().unwrap()).is_ok());
        write(folder.path(), 0o444, b"x\n");
        assert!(folders.secret(path.to_str().unwrap()).is_err());
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
    }

    #[test]
    fn a_folder_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders {
            base: folder.path().to_owned(),
            credentials: None,
        };
        assert!(format!("{:?}", folders.secret(".")).contains("is not a file"));
        assert!(format!("{:?}", folders.secret("none")).contains("cannot read"));
    }
}
