use super::*;
use crate::families::test_moment;

const READY: [u8; 4] = [0x01, 0x07, 0xE2, 0x41];
const TEMPERATURE: [u8; 8] = [0x01, 0x04, 0x00, 0x01, 0x00, 0x01, 0x0A, 0x60];
const DOSE_RATE: [u8; 8] = [0x01, 0x04, 0x00, 0x08, 0x00, 0x02, 0x09, 0xF0];
const START: [[u8; 8]; 3] = [
    [0x01, 0x06, 0x00, 0x00, 0xFF, 0xFF, 0x7A, 0x88],
    [0x01, 0x05, 0x00, 0x23, 0xFF, 0x00, 0xF0, 0x7D],
    [0x01, 0x05, 0x00, 0x22, 0xFF, 0x00, 0x30, 0x2C],
];

fn steady(dose_rate_usv_h: f64) -> Moment {
    Moment {
        steady: true,
        ..test_moment(dose_rate_usv_h)
    }
}

fn asked(unit: &mut Box<dyn Firmware>, request: &[u8]) -> Vec<u8> {
    let frames = unit.hear(request, &steady(0.15));
    frames.into_iter().flat_map(|frame| frame.bytes).collect()
}

fn warm() -> Box<dyn Firmware> {
    Options {
        warm: true,
        ..Options::default()
    }
    .firmware(1)
}

#[test]
fn the_catalogues_samples_byte_for_byte() {
    let mut unit = warm();
    // The captured bits, which print as 1.5e-7 Sv/h.
    unit.tick(&steady(f64::from(f32::from_bits(0x3421_0643)) * 1e6));
    let reply = [0x01, 0x04, 0x04, 0x34, 0x21, 0x06, 0x43, 0xEF, 0xE7];
    assert_eq!(asked(&mut unit, &DOSE_RATE), reply);
    let celsius = [0x01, 0x04, 0x02, 0x19, 0x00];
    assert_eq!(asked(&mut unit, &TEMPERATURE)[..5], celsius);
    unit.tick(&steady(42.0 / 366.0));
    let request = frame(
        vec![0x01, 0x04, 0x00, 0x02, 0x00, 0x02],
        CrcOrder::HighFirst,
    );
    let cps = [0x01, 0x04, 0x04, 0x00, 0x00, 0x00, 0x2A];
    assert_eq!(asked(&mut unit, &request.bytes)[..7], cps);
}

#[test]
fn a_cold_unit_is_deaf_then_ignores_writes_then_obeys() {
    let mut unit = Options::default().firmware(1);
    unit.power_up();
    assert_eq!(asked(&mut unit, &READY), b"");
    unit.tick(&steady(0.15));
    assert_eq!(asked(&mut unit, &READY)[..3], [0x01, 0x07, 0x00]);
    assert_eq!(asked(&mut unit, &START[0]), b"");
    for _ in 0..3 {
        unit.tick(&steady(0.15));
    }
    let zero = [0x01, 0x04, 0x04, 0, 0, 0, 0];
    assert_eq!(asked(&mut unit, &DOSE_RATE)[..7], zero);
    for step in START {
        assert_eq!(asked(&mut unit, &DOSE_RATE)[..7], zero, "not yet");
        assert_eq!(asked(&mut unit, &step), step);
    }
    let usv_h = asked(&mut unit, &DOSE_RATE);
    let sv_h = f32::from_be_bytes([usv_h[3], usv_h[4], usv_h[5], usv_h[6]]);
    assert!((sv_h * 1e6 - 0.15).abs() < 1e-6, "{sv_h}");
}

#[test]
fn what_it_does_not_have_is_refused() {
    let mut unit = warm();
    let bad = frame(
        vec![0x01, 0x04, 0x00, 0x20, 0x00, 0x02],
        CrcOrder::HighFirst,
    );
    assert_eq!(asked(&mut unit, &bad.bytes)[..3], [0x01, 0x84, 0x02]);
    let write = frame(vec![0x01, 0x06, 0x00, 0x07, 0, 1], CrcOrder::HighFirst);
    assert_eq!(asked(&mut unit, &write.bytes)[..3], [0x01, 0x86, 0x02]);
    let background = frame(
        vec![0x01, 0x03, 0x00, 0x0A, 0x00, 0x02],
        CrcOrder::HighFirst,
    );
    assert_eq!(asked(&mut unit, &background.bytes)[..3], [0x01, 0x03, 0x04]);
}
