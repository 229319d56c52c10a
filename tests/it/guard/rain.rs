//! F76: rain over fifty stations, a release in it, and an excuse that runs out;
//! and what a replay does with counts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{Home, json_lines, mightyohm_line, pantau};

fn at(minute: u64, second: u64) -> String {
    let minute = minute + 180;
    format!(
        "2026-03-14T{:02}:{:02}:{second:02}Z",
        minute / 60,
        minute % 60
    )
}

fn message(station: &str, minute: u64, second: u64, dose_rate: &Value, rain: bool) -> String {
    let payload = json!({
        "measured_at": at(minute, second),
        "dose_rate": dose_rate,
        "status": if rain { vec!["rain"] } else { Vec::new() },
    });
    let topic = format!("irdms/{station}/reading");
    json!({"topic": topic, "payload": payload.to_string()}).to_string()
}

fn usv(value: f64) -> Value {
    json!({"value": value, "unit": "uSv/h"})
}

/// Replays what stations said; each stands at a site of its own, beside a background
/// of so many µSv/h.
fn replay(stations: &[String], background: f64, lines: &[String]) -> Vec<Value> {
    let home = Home::new();
    let mut config = "[broker]\nurl = \"mqtt://127.0.0.1\"\n".to_owned();
    for (n, station) in stations.iter().enumerate() {
        write!(
            config,
            "[[site]]\nid = \"{station}\"\nname = \"{station}\"\n\
             position = {{ lat = {}, lon = 110.0 }}\n\
             [[instrument]]\nid = \"{station}\"\nprofile = \"pantau-station\"\nsite = \"{station}\"\n\
             background = {{ dose_rate_usv_h = {background} }}\n",
            -7.0 - n as f64 * 0.05
        )
        .unwrap();
    }
    home.write("pantau.toml", config);
    home.write("log", lines.join("\n"));
    let arguments = ["replay", "--profile", "pantau-station", "--mqtt", "log"];
    json_lines(&pantau(&home, &arguments))
}

/// What is told: site, why, class, rule, onset, and when.
fn told(records: &[Value]) -> Vec<[String; 6]> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    records
        .iter()
        .filter(|record| record["outcome"] == "event")
        // That nobody has acknowledged yet is another matter.
        .filter(|event| event["why"] != "escalated" && event["why"] != "reminder")
        .map(|event| {
            let activation = &event["activation"];
            [
                text(&activation["place"]["site"]),
                text(&event["why"]),
                text(&activation["class_max"]),
                text(&activation["rule"]),
                text(&activation["onset"]),
                text(&event["at"]),
            ]
        })
        .collect()
}

#[test]
fn rain_over_fifty_stations_rings_for_the_release_in_it_and_for_what_it_leaves() {
    let stations: Vec<String> = (0..50).map(|n| format!("s{n}")).collect();
    let mut lines = Vec::new();
    // Dry for half an hour, two hours of rain, four and a half hours after it.
    for minute in (0..420_u32).step_by(2) {
        let rains = (30..150).contains(&minute);
        // Up to 0.27 µSv/h, 1.93 times the background, and down again slowly.
        let from = f64::from(minute.saturating_sub(30));
        let wash = match minute {
            0..30 => 0.0,
            30..60 => from / 30.0,
            60..150 => 1.0,
            _ => f64::exp(-f64::from(minute - 150) / 40.0),
        };
        for (n, station) in stations.iter().enumerate() {
            let wash_out = 0.14 + 0.13 * wash;
            let usv_h = match (n, minute) {
                // A release in the middle of the rain, at two stations.
                (0, 90..) => 1.4,
                (1, 90..) => 150.0,
                // One where something stays.
                (2, 60..) => 0.27,
                _ => wash_out,
            };
            lines.push(message(station, u64::from(minute), 0, &usv(usv_h), rains));
        }
    }
    let records = replay(&stations, 0.14, &lines);
    let told = told(&records);
    let raised: Vec<[&str; 5]> = told
        .iter()
        .filter(|[_, why, ..]| why != "updated")
        .map(|[site, why, class, rule, onset, _]| [&**site, &**why, &**class, &**rule, &**onset])
        .collect();
    let at_90 = at(90, 0);
    // The first reading above the band in the rain, which is when it began.
    let onset = at(56, 0);
    assert_eq!(
        raised,
        [
            ["s0", "raised", "POSSIBLE_EMERGENCY", "T3.1-I-1", &*at_90],
            ["s1", "raised", "EMERGENCY", "T3.1-I-2", &*at_90],
            ["s2", "raised", "ELEVATED", "T2.2-3", &*onset],
        ]
    );
    // Three hours after the rain, and not before.
    let when: Vec<&str> = told
        .iter()
        .filter(|t| t[0] == "s2")
        .map(|t| &*t[5])
        .collect();
    assert!(
        at(328, 0).as_str() < when[0] && when[0] < at(340, 0).as_str(),
        "{when:?}"
    );
    let exempt = records
        .iter()
        .filter(|record| record["rule"] == "EX-RAIN")
        .count();
    println!(
        "{} messages told, {exempt} readings exempt by rain",
        told.len()
    );
    assert!(exempt > 1000, "{exempt}");
}

/// One second of counting, `counts` of them, from a small tube.
fn second(counts: u64) -> Value {
    json!({"value": counts as f64 / 3.7, "unit": "uSv/h", "counts": counts, "seconds": 1})
}

#[test]
fn one_high_second_before_silence_is_told_after_its_ten_seconds() {
    let stations = ["s0".to_owned()];
    // 1.35 µSv/h in a second: too few counts to be sure.
    let lone = message("s0", 0, 0, &second(5), false);
    let records = replay(&stations, 0.1, std::slice::from_ref(&lone));
    let told = told(&records);
    let told = told
        .iter()
        .map(|t| [&*t[1], &*t[2], &*t[5]])
        .collect::<Vec<_>>();
    assert_eq!(told, [["raised", "POSSIBLE_EMERGENCY", &*at(0, 10)]]);

    // Beside seconds at the background it was chance.
    let mut lines: Vec<String> = (0..50)
        .map(|s| message("s0", 0, s, &second(s % 2), false))
        .collect();
    lines.push(message("s0", 0, 50, &second(5), false));
    lines.push(message("s0", 9, 0, &second(1), false));
    assert_eq!(self::told(&replay(&stations, 0.1, &lines)), [[""; 6]; 0]);
}

/// An hour of seconds at the background through the whole core: no rise, no
/// collapse after one, no hour above normal. A rise that stays is told.
#[test]
fn an_hour_and_a_half_of_seconds_calls_for_nobody() {
    let mut dice = super::Dice(31);
    let usual = super::Poisson::new(0.37);
    let mut high = 0;
    let lines: Vec<String> = (0..5400)
        .map(|s| {
            let counts = usual.draw(&mut dice);
            high += u32::from(counts >= 4);
            message("s0", s / 60, s % 60, &second(counts), false)
        })
        .collect();
    let records = replay(&["s0".to_owned()], 0.1, &lines);
    println!("{high} of 5400 seconds at TIO3 or above");
    assert!(high > 0);
    assert_eq!(told(&records), [[""; 6]; 0]);
}

/// A counter that smooths over a minute is believed at once.
#[test]
fn a_replay_of_an_instrument_that_smooths_raises_on_the_first_reading() {
    let home = Home::new();
    home.write(
        "log",
        [mightyohm_line(1, 20), mightyohm_line(4, 180)].concat(),
    );
    let replayed = pantau(&home, &["replay", "--profile", "mightyohm", "log"]);
    let records = json_lines(&replayed);
    let last = records
        .iter()
        .position(|record| record["outcome"] == "event")
        .unwrap();
    assert_eq!(records[last]["why"], "raised");
    assert_eq!(
        records[last]["activation"]["opened_at"],
        "1970-01-01T00:00:01Z"
    );
    let flags = records[last]["activation"]["flags"].to_string();
    assert!(!flags.contains("SUMMED_COUNTS"), "{flags}");
}
