//! TIO2s on their way: who accepted which, and which was accepted by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::activation::{ActivationId, Event};

/// A TIO2 that nobody accepted by then goes to the next contacts.
const ACCEPTED_WITHIN: Duration = Duration::from_secs(30);

/// The TIO2s that were told and are not over.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    /// By message: whose it is, and when the next contacts are due.
    open: BTreeMap<String, (String, Instant)>,
    /// By message, accepted or not: the activation.
    told: BTreeMap<String, String>,
    /// By activation, who accepted that it is a TIO2.
    accepted: BTreeMap<String, BTreeSet<String>>,
}

impl Urgent {
    /// Something is told.
    pub(super) fn told(&mut self, event: &Event, now: Instant) {
        let Some(activation) = &event.activation else {
            return;
        };
        if activation.state == "CLOSED" || !event.is_emergency() {
            self.told.retain(|_, of| *of != activation.id);
            self.open.retain(|_, (of, _)| *of != activation.id);
            self.accepted.remove(&activation.id);
            return;
        }
        if event.asks_for_notice() {
            let due = now + ACCEPTED_WITHIN;
            let of = (activation.id.clone(), due);
            self.open.entry(event.id.clone()).or_insert(of);
        }
        let is_now = activation.class == activation.class_max;
        if is_now {
            self.told.insert(event.id.clone(), activation.id.clone());
        }
    }

    /// A subscriber has it.
    pub(super) fn accepted(&mut self, message: &str, subscriber: &str) {
        self.open.remove(message);
        if let Some(activation) = self.told.get(message) {
            let by = self.accepted.entry(activation.clone()).or_default();
            by.insert(subscriber.to_owned());
        }
    }

    /// Whether a subscriber knows of the TIO2 that speaks for what is told.
    pub(super) fn speaks_for(&self, event: &Event, subscriber: &str) -> bool {
        let activation = event.activation.as_ref();
        activation
            .and_then(|activation| activation.inhibited_by.as_ref())
            .and_then(|id| self.accepted.get(id))
            .is_some_and(|by| by.contains(subscriber))
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.open.values().map(|(_, due)| *due).min()
    }

    /// The core had no room for it: due again then.
    pub(super) fn put_back(&mut self, id: &ActivationId, now: Instant) {
        self.open.insert(id.to_string(), (id.to_string(), now));
    }

    /// Those that nobody accepted by now.
    pub(super) fn unaccepted(&mut self, now: Instant) -> Vec<ActivationId> {
        let mut late = BTreeSet::new();
        self.open.retain(|_, (activation, due)| {
            let is_late = *due <= now;
            if is_late {
                late.extend(ActivationId::parse(activation));
            }
            !is_late
        });
        late.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{EventContext, Why};
    use crate::clock::{Wall, Zone};

    fn event(json: &str) -> Event {
        let context = EventContext {
            node: "n".to_owned(),
            zone: Zone::Utc,
            recorded: true,
        };
        let mut event = Event::trial("x", Wall::from_nanos(0), &context);
        event.why = Why::Raised.as_str().to_owned();
        event.activation = Some(serde_json::from_str(json).unwrap());
        event
    }

    fn told(id: &str, version: u32, class: &str, beside: Option<&str>) -> Event {
        let beside = serde_json::to_string(&beside).unwrap();
        let json = format!(
            r#"{{"id":"{id}","version":{version},"state":"RAISED","class":"{class}","class_max":"{class}",
            "rule":"T3.1-I-2","rule_source":"","also":[],"recommended_status":"NONE","present":true,
            "acked":false,"acked_by":null,"confirmed":true,"data_lost":false,"late":false,"exercise":false,
            "inhibited_by":{beside},"subject":"environment","place":{{"kind":"area","site":null,"name":null,
            "lat":null,"lon":null}},"quantity":"dose_rate","radiation":null,"value":150.0,"at_least":false,
            "unit":"uSv/h","level":100.0,"instrument":"i","factor":null,"onset":"","opened_at":"",
            "observed_at":"","received_at":"","last_seen_at":"","flags":[],"members":[],"review":[],
            "merged_into":null}}"#
        );
        Event {
            id: format!("{id}.{version}"),
            ..event(&json)
        }
    }

    const ID: &str = "A-0123456789abcdef";

    #[test]
    fn a_tio2_that_nobody_accepts_is_due_after_half_a_minute_and_once() {
        let start = Instant::now();
        let mut urgent = Urgent::default();
        urgent.told(&told(ID, 1, "EMERGENCY", None), start);
        assert_eq!(urgent.next(), Some(start + ACCEPTED_WITHIN));
        assert!(
            urgent
                .unaccepted(start + Duration::from_secs(29))
                .is_empty()
        );
        let late = urgent.unaccepted(start + ACCEPTED_WITHIN);
        assert_eq!(late.len(), 1);
        assert_eq!(urgent.next(), None);
    }

    #[test]
    fn one_acceptance_is_enough_and_a_tio3_waits_for_nobody() {
        let start = Instant::now();
        let mut urgent = Urgent::default();
        urgent.told(&told(ID, 1, "EMERGENCY", None), start);
        urgent.accepted(&format!("{ID}.1"), "mail");
        urgent.told(
            &told("A-1111111111111111", 1, "POSSIBLE_EMERGENCY", None),
            start,
        );
        assert_eq!(urgent.next(), None);
    }

    #[test]
    fn it_speaks_for_others_towards_those_who_accepted_it() {
        let mut urgent = Urgent::default();
        urgent.told(&told(ID, 1, "EMERGENCY", None), Instant::now());
        let beside = told("A-1111111111111111", 1, "POSSIBLE_EMERGENCY", Some(ID));
        assert!(!urgent.speaks_for(&beside, "mail"));
        urgent.accepted(&format!("{ID}.1"), "mail");
        assert!(urgent.speaks_for(&beside, "mail"));
        assert!(!urgent.speaks_for(&beside, "webhook"));
        let alone = told("A-1111111111111111", 2, "POSSIBLE_EMERGENCY", None);
        assert!(!urgent.speaks_for(&alone, "mail"));
    }
}
