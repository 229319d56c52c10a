//! `pantau export`: stored readings as CSV or GeoJSON.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};

use super::output::Out;
use super::profile::time;
use super::{Args, load};
use crate::clock::Wall;
use crate::exchange::{CSV_HEADER, GEOJSON_END, GEOJSON_START, csv_rows, geojson_feature};
use crate::reading::InstrumentId;
use crate::store::embedded::{Area, Order, Query, Reader};

/// What the readings are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// Comma-separated values, one line for each value.
    Csv,
    /// GeoJSON, one point for each reading.
    Geojson,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Options {
    /// What to write.
    #[arg(long)]
    format: ExportFormat,
    /// Readings of this instrument only.
    #[arg(long, value_parser = instrument)]
    instrument: Option<InstrumentId>,
    /// Measured at or after this time, RFC 3339.
    #[arg(long, value_parser = time)]
    since: Option<Wall>,
    /// Measured before this time, RFC 3339.
    #[arg(long, value_parser = time)]
    until: Option<Wall>,
    /// Measured inside this box: south,west,north,east in degrees.
    #[arg(long, value_parser = area, allow_hyphen_values = true)]
    bbox: Option<Area>,
    /// The store's folder; default the configuration's.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
}

/// Reads an instrument's name of the command line.
pub(super) fn instrument(text: &str) -> Result<InstrumentId, String> {
    InstrumentId::new(text).ok_or_else(|| "not the name of an instrument".to_owned())
}

fn area(text: &str) -> Result<Area, String> {
    let sides: Result<Vec<f64>, _> = text.split(',').map(|side| side.trim().parse()).collect();
    match sides
        .map_err(|_| "four numbers: south,west,north,east")?
        .as_slice()
    {
        [south, west, north, east] => {
            Area::bounds(*south, *west, *north, *east).map_err(|error| error.to_string())
        }
        _ => Err("four numbers: south,west,north,east".to_owned()),
    }
}

pub(super) fn export(args: &Args, options: &Options) -> anyhow::Result<ExitCode> {
    let folder = match &options.store {
        Some(folder) => folder.clone(),
        None => load(args.config.as_deref())?.store.folder,
    };
    let reader = Reader::open(&folder)?;
    let query = Query {
        instrument: options.instrument.clone(),
        since: options.since,
        until: options.until,
        area: options.bbox.clone(),
        limit: None,
        order: Order::OldestFirst,
    };
    let mut out = Out::new();
    let (start, end) = match options.format {
        ExportFormat::Csv => (CSV_HEADER, ""),
        ExportFormat::Geojson => (GEOJSON_START, GEOJSON_END),
    };
    out.text(start)?;
    let mut failed = None;
    let mut first = true;
    reader.visit(&query, |reading| {
        let text = match options.format {
            ExportFormat::Csv => csv_rows(&reading),
            ExportFormat::Geojson => {
                let separator = if std::mem::take(&mut first) {
                    ""
                } else {
                    ",\n"
                };
                format!("{separator}{}", geojson_feature(&reading))
            }
        };
        match out.text(&text) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    out.text(end)?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
