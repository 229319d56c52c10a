//! What a subscriber wants to hear, and when it wants to sleep.

use std::time::Duration;

use geo::{Distance as _, Haversine, Point};

use crate::activation::Event;
use crate::clock::{Wall, Zone};
use crate::criteria::Class;
use crate::fault::Priority;

/// Which events are for a subscriber.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// Events of activations that never reached this class are not for it.
    pub min_class: Class,
    /// Only these sites; empty means everywhere.
    pub sites: Vec<String>,
    /// Only around this point.
    pub near: Option<Near>,
    /// Clocks that ran out, too.
    pub deadlines: bool,
    /// Faults of the watch itself from this priority on; none at all without one.
    pub faults: Option<Priority>,
    /// The daily exercise, too.
    pub drills: bool,
    /// Signed heads of the journal, too.
    pub heads: bool,
}

/// A circle on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Kilometres.
    pub radius_km: f64,
}

impl Filter {
    /// Everything from a class on.
    pub const fn from_class(min_class: Class) -> Self {
        Self {
            min_class,
            sites: Vec::new(),
            near: None,
            deadlines: true,
            faults: Some(Priority::Normal),
            drills: false,
            heads: false,
        }
    }

    /// Whether an event is for this subscriber. Where a team is recommended to
    /// go (T2.2-3) it is for those who want possible emergencies, whatever the
    /// class. What has no position may be near, and what is about no activation is
    /// everybody's: it is told. A fault is everybody's who wants its priority.
    pub fn wants(&self, event: &Event) -> bool {
        if let Some(fault) = &event.fault {
            let priority = Priority::from_word(&fault.priority);
            return self.faults.is_some_and(|least| priority >= Some(least));
        }
        if event.drill {
            return self.drills;
        }
        if event.head.is_some() {
            return self.heads;
        }
        let class = event.class_max();
        let is_high_enough = class.is_some_and(|class| class >= self.min_class)
            || (event.sends_a_team() && self.min_class <= Class::PossibleEmergency);
        let is_its_kind = self.deadlines || event.deadline.is_none();
        is_high_enough && is_its_kind && self.is_here(event)
    }

    fn is_here(&self, event: &Event) -> bool {
        let Some(activation) = &event.activation else {
            return true;
        };
        let place = &activation.place;
        let is_site = self.sites.is_empty()
            || place
                .site
                .as_ref()
                .is_some_and(|site| self.sites.contains(site));
        let is_near = match (self.near, place.lat, place.lon) {
            (Some(near), Some(lat), Some(lon)) => {
                let metres =
                    Haversine.distance(Point::new(near.lon, near.lat), Point::new(lon, lat));
                metres <= near.radius_km * 1000.0
            }
            (None, _, _) | (Some(_), _, _) => true,
        };
        is_site && is_near
    }
}

/// Hours in which only emergencies are told. They do not end anything: what
/// waits is told afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Minutes after midnight.
    pub from_min: u32,
    /// Minutes after midnight; before `from_min` when the hours go past midnight.
    pub until_min: u32,
    /// Whose midnight.
    pub zone: Zone,
}

const DAY_MIN: i64 = 24 * 60;

impl Quiet {
    /// How long the quiet hours still last; `None` outside them.
    pub fn lasts(self, now: Wall) -> Option<Duration> {
        let local_s = now.as_secs() + i64::from(self.zone.offset_hours()) * 3600;
        let second_of_day = local_s.rem_euclid(DAY_MIN * 60);
        let (from_s, until_s) = (
            i64::from(self.from_min) * 60,
            i64::from(self.until_min) * 60,
        );
        let since = (second_of_day - from_s).rem_euclid(DAY_MIN * 60);
        let length = (until_s - from_s).rem_euclid(DAY_MIN * 60);
        let left = u64::try_from(length - since).ok()?;
        (left > 0).then(|| Duration::from_secs(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: u32, until: u32, at: &str, expected_min: Option<u64>) {
        let quiet = Quiet {
            from_min: from * 60,
            until_min: until * 60,
            zone: Zone::Wib,
        };
        let left = quiet.lasts(Wall::parse_rfc3339(at).unwrap());
        assert_eq!(left.map(|left| left.as_secs() / 60), expected_min, "{at}");
    }

    #[test]
    fn quiet_hours_go_past_midnight_by_the_local_clock() {
        check(22, 6, "2026-03-14T21:59:59+07:00", None);
        check(22, 6, "2026-03-14T22:00:00+07:00", Some(480));
        check(22, 6, "2026-03-15T00:30:00+07:00", Some(330));
        check(22, 6, "2026-03-15T05:59:00+07:00", Some(1));
        check(22, 6, "2026-03-15T06:00:00+07:00", None);
        check(1, 5, "2026-03-14T17:00:00Z", None);
        check(1, 5, "2026-03-14T18:00:00Z", Some(240));
    }
}
