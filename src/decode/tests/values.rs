//! Which numbers a frame holds, and which it does not.

use super::*;

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
