//! gpsd: JSON lines over TCP, by its own description of the protocol, `gpsd_json(5)`.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "gpsd";

/// How this gpsd and its receiver are set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Its release
    #[arg(long, default_value = "3.22")]
    pub release: String,
    /// The receiver's device
    #[arg(long, default_value = "/dev/ttyACM0", value_name = "PATH")]
    pub device: String,
    /// Horizontal dilution of precision
    #[arg(long, default_value_t = 0.9)]
    pub hdop: f64,
    /// Altitude above sea level
    #[arg(long, value_name = "METRES", default_value_t = 50.0)]
    pub altitude_m: f64,
    /// Has no fix: mode 1, and no position
    #[arg(long)]
    pub no_fix: bool,
    /// The receiver is stuck: one fix with one time for ever
    #[arg(long)]
    pub stuck: bool,
}

/// A gpsd with one receiver, as it runs.
#[derive(Debug)]
pub struct Gpsd {
    options: Options,
    inbox: Inbox,
    is_watched: bool,
    /// What was told last, for when it is frozen or stuck.
    fix: Option<Fix>,
}

#[derive(Clone, Copy, Debug)]
struct Fix {
    time: Timestamp,
    lat: f64,
    lon: f64,
}

/// The sea level near Serpong, in metres above the ellipsoid.
const GEOID_M: f64 = 18.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The gpsd with these options; there is no chance in it.
    pub fn firmware(self, _seed: u64) -> Box<dyn Firmware> {
        Box::new(Gpsd {
            options: self,
            inbox: Inbox::default(),
            is_watched: false,
            fix: None,
        })
    }
}

/// An object of a class. gpsd tells the class first, and there are readers that count
/// on it.
fn object(class: &str, members: &Value) -> Frame {
    let members = members.to_string();
    let members = members.trim_start_matches('{');
    Frame::line(&format!("{{\"class\":\"{class}\",{members}"))
}

/// With seven digits behind the point, as gpsd prints angles.
fn angle(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

impl Gpsd {
    fn obey(&mut self, command: &str) -> Vec<Frame> {
        let command = command.trim();
        let Some(policy) = command.strip_prefix("?WATCH=") else {
            let message = format!("Unrecognized request '{command}'");
            return vec![object("ERROR", &json!({"message": message}))];
        };
        let Ok(policy) = serde_json::from_str::<Value>(policy) else {
            return vec![object("ERROR", &json!({"message": "Invalid WATCH."}))];
        };
        // Both are true when nothing is said of them.
        let is_set = |key: &str| policy.get(key) != Some(&Value::Bool(false));
        self.is_watched = is_set("enable") && is_set("json");
        let device = json!({
            "class": "DEVICE", "path": self.options.device, "driver": "u-blox", "bps": 9600,
        });
        vec![
            object("DEVICES", &json!({"devices": [device]})),
            object(
                "WATCH",
                &json!({"enable": self.is_watched, "json": self.is_watched, "nmea": false}),
            ),
        ]
    }

    /// Time, position and velocity.
    fn fix_report(&self, fix: Fix) -> Frame {
        let Options {
            device, altitude_m, ..
        } = &self.options;
        let time = fix.time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
        if self.options.no_fix {
            return object("TPV", &json!({"device": device, "mode": 1, "time": time}));
        }
        object(
            "TPV",
            &json!({
                "device": device, "mode": 3, "time": time, "ept": 0.005,
                "lat": angle(fix.lat), "lon": angle(fix.lon),
                "altHAE": altitude_m + GEOID_M, "altMSL": altitude_m, "alt": altitude_m,
            }),
        )
    }

    /// The sky, in two reports as release 3.25 gives them: the dilutions, and the
    /// satellites.
    fn sky(&self) -> [Frame; 2] {
        let Options { device, hdop, .. } = &self.options;
        let satellites = json!([
            {"PRN": 5, "el": 31.0, "az": 44.0, "ss": 38.0, "used": !self.options.no_fix},
        ]);
        let dilutions = if self.options.no_fix {
            json!({"device": device, "nSat": 1, "uSat": 0})
        } else {
            json!({"device": device, "hdop": hdop, "vdop": 1.4, "pdop": 1.7, "uSat": 1})
        };
        [
            object("SKY", &dilutions),
            object("SKY", &json!({"device": device, "satellites": satellites})),
        ]
    }
}

impl Firmware for Gpsd {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            clock: true,
            line: true,
            terminator: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.is_watched = false;
        self.fix = None;
        Vec::new()
    }

    /// Each client begins anew.
    fn opened(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.is_watched = false;
        let release = &self.options.release;
        let version =
            json!({"release": release, "rev": release, "proto_major": 3, "proto_minor": 14});
        vec![object("VERSION", &version)]
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        let now = Fix {
            time: moment.clock,
            lat: moment.position.lat,
            lon: moment.position.lon,
        };
        let mut fix = self.fix.unwrap_or(now);
        if !self.options.stuck {
            fix.time = now.time;
            if !moment.frozen {
                fix = now;
            }
        }
        self.fix = Some(fix);
        if !self.is_watched {
            return Vec::new();
        }
        let mut said = vec![self.fix_report(fix)];
        said.extend(self.sky());
        said
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(command) = self.inbox.until(b";") {
            said.extend(self.obey(&String::from_utf8_lossy(&command)));
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    fn classes(frames: &[Frame]) -> Vec<String> {
        let class = |frame: &Frame| {
            let object: Value = serde_json::from_slice(&frame.bytes).unwrap();
            assert!(frame.bytes.starts_with(b"{\"class\":\""));
            object["class"].as_str().unwrap().to_owned()
        };
        frames.iter().map(class).collect()
    }

    #[test]
    fn it_greets_and_tells_whoever_watches() {
        let mut unit = Options::default().firmware(1);
        let moment = test_moment(0.1);
        assert_eq!(classes(&unit.opened()), ["VERSION"]);
        assert_eq!(unit.tick(&moment), []);
        let watch = b"?WATCH={\"enable\":true,\"json\":true};\n";
        let (start, end) = watch.split_at(9);
        assert_eq!(unit.hear(start, &moment), []);
        assert_eq!(classes(&unit.hear(end, &moment)), ["DEVICES", "WATCH"]);
        let said = unit.tick(&moment);
        assert_eq!(classes(&said), ["TPV", "SKY", "SKY"]);
        let fix: Value = serde_json::from_slice(&said[0].bytes).unwrap();
        assert_eq!(fix["time"], "2026-03-14T03:00:00.000Z");
        assert_eq!(fix["lat"].as_f64().map(angle), Some(-6.35));
        // The next client has to ask for itself.
        unit.opened();
        assert_eq!(unit.tick(&moment), []);
    }

    #[test]
    fn without_a_fix_there_is_no_position() {
        let options = Options {
            no_fix: true,
            ..Options::default()
        };
        let mut unit = options.firmware(1);
        let moment = test_moment(0.1);
        unit.hear(b"?WATCH={};", &moment);
        let said = unit.tick(&moment);
        let fix: Value = serde_json::from_slice(&said[0].bytes).unwrap();
        assert_eq!((&fix["mode"], fix.get("lat")), (&json!(1), None));
        let sky: Value = serde_json::from_slice(&said[1].bytes).unwrap();
        assert_eq!(sky.get("hdop"), None);
    }

    #[test]
    fn what_it_does_not_understand_is_an_error() {
        let mut unit = Options::default().firmware(1);
        let moment = test_moment(0.1);
        for request in [&b"?WACH;"[..], b"?WATCH={;"] {
            assert_eq!(classes(&unit.hear(request, &moment)), ["ERROR"]);
        }
        assert_eq!(
            classes(&unit.hear(b"?WATCH={\"enable\":false};", &moment)).len(),
            2
        );
        assert_eq!(unit.tick(&moment), []);
    }
}
