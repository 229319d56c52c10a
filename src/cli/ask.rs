//! The verbs that ask a running daemon, through its HTTP interface.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args as ClapArgs;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::output::{Out, format_or_default, table};
use super::{Args, Format, load, runtime};
use crate::config::Secret;

/// A daemon that does not answer by then is not well.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// The daemon's address; default the configuration's.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with your token, which nobody else may read; default
    /// `http.token_file` of the configuration, then `pantau/token` in your
    /// configuration folder ($XDG_CONFIG_HOME or ~/.config).
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How to print.
    #[arg(long)]
    pub(super) format: Option<Format>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReadingsOptions {
    #[command(flatten)]
    common: Options,
    /// Readings of this instrument only.
    #[arg(long)]
    instrument: Option<String>,
    /// Measured at or after this time, RFC 3339.
    #[arg(long)]
    since: Option<String>,
    /// Measured before this time, RFC 3339.
    #[arg(long)]
    until: Option<String>,
    /// At most so many; default 1000.
    #[arg(long)]
    limit: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AckOptions {
    #[command(flatten)]
    common: Options,
    /// The activation (`A-…`) or fault (`F-…`).
    id: String,
    /// The version you have seen.
    #[arg(long)]
    version: u32,
    /// Your name; default the one of your token.
    #[arg(long, required_unless_present = "token_file")]
    name: Option<String>,
    /// A remark.
    #[arg(long)]
    note: String,
}

pub(super) fn status(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    document(options.format, &get(args, options, "status", &[])?)
}

pub(super) fn books(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let books = get(args, options, "books", &[])?;
    if format_or_default(options.format) == Format::Ndjson {
        return print(&[books]);
    }
    text(&books_table(&books))
}

pub(super) fn instruments(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let instruments = list(get(args, options, "instruments", &[])?)?;
    if format_or_default(options.format) == Format::Ndjson {
        return print(&instruments);
    }
    let columns = [
        ("ID", "/id"),
        ("PROFILE", "/profile"),
        ("SITE", "/site"),
        ("UP", "/link/up"),
        ("AGE_S", "/age_s"),
        ("CLASS", "/class"),
        ("BACKGROUND", "/background/usv_h"),
        ("SOURCE", "/background/source"),
        ("BG_AGE_S", "/background/age_s"),
        ("POINTS", "/background/points"),
        ("CANDIDATE", "/background/candidate/usv_h"),
    ];
    text(&columns_of(&instruments, &columns))
}

/// What a table says of activations.
pub(super) const ACTIVATION_COLUMNS: &[(&str, &str)] = &[
    ("ID", "/id"),
    ("VERSION", "/version"),
    ("STATE", "/state"),
    ("CLASS", "/class"),
    ("MAX", "/class_max"),
    ("RULE", "/rule"),
    ("VALUE", "/value"),
    ("UNIT", "/unit"),
    ("PLACE", "/place/name"),
    ("SINCE", "/onset"),
    ("CLOSING", "/closing/proposal"),
    ("BY", "/closing/rule"),
    ("EXERCISE", "/exercise"),
];

pub(super) fn activations(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let activations = list(get(args, options, "activations", &[])?)?;
    if format_or_default(options.format) == Format::Ndjson {
        return print(&activations);
    }
    text(&columns_of(&activations, ACTIVATION_COLUMNS))
}

pub(super) fn readings(args: &Args, options: &ReadingsOptions) -> anyhow::Result<ExitCode> {
    let limit = options.limit.map(|limit| limit.to_string());
    let query: Vec<(&str, &str)> = [
        ("instrument", options.instrument.as_deref()),
        ("since", options.since.as_deref()),
        ("until", options.until.as_deref()),
        ("limit", limit.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    let readings = list(get(args, &options.common, "readings", &query)?)?;
    if format_or_default(options.common.format) == Format::Ndjson {
        return print(&readings);
    }
    let columns = [
        ("AT", "/at"),
        ("INSTRUMENT", "/instrument"),
        ("QUANTITY", "/values/0/quantity"),
        ("VALUE", "/values/0/value"),
        ("UNIT", "/values/0/unit"),
        ("CLASS", "/class"),
        ("RULE", "/rule"),
        ("LAT", "/position/lat"),
        ("LON", "/position/lon"),
    ];
    text(&columns_of(&readings, &columns))
}

/// What a table says of faults.
const FAULT_COLUMNS: &[(&str, &str)] = &[
    ("ID", "/id"),
    ("VERSION", "/version"),
    ("STATE", "/state"),
    ("PRIORITY", "/priority"),
    ("KIND", "/kind"),
    ("WHAT", "/what"),
    ("SINCE", "/onset"),
    ("TIMES", "/times"),
    ("SEEN", "/detail/en"),
    ("INHIBITED_BY", "/inhibited_by"),
];

pub(super) fn faults(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let faults = list(get(args, options, "faults", &[])?)?;
    if format_or_default(options.format) == Format::Ndjson {
        return print(&faults);
    }
    text(&columns_of(&faults, FAULT_COLUMNS))
}

pub(super) fn ack(args: &Args, options: &AckOptions) -> anyhow::Result<ExitCode> {
    let body = serde_json::json!({
        "version": options.version,
        "by": options.name,
        "note": options.note,
    });
    let (kind, columns) = if options.id.starts_with("F-") {
        ("faults", FAULT_COLUMNS)
    } else {
        ("activations", ACTIVATION_COLUMNS)
    };
    let path = format!("{kind}/{}/ack", options.id);
    let taken = post(args, &options.common, &path, &body)?;
    print_or_table(options.common.format, &taken, columns)
}

/// Posts a document to a path under `/api/v1/`.
pub(super) fn post(
    args: &Args,
    options: &Options,
    path: &str,
    body: &Value,
) -> anyhow::Result<Value> {
    send(args, options, |client, base| {
        client
            .post(format!("{base}/api/v1/{path}"))
            .header("content-type", "application/json")
            .body(body.to_string())
    })
}

/// Asks for a path under `/api/v1/`.
pub(super) fn get(
    args: &Args,
    options: &Options,
    what: &str,
    query: &[(&str, &str)],
) -> anyhow::Result<Value> {
    send(args, options, |client, base| {
        client.get(format!("{base}/api/v1/{what}")).query(query)
    })
}

/// Sends one request and reads the answer; a problem document becomes an error.
fn send(
    args: &Args,
    options: &Options,
    request: impl FnOnce(&Client, &str) -> RequestBuilder,
) -> anyhow::Result<Value> {
    let config = load(args.config.as_deref())?;
    let http = config.http.as_ref();
    let base = match (&options.url, http) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, Some(http)) => format!("http://{}", http.listen),
        (None, None) => bail!("the HTTP interface is off in the configuration; name an --url"),
    };
    let shared = http.and_then(|http| http.token.clone());
    let token = match &options.token_file {
        Some(path) => Some(Secret::read(path).map_err(|error| anyhow!("--token-file: {error}"))?),
        None => shared.map_or_else(own_token, |token| Ok(Some(token)))?,
    };
    runtime()?.block_on(async {
        let client = Client::builder().timeout(PATIENCE).build()?;
        let mut request = request(&client, &base);
        if let Some(token) = &token {
            request = request.bearer_auth(token.expose());
        }
        let response = request
            .send()
            .await
            .with_context(|| format!("no daemon answers at {base}; is `pantau run` running?"))?;
        let status = response.status();
        let body = response.text().await?;
        let value: Value = serde_json::from_str(&body)
            .with_context(|| format!("{base} answered {status}, and no JSON"))?;
        if !status.is_success() {
            let detail = value.get("detail").and_then(Value::as_str).unwrap_or(&body);
            bail!("{status}: {detail}");
        }
        Ok(value)
    })
}

/// The token in the person's own configuration folder, when there is one.
fn own_token() -> anyhow::Result<Option<Secret>> {
    let folder = |name: &str| {
        let folder = env::var_os(name).map(PathBuf::from);
        folder.filter(|folder| folder.is_absolute())
    };
    let own = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
    match own.map(|own| own.join("pantau/token")) {
        Some(path) if path.exists() => {
            Ok(Some(Secret::read(&path).map_err(|error| anyhow!(error))?))
        }
        _ => Ok(None),
    }
}

/// The members of an answer that is a list.
pub(super) fn list(value: Value) -> anyhow::Result<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        _ => bail!("the daemon's answer is no list"),
    }
}

/// Prints documents, a line each.
pub(super) fn print(values: &[Value]) -> anyhow::Result<ExitCode> {
    let mut out = Out::new();
    for value in values {
        out.json(value)?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Prints one document as JSON or as a row for each of its members.
pub(super) fn document(format: Option<Format>, value: &Value) -> anyhow::Result<ExitCode> {
    if format_or_default(format) == Format::Ndjson {
        return print(std::slice::from_ref(value));
    }
    let mut rows = Vec::new();
    flatten("", value, &mut rows);
    text(&table(&rows))
}

/// Prints one document as JSON or as a table of these columns.
pub(super) fn print_or_table(
    format: Option<Format>,
    value: &Value,
    columns: &[(&str, &str)],
) -> anyhow::Result<ExitCode> {
    print_or_tables(format, std::slice::from_ref(value), columns)
}

/// The same for any number of documents.
pub(super) fn print_or_tables(
    format: Option<Format>,
    values: &[Value],
    columns: &[(&str, &str)],
) -> anyhow::Result<ExitCode> {
    match format_or_default(format) {
        Format::Ndjson => print(values),
        Format::Table => text(&columns_of(values, columns)),
    }
}

/// Prints a text.
pub(super) fn text(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = Out::new();
    out.text(text)?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Lines up members of documents, by head and JSON pointer.
pub(super) fn columns_of(values: &[Value], columns: &[(&str, &str)]) -> String {
    let mut rows = vec![columns.iter().map(|(head, _)| (*head).to_owned()).collect()];
    for value in values {
        rows.push(
            columns
                .iter()
                .map(|(_, pointer)| cell(value.pointer(pointer)))
                .collect(),
        );
    }
    table(&rows)
}

pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Nested objects as `a.b  value` rows.
pub(super) fn flatten(path: &str, value: &Value, rows: &mut Vec<Vec<String>>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, rows);
            }
        }
        other => rows.push(vec![path.to_owned(), cell(Some(other))]),
    }
}

/// The books as a table: a row for each instrument, then the sum.
pub(super) fn books_table(books: &Value) -> String {
    let columns = [
        "received",
        "stored",
        "waiting",
        "dead_lettered",
        "refused",
        "duplicates",
        "late",
        "gaps",
        "ignored",
        "balanced",
    ];
    let row = |name: &str, account: &Value| {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(|column| cell(account.get(*column))));
        row
    };
    let mut head = vec!["INSTRUMENT".to_owned()];
    head.extend(columns.iter().map(|column| column.to_uppercase()));
    let mut rows = vec![head];
    if let Some(instruments) = books.get("instruments").and_then(Value::as_object) {
        rows.extend(instruments.iter().map(|(name, account)| row(name, account)));
    }
    rows.extend(
        books
            .get("unattributed")
            .map(|account| row("(nobody's)", account)),
    );
    rows.extend(books.get("total").map(|account| row("TOTAL", account)));
    table(&rows)
}
