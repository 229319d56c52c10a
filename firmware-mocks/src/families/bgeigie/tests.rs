use super::*;
use crate::families::test_moment;
use crate::geo::Position;

fn degrees(whole: f64, minutes: f64) -> f64 {
    whole + minutes / 60.0
}

/// The catalogue's first sample; the others differ from it field by field.
fn classic() -> Sentence<'static> {
    Sentence {
        model: Model::Classic,
        header: "BGRDD",
        id: "002",
        time: Some("2011-07-05T13:51:48Z".parse().unwrap()),
        cpm: 7,
        counts_5s: 3,
        total: 7,
        count_valid: false,
        position: Some(Position {
            lat: degrees(35.0, 38.5284),
            lon: degrees(139.0, 43.1506),
        }),
        altitude_m: 93.0,
        fix_valid: false,
        hdop: 16.0,
        quality: 0,
        satellites: 0,
        signed_angles: false,
    }
}

#[track_caller]
fn check(sentence: &Sentence<'_>, expected: &str) {
    let frame = sentence.frame();
    let text = String::from_utf8(frame.bytes.clone()).unwrap();
    assert_eq!(text, format!("{expected}\r\n"));
    let digits = frame.bytes.get(frame.checksum.unwrap()).unwrap();
    assert!(expected.as_bytes().ends_with(digits), "{digits:?}");
}

#[test]
fn the_catalogues_samples_byte_for_byte() {
    check(
        &classic(),
        "$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c",
    );
    check(
        &Sentence {
            model: Model::Mini,
            header: Model::Mini.header(),
            id: "028",
            time: Some("2011-12-08T18:16:20Z".parse().unwrap()),
            cpm: 41,
            counts_5s: 2,
            total: 46,
            count_valid: true,
            position: Some(Position {
                lat: degrees(41.0, 41.7977),
                lon: -degrees(73.0, 55.2556),
            }),
            altitude_m: 438.8,
            fix_valid: true,
            hdop: 1.5,
            quality: 1,
            ..classic()
        },
        "$BMRDD,028,2011-12-08T18:16:20Z,41,2,46,A,4141.7977,N,07355.2556,W,438.8,A,1.5,1*4C",
    );
    check(
        &Sentence {
            model: Model::Nano10,
            header: Model::Nano10.header(),
            id: "204",
            time: Some("2012-09-20T15:13:40Z".parse().unwrap()),
            cpm: 11,
            counts_5s: 2,
            total: 11,
            position: Some(Position {
                lat: degrees(52.0, 18.7185),
                lon: degrees(4.0, 45.6503),
            }),
            altitude_m: 4.8,
            fix_valid: true,
            hdop: 1.32,
            satellites: 6,
            ..classic()
        },
        "$BNRDD,204,2012-09-20T15:13:40Z,11,2,11,V,5218.7185,N,445.6503,E,4.80,A,132,6*64",
    );
    check(
        &Sentence {
            model: Model::Nano,
            header: Model::Nano.header(),
            id: "2709",
            time: Some("2016-09-20T04:09:12Z".parse().unwrap()),
            cpm: 46,
            counts_5s: 2,
            total: 3421,
            count_valid: true,
            position: Some(Position {
                lat: degrees(51.0, 47.8714),
                lon: degrees(0.0, 10.4994),
            }),
            altitude_m: 81.2,
            fix_valid: true,
            hdop: 0.84,
            satellites: 10,
            ..classic()
        },
        "$BNRDD,2709,2016-09-20T04:09:12Z,46,2,3421,A,5147.8714,N,00010.4994,E,81.20,A,10,84*77",
    );
}

#[test]
fn quirks_of_the_wire() {
    let body = |sentence: Sentence<'_>| String::from_utf8(sentence.frame().bytes).unwrap();
    let west = Some(Position {
        lat: degrees(41.0, 41.7977),
        lon: -degrees(83.0, 12.4727),
    });
    let signed = body(Sentence {
        position: west,
        signed_angles: true,
        ..classic()
    });
    assert!(signed.contains(",4141.7977,N,-8312.4727,W,"), "{signed}");
    let zen = body(Sentence {
        model: Model::Zen,
        position: west,
        ..classic()
    });
    assert!(zen.contains(",4141.7977,N,8312.4727,W,"), "{zen}");
}

#[test]
fn without_a_fix_the_nano_has_no_date() {
    let tick = |model| {
        let options = Options {
            model,
            no_fix: true,
            ..Options::default()
        };
        let frame = options.firmware(1).tick(&test_moment(0.1)).remove(0);
        String::from_utf8(frame.bytes).unwrap()
    };
    let nano = tick(Model::Nano);
    assert!(nano.contains(",2012-00-00T00:00:00Z,"), "{nano}");
    assert!(
        nano.contains(",0000.0000,N,00000.0000,E,0.00,V,0,0*"),
        "{nano}"
    );
    let classic = tick(Model::Classic);
    assert!(classic.contains(",2026-03-14T03:00:00Z,"), "{classic}");
    assert!(classic.contains(",V,0.0,0*"), "{classic}");
}

fn fields(unit: &mut Box<dyn Firmware>, moment: &Moment) -> Vec<String> {
    let frame = unit.tick(moment).remove(0);
    let text = String::from_utf8(frame.bytes).unwrap();
    text.split(',').map(str::to_owned).collect()
}

#[test]
fn cpm_is_a_sum_of_twelve_bins_and_void_for_the_first_minute() {
    let options = Options {
        model: Model::Classic,
        ..Options::default()
    };
    let mut unit = options.firmware(9);
    let mut bins: Vec<u64> = Vec::new();
    for line in 1..=30 {
        let fields = fields(&mut unit, &test_moment(0.5));
        let number = |idx: usize| fields[idx].parse::<u64>().unwrap();
        bins.push(number(4));
        let expected: u64 = bins.iter().rev().take(12).sum();
        assert_eq!(number(3), expected, "line {line}");
        assert_eq!(number(5), bins.iter().sum::<u64>(), "line {line}");
        let valid = if line <= 12 { "V" } else { "A" };
        assert_eq!(fields[6], valid, "line {line}");
    }
}

#[track_caller]
fn check_cpm(options: Options, dose_rate_usv_h: f64, expected: f64) {
    let mut unit = options.firmware(9);
    let mut cpm = 0.0;
    for _ in 0..13 {
        cpm = fields(&mut unit, &test_moment(dose_rate_usv_h))[3]
            .parse()
            .unwrap();
    }
    assert!(
        (cpm - expected).abs() < 6.0 * expected.sqrt(),
        "expected {expected}, found {cpm}"
    );
}

#[test]
fn dead_time_is_lost_by_the_classic_and_corrected_by_the_nano() {
    let nano = Options::default();
    let raw = Options {
        raw_counts: true,
        ..Options::default()
    };
    let classic = Options {
        model: Model::Classic,
        ..Options::default()
    };
    check_cpm(nano, 150.0, 50_100.0);
    let lost = 50_100.0 / (1.0 + 50_100.0 * DEAD_TIME_MIN);
    check_cpm(raw, 150.0, lost);
    check_cpm(classic.clone(), 150.0, lost);
    check_cpm(classic, 1e6, CPM_MAX);
}

#[test]
fn power_up_comments_by_model() {
    let said = |options: Options| -> Vec<String> {
        let frames = options.firmware(1).power_up();
        let text = |frame: Frame| String::from_utf8(frame.bytes).unwrap();
        frames.into_iter().map(text).collect()
    };
    assert_eq!(
        said(Options::default()),
        [
            "# NEW LOG\r\n",
            "# format=1.3.4nano\r\n",
            "# deadtime=on\r\n"
        ]
    );
    let silent = Options {
        no_comments: true,
        ..Options::default()
    };
    assert_eq!(said(silent), [""; 0]);
}

#[test]
fn a_frozen_unit_repeats_its_counts_with_a_running_clock() {
    let mut unit = Options::default().firmware(9);
    let mut moment = test_moment(0.5);
    let last = fields(&mut unit, &moment);
    moment.frozen = true;
    moment.clock += Duration::from_secs(5);
    let frozen = fields(&mut unit, &moment);
    assert_eq!(frozen[3..14], last[3..14]);
    assert_ne!(frozen[2], last[2]);
}

#[test]
fn in_the_demo_it_shows_tio3_then_tio2_then_background() {
    use crate::scenario::{MOBILE, Scenario};

    for model in [Model::Classic, Model::Nano] {
        let scenario = Scenario::demo(Duration::from_secs(60));
        let place = &scenario.places[MOBILE];
        let options = Options {
            model,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let shown: Vec<f64> = (1..=60_u32)
            .map(|tick| {
                let elapsed = unit.interval() * tick;
                let position = place.at(elapsed);
                let moment = Moment {
                    elapsed,
                    position,
                    ..test_moment(scenario.dose_rate_at(elapsed, position))
                };
                let cpm: f64 = fields(&mut unit, &moment)[3].parse().unwrap();
                cpm / CPM_PER_USV_H
            })
            .collect();
        let first_above = |level| shown.iter().position(|usv_h| *usv_h >= level).unwrap();
        let (tio3, tio2) = (first_above(1.0), first_above(100.0));
        let n_above = shown.iter().filter(|usv_h| **usv_h >= 100.0).count();
        assert!(12 < tio3 && tio3 < tio2, "{model:?}: {shown:?}");
        assert!(n_above >= 3, "{model:?}: {shown:?}");
        assert!(*shown.last().unwrap() < 0.3, "{model:?}: {shown:?}");
    }
}
