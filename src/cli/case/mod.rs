//! `pantau case`, `decide` and `deadlines`: what people do to cases.
//!
//! Acts go through the running daemon. What only reads (`export`, `recap`,
//! `verify`, `show --personal`) reads the files, so that whoever may read them
//! needs no daemon.

mod files;
mod options;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::ask::{self, Options};
use super::output::{format_or_default, table};
use super::{Args, Format, load};
use crate::casework::{Look, case_number};
use crate::clock::{Clock, Wall};
use crate::pipeline::sources_of_records;
use crate::records::read_cases;
use files::{export, recap, verify};
use options::{ActOptions, OpenOptions, Person, ShowOptions};
pub(super) use options::{DeadlinesOptions, DecideOptions, Verb};

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
        Verb::Close(options) => {
            let to = options.to.map(|to| to.target().as_str());
            act(args, &options.act, "close", json!({"to": to}))
        }
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

/// A case for people: what it is, its clocks, what is proposed for its end, and
/// what was done.
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
    let closing = [
        ("ACTIVATION", "/activation"),
        ("PROPOSED", "/proposal"),
        ("BY", "/rule"),
        ("TRACK", "/track"),
        ("SOURCE RECOVERED", "/source_recovered"),
        ("ENVIRONMENT RECOVERED", "/environment_recovered"),
    ];
    for (name, columns) in [
        ("deadlines", &clocks[..]),
        ("closing", &closing[..]),
        ("acts", &acts[..]),
    ] {
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
