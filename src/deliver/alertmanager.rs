//! Activations and faults as alerts of Alertmanager's API v2, so that an existing
//! on-call set-up takes them on.
//!
//! An alert there is known by its labels, so the labels of an activation never
//! change but for `severity`, which routes need; when that rises, the lower one
//! is ended in the same request. Alertmanager ends what nobody renews: the end
//! is set far ahead and moved on while the activation is open.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde::Serialize;
use tokio::time::Instant;

use super::http::{Poster, Target, json_headers};
use super::{Attempt, Standing};
use crate::activation::{ActivationView, Event, FaultView};
use crate::clock::{Clock, Wall};
use crate::criteria::Class;
use crate::fault::Priority;

/// How far ahead an open alert ends: longer than a daemon should ever be down.
const ENDS_AFTER: Duration = Duration::from_secs(24 * 3600);

/// How long a notice stands that nothing ends.
const NOTICE_LASTS: Duration = Duration::from_secs(3600);

/// How often the ends of open alerts are moved on.
const REFRESH_EVERY: Duration = Duration::from_secs(3600);

/// Alertmanager, and what it has been told.
#[derive(Debug)]
pub struct Alertmanager {
    poster: Poster,
    node: String,
    open: HashMap<String, (About, Annotations)>,
    refresh_at: Instant,
}

#[derive(Debug, PartialEq, Serialize)]
struct Alert {
    labels: Labels,
    annotations: Annotations,
    #[serde(rename = "startsAt")]
    starts_at: String,
    #[serde(rename = "endsAt")]
    ends_at: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Labels {
    alertname: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    activation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    node: String,
    severity: &'static str,
    subject: String,
    exercise: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Annotations {
    summary: String,
    summary_en: String,
    description: String,
    description_en: String,
    message: String,
}

/// What an alert is about.
#[derive(Clone, Debug)]
struct About {
    is_fault: bool,
    id: String,
    subject: String,
    exercise: bool,
    site: Option<String>,
    severity: usize,
    onset: String,
    is_over: bool,
    version: u32,
}

impl About {
    fn activation(view: &ActivationView) -> Self {
        Self {
            is_fault: false,
            id: view.id.clone(),
            subject: view.subject.clone(),
            exercise: view.exercise,
            site: view.place.site.clone(),
            severity: severity(&view.class_max),
            onset: view.onset.clone(),
            is_over: view.state == "CLOSED",
            version: view.version,
        }
    }

    fn fault(view: &FaultView) -> Self {
        let is_high = Priority::from_word(&view.priority) == Some(Priority::High);
        Self {
            is_fault: true,
            id: view.id.clone(),
            subject: view.kind.clone(),
            exercise: false,
            site: None,
            severity: usize::from(is_high),
            onset: view.onset.clone(),
            is_over: view.state == "CLOSED",
            version: view.version,
        }
    }

    fn of(event: &Event) -> Option<Self> {
        let fault = || event.fault.as_ref().map(Self::fault);
        let activation = event.activation.as_ref().map(Self::activation);
        activation.or_else(fault)
    }

    /// Of what was told before this process began.
    fn annotations(&self, summary: String, description: &str) -> Annotations {
        Annotations {
            summary: summary.clone(),
            summary_en: summary,
            description: description.to_owned(),
            description_en: description.to_owned(),
            message: format!("{}.{}", self.id, self.version),
        }
    }
}

impl Annotations {
    fn of_event(event: &Event) -> Self {
        Self {
            summary: event.text.id.headline.clone(),
            summary_en: event.text.en.headline.clone(),
            description: event.text.id.lines.join("\n"),
            description_en: event.text.en.lines.join("\n"),
            message: event.id.clone(),
        }
    }
}

/// What Alertmanager's users route by, from the lowest.
const SEVERITIES: [&str; 3] = ["info", "warning", "critical"];

fn severity(class_max: &str) -> usize {
    match Class::from_word(class_max) {
        Some(Class::Emergency) => 2,
        Some(Class::PossibleEmergency) => 1,
        _ => 0,
    }
}

impl Alertmanager {
    /// An Alertmanager whose address ends before `/api/v2/alerts`. `standing` is
    /// renewed from the start.
    ///
    /// # Errors
    ///
    /// When no TLS set-up is possible on this machine.
    pub fn new(
        mut target: Target,
        node: &str,
        standing: Standing<'_>,
    ) -> Result<Self, reqwest::Error> {
        let base = target.url.trim_end_matches('/');
        target.url = format!("{base}/api/v2/alerts");
        let activations = standing.activations.iter().map(|view| {
            let about = About::activation(view);
            let summary = format!("{} {} {}", view.id, view.class_max, view.instrument);
            let annotations = about.annotations(summary, &view.rule_source);
            (view.id.clone(), (about, annotations))
        });
        let faults = standing.faults.iter().map(|view| {
            let about = About::fault(view);
            let summary = format!("{} {} {}", view.id, view.kind, view.what);
            let annotations = about.annotations(summary, &view.meaning.en);
            (view.id.clone(), (about, annotations))
        });
        Ok(Self {
            poster: Poster::new(target)?,
            node: node.to_owned(),
            open: activations.chain(faults).collect(),
            refresh_at: Instant::now() + REFRESH_EVERY,
        })
    }

    /// One attempt: the alerts of all events in one request.
    pub(super) async fn post(&mut self, events: &[Arc<Event>], clock: &Clock) -> Attempt {
        let now = clock.wall();
        let all: Vec<Alert> = newest(events)
            .into_iter()
            .flat_map(|event| match About::of(event) {
                Some(about) => alerts(event, &about, &self.node, now),
                None => vec![notice(event, &self.node, now)],
            })
            .collect();
        let attempt = self.send(&all).await;
        if attempt == Attempt::Accepted {
            for event in events.iter().filter(|event| event.deadline.is_none()) {
                self.remember(event);
            }
        }
        attempt
    }

    fn remember(&mut self, event: &Event) {
        let Some(about) = About::of(event) else {
            return;
        };
        if about.is_over || event.drill {
            self.open.remove(&about.id);
        } else {
            let known = (about.clone(), Annotations::of_event(event));
            self.open.insert(about.id, known);
        }
    }

    /// When open alerts are to be renewed.
    pub(super) const fn refresh_at(&self) -> Instant {
        self.refresh_at
    }

    /// Moves the ends of open alerts on. One that fails is tried next time,
    /// long before an alert ends.
    pub(super) async fn refresh(&mut self, clock: &Clock) {
        self.refresh_at = Instant::now() + REFRESH_EVERY;
        let now = clock.wall();
        let renewed: Vec<Alert> = self
            .open
            .values()
            .map(|(about, annotations)| Alert {
                labels: labels(about, &self.node, about.severity),
                annotations: annotations.clone(),
                starts_at: about.onset.clone(),
                ends_at: now.saturating_add(ENDS_AFTER).to_string(),
            })
            .collect();
        if !renewed.is_empty() && self.send(&renewed).await != Attempt::Accepted {
            tracing::warn!("Alertmanager did not take the renewal of open alerts.");
        }
    }

    async fn send(&self, alerts: &[Alert]) -> Attempt {
        match serde_json::to_vec(alerts) {
            Ok(body) => self.poster.send(Method::POST, json_headers(), body).await,
            Err(error) => Attempt::Refused {
                error: error.to_string(),
            },
        }
    }
}

/// The last event of each activation or fault: an alert there is known by its
/// labels, so an older one would only be written over. What is about none stays.
fn newest(events: &[Arc<Event>]) -> Vec<&Arc<Event>> {
    let mut last: HashMap<&str, usize> = HashMap::new();
    let is_about_one = |event: &Event| event.activation.is_some() || event.fault.is_some();
    for (n, event) in events.iter().enumerate() {
        if is_about_one(event) {
            last.insert(event.about(), n);
        }
    }
    let is_last =
        |n: usize, event: &Event| !is_about_one(event) || last.get(event.about()) == Some(&n);
    let numbered = events.iter().enumerate();
    numbered
        .filter(|(n, event)| is_last(*n, event))
        .map(|(_, event)| event)
        .collect()
}

fn labels(about: &About, node: &str, severity: usize) -> Labels {
    Labels {
        alertname: if about.is_fault {
            "PantauFault"
        } else {
            "PantauActivation"
        },
        activation: (!about.is_fault).then(|| about.id.clone()),
        fault: about.is_fault.then(|| about.id.clone()),
        node: node.to_owned(),
        severity: SEVERITIES.get(severity).copied().unwrap_or("critical"),
        subject: about.subject.clone(),
        exercise: about.exercise.to_string(),
        site: about.site.clone(),
    }
}

/// Something that is about no activation: a case's clock, or a trial.
fn notice(event: &Event, node: &str, now: Wall) -> Alert {
    Alert {
        labels: Labels {
            alertname: "PantauNotice",
            activation: Some(event.about().to_owned()),
            fault: None,
            node: node.to_owned(),
            severity: "warning",
            subject: event.why.clone(),
            exercise: event.exercise.to_string(),
            site: None,
        },
        annotations: Annotations::of_event(event),
        starts_at: event.at.clone(),
        ends_at: now.saturating_add(NOTICE_LASTS).to_string(),
    }
}

/// The alert of an event, and the ends of those with a lower severity that an
/// earlier version may have raised.
fn alerts(event: &Event, about: &About, node: &str, now: Wall) -> Vec<Alert> {
    let current = about.severity;
    let alert = |severity: usize, ends_at: Wall| Alert {
        labels: labels(about, node, severity),
        annotations: Annotations::of_event(event),
        starts_at: about.onset.clone(),
        ends_at: ends_at.to_string(),
    };
    let ends_at = if about.is_over {
        now
    } else {
        now.saturating_add(ENDS_AFTER)
    };
    let mut alerts = vec![alert(current, ends_at)];
    if about.version > 1 {
        alerts.extend((0..current).map(|lower| alert(lower, now)));
    }
    alerts
}
