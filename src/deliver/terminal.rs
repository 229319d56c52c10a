//! Events on a terminal, a printer or any other device that takes lines.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::Attempt;
use super::log::Language;
use crate::activation::Event;

/// Rings the bell of a terminal.
const BELL: char = '\u{7}';

/// A device that lines are written to.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// The device.
    pub device: PathBuf,
    /// The languages.
    pub language: Language,
}

impl Terminal {
    /// One attempt.
    pub(super) async fn write(&self, event: &Event) -> Attempt {
        let text = self.text(event);
        let device = self.device.clone();
        let write = move || -> io::Result<()> {
            let mut file = File::options().append(true).open(device)?;
            file.write_all(text.as_bytes())?;
            file.flush()
        };
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => Attempt::Accepted,
            Ok(Err(error)) => Attempt::Later {
                error: error.to_string(),
                after: None,
            },
            Err(error) => Attempt::Later {
                error: error.to_string(),
                after: None,
            },
        }
    }

    /// The bell rings for what is new or worse, not for what ends.
    fn text(&self, event: &Event) -> String {
        let mut text = String::new();
        let digested = event.digest.iter().flat_map(|line| &line.why);
        let is_new = |why: &String| matches!(why.as_str(), "raised" | "risen" | "reopened");
        if std::iter::once(&event.why).chain(digested).any(is_new) {
            text.push(BELL);
        }
        for words in self.language.words(&event.text) {
            text.push_str(&words.headline);
            text.push_str("\r\n");
            for line in &words.lines {
                text.push_str("  ");
                text.push_str(line);
                text.push_str("\r\n");
            }
        }
        for line in self.language.list(event) {
            text.push_str("  ");
            text.push_str(&line);
            text.push_str("\r\n");
        }
        text
    }
}
