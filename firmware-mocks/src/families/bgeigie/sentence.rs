//! The sentence itself: fifteen fields and a checksum, by model.

use clap::ValueEnum;
use jiff::Timestamp;

use crate::faults::Frame;
use crate::geo::Position;
use crate::nmea::{AngleFormat, angle, checksum, hemisphere};

/// Which bGeigie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Model {
    /// bGeigie Classic: lower-case checksum, HDOP and fix quality
    Classic,
    /// bGeigie Mini: as the Classic, upper-case checksum
    Mini,
    /// bGeigie Nano, format 1.0: HDOP × 100 and satellites, angles unpadded
    #[value(name = "nano-1.0")]
    Nano10,
    /// bGeigie Nano, format 1.3.4: satellites and HDOP × 100
    Nano,
    /// bGeigie Zen: as the Nano, longitude unpadded
    Zen,
}

/// One sentence's contents.
#[derive(Clone, Debug)]
pub struct Sentence<'a> {
    /// Decides order and format of the fields.
    pub model: Model,
    /// Without the `$`.
    pub header: &'a str,
    /// Device id; text, as its leading zeros count.
    pub id: &'a str,
    /// GPS time; `None` prints the Nano's date that is none.
    pub time: Option<Timestamp>,
    /// Counts of the last minute, or less just after power-up.
    pub cpm: u64,
    /// Counts of the last 5 s.
    pub counts_5s: u64,
    /// Counts since power-up.
    pub total: u64,
    /// False while `cpm` lacks a full minute.
    pub count_valid: bool,
    /// `None` prints zeros.
    pub position: Option<Position>,
    /// Metres.
    pub altitude_m: f64,
    /// What the GPS says of its fix.
    pub fix_valid: bool,
    /// Horizontal dilution of precision.
    pub hdop: f64,
    /// Fix quality: 0 none, 1 GPS. Printed by Classic and Mini.
    pub quality: u32,
    /// Printed by Nano and Zen.
    pub satellites: u32,
    /// Prints minus signs beside the hemisphere.
    pub signed_angles: bool,
}

impl Model {
    /// The header the model is known by.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Classic => "BGRDD",
            Self::Mini => "BMRDD",
            Self::Nano10 | Self::Nano | Self::Zen => "BNRDD",
        }
    }

    /// True where cpm can come corrected for dead time.
    pub const fn corrects_dead_time(self) -> bool {
        matches!(self, Self::Nano | Self::Zen)
    }

    /// True where a missing fix means a missing date.
    pub const fn loses_date(self) -> bool {
        matches!(self, Self::Nano10 | Self::Nano | Self::Zen)
    }

    /// The comment lines of a new log.
    ///
    /// The Zen says `off` although it corrects. Its format line is not in the
    /// catalogue, so it gets none.
    pub fn comments(self, corrects_dead_time: bool) -> Vec<&'static str> {
        match self {
            Self::Classic => Vec::new(),
            Self::Mini => vec!["# NEW LOG", "# format=1.0.0"],
            Self::Nano10 => vec!["# NEW LOG", "# format=1.0.0nano"],
            Self::Nano if corrects_dead_time => {
                vec!["# NEW LOG", "# format=1.3.4nano", "# deadtime=on"]
            }
            Self::Nano => vec!["# NEW LOG", "# format=1.3.4nano", "# deadtime=off"],
            Self::Zen => vec!["# NEW LOG", "# deadtime=off"],
        }
    }

    const fn digits(self) -> (usize, usize) {
        match self {
            Self::Classic | Self::Mini | Self::Nano => (4, 5),
            Self::Nano10 => (0, 0),
            Self::Zen => (4, 0),
        }
    }
}

impl Sentence<'_> {
    /// The sentence as a frame that ends in CR LF.
    pub fn frame(&self) -> Frame {
        let body = self.body();
        let sum = checksum(body.as_bytes());
        let sum = match self.model {
            Model::Classic => format!("{sum:02x}"),
            Model::Mini | Model::Nano10 | Model::Nano | Model::Zen => format!("{sum:02X}"),
        };
        let start = body.len() + 2; // past `$`, the body and `*`
        Frame {
            bytes: format!("${body}*{sum}\r\n").into_bytes(),
            checksum: Some(start..start + sum.len()),
            terminator: 2,
        }
    }

    /// What stands between `$` and `*`.
    fn body(&self) -> String {
        let time = match self.time {
            Some(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            None => "2012-00-00T00:00:00Z".to_owned(),
        };
        let Self {
            header,
            id,
            cpm,
            counts_5s,
            total,
            ..
        } = self;
        let count_valid = letter(self.count_valid);
        let fix_valid = letter(self.fix_valid);
        let position = self.position_fields();
        let altitude = self.altitude_field();
        let [f13, f14] = self.quality_fields();
        format!(
            "{header},{id},{time},{cpm},{counts_5s},{total},{count_valid},\
             {position},{altitude},{fix_valid},{f13},{f14}"
        )
    }

    fn position_fields(&self) -> String {
        let Position { lat, lon } = self.position.unwrap_or(Position { lat: 0.0, lon: 0.0 });
        let (lat_digits, lon_digits) = self.model.digits();
        let field = |degrees, digits| {
            let signed = self.signed_angles;
            let format = AngleFormat {
                digits,
                decimals: 4,
                signed,
            };
            angle(degrees, format)
        };
        format!(
            "{},{},{},{}",
            field(lat, lat_digits),
            hemisphere(lat, 'N', 'S'),
            field(lon, lon_digits),
            hemisphere(lon, 'E', 'W'),
        )
    }

    fn altitude_field(&self) -> String {
        match self.model {
            Model::Classic | Model::Mini => format!("{:.1}", self.altitude_m),
            Model::Nano10 | Model::Nano | Model::Zen => format!("{:.2}", self.altitude_m),
        }
    }

    /// Fields 13 and 14, whose meaning and order changed from model to model. The
    /// Zen's is a PDOP; the mock has one dilution for both.
    fn quality_fields(&self) -> [String; 2] {
        let hundredths = format!("{:.0}", self.hdop * 100.0);
        let satellites = self.satellites.to_string();
        match self.model {
            Model::Classic | Model::Mini => [format!("{:.1}", self.hdop), self.quality.to_string()],
            Model::Nano10 => [hundredths, satellites],
            Model::Nano | Model::Zen => [satellites, hundredths],
        }
    }
}

/// `A` for valid, `V` for void.
const fn letter(valid: bool) -> char {
    if valid { 'A' } else { 'V' }
}
