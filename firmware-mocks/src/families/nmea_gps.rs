//! NMEA 0183 GPS receiver (catalogue section 25): RMC and GGA each second.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::geo::Position;
use crate::nmea::{AngleFormat, angle, checksum, hemisphere};

/// The family's verb.
pub const NAME: &str = "nmea-gps";

/// How this receiver is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The two letters before the sentence's type, such as GP, GN, GL, GA, BD, GB
    #[arg(long, default_value = "GP")]
    pub talker: String,
    /// Decimals of the minutes
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(2..=7))]
    pub decimals: u8,
    /// Horizontal dilution of precision
    #[arg(long, default_value_t = 1.2)]
    pub hdop: f64,
    /// Satellites in use
    #[arg(long, default_value_t = 8)]
    pub satellites: u8,
    /// Altitude it reports
    #[arg(long, value_name = "METRES", default_value_t = 50.0)]
    pub altitude_m: f64,
    /// Has no fix: empty fields, status V, quality 0
    #[arg(long)]
    pub no_fix: bool,
    /// Also sends sentences and lines nobody asked for
    #[arg(long)]
    pub chatter: bool,
}

/// The contents of a GGA sentence.
#[derive(Clone, Debug)]
pub struct Gga<'a> {
    /// Two letters.
    pub talker: &'a str,
    /// UTC.
    pub time: Timestamp,
    /// `None` without a fix.
    pub position: Option<Position>,
    /// Decimals of the minutes.
    pub decimals: u8,
    /// Satellites in use.
    pub satellites: u8,
    /// Horizontal dilution of precision.
    pub hdop: f64,
    /// Metres above sea level.
    pub altitude_m: f64,
    /// Metres the sea level is above the ellipsoid.
    pub geoid_m: f64,
}

/// A receiver, as it runs.
#[derive(Debug)]
pub struct NmeaGps {
    options: Options,
    position: Option<Position>,
    speed_m_s: f64,
}

const KNOTS_PER_M_S: f64 = 3_600.0 / 1_852.0;

/// The sea level near Serpong, in metres above the ellipsoid.
const GEOID_M: f64 = 18.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The receiver with these options. It knows where it is, so there is no chance in
    /// it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(NmeaGps {
            options: self,
            position: None,
            speed_m_s: 0.0,
        })
    }
}

/// `$`, the fields, `*`, the check and CR LF.
fn sentence(fields: &str) -> Frame {
    let check = checksum(fields.as_bytes());
    let start = fields.len() + 2;
    Frame {
        bytes: format!("${fields}*{check:02X}\r\n").into_bytes(),
        checksum: Some(start..start + 2),
        terminator: 2,
    }
}

/// `hhmmss.ss`.
fn time_of(time: Timestamp) -> String {
    let hundredths = time.subsec_nanosecond().unsigned_abs() / 10_000_000;
    format!("{}.{hundredths:02}", time.strftime("%H%M%S"))
}

/// Four fields: both angles with their hemispheres, or nothing four times.
fn position_of(position: Option<Position>, decimals: u8) -> String {
    let Some(Position { lat, lon }) = position else {
        return ",,,".to_owned();
    };
    let field = |degrees, digits| {
        let format = AngleFormat {
            digits,
            decimals,
            signed: false,
        };
        angle(degrees, format)
    };
    format!(
        "{},{},{},{}",
        field(lat, 4),
        hemisphere(lat, 'N', 'S'),
        field(lon, 5),
        hemisphere(lon, 'E', 'W'),
    )
}

impl Gga<'_> {
    /// The sentence.
    pub fn frame(&self) -> Frame {
        let Self {
            talker, satellites, ..
        } = self;
        let time = time_of(self.time);
        let position = position_of(self.position, self.decimals);
        if self.position.is_none() {
            return sentence(&format!("{talker}GGA,{time},{position},0,00,,,M,,M,,"));
        }
        let (hdop, altitude, geoid) = (self.hdop, self.altitude_m, self.geoid_m);
        sentence(&format!(
            "{talker}GGA,{time},{position},1,{satellites:02},{hdop:.1},{altitude:.2},M,{geoid:.1},M,,0000"
        ))
    }
}

impl NmeaGps {
    fn rmc(&self, time: Timestamp) -> Frame {
        let Options {
            talker, decimals, ..
        } = &self.options;
        let position = position_of(self.position, *decimals);
        let date = time.strftime("%d%m%y");
        let time = time_of(time);
        let (status, speed) = match self.position {
            Some(_) => ('A', format!("{:.2}", self.speed_m_s * KNOTS_PER_M_S)),
            None => ('V', String::new()),
        };
        sentence(&format!(
            "{talker}RMC,{time},{status},{position},{speed},,{date},,"
        ))
    }

    fn gga(&self, time: Timestamp) -> Frame {
        let options = &self.options;
        Gga {
            talker: &options.talker,
            time,
            position: self.position,
            decimals: options.decimals,
            satellites: options.satellites,
            hdop: options.hdop,
            altitude_m: options.altitude_m,
            geoid_m: GEOID_M,
        }
        .frame()
    }
}

impl Firmware for NmeaGps {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            clock: true,
            line: true,
            terminator: true,
            overload: false,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.position = None;
        self.speed_m_s = 0.0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if !moment.frozen {
            let now = (!self.options.no_fix).then_some(moment.position);
            self.speed_m_s = match (self.position, now) {
                (Some(before), Some(now)) => before.distance_m(now),
                _ => 0.0,
            };
            self.position = now;
        }
        let mut said = vec![self.rmc(moment.clock), self.gga(moment.clock)];
        if self.options.chatter {
            said.insert(0, sentence("IIMWV,084.0,R,10.4,N,A"));
            said.push(Frame::line("foobar"));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_byte_for_byte() {
        let gga = Gga {
            talker: "GP",
            time: "2010-01-01T18:43:53.07Z".parse().unwrap(),
            position: Some(Position {
                lat: -(19.0 + 29.045 / 60.0),
                lon: 24.0 + 10.506 / 60.0,
            }),
            decimals: 3,
            satellites: 4,
            hdop: 2.6,
            altitude_m: 100.0,
            geoid_m: -33.9,
        };
        let expected = "$GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000*6D";
        let frame = gga.frame();
        assert_eq!(frame.bytes, format!("{expected}\r\n").into_bytes());
        assert_eq!(&frame.bytes[frame.checksum.unwrap()], b"6D");
    }

    fn texts(unit: &mut Box<dyn Firmware>, moment: &Moment) -> Vec<String> {
        let text = |frame: Frame| String::from_utf8(frame.bytes).unwrap();
        unit.tick(moment).into_iter().map(text).collect()
    }

    #[test]
    fn a_fix_with_its_date_and_speed() {
        let mut unit = Options::default().firmware(1);
        let mut moment = test_moment(0.1);
        let said = texts(&mut unit, &moment);
        let rmc = "$GPRMC,030000.00,A,0621.0000,S,10640.2000,E,0.00,,140326,,*";
        assert!(said[0].starts_with(rmc), "{said:?}");
        let gga = "$GPGGA,030000.00,0621.0000,S,10640.2000,E,1,08,1.2,50.00,M,18.0,M,,0000*";
        assert!(said[1].starts_with(gga), "{said:?}");
        // A minute of latitude is a nautical mile: 3600 knots in a second.
        moment.position.lat -= 1.0 / 60.0;
        let said = texts(&mut unit, &moment);
        let speed: f64 = said[0].split(',').nth(7).unwrap().parse().unwrap();
        assert!((speed - 3_600.0).abs() < 15.0, "{said:?}");
    }

    #[test]
    fn without_a_fix_fields_are_empty() {
        let options = Options {
            no_fix: true,
            talker: "GN".to_owned(),
            chatter: true,
            ..Options::default()
        };
        let said = texts(&mut options.firmware(1), &test_moment(0.1));
        assert!(said[0].starts_with("$IIMWV,"));
        assert!(
            said[1].starts_with("$GNRMC,030000.00,V,,,,,,,140326,,*"),
            "{said:?}"
        );
        assert!(
            said[2].starts_with("$GNGGA,030000.00,,,,,0,00,,,M,,M,,*"),
            "{said:?}"
        );
        assert_eq!(said[3], "foobar\r\n");
    }
}
