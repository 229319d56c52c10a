//! The packed column: frozen bytes, and what damage does.

use super::*;
use crate::clock::{Mono, Received};
use crate::criteria::{Remark, Rule, Rules};
use crate::reading::{Channels, Flag, Flags, InstrumentId, Raw};

#[test]
fn every_word_has_a_code() {
    for word in Disposition::ALL {
        code(&DISPOSITIONS, word);
    }
    for word in NoValue::ALL {
        code(&NO_VALUES, word);
    }
    for word in PositionSource::ALL {
        code(&POSITION_SOURCES, word);
    }
    for word in Radiation::ALL {
        for quantity in [Quantity::CountRate(*word), Quantity::SurfaceActivity(*word)] {
            assert_eq!(quantity_from_code(quantity_code(quantity)), Some(quantity));
        }
    }
    for quantity in [Quantity::DoseRate, Quantity::Dose] {
        assert_eq!(quantity_from_code(quantity_code(quantity)), Some(quantity));
    }
    for code in [-1, 2, 7, 15, 23, 24, NO_CHANNEL] {
        assert_eq!(quantity_from_code(code), None, "{code}");
    }
}

/// Files hold positions of these words: new ones may only be appended.
#[test]
fn stored_positions_stay() {
    let check = |place: Option<usize>, frozen: usize| assert_eq!(place, Some(frozen));
    let remark = |wanted| Remark::ALL.iter().position(|remark| *remark == wanted);
    check(remark(Remark::AlphaNotExcluded), 0);
    check(remark(Remark::Negative), 26);
    check(remark(Remark::UnknownUnit), 53);
    let flag = |wanted| Flag::ALL.iter().position(|flag| *flag == wanted);
    check(flag(Flag::CountInvalid), 0);
    check(flag(Flag::ValueRefused), 21);
    check(flag(Flag::Unguarded), 26);
}

fn channel() -> Channel {
    Channel {
        quantity: Quantity::DoseRate,
        measured: Err(NoValue::Overrange),
        at_least: Some(Amount::new(Quantity::DoseRate, 1000.0).unwrap()),
        raw: Some(Raw {
            value: Number::Int(-5),
            unit: "uSv/h",
        }),
        factor: None,
        counting: Some(Counting {
            counts: 300,
            seconds: 0.5,
        }),
    }
}

fn reading() -> Reading {
    Reading {
        instrument: InstrumentId::new("roof").unwrap(),
        profile: "test".into(),
        received: Received {
            wall: Wall::from_nanos(2_000_000_007),
            mono: Mono::from_nanos(1),
        },
        device_time: DeviceTime::At(Wall::from_nanos(1_000_000_003)),
        sequence: Some(Sequence {
            boot: Some(3),
            seq: 17,
        }),
        channels: Channels::from_iter([channel()]),
        position: None,
        flags: Flags::EMPTY,
        fingerprint: 0x0807_0605_0403_0201,
        delivery: Delivery {
            retained: false,
            redelivered: true,
        },
    }
}

fn verdict() -> Verdict {
    Verdict {
        class: Some(Class::Emergency),
        rule: Rule::Sn2,
        also: Rules::EMPTY.with(Rule::T31I2),
        disposition: Disposition::Historical,
        remarks: Remarks::EMPTY.with(Remark::BackgroundAssumed),
    }
}

const FIX: Fix = Fix {
    source: PositionSource::Fix,
    alt_m: Some(93.0),
    age_s: None,
    hdop: Some(1.5),
};

const KEY: Wall = Wall::from_nanos(1_000_123_456);

fn packed() -> Vec<u8> {
    let mut bytes = Vec::new();
    put_channel(&mut bytes, &channel());
    put_reading(&mut bytes, &reading(), &verdict(), KEY, Some(&FIX));
    bytes
}

/// If this fails, the change is wrong, unless the layout gets a new number.
#[test]
fn layout_1_is_frozen() {
    #[rustfmt::skip]
    let frozen = [
        // channel: shape, at least 1000, raw -5, 300 counts in 0.5 s
        0x4d, 0, 0xd0, 0x0f, 0x09, 0xac, 0x02, 1, 10,
        // fingerprint
        1, 2, 3, 4, 5, 6, 7, 8,
        // shape, rule, received 1.000000007 s after the key's millisecond
        0xe7, 0xdb, 0x06, 28, 0x8e, 0xa8, 0xd6, 0xb9, 0x07,
        // seq, boot, altitude, precision, remarks, also, fine
        17, 3, 0, 0xba, 0x01, 1, 30, 2, 2, 6,
    ];
    assert_eq!(packed(), frozen);
}

#[test]
fn a_row_comes_back() {
    let bytes = packed();
    let mut rest = Unpack::new(&bytes);
    let stored = take_channel(&mut rest, Quantity::DoseRate, &Value::Null).unwrap();
    assert_eq!(stored.measured, channel().measured);
    assert_eq!(stored.at_least, channel().at_least);
    assert_eq!(stored.raw, Some(Number::Int(-5)));
    assert_eq!(stored.counting, channel().counting);
    let stored = take_reading(&mut rest, KEY, Some(6)).unwrap();
    assert!(rest.is_empty());
    assert_eq!(stored.received, reading().received.wall);
    assert_eq!(stored.device_time, reading().device_time);
    assert_eq!(stored.sequence, reading().sequence);
    assert_eq!(stored.delivery, reading().delivery);
    assert_eq!(stored.fix, Some(FIX));
    assert_eq!(stored.verdict, verdict());
}

#[test]
fn a_cut_row_is_damaged_and_never_panics() {
    let bytes = packed();
    for len in 0..bytes.len() {
        let mut rest = Unpack::new(bytes.get(..len).unwrap());
        let is_whole = take_channel(&mut rest, Quantity::DoseRate, &Value::Null).is_some()
            && take_reading(&mut rest, KEY, Some(6)).is_some();
        assert!(!is_whole, "{len} bytes passed");
    }
    for place in 0..bytes.len() {
        for flip in 1..=u8::MAX {
            let mut bytes = bytes.clone();
            *bytes.get_mut(place).unwrap() ^= flip;
            let mut rest = Unpack::new(&bytes);
            if take_channel(&mut rest, Quantity::DoseRate, &Value::Null).is_some() {
                take_reading(&mut rest, KEY, Some(6));
            }
        }
    }
}

#[test]
fn values_are_millionths_where_they_fit() {
    let column = |number| value_column(Ok(Amount::new(Quantity::DoseRate, number).unwrap()));
    for (number, stored) in [
        (0.0, Value::Integer(0)),
        (0.112, Value::Integer(112_000)),
        (0.020_958_083_8, Value::Integer(20_958)),
        (9e12, Value::Integer(9_000_000_000_000_000_000)),
        (1e13, Value::Real(1e13)),
    ] {
        let column = column(number);
        assert_eq!(column, stored);
        let back = amount(Quantity::DoseRate, &column).unwrap().number();
        assert_eq!(back.to_bits(), rounded(number).to_bits());
    }
    assert_eq!(value_column(Err(NoValue::NotReported)), Value::Null);
    assert_eq!(amount(Quantity::DoseRate, &Value::Integer(-1)), None);
}
