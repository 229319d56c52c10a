//! What the demo shows a duty officer.

use std::net::SocketAddr;
use std::time::Duration;

use super::super::ask::books_table;
use super::super::output::{Out, table};
use super::Ports;
use crate::activation::Event;
use crate::clock::{Wall, Zone};
use crate::pipeline::{Books, InstrumentView};

/// Prints to standard output, a block at a time.
pub(super) struct Screen {
    zone: Zone,
}

impl Screen {
    pub(super) const fn new(zone: Zone) -> Self {
        Self { zone }
    }

    pub(super) fn opening(
        &self,
        length: Duration,
        http: Option<SocketAddr>,
        ports: &Ports,
    ) -> anyhow::Result<()> {
        let mut out = Out::new();
        out.line("PANTAU DEMO — LATIHAN / EXERCISE: nothing here is real.")?;
        out.line(&format!(
            "A team drives past a hidden source near Serpong; {} s from background to background.",
            length.as_secs()
        ))?;
        out.line(&format!(
            "  team-1     bGeigie with GPS on {}",
            ports.bgeigie.display()
        ))?;
        out.line(&format!(
            "  window     MightyOhm on {}",
            ports.mightyohm.display()
        ))?;
        out.line("  serpong-*  three IRDMS stations over MQTT")?;
        if let Some(address) = http {
            out.line(&format!("  API        http://{address}/api/v1/status"))?;
        }
        out.line("")?;
        out.finish()
    }

    /// An activation, whole when it is raised or rises, in a line otherwise.
    pub(super) fn event(&self, event: &Event) -> anyhow::Result<()> {
        let mut out = Out::new();
        let class = event.activation.as_ref().map_or("", |a| &*a.class_max);
        out.line(&format!("*** {class} {}", event.text.id.log))?;
        out.line(&format!("    {}", event.text.en.log))?;
        if let Some(activation) = &event.activation
            && matches!(event.why.as_str(), "raised" | "risen" | "reopened")
        {
            out.line(&format!(
                "    rule {} · recommended {} · at {}",
                activation.rule, activation.recommended_status, activation.observed_at
            ))?;
            for line in event.text.id.lines.iter().chain(&event.text.en.lines) {
                out.line(&format!("      {line}"))?;
            }
        }
        out.line("")?;
        out.finish()
    }

    pub(super) fn note(&self, text: &str) -> anyhow::Result<()> {
        let mut out = Out::new();
        out.line(text)?;
        out.finish()
    }

    /// The last value of each instrument.
    pub(super) fn instruments(&self, instruments: &[InstrumentView]) -> anyhow::Result<()> {
        let mut rows = vec![
            ["INSTRUMENT", "DOSE RATE", "CLASS", "POSITION", "LAST"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for instrument in instruments {
            let last = instrument.last.as_ref();
            let value = last.and_then(|last| last.dose_rate_text());
            let position = last.and_then(|last| last.position_text());
            let at = last
                .and_then(|last| Wall::parse_rfc3339(&last.received_at).ok())
                .map(|at| self.zone.local(at));
            rows.push(vec![
                instrument.id.clone(),
                value.unwrap_or_else(|| "-".to_owned()),
                instrument.class.unwrap_or("-").to_owned(),
                position.unwrap_or_else(|| "-".to_owned()),
                at.unwrap_or_else(|| "-".to_owned()),
            ]);
        }
        let mut out = Out::new();
        out.text(&table(&rows))?;
        out.line("")?;
        out.finish()
    }

    pub(super) fn books(&self, books: &Books) -> anyhow::Result<()> {
        let mut out = Out::new();
        out.line("BOOKS: received = stored + waiting + dead_lettered + refused")?;
        out.text(&books_table(&serde_json::to_value(books)?))?;
        out.line(if books.total.balanced {
            "The books balance."
        } else {
            "THE BOOKS DO NOT BALANCE."
        })?;
        out.finish()
    }
}
