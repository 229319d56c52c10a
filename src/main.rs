//! The `pantau` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    pantau::cli::main()
}
