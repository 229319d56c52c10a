//! MultiGeiger (catalogue section 23i): the body of its HTTP requests, or ten bytes over
//! LoRaWAN, as a relay or a network server hands them on.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::detector::Detector;
use crate::faults::Abilities;
use crate::firmware::{Message, Moment, Station};

/// The family's verb.
pub const NAME: &str = "multigeiger";

/// How this unit is built and set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Name of the device, a level of its topics
    #[arg(long, default_value = "esp32-51564452")]
    pub id: String,
    /// Which tube it has
    #[arg(long, value_enum, default_value_t = Tube::Si22g)]
    pub tube: Tube,
    /// How its counts come here
    #[arg(long, value_enum, default_value_t = Way::Http)]
    pub way: Way,
    /// Scenario seconds it counts for one message
    #[arg(long, value_name = "SECONDS", default_value_t = 150,
          value_parser = clap::value_parser!(u32).range(1..=16_000))]
    pub seconds: u32,
}

/// The tubes, with the number of each over LoRaWAN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tube {
    /// SBM-20
    Sbm20,
    /// SBM-19
    Sbm19,
    /// Si22G
    Si22g,
}

/// How its counts are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// The JSON body of the HTTP request
    Http,
    /// The ten bytes as they are
    Lora,
    /// The ten bytes as base64 in a network server's JSON
    Server,
}

/// A MultiGeiger, as it runs.
#[derive(Debug)]
pub struct MultiGeiger {
    options: Options,
    detector: Detector,
    counts: u64,
}

/// Three bytes of the LoRaWAN form hold at most this many milliseconds.
const MS_MAX: u32 = 0xFF_FFFF;

/// Its firmware, in the LoRaWAN form and in words.
const VERSION: u16 = 0x1160;
const VERSION_TEXT: &str = "V1.16.0";

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn station(self, seed: u64) -> Box<dyn Station> {
        Box::new(MultiGeiger {
            options: self,
            detector: Detector::new(seed),
            counts: 0,
        })
    }

    /// The counting time; zero, which the command line refuses, counts as one second.
    fn length_secs(&self) -> u32 {
        self.seconds.max(1)
    }
}

impl Tube {
    /// Counts per second in 1 µSv/h.
    pub const fn cps_per_usv_h(self) -> f64 {
        match self {
            Self::Sbm20 => 2.47,
            Self::Sbm19 => 9.818_88,
            Self::Si22g => 12.279_2,
        }
    }

    /// In the order of the firmware's list.
    const fn number(self) -> u8 {
        match self {
            Self::Sbm20 => 1,
            Self::Sbm19 => 2,
            Self::Si22g => 3,
        }
    }
}

/// The list of names and texts.
pub fn body(counts: u64, ms: u32) -> String {
    let cpm = (counts as f64 * 60_000.0 / f64::from(ms.max(1))).round();
    format!(
        r#"{{"software_version":"{VERSION_TEXT}","sensordatavalues":[{{"value_type":"counts_per_minute","value":"{cpm}"}},{{"value_type":"counts","value":"{counts}"}},{{"value_type":"sample_time_ms","value":"{ms}"}}]}}"#
    )
}

/// The ten bytes: counts, milliseconds, version, number of the tube.
pub fn lora(counts: u64, ms: u32, tube: Tube) -> [u8; 10] {
    let [a, b, c, d] = u32::try_from(counts).unwrap_or(u32::MAX).to_be_bytes();
    let [_, e, f, g] = ms.min(MS_MAX).to_be_bytes();
    let [h, i] = VERSION.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, tube.number()]
}

/// Base64 as RFC 4648 has it, with `=` at the end.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let index = usize::try_from(group >> (18 - 6 * at) & 0x3F).unwrap_or(0);
            let letter = ALPHABET.get(index).copied().map_or('A', char::from);
            let is_filled = usize::try_from(at).unwrap_or(0) <= chunk.len();
            text.push(if is_filled { letter } else { '=' });
        }
    }
    text
}

impl MultiGeiger {
    fn message(&self) -> Message {
        let Options { id, tube, way, .. } = &self.options;
        let ms = self.options.length_secs().saturating_mul(1000).min(MS_MAX);
        let bytes = lora(self.counts, ms, *tube);
        match way {
            Way::Http => Message::plain(format!("multigeiger/{id}/data"), body(self.counts, ms)),
            Way::Lora => Message {
                payload: bytes.to_vec(),
                ..Message::plain(format!("multigeiger/{id}/lora"), String::new())
            },
            Way::Server => {
                let payload = base64(&bytes);
                Message::plain(
                    format!("v3/geiger/devices/{id}/up"),
                    format!(
                        r#"{{"end_device_ids":{{"device_id":"{id}"}},"uplink_message":{{"f_port":1,"frm_payload":"{payload}"}}}}"#
                    ),
                )
            }
        }
    }
}

impl Station for MultiGeiger {
    fn family(&self) -> &'static str {
        NAME
    }

    fn id(&self) -> &str {
        &self.options.id
    }

    fn abilities(&self) -> Abilities {
        let values: &[&str] = match self.options.way {
            Way::Http => &["value"],
            Way::Lora => &[],
            Way::Server => &["frm_payload"],
        };
        Abilities {
            values,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(u64::from(self.options.length_secs()))
    }

    fn last_will(&self) -> Option<Message> {
        None
    }

    fn greeting(&self) -> Vec<Message> {
        Vec::new()
    }

    fn power_up(&mut self) {
        self.counts = 0;
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Message> {
        if !moment.frozen {
            let cps = moment.dose_rate_usv_h * self.options.tube.cps_per_usv_h();
            let seconds = f64::from(self.options.length_secs());
            self.counts = self.detector.counts(cps * seconds, moment);
        }
        vec![self.message()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::test_moment;

    #[test]
    fn the_catalogues_sample_part_by_part() {
        assert_eq!(
            body(105, 150_000),
            r#"{"software_version":"V1.16.0","sensordatavalues":[{"value_type":"counts_per_minute","value":"42"},{"value_type":"counts","value":"105"},{"value_type":"sample_time_ms","value":"150000"}]}"#
        );
    }

    #[test]
    fn ten_bytes_and_their_base64() {
        let bytes = lora(105, 150_000, Tube::Sbm19);
        assert_eq!(bytes, [0, 0, 0, 105, 2, 0x49, 0xF0, 0x11, 0x60, 2]);
        // RFC 4648, section 10.
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn each_way_has_its_topic() {
        let moment = Moment {
            steady: true,
            ..test_moment(0.1)
        };
        for (way, topic, payload) in [
            (
                Way::Http,
                "multigeiger/esp32-51564452/data",
                body(184, 150_000).into_bytes(),
            ),
            (
                Way::Lora,
                "multigeiger/esp32-51564452/lora",
                lora(184, 150_000, Tube::Si22g).to_vec(),
            ),
        ] {
            let options = Options {
                way,
                ..Options::default()
            };
            let message = options.station(1).tick(&moment).remove(0);
            assert_eq!((message.topic.as_str(), message.payload), (topic, payload));
        }
        let options = Options {
            way: Way::Server,
            ..Options::default()
        };
        let message = options.station(1).tick(&moment).remove(0);
        assert_eq!(message.topic, "v3/geiger/devices/esp32-51564452/up");
        let text = String::from_utf8(message.payload).unwrap();
        assert!(
            text.contains(r#""frm_payload":"AAAAuAJJ8BFgAw==""#),
            "{text}"
        );
    }
}
