//! Build script: embeds every `device-profiles/*/profile.toml` in the binary.
#![expect(clippy::print_stdout, reason = "cargo reads a build script's output")]

use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let profiles = Path::new(&root).join("device-profiles");
    println!("cargo::rerun-if-changed={}", profiles.display());
    let mut files: Vec<_> = fs::read_dir(&profiles)
        .expect("device-profiles is part of the repository")
        .map(|entry| entry.expect("a readable entry").path().join("profile.toml"))
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let list: String = files
        .iter()
        .map(|path| format!("include_str!({path:?}),\n"))
        .collect();
    fs::write(Path::new(&out).join("profiles.rs"), format!("&[\n{list}]"))
        .expect("OUT_DIR is writable");
}
