//! One file per instrument family, each written from its section of the catalogue.
//!
//! A new family is a file here with its options (arguments of the command line),
//! its encoder and a [`Firmware`] or
//! [`Station`], a line in [`FAMILIES`], and a verb in the
//! program.

mod gmc;

pub mod gq_gmc300;

pub mod gq_gmc500;

pub mod mightyohm;

pub mod gc10;

pub mod bgeigie;

pub mod radpro;

pub mod thermo_radeye;

pub mod automess_6150ad;

pub mod ludlum_375;

pub mod ludlum_375_xml;

pub mod ludlum_2363;

pub mod ludlum_3030;

pub mod berthold_lb134;

pub mod atomtex_bdkg05;

pub mod canberra_adm300;

pub mod mirion_accurad;

pub mod radex_one;

pub mod bosean_fs5000;

pub mod gamma_scout;

pub mod blackcat_gm10;

pub mod alphahound;

pub mod espgeiger;

pub mod bdkg05_mqtt;

pub mod radiacode_mqtt;

pub mod radpro_mqtt;

pub mod gm10_mqtt;

pub mod safecast_ingest;

pub mod safecast_pointcast;

pub mod safecast_zen;

pub mod multigeiger;

pub mod openradiation;

pub mod uradmonitor;

pub mod nmea_gps;

pub mod gpsd;

pub mod modbus_rtu;

pub mod radpro_datalog;

pub mod gq_gmc_history;

pub mod gamma_scout_log;

pub mod eurdep;

pub mod radex_rd1212;

pub mod radiacode_track;

pub mod se_monitor;

pub mod irdms;

mod list;

pub use list::FAMILIES;

use crate::firmware::{Firmware, Station};

/// A family: its names, and how to build one unit of it.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its verb on the command line.
    pub name: &'static str,
    /// The id of the device profile that reads it.
    pub profile: &'static str,
    /// What it is.
    pub about: &'static str,
    /// A unit with the default options.
    pub build: Build,
}

/// How a family talks, and what builds a unit of it from a seed.
#[derive(Clone, Copy, Debug)]
pub enum Build {
    /// On a line.
    Serial(fn(u64) -> Box<dyn Firmware>),
    /// As a program that others connect to.
    Server(fn(u64) -> Box<dyn Firmware>),
    /// To a host that listens, as on a line of its own.
    Tcp(fn(u64) -> Box<dyn Firmware>),
    /// Into a recording: it tells its history, or is read by another program.
    File(fn(u64) -> Box<dyn Firmware>),
    /// To a broker.
    Mqtt(fn(u64) -> Box<dyn Station>),
}

impl Family {
    /// The family with this verb.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }

    /// How it talks, as its profile has it: `serial`, `tcp`, `file` or `mqtt`.
    pub const fn transport(&self) -> &'static str {
        match self.build {
            Build::Serial(_) => "serial",
            Build::Server(_) | Build::Tcp(_) => "tcp",
            Build::File(_) => "file",
            Build::Mqtt(_) => "mqtt",
        }
    }
}

/// The options as the command line has them when nothing is said.
///
/// # Panics
///
/// When an option has no default, which the tests of the list would show.
fn defaults<O: clap::Args>() -> O {
    O::augment_args(clap::Command::new("defaults"))
        .try_get_matches_from(["defaults"])
        .and_then(|matches| O::from_arg_matches(&matches))
        .expect("every option has a default")
}

/// In single precision, for instruments whose frames have floats of four bytes.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to seven digits is what the instruments do"
)]
const fn single(value: f64) -> f32 {
    value as f32
}

/// A moment in a field, for the families' tests.
#[cfg(test)]
pub(crate) fn test_moment(dose_rate_usv_h: f64) -> crate::firmware::Moment {
    crate::firmware::Moment {
        elapsed: std::time::Duration::from_secs(60),
        clock: jiff::Timestamp::constant(1_773_457_200, 0),
        position: crate::geo::Position {
            lat: -6.35,
            lon: 106.67,
        },
        dose_rate_usv_h,
        frozen: false,
        overload: false,
        steady: false,
    }
}
