//! The log, and the names of everything that is counted.

mod one_line;

pub mod names;

use one_line::OneLine;

use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines that may wait for standard error. When it is full, lines are dropped:
/// a stalled terminal or log service delays no alarm.
const LINES_BOUND: usize = 16_384;

/// Writes what is left of the log when it is dropped.
pub use tracing_appender::non_blocking::WorkerGuard as LogGuard;

/// Starts the log on standard error, written by a thread of its own. `level` is
/// a level, or a filter as tracing's `EnvFilter` reads it.
///
/// # Errors
///
/// When the filter cannot be read.
pub fn start_log(level: &str, format: LogFormat) -> Result<LogGuard, String> {
    // The client library logs each packet identifier it sees twice.
    let filter = EnvFilter::try_new(format!("{level},rumqttc=error,rumqttd=off"))
        .map_err(|error| format!("log level `{}`: {error}", crate::error::excerpt(level, 40)))?;
    let (writer, guard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_BOUND)
        .thread_name("log")
        .finish(std::io::stderr());
    let has_colours = format == LogFormat::Text
        && std::io::IsTerminal::is_terminal(&std::io::stderr())
        && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(OneLine::new(writer, format, has_colours))
        .with_ansi(has_colours);
    let started = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| error.to_string())?;
    Ok(guard)
}
