//! `pantau case`, `decide` and `deadlines`: what people do to cases.
//!
//! Acts go through the running daemon. What only reads (`export`, `recap`,
//! `verify`, `show --personal`) reads the files, so that whoever may read them
//! needs no daemon.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Map, Value, json};

use super::ask::{self, Options};
use super::output::{Out, complain, format_or_default, table};
use super::{Args, Format, load};
use crate::casework::{Look, case_number};
use crate::clock::{Clock, Wall};
use crate::exchange::recap_csv;
use crate::pipeline::sources_of_records;
use crate::records::{read_cases, verify_cases, verify_record, write_record};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Open a case from a report.
    Open(Box<OpenOptions>),
    /// One case, or what was done about an activation.
    Show(ShowOptions),
    /// All cases, the newest first.
    List(Options),
    /// Record that the form of annex IV arrived, or more of it.
    Form(FormOptions),
    /// Record steps of the guideline that were done.
    Step(StepOptions),
    /// Set the event as one of a facility or a special event.
    Track(TrackOptions),
    /// Record the response status that a person decided.
    Decide(DecideOptions),
    /// Say that an activation belongs to the case.
    Attach(AttachOptions),
    /// Say that an activation does not belong to the case.
    Detach(AttachOptions),
    /// Record that source, environment or both are recovered.
    Recovered(RecoveredOptions),
    /// Say where an instrument without a position stood.
    Locate(LocateOptions),
    /// Record a remark.
    Note(ActOptions),
    /// Close a case; its record is written then.
    Close(ActOptions),
    /// Write the record of a case; needs no running daemon.
    Export(ExportOptions),
    /// The recapitulation of annex V as CSV; needs no running daemon.
    Recap,
    /// Check the case store, or a record with its store; needs no running daemon.
    Verify(VerifyOptions),
}

/// Who acts, and what for.
#[derive(Debug, ClapArgs)]
pub(super) struct Person {
    #[command(flatten)]
    common: Options,
    /// Your name.
    #[arg(long)]
    name: String,
    /// A remark.
    #[arg(long)]
    note: String,
    /// Your office, such as "Ketua STD".
    #[arg(long)]
    role: Option<String>,
    /// When it happened, RFC 3339; default now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct OpenOptions {
    #[command(flatten)]
    person: Person,
    /// The report as a JSON file with the fields of annex IV; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// loss_facility, found_facility, found_orphan or loss_abroad.
    #[arg(long)]
    event: Option<String>,
    /// Category of the source, 1 to 5.
    #[arg(long)]
    category: Option<u8>,
    /// Potentially dangerous to public and environment: true or false.
    #[arg(long)]
    dangerous: Option<bool>,
    /// Short description.
    #[arg(long)]
    description: Option<String>,
    /// Where it happened.
    #[arg(long)]
    location: Option<String>,
    /// Degrees north.
    #[arg(long, requires = "lon", allow_hyphen_values = true)]
    lat: Option<f64>,
    /// Degrees east.
    #[arg(long, requires = "lat", allow_hyphen_values = true)]
    lon: Option<f64>,
    /// An activation that belongs to it.
    #[arg(long)]
    activation: Option<String>,
    /// Whether it happened on Java; default by the position.
    #[arg(long)]
    java: Option<bool>,
    /// When the report was received, RFC 3339; default now.
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    received_at: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ShowOptions {
    #[command(flatten)]
    common: Options,
    /// The case.
    id: String,
    /// With who reported and who was hurt, from the case store itself.
    #[arg(long)]
    personal: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ActOptions {
    #[command(flatten)]
    person: Person,
    /// The case.
    id: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct FormOptions {
    #[command(flatten)]
    act: ActOptions,
    /// The form as a JSON file; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    report: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct StepOptions {
    #[command(flatten)]
    person: Person,
    /// The case or activation.
    id: String,
    /// The steps, such as `answered` or `verified`.
    #[arg(required = true)]
    steps: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct TrackOptions {
    #[command(flatten)]
    act: ActOptions,
    /// facility or special_event.
    track: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DecideOptions {
    #[command(flatten)]
    person: Person,
    /// The activation or case.
    id: String,
    /// NONE, SIAGA, AKTIF_PARSIAL or AKTIF_TOTAL.
    #[arg(long)]
    status: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AttachOptions {
    #[command(flatten)]
    act: ActOptions,
    /// The activation.
    activation: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RecoveredOptions {
    #[command(flatten)]
    act: ActOptions,
    /// source, environment or both.
    what: String,
}

#[derive(Debug, ClapArgs)]
pub(super) struct LocateOptions {
    #[command(flatten)]
    act: ActOptions,
    /// The instrument.
    #[arg(long)]
    instrument: String,
    /// Degrees north.
    #[arg(long, allow_hyphen_values = true)]
    lat: f64,
    /// Degrees east.
    #[arg(long, allow_hyphen_values = true)]
    lon: f64,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExportOptions {
    /// The case.
    id: String,
    /// A folder that is not there yet.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct VerifyOptions {
    /// A record; without one, the case store is checked.
    dir: Option<PathBuf>,
    /// The case store's folder; default the configuration's.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DeadlinesOptions {
    #[command(flatten)]
    common: Options,
    /// Also those that are done or ended.
    #[arg(long)]
    all: bool,
}

pub(super) fn case(args: &Args, verb: &Verb) -> anyhow::Result<ExitCode> {
    match verb {
        Verb::Open(options) => open(args, options),
        Verb::Show(options) => show(args, options),
        Verb::List(options) => list(args, options),
        Verb::Form(options) => {
            let body = json!({"report": document(&options.report)?});
            act(args, &options.act, "form", body)
        }
        Verb::Step(options) => {
            let body = json!({"steps": options.steps});
            post(args, &options.person, Some(&options.id), "step", body)
        }
        Verb::Track(options) => act(args, &options.act, "track", json!({"track": options.track})),
        Verb::Decide(options) => decide(args, options),
        Verb::Attach(options) => {
            let body = json!({"activation": options.activation});
            act(args, &options.act, "attach", body)
        }
        Verb::Detach(options) => {
            let body = json!({"activation": options.activation});
            act(args, &options.act, "detach", body)
        }
        Verb::Recovered(options) => act(
            args,
            &options.act,
            "recovered",
            json!({"what": options.what}),
        ),
        Verb::Locate(options) => {
            let position = json!({"lat": options.lat, "lon": options.lon});
            let body = json!({"instrument": options.instrument, "position": position});
            act(args, &options.act, "locate", body)
        }
        Verb::Note(options) => act(args, options, "note", json!({})),
        Verb::Close(options) => act(args, options, "close", json!({})),
        Verb::Export(options) => export(args, options),
        Verb::Recap => recap(args),
        Verb::Verify(options) => verify(args, options),
    }
}

pub(super) fn decide(args: &Args, options: &DecideOptions) -> anyhow::Result<ExitCode> {
    let body = json!({"status": options.status});
    post(args, &options.person, Some(&options.id), "decide", body)
}

pub(super) fn deadlines(args: &Args, options: &DeadlinesOptions) -> anyhow::Result<ExitCode> {
    let query: &[(&str, &str)] = if options.all { &[("all", "true")] } else { &[] };
    let clocks = ask::list(ask::get(args, &options.common, "deadlines", query)?)?;
    if format_or_default(options.common.format) == Format::Ndjson {
        return ask::print(&clocks);
    }
    let columns = [
        ("RULE", "/rule"),
        ("STATE", "/state"),
        ("CASE", "/case"),
        ("ACTIVATION", "/activation"),
        ("WHAT", "/what/en"),
        ("WHO", "/who/en"),
        ("DUE", "/due"),
        ("LOCAL", "/due_local"),
        ("EXERCISE", "/exercise"),
    ];
    ask::text(&ask::columns_of(&clocks, &columns))
}

fn open(args: &Args, options: &OpenOptions) -> anyhow::Result<ExitCode> {
    let mut report = match &options.report {
        Some(path) => document(path)?,
        None => json!({}),
    };
    let fields = report
        .as_object_mut()
        .context("the report is no JSON object")?;
    let position = options.lat.zip(options.lon);
    for (name, value) in [
        ("event", options.event.as_ref().map(|text| json!(text))),
        ("category", options.category.map(|number| json!(number))),
        ("dangerous", options.dangerous.map(|is| json!(is))),
        (
            "description",
            options.description.as_ref().map(|text| json!(text)),
        ),
        (
            "location",
            options.location.as_ref().map(|text| json!(text)),
        ),
        (
            "position",
            position.map(|(lat, lon)| json!({"lat": lat, "lon": lon})),
        ),
    ] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    }
    let mut body = json!({"report": report});
    let received = options.received_at.as_ref().or(options.person.at.as_ref());
    for (name, value) in [
        (
            "activation",
            options.activation.as_ref().map(|id| json!(id)),
        ),
        ("java", options.java.map(|is| json!(is))),
        ("received_at", received.map(|at| json!(at))),
    ] {
        if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
            body.insert(name.to_owned(), value);
        }
    }
    post(args, &options.person, None, "open", body)
}

/// A JSON document of a file, or of stdin. Problems name no more than the place.
fn document(path: &Path) -> anyhow::Result<Value> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?
    };
    serde_json::from_str(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        anyhow::anyhow!(
            "`{}` is no JSON, at line {line} column {column}",
            path.display()
        )
    })
}

fn act(args: &Args, options: &ActOptions, act: &str, body: Value) -> anyhow::Result<ExitCode> {
    post(args, &options.person, Some(&options.id), act, body)
}

fn post(
    args: &Args,
    person: &Person,
    id: Option<&str>,
    act: &str,
    mut body: Value,
) -> anyhow::Result<ExitCode> {
    if let Some(body) = body.as_object_mut() {
        sign(body, person, id.is_some());
    }
    let path = match id {
        None => "cases".to_owned(),
        Some(id) if case_number(id).is_some() => format!("cases/{id}/{act}"),
        Some(id) => format!("activations/{id}/{act}"),
    };
    let answer = ask::post(args, &person.common, &path, &body)?;
    if format_or_default(person.common.format) == Format::Ndjson {
        return ask::print(&[answer]);
    }
    ask::text(&shown(&answer))
}

fn sign(body: &mut Map<String, Value>, person: &Person, has_time: bool) {
    body.insert("name".to_owned(), json!(person.name));
    body.insert("note".to_owned(), json!(person.note));
    if let Some(role) = &person.role {
        body.insert("role".to_owned(), json!(role));
    }
    if let Some(at) = person.at.as_ref().filter(|_| has_time) {
        body.insert("at".to_owned(), json!(at));
    }
}

fn list(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let cases = ask::list(ask::get(args, options, "cases", &[])?)?;
    if format_or_default(options.format) == Format::Ndjson {
        return ask::print(&cases);
    }
    let columns = [
        ("ID", "/id"),
        ("STATE", "/state"),
        ("STATUS", "/status"),
        ("TRACK", "/track"),
        ("RECEIVED", "/received_at"),
        ("LOCAL", "/received_local"),
        ("OVERDUE", "/overdue"),
        ("NEXT DUE", "/next_due"),
        ("EXERCISE", "/exercise"),
    ];
    ask::text(&ask::columns_of(&cases, &columns))
}

fn show(args: &Args, options: &ShowOptions) -> anyhow::Result<ExitCode> {
    let view = if options.personal {
        personal(args, &options.id)?
    } else {
        ask::get(args, &options.common, &format!("cases/{}", options.id), &[])?
    };
    if format_or_default(options.common.format) == Format::Ndjson {
        return ask::print(&[view]);
    }
    ask::text(&shown(&view))
}

fn personal(args: &Args, id: &str) -> anyhow::Result<Value> {
    let config = load(args.config.as_deref())?;
    let cases = read_cases(&sources_of_records(&config).cases)?;
    let look = Look {
        cases: &cases,
        now: now(),
        zone: config.node.zone,
        personal: true,
    };
    let view = look.case(id);
    Ok(serde_json::to_value(view.context("no case of this id")?)?)
}

fn now() -> Wall {
    Clock::start().wall()
}

/// A case for people: what it is, its clocks, and what was done.
fn shown(view: &Value) -> String {
    let heads = [
        ("ID", "/id"),
        ("STATE", "/state"),
        ("STATUS", "/status"),
        ("TRACK", "/track"),
        ("RECEIVED", "/received_local"),
        ("RECOMMENDED", "/recommendation/status"),
        ("OVERDUE", "/overdue"),
        ("EXERCISE", "/exercise"),
    ];
    let clocks = [
        ("RULE", "/rule"),
        ("STATE", "/state"),
        ("WHAT", "/what/en"),
        ("WHO", "/who/en"),
        ("DUE", "/due"),
        ("LOCAL", "/due_local"),
    ];
    let acts = [
        ("AT", "/at"),
        ("BY", "/by"),
        ("WHAT", "/what"),
        ("NOTE", "/note"),
    ];
    let members = |name: &str| view.get(name).and_then(Value::as_array).cloned();
    let mut text = ask::columns_of(std::slice::from_ref(view), &heads);
    for (name, columns) in [("deadlines", &clocks[..]), ("acts", &acts[..])] {
        if let Some(list) = members(name).filter(|list| !list.is_empty()) {
            text.push('\n');
            text.push_str(&ask::columns_of(&list, columns));
        }
    }
    if let Some(report) = view.get("report").filter(|report| !report.is_null()) {
        let mut rows = Vec::new();
        ask::flatten("report", report, &mut rows);
        text.push('\n');
        text.push_str(&table(&rows));
    }
    text
}

fn export(args: &Args, options: &ExportOptions) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let written = write_record(
        &sources_of_records(&config),
        &options.id,
        &options.to,
        now(),
    )?;
    let mut out = Out::new();
    out.json(&json!({
        "case": options.id,
        "folder": written.folder,
        "readings": written.readings,
        "complete": written.missing.is_empty(),
        "missing": written.missing,
        "sha256sums": written.sums,
    }))?;
    out.finish()?;
    // It is there, but it is not what has to be kept for 30 years.
    Ok(if written.missing.is_empty() {
        ExitCode::SUCCESS
    } else {
        complain("the record is incomplete; `pantau case locate` says where an instrument stood");
        ExitCode::FAILURE
    })
}

fn recap(args: &Args) -> anyhow::Result<ExitCode> {
    let config = load(args.config.as_deref())?;
    let cases = read_cases(&sources_of_records(&config).cases)?;
    ask::text(&recap_csv(&cases, config.node.zone))
}

fn verify(args: &Args, options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let store = match &options.store {
        Some(folder) => folder.clone(),
        None => sources_of_records(&load(args.config.as_deref())?).cases,
    };
    let mut out = Out::new();
    let is_sound = match &options.dir {
        Some(folder) => verify_folder(&mut out, folder, &store)?,
        None => verify_store(&mut out, &store)?,
    };
    out.finish()?;
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn verify_store(out: &mut Out, store: &Path) -> anyhow::Result<bool> {
    if !store.is_dir() {
        bail!("there is no case store at `{}`", store.display());
    }
    match verify_cases(store) {
        Ok(summary) => out.json(&json!({
            "store": store,
            "sound": true,
            "records": summary.records,
            "head": summary.head,
        }))?,
        Err(error) => {
            out.json(&json!({"store": store, "sound": false, "error": error.to_string()}))?;
            return Ok(false);
        }
    }
    Ok(true)
}

fn verify_folder(out: &mut Out, folder: &Path, store: &Path) -> anyhow::Result<bool> {
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
    out.json(&json!({
        "record": folder,
        "sound": list.is_empty(),
        "known_to_the_store": is_known,
        "differences": list,
    }))?;
    Ok(list.is_empty())
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
