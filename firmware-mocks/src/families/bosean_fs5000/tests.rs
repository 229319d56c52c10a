use super::*;
use crate::families::test_moment;

const START_PUSH: [u8; 6] = [0xAA, 0x05, 0x0E, 0x01, 0xBE, 0x55];
const STOP_PUSH: [u8; 6] = [0xAA, 0x05, 0x0E, 0x00, 0xBD, 0x55];

#[test]
fn the_catalogues_commands_have_this_envelope() {
    assert_eq!(envelope(&[PUSH, 1]).bytes, START_PUSH);
    assert_eq!(envelope(&[PUSH, 0]).bytes, STOP_PUSH);
    assert_eq!(envelope(&[DOSE]).bytes, [0xAA, 0x04, 0x07, 0xB5, 0x55]);
    assert_eq!(envelope(&[VERSION]).bytes, [0xAA, 0x04, 0x06, 0xB4, 0x55]);
}

#[test]
fn the_catalogues_push_byte_for_byte() {
    let push = Push {
        dose_rate: 0.18,
        dose: 0.26,
        cps: 1,
        cpm: 33,
        average: 0.23,
        warns: false,
    };
    let text = "DR:0.18uSv/h;D:0.26uSv;CPS:0001;CPM:000033;AVG:0.23uSv/h;\
                DT:0000000;S:0.00uSv;W:0";
    assert_eq!(push.text(), text);
    let frame = push.frame();
    assert_eq!(frame.bytes[0], 0xAA);
    assert_eq!(usize::from(frame.bytes[1]), text.len() + 4);
    assert_eq!(frame.bytes[2], 0x0E);
    assert_eq!(frame.bytes[3..3 + text.len()], *text.as_bytes());
    assert_eq!(frame.bytes.len(), text.len() + 5);
    let second = Push {
        dose: 58.1,
        cpm: 21,
        average: 0.13,
        ..push
    };
    let start = "DR:0.18uSv/h;D:58.1uSv;CPS:0001;CPM:000021;AVG:0.13uSv/h;";
    assert!(second.text().starts_with(start), "{}", second.text());
}

#[test]
fn the_unit_follows_the_range() {
    for (micro, expected) in [
        (0.0, "0.00uSv"),
        (9.994, "9.99uSv"),
        (9.996, "10.0uSv"),
        (123.4, "123uSv"),
        (999.4, "999uSv"),
        (999.6, "1.00mSv"),
        (25_000.0, "25.0mSv"),
    ] {
        assert_eq!(with_unit(micro, "Sv"), expected);
    }
}

#[test]
fn it_pushes_between_start_and_stop() {
    let mut unit = Options::default().firmware(1);
    let moment = test_moment(0.18);
    assert_eq!(unit.tick(&moment), []);
    let mut broken = START_PUSH;
    broken[4] ^= 1;
    assert_eq!(unit.hear(&broken, &moment), [], "a bad check is no command");
    assert_eq!(unit.hear(&START_PUSH[..3], &moment), []);
    let reply = unit.hear(&START_PUSH[3..], &moment);
    assert_eq!(reply, [envelope(&[0x0E, 0x06, 0x01])]);
    let pushed = unit.tick(&moment).remove(0).bytes;
    assert!(pushed[3..].starts_with(b"DR:0.18uSv/h;D:0.26uSv;"));
    unit.hear(&STOP_PUSH, &moment);
    assert_eq!(unit.tick(&moment), []);
}

#[test]
fn the_dose_is_asked_for_in_hundredths() {
    let mut unit = Options::default().firmware(1);
    let reply = unit.hear(&[0xAA, 0x04, 0x07, 0xB5, 0x55], &test_moment(0.1));
    assert_eq!(reply, [envelope(&[0x07, 0x06, 0, 0, 0, 26])]);
}
