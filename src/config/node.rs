//! `[node]`: this station of the network, and `[log]`: what it says of itself.

use std::path::PathBuf;

use super::problem::Refused;
use super::secret::Folders;
use super::section::Section;
use crate::activation::Mode;
use crate::clock::Zone;
use crate::error::excerpt;
use crate::reading::words;

/// The name of a node that is given none.
const NAME: &str = "pantau";

/// The folder of a node that is given none.
const DATA_DIR: &str = "data";

words! {
    /// The language of what people are told.
    pub enum Language {
        /// Bahasa Indonesia.
        Indonesian = "id",
        /// English.
        English = "en",
    }
}

/// `[node]`.
#[derive(Clone, Debug)]
pub struct Node {
    /// `name`: an MQTT topic level, so 1 to 64 letters, digits, `-`, `_`, `.`
    /// or `:`. Default `pantau`.
    pub name: String,
    /// `time_zone`: `UTC`, `WIB`, `WITA`, `WIT` or the zone's IANA name, for
    /// everything that people read. Default `WIB`.
    pub zone: Zone,
    /// `language`: `id` or `en`. Default: both.
    pub language: Option<Language>,
    /// `exercise = true`: everything this node raises is a drill. Default
    /// false: it is real.
    pub mode: Mode,
    /// `data_dir`: the folder of store, journal, cases and closing
    /// records. Default `data`, beside the
    /// configuration file.
    pub data_dir: PathBuf,
    /// `profiles_dir`: a folder of the user's own device profiles, which win
    /// over built-in ones of the same id. Default: none.
    pub profiles_dir: Option<PathBuf>,
}

pub(super) fn read(mut section: Section<'_>, folders: &Folders) -> Node {
    let name = section.name("name");
    let zone = section.parsed("time_zone", |text| {
        Zone::parse(text).ok_or_else(|| {
            Refused::new(format!("no time zone `{}`", excerpt(text, 64)))
                .hint("one of UTC, WIB, WITA, WIT, Asia/Jakarta, Asia/Makassar, Asia/Jayapura")
        })
    });
    let language = section.word("language", Language::from_word, Language::ALL);
    let is_exercise = section.boolean("exercise").unwrap_or(false);
    let data_dir = folders.path(section.text("data_dir").unwrap_or(DATA_DIR));
    if data_dir.exists() && !data_dir.is_dir() {
        let text = format!("`{}` is not a folder", data_dir.display());
        section.refuse("data_dir", Refused::new(text));
    }
    let profiles_dir = section.text("profiles_dir").map(|text| folders.path(text));
    section.finish();
    Node {
        name: name.map_or_else(|| NAME.to_owned(), |name| name.to_string()),
        zone: zone.unwrap_or_default(),
        language,
        mode: if is_exercise {
            Mode::Exercise
        } else {
            Mode::Actual
        },
        data_dir,
        profiles_dir,
    }
}

words! {
    /// How log lines are written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// The least important log lines that are written.
    pub enum LogLevel {
        /// Data was lost, or someone must act.
        Error = "error",
        /// Odd, but nothing lost.
        Warn = "warn",
        /// Changes of state.
        Info = "info",
        /// For the developer.
        Debug = "debug",
        /// For the developer, in every detail.
        Trace = "trace",
    }
}

/// `[log]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// `format`: `text` or `json`. Default `text`.
    pub format: LogFormat,
    /// `level`: `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    pub level: LogLevel,
}

pub(super) fn read_log(mut section: Section<'_>) -> Log {
    let format = section.word("format", LogFormat::from_word, LogFormat::ALL);
    let level = section.word("level", LogLevel::from_word, LogLevel::ALL);
    section.finish();
    Log {
        format: format.unwrap_or(LogFormat::Text),
        level: level.unwrap_or(LogLevel::Info),
    }
}
