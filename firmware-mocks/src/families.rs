//! One file per instrument family, each written from its section of the catalogue.
//!
//! A new family is a file here with its options (arguments of the command line),
//! its encoder and a [`Firmware`](crate::firmware::Firmware) or
//! [`Station`](crate::firmware::Station), a line in [`FAMILIES`], and a verb in the
//! program.

pub mod bgeigie;

pub mod mightyohm;

pub mod espgeiger;

pub mod irdms;

/// A family, for `firmware-mocks list`.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its verb on the command line.
    pub name: &'static str,
    /// How it talks: `serial` or `mqtt`.
    pub transport: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// All families, in the order of the catalogue.
pub const FAMILIES: &[Family] = &[
    Family {
        name: mightyohm::NAME,
        transport: "serial",
        about: "MightyOhm Geiger kit: a text line each second",
    },
    Family {
        name: bgeigie::NAME,
        transport: "serial",
        about: "Safecast bGeigie: a checked sentence with position each 5 s",
    },
    Family {
        name: espgeiger::NAME,
        transport: "mqtt",
        about: "ESPGeiger: JSON each minute, availability by last will",
    },
    Family {
        name: irdms::NAME,
        transport: "mqtt",
        about: "IRDMS station in pantau's own format: JSON each 10 s, QoS 1",
    },
];

/// A moment in a field, for the families' tests.
#[cfg(test)]
fn test_moment(dose_rate_usv_h: f64) -> crate::firmware::Moment {
    crate::firmware::Moment {
        elapsed: std::time::Duration::from_secs(60),
        clock: jiff::Timestamp::constant(1_773_457_200, 0),
        position: crate::geo::Position {
            lat: -6.35,
            lon: 106.67,
        },
        dose_rate_usv_h,
        frozen: false,
    }
}
