//! `firmware-mocks`: runs one mock by hand until it is told to stop.
//!
//! Results go to stdout, one JSON object a line, the port first; errors to stderr.

mod cli;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::run(cli::Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::complain(&error);
            ExitCode::FAILURE
        }
    }
}
