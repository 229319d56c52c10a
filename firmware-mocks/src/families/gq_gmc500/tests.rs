use super::*;
use crate::families::test_moment;

fn unit(version: &str) -> Box<dyn Firmware> {
    Options {
        version: version.to_owned(),
        ..Options::default()
    }
    .firmware(1)
}

fn steady(dose_rate_usv_h: f64) -> Moment {
    Moment {
        steady: true,
        ..test_moment(dose_rate_usv_h)
    }
}

#[track_caller]
fn check(unit: &mut Box<dyn Firmware>, asked: &str, expected: &[u8]) {
    let frames = unit.hear(asked.as_bytes(), &steady(0.1));
    let bytes: Vec<u8> = frames.into_iter().flat_map(|frame| frame.bytes).collect();
    assert_eq!(bytes, expected, "{asked}");
}

#[test]
fn the_catalogues_samples_byte_for_byte() {
    assert_eq!(Width::Four.bytes(28), [0x00, 0x00, 0x00, 0x1C]);
    check(
        &mut unit("GMC-500+Re 1.18"),
        "<GETVOLT>>",
        &[0x34, 0x2E, 0x38, 0x76, 0x00],
    );
    for version in ["GMC-500+Re 1.18", "GMC-600+Re 2.52", "GMC-800Re1.08"] {
        check(&mut unit(version), "<GETVER>>", version.as_bytes());
    }
}

#[test]
fn voltage_by_model() {
    check(&mut unit("GMC-500+Re 2.42"), "<GETVOLT>>", b"4.8v");
    check(&mut unit("GMC-510+Re 1.04"), "<GETVOLT>>", &[48]);
    check(&mut unit("GMC-800Re1.08"), "<GETVOLT>>", &[]);
}

#[test]
fn the_width_follows_model_and_firmware() {
    for (version, width) in [
        ("GMC-500Re 1.22", Width::Two),
        ("GMC-500+Re 1.18", Width::Four),
        ("GMC-600+Re 2.39", Width::Two),
        ("GMC-600+Re 2.52", Width::Four),
        ("GMC-800Re1.08", Width::Four),
    ] {
        assert_eq!(Width::of(version), width, "{version}");
    }
}

#[test]
fn each_tube_counts_for_itself() {
    let mut unit = unit("GMC-500+Re 2.40");
    for _ in 0..60 {
        unit.tick(&steady(100.0));
    }
    check(&mut unit, "<GETCPML>>", &15_400_u32.to_be_bytes());
    check(&mut unit, "<GETCPM>>", &15_400_u32.to_be_bytes());
    check(&mut unit, "<GETCPMH>>", &2_140_u32.to_be_bytes());
    check(&mut unit, "<GETMAXCPS>>", &257_u32.to_be_bytes());
    check(&mut unit, "<HEARTBEAT1>>", &[]);
    assert_eq!(unit.tick(&steady(100.0))[0].bytes.len(), 4);
    let overload = Moment {
        overload: true,
        ..steady(100.0)
    };
    assert_eq!(unit.tick(&overload)[0].bytes, [0xFF; 4]);
}

#[test]
fn calibration_is_big_endian_where_the_firmware_has_it() {
    let block = |version| {
        unit(version)
            .hear(b"<GETCFG>>", &steady(0.1))
            .remove(0)
            .bytes
    };
    let single_at = |block: &[u8], at: usize| {
        f32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
    };
    let old = block("GMC-500+Re 1.18");
    assert_eq!((old.len(), &old[8..10]), (512, &[0, 60][..]));
    assert!((single_at(&old, 10) - 60.0 / 154.0).abs() < 1e-6);
    let new = block("GMC-800Re1.08");
    assert_eq!(new[73..77], 1_540_u32.to_be_bytes());
    assert!((single_at(&new, 97) - 10.0).abs() < 1e-6);
    let new = block("GMC-600+Re 2.52");
    assert!((single_at(&new, 403 + 20) - 5_000.0).abs() < 1e-3);
}
