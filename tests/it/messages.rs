//! What people read: every answer in both languages, and a short form that one
//! text message holds.

use pantau::activation::{Accepted, Event, Mode, Place, SiteRef, Why};
use pantau::criteria::{Class, Rule};
use pantau::reading::{Counting, Flag, Flags, Quantity, Radiation};
use proptest::prelude::*;

use crate::support::events::{last, reading, told};

/// The line of an event that begins with `label`, English.
#[track_caller]
fn line(event: &Event, label: &str) -> String {
    let found = event.text.en.lines.iter().find_map(|line| {
        let (before, text) = line.split_once(": ")?;
        (before == label).then(|| text.to_owned())
    });
    found.unwrap_or_else(|| panic!("no `{label}` in {:#?}", event.text.en.lines))
}

#[test]
fn a_message_answers_what_a_person_asks() {
    let event = told(
        &last(&[reading(0, 3.0)], Some("2027-03-31T16:59:59Z")),
        Why::Raised,
    );
    for (label, expected) in [
        ("Map", "geo:-6.17540,106.82720;u=8"),
        ("How much", "dose rate 3 µSv/h"),
        (
            "Compared",
            "3 × the level of 1 µSv/h; above TIO3 (1 µSv/h); below TIO2 (100 µSv/h); \
             20 × this instrument's background (0.15 µSv/h, measured)",
        ),
        ("How sure", "unconfirmed (one reading)"),
        (
            "Instrument",
            "bgeigie-002, Safecast bGeigie Nano (profile safecast-bgeigie)",
        ),
        (
            "Calibration",
            "factor 334 cpm per uSv/h; certificate cert 7; valid until \
             2027-03-31 23:59:59 WIB (2027-03-31 16:59:59 UTC)",
        ),
    ] {
        assert_eq!(line(&event, label), expected);
    }
    let view = event.activation.unwrap();
    assert_eq!(view.background, Some(0.15));
    assert_eq!(view.background_from.as_deref(), Some("measured"));
    assert_eq!(view.model.as_deref(), Some("Safecast bGeigie Nano"));
}

#[test]
fn what_is_over_its_date_or_not_known_is_said_to_be() {
    let expired = told(
        &last(&[reading(0, 3.0)], Some("2025-03-31T16:59:59Z")),
        Why::Raised,
    );
    let calibration = line(&expired, "Calibration");
    assert!(
        calibration.contains("EXPIRED since 2025-03-31"),
        "{calibration}"
    );
    let mut bare = last(&[reading(0, 3.0)], None);
    *bare.activation.highest.behind = Default::default();
    bare.activation.highest.factor = None;
    bare.activation.spots = Vec::new().into();
    let bare = told(&bare, Why::Raised);
    for (label, expected) in [
        ("Map", "unknown"),
        (
            "Compared",
            "3 × the level of 1 µSv/h; this instrument's background unknown",
        ),
        ("Instrument", "bgeigie-002, model unknown"),
        (
            "Calibration",
            "no factor, the instrument's own value; certificate unknown; validity unknown",
        ),
    ] {
        assert_eq!(line(&bare, label), expected);
    }
}

#[test]
fn a_message_says_what_confirmed_it_and_how_long_it_lasts() {
    let again = told(
        &last(&[reading(0, 3.0), reading(720, 3.5)], None),
        Why::Updated,
    );
    assert_eq!(line(&again, "How sure"), "confirmed by a second reading");
    let since = line(&again, "Since");
    assert!(since.ends_with("; for 12 min"), "{since}");
    let mut counted = reading(0, 300.0);
    for channel in &mut counted.channels {
        channel.counting = Some(Counting {
            counts: 5000,
            seconds: 1.0,
        });
    }
    counted.flags = Flags::EMPTY.with(Flag::LowBattery);
    let counted = told(&last(&[counted], None), Why::Raised);
    assert_eq!(
        line(&counted, "How sure"),
        "confirmed by its own counts (99.99 % lower bound at the level)"
    );
    let flags = line(&counted, "Flags");
    assert!(
        flags.contains("LOW_BATTERY (the battery is low)"),
        "{flags}"
    );
}

#[test]
fn a_message_names_who_is_told_and_who_has_an_earlier_version() {
    let transition = last(&[reading(0, 3.0), reading(10, 300.0)], None);
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let accepted = names(&["duty"]);
    for (accepted, expected) in [
        (
            Accepted::By(&accepted),
            "Told: duty, cap; an earlier version accepted by duty",
        ),
        (
            Accepted::By(&[]),
            "Told: duty, cap; an earlier version accepted by nobody",
        ),
        (
            Accepted::Unknown,
            "Told: duty, cap; an earlier version accepted by unknown",
        ),
    ] {
        let event = told(&transition, Why::Risen).told_to(names(&["duty", "cap"]), accepted);
        assert_eq!(event.text.en.lines.last().unwrap(), expected);
        assert_eq!(event.told, ["duty", "cap"]);
    }
    let first = told(&last(&[reading(0, 3.0)], None), Why::Raised);
    let first = first.told_to(Vec::new(), Accepted::By(&[]));
    assert_eq!(
        first.text.id.lines.last().unwrap(),
        "Diberi tahu: tidak seorang pun"
    );
}

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

const WHYS: [Why; 7] = [
    Why::Raised,
    Why::Risen,
    Why::Reopened,
    Why::Cleared,
    Why::Closed,
    Why::Merged,
    Why::Updated,
];

fn quantity() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        Just(Quantity::DoseRate),
        prop::sample::select(Radiation::ALL).prop_map(Quantity::CountRate),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_314),
        ..ProptestConfig::default()
    })]

    /// Whatever the place is called and however high the value is: one text
    /// message, with the class, the value, the time and the end of the id.
    #[test]
    fn a_text_message_holds_what_counts(
        name in prop_oneof![".{0,300}", "[0-9]{0,200}", "[A-Za-z ]{0,200}"],
        value in prop_oneof![Just(None), (0.0..1e12_f64).prop_map(Some), any::<f64>().prop_filter_map("finite", |v| (v.is_finite() && v >= 0.0).then_some(Some(v)))],
        why in prop::sample::select(&WHYS[..]),
        rule in prop::sample::select(Rule::ALL),
        class in prop::sample::select(&[
            (Class::Elevated, "MENINGKAT", "ELEVATED"),
            (Class::PossibleEmergency, "MUNGKIN DARURAT", "POSSIBLE EMERGENCY"),
            (Class::Emergency, "DARURAT", "EMERGENCY"),
        ][..]),
        quantity in quantity(),
        site in 0..4_u8,
        flags in any::<(bool, bool, bool)>(),
        version in any::<u32>(),
    ) {
        let mut transition = last(&[reading(0, 300.0)], None);
        let activation = &mut transition.activation;
        activation.version = version;
        activation.class_max = class.0;
        activation.rule = rule;
        activation.highest.quantity = quantity;
        activation.highest.value = value;
        (activation.highest.at_least, activation.late) = (flags.0, flags.1);
        activation.mode = if flags.2 { Mode::Exercise } else { Mode::Actual };
        activation.place = match site {
            0 => Place::Site(SiteRef { id: "s".to_owned(), name: name.clone(), position: None }),
            1 => Place::Item { name: name.clone() },
            2 => Place::Instrument { id: activation.highest.instrument.clone() },
            _ => Place::Area,
        };
        let id = activation.id.to_string();
        let (_, tail) = id.split_at(id.len() - 6);
        let event = told(&transition, why);
        for (words, class, number) in [
            (&event.text.id, class.1, number(value, ',')),
            (&event.text.en, class.2, number(value, '.')),
        ] {
            let sms = &words.sms;
            prop_assert!(sms.chars().count() <= 160, "{sms}");
            prop_assert!(sms.chars().all(|c| c != '\n' && c != '\r' && BASIC.contains(c)), "{sms}");
            prop_assert!(sms.contains(class), "{sms}");
            prop_assert!(number.is_none_or(|number| sms.contains(&number)), "{sms}");
            prop_assert!(sms.contains("14/03 10:00 WIB"), "{sms}");
            prop_assert!(sms.ends_with(&format!("{tail} v{version}")), "{sms}");
            prop_assert_eq!(sms.contains("LATIHAN") || sms.contains("EXERCISE"), flags.2);
        }
    }
}

/// The value as it has to stand in the message: by its first digits.
fn number(value: Option<f64>, mark: char) -> Option<String> {
    let value = value?;
    let text = if value >= 1e9 {
        format!("{value:.2e}")
    } else if value >= 1000.0 {
        format!("{value:.0}")
    } else {
        return None;
    };
    Some(text.replace('.', &mark.to_string()))
}
