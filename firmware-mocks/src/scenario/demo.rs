//! The ready scenario of `pantau demo`: a hidden source beside a road, and a team
//! that drives past it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Place, Profile, Route, Scenario, Source, Speed, Waypoint, World};
use crate::geo::Position;

/// Place of the bGeigie that is driven.
pub const MOBILE: &str = "mobile";

/// Place of the MightyOhm that stands at a window.
pub const MIGHTYOHM: &str = "mightyohm";

/// Places of the fixed stations, nearest to the source first.
pub const STATIONS: [&str; 3] = ["station-1", "station-2", "station-3"];

/// Where the source lies: open ground near the research park in Serpong, South
/// Tangerang. The story is invented, and its road need not be on a map.
pub const DEMO_SOURCE: Position = Position {
    lat: -6.3512,
    lon: 106.6705,
};

/// Dose rate of the source at 1 m, in µSv/h: 150 µSv/h where the team stops.
const STRENGTH_USV_H_AT_1M: f64 = 33_750.0;

/// The road passes the source at this distance, in metres.
const PASSES_AT_M: f64 = 15.0;

/// How far from the source the drive starts and ends, in metres. There the source
/// adds less than 0.02 µSv/h to the background.
const FAR_M: f64 = 1_400.0;

/// The shortest demo in scenario time: a bGeigie adds up 60 s, so a rise, a peak
/// and a decline need about this long.
const SHORTEST: Duration = Duration::from_secs(300);

/// When things happen, as shares of the demo's length.
const DRIVES_OFF: f64 = 0.24;
const ARRIVES: f64 = 0.46;
const LEAVES: f64 = 0.68;

impl Scenario {
    /// The demonstration, told in `duration` of wall-clock time.
    ///
    /// Shares of the duration: to 24 % background of 0.1 µSv/h everywhere, and the
    /// bGeigie's first minute; the source is uncovered from 15 to 30 %; from 24 to
    /// 46 % a bGeigie ([`MOBILE`]) drives towards it, past 1 µSv/h (TIO3) and
    /// 100 µSv/h (TIO2); it stands at 150 µSv/h to 68 %, long enough for its 60 s
    /// sum to fill; then it drives away; the source is covered again from 70 to
    /// 80 %; the rest is background, long enough for the sum to empty. The
    /// [`MIGHTYOHM`] and the [`STATIONS`] stand 250 to 700 m off and see between
    /// 0.07 and 0.54 µSv/h more while the source is uncovered.
    ///
    /// Below 300 s time runs faster than the wall clock, so that instruments send
    /// more often and their averaging windows shrink alike; from 300 s on
    /// everything just takes longer. Below 60 s a bGeigie sends several lines a
    /// second, which its clock cannot tell apart. A zero duration counts as one
    /// millisecond.
    pub fn demo(duration: Duration) -> Self {
        let wall = duration.max(Duration::from_millis(1));
        let length = wall.max(SHORTEST);
        let factor = length.as_secs_f64() / wall.as_secs_f64();
        let share = |share: f64| length.mul_f64(share);
        Self {
            world: World {
                background_usv_h: 0.1,
                sources: vec![Source {
                    position: DEMO_SOURCE,
                    usv_h_at_1m: STRENGTH_USV_H_AT_1M,
                    profile: Some(Profile {
                        rises: share(0.15),
                        full: share(0.30),
                        declines: share(0.70),
                        gone: share(0.80),
                    }),
                }],
            },
            speed: Speed::new(factor).expect("300 s in at least a millisecond is in range"),
            places: places(length),
        }
    }
}

fn places(length: Duration) -> BTreeMap<&'static str, Place> {
    let mut places = BTreeMap::from([
        (MOBILE, Place::Drive(drive(length))),
        (MIGHTYOHM, Place::Fixed(DEMO_SOURCE.moved(210.0, -280.0))),
    ]);
    let stations = [(150.0, 200.0), (-400.0, 50.0), (420.0, 560.0)];
    for (name, (north_m, east_m)) in STATIONS.into_iter().zip(stations) {
        places.insert(name, Place::Fixed(DEMO_SOURCE.moved(north_m, east_m)));
    }
    places
}

/// Along a straight road from the south-west, a stop beside the source, and on.
fn drive(length: Duration) -> Route {
    let nearest = DEMO_SOURCE.moved(0.0, PASSES_AT_M);
    let waypoint = |position, stop_share| Waypoint {
        position,
        stop: length.mul_f64(stop_share),
    };
    let waypoints = [
        waypoint(nearest.moved(-FAR_M, 0.0), DRIVES_OFF),
        waypoint(nearest, LEAVES - ARRIVES),
        waypoint(nearest.moved(FAR_M, 0.0), 0.0),
    ];
    let metres_per_s = FAR_M / length.mul_f64(ARRIVES - DRIVES_OFF).as_secs_f64();
    Route::new(&waypoints, metres_per_s).expect("three waypoints and a speed above zero")
}
