//! Prometheus text.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::Context;
use super::problem::Problem;
use super::refusals::Counts;
use crate::pipeline::{Account, Books, Command, InstrumentView, Status};
use crate::telemetry::names::{self, Metric};

/// `/metrics`.
pub(super) async fn metrics(State(context): State<Context>) -> Result<impl IntoResponse, Problem> {
    let status = context.core.ask(Command::Status).await?;
    let books = context.core.ask(Command::Books).await?;
    let instruments = context.core.ask(Command::Instruments).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    let mut page = page(&status, &books, &instruments);
    page.refusals(&context.guard.refused);
    Ok((headers, page.0))
}

fn page(status: &Status, books: &Books, instruments: &[InstrumentView]) -> Page {
    let mut page = Page(String::new());
    page.head(names::BUILD_INFO);
    page.line(names::BUILD_INFO, &[("version", status.version)], 1);
    page.head(names::UPTIME);
    page.line(names::UPTIME, &[], status.uptime_s);
    page.accounts(books);
    page.head(names::AGE);
    for instrument in instruments {
        if let Some(age) = instrument.age_s {
            page.line(names::AGE, &[("instrument", &instrument.id)], age);
        }
    }
    page.head(names::CONNECTED);
    for instrument in instruments {
        let up = instrument.link.as_ref().is_some_and(|link| link.up);
        page.line(
            names::CONNECTED,
            &[("instrument", &instrument.id)],
            u8::from(up),
        );
    }
    if let Some(broker) = &status.broker {
        page.head(names::BROKER);
        page.line(names::BROKER, &[], u8::from(broker.up));
    }
    page.head(names::STORE_OK);
    page.line(names::STORE_OK, &[], u8::from(status.store.ok));
    page.head(names::COMMITS);
    page.line(names::COMMITS, &[], status.store.commits);
    page.head(names::ACTIVATIONS);
    for (class, count) in &status.activations {
        page.line(names::ACTIVATIONS, &[("class", class)], count);
    }
    page.head(names::FAULTS);
    for (kind, count) in &status.faults {
        page.line(names::FAULTS, &[("kind", kind)], count);
    }
    page.head(names::OUTBOX);
    for (subscriber, count) in &status.outbox_waiting {
        page.line(names::OUTBOX, &[("subscriber", subscriber)], count);
    }
    page.head(names::FLOOD);
    for (subscriber, is_flood) in &status.alarm_flood {
        page.line(
            names::FLOOD,
            &[("subscriber", subscriber)],
            u8::from(*is_flood),
        );
    }
    page
}

/// A metric of each account, and where it stands there.
type Column = (Metric, fn(&Account) -> u64);

struct Page(String);

impl Page {
    fn head(&mut self, metric: Metric) {
        let Metric { name, kind, help } = metric;
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}")
            .expect("a string takes everything");
    }

    fn line(&mut self, metric: Metric, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        writeln!(self.0, "{}{labels} {value}", metric.name).expect("a string takes everything");
    }

    fn refusals(&mut self, refused: &Counts) {
        self.head(names::HTTP_REFUSED);
        for (reason, count) in refused.all() {
            self.line(names::HTTP_REFUSED, &[("reason", reason.as_str())], count);
        }
    }

    fn accounts(&mut self, books: &Books) {
        let each = || {
            let own = books
                .instruments
                .iter()
                .map(|(id, account)| (id.as_str(), account));
            own.chain(std::iter::once(("", &books.unattributed)))
        };
        let columns: [Column; 8] = [
            (names::RECEIVED, |a| a.received),
            (names::STORED, |a| a.stored),
            (names::WAITING, |a| a.waiting),
            (names::DUPLICATES, |a| a.duplicates),
            (names::LATE, |a| a.late),
            (names::GAPS, |a| a.gaps),
            (names::IGNORED, |a| a.ignored),
            (names::UNGUARDED, |a| a.unguarded),
        ];
        for (metric, value) in columns {
            self.head(metric);
            for (id, account) in each() {
                self.line(metric, &[("instrument", id)], value(account));
            }
        }
        self.head(names::REFUSED);
        for (id, account) in each() {
            for (reason, count) in &account.refused_by_reason {
                self.line(
                    names::REFUSED,
                    &[("instrument", id), ("reason", reason)],
                    count,
                );
            }
        }
    }
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
