//! What is done with the files alone, without a daemon.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::now;
use super::options::{ExportOptions, VerifyOptions};
use crate::cli::output::complain;
use crate::cli::{Args, ask, load};
use crate::exchange::recap_csv;
use crate::pipeline::sources_of_records;
use crate::records::{read_cases, verify_cases, verify_record, write_record};

pub(super) fn export(args: &Args, options: &ExportOptions) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let written = write_record(
        &sources_of_records(&config),
        &options.id,
        &options.to,
        now(),
    )?;
    let answer = json!({
        "case": options.id,
        "folder": written.folder,
        "readings": written.readings,
        "complete": written.missing.is_empty(),
        "missing": written.missing,
        "sha256sums": written.sums,
    });
    ask::document(options.format, &answer)?;
    // It is there, but it is not what has to be kept for 30 years.
    Ok(if written.missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        complain("the record is incomplete; `pantau case locate` says where an instrument stood");
        ExitCode::FAILURE
    })
}

pub(super) fn recap(args: &Args) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let cases = read_cases(&sources_of_records(&config).cases)?;
    ask::text(&recap_csv(&cases, config.node.zone))
}

pub(super) fn verify(args: &Args, options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let store = match &options.store {
        Some(folder) => folder.clone(),
        None => sources_of_records(&load(args.config.as_deref())?).cases,
    };
    let (is_sound, answer) = match &options.dir {
        Some(folder) => verify_folder(folder, &store)?,
        None => verify_store(&store)?,
    };
    ask::document(options.format, &answer)?;
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn verify_store(store: &Path) -> anyhow::Result<(bool, Value)> {
    if !store.is_dir() {
        bail!("there is no case store at `{}`", store.display());
    }
    Ok(match verify_cases(store) {
        Ok(summary) => {
            let (records, head) = (summary.records, summary.head);
            let answer = json!({"store": store, "sound": true, "records": records, "head": head});
            (true, answer)
        }
        Err(error) => {
            let error = error.to_string();
            (
                false,
                json!({"store": store, "sound": false, "error": error}),
            )
        }
    })
}

fn verify_folder(folder: &Path, store: &Path) -> anyhow::Result<(bool, Value)> {
    let cases = read_cases(store).ok(); // a record that left the house has none
    let known = cases
        .as_ref()
        .and_then(|cases| cases.get(&case_of(folder)?))
        .map(|dossier| dossier.records());
    let known: Vec<&str> = known.iter().flatten().map(|(sums, _)| *sums).collect();
    let failed = || format!("`{}` is no record", folder.display());
    let own = verify_record(folder, None).with_context(failed)?;
    let with_store = verify_record(folder, Some(&known)).with_context(failed)?;
    let is_known = own == with_store;
    // A copy that somebody exported is not in the store; what the daemon wrote is.
    let differences = if is_among_records(folder, store) {
        with_store
    } else {
        own
    };
    if differences.is_empty() && !is_known {
        complain("the record is as it was written, but the case store does not know it");
    }
    let list: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let answer = json!({
        "record": folder,
        "sound": list.is_empty(),
        "known_to_the_store": is_known,
        "differences": list,
    });
    Ok((list.is_empty(), answer))
}

/// Which case a record says it is of.
fn case_of(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join("case.json")).ok()?;
    let document: Value = serde_json::from_str(&text).ok()?;
    document.pointer("/case/id")?.as_str().map(str::to_owned)
}

/// Whether it lies where the daemon of this store writes its records.
fn is_among_records(folder: &Path, store: &Path) -> bool {
    let home = |path: &Path| Some(path.canonicalize().ok()?.parent()?.to_owned());
    let records = home(store).map(|data| data.join("records"));
    records.is_some() && home(folder) == records
}
