//! Small rises: how fast the cumulative sum is, how often it is wrong, and what
//! is told of it.

use pantau::deliver::Filter;
use pantau::guard::Cusum;
use pantau::quality::window::Counted;

use super::*;

/// A tube whose counts are summed up.
struct Tube {
    cusum: Cusum,
    sensitivity: f64,
    seconds: f64,
    dice: Dice,
}

impl Tube {
    fn new(sensitivity: f64, seconds: f64, seed: u64) -> Self {
        Self {
            cusum: Cusum::default(),
            sensitivity,
            seconds,
            dice: Dice(seed),
        }
    }

    fn at(&self, usv_h: f64) -> Poisson {
        Poisson::new(usv_h * self.sensitivity * self.seconds)
    }

    /// One reading, beside a background of 0.1 µSv/h and one false alarm a year.
    fn signals(&mut self, counts: &Poisson) -> bool {
        let counts = counts.draw(&mut self.dice);
        let counted = Counted {
            counts,
            seconds: self.seconds,
            value: counts as f64 / self.seconds / self.sensitivity,
        };
        self.cusum.take(counted, 0.1, 1.0)
    }
}

#[test]
fn rises_are_found_as_fast_as_the_specification_says() {
    for (name, sensitivity, expected) in [
        (
            "small tube",
            SMALL,
            [(2.0, 118), (3.0, 44), (5.0, 20), (10.0, 9)],
        ),
        (
            "large probe",
            LARGE,
            [(2.0, 5), (3.0, 2), (5.0, 1), (10.0, 1)],
        ),
    ] {
        for (times, specified) in expected {
            let delays = (0..100)
                .map(|seed| {
                    let mut tube = Tube::new(sensitivity, 1.0, 50 + seed);
                    let (usual, risen) = (tube.at(0.1), tube.at(0.1 * times));
                    for _ in 0..300 {
                        tube.signals(&usual);
                    }
                    (1..10_000).find(|_| tube.signals(&risen)).unwrap()
                })
                .collect();
            let median = median(delays);
            println!("{name} at {times} x background: median {median} s, specified {specified} s");
            assert!(
                median <= specified * 13 / 10 + 1 && median + 1 >= specified * 6 / 10,
                "{name} at {times} x background: {median} s, not about {specified} s"
            );
        }
    }
}

/// Signals in so many years.
fn false_alarms(tube: &mut Tube, years: f64) -> u32 {
    let usual = tube.at(0.1);
    let (mut signals, mut was) = (0, false);
    let mut left = years * 31_557_600.0;
    while left > 0.0 {
        let is = tube.signals(&usual);
        signals += u32::from(is && !was);
        was = is;
        left -= tube.seconds;
    }
    signals
}

#[test]
fn chance_signals_less_than_once_in_a_station_year() {
    let minutes = false_alarms(&mut Tube::new(SMALL, 60.0, 3), 30.0);
    let seconds = false_alarms(&mut Tube::new(SMALL, 1.0, 4), 0.25);
    println!(
        "false signals: {minutes} in 30 station-years of minutes, {seconds} in a quarter of seconds"
    );
    // 30 are allowed; more than 42 would come of that mean in one of 100 runs.
    assert!(minutes <= 30, "{minutes}");
    assert!(seconds <= 2, "{seconds}");
}

#[test]
fn a_confirmed_small_rise_is_told_to_those_who_want_to_know() {
    let mut dice = Dice(11);
    let mut station = Station::new(SMALL).beside(0.1);
    station.count_for(3600, 0.1, &mut dice);
    assert_eq!(station.words(), [""; 0]);
    let before = station.millis;
    station.count_for(600, 0.3, &mut dice);
    assert_eq!(station.words(), ["raised ELEVATED"]);
    let delay = (station.told[0].0 - before) / 1000;
    assert!(delay <= 120, "{delay} s");
    let activation = station.machine.open().next().unwrap();
    let view = pantau::activation::ActivationView::of(activation);
    assert_eq!((&*view.rule, view.confirmed), ("PB-ELEV", true));
    assert!(
        view.flags.contains(&"CUSUM_CONFIRMED".to_owned()),
        "{:?}",
        view.flags
    );
    assert_eq!(view.recommended_status, "NONE");
    let filter = |class| Filter::from_class(class);
    let event = event_of(&station);
    assert!(filter(Class::Elevated).wants(&event));
    assert!(!filter(Class::PossibleEmergency).wants(&event));
    // Back at the background, by HY-1, whatever single windows touch.
    station.count_for(1500, 0.1, &mut dice);
    assert_eq!(station.words(), ["raised ELEVATED", "cleared ELEVATED"]);
}

/// The raising of the only activation, as it is told.
fn event_of(station: &Station) -> pantau::activation::Event {
    let snapshot = station.machine.snapshot(station.reading.received);
    let transition = Transition {
        stamp: snapshot.stamp,
        cause: pantau::activation::Cause::Silence,
        tell: Some(pantau::activation::Why::Raised),
        reach: pantau::activation::Reach::default(),
        activation: snapshot.activations[0].clone(),
        watches: snapshot.watches,
        policy: None,
    };
    let context = pantau::activation::EventContext {
        node: "n1".to_owned(),
        zone: pantau::clock::Zone::Wib,
        recorded: true,
    };
    pantau::activation::Event::of(&transition, &context).unwrap()
}

#[test]
fn without_counts_or_a_background_of_its_own_a_small_rise_pages_nobody() {
    let mut dice = Dice(12);
    let mut bare = Station::new(SMALL);
    bare.count_for(1800, 0.3, &mut dice);
    assert_eq!(bare.words(), [""; 0]);
    let mut surveyed = Station::new(SMALL).beside(0.1);
    surveyed.setting.background_from = Some(BackgroundFrom::new(BackgroundSource::SiteSurvey));
    surveyed.count_for(1800, 0.3, &mut dice);
    assert_eq!(surveyed.words(), [""; 0]);
    let mut smooth = Station::new(SMALL).beside(0.1);
    for _ in 0..1800 {
        smooth.hear(0.3, None, 1000);
    }
    assert_eq!(smooth.words(), [""; 0]);
}

/// Twice the background in rain is excused; more than that is not.
#[test]
fn rain_confirms_nothing_that_it_explains() {
    let mut dice = Dice(13);
    let mut station = Station::new(SMALL).beside(0.14);
    station.setting.rain.active = true;
    station.count_for(3600, 0.27, &mut dice);
    assert_eq!(station.words(), [""; 0]);
    station.count_for(400, 0.5, &mut dice);
    assert_eq!(station.words(), ["raised ELEVATED"]);
}

/// Minutes of counting confirm as well.
#[test]
fn an_instrument_that_sends_minutes_is_confirmed_too() {
    let mut dice = Dice(14);
    let mut station = Station::new(SMALL).beside(0.1);
    let (usual, risen) = (Poisson::new(22.2), Poisson::new(66.6));
    for _ in 0..600 {
        station.count(usual.draw(&mut dice), 60_000);
    }
    assert_eq!(station.words(), [""; 0]);
    for _ in 0..3 {
        station.count(risen.draw(&mut dice), 60_000);
    }
    assert_eq!(station.told.first().unwrap().1, "raised ELEVATED");
}
