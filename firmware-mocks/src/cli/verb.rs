//! The verbs of the command line: one for each family, and two more.

use clap::Subcommand;
use firmware_mocks::families::{bgeigie, espgeiger, irdms, mightyohm};
use firmware_mocks::scenario::{MIGHTYOHM, MOBILE, STATIONS};

use super::{Mqtt, Play, Serial, list, play};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// The families there are
    List,
    /// MightyOhm Geiger kit, serial
    Mightyohm(Serial<mightyohm::Options>),
    /// Safecast bGeigie, serial
    Bgeigie(Serial<bgeigie::Options>),
    /// ESPGeiger, MQTT
    Espgeiger(Mqtt<espgeiger::Options>),
    /// IRDMS station in pantau's own format, MQTT
    Irdms(Mqtt<irdms::Options>),
    /// Sends a recording line by line
    Play(Play),
}

impl Verb {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List => list(),
            Self::Play(args) => play(args).await,
            Self::Mightyohm(args) => args.run(mightyohm::Options::firmware, MIGHTYOHM).await,
            Self::Bgeigie(args) => args.run(bgeigie::Options::firmware, MOBILE).await,
            Self::Espgeiger(args) => args.run(espgeiger::Options::station, MIGHTYOHM).await,
            Self::Irdms(args) => args.run(irdms::Options::station, STATIONS[0]).await,
        }
    }
}
