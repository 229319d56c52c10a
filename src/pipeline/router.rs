//! From an MQTT topic to the instrument that speaks on it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::{Claim, MqttInput};
use crate::profile::Profile;
use crate::source::InstrumentIndex;

/// Most topics remembered; further ones are resolved each time.
const KNOWN_MAX: usize = 100_000;

/// Where a topic leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// To this instrument.
    Instrument(InstrumentIndex),
    /// To a device of this name that is let in by the rule of the configured
    /// entry of this index; see [`Router::admit`].
    New {
        /// Index of the configuration's entry.
        entry: usize,
        /// Its name, by the profile's rule.
        name: String,
    },
    /// To nobody.
    Unknown,
}

/// A configured entry and which topics are its own.
#[derive(Clone, Debug)]
struct Rule {
    input: MqttInput,
    profile: Arc<Profile>,
    entry: usize,
    /// Absent where every device is an instrument of its own.
    instrument: Option<InstrumentIndex>,
}

/// Finds instruments by topic.
#[derive(Debug, Default)]
pub(super) struct Router {
    rules: Vec<Rule>,
    known: HashMap<Arc<str>, InstrumentIndex>,
}

impl Router {
    /// The messages that `input` claims are of `instrument`; `None` makes every
    /// device an instrument of its own.
    pub(super) fn add(
        &mut self,
        input: MqttInput,
        profile: Arc<Profile>,
        entry: usize,
        instrument: Option<InstrumentIndex>,
    ) {
        self.rules.push(Rule {
            input,
            profile,
            entry,
            instrument,
        });
        // One device or topic goes before everything that fits.
        self.rules
            .sort_by_key(|rule| rule.input.claim == Claim::Each);
    }

    /// Where a topic leads.
    pub(super) fn route(&mut self, topic: &Arc<str>) -> Route {
        if let Some(instrument) = self.known.get(topic) {
            return Route::Instrument(*instrument);
        }
        let found = self
            .rules
            .iter()
            .find(|rule| rule.input.takes(&rule.profile, topic));
        let Some(rule) = found else {
            return Route::Unknown;
        };
        if let Some(instrument) = rule.instrument {
            self.admit(topic, instrument);
            return Route::Instrument(instrument);
        }
        let name = rule
            .profile
            .topics()
            .find_map(|pattern| rule.profile.identity.of_topic(pattern, topic));
        match name {
            Some(name) => Route::New {
                entry: rule.entry,
                name,
            },
            None => Route::Unknown,
        }
    }

    /// Remembers whose topic it is.
    pub(super) fn admit(&mut self, topic: &Arc<str>, instrument: InstrumentIndex) {
        if self.known.len() < KNOWN_MAX {
            self.known.insert(Arc::clone(topic), instrument);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Registry;

    #[test]
    fn configured_instruments_go_before_open_rules() {
        let registry = Registry::built_in();
        let station = registry.get("pantau-station").unwrap();
        let mut router = Router::default();
        let each = MqttInput {
            filters: vec!["irdms/+/reading".to_owned()],
            claim: Claim::Each,
        };
        let one = MqttInput {
            filters: vec!["irdms/st-1/reading".to_owned()],
            claim: Claim::Device("st-1".to_owned()),
        };
        router.add(each, Arc::clone(station), 0, None);
        router.add(one, Arc::clone(station), 1, Some(7));
        let mut route = |topic: &str| router.route(&Arc::from(topic));
        assert_eq!(route("irdms/st-1/reading"), Route::Instrument(7));
        assert_eq!(route("irdms/st-1/reading"), Route::Instrument(7));
        let new = Route::New {
            entry: 0,
            name: "st-2".to_owned(),
        };
        assert_eq!(route("irdms/st-2/reading"), new);
        assert_eq!(route("irdms/st-2/status"), Route::Unknown);
    }
}
