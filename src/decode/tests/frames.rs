//! Whole frames, damaged ones, and what is saved of them.

use proptest::prelude::*;

use super::*;
use crate::profile::Registry;

const NMEA: &str = r##"
framing = { kind = "line", max_bytes = 64, comment = "#", start = "$" }
checksum = { kind = "xor", after = "$", until = "*", mode = "require" }
"##;

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
    let pieces: Vec<&[u8]> = outcomes
        .iter()
        .map(|(at, _)| &line.as_bytes()[at.clone()])
        .collect();
    let expected = ["rest", &sentence("A,1"), &sentence("A,22")];
    assert_eq!(pieces, expected.map(str::as_bytes));
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

/// A dilution that comes in a line of its own, and holds for ten seconds.
#[test]
fn a_frame_tells_something_for_the_frames_after_it() {
    let toml = format!(
        "{SERIAL}remember = [{{ name = \"known\", from = \"told\", for_s = 10 }}]\n{LINE}\
         [[message]]\nname = \"tells\"\nignore = true\n\
         format = {{ kind = \"regex\", pattern = \"T(?<told>[a-z]+)?\" }}\n\
         [[message]]\nname = \"value\"\n\
         format = {{ kind = \"regex\", pattern = \"V(?<v>[0-9]+)\" }}\n\
         value = [{{ quantity = \"dose_rate\", unit = \"uSv/h\", from = \"v\" }}]\n\
         status = [{{ flag = \"rain\", when = {{ known = [\"wet\"] }} }}]\n"
    );
    let mut decoder = decoder(&toml);
    for (secs, line, expected) in [
        (1, "V1", "dose_rate 1 uSv/h"),
        (2, "Twet", "ignored Other"),
        (3, "V1", "dose_rate 1 uSv/h, [rain]"),
        // A frame that lacks it changes nothing.
        (4, "T", "ignored Other"),
        (12, "V1", "dose_rate 1 uSv/h, [rain]"),
        (13, "V1", "dose_rate 1 uSv/h"),
        (14, "Twet", "ignored Other"),
        (15, "Tdry", "ignored Other"),
        (16, "V1", "dose_rate 1 uSv/h"),
    ] {
        decoder.arrived(Mono::from_secs(secs));
        let outcomes = decoder.decode(line.as_bytes(), None);
        let got: Vec<String> = outcomes.iter().map(|(_, one)| short(one)).collect();
        assert_eq!(got.join(" | "), expected, "{line} at {secs} s");
    }
}

#[test]
fn mistakes_in_what_is_remembered_are_named() {
    for (rule, named) in [
        (
            "after = \"# \"",
            "remember[0].after: needs `framing.comment`",
        ),
        ("from = \"nowhere\"", "remember[0].from: no message"),
        ("for_s = 1", "remember[0]: needs one of"),
        ("after = \"# \", from = \"v\"", "remember[0]: needs one of"),
        ("from = \"v\", for_s = 0", "remember[0].for_s: must be"),
    ] {
        let toml = columns(
            "[\"v\"]",
            "value = [{ quantity = \"dose_rate\", unit = \"uSv/h\", from = \"v\" }]\n",
        )
        .replace(
            LINE,
            &format!("{LINE}remember = [{{ name = \"x\", {rule} }}]\n"),
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.toml");
        std::fs::write(&path, toml).unwrap();
        let error = Profile::load(&path).unwrap_err().to_string();
        assert!(error.contains(named), "{rule}: {error}");
    }
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

/// A sentence with its checksum.
fn sentence(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum, byte| sum ^ byte);
    format!("${body}*{sum:02X}")
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
