use super::*;
use crate::families::test_moment;

#[track_caller]
fn check(model: Model, payload: Payload, expected: &str) {
    assert_eq!(payload.text(model), format!("{expected} "));
}

#[test]
fn tokens_as_in_the_document() {
    let old = Payload {
        value1: 7,
        code1: 2,
        status: 0x14,
        dose: Some(123),
        ..Payload::default()
    };
    check(Model::G, old, "7 2 0 0 14 FH41B2 123");
    let b20er = Payload {
        value1: 721,
        dose: Some(1234),
        ..old
    };
    check(Model::B20er, b20er, "721 2 0 0 14 B20ER 1234");
    let sx = Payload { code1: 5, ..b20er };
    check(Model::Sx, sx, "721 5 0 0 14 SX 1234");
    let gn = Payload {
        value1: 9,
        code1: 5,
        value2: 1,
        code2: 5,
        status: 0,
        dose: None,
    };
    check(Model::Gn, gn, "9 5 1 5 00 GN");
}

#[test]
fn the_computed_frames_byte_for_byte() {
    let dual = frame("721 5 3 5 04 SX 0 ");
    assert_eq!(dual.bytes, b"\x02721 5 3 5 04 SX 0 58\x03\r\n");
    assert_eq!(&dual.bytes[dual.checksum.unwrap()], b"58");
    let of_fields = Payload {
        value1: 721,
        code1: 5,
        value2: 3,
        code2: 5,
        status: ALARM,
        dose: Some(0),
    };
    assert_eq!(of_fields.frame(Model::Sx).bytes, dual.bytes);
    let g20 = Payload {
        value1: Unit::Sv.steps(0.15),
        dose: Some(123),
        ..Payload::default()
    };
    assert_eq!(
        g20.frame(Model::G20).bytes,
        b"\x0215 0 0 0 00 G20 123 77\x03\r\n"
    );
}

#[test]
fn cpm_is_in_tenths_as_a_display_showed() {
    assert_eq!(Unit::Cpm.steps(229.0 / 60.0), 2290);
    assert_eq!(Unit::Cps.steps(3.51), 351);
}

fn say(unit: &mut Box<dyn Firmware>, words: &str) -> String {
    let frames = unit.hear(words.as_bytes(), &test_moment(0.15));
    let bytes = frames.into_iter().flat_map(|frame| frame.bytes).collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn commands_need_the_prompt() {
    let mut unit = Options::default().firmware(1);
    assert_eq!(say(&mut unit, "Vx\n"), "");
    assert_eq!(say(&mut unit, "@"), ">");
    assert_eq!(say(&mut unit, "V"), "");
    assert_eq!(say(&mut unit, "x\r\n"), "#RadEye G20 V3.00 AB48\r\n");
    assert_eq!(say(&mut unit, "@#R\n"), ">#1234\r\n");
    assert_eq!(say(&mut unit, "@ZR\n"), ">#260314030000\r\n");
    assert_eq!(say(&mut unit, "@nonsense\n"), ">?\r\n");
    assert_eq!(say(&mut unit, "@uWzz\n"), ">?\r\n");
}

#[test]
fn it_pushes_between_x1_and_x0() {
    let mut unit = Options::default().firmware(1);
    let moment = test_moment(0.15);
    assert_eq!(unit.tick(&moment), []);
    assert_eq!(say(&mut unit, "@X1\n"), ">#\r\n");
    let pushed = unit.tick(&moment).remove(0);
    assert_eq!(pushed, frame("15 0 0 0 00 G20 0 "));
    assert_eq!(say(&mut unit, "@R\n"), ">#15\r\n");
    say(&mut unit, "@X0\n");
    assert_eq!(unit.tick(&moment), []);
}

#[test]
fn an_overload_is_told_and_latched_until_cleared() {
    let options = Options {
        pushing: true,
        ..Options::default()
    };
    let mut unit = options.firmware(1);
    let mut moment = test_moment(0.15);
    moment.overload = true;
    assert_eq!(unit.tick(&moment).remove(0), frame("15 0 0 0 02 G20 0 "));
    moment.overload = false;
    assert_eq!(unit.tick(&moment).remove(0), frame("15 0 0 0 00 G20 0 "));
    assert_eq!(say(&mut unit, "@F\n"), ">#00002000\r\n");
    say(&mut unit, "@clr\n");
    assert_eq!(say(&mut unit, "@F\n"), ">#00000000\r\n");
}

#[test]
fn two_channels_and_a_changed_unit() {
    let options = Options {
        model: Model::Sx,
        second_cps: 0.5,
        pushing: true,
        ..Options::default()
    };
    let mut unit = options.firmware(1);
    let mut moment = test_moment(2.0);
    moment.steady = true;
    unit.tick(&moment);
    assert_eq!(unit.tick(&moment).remove(0), frame("2000 5 100 5 00 SX 0 "));
    assert_eq!(say(&mut unit, "@z\n"), ">#2000 100\r\n");
    assert_eq!(say(&mut unit, "@uW05\n"), ">#\r\n");
    assert_eq!(unit.tick(&moment).remove(0), frame("200 0 0 0 00 SX 0 "));
    assert_eq!(say(&mut unit, "@uR\n"), ">#05\r\n");
}
