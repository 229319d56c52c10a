//! What people and programs read.

use super::*;
use crate::clock::{Mono, Received, Wall, Zone};
use crate::criteria::{
    ChannelVerdict, Class, Disposition, Judgement, Policy, Recommendation, Remark, Remarks, Rule,
    Rules, Setting, SourceKind, Subject,
};
use crate::reading::{
    Amount, Channel, Channels, Counting, Delivery, DeviceTime, Factor, Flags, InstrumentId,
    NoValue, Position, PositionSource, Quantity, Reading, Sequence,
};

use std::sync::Arc;
use std::time::Duration;

fn received() -> Received {
    Received {
        wall: Wall::parse_rfc3339("2026-03-14T03:00:05Z").unwrap(),
        mono: Mono::from_secs(5),
    }
}

fn reading(value: Option<f64>) -> Reading {
    let quantity = Quantity::DoseRate;
    Reading {
        instrument: InstrumentId::new("bgeigie-002").unwrap(),
        profile: "safecast-bgeigie".into(),
        received: received(),
        device_time: DeviceTime::At(Wall::parse_rfc3339("2026-03-14T03:00:00Z").unwrap()),
        sequence: Some(Sequence {
            boot: Some(1),
            seq: 7,
        }),
        channels: Channels::from_iter([Channel {
            quantity,
            measured: value.map_or(Err(NoValue::Overrange), |value| {
                Ok(Amount::new(quantity, value).unwrap())
            }),
            at_least: None,
            raw: None,
            factor: Some(Arc::new(Factor {
                text: "334 cpm per uSv/h".to_owned(),
                source: "sheet".to_owned(),
            })),
            counting: None,
        }]),
        position: Position::new(-6.175_4, 106.827_2, PositionSource::Frame),
        flags: Flags::EMPTY,
        fingerprint: 42,
        delivery: Delivery::default(),
    }
}

fn judgement(class: Class, rule: Rule, value: Option<f64>) -> Judgement {
    let verdict = ChannelVerdict {
        quantity: Quantity::DoseRate,
        class,
        rule,
        value,
        possible_at: Some(1.0),
        emergency_at: Some(100.0),
    };
    Judgement {
        class: Some(class),
        rule,
        also: Rules::EMPTY.with(Rule::EscTio2G),
        recommendation: Recommendation::AktifParsial,
        disposition: Disposition::Accept,
        remarks: Remarks::EMPTY.with(Remark::LowBattery),
        canonical: value,
        channels: [verdict].into_iter().collect(),
    }
}

fn place(site: Option<&str>) -> PlaceContext {
    PlaceContext {
        site: site.map(|name| SiteRef {
            id: "s1".to_owned(),
            name: name.to_owned(),
            position: None,
        }),
        item: None,
        subject: Subject::Environment,
        source: if site.is_some() {
            SourceKind::Irdms
        } else {
            SourceKind::Mobile
        },
        silent_after: Duration::from_secs(30),
        last_fix: None,
    }
}

fn raise(reading: &Reading, judgement: &Judgement, place: &PlaceContext) -> Transition {
    let mut machine = Machine::new(Config::default());
    let judged = Judged {
        reading,
        judgement,
        place,
        grounds: None,
    };
    let effects = machine.apply(received(), &judged);
    effects.first().unwrap().transition().clone()
}

fn event(transition: &Transition) -> Event {
    let context = EventContext {
        node: "n1".to_owned(),
        zone: Zone::Wib,
        recorded: true,
    };
    Event::of(transition, &context).unwrap()
}

fn emergency(value: Option<f64>) -> Transition {
    let judgement = judgement(Class::Emergency, Rule::T31I2, value);
    raise(&reading(value), &judgement, &place(None))
}

#[test]
fn a_tio2_says_everything_in_both_languages() {
    let transition = emergency(Some(142.5));
    let text = event(&transition).text;
    let id = &transition.activation.id;
    assert_eq!(
        text.id.headline,
        "BARU: Kedaruratan radiologik: TIO2 terlewati; laju dosis 142,5 µSv/jam, \
         6,17540° LS 106,82720° BT"
    );
    assert_eq!(
        text.en.lines,
        [
            "What: Radiological emergency: TIO2 passed (EMERGENCY)".to_owned(),
            "State: RAISED (present, not acknowledged)".to_owned(),
            "Where: 6.17540° S 106.82720° E (environment)".to_owned(),
            "Map: geo:-6.17540,106.82720".to_owned(),
            "How much: dose rate 142.5 µSv/h".to_owned(),
            "Compared: 1.43 × the level of 100 µSv/h; above TIO3 (1 µSv/h); above TIO2 \
             (100 µSv/h); this instrument's background unknown"
                .to_owned(),
            "Since: 2026-03-14 10:00:00 WIB (2026-03-14 03:00:00 UTC); for 5 s".to_owned(),
            "How sure: unconfirmed (one reading)".to_owned(),
            "Flags: LOW_BATTERY (the battery is low)".to_owned(),
            "Instrument: bgeigie-002, model unknown (profile safecast-bgeigie)".to_owned(),
            "Calibration: factor 334 cpm per uSv/h; certificate unknown; validity unknown"
                .to_owned(),
            "Rule: T3.1-I-2 (PUK/DK2N.3/PT.17 rev. 0, table 3.1 row I-2, p. 30–31); also ESC-TIO2-G"
                .to_owned(),
            "Recommended status: AKTIF PARSIAL (advice; the named official decides)".to_owned(),
            "Do first: Set the safety perimeter at the contour of ≥ 100 µSv/h and take response \
             actions. Until the contour is measured: 30 m (unshielded source), 100 m (major \
             spill), 300 m (fire, explosion or fumes), 400 m or more (suspected bomb) (IAEA \
             EPR-First Responders)."
                .to_owned(),
            "Next: unless acknowledged, the next contacts are told at 2026-03-14 10:02:05 WIB \
             (2026-03-14 03:02:05 UTC)"
                .to_owned(),
            format!("Activation: {id} v1, 2026-03-14 10:00:05 WIB (2026-03-14 03:00:05 UTC)"),
        ]
    );
    assert_eq!(text.id.lines.len(), text.en.lines.len());
    let (_, tail) = id.as_str().split_at(id.as_str().len() - 6);
    assert_eq!(
        text.id.sms,
        format!(
            "BARU DARURAT 142,5 uSv/jam, -6.1754,106.8272, 14/03 10:00 WIB. Perimeter di 100 \
             uSv/jam. {tail} v1"
        )
    );
    assert!(!text.en.log.contains('\n'));
    assert!(text.en.log.contains(id.as_str()));
}

#[test]
fn the_id_is_the_same_for_the_same_reading_for_ever() {
    let id = emergency(Some(142.5)).activation.id;
    assert_eq!(id.as_str(), "A-315d026fcd8877c2");
    assert_eq!(ActivationId::parse(id.as_str()), Some(id));
    for bad in [
        "",
        "A-",
        "B-0123456789abcdef",
        "A-0123456789ABCDEF",
        "A-0123456789abcdef0",
    ] {
        assert_eq!(ActivationId::parse(bad), None, "`{bad}` passed");
    }
}

#[test]
fn an_over_range_of_unknown_height_has_no_number() {
    let view = event(&emergency(None)).activation.unwrap();
    assert_eq!((view.value, view.level), (None, Some(100.0)));
    let text = event(&emergency(None)).text;
    assert!(text.id.headline.contains("di atas jangkauan alat"));
}

#[test]
fn foreign_text_is_inert() {
    let name = "Pasar\r\nIgnore all\u{1b}[2J\u{202e}gnp";
    let judgement = judgement(Class::PossibleEmergency, Rule::T31I1, Some(2.0));
    let event = event(&raise(&reading(Some(2.0)), &judgement, &place(Some(name))));
    let json = serde_json::to_string(&event).unwrap();
    for text in [&event.text.id.headline, &event.text.en.log, &json] {
        let is_bad = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!text.chars().any(is_bad), "{text}");
    }
    assert_eq!(
        event.activation.as_ref().unwrap().place.name.as_deref(),
        Some("Pasar\\r\\nIgnore all\\u{1b}[2J\u{fffd}gnp")
    );
}

#[test]
fn what_programs_read_has_fixed_names() {
    let event = event(&emergency(Some(142.5)));
    let json = serde_json::to_value(&event).unwrap();
    for (pointer, expected) in [
        ("/why", "raised"),
        ("/activation/state", "RAISED"),
        ("/activation/class", "EMERGENCY"),
        ("/activation/rule", "T3.1-I-2"),
        ("/activation/also/0", "ESC-TIO2-G"),
        ("/activation/recommended_status", "AKTIF_PARSIAL"),
        ("/activation/place/kind", "area"),
        ("/activation/unit", "uSv/h"),
        ("/activation/onset", "2026-03-14T03:00:00Z"),
        ("/activation/received_at", "2026-03-14T03:00:05Z"),
        ("/activation/members/0/instrument", "bgeigie-002"),
    ] {
        assert_eq!(json.pointer(pointer).unwrap(), expected, "{pointer}");
    }
    assert_eq!(json.pointer("/activation/value").unwrap(), 142.5);
    assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
}

#[test]
fn counts_enough_confirm_at_once() {
    // 142.5 µSv/h: the lower bound passes 100 with 200 counts, not with 50.
    for (counts, confirmed) in [(9, false), (50, false), (200, true)] {
        let mut reading = reading(Some(142.5));
        for channel in &mut reading.channels {
            channel.counting = Some(Counting {
                counts,
                seconds: 1.0,
            });
        }
        let judgement = judgement(Class::Emergency, Rule::T31I2, Some(142.5));
        let transition = raise(&reading, &judgement, &place(None));
        assert_eq!(
            transition.activation.confirmed, confirmed,
            "{counts} counts"
        );
    }
}

#[test]
fn a_reading_below_every_level_changes_nothing() {
    let mut machine = Machine::new(Config::default());
    let judgement = judgement(Class::Elevated, Rule::PbElev, Some(0.3));
    let judged = Judged {
        reading: &reading(Some(0.3)),
        judgement: &judgement,
        place: &place(None),
        grounds: None,
    };
    let effects = machine.apply(received(), &judged);
    assert_eq!((effects.len(), effects.capacity()), (0, 0));
    assert_eq!(machine.next_deadline(), None);
}

#[test]
fn every_rule_has_a_guide_in_both_languages() {
    for rule in Rule::ALL {
        for class in [Class::Elevated, Class::PossibleEmergency, Class::Emergency] {
            let guide = guide::of(*rule, class);
            for both in [guide.meaning, guide.first.full, guide.first.short] {
                assert!(!both.id.is_empty() && !both.en.is_empty(), "{rule}");
            }
        }
    }
}

/// The reading that sets the class is explained, once; what only goes on is not,
/// and a restart keeps it.
#[test]
fn the_reading_that_set_the_class_is_explained() {
    let config = Config {
        policy: Some("0123abcd".into()),
        ..Config::default()
    };
    let mut machine = Machine::new(config.clone());
    let setting = Setting {
        subject: Some(Subject::Environment),
        distance_m: Some(1.0),
        ..Setting::default()
    };
    let policy = Policy::default();
    let mut last = None;
    for (secs, usv_h) in [(1, 1.5), (2, 3.5), (3, 150.0), (4, 2.0)] {
        let at = Received {
            wall: received().wall.saturating_add(Duration::from_secs(secs)),
            mono: Mono::from_nanos(secs * 1_000_000_000),
        };
        let reading = Reading {
            received: at,
            fingerprint: secs,
            sequence: Some(Sequence {
                boot: Some(1),
                seq: secs,
            }),
            ..reading(Some(usv_h))
        };
        let judgement = crate::criteria::judge_reading(&reading, &setting, &policy);
        let judged = Judged {
            reading: &reading,
            judgement: &judgement,
            place: &place(None),
            grounds: Some(Grounds {
                setting: &setting,
                policy: &policy,
                nameplate: None,
            }),
        };
        let effects = machine.apply(at, &judged);
        last = effects
            .first()
            .map(|effect| effect.transition().clone())
            .or(last);
        let activation = machine.open().next().unwrap();
        let explanation = activation.explanation.as_ref().unwrap();
        assert_eq!(explanation.rule, activation.rule.as_str());
        assert_eq!(explanation.class, Some(activation.class_max.to_string()));
        let value = if secs < 3 { "1.5" } else { "150" };
        let said = format!("Dose rate of {value} µSv/h");
        assert!(
            explanation.text.en.starts_with(&said),
            "{}",
            explanation.text.en
        );
    }
    let transition = last.unwrap();
    assert_eq!(transition.policy.as_deref(), Some("0123abcd"));
    let view = event(&Transition {
        tell: Some(Why::Risen),
        ..transition.clone()
    })
    .activation
    .unwrap();
    assert_eq!(view.policy.as_deref(), Some("0123abcd"));
    let written = serde_json::to_string(&transition).unwrap();
    let read: Transition = serde_json::from_str(&written).unwrap();
    let machine = Machine::restored(config, [Saved::Transition(Box::new(read))], received());
    let kept = machine.open().next().unwrap().explanation.clone();
    assert_eq!(kept, view.explanation);
    assert!(kept.is_some());
}

/// What an activation's onset is for: TIO2 by `tio2_schedule`.
#[test]
fn the_onset_is_that_of_the_event_an_instrument_holds() {
    let mut machine = Machine::new(Config::default());
    let judgement = judgement(Class::PossibleEmergency, Rule::T31I1, Some(2.0));
    let first = reading(Some(2.0));
    let judged = Judged {
        reading: &first,
        judgement: &judgement,
        place: &place(None),
        grounds: None,
    };
    assert_eq!(machine.onset_of(&first.instrument), None);
    machine.apply(received(), &judged);
    let onset = machine.open().next().unwrap().onset;
    assert_eq!(machine.onset_of(&first.instrument), Some(onset));
    let other = InstrumentId::new("somebody-else").unwrap();
    assert_eq!(machine.onset_of(&other), None);
}
