//! Each rule of a profile, through small profiles of its own.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::profile::Registry;
use crate::reading::{DeviceTime, Number};

/// What every profile of a serial instrument begins with.
const SERIAL: &str = r#"
schema = 1
id = "test"
title = "Test"
class = "survey_meter"
status = "verified"
sources = [{ what = "made up", grade = "S" }]
unmatched = "rejected"
identity = { name = "test" }
transport = { kind = "serial", baud = 9600 }
"#;

/// What every profile of an MQTT instrument begins with.
const MQTT: &str = r#"
schema = 1
id = "test"
title = "Test"
class = "fixed_station"
status = "verified"
sources = [{ what = "made up", grade = "S" }]
unmatched = "rejected"
identity = { name = "st-{station}" }
transport = { kind = "mqtt" }
framing = { kind = "message", max_bytes = 256 }
"#;

const LINE: &str = "framing = { kind = \"line\", max_bytes = 64 }\n";

const NMEA: &str = r##"
framing = { kind = "line", max_bytes = 64, comment = "#", start = "$" }
checksum = { kind = "xor", after = "$", until = "*", mode = "require" }
"##;

/// One line with columns and a dose rate in the first.
fn columns(columns: &str, rest: &str) -> String {
    format!(
        "{SERIAL}{LINE}[[message]]\nname = \"m\"\n\
         format = {{ kind = \"delimited\", separator = \",\", columns = {columns} }}\n{rest}"
    )
}

/// A document with pointers.
fn pointers(pointers: &str, rest: &str) -> String {
    format!(
        "{MQTT}[[message]]\nname = \"m\"\ntopic = \"s/{{station}}\"\n\
         format = {{ kind = \"json\", pointers = {{ {pointers} }} }}\n{rest}"
    )
}

#[track_caller]
fn decoder(toml: &str) -> Decoder {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.toml");
    std::fs::write(&path, toml).unwrap();
    match Profile::load(&path) {
        Ok(profile) => Decoder::new(Arc::new(profile)),
        Err(error) => panic!("{error}"),
    }
}

/// An outcome in short: `dose_rate 7 cpm [flags]`, `-word` for a missing number
/// with its lower bound, `!reason` for what is refused.
fn short(decoded: &Decoded) -> String {
    let reading = match decoded {
        Decoded::Ignored(ignored) => return format!("ignored {ignored:?}"),
        Decoded::Rejected(rejected) => return format!("!{}", rejected.reason),
        Decoded::Reading(reading) => reading,
    };
    let number = |number: Number| match number {
        Number::Int(n) => n.to_string(),
        Number::Float(x) => format!("{x:?}"),
    };
    let mut parts = Vec::new();
    for value in &reading.values {
        let mut text = value.quantity.as_str().to_owned();
        if let Some(radiation) = value.quantity.radiation() {
            write!(text, "/{radiation}").unwrap();
        }
        match value.number {
            Ok(n) => write!(text, " {}", number(n)).unwrap(),
            Err(missing) => write!(text, " -{missing}").unwrap(),
        }
        if let Some(bound) = value.at_least {
            write!(text, ">={}", number(bound)).unwrap();
        }
        write!(text, " {}", value.unit.symbol).unwrap();
        if (value.scale - 1.0).abs() > f64::EPSILON {
            write!(text, "x{}", value.scale).unwrap();
        }
        if let Some(counting) = value.counting {
            write!(text, " ({} in {} s)", counting.counts, counting.seconds).unwrap();
        }
        parts.push(text);
    }
    let refused = reading.refused.iter();
    parts.extend(refused.map(|refused| format!("!{}", refused.why.reason)));
    let flags: Vec<&str> = reading.flags.iter().map(|flag| flag.as_str()).collect();
    if !flags.is_empty() {
        parts.push(format!("[{}]", flags.join(" ")));
    }
    parts.join(", ")
}

/// A line, and what becomes of it.
#[track_caller]
fn check(toml: &str, cases: &[(&str, &str)]) {
    let mut decoder = decoder(toml);
    for (line, expected) in cases {
        let topic = toml.starts_with(MQTT).then_some("s/9");
        let outcomes = decoder.decode(line.as_bytes(), topic);
        let got: Vec<String> = outcomes.iter().map(|(_, one)| short(one)).collect();
        assert_eq!(got.join(" | "), *expected, "`{line}`");
    }
}

#[track_caller]
fn reading(decoder: &mut Decoder, line: &str) -> RawReading {
    match decoder.decode(line.as_bytes(), None).into_iter().next() {
        Some((_, Decoded::Reading(reading))) => *reading,
        other => panic!("`{line}` gave {other:?}"),
    }
}

#[test]
fn columns_are_counted_and_fixed_texts_told_apart() {
    let value = "value = [{ quantity = \"dose_rate\", from = \"x\", unit = \"uSv/h\" }]\n";
    check(
        &columns(r#"["=D", "x", "-"]"#, value),
        &[
            ("D,5,anything", "dose_rate 5 uSv/h"),
            ("  D , 0.25 , ", "dose_rate 0.25 uSv/h"),
            ("D,5", "!malformed"),
            ("D,5,,", "!malformed"),
            ("E,5,x", "!malformed"),
            ("d,5,x", "!malformed"),
            ("D,five,x", "!not_a_number"),
            ("D,,x", "!not_a_number"),
            ("D,NaN,x", "!not_a_number"),
            ("D,1e999,x", "!not_a_number"),
            ("D,0.1 uSv/h,x", "!not_a_number"),
            ("D,-0.1,x", "!out_of_range"),
            ("", "!malformed"),
        ],
    );
    let more = columns(r#"["=D", "x"], more = true"#, value);
    check(
        &more,
        &[("D,5,6,7", "dose_rate 5 uSv/h"), ("D", "!malformed")],
    );
    let ignoring = columns(r#"["=D", "x"]"#, value).replace("\"rejected\"", "\"ignored\"");
    check(
        &ignoring,
        &[("E,5", "ignored Other"), ("D,5,6", "!malformed")],
    );
}

#[test]
fn conditions_choose_message_and_value() {
    let toml = columns(
        r#"["kind", "mode", "x"]"#,
        r#"
when = { kind = ["A", "B"], mode = ["F*"] }
value = [
  { quantity = "dose_rate", from = "x", unit = "uSv/h", when = { kind = ["A"] } },
  { quantity = "dose", from = "x", unit = "uSv", when = { kind = ["B"] } },
]
[[message]]
name = "n"
format = { kind = "delimited", separator = ",", columns = ["kind", "-", "x"] }
when = { kind = ["C"] }
empty = "ignored"
value = [{ quantity = "dose", from = "x", unit = "mSv", when = { x = ["1"] } }]
"#,
    );
    check(
        &toml,
        &[
            ("A,FAST,2", "dose_rate 2 uSv/h"),
            ("B,F,2", "dose 2 uSv"),
            ("B,SLOW,2", "!malformed"),
            ("C,FAST,1", "dose 1 mSv"),
            ("C,FAST,2", "ignored Empty"),
            ("D,FAST,2", "!malformed"),
        ],
    );
}

#[test]
fn a_case_says_what_the_value_is() {
    let toml = columns(
        r#"["x", "range"]"#,
        r#"
[[message.value]]
from = "x"
quantity = "dose_rate"
[message.value.case]
of = "range"
rows = { 1 = { unit = "nSv/h" }, 2 = { unit = "mSv/h", scale = 0.1 }, 3 = { quantity = "count_rate", radiation = "beta", unit = "cps" }, 4 = { skip = true } }
"#,
    );
    check(
        &toml,
        &[
            ("7,1", "dose_rate 7 nSv/h"),
            ("7,2", "dose_rate 7 mSv/hx0.1"),
            ("7,3", "count_rate/beta 7 cps"),
            ("7,4", "!malformed"),
            // Not a factor of a thousand by guessing.
            ("7,5", "!unknown_unit"),
            ("7,", "!unknown_unit"),
        ],
    );
}

#[test]
fn the_unit_of_the_frame_is_believed_only_when_it_is_known() {
    let plain = columns(
        r#"["x", "unit"]"#,
        "value = [{ quantity = \"dose_rate\", from = \"x\", unit_from = \"unit\" }]\n",
    );
    check(
        &plain,
        &[
            ("7,uSv/h", "dose_rate 7 uSv/h"),
            ("7,\u{b5}Sv/h", "dose_rate 7 uSv/h"),
            ("7,mSv/h", "dose_rate 7 mSv/h"),
            ("7,msv/h", "!unknown_unit"),
            ("7,MSv/h", "!unknown_unit"),
            ("7,", "!unknown_unit"),
            ("7,uSv", "!unit_mismatch"),
            ("7,cpm", "!unit_mismatch"),
        ],
    );
    let counting = plain.replace(
        "unit_from = \"unit\"",
        "unit_from = \"unit\", sensitivity = { cpm_per_usv_h = 100, source = \"x\" }",
    );
    check(
        &counting,
        &[("7,cpm", "dose_rate 7 cpm"), ("7,uSv", "!unit_mismatch")],
    );
}

#[test]
fn what_is_beyond_the_instrument_does_not_pass_for_a_number() {
    let toml = columns(
        r#"["x", "state"]"#,
        r#"
status = [
  { flag = "overload", when = { state = ["O"] } },
  { flag = "detector_fault", when = { state = ["D"] } },
  { flag = "hv_fault", when = { state = ["H"] } },
  { flag = "not_initialised", when = { state = ["N"] } },
  { flag = "low_battery", number = "x", at_or_above = 50, when = { state = ["B*"] } },
]
[[message.value]]
quantity = "dose_rate"
from = "x"
unit = "uSv/h"
ceiling = 1000
range = [0, 2000]
missing = { OVR = "overrange", ERR = "detector_fault", "---" = "not_reported" }
"#,
    );
    check(
        &toml,
        &[
            ("999.9,", "dose_rate 999.9 uSv/h"),
            ("1000,", "dose_rate -overrange>=1000 uSv/h, [overrange]"),
            ("2000,", "dose_rate -overrange>=2000 uSv/h, [overrange]"),
            ("2001,", "!out_of_range"),
            ("OVR,", "dose_rate -overrange>=1000.0 uSv/h, [overrange]"),
            ("ERR,", "dose_rate -detector_fault uSv/h"),
            ("---,", "dose_rate -not_reported uSv/h"),
            ("ovr,", "!not_a_number"),
            // An overloaded tube may show nothing: its zero bounds nothing.
            ("0,O", "dose_rate -overrange uSv/h, [overload]"),
            ("7,O", "dose_rate -overrange>=7 uSv/h, [overload]"),
            ("7,D", "dose_rate -detector_fault uSv/h, [detector_fault]"),
            ("7,H", "dose_rate -detector_fault uSv/h, [hv_fault]"),
            ("7,N", "dose_rate -not_initialised uSv/h, [not_initialised]"),
            ("49.9,B1", "dose_rate 49.9 uSv/h"),
            ("50,B2", "dose_rate 50 uSv/h, [low_battery]"),
            ("50,X", "dose_rate 50 uSv/h"),
        ],
    );
}

#[test]
fn key_and_value_come_in_any_order() {
    let toml = format!(
        "{SERIAL}{LINE}{}",
        r#"
[[message]]
name = "m"
format = { kind = "key_value", pairs = ";", separator = "=", keys = { rate = "DR", unit = "U", cps = "C" } }
[[message.value]]
quantity = "dose_rate"
from = "rate"
unit_from = "unit"
optional = false
[[message.value]]
quantity = "count_rate"
radiation = "gamma"
from = "cps"
unit = "cps"
"#
    );
    check(
        &toml,
        &[
            (
                "DR=5;U=uSv/h;C=7",
                "dose_rate 5 uSv/h, count_rate/gamma 7 cps",
            ),
            (
                " C = 7 ; U = uSv/h ; DR = 5 ",
                "dose_rate 5 uSv/h, count_rate/gamma 7 cps",
            ),
            ("DR=5;X=9;U=uSv/h", "dose_rate 5 uSv/h"),
            (
                "DR=5;U=uSv/h;C=x",
                "dose_rate 5 uSv/h, !not_a_number, [value_refused]",
            ),
            ("DR=5;C=7", "!unknown_unit"),
            ("U=uSv/h;C=7", "!malformed"),
            ("DR=x;U=uSv/h;C=7", "!not_a_number"),
            ("nothing", "!malformed"),
        ],
    );
}

#[test]
fn documents_lose_a_bad_value_and_keep_the_good_one() {
    let toml = pointers(
        r#"a = "/a", b = "/deep/0/b", words = "/words""#,
        r#"
value = [
  { quantity = "dose_rate", from = "a", unit = "uSv/h" },
  { quantity = "count_rate", radiation = "alpha", from = "b", unit = "cps" },
]
status_words = { from = "words", words = { wet = "rain", flat = "low_battery" } }
"#,
    );
    check(
        &toml,
        &[
            (
                r#"{"a":5,"deep":[{"b":7}]}"#,
                "dose_rate 5 uSv/h, count_rate/alpha 7 cps",
            ),
            (r#"{"a":"5.0"}"#, "dose_rate 5.0 uSv/h"),
            (
                r#"{"a":5,"words":["wet","odd"]}"#,
                "dose_rate 5 uSv/h, [rain]",
            ),
            (r#"{"a":5,"words":"wet"}"#, "dose_rate 5 uSv/h"),
            (
                r#"{"a":NaN,"deep":[{"b":7}]}"#,
                "count_rate/alpha 7 cps, !not_a_number, [value_refused]",
            ),
            (r#"{"a":-Infinity}"#, "!not_a_number"),
            (r#"{"a":true}"#, "!not_a_number"),
            (r#"{"a":{"value":5}}"#, "!not_a_number"),
            (r#"{"note":"NaN","a":5}"#, "dose_rate 5 uSv/h"),
            ("{}", "!malformed"),
            ("[5]", "!malformed"),
            (r#"{"a":5"#, "!malformed"),
            ("", "!malformed"),
        ],
    );
    let mut decoder = decoder(&toml);
    let mut stranger = |topic| short(&decoder.decode(br#"{"a":5}"#, Some(topic))[0].1);
    assert_eq!(stranger("s/1/2"), "!unknown_instrument");
    assert_eq!(stranger("s/"), "!unknown_instrument");
    assert_eq!(stranger("s/1"), "dose_rate 5 uSv/h");
}

#[test]
fn the_name_comes_from_the_frame_and_keeps_its_zeros() {
    let toml = pointers(
        r#"a = "/a""#,
        "value = [{ quantity = \"dose\", from = \"a\", unit = \"uSv\" }]",
    );
    let mut decoder = decoder(&toml);
    let mut name = |topic| match &decoder.decode(br#"{"a":5}"#, topic)[0].1 {
        Decoded::Reading(reading) => reading.device.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(Some("s/007")), "st-007");
    assert_eq!(name(None), "st-unknown");
}

#[test]
fn counts_behind_a_value_are_whole_and_take_time() {
    let toml = columns(
        r#"["x", "n", "s"]"#,
        r#"
[[message.value]]
quantity = "dose_rate"
from = "x"
unit = "uSv/h"
counting = { counts = "n", seconds_from = "s" }
"#,
    );
    check(
        &toml,
        &[
            ("5,41,10", "dose_rate 5 uSv/h (41 in 10 s)"),
            ("5,41,0.5", "dose_rate 5 uSv/h (41 in 0.5 s)"),
            ("5,41.5,10", "dose_rate 5 uSv/h"),
            ("5,-1,10", "dose_rate 5 uSv/h"),
            ("5,41,0", "dose_rate 5 uSv/h"),
            ("5,41,", "dose_rate 5 uSv/h"),
        ],
    );
}

#[test]
fn only_an_instant_is_a_time() {
    let toml = |form: &str| {
        columns(
            r#"["x", "t"]"#,
            &format!(
                "value = [{{ quantity = \"dose\", from = \"x\", unit = \"uSv\" }}]\n\
                 time = {{ from = \"t\", form = \"{form}\" }}\n"
            ),
        )
    };
    let at = |text: &str| DeviceTime::At(crate::clock::Wall::parse_rfc3339(text).unwrap());
    for (form, text, expected) in [
        (
            "rfc3339",
            "2026-03-14T03:00:00Z",
            at("2026-03-14T03:00:00Z"),
        ),
        (
            "rfc3339",
            "2026-03-14T10:00:00+07:00",
            at("2026-03-14T03:00:00Z"),
        ),
        ("rfc3339", "2026-03-14T03:00:00", DeviceTime::Naive),
        ("rfc3339", "2026-02-30T03:00:00Z", DeviceTime::Impossible),
        ("rfc3339", "2012-00-00T00:00:00Z", DeviceTime::Impossible),
        ("rfc3339", "", DeviceTime::Impossible),
        ("unix", "1773457200", at("2026-03-14T03:00:00Z")),
        ("unix", "1773457200.5", at("2026-03-14T03:00:00.5Z")),
        ("unix", "12", DeviceTime::Impossible),
        ("unix", "-1", DeviceTime::Impossible),
        ("unix", "1e300", DeviceTime::Impossible),
    ] {
        let reading = reading(&mut decoder(&toml(form)), &format!("5,{text}"));
        assert_eq!(reading.time, expected, "{form} `{text}`");
        let is_trusted = expected.trusted().is_some();
        for flag in [
            crate::reading::Flag::ClockInvalid,
            crate::reading::Flag::TimeAssumed,
        ] {
            assert_eq!(reading.flags.contains(flag), !is_trusted, "{form} `{text}`");
        }
    }
}

/// A position in short: degrees, altitude, dilution.
#[track_caller]
fn check_position(toml: &str, cases: &[(&str, &str)]) {
    for (line, expected) in cases {
        let reading = reading(&mut decoder(toml), line);
        let got = match reading.position {
            RawPosition::At {
                lat,
                lon,
                alt_m,
                hdop,
            } => {
                format!("{lat:.4} {lon:.4} {alt_m:?} {hdop:?}")
            }
            other => format!("{other:?}"),
        };
        assert_eq!(got, *expected, "`{line}`");
        let is_void = reading.position == RawPosition::Void;
        let is_flagged = reading.flags.contains(crate::reading::Flag::GpsInvalid);
        assert_eq!(is_flagged, is_void, "`{line}`");
    }
}

#[test]
fn a_position_that_cannot_be_is_void() {
    let value = "value = [{ quantity = \"dose\", from = \"x\", unit = \"uSv\" }]\n";
    let nmea = columns(
        r#"["x", "lat", "ns", "lon", "ew", "fix", "alt", "h"]"#,
        &format!(
            "{value}{}",
            r#"
[message.position]
form = "nmea"
lat = "lat"
lat_hemisphere = "ns"
lon = "lon"
lon_hemisphere = "ew"
alt_m = "alt"
void = { fix = ["V"] }
hdop = [{ from = "h", scale = 0.01, when = { fix = ["A"] } }, { from = "h" }]
"#
        ),
    );
    check_position(
        &nmea,
        &[
            (
                "5,3538.5284,N,13943.1506,E,A,93.0,120",
                "35.6421 139.7192 Some(93.0) Some(1.2)",
            ),
            (
                "5,3538.5284,S,13943.1506,W,D,,1.5",
                "-35.6421 -139.7192 None Some(1.5)",
            ),
            // One GPS library writes the sign and the hemisphere.
            (
                "5,3538.5284,N,-07349.8500,W,A,1,x",
                "35.6421 -73.8308 Some(1.0) None",
            ),
            (
                "5,0000.0000,N,00000.0000,E,A,0,99",
                "0.0000 0.0000 Some(0.0) Some(0.99)",
            ),
            ("5,3538.5284,N,13943.1506,E,V,93.0,1", "Void"),
            ("5,3538.5284,,13943.1506,E,A,93.0,1", "Void"),
            ("5,3538.5284,E,13943.1506,N,A,93.0,1", "Void"),
            ("5,3560.0000,N,13943.1506,E,A,93.0,1", "Void"),
            ("5,9000.0001,N,13943.1506,E,A,93.0,1", "Void"),
            ("5,3538.5284,N,18000.0001,E,A,93.0,1", "Void"),
            ("5,,N,,E,A,93.0,1", "Void"),
        ],
    );
    let degrees = columns(
        r#"["x", "lat", "lon"]"#,
        &format!("{value}position = {{ form = \"degrees\", lat = \"lat\", lon = \"lon\" }}\n"),
    );
    check_position(
        &degrees,
        &[
            ("5,-6.2,106.8", "-6.2000 106.8000 None None"),
            ("5,90,-180", "90.0000 -180.0000 None None"),
            ("5,90.1,0", "Void"),
            ("5,0,180.1", "Void"),
            ("5,NaN,0", "Void"),
            ("5,south,0", "Void"),
        ],
    );
    let keys = format!(
        "{SERIAL}{LINE}[[message]]\nname = \"m\"\nformat = {{ kind = \"key_value\", pairs = \" \", \
         separator = \"=\", keys = {{ x = \"x\", lat = \"lat\", lon = \"lon\" }} }}\n{value}\
         position = {{ form = \"degrees\", lat = \"lat\", lon = \"lon\" }}\n"
    );
    check_position(
        &keys,
        &[
            ("x=5", "Absent"),
            ("x=5 lat=1 lon=2", "1.0000 2.0000 None None"),
            ("x=5 lat=1", "Void"),
        ],
    );
}

#[test]
fn a_message_number_is_whole_or_none() {
    let toml = columns(
        r#"["x", "seq", "boot"]"#,
        "value = [{ quantity = \"dose\", from = \"x\", unit = \"uSv\" }]\n\
         sequence = { seq = \"seq\", boot = \"boot\" }\n",
    );
    let sequence = |boot, seq| {
        Some(crate::reading::Sequence {
            boot: Some(boot),
            seq,
        })
    };
    for (line, expected) in [
        ("5,17,3", sequence(3, 17)),
        ("5,0,0", sequence(0, 0)),
        ("5,-1,3", None),
        ("5,1.5,3", None),
        ("5,17,x", None),
    ] {
        let reading = reading(&mut decoder(&toml), line);
        assert_eq!(reading.sequence, expected, "`{line}`");
        let is_flagged = reading.flags.contains(crate::reading::Flag::ValueRefused);
        assert_eq!(is_flagged, expected.is_none(), "`{line}`");
    }
}

/// A sentence with its checksum.
fn sentence(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}")
}

fn nmea() -> String {
    format!(
        "{SERIAL}{NMEA}[[message]]\nname = \"m\"\n\
         format = {{ kind = \"delimited\", separator = \",\", columns = [\"=A\", \"x\"] }}\n\
         value = [{{ quantity = \"dose_rate\", from = \"x\", unit = \"uSv/h\" }}]\n"
    )
}

#[test]
fn whole_frames_are_saved_from_a_damaged_line() {
    let (one, two) = (sentence("A,1"), sentence("A,2"));
    let wrong = one.replace("A,1", "A,3");
    let comment = "#$A,1";
    for (line, expected) in [
        (one.clone(), "dose_rate 1 uSv/h"),
        (
            format!("{one}{two}"),
            "dose_rate 1 uSv/h | dose_rate 2 uSv/h",
        ),
        (
            format!("{one}{two}{one}"),
            "dose_rate 1 uSv/h | dose_rate 2 uSv/h | dose_rate 1 uSv/h",
        ),
        (format!(",7*1F{two}"), "!malformed | dose_rate 2 uSv/h"),
        (format!("$A,{two}"), "!truncated | dose_rate 2 uSv/h"),
        (format!("{wrong}{two}"), "!checksum | dose_rate 2 uSv/h"),
        // Nothing in it proves itself, so it is one damaged frame.
        (format!("{wrong}{wrong}"), "!checksum"),
        (format!("x{wrong}"), "!malformed"),
        (wrong.clone(), "!checksum"),
        (
            one.trim_end_matches(|c: char| c.is_ascii_hexdigit())
                .to_owned(),
            "!truncated",
        ),
        (comment.to_owned(), "ignored Comment"),
        (sentence("B,1"), "!malformed"),
    ] {
        check(&nmea(), &[(&line, expected)]);
    }
    // Without a checksum nothing can prove itself.
    let trusting = nmea().replace("\"require\"", "\"off\"");
    check(&trusting, &[(&format!("{one}{two}"), "!malformed")]);
}

#[test]
fn each_saved_piece_knows_its_bytes() {
    let line = format!("rest{}{}", sentence("A,1"), sentence("A,22"));
    let outcomes = decoder(&nmea()).decode(line.as_bytes(), None);
    let pieces: Vec<&str> = outcomes.iter().map(|(at, _)| &line[at.clone()]).collect();
    assert_eq!(pieces, ["rest", &sentence("A,1"), &sentence("A,22")]);
}

#[test]
fn a_checksum_that_only_warns_is_flagged() {
    let warning = nmea().replace("\"require\"", "\"warn\"");
    check(
        &warning,
        &[
            (&sentence("A,1"), "dose_rate 1 uSv/h"),
            ("$A,1*00", "dose_rate 1 uSv/h, [checksum_unverified]"),
            ("$A,1", "dose_rate 1 uSv/h, [checksum_unverified]"),
            ("A,1*00", "!malformed"),
        ],
    );
}

#[test]
fn a_comment_is_remembered_for_the_frames_after_it() {
    let toml = format!(
        "{}{}",
        nmea().replace(
            "[[message]]",
            "remember = [{ name = \"version\", after = \"# v\" }]\n[[message]]"
        ),
        "status = [{ flag = \"rain\", when = { version = [\"2.*\"] } }]\n"
    );
    check(
        &toml,
        &[
            (&sentence("A,1"), "dose_rate 1 uSv/h"),
            ("# v 2.1 ", "ignored Comment"),
            (&sentence("A,1"), "dose_rate 1 uSv/h, [rain]"),
            ("# w 1", "ignored Comment"),
            (&sentence("A,1"), "dose_rate 1 uSv/h, [rain]"),
            ("# v1.0", "ignored Comment"),
            (&sentence("A,1"), "dose_rate 1 uSv/h"),
        ],
    );
}

#[test]
fn a_word_says_whether_the_instrument_is_there() {
    let toml = format!(
        "{MQTT}{}",
        r#"
[[message]]
name = "state"
topic = "s/{station}"
format = { kind = "text", name = "state" }
availability = { from = "state", online = ["up", "1"], offline = ["down"] }
"#
    );
    check(
        &toml,
        &[
            ("up", "ignored Availability { online: true }"),
            (" 1 ", "ignored Availability { online: true }"),
            ("down", "ignored Availability { online: false }"),
            ("sideways", "ignored Other"),
        ],
    );
}

#[test]
fn an_unverified_profile_marks_its_readings() {
    let toml = columns(
        r#"["x"]"#,
        "value = [{ quantity = \"dose\", from = \"x\", unit = \"uSv\" }]",
    )
    .replace("\"verified\"", "\"unverified\"\ncaveat = \"the unit\"");
    check(&toml, &[("5", "dose 5 uSv, [profile_unverified]")]);
}

#[test]
fn what_the_framer_could_not_cut_is_refused_by_its_reason() {
    let mut decoder = decoder(&nmea());
    let bytes = bytes::Bytes::from_static(b"$A,1");
    let long = vec![b'x'; 65];
    for (framed, expected) in [
        (Framed::Unfinished(bytes.clone()), "!truncated"),
        (
            Framed::TooLong {
                dropped: 1 << 20,
                head: bytes,
            },
            "!too_long",
        ),
        (Framed::Frame(long.into()), "!too_long"),
        (
            Framed::Frame(sentence("A,\u{fffd}").into()),
            "!not_a_number",
        ),
        (
            Framed::Frame(bytes::Bytes::from_static(b"$A,\xff*92")),
            "!malformed",
        ),
    ] {
        let outcomes = decoder.decode_framed(&framed, None);
        let got: Vec<String> = outcomes.iter().map(|(_, one)| short(one)).collect();
        assert_eq!(got, [expected], "{framed:?}");
    }
}

proptest! {
    /// Whatever comes, every byte of it belongs to one outcome, in order.
    #[test]
    fn no_bytes_are_too_odd(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[$#A-Z0-9,.*\\-]{0,120}".prop_map(String::into_bytes),
            "\\{\"(a|dose_rate|cpm)\":[-0-9eE.\"a-zN{}:,]{0,40}\\}".prop_map(String::into_bytes),
        ],
        topic in proptest::option::of("(irdms/[a-z]{1,4}/reading|ESPGeiger-1/stat/CPM|[a-z/]{0,8})"),
    ) {
        for (_, profile) in Registry::built_in().iter() {
            let mut decoder = Decoder::new(Arc::clone(profile));
            let mut end = 0;
            for (range, _) in decoder.decode(&bytes, topic.as_deref()) {
                prop_assert_eq!(range.start, end);
                end = range.end;
            }
            prop_assert_eq!(end, bytes.len());
        }
    }
}
