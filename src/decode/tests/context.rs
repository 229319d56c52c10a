//! What stands beside the numbers: name, time, place, message number, presence.

use super::*;
use crate::clock::Wall;
use crate::reading::{DeviceTime, Flag, Sequence};

#[track_caller]
fn reading(decoder: &mut Decoder, line: &str) -> RawReading {
    match decoder.decode(line.as_bytes(), None).into_iter().next() {
        Some((_, Decoded::Reading(reading))) => *reading,
        other => panic!("`{line}` gave {other:?}"),
    }
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
    let at = |text: &str| DeviceTime::At(Wall::parse_rfc3339(text).unwrap());
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
        for flag in [Flag::ClockInvalid, Flag::TimeAssumed] {
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
        let is_flagged = reading.flags.contains(Flag::GpsInvalid);
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
        Some(Sequence {
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
        let is_flagged = reading.flags.contains(Flag::ValueRefused);
        assert_eq!(is_flagged, expected.is_none(), "`{line}`");
    }
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
