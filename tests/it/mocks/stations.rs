//! The mocks that publish to a broker, and how well their messages can tell the field.

use firmware_mocks::families::{Build, irdms, multigeiger, safecast_pointcast, uradmonitor};
use firmware_mocks::firmware::Station;
use pantau::reading::{Quantity, Radiation};

use super::rows::{COUNTS, Row, Show, itself, row, show};

const ALPHA: Quantity = Quantity::CountRate(Radiation::Alpha);
const BETA: Quantity = Quantity::CountRate(Radiation::Beta);
const GAMMA: Quantity = Quantity::CountRate(Radiation::Gamma);
const PANCAKE: Quantity = Quantity::CountRate(Radiation::AlphaBetaGamma);

/// Counts of the default tube in 1 µSv/h, each second.
const MULTIGEIGER_CPS: f64 = 12.2792;
const URADMONITOR_CPS: f64 = 1.0 / 0.006_315 / 60.0;

const MULTIGEIGER: &[Show] = &[
    show(Quantity::DoseRate, itself, 0.0042),
    show(COUNTS, |usv_h| usv_h * MULTIGEIGER_CPS, 0.051),
];

const fn multigeiger(build: fn(u64) -> Box<dyn Station>) -> Row {
    Row {
        unit: Some(Build::Mqtt(build)),
        shows: MULTIGEIGER,
        window_s: 20,
        ..row("multigeiger", 30)
    }
}

fn multigeiger_unit(way: multigeiger::Way, seed: u64) -> Box<dyn Station> {
    let options = multigeiger::Options {
        way,
        seconds: 20,
        ..multigeiger::Options::default()
    };
    options.station(seed)
}

/// Those that publish.
pub(super) const STATIONS: &[Row] = &[
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.011),
            show(COUNTS, |usv_h| usv_h * 170.6 / 60.0, 0.022),
        ],
        window_s: 60,
        ..row("espgeiger", 10)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0006),
            show(GAMMA, |usv_h| usv_h * 366.0, 0.16),
            show(Quantity::Dose, itself, 0.0051),
        ],
        window_s: 10,
        ..row("bdkg05-mqtt", 60)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0),
            show(GAMMA, |usv_h| usv_h * 40.0, 1.0),
            show(Quantity::Dose, itself, 0.0001),
        ],
        units: &[Quantity::Dose],
        ..row("radiacode-mqtt", 600)
    },
    // A number without anything around it: a part of one is another one.
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0001),
            show(COUNTS, |usv_h| usv_h * 153.8 / 60.0, 0.001),
        ],
        blind: &["cut", "reboot"],
        ..row("radpro-mqtt", 1200)
    },
    Row {
        shows: &[show(COUNTS, |usv_h| usv_h * 150.0 / 60.0, 0.017)],
        window_s: 60,
        ..row("gm10-mqtt", 60)
    },
    Row {
        unit: Some(Build::Mqtt(|seed| {
            let options = safecast_pointcast::Options {
                seconds: 30,
                ..safecast_pointcast::Options::default()
            };
            options.station(seed)
        })),
        shows: &[
            show(Quantity::DoseRate, itself, 0.003),
            show(PANCAKE, |usv_h| usv_h * 334.0 / 60.0, 0.017),
            show(GAMMA, |usv_h| usv_h * 108.0 / 60.0, 0.017),
        ],
        window_s: 30,
        units: &[Quantity::DoseRate, PANCAKE, GAMMA],
        is_placed: true,
        ..row("safecast-pointcast", 40)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.003),
            show(PANCAKE, |usv_h| usv_h * 334.0 / 60.0, 0.017),
        ],
        window_s: 60,
        is_placed: true,
        ..row("safecast-ingest", 10)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.003),
            show(PANCAKE, |usv_h| usv_h * 334.0 / 60.0, 0.017),
        ],
        units: &[Quantity::DoseRate, PANCAKE],
        is_placed: true,
        ..row("safecast-zen", 120)
    },
    // The body does not name the tube.
    Row {
        shows: &[show(COUNTS, |usv_h| usv_h * MULTIGEIGER_CPS, 0.06)],
        ..multigeiger(|seed| multigeiger_unit(multigeiger::Way::Http, seed))
    },
    multigeiger(|seed| multigeiger_unit(multigeiger::Way::Lora, seed)),
    multigeiger(|seed| multigeiger_unit(multigeiger::Way::Server, seed)),
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.004),
            show(COUNTS, |usv_h| usv_h * 4.76, 0.017),
        ],
        window_s: 60,
        begins_s: 60,
        is_placed: true,
        ..row("openradiation", 10)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0064),
            show(COUNTS, |usv_h| usv_h * URADMONITOR_CPS, 0.017),
        ],
        window_s: 60,
        ..row("uradmonitor", 10)
    },
    Row {
        unit: Some(Build::Mqtt(|seed| {
            let options = uradmonitor::Options {
                page: true,
                ..uradmonitor::Options::default()
            };
            options.station(seed)
        })),
        shows: &[
            show(Quantity::DoseRate, itself, 0.0064),
            show(COUNTS, |usv_h| usv_h * URADMONITOR_CPS, 0.017),
        ],
        window_s: 60,
        ..row("uradmonitor", 10)
    },
    // Its alpha and beta are backgrounds of their own.
    Row {
        unit: Some(Build::Mqtt(|seed| {
            let options = irdms::Options {
                position: true,
                alpha_cps: Some(0.5),
                beta_cps: Some(2.0),
                ..irdms::Options::default()
            };
            options.station(seed)
        })),
        shows: &[
            show(Quantity::DoseRate, itself, 0.0028),
            show(ALPHA, |_| 0.5, 0.1),
            show(BETA, |_| 2.0, 0.1),
        ],
        window_s: 10,
        units: &[Quantity::DoseRate, ALPHA, BETA],
        is_placed: true,
        ..row("irdms", 60)
    },
];
