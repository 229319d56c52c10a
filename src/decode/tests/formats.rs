//! The ways a frame is taken apart, and captures made of captures.

use super::*;
use crate::clock::Mono;

/// A line format, with the rest of its message.
fn lines(format: &str, rest: &str) -> String {
    format!("{SERIAL}{LINE}[[message]]\nname = \"m\"\nformat = {format}\n{rest}")
}

const X: &str = "value = [{ quantity = \"dose_rate\", from = \"x\", unit = \"uSv/h\" }]\n";

#[test]
fn places_and_blanks_and_expressions() {
    let places = lines(
        r#"{ kind = "places", chars = 6, places = { x = [2, 6] } }"#,
        X,
    );
    check(
        &places,
        &[
            ("a 0012", "dose_rate 12 uSv/h"),
            ("a 001", "!malformed"),
            ("a 00123", "!malformed"),
            // Six bytes, but a place begins inside a letter.
            ("a\u{b5}\u{b5}1", "!malformed"),
        ],
    );
    let collapsed = lines(
        r#"{ kind = "delimited", separator = " ", collapse = true, columns = ["-", "x"] }"#,
        X,
    );
    check(
        &collapsed,
        &[
            ("a   7", "dose_rate 7 uSv/h"),
            ("  a 7  ", "dose_rate 7 uSv/h"),
            ("a 7 8", "!malformed"),
        ],
    );
    let regex = lines(
        r#"{ kind = "regex", pattern = 'V=(?<x>[0-9.]+)(?:;T=(?<t>-?[0-9]+))?' }"#,
        "value = [{ quantity = \"dose_rate\", from = \"x\", unit = \"uSv/h\" }, { quantity = \"dose\", from = \"t\", unit = \"uSv\" }]\n",
    );
    check(
        &regex,
        &[
            ("V=1.5", "dose_rate 1.5 uSv/h"),
            ("V=1.5;T=2", "dose_rate 1.5 uSv/h, dose 2 uSv"),
            ("xV=1.5", "!malformed"),
            ("V=1.5;", "!malformed"),
        ],
    );
}

#[test]
fn entries_of_a_list_are_known_by_their_name() {
    let toml = format!(
        "{MQTT}[[message]]\nname = \"m\"\ntopic = \"s/{{station}}\"\n\
         format = {{ kind = \"json\", entries = {{ x = {{ list = \"/l\", key = \"n\", is = \"dose\", take = \"v\" }} }} }}\n{X}"
    );
    check(
        &toml,
        &[
            (
                r#"{"l":[{"n":"t","v":"9"},{"n":"dose","v":"0.5"},{"n":"dose","v":"7"}]}"#,
                "dose_rate 0.5 uSv/h",
            ),
            (r#"{"l":[{"n":"t","v":"9"}]}"#, "!malformed"),
            (r#"{"l":{"n":"dose","v":"9"}}"#, "!malformed"),
        ],
    );
}

#[test]
fn bytes_inside_a_document() {
    let toml = |encoding: &str| {
        format!(
            "{MQTT}[[message]]\nname = \"m\"\ntopic = \"s/{{station}}\"\n\
             inside = {{ pointer = \"/p\", encoding = \"{encoding}\" }}\n\
             format = {{ kind = \"binary\", bytes = 2, fields = {{ x = {{ at = 0, type = \"u16be\" }} }} }}\n{X}"
        )
    };
    check(
        &toml("hex"),
        &[
            (r#"{"p":"0bEA"}"#, "dose_rate 3050 uSv/h"),
            (r#"{"p":"0bE"}"#, "!malformed"),
            (r#"{"p":"0bEA00"}"#, "!malformed"),
            (r#"{"q":"0bEA"}"#, "!malformed"),
        ],
    );
    check(
        &toml("base64"),
        &[
            (r#"{"p":"C+o="}"#, "dose_rate 3050 uSv/h"),
            (r#"{"p":"C+o"}"#, "!malformed"),
        ],
    );
}

/// A part `p` made of the columns `a` and `b`, as a dose rate.
fn made(part: &str) -> String {
    columns(
        r#"["a", "b"]"#,
        &format!(
            "part = [{{ name = \"p\", from = \"a\", {part} }}]\n\
             value = [{{ quantity = \"dose_rate\", from = \"p\", unit = \"uSv/h\" }}]\n"
        ),
    )
}

#[test]
fn parts_are_made_of_captures() {
    for (part, line, expected) in [
        ("make = \"hex\"", "1F,", "dose_rate 31 uSv/h"),
        ("make = \"hex\"", "1G,", "!not_a_number"),
        ("make = \"hex\"", "-1,", "!not_a_number"),
        ("make = \"hex\"", "+1,", "!not_a_number"),
        (
            "make = \"hex\", mask = 0xF0, shift = 4",
            "A5,",
            "dose_rate 10 uSv/h",
        ),
        (
            "make = \"bits\", mask = 6, shift = 1",
            "5,",
            "dose_rate 2 uSv/h",
        ),
        ("make = \"number\"", "0.18uSv/h,", "dose_rate 0.18 uSv/h"),
        ("make = \"number\"", "uSv/h,", "!not_a_number"),
        ("make = \"nnnse\"", "232+1,", "dose_rate 0.0232 uSv/h"),
        ("make = \"nnnse\"", "232 1,", "!not_a_number"),
        // 3E 27 of the catalogue: exponent 7, mantissa 627h.
        ("make = \"float_5_11\"", "15911,", "dose_rate 201600 uSv/h"),
        ("make = \"float_5_11\"", "65536,", "!not_a_number"),
        (
            "make = \"binary_exponent\", with = \"b\", by = 15",
            "25600,4",
            "dose_rate 12.5 uSv/h",
        ),
        (
            "make = \"quotient\", by = 10",
            "100132,",
            "dose_rate 10013 uSv/h",
        ),
        (
            "make = \"remainder\", by = 10",
            "100132,",
            "dose_rate 2 uSv/h",
        ),
        ("make = \"remainder\", by = 10", "1.5,", "!not_a_number"),
        ("make = \"last\", by = 3", "GP0.5,", "dose_rate 0.5 uSv/h"),
        (
            "make = \"ratio\", with = \"b\"",
            "60,4",
            "dose_rate 15.0 uSv/h",
        ),
        ("make = \"ratio\", with = \"b\"", "60,0", "!not_a_number"),
        (
            "make = \"seconds\", with = \"b\"",
            "2026-03-14T03:00:00Z,2026-03-14T03:01:30Z",
            "dose_rate 90.0 uSv/h",
        ),
        (
            "make = \"seconds\", with = \"b\"",
            "2026-03-14T03:01:00Z,2026-03-14T03:00:00Z",
            "!out_of_range",
        ),
    ] {
        check(&made(part), &[(line, expected)]);
    }
}

#[test]
fn conditions_and_states_compare_numbers() {
    let toml = columns(
        r#"["x", "y", "state"]"#,
        "value = [{ quantity = \"dose_rate\", from = \"x\", unit = \"uSv/h\", when = { x = [\"<30\"] } }, \
         { quantity = \"dose_rate\", from = \"y\", unit = \"uSv/h\", when = { x = [\">=30\"] } }]\n\
         status = [{ flag = \"low_battery\", number = \"state\", bit = 5 }]\n",
    );
    check(
        &toml,
        &[
            ("29.9,500,0", "dose_rate 29.9 uSv/h"),
            ("30,500,32", "dose_rate 500 uSv/h, [low_battery]"),
            ("1,500,31", "dose_rate 1 uSv/h"),
            // No number fits no comparison.
            ("x,500,0", "!malformed"),
        ],
    );
}

#[test]
fn an_offset_may_not_make_a_value_negative() {
    let toml = columns(
        r#"["x"]"#,
        "value = [{ quantity = \"dose\", from = \"x\", unit = \"uSv\", scale = 2, offset = -3 }]\n",
    );
    check(&toml, &[("2", "dose 2 uSvx2"), ("1", "!out_of_range")]);
}

#[test]
fn words_between_frames_are_ignored() {
    let toml = columns(r#"["x"]"#, X).replace(
        "unmatched = \"rejected\"",
        "unmatched = \"rejected\"\nignore = [\"CIAO\", \"BATM*\"]",
    );
    check(
        &toml,
        &[
            ("CIAO", "ignored Other"),
            ("BATM1", "ignored Other"),
            ("CIAO!", "!not_a_number"),
        ],
    );
}

#[test]
fn a_running_total_becomes_a_rate() {
    let toml = columns(
        r#"["x"]"#,
        "empty = \"ignored\"\nvalue = [{ quantity = \"count_rate\", radiation = \"gamma\", from = \"x\", unit = \"cps\", counter_bits = 32 }]\n",
    );
    let mut decoder = decoder(&toml);
    for (secs, total, expected) in [
        (10, "4294967290", "ignored Empty"),
        (12, "4", "count_rate/gamma 5.0 cps (10 in 2 s)"),
        (13, "104", "count_rate/gamma 100.0 cps (100 in 1 s)"),
        // After a restart it is a first one again.
        (14, "3", "ignored Empty"),
        (15, "-3", "!out_of_range"),
        (16, "5", "count_rate/gamma 1.0 cps (2 in 2 s)"),
    ] {
        decoder.arrived(Mono::from_secs(secs));
        let outcomes = decoder.decode(total.as_bytes(), None);
        let got: Vec<String> = outcomes.iter().map(|(_, one)| short(one)).collect();
        assert_eq!(got.join(" | "), expected, "{total} at {secs} s");
    }
}

#[test]
fn mistakes_in_the_new_tables_are_named() {
    for (wrong, named) in [
        (made("make = \"magic\""), "magic"),
        (made("make = \"ratio\""), "with"),
        (made("make = \"last\", by = 1.5"), "by"),
        (lines(r#"{ kind = "regex", pattern = "(" }"#, X), "pattern"),
        (
            lines(r#"{ kind = "places", places = { x = [3, 3] } }"#, X),
            "places.x",
        ),
        (
            lines(
                r#"{ kind = "binary", bytes = 2, fields = { x = { at = 1, type = "u16le" } } }"#,
                X,
            ),
            "fields.x.at",
        ),
        (
            lines(r#"{ kind = "text", name = "x" }"#, X)
                .replace(
                    "kind = \"line\"",
                    "kind = \"marked\", begin = [2], bytes = 4",
                )
                .replace(", max_bytes = 64", ""),
            "checksum",
        ),
        (
            columns(
                r#"["x"]"#,
                "value = [{ quantity = \"dose_rate\", from = \"x\", unit = \"cpm\", sensitivity = { source = \"s\", points = [[60, 2], [120, 1]] } }]\n",
            ),
            "points",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.toml");
        std::fs::write(&path, &wrong).unwrap();
        let error = Profile::load(&path).expect_err(named).to_string();
        assert!(error.contains(named), "`{named}` is not in: {error}");
    }
}
