//! The mocks, and how well their frames can tell the field.

use firmware_mocks::families::{Build, Family, eurdep, gamma_scout, ludlum_3030, radpro_datalog};
use pantau::reading::{Quantity, Radiation};

impl Row {
    /// The family and how a unit of it is built.
    pub(super) fn family(&self) -> (&'static Family, Build) {
        let family = Family::named(self.family).unwrap();
        (family, self.unit.unwrap_or(family.build))
    }
}

/// One mock and how well its frames can tell the field.
pub(super) struct Row {
    /// The mock's verb.
    pub(super) family: &'static str,
    /// Another unit than the family's default one.
    pub(super) unit: Option<Build>,
    /// What it must show, and nothing else.
    pub(super) shows: &'static [Show],
    /// Seconds that a value looks back on.
    pub(super) window_s: u64,
    /// Least readings of ten undisturbed minutes.
    pub(super) least: usize,
    /// Readings that the way back to pushing may cost after a silence or a reboot, or that
    /// may stand in the frame that was begun at the end.
    pub(super) spare: usize,
    /// Readings that may stand in a frame or be told by it, and are lost with it, for
    /// those that are one stream; zero where each frame stands for itself.
    pub(super) holds: usize,
    /// Whether the daemon may send what changes the instrument, and has to before it
    /// measures: after a power cut that nobody noticed it says so.
    pub(super) starts: bool,
    /// Seconds that a numbered sample takes, for those that tell it more than once;
    /// zero for the others.
    pub(super) sample_s: u64,
    /// Seconds that the time it tells is before the end of what it measured.
    pub(super) begins_s: u64,
    /// What comes with a unit that it names.
    pub(super) units: &'static [Quantity],
    /// Whether it tells where it is.
    pub(super) is_placed: bool,
    /// Damage without a trace: what is left of a frame may be another good one. The
    /// reason stands beside the row.
    pub(super) blind: &'static [&'static str],
}

/// A quantity and its resolution on the wire.
pub(super) struct Show {
    /// What is measured.
    pub(super) quantity: Quantity,
    /// What it should be in a field of so many µSv/h, or at a dose of so many µSv.
    pub(super) of: fn(f64) -> f64,
    /// In the quantity's unit.
    pub(super) step: f64,
}

pub(super) const fn show(quantity: Quantity, of: fn(f64) -> f64, step: f64) -> Show {
    Show { quantity, of, step }
}

pub(super) const COUNTS: Quantity = Quantity::CountRate(Radiation::Unspecified);

pub(super) const fn row(family: &'static str, least: usize) -> Row {
    Row {
        family,
        unit: None,
        shows: &[],
        window_s: 0,
        least,
        spare: 0,
        holds: 0,
        starts: false,
        sample_s: 0,
        begins_s: 0,
        units: &[],
        is_placed: false,
        blind: &[],
    }
}

/// For what is told in µSv/h or µSv.
pub(super) const fn itself(field: f64) -> f64 {
    field
}

/// Those that send by themselves.
pub(super) const PUSHING: &[Row] = &[
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0058),
            show(COUNTS, |usv_h| usv_h / 0.0057 / 60.0, 1.0),
        ],
        window_s: 60,
        ..row("mightyohm", 600)
    },
    // A number without anything around it: a part of one is another one.
    Row {
        shows: &[show(COUNTS, |usv_h| usv_h * 175.43 / 60.0, 0.017)],
        window_s: 60,
        blind: &["cut", "glued", "reboot"],
        ..row("gc10", 600)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0031),
            show(
                Quantity::CountRate(Radiation::AlphaBetaGamma),
                |usv_h| usv_h * 334.0 / 60.0,
                0.017,
            ),
        ],
        window_s: 60,
        is_placed: true,
        ..row("bgeigie", 120)
    },
    // After a reboot it is silent until it is started again.
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.0051)],
        spare: 10,
        ..row("thermo-radeye", 599)
    },
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.0)],
        ..row("automess-6150ad", 600)
    },
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.051)],
        ..row("ludlum-375", 300)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0051),
            show(Quantity::Dose, itself, 0.0051),
        ],
        spare: 8,
        ..row("canberra-adm300", 299)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0051),
            show(COUNTS, |usv_h| usv_h * 153.8 / 60.0, 1.0),
            show(Quantity::Dose, |usv| usv + 0.26, 0.0051),
        ],
        spare: 6,
        ..row("bosean-fs5000", 599)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.05),
            show(COUNTS, |usv_h| gamma_scout::cpm_of(usv_h) / 60.0, 0.1),
        ],
        window_s: 10,
        // After a reboot it is in standard mode, and asked after 15 s of silence.
        spare: 3,
        ..row("gamma-scout", 59)
    },
    // Each byte is an event, so that no damage shows; nor does a frozen tenth of a
    // second, which repeats chance. After ten windows without one it counts as silent.
    Row {
        shows: &[show(COUNTS, |usv_h| usv_h * 2.5, 0.1)],
        window_s: 10,
        blind: &[
            "silence", "rubbish", "cut", "collapse", "frozen", "flood", "reboot",
        ],
        ..row("blackcat-gm10", 59)
    },
    Row {
        is_placed: true,
        ..row("nmea-gps", 1200)
    },
    // After a reboot it has to be told to watch again, after 15 s of silence.
    Row {
        is_placed: true,
        spare: 20,
        ..row("gpsd", 599)
    },
];

/// Those that have to be asked.
pub(super) const POLLED: &[Row] = &[
    // Two bytes, and any two are a count.
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0066),
            show(COUNTS, |usv_h| usv_h * 154.0 / 60.0, 1.0),
        ],
        window_s: 60,
        blind: &["rubbish", "cut", "flood", "reboot"],
        ..row("gq-gmc300", 1180)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0066),
            show(COUNTS, |usv_h| usv_h * 154.0 / 60.0, 1.0),
        ],
        window_s: 60,
        blind: &["rubbish", "cut", "flood", "reboot"],
        ..row("gq-gmc500", 1180)
    },
    // Frozen, its pulses stand still, and their rate is zero.
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.001),
            show(COUNTS, |usv_h| usv_h * 153.8 / 60.0, 1.0),
        ],
        window_s: 1,
        blind: &["frozen"],
        ..row("radpro", 1180)
    },
    // Its dose has that of the neutrons in it.
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0051),
            show(Quantity::Dose, itself, 0.06),
        ],
        ..row("ludlum-2363", 590)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.001),
            show(
                Quantity::CountRate(Radiation::Gamma),
                |usv_h| usv_h * 142.0,
                0.1,
            ),
            show(Quantity::Dose, itself, 0.001),
        ],
        ..row("mirion-accurad", 590)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0051),
            show(COUNTS, |usv_h| usv_h * 116.7 / 60.0, 0.017),
            show(Quantity::Dose, itself, 0.0051),
        ],
        ..row("radex-one", 590)
    },
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.0001)],
        ..row("alphahound", 590)
    },
    // Half a minute each, and asked every ten seconds; read again and again.
    Row {
        unit: Some(Build::Serial(|seed| {
            let options = ludlum_3030::Options {
                count_secs: 30,
                ..ludlum_3030::Options::default()
            };
            options.firmware(seed)
        })),
        shows: &[
            show(
                Quantity::CountRate(Radiation::Alpha),
                |usv_h| usv_h * 0.5,
                0.034,
            ),
            show(
                Quantity::CountRate(Radiation::Beta),
                |usv_h| usv_h * 8.0,
                0.034,
            ),
        ],
        window_s: 60,
        sample_s: 30,
        ..row("ludlum-3030", 19)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0006),
            show(COUNTS, |usv_h| usv_h / 0.627 + 0.07, 1.0),
            show(Quantity::Dose, itself, 0.0001),
        ],
        ..row("berthold-lb134", 235)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0001),
            show(
                Quantity::CountRate(Radiation::Gamma),
                |usv_h| usv_h * 366.0,
                1.0,
            ),
            show(Quantity::Dose, itself, 0.001),
        ],
        starts: true,
        spare: 10,
        ..row("atomtex-bdkg05", 580)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0001),
            show(
                Quantity::CountRate(Radiation::Gamma),
                |usv_h| usv_h * 10.0,
                1.0,
            ),
            show(Quantity::Dose, itself, 0.0001),
        ],
        ..row("modbus-rtu", 590)
    },
];

const GAMMA_SCOUT_LOG: &[Show] = &[
    show(Quantity::DoseRate, itself, 0.12),
    show(COUNTS, |usv_h| gamma_scout::cpm_of(usv_h) / 60.0, 0.1),
];

const GMC_HISTORY: &[Show] = &[
    show(Quantity::DoseRate, itself, 60.0 / 154.0),
    show(COUNTS, |usv_h| usv_h * 154.0 / 60.0, 1.0),
];

/// The log of a Gamma-Scout is one stream of bytes: behind a damaged line its place in it
/// may be lost up to the next date, twelve counts on, and a line that is missing leaves
/// no trace. It tells dates in whole minutes, so that one behind a power cut is early, and
/// sets the clock with them only. What does not fill a line is not printed.
const fn gamma_scout_log(family: &'static str) -> Row {
    Row {
        shows: GAMMA_SCOUT_LOG,
        window_s: 10,
        holds: 30,
        spare: 16,
        blind: &["silence", "reboot", "clock"],
        ..row(family, 57)
    }
}

/// The history of a GMC is one stream of bytes, and any byte is a count. What is missing
/// leaves no trace, and the clock is set by the next date stamp only.
const fn gmc_history(family: &'static str) -> Row {
    Row {
        shows: GMC_HISTORY,
        window_s: 1,
        blind: &["silence", "rubbish", "cut", "flood", "clock"],
        ..row(family, 600)
    }
}

/// One that connects by itself, and those that are read from recordings.
pub(super) const OTHERS: &[Row] = &[
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.051)],
        ..row("ludlum-375-xml", 300)
    },
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0001),
            show(
                Quantity::CountRate(Radiation::Gamma),
                |usv_h| usv_h * 40.0,
                1.0,
            ),
        ],
        is_placed: true,
        ..row("radiacode-track", 600)
    },
    // Frozen, its pulses stand still, and their rate is zero. A clock that is set
    // forward looks like a long pause between two records.
    Row {
        unit: Some(Build::File(|seed| {
            let options = radpro_datalog::Options {
                seconds: 10,
                ..radpro_datalog::Options::default()
            };
            options.firmware(seed)
        })),
        shows: &[show(COUNTS, |usv_h| usv_h * 153.8 / 60.0, 0.1)],
        window_s: 10,
        blind: &["frozen", "clock"],
        ..row("radpro-datalog", 59)
    },
    // Without marker or checksum: any fourteen bytes are an answer.
    Row {
        shows: &[show(Quantity::DoseRate, itself, 0.0051)],
        blind: &["rubbish", "flood"],
        ..row("radex-rd1212", 10)
    },
    // Without marker or checksum: any fifteen bytes are a packet.
    Row {
        shows: &[
            show(Quantity::DoseRate, itself, 0.0006),
            show(COUNTS, |usv_h| usv_h * 5.8, 1.0),
        ],
        blind: &["rubbish", "flood"],
        ..row("se-monitor", 600)
    },
    gmc_history("gq-gmc-history"),
    gmc_history("gq-gmc-history-note4"),
    gamma_scout_log("gamma-scout-log"),
    gamma_scout_log("gamma-scout-online-log"),
    Row {
        unit: Some(Build::File(|seed| {
            let options = eurdep::Options {
                seconds: 60,
                ..eurdep::Options::default()
            };
            options.firmware(seed)
        })),
        shows: &[show(Quantity::DoseRate, itself, 0.0006)],
        window_s: 60,
        is_placed: true,
        ..row("eurdep", 10)
    },
];
