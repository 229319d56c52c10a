use super::*;
use crate::families::test_moment;

const ASKED: &str = "*0001900101030102**\r";

fn ask(unit: &mut Box<dyn Firmware>, asked: &str) -> Vec<String> {
    let frames = unit.hear(asked.as_bytes(), &test_moment(0.5));
    let text = |frame: Frame| String::from_utf8(frame.bytes).unwrap();
    frames.into_iter().map(text).collect()
}

fn steady() -> Moment {
    Moment {
        steady: true,
        ..test_moment(0.5)
    }
}

#[test]
fn the_computed_request_has_this_form_and_is_answered() {
    let empty = frame("0001", "9001", "01030102", "", false);
    assert_eq!(empty.bytes, ASKED.as_bytes());
    assert_eq!(ASKED.len(), FRAME_MIN);
    let mut unit = Options::default().firmware(1);
    unit.tick(&steady());
    assert_eq!(
        ask(&mut unit, ASKED),
        ["*9001000101030102000000\
             14/03/26 03.00.00;1;000000000000;1;\
             gamma;0.500;µSv/h;0.0001;µSv;gamma;0.000;cps;0.0000;cts;0.02**\r"]
    );
}

#[test]
fn beta_then_alpha_in_counts() {
    let options = Options {
        contamination: true,
        checksum: true,
        separator: " ".to_owned(),
        alpha_cps: 2.0,
        ..Options::default()
    };
    let mut unit = options.firmware(1);
    unit.tick(&steady());
    let said = ask(&mut unit, ASKED).remove(0);
    let blocks = " beta 10.000 cps 10.0000 cts alpha 2.000 cps 2.0000 cts 0.02*";
    assert!(said.contains(blocks), "{said}");
    let (body, check_and_end) = said.split_at(said.len() - 4);
    assert_eq!(check_and_end, format!("{}*\r", check(body)));
}

#[test]
fn what_is_wrong_gets_no_answer() {
    let mut unit = Options::default().firmware(1);
    assert_eq!(ask(&mut unit, ASKED), [""; 0], "nothing measured yet");
    unit.tick(&steady());
    for wrong in [
        "*0002900101030102**\r",
        "*0001900901030102**\r",
        "*0001900101030102*00*\r",
        "*000190010103010**\r",
        "0001900101030102**\r",
        "*0001900101030199**\r",
        "*00019001010301é2**\r",
        "\r",
    ] {
        assert_eq!(ask(&mut unit, wrong), [""; 0], "{wrong}");
    }
    let sum = check("*0001900101030102*");
    assert_eq!(
        ask(&mut unit, &format!("*0001900101030102*{sum}*\r")).len(),
        1
    );
    let id = ask(&mut unit, "*0000900100000000**\r");
    assert_eq!(id, ["*9001000100000000000000LB134**\r"]);
}

#[test]
fn it_counts_between_start_and_stop() {
    let mut unit = Options::default().firmware(1);
    assert_eq!(
        ask(&mut unit, "*0001900101030101**\r"),
        ["*9001000101030101**\r"]
    );
    unit.tick(&steady());
    assert_eq!(ask(&mut unit, ASKED), [""; 0]);
    ask(&mut unit, "*0001900101030100**\r");
    unit.tick(&steady());
    assert!(ask(&mut unit, ASKED)[0].contains(";1;000000000000;1;gamma;0.500;"));
}
