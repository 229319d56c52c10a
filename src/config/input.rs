//! How the bytes of an instrument get in: a serial line, the broker, or a
//! recording.

use std::path::PathBuf;

use super::line::{RawSerial, RawTcp, SerialInput, TcpInput};
use super::problem::Refused;
use super::secret::Folders;
use super::section::Section;
use crate::error::excerpt;
use crate::profile::{Profile, TopicLevel, TopicPattern, Transport};
use crate::source::capture::Form;

/// Where an instrument's bytes come from.
#[derive(Clone, Debug)]
pub enum Input {
    /// `serial`.
    Serial(SerialInput),
    /// `tcp`: the bytes of a serial line over a TCP connection.
    Tcp(TcpInput),
    /// `mqtt`; also what an MQTT profile takes when nothing is written.
    Mqtt(MqttInput),
    /// `capture`.
    Capture(CaptureInput),
}

/// Messages of the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttInput {
    /// What to subscribe to; at least one, each once.
    pub filters: Vec<String>,
    /// Which messages are this instrument's.
    pub claim: Claim,
}

/// Which messages belong to an instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// `mqtt.device`: those whose topic has this text where the profile's topic
    /// has its capture. Default: the instrument's id.
    Device(String),
    /// `mqtt.topic`: those on this topic or filter.
    Topic(String),
    /// `mqtt.each = true`: all that fit the profile; every device is an
    /// instrument of its own, named by the profile.
    Each,
}

impl MqttInput {
    /// Whether a message on `topic` belongs to this instrument of `profile`.
    ///
    /// Of several instruments, ask those that claim one device or topic before
    /// those that claim each.
    pub fn takes(&self, profile: &Profile, topic: &str) -> bool {
        match &self.claim {
            Claim::Device(_) => self.filters.iter().any(|own| own == topic),
            Claim::Topic(filter) => covers(filter, topic) && is_topic_of(profile, topic),
            Claim::Each => is_topic_of(profile, topic),
        }
    }
}

fn is_topic_of(profile: &Profile, topic: &str) -> bool {
    profile.topics().any(|t| t.captures(topic).is_some())
}

/// A recording, played once.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureInput {
    /// `capture.file`: the recording. Mandatory.
    pub file: PathBuf,
    /// `capture.form`: `bytes`, `hex` or `mqtt`. Default: `bytes` for a serial
    /// profile, `mqtt` for an MQTT one.
    pub form: Form,
    /// `capture.lines_per_s`: frames played in a second, 0.001 to 100 000.
    /// Default: as fast as they are taken.
    pub lines_per_s: Option<f64>,
}

/// `capture.form`.
const FORMS: &[(&str, Form)] = &[
    ("bytes", Form::Bytes),
    ("hex", Form::Hex),
    ("mqtt", Form::Mqtt),
];

/// Reads `serial`, `tcp`, `mqtt` and `capture` of an instrument. Without a profile the
/// keys are checked all the same, and nothing is given.
pub(super) fn read(
    section: &mut Section<'_>,
    id: Option<&str>,
    profile: Option<&Profile>,
    folders: &Folders,
) -> Option<Input> {
    let serial_table = section.table("serial");
    let tcp_table = section.table("tcp");
    let mqtt_table = section.table("mqtt");
    let capture_table = section.table("capture");
    let written: Vec<&str> = [
        ("serial", &serial_table),
        ("tcp", &tcp_table),
        ("mqtt", &mqtt_table),
        ("capture", &capture_table),
    ]
    .into_iter()
    .filter_map(|(key, table)| table.is_present().then_some(key))
    .collect();
    let serial = RawSerial::read(serial_table);
    let tcp = RawTcp::read(tcp_table);
    let mqtt = RawMqtt::read(mqtt_table);
    let capture = RawCapture::read(capture_table, folders);
    if written.len() > 1 {
        let text = format!("has {}, and takes only one of them", written.join(" and "));
        section.refuse_all(Refused::new(text));
        return None;
    }
    let profile = profile?;
    let wrong_kind = |key: &str| {
        let kind = profile.transport.as_str();
        let text = format!("the profile `{}` is of an instrument on {kind}", profile.id);
        section.refuse(
            key,
            Refused::new(text).hint(format!("write `{kind}` instead")),
        );
        None
    };
    if let Some(capture) = capture {
        return capture.check(section, profile);
    }
    match (&profile.transport, serial, tcp, mqtt) {
        (Transport::File, ..) => {
            let text = format!("the profile `{}` reads files alone", profile.id);
            let hint = "name the file by `capture.file`";
            section.refuse("profile", Refused::new(text).hint(hint));
            None
        }
        // A box on the network may carry any serial line.
        (Transport::Serial(_) | Transport::Tcp { .. }, _, Some(tcp), _) => {
            tcp.check(section, profile)
        }
        (Transport::Serial(line), Some(serial), _, _) => serial.check(section, line, profile),
        (Transport::Serial(_) | Transport::Tcp { .. }, None, None, Some(_)) => wrong_kind("mqtt"),
        (Transport::Tcp { .. } | Transport::Mqtt { .. }, Some(_), _, _) => wrong_kind("serial"),
        (Transport::Mqtt { .. }, None, Some(_), _) => wrong_kind("tcp"),
        (Transport::Tcp { .. }, None, None, None) => {
            if !section.has("tcp") {
                let hint = "or `tcp.connect`, where the instrument waits for us";
                section.missing("tcp.listen", Some(hint));
            }
            None
        }
        (Transport::Serial(_), None, None, None) => {
            // A `serial` that is no table has been named already.
            if !section.has("serial") {
                section.missing("serial.port", Some("`pantau ports` shows what there is"));
            }
            None
        }
        (Transport::Mqtt { .. }, None, None, mqtt) => {
            mqtt.unwrap_or_default().check(section, id, profile)
        }
    }
}

#[derive(Default)]
struct RawMqtt {
    device: Option<String>,
    topic: Option<String>,
    is_each: bool,
}

impl RawMqtt {
    fn read(mut table: Section<'_>) -> Option<Self> {
        let is_present = table.is_present();
        let device = table.parsed("device", |text| {
            ensure_level(text).map(|()| text.to_owned())
        });
        let topic = table.parsed("topic", |text| {
            ensure_filter(text).map(|()| text.to_owned())
        });
        let is_each = table.boolean("each").unwrap_or(false);
        let choices = [table.has("device"), table.has("topic"), is_each];
        if choices.into_iter().filter(|is_chosen| *is_chosen).count() > 1 {
            let text = "takes only one of `device`, `topic` and `each = true`";
            table.refuse_all(Refused::new(text));
        }
        table.finish();
        is_present.then_some(Self {
            device,
            topic,
            is_each,
        })
    }

    fn check(self, section: &Section<'_>, id: Option<&str>, profile: &Profile) -> Option<Input> {
        let (filters, claim): (Vec<String>, _) = if let Some(topic) = self.topic {
            if !profile.topics().any(|pattern| meets(&topic, pattern)) {
                let own: Vec<String> = profile.topics().map(TopicPattern::filter).collect();
                let text = format!(
                    "`{}` meets no topic of the profile `{}`",
                    excerpt(&topic, 64),
                    profile.id
                );
                let hint = format!("it reads {}", own.join(", "));
                section.refuse("mqtt.topic", Refused::new(text).hint(hint));
                return None;
            }
            (vec![topic.clone()], Claim::Topic(topic))
        } else if self.is_each {
            if !profile.topics().any(|t| profile.identity.is_of_topic(t)) {
                let text = format!(
                    "devices of `{}` are named inside their messages, so each needs a table of its own",
                    profile.id
                );
                let hint = "an [[instrument]] with `mqtt.device` or `mqtt.topic` for each";
                section.refuse("mqtt.each", Refused::new(text).hint(hint));
                return None;
            }
            let filters = profile.topics().map(TopicPattern::filter).collect();
            (filters, Claim::Each)
        } else {
            let device = self.device.or_else(|| id.map(str::to_owned))?;
            let topics = profile.topics().map(|t| t.topic_of(&device)).collect();
            (topics, Claim::Device(device))
        };
        let mut distinct: Vec<String> = Vec::new();
        for filter in filters {
            if !distinct.contains(&filter) {
                distinct.push(filter);
            }
        }
        Some(Input::Mqtt(MqttInput {
            filters: distinct,
            claim,
        }))
    }
}

struct RawCapture {
    file: Option<PathBuf>,
    form: Option<Form>,
    lines_per_s: Option<f64>,
}

impl RawCapture {
    fn read(mut table: Section<'_>, folders: &Folders) -> Option<Self> {
        let is_present = table.is_present();
        let file = table.required("file", |s, key| {
            s.parsed(key, |text| {
                let path = folders.path(text);
                if path.is_file() {
                    Ok(path)
                } else {
                    let shown = path.to_string_lossy();
                    let text = format!("there is no file `{}`", excerpt(&shown, 200));
                    Err(Refused::new(text))
                }
            })
        });
        let form = table.meaning("form", FORMS);
        let lines_per_s = table.number("lines_per_s", 0.001..=100_000.0);
        table.finish();
        is_present.then_some(Self {
            file,
            form,
            lines_per_s,
        })
    }

    fn check(self, section: &Section<'_>, profile: &Profile) -> Option<Input> {
        let is_serial = !matches!(profile.transport, Transport::Mqtt { .. });
        if is_serial && self.form == Some(Form::Mqtt) {
            let text = format!("the profile `{}` is of a serial instrument", profile.id);
            section.refuse("capture.form", Refused::new(text).hint("`bytes` or `hex`"));
        }
        let usual = if is_serial { Form::Bytes } else { Form::Mqtt };
        Some(Input::Capture(CaptureInput {
            file: self.file?,
            form: self.form.unwrap_or(usual),
            lines_per_s: self.lines_per_s,
        }))
    }
}

/// A device is one level of a topic, or part of one.
fn ensure_level(text: &str) -> Result<(), Refused> {
    if text.contains(['/', '+', '#']) {
        let text = format!("`{}` is no level of a topic", excerpt(text, 64));
        return Err(Refused::new(text).hint("for a whole topic write `mqtt.topic`"));
    }
    Ok(())
}

/// A topic filter: `+` is a whole level, `#` the last one.
fn ensure_filter(text: &str) -> Result<(), Refused> {
    let last = text.split('/').count();
    let good = text.len() <= 65_535
        && text.split('/').enumerate().all(|(n, level)| match level {
            "+" => true,
            "#" => n + 1 == last,
            _ => !level.contains(['+', '#']),
        });
    if good {
        return Ok(());
    }
    Err(
        Refused::new(format!("`{}` is no topic filter", excerpt(text, 64)))
            .hint("`+` stands for a whole level, `#` for all that follow"),
    )
}

/// Whether a filter covers a topic.
fn covers(filter: &str, topic: &str) -> bool {
    // Topics of the broker itself are no instrument's.
    if topic.starts_with('$') && !filter.starts_with('$') {
        return false;
    }
    let mut levels = topic.split('/');
    for own in filter.split('/') {
        if own == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if own == "+" || own == level => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

/// Whether some topic fits both a filter and a pattern.
fn meets(filter: &str, pattern: &TopicPattern) -> bool {
    let mut levels = pattern.levels.iter();
    for own in filter.split('/') {
        if own == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if own == "+" || fits(own, level) => {}
            _ => return false,
        }
    }
    levels.next().is_none()
}

fn fits(text: &str, level: &TopicLevel) -> bool {
    match level.capture {
        None => text == level.before,
        Some(_) => text
            .strip_prefix(level.before.as_str())
            .and_then(|rest| rest.strip_suffix(level.after.as_str()))
            .is_some_and(|captured| !captured.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Registry;

    #[test]
    fn filters_cover_topics_as_mqtt_says() {
        for (filter, topic, expected) in [
            ("a/b", "a/b", true),
            ("a/+", "a/b", true),
            ("a/#", "a/b/c", true),
            ("a/#", "a", true),
            ("#", "a/b", true),
            ("#", "$SYS/x", false),
            ("+/b", "$SYS/b", false),
            ("a/+", "a/b/c", false),
            ("a/b", "a", false),
            ("a", "a/b", false),
        ] {
            assert_eq!(covers(filter, topic), expected, "`{filter}` `{topic}`");
        }
    }

    #[test]
    fn filters_are_well_formed() {
        for good in ["a", "a/+/b", "+", "#", "a/#", "/a"] {
            assert!(ensure_filter(good).is_ok(), "`{good}`");
        }
        for bad in ["a/#/b", "a+", "a/b#", "#/a"] {
            assert!(ensure_filter(bad).is_err(), "`{bad}`");
        }
    }

    #[test]
    fn a_filter_has_to_meet_the_profile() {
        let registry = Registry::built_in();
        let profile = registry.get("espgeiger-mqtt").unwrap();
        for (filter, expected) in [
            ("ESPGeiger-ab12/tele/sensor", true),
            ("+/tele/sensor", true),
            ("ESPGeiger-ab12/#", true),
            ("ESPGeiger-/tele/sensor", false),
            ("other/tele/sensor", false),
            ("ESPGeiger-ab12", false),
        ] {
            let got = profile.topics().any(|pattern| meets(filter, pattern));
            assert_eq!(got, expected, "`{filter}`");
        }
    }

    #[test]
    fn claims_take_their_own_messages() {
        let registry = Registry::built_in();
        let profile = registry.get("pantau-station").unwrap();
        let input = |filter: &str, claim| MqttInput {
            filters: vec![filter.to_owned()],
            claim,
        };
        let device = input("irdms/s1/reading", Claim::Device("s1".to_owned()));
        let topic = input("irdms/#", Claim::Topic("irdms/#".to_owned()));
        let each = input("irdms/+/reading", Claim::Each);
        for (topic_of, expected) in [
            ("irdms/s1/reading", [true, true, true]),
            ("irdms/s2/reading", [false, true, true]),
            ("irdms/s1/other", [false, false, false]),
            ("x/s1/reading", [false, false, false]),
        ] {
            let got = [&device, &topic, &each].map(|input| input.takes(profile, topic_of));
            assert_eq!(got, expected, "`{topic_of}`");
        }
    }
}
