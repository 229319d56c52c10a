//! `pantau journal verify`: is the journal as it was written?

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args as ClapArgs, Subcommand};
use serde::Serialize;

use super::output::{Out, complain, format_or_default};
use super::{Args, Format, load};
use crate::journal::{
    Examination, HEADS_FILE, Heads, PUBLIC_FILE, PublicKey, examine, public_keys,
};

/// The journal.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Check every record against the one before it, and against signed heads; name
    /// the first bad one. Needs no running daemon, and disturbs none.
    Verify(VerifyOptions),
}

#[derive(Debug, ClapArgs)]
pub(super) struct VerifyOptions {
    /// Folder of the journal; default that of the configuration.
    folder: Option<PathBuf>,
    /// Heads that were kept elsewhere: a JSON object a line, as a broker or a
    /// webhook gave them. May be given several times.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    heads: Vec<PathBuf>,
    /// The node's public key, as it was kept elsewhere (PEM): no other counts. May
    /// be given several times.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    key: Vec<PathBuf>,
    /// How to print.
    #[arg(long)]
    format: Option<Format>,
}

/// One line for programs.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Line {
    /// A record that is not as it was written.
    Bad {
        segment: String,
        line: u64,
        record: Option<u64>,
        why: &'static str,
        problem: String,
    },
    /// A head that cannot be used.
    BadHead {
        file: String,
        line: u64,
        problem: String,
    },
    /// After a break a new chain was begun here.
    NewChain {
        record: u64,
        at: String,
        old_head: String,
    },
    /// The last line.
    Summary(Box<Summary>),
}

#[derive(Serialize)]
struct Summary {
    intact: bool,
    records: u64,
    last: u64,
    head: String,
    first_at: Option<String>,
    last_at: Option<String>,
    /// Heads with a good signature.
    heads: u64,
    /// The last record that a head vouches for.
    vouched_to: Option<u64>,
    vouched_at: Option<String>,
    torn: Option<TornLine>,
    /// Left by a failing disk, and never part of the journal.
    unaccepted: u64,
    /// Breaks beyond those listed.
    more: u64,
}

#[derive(Serialize)]
struct TornLine {
    segment: String,
    bytes: u64,
}

pub(super) fn run(args: &Args, verb: &Verb) -> anyhow::Result<ExitCode> {
    let Verb::Verify(options) = verb;
    let folder = match &options.folder {
        Some(folder) => folder.clone(),
        None => load(args.config.as_deref())?.node.data_dir.join("journal"),
    };
    let heads = heads(&folder, &options.heads)?;
    let keys = given_keys(&options.key)?;
    let own = own_keys(&folder)?;
    let found = examine(&folder, heads, keys.as_deref(), &own)?;
    let mut out = Out::new();
    match format_or_default(options.format) {
        Format::Ndjson => lines(&found).iter().try_for_each(|line| out.json(line))?,
        Format::Table => texts(&found).iter().try_for_each(|text| out.line(text))?,
    }
    out.finish()?;
    if found.is_intact() {
        return Ok(ExitCode::SUCCESS);
    }
    match found.findings.first() {
        Some(bad) => complain(&format!("the first bad record: {bad}")),
        None => complain("there are heads that cannot be used"),
    }
    Ok(ExitCode::FAILURE)
}

/// All heads, before the journal is read: a daemon that runs goes on writing both.
fn heads(folder: &Path, files: &[PathBuf]) -> anyhow::Result<Heads> {
    let mut heads = Heads::default();
    let own = folder.join(HEADS_FILE);
    if let Some(text) = read_if_there(&own)? {
        heads.read(&own, &text);
    }
    for file in files {
        let text = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        heads.read(file, &text);
    }
    Ok(heads)
}

fn given_keys(files: &[PathBuf]) -> anyhow::Result<Option<Vec<PublicKey>>> {
    let mut keys = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)
            .with_context(|| format!("failed to read {}", file.display()))?;
        let found = public_keys(&text);
        if found.is_empty() {
            bail!("{} holds no public key of Ed25519", file.display());
        }
        keys.extend(found);
    }
    Ok((!files.is_empty()).then_some(keys))
}

/// Those beside the journal's folder, where the daemon keeps them.
fn own_keys(folder: &Path) -> anyhow::Result<Vec<PublicKey>> {
    let text = read_if_there(&folder.join("..").join("state").join(PUBLIC_FILE))?;
    let text = text.unwrap_or_default();
    Ok(public_keys(&String::from_utf8_lossy(&text)))
}

fn read_if_there(file: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("failed to read {}", file.display())),
    }
}

fn lines(found: &Examination) -> Vec<Line> {
    let bad = found.findings.iter().map(|bad| Line::Bad {
        segment: name(&bad.segment),
        line: bad.line,
        record: bad.seq,
        why: bad.fault.as_str(),
        problem: bad.fault.to_string(),
    });
    let heads = found.bad_heads.iter().map(|bad| Line::BadHead {
        file: bad.file.display().to_string(),
        line: bad.line,
        problem: bad.fault.to_string(),
    });
    let mended = found.mended.iter().map(|mended| Line::NewChain {
        record: mended.seq,
        at: mended.at.to_string(),
        old_head: mended.old_head.clone(),
    });
    let chain = &found.summary;
    let summary = Line::Summary(Box::new(Summary {
        intact: found.is_intact(),
        records: chain.records,
        last: found.last_seq,
        head: chain.head.clone(),
        first_at: chain.span.map(|(first, _)| first.to_string()),
        last_at: chain.span.map(|(_, last)| last.to_string()),
        heads: found.heads,
        vouched_to: found.vouched.as_ref().map(|(seq, _)| *seq),
        vouched_at: found.vouched.as_ref().map(|(_, at)| at.clone()),
        torn: chain.torn.as_ref().map(|torn| TornLine {
            segment: name(&torn.segment),
            bytes: torn.bytes,
        }),
        unaccepted: chain.unaccepted,
        more: found.more,
    }));
    bad.chain(heads)
        .chain(mended)
        .chain(std::iter::once(summary))
        .collect()
}

fn texts(found: &Examination) -> Vec<String> {
    let mut texts: Vec<String> = found.findings.iter().map(ToString::to_string).collect();
    if found.more > 0 {
        texts.push(format!("and {} breaks more", found.more));
    }
    for bad in &found.bad_heads {
        texts.push(format!(
            "{} line {}: {}",
            bad.file.display(),
            bad.line,
            bad.fault
        ));
    }
    for mended in &found.mended {
        texts.push(format!(
            "record {} of {}: a new chain was begun after a break; the old one ended with {}",
            mended.seq, mended.at, mended.old_head
        ));
    }
    let chain = &found.summary;
    if chain.unaccepted > 0 {
        texts.push(format!(
            "{} records were left by a failing disk and are not part of the journal",
            chain.unaccepted
        ));
    }
    if let Some(torn) = &chain.torn {
        texts.push(format!(
            "{}: a last line of {} bytes without its end: being written, or torn by a crash; the daemon cuts it when it starts",
            name(&torn.segment),
            torn.bytes
        ));
    }
    texts.push(verdict(found));
    texts
}

fn verdict(found: &Examination) -> String {
    let chain = &found.summary;
    let intact = if found.is_intact() {
        "intact"
    } else {
        "NOT INTACT"
    };
    let until = chain.span.map_or_else(
        || "no records".to_owned(),
        |(first, last)| format!("{} records from {first} to {last}", chain.records),
    );
    let vouched = match &found.vouched {
        Some((seq, at)) => format!(
            "up to record {seq} a head signed at {at} vouches for it; {} after that stand by the chain alone",
            found.last_seq.saturating_sub(*seq)
        ),
        None => format!(
            "no head vouches for it: whether records after {} were cut off, or all written anew, cannot be told",
            found.last_seq
        ),
    };
    format!("{intact}: {until}; {vouched}")
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
