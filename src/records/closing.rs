//! The closing record of a case: a folder that can be read without Pantau.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::policy;
use super::readings::{self, Selection, Tally};
use super::store::{make_private, read_cases, verify_cases};
use super::sums::{Hashed, SUMS, sum_of, sums_text};
use crate::activation::{ActivationView, Coordinates};
use crate::casework::{CaseView, Cases, Dossier, Look};
use crate::clock::{Wall, Zone};
use crate::criteria::Policy;
use crate::exchange::csv_text;
use crate::journal::{self, Entry, JournalError};
use crate::store::embedded::{Order, Query, Reader, StoreError};

/// Readings from so long before the first activation are part of the record.
const BEFORE: Duration = Duration::from_secs(3600);

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// There is no such case.
    #[error("no case `{0}`")]
    Unknown(String),
    /// There is something already.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// The case store or the journal.
    #[error("failed to read the case")]
    Case(#[source] JournalError),
    /// The readings.
    #[error("failed to read the readings")]
    Readings(#[source] StoreError),
    /// The folder.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What went wrong.
        #[source]
        source: io::Error,
    },
}

/// Where everything is that a record is made of.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The folder of the case store.
    pub cases: PathBuf,
    /// That of the journal.
    pub journal: PathBuf,
    /// That of the embedded store.
    pub store: PathBuf,
    /// Name of the node.
    pub node: String,
    /// Its zone.
    pub zone: Zone,
    /// Its policy.
    pub policy: Policy,
}

/// A record that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where.
    pub folder: PathBuf,
    /// SHA-256 of its sums.
    pub sums: String,
    /// What is missing in it; complete when nothing is.
    pub missing: Vec<String>,
    /// How many readings are in it.
    pub readings: u64,
}

/// Writes the record of a case into a new folder `to`.
///
/// It appears under that name only when all of it is on the disk.
///
/// # Errors
///
/// [`RecordError`].
pub fn write_record(
    sources: &Sources,
    id: &str,
    to: &Path,
    now: Wall,
) -> Result<Written, RecordError> {
    if to.exists() {
        return Err(RecordError::Exists(to.to_owned()));
    }
    let cases = read_cases(&sources.cases).map_err(RecordError::Case)?;
    let look = Look {
        cases: &cases,
        now,
        zone: sources.zone,
        personal: false,
    };
    let unknown = || RecordError::Unknown(crate::error::excerpt(id, 40));
    let dossier = cases
        .get(id)
        .filter(|_| crate::casework::case_number(id).is_some());
    let (Some(dossier), Some(view)) = (dossier, look.case(id)) else {
        return Err(unknown());
    };
    let activations = activations(sources, &dossier.activations()).map_err(RecordError::Case)?;
    let failed = |source| RecordError::Write {
        path: to.to_owned(),
        source,
    };
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    if part.exists() {
        fs::remove_dir_all(&part).map_err(failed)?; // left by a crash, never shown
    }
    make_private(&part).map_err(failed)?;
    let mut folder = Folder {
        path: part.clone(),
        sums: BTreeMap::new(),
    };
    let tally = write_readings(&mut folder, sources, &cases, dossier, &activations, now)?;
    let missing = missing(&tally);
    let named = activations.iter().filter_map(|view| view.policy.clone());
    let named: BTreeSet<String> = named.chain(tally.policies.iter().cloned()).collect();
    let policies =
        policy::document(&sources.policy, &named, &sources.journal).map_err(RecordError::Case)?;
    let content = Content {
        sources,
        view: &view,
        activations: &activations,
        policies: &policies,
        missing: &missing,
        tally: &tally,
        now,
    };
    write_texts(&mut folder, &content).map_err(failed)?;
    let head = verify_cases(&sources.cases).map_or_else(
        |error| format!("case store: {error}"),
        |summary| format!("head of the case store: {}", summary.head),
    );
    let written = format!("closing record of case {id}, written {now}");
    let sums = sums_text(&[written, head], &folder.sums);
    folder.file(SUMS, sums.as_bytes()).map_err(failed)?;
    fs::rename(&part, to).map_err(failed)?;
    sync_parent(to).map_err(failed)?;
    Ok(Written {
        folder: to.to_owned(),
        sums: sum_of(sums.as_bytes()),
        missing,
        readings: tally.readings,
    })
}

struct Folder {
    path: PathBuf,
    sums: BTreeMap<&'static str, String>,
}

impl Folder {
    fn file(&mut self, name: &'static str, content: &[u8]) -> io::Result<()> {
        let mut file = Hashed::create(&self.path.join(name))?;
        file.write_all(content)?;
        self.sums.insert(name, file.finish()?);
        Ok(())
    }

    fn json(&mut self, name: &'static str, value: &impl serde::Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(value)?;
        text.push(b'\n');
        self.file(name, &text)
    }
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// The last state that the journal has of each activation.
fn activations(sources: &Sources, ids: &[&str]) -> Result<Vec<ActivationView>, JournalError> {
    let mut latest: BTreeMap<String, ActivationView> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    journal::replay(&sources.journal, |record| {
        if let Some(Entry::Transition { transition, .. }) = record.entry {
            let activation = &transition.activation;
            if ids.contains(&activation.id.as_str()) {
                latest.insert(activation.id.to_string(), ActivationView::of(activation));
            }
        }
    })?;
    Ok(latest.into_values().collect())
}

fn write_readings(
    folder: &mut Folder,
    sources: &Sources,
    cases: &Cases,
    dossier: &Dossier,
    activations: &[ActivationView],
    now: Wall,
) -> Result<Tally, RecordError> {
    let received = cases.facts(dossier).received;
    let onsets = activations
        .iter()
        .filter_map(|view| Wall::parse_rfc3339(&view.onset).ok());
    let since = onsets
        .chain(received)
        .min()
        .unwrap_or(now)
        .saturating_sub(BEFORE);
    let until = dossier.closing().map_or(now, |deed| deed.at);
    let places = activations.iter().filter_map(|view| {
        let (lat, lon) = view.place.lat.zip(view.place.lon)?;
        Some(Coordinates { lat, lon })
    });
    let selection = Selection {
        instruments: activations
            .iter()
            .flat_map(|view| view.members.iter().map(|member| member.instrument.clone()))
            .collect::<BTreeSet<String>>(),
        around: places
            .chain(dossier.report().position)
            .filter_map(readings::around)
            .collect(),
        located: dossier.located(),
        zone: sources.zone,
    };
    let name = "readings.csv";
    let path = folder.path.join(name);
    let failed = |source| RecordError::Write {
        path: path.clone(),
        source,
    };
    let mut file = Hashed::create(&path).map_err(failed)?;
    file.write_all(readings::HEADER.as_bytes())
        .map_err(failed)?;
    let mut tally = Tally::default();
    let mut outcome = Ok(());
    if !(selection.instruments.is_empty() && selection.around.is_empty()) {
        let query = Query {
            since: Some(since),
            until: Some(until),
            order: Order::OldestFirst,
            ..Query::default()
        };
        let reader = Reader::open(&sources.store).map_err(RecordError::Readings)?;
        let visited = reader.visit(&query, |reading| {
            if !selection.has(&reading) {
                return ControlFlow::Continue(());
            }
            outcome = file.write_all(selection.rows(&reading, &mut tally).as_bytes());
            match outcome {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        });
        visited.map_err(RecordError::Readings)?;
    }
    outcome.map_err(failed)?;
    folder.sums.insert(name, file.finish().map_err(failed)?);
    Ok(tally)
}

fn missing(tally: &Tally) -> Vec<String> {
    tally
        .unplaced
        .iter()
        .map(|(instrument, (count, first, last))| {
            format!("NO_POSITION: {count} readings of {instrument}, {first} to {last}")
        })
        .collect()
}

/// What a record says beside the readings themselves.
struct Content<'r> {
    sources: &'r Sources,
    view: &'r CaseView,
    activations: &'r [ActivationView],
    policies: &'r policy::Document,
    missing: &'r [String],
    tally: &'r Tally,
    now: Wall,
}

fn write_texts(folder: &mut Folder, content: &Content<'_>) -> io::Result<()> {
    let Content { sources, view, .. } = content;
    folder.file("README.txt", readme(content).as_bytes())?;
    folder.json(
        "case.json",
        &json!({
            "case": view,
            "node": sources.node,
            "written_at": content.now.to_string(),
            "complete": content.missing.is_empty(),
            "missing": content.missing,
            "readings": content.tally.readings,
        }),
    )?;
    folder.json("activations.json", &content.activations)?;
    folder.json("policy.json", content.policies)?;
    folder.file("decisions.csv", decisions(view, sources.zone).as_bytes())?;
    folder.file("deadlines.csv", deadlines(view).as_bytes())
}

/// Everything that was done, in order.
fn decisions(view: &CaseView, zone: Zone) -> String {
    let mut out = "time_utc,time_local,recorded_utc,what,by,role,channel,note\n".to_owned();
    for act in &view.acts {
        let local =
            Wall::parse_rfc3339(&act.at).map_or_else(|_| String::new(), |at| zone.local(at));
        let columns = [
            act.at.clone(),
            local,
            act.recorded_at.clone(),
            csv_text(&act.what),
            csv_text(&act.by),
            csv_text(act.role.as_deref().unwrap_or_default()),
            csv_text(&act.channel),
            csv_text(&act.note),
        ];
        out.push_str(&columns.join(","));
        out.push('\n');
    }
    out
}

fn deadlines(view: &CaseView) -> String {
    let mut out = "rule,what,who,hours,start_utc,start_local,due_utc,due_local,done_utc,done_by,\
                   state,flags,source\n"
        .to_owned();
    for clock in &view.deadlines {
        let columns = [
            clock.rule.clone(),
            csv_text(&clock.what.en),
            csv_text(&clock.who.en),
            clock.hours.to_string(),
            clock.start.clone(),
            clock.start_local.clone(),
            clock.due.clone(),
            clock.due_local.clone(),
            clock.done_at.clone().unwrap_or_default(),
            csv_text(clock.done_by.as_deref().unwrap_or_default()),
            clock.state.clone(),
            clock.flags.join(" "),
            csv_text(&clock.source),
        ];
        out.push_str(&columns.join(","));
        out.push('\n');
    }
    out
}

fn readme(content: &Content<'_>) -> String {
    let Content {
        sources,
        view,
        missing,
        tally,
        now,
        ..
    } = content;
    let summary = &view.summary;
    let drill = if summary.exercise {
        "LATIHAN / EXERCISE: not a real event\n\n"
    } else {
        ""
    };
    let state = match &summary.closed_at {
        Some(at) => format!("closed {at}"),
        None => "still open; this is no closing record".to_owned(),
    };
    let keep = view.retention.as_ref().map_or_else(
        || "30 years from the close statement, which is not issued yet".to_owned(),
        |kept| {
            format!(
                "close statement {}; active until {}, passive until {}",
                kept.from, kept.active_until, kept.keep_until
            )
        },
    );
    let complete = if missing.is_empty() {
        "Nothing is missing.".to_owned()
    } else {
        let list: String = missing.iter().map(|line| format!("\n  {line}")).collect();
        format!("INCOMPLETE. Missing:{list}")
    };
    format!(
        "{drill}Record of case {} of node {}, {state}; written {now}.\n\
         {complete}\n\n\
         Keep: {keep}.\n\
         30 years, 5 active and 25 passive: PUK/DK2N.3/PT.17 rev. 0, 4.2.1(7) and 4.2.2(6).\n\n\
         Files, all text in UTF-8; no program of a certain kind is needed.\n\
         case.json         the case: report, decisions, clocks, everything that was done.\n\
         decisions.csv     everything that was done, by whom and when.\n\
         deadlines.csv     the clocks D-01 to D-21 that ran.\n\
         readings.csv      {} readings, one line for each value; the unit stands in the head of\n\
         {:18}its column. nuclide is `unknown`: nothing here identifies nuclides.\n\
         activations.json  what the readings raised, by which rule, table and page, and why.\n\
         policy.json       the levels and choices by which they were judged; readings and\n\
         {:18}activations name each by its hash, the SHA-256 of its text.\n\
         SHA256SUMS        the SHA-256 of each file: `sha256sum -c SHA256SUMS`, or\n\
         {:18}`pantau case verify DIR`.\n\n\
         Times end in Z (UTC) or name their zone. Numbers have a decimal point. A text that a\n\
         spreadsheet would run has a ' in front. Identity numbers and other personal data are in\n\
         the case store alone and stand here as `on file`.\n",
        summary.id, sources.node, tally.readings, "", "", "",
    )
}
