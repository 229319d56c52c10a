//! Teams that drive through fields (F75): what their readings make is what the
//! reference model makes of them, and as few as the places they saw.

use super::lives::Pair;
use super::script::Dice;
use super::*;

/// Metres north and east of where scripts on the move begin.
type Point = (f64, f64);

/// What there is to measure, µSv/h.
#[derive(Clone, Copy, Debug)]
enum Field {
    /// A source that gives so much at 100 m.
    Source(Point, f64),
    /// Fallout along a road to the north, so many metres long.
    Fallout(f64),
}

fn value(fields: &[Field], (north, east): Point) -> f64 {
    let of = |field: &Field| match *field {
        Field::Source(at, strength) => {
            let square = (north - at.0).powi(2) + (east - at.1).powi(2);
            strength * 10_000.0 / square.max(25.0)
        }
        Field::Fallout(length) if (0.0..length).contains(&north) => {
            6.0 * (-(east / 400.0).powi(2)).exp()
        }
        Field::Fallout(_) => 0.0,
    };
    0.1 + fields.iter().map(of).sum::<f64>()
}

/// How good a receiver is.
#[derive(Clone, Copy, Debug)]
struct Gps {
    /// Metres.
    jitter: f64,
    hdop: f64,
    /// One fix in so many is far off; none where it is 0.
    outlier: u64,
    /// One reading in so many begins a time without a fix; none where it is 0.
    drop_out: u64,
    /// Readings that such a time lasts at most.
    lost: u64,
}

const GOOD: Gps = Gps {
    jitter: 8.0,
    hdop: 1.2,
    outlier: 0,
    drop_out: 0,
    lost: 0,
};

/// One team on its way.
struct Team {
    instrument: u8,
    from: Point,
    to: Point,
    /// Metres a second.
    speed: f64,
    /// Script second of the start.
    starts: u64,
    gps: Gps,
}

const EVERY: u64 = 5;

impl Team {
    /// Every reading: its second, and what is heard.
    fn readings(&self, fields: &[Field], dice: &mut Dice) -> Vec<(u64, Heard)> {
        let (north, east) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        let length = north.hypot(east);
        let mut lost = 0;
        let mut all = Vec::new();
        for n in 0_u32.. {
            let way = f64::from(n) * 5.0 * self.speed / length;
            if way > 1.0 {
                break;
            }
            let here = (self.from.0 + way * north, self.from.1 + way * east);
            if self.gps.drop_out > 0 && lost == 0 && dice.one_in(self.gps.drop_out) {
                lost = 1 + dice.below(self.gps.lost);
            }
            let far = self.gps.outlier > 0 && dice.one_in(self.gps.outlier);
            let jitter = self.gps.jitter + if far { 150.0 } else { 0.0 };
            let at = if lost > 0 {
                lost -= 1;
                At::Lost
            } else {
                At::Fix {
                    north: here.0 + jitter * dice.normal(),
                    east: here.1 + jitter * dice.normal(),
                    hdop: self.gps.hdop,
                    age: 0.0,
                }
            };
            let value = value(fields, here) * (1.0 + 0.05 * dice.normal());
            let heard = usv(self.instrument, at, value);
            all.push((self.starts + u64::from(n) * EVERY, heard));
        }
        all
    }
}

/// Drives, compares every step with the model, and gives both sides.
#[track_caller]
fn drive(fields: &[Field], teams: &[Team], seed: u64) -> Pair {
    let mut dice = Dice::new(seed);
    let mut all: Vec<(u64, Heard)> = teams
        .iter()
        .flat_map(|team| team.readings(fields, &mut dice))
        .collect();
    all.sort_by_key(|(secs, _)| *secs);
    let mut pair = Pair::new();
    for (secs, heard) in all {
        if secs > pair.world.secs + 60 {
            pair.tick();
        }
        pair.world.secs = secs;
        pair.hear(heard);
        let said = pair.differences.join("\n");
        assert!(said.is_empty(), "seed {seed}, {secs} s, {heard:?}:\n{said}");
    }
    pair
}

/// Activations that were raised, and those that went on as others.
fn raised(pair: &Pair) -> (usize, usize) {
    let count = |why| {
        let all = pair.world.transitions.iter();
        all.filter(|transition| transition.tell == Some(why))
            .count()
    };
    (count(Why::Raised), count(Why::Merged))
}

fn team(instrument: u8, from: Point, to: Point, starts: u64, gps: Gps) -> Team {
    Team {
        instrument,
        from,
        to,
        speed: 12.0,
        starts,
        gps,
    }
}

#[test]
fn one_source_is_one_activation_however_often_teams_pass() {
    let field = [Field::Source((0.0, 30.0), 4.0)];
    let poor = Gps {
        jitter: 15.0,
        outlier: 40,
        drop_out: 20,
        lost: 8,
        ..GOOD
    };
    for seed in 0..20 {
        let pair = drive(
            &field,
            &[
                team(10, (-2000.0, 0.0), (2000.0, 0.0), 0, poor),
                team(11, (2000.0, 0.0), (-2000.0, 0.0), 60, GOOD),
                team(12, (-1000.0, 60.0), (1000.0, 60.0), 300, poor),
            ],
            seed,
        );
        assert_eq!(raised(&pair), (1, 0), "seed {seed}");
    }
}

#[test]
fn two_sources_800_m_apart_are_two_until_something_connects_them() {
    let field = [
        Field::Source((0.0, 20.0), 1.0),
        Field::Source((800.0, 20.0), 1.0),
    ];
    for seed in 0..10 {
        let pair = drive(
            &field,
            &[team(10, (-1500.0, 0.0), (2500.0, 0.0), 0, GOOD)],
            seed,
        );
        assert_eq!(raised(&pair), (2, 0), "seed {seed}");
    }
    // A third one in between connects them: the older id lives.
    let between = [field[0], field[1], Field::Source((400.0, 600.0), 40.0)];
    let mut pair = drive(
        &field,
        &[team(10, (-1500.0, 0.0), (2500.0, 0.0), 0, GOOD)],
        1,
    );
    let first = pair.ids[&0].clone();
    for n in 0..20_u32 {
        pair.world.secs += EVERY;
        let here = (400.0, 200.0 - 10.0 * f64::from(n));
        let at = At::Fix {
            north: here.0,
            east: here.1,
            hdop: 1.0,
            age: 0.0,
        };
        pair.hear(usv(11, at, value(&between, here)));
        assert_eq!(pair.differences, [""; 0]);
    }
    assert_eq!(raised(&pair), (2, 1));
    let open: Vec<_> = pair.world.machine.open().map(|a| a.id.clone()).collect();
    assert_eq!(open, [first]);
}

#[test]
fn twenty_kilometres_of_fallout_are_a_handful() {
    let field = [Field::Fallout(20_000.0)];
    let poor = Gps {
        jitter: 12.0,
        hdop: 4.0,
        outlier: 200,
        drop_out: 60,
        lost: 20,
    };
    for seed in 0..3 {
        let alone = drive(
            &field,
            &[team(10, (-500.0, 0.0), (20_500.0, 0.0), 0, GOOD)],
            seed,
        );
        let (events, merges) = raised(&alone);
        assert!(
            (4..=6).contains(&events),
            "seed {seed}: {events} of one team"
        );
        assert_eq!(merges, 0);
        let teams = [
            team(10, (-500.0, 0.0), (20_500.0, 0.0), 0, poor),
            team(11, (20_500.0, 0.0), (-500.0, 0.0), 20, GOOD),
            team(12, (8000.0, -900.0), (8000.0, 900.0), 400, poor),
        ];
        let pair = drive(&field, &teams, seed);
        let open = pair.world.machine.open().count();
        assert!(
            (4..=8).contains(&open),
            "seed {seed}: {open} of three teams"
        );
        assert!(raised(&pair).0 <= 10, "seed {seed}: {:?}", raised(&pair));
    }
}

#[test]
fn a_receiver_without_a_fix_costs_no_second_activation() {
    let field = [Field::Fallout(3000.0)];
    // Switched on in the field: the first fix comes a minute later.
    let mut pair = Pair::new();
    for n in 0..60_u32 {
        pair.world.secs = u64::from(n) * EVERY;
        let here = (100.0 + 20.0 * f64::from(n), 0.0);
        let at = match n {
            0..12 => At::Lost,
            // A tunnel of a quarter of an hour is too long to guess.
            30..40 => At::Lost,
            _ => At::Metres(here.0),
        };
        pair.hear(usv(10, at, value(&field, here)));
        assert_eq!(pair.differences, [""; 0]);
    }
    assert_eq!(raised(&pair), (1, 0));
    let view = ActivationView::of(only(&pair.world));
    assert_eq!(view.place.kind, "area");
    assert!(view.place.lat.is_some());
    assert!(view.flags.contains(&"NO_POSITION".to_owned()));
}

#[test]
fn a_poor_fix_joins_from_further_away_and_a_good_one_does_not() {
    let fix = |north, hdop, age| At::Fix {
        north,
        east: 0.0,
        hdop,
        age,
    };
    for (north, hdop, age, expected) in [
        (599.0, 1.0, 0.0, 2),
        (599.0, 21.0, 0.0, 1),
        (601.0, 21.0, 0.0, 2),
        (740.0, 1.0, 10.0, 1),
        (760.0, 1.0, 10.0, 2),
        (1999.0, 1.0, 3600.0, 1),
        (2001.0, 1.0, 3600.0, 2),
    ] {
        let mut pair = Pair::new();
        pair.hear(usv(10, At::Metres(0.0), 2.0));
        pair.world.secs = 5;
        pair.hear(usv(11, fix(north, hdop, age), 2.0));
        assert_eq!(pair.differences, [""; 0]);
        assert_eq!(raised(&pair).0, expected, "{north} m, {hdop}, {age} s");
    }
}

#[test]
fn a_lost_fix_is_where_it_was_for_a_minute_of_road() {
    for (secs, expected) in [(10, 1), (59, 1), (61, 2)] {
        let mut pair = Pair::new();
        pair.hear(usv(11, At::Metres(0.0), 2.0));
        pair.hear(usv(10, At::Metres(400.0), 0.1));
        pair.world.secs = secs;
        pair.hear(usv(10, At::Lost, 2.0));
        assert_eq!(pair.differences, [""; 0]);
        assert_eq!(raised(&pair).0, expected, "{secs} s without a fix");
    }
}

#[test]
fn a_team_at_a_fixed_station_joins_what_it_raised() {
    // The site of number 0, seen from where scripts on the move begin.
    let (lat, lon) = site_degrees(0);
    let north = (lat + 6.5) * 111_195.0;
    let east = (lon - 107.5) * 111_195.0 * lat.to_radians().cos();
    let mut pair = Pair::new();
    pair.hear(station(0, 3.0));
    for n in 0..40_u32 {
        pair.world.secs += EVERY;
        let at = At::Fix {
            north: north - 600.0 + 30.0 * f64::from(n),
            east: east + 40.0,
            hdop: 1.0,
            age: 0.0,
        };
        let is_near = (10..30).contains(&n);
        pair.hear(usv(10, at, if is_near { 2.0 } else { 0.2 }));
        assert_eq!(pair.differences, [""; 0]);
    }
    assert_eq!(raised(&pair), (1, 0));
    assert_eq!(only(&pair.world).members.len(), 2);
}

#[test]
fn random_drives_are_grouped_as_by_the_model() {
    for seed in 0..40 {
        let mut dice = Dice::new(seed ^ 0x75);
        let mut along = |most: f64| (dice.share() - 0.5) * 2.0 * most;
        let fields = [
            Field::Source((along(1500.0), along(300.0)), 2.0),
            Field::Source((along(1500.0), along(300.0)), 150.0),
        ];
        let teams: Vec<Team> = (0..3)
            .map(|n| {
                let gps = Gps {
                    jitter: 5.0 + 10.0 * dice.share(),
                    hdop: dice.pick(&[0.8, 1.0, 3.0, 12.0]),
                    outlier: dice.pick(&[0, 50]),
                    drop_out: dice.pick(&[0, 15]),
                    lost: dice.pick(&[4, 20]),
                };
                let east = (dice.share() - 0.5) * 400.0;
                let (from, to) = ((-2500.0, east), (2500.0, -east));
                let (from, to) = if dice.one_in(2) {
                    (from, to)
                } else {
                    (to, from)
                };
                team(10 + n, from, to, dice.below(1500), gps)
            })
            .collect();
        let pair = drive(&fields, &teams, seed);
        assert!(raised(&pair).0 <= 6, "seed {seed}: {:?}", raised(&pair));
    }
}
