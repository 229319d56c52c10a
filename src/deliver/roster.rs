//! Who is told at once, who next, and who at last (alarm semantics, section 6).

use std::sync::Arc;

use crate::activation::{Event, Stage};
use crate::criteria::Class;

/// The contacts of some sites, or of all that no other roster names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// Its name.
    pub id: String,
    /// Ids of its sites; empty: wherever no other roster is for.
    pub sites: Vec<String>,
    /// Told at once, the most important one first.
    pub first: Vec<Arc<str>>,
    /// Told when nobody acknowledged, or nobody accepted it.
    pub second: Vec<Arc<str>>,
    /// Told when still nobody did.
    pub everyone: Vec<Arc<str>>,
}

/// All rosters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rosters(pub Vec<Roster>);

impl Rosters {
    /// Whether an event is for a subscriber by its place in the rosters. One that
    /// no roster names is told everything at once.
    pub fn include(&self, subscriber: &str, event: &Event) -> bool {
        self.stage_of(subscriber, event)
            .is_some_and(|stage| event.reach.includes(stage))
    }

    /// `None` when the place has a roster, and the subscriber stands in others
    /// only. Where no roster is for the place, its earliest stage anywhere counts:
    /// better told too early than not at all.
    fn stage_of(&self, subscriber: &str, event: &Event) -> Option<Stage> {
        let is_elevated = event.class_max() == Some(Class::Elevated);
        let named = |roster: &Roster| roster.stage_of(subscriber, is_elevated);
        let earliest = self.0.iter().filter_map(named).min();
        let Some(earliest) = earliest else {
            return Some(Stage::First);
        };
        match self.of_place(event) {
            Some(roster) => named(roster),
            None => Some(earliest),
        }
    }

    fn of_place(&self, event: &Event) -> Option<&Roster> {
        let activation = event.activation.as_ref();
        let site = activation.and_then(|activation| activation.place.site.as_ref());
        let is_its = |roster: &&Roster| site.is_some_and(|site| roster.sites.contains(site));
        let of_site = self.0.iter().find(is_its);
        of_site.or_else(|| self.0.iter().find(|roster| roster.sites.is_empty()))
    }
}

impl Roster {
    /// Something in the band of T2.2-3 goes through one channel at once: the
    /// most important one.
    fn stage_of(&self, subscriber: &str, is_elevated: bool) -> Option<Stage> {
        let place = |list: &[Arc<str>]| list.iter().position(|id| **id == *subscriber);
        match place(&self.first) {
            Some(0) => return Some(Stage::First),
            Some(_) if is_elevated => return Some(Stage::Second),
            Some(_) => return Some(Stage::First),
            None => {}
        }
        if place(&self.second).is_some() {
            return Some(Stage::Second);
        }
        place(&self.everyone).map(|_| Stage::Everyone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{EventContext, Reach};
    use crate::clock::{Wall, Zone};

    fn roster(id: &str, sites: &[&str], lists: [&[&str]; 3]) -> Roster {
        let list = |ids: &[&str]| ids.iter().map(|id| Arc::from(*id)).collect();
        let [first, second, everyone] = lists;
        Roster {
            id: id.to_owned(),
            sites: sites.iter().map(|site| (*site).to_owned()).collect(),
            first: list(first),
            second: list(second),
            everyone: list(everyone),
        }
    }

    fn event(above: Option<Stage>, to: Stage) -> Event {
        let context = EventContext {
            node: "n".to_owned(),
            zone: Zone::Utc,
            recorded: true,
        };
        Event {
            reach: Reach { above, to },
            ..Event::trial("x", Wall::from_nanos(0), &context)
        }
    }

    #[test]
    fn each_is_told_at_its_stage_and_whoever_stands_nowhere_at_once() {
        use Stage::{Everyone, First, Second};
        let rosters = Rosters(vec![roster(
            "all",
            &[],
            [&["duty", "mail"], &["head"], &["chief"]],
        )]);
        for (reach, told) in [
            ((None, First), &["duty", "mail", "screen"] as &[&str]),
            ((Some(First), Second), &["head"]),
            ((Some(First), Everyone), &["head", "chief"]),
            (
                (None, Everyone),
                &["duty", "mail", "head", "chief", "screen"],
            ),
        ] {
            let event = event(reach.0, reach.1);
            let all = ["duty", "mail", "head", "chief", "screen"];
            let are_told: Vec<_> = all
                .into_iter()
                .filter(|id| rosters.include(id, &event))
                .collect();
            assert_eq!(are_told, told, "{reach:?}");
        }
    }

    #[test]
    fn where_no_roster_is_for_the_place_the_earliest_stage_counts() {
        let rosters = Rosters(vec![
            roster("a", &["a"], [&["duty-a"], &["head"], &[]]),
            roster("b", &["b"], [&["duty-b"], &[], &["head"]]),
        ]);
        let first = event(None, Stage::First);
        assert!(rosters.include("duty-a", &first) && rosters.include("duty-b", &first));
        assert!(!rosters.include("head", &first));
        assert!(rosters.include("head", &event(Some(Stage::First), Stage::Second)));
    }
}
