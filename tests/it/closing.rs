//! A made-up event through `pantau replay`: what is proposed, and when.

use std::fmt::Write as _;

use pantau::clock::Wall;
use serde_json::{Value, json};

use crate::support::{Daemon, Home, json_lines, pantau};

/// One reading every ten minutes.
const EVERY_S: i64 = 600;

/// 2026-03-01T00:00:00Z.
const BEGIN: i64 = 1_772_323_200;

const CONFIG: &str = r#"
[node]
name = "serpong"
exercise = true

[broker]
url = "mqtt://127.0.0.1:1883"

[[site]]
id = "gate"
name = "Main gate"
position = { lat = -6.3519, lon = 106.6637 }

[[instrument]]
id = "gate-north"
profile = "pantau-station"
site = "gate"
interval_secs = 600
geometry.distance_m = 1.0
"#;

/// A reading of the made-up event.
#[derive(Clone, Copy)]
struct Sent {
    /// Seconds since 1970.
    at: i64,
    usv_h: f64,
    rain: bool,
}

/// Hours of each part: background to learn from, the rise, the plateau, the
/// decline, and what comes after it.
const QUIET_H: i64 = 26;
const RISE_H: i64 = 1;
const PLATEAU_H: i64 = 2;
const DECLINE_H: i64 = 72;
const AFTER_H: i64 = 60;

/// 0.08 µSv/h with a ripple, a rise to 150 in an hour, two hours of it, and a
/// decline by half each 5.2 hours, with rain in it twice: two hours of it in the
/// second day, one and a half in the third.
fn event() -> Vec<Sent> {
    let rise = QUIET_H * 3600;
    let plateau = rise + RISE_H * 3600;
    let decline = plateau + PLATEAU_H * 3600;
    let end = decline + (DECLINE_H + AFTER_H) * 3600;
    let mut sent = Vec::new();
    for (n, secs) in (0..end).step_by(600).enumerate() {
        let ripple = [-0.001, 0.0, 0.001][n % 3];
        let part = f64::from(i32::try_from(secs - rise).unwrap()) / 3600.0;
        let falling = f64::from(i32::try_from(secs - decline).unwrap()) / 3600.0;
        let rain = (36.0..38.0).contains(&falling) || (60.0..61.5).contains(&falling);
        let net = if secs < rise {
            0.0
        } else if secs < plateau {
            0.08 * (1875.0_f64.powf(part) - 1.0)
        } else if secs < decline {
            149.92
        } else {
            149.92 * (-falling / 7.5).exp()
        };
        let wet = if rain { 0.04 } else { 0.0 };
        sent.push(Sent {
            at: BEGIN + secs,
            usv_h: ((0.08 + ripple + net + wet) * 1e4).round() / 1e4,
            rain,
        });
    }
    sent
}

fn recording(sent: &[Sent]) -> String {
    let mut text = String::new();
    for (seq, sent) in sent.iter().enumerate() {
        let status: &[&str] = if sent.rain { &["rain"] } else { &[] };
        let payload = json!({
            "seq": seq,
            "boot": 1,
            "measured_at": time(sent.at),
            "dose_rate": { "value": sent.usv_h, "unit": "uSv/h" },
            "status": status,
        });
        let line = json!({ "topic": "irdms/gate-north/reading", "payload": payload.to_string() });
        writeln!(text, "{line}").unwrap();
    }
    text
}

fn time(secs: i64) -> String {
    Wall::from_secs(secs).unwrap().to_string()
}

/// When the rules allow an end, worked out from the numbers alone: the first
/// point by which 24 h of measurement and 10 points lie below `limit` since the
/// last point that does not; no time and no point of rain or of the three hours
/// after it.
fn when_the_rules_allow(sent: &[Sent], limit: f64) -> Option<i64> {
    let mut dry_since: Option<i64> = None;
    let (mut hours, mut points, mut last) = (0.0, 0, None);
    let mut has_begun = false;
    for sent in sent {
        if sent.rain {
            dry_since = None;
            has_begun = true;
        } else if has_begun && dry_since.is_none() {
            dry_since = Some(sent.at);
        }
        let is_wet = sent.rain || dry_since.is_some_and(|since| sent.at - since <= 3 * 3600);
        if sent.usv_h >= limit {
            (hours, points, last) = (0.0, 0, None);
            continue;
        }
        if is_wet {
            last = None;
            continue;
        }
        if let Some(last) = last {
            hours += f64::from(i32::try_from(sent.at - last).unwrap()) / 3600.0;
        }
        points += 1;
        last = Some(sent.at);
        let is_after_event = sent.at > BEGIN + (QUIET_H + RISE_H) * 3600;
        if is_after_event && hours > 24.0 - 1e-9 && points >= 10 {
            return Some(sent.at);
        }
    }
    None
}

fn people(acts: &[(i64, Value)]) -> String {
    let mut text = String::new();
    for (secs, act) in acts {
        let mut act = act.clone();
        act["at"] = time(*secs).into();
        act["by"] = "Korlap".into();
        act["note"] = "made up".into();
        writeln!(text, "{act}").unwrap();
    }
    text
}

/// Residential, background 0.08 learned before: normal below min(3 x 0.08,
/// 0.08 + 0.11), existing below 2.3 µSv/h.
const NORMAL: f64 = 0.19;
const EXISTING: f64 = 2.3;

/// What a replay of the event prints with these acts of people: twice the same.
fn played_twice(config: &str, sent: &[Sent], acts: &[(i64, Value)]) -> Vec<Value> {
    let home = Home::new();
    home.write("pantau.toml", config);
    home.write("event.mqtt", recording(sent));
    home.write("people.ndjson", people(acts));
    let arguments = [
        "replay",
        "--profile",
        "pantau-station",
        "--mqtt",
        "--people",
        "people.ndjson",
        "event.mqtt",
    ];
    let first = pantau(&home, &arguments);
    assert!(first.status.success(), "{first:?}");
    let again = pantau(&home, &arguments);
    assert!(
        first.stdout == again.stdout,
        "the same recording gave other bytes"
    );
    json_lines(&first)
}

fn text(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_made_up_event_ends_at_the_hours_the_rules_give() {
    let sent = event();
    let decline = BEGIN + (QUIET_H + RISE_H + PLATEAU_H) * 3600;
    let end = sent.last().unwrap().at;
    let recovered =
        json!({ "do": "recovered", "source": true, "environment": true, "track": "orphan" });
    let close = json!({ "do": "close", "to": "TERMINATE_NORMAL" });
    let lines = played_twice(
        CONFIG,
        &sent,
        &[
            (decline - 3600, json!({ "do": "ack" })),
            (decline + 3600, close.clone()),
            (decline + 20 * 3600, recovered),
            (end + 60, close),
        ],
    );
    let of = |outcome: &'static str| lines.iter().filter(move |line| line["outcome"] == outcome);
    assert_eq!(of("reading").count(), sent.len());

    let levels: Vec<String> = of("level").map(|line| text(line, "now")).collect();
    assert_eq!(
        levels,
        [
            "POSSIBLE_EMERGENCY",
            "EMERGENCY",
            "POSSIBLE_EMERGENCY",
            "ELEVATED",
            "NORMAL"
        ]
    );

    let proposals: Vec<(String, String, String)> = of("closing")
        .map(|line| (text(line, "at"), text(line, "proposal"), text(line, "rule")))
        .collect();
    let raised = sent.iter().find(|sent| sent.usv_h >= 1.0).unwrap().at;
    let expected = [
        (raised, "NOT_TERMINABLE", "P4.1-REC"),
        (decline + 20 * 3600, "NOT_TERMINABLE", "PT-DATA"),
        (
            when_the_rules_allow(&sent, EXISTING).unwrap(),
            "TERMINATE_EXISTING",
            "T4.2-RE",
        ),
        (
            when_the_rules_allow(&sent, NORMAL).unwrap(),
            "TERMINATE_NORMAL",
            "T4.2-RN",
        ),
    ]
    .map(|(at, proposal, rule)| (time(at), proposal.to_owned(), rule.to_owned()));
    assert_eq!(proposals, expected);

    // The background was learned, and is not what the event left.
    let last = of("closing").next_back().unwrap();
    let highest = &last["areas"][0]["targets"][0]["highest"];
    assert_eq!(highest["background_usv_h"], 0.08, "{highest}");

    let refused: Vec<bool> = of("person")
        .map(|line| !line["refused"].is_null())
        .collect();
    assert_eq!(
        refused,
        [false, true, false, false],
        "{:?}",
        of("person").collect::<Vec<_>>()
    );
}

/// Clocks start with the opening and with what people record, run out when their
/// hours are over, and are printed in the order of time.
#[test]
fn the_clocks_of_a_made_up_event_run_by_the_recording() {
    const H: i64 = 3600;
    let sent = event();
    let opening = sent.iter().find(|sent| sent.usv_h >= 1.0).unwrap().at;
    let decline = BEGIN + (QUIET_H + RISE_H + PLATEAU_H) * H;
    let decision = opening + 5 * H;
    let verified = decision + 30 * H;
    let recovered = decline + 60 * H;
    let acts = [
        (opening + 3 * H, json!({ "do": "step", "step": "answered" })),
        (
            decision,
            json!({ "do": "decide", "status": "AKTIF_PARSIAL" }),
        ),
        (
            verified,
            json!({ "do": "step", "steps": ["verification_ended"] }),
        ),
        (
            recovered,
            json!({ "do": "step", "steps": ["source_recovered", "environment_recovered"] }),
        ),
    ];
    let outside = CONFIG.replace("id = \"gate\"\n", "id = \"gate\"\njava = false\n");
    for (config, field, field_h) in [(CONFIG, "D-07J", 24), (&outside, "D-07O", 48)] {
        let lines = played_twice(config, &sent, &acts);
        check_order(&lines);
        let told = |wanted: &str| -> Vec<(i64, String, i64)> {
            let clocks = lines.iter().filter(|line| line["outcome"] == "deadline");
            clocks
                .filter(|line| line["rule"] == wanted)
                .map(|line| (at(line, "at"), text(line, "state"), at(line, "start")))
                .collect()
        };
        // Rule, hours, start, and when it was done.
        let clocks = [
            ("D-20", 1, opening, None),
            ("D-02", 2, opening, None),
            ("D-03", 2, opening, None),
            ("D-01", 4, opening, Some(opening + 3 * H)),
            (field, field_h, decision, Some(verified)),
            ("D-11", 24, verified, None),
            ("D-12", 72, verified, None),
            ("D-13", 8, recovered, None),
        ];
        for (rule, hours, start, done) in clocks {
            let due = start + hours * H;
            let mut expected = vec![(start, "running", start)];
            if done.is_none_or(|done| done > due) {
                expected.push((due, "overdue", start));
            }
            if let Some(done) = done {
                let state = if done > due { "late" } else { "done" };
                expected.push((done, state, start));
            }
            let expected = expected.iter().map(|(at, state, start)| {
                let state = (*state).to_owned();
                (*at, state, *start)
            });
            assert_eq!(told(rule), expected.collect::<Vec<_>>(), "{rule}");
        }
        let all: std::collections::BTreeSet<String> = lines
            .iter()
            .filter(|line| line["outcome"] == "deadline")
            .map(|line| text(line, "rule"))
            .collect();
        assert_eq!(all.len(), clocks.len(), "{all:?}");
        let first = lines
            .iter()
            .find(|line| line["outcome"] == "deadline")
            .unwrap();
        assert_eq!(at(first, "due"), opening + H, "{first}");
        assert!(text(first, "due_local").ends_with(" WIB"), "{first}");
        assert!(
            first["what"]["id"].is_string() && first["exercise"] == true,
            "{first}"
        );
        // The steps recovered both, and so moved the proposal.
        let ends = lines
            .iter()
            .rfind(|line| line["outcome"] == "closing")
            .unwrap();
        assert_eq!(ends["proposal"], "TERMINATE_NORMAL", "{ends}");
    }
}

fn at(line: &Value, key: &str) -> i64 {
    Wall::parse_rfc3339(&text(line, key)).expect(key).as_secs()
}

/// Every clock is told after the readings before it and before those after it; a
/// reading that comes when a clock is due comes first.
#[track_caller]
fn check_order(lines: &[Value]) {
    for (n, line) in lines.iter().enumerate() {
        if line["outcome"] != "deadline" {
            continue;
        }
        let is_reading = |line: &&Value| line["outcome"] == "reading";
        let before = lines[..n].iter().rfind(is_reading).unwrap();
        assert!(at(before, "measured_at") <= at(line, "at"), "{line}");
        if let Some(after) = lines[n..].iter().find(is_reading) {
            let strict = line["state"] == "overdue";
            let gap = at(after, "measured_at") - at(line, "at");
            assert!(gap > 0 || (gap == 0 && !strict), "{line} before {after}");
        }
    }
}

/// The hours above are hours by the clock, too.
#[test]
fn the_rules_give_a_day_more_than_the_fall_below_the_limit() {
    let sent = event();
    let below = |limit: f64| {
        let last = sent.iter().rfind(|sent| sent.usv_h >= limit).unwrap();
        last.at + EVERY_S
    };
    // Rain of two hours, seen until 37:50, is near until 41:00; so 36:00 to 41:00
    // are wet, and the time between the dry points on either side is lost. One and
    // a half hours of rain are near for three hours more.
    let first_rain = 5 * 3600 + 2 * EVERY_S;
    let second_rain = 4 * 3600 + 1800 + 2 * EVERY_S;
    // The survey towards existing exposure was nearly over when it rained again.
    assert_eq!(
        when_the_rules_allow(&sent, EXISTING),
        Some(below(EXISTING) + 24 * 3600 + first_rain + second_rain)
    );
    assert_eq!(
        when_the_rules_allow(&sent, NORMAL),
        Some(below(NORMAL) + 24 * 3600 + second_rain)
    );
}

const ALARM: &str = r#"
[node]
name = "serpong"
exercise = true

[[site]]
id = "roof"
name = "Roof"
position = { lat = -6.35, lon = 106.66 }
background = { dose_rate_usv_h = 0.07, recorded_at = "2026-01-12T03:00:00Z" }

[[instrument]]
id = "high"
profile = "mightyohm"
site = "roof"
source = "irdms"
capture = { file = "high", lines_per_s = 100 }

[[subscriber]]
id = "log"
kind = "log"
"#;

fn alarm_home() -> Home {
    let home = Home::new();
    home.write("high", crate::support::mightyohm_line(439, 26_315));
    home
}

async fn matter(daemon: &Daemon, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    daemon
        .wait(what, "/api/v1/activations", |all| {
            let first = all.get(0)?;
            wanted(&first["closing"]).then(|| first.clone())
        })
        .await
}

/// What a person said is there after a crash, and in the journal.
#[tokio::test]
async fn what_was_recovered_survives_a_crash() {
    let mut daemon = Daemon::start_in(alarm_home(), ALARM).await;
    let raised = matter(&daemon, "a matter", |closing| closing["rule"] == "P4.1-REC").await;
    let id = raised["id"].as_str().unwrap();
    let path = format!("/api/v1/activations/{id}");
    let close = json!({ "name": "Chief", "note": "over", "to": "TERMINATE_NORMAL" });
    let (code, problem) = daemon.post(&format!("{path}/close"), &close).await;
    assert_eq!(code, 409, "{problem}");
    let mut body = json!({
        "name": "Korlap", "note": "source in its container",
        "source": true, "environment": true, "track": "sideways",
    });
    let (code, problem) = daemon.post(&format!("{path}/recovered"), &body).await;
    assert_eq!(code, 400, "{problem}");
    body["track"] = "orphan".into();
    let (code, closing) = daemon.post(&format!("{path}/recovered"), &body).await;
    assert_eq!(code, 200, "{closing}");
    assert_eq!(closing["rule"], "PT-DATA");
    assert_eq!(
        closing["areas"][0]["area"],
        json!({ "kind": "site", "name": "roof" })
    );
    let (code, _) = daemon
        .post("/api/v1/activations/A-0000000000000000/recovered", &body)
        .await;
    assert_eq!(code, 404);

    let kept = daemon.home.path("data/state/closing.json");
    crate::support::wait_for("the matter on disk", crate::support::PATIENCE, async || {
        let text = std::fs::read_to_string(&kept).unwrap_or_default();
        let is_there = text.contains("\"source_recovered\":true");
        if is_there { Ok(()) } else { Err(text) }
    })
    .await;
    daemon.kill_9();
    daemon.restart().await;
    let again = matter(&daemon, "the matter again", |closing| !closing.is_null()).await;
    assert_eq!(again["id"], raised["id"]);
    assert_eq!(again["closing"]["source_recovered"], true, "{again}");

    // A file that is not what was written is set aside, and said.
    daemon.kill_9();
    std::fs::write(&kept, "{}\n[]\n").unwrap();
    daemon.restart().await;
    let anew = matter(&daemon, "a new matter", |closing| {
        closing["rule"] == "P4.1-REC"
    })
    .await;
    assert_eq!(anew["id"], raised["id"]);
    assert!(daemon.log().contains("is damaged"), "{}", daemon.log());
    assert!(
        daemon
            .home
            .path("data/state/closing.json.0.damaged")
            .exists()
    );
    daemon.stop().await;
}

/// What was learned is used after a restart, before a survey, and is shown.
#[tokio::test]
async fn a_learned_background_is_kept() {
    let home = alarm_home();
    home.write("high", crate::support::mightyohm_line(1, 10));
    let mut daemon = Daemon::start_in(home, ALARM).await;
    let background = async |daemon: &Daemon| {
        daemon
            .wait("a reading", "/api/v1/instruments", |all| {
                let one = all.get(0)?;
                (!one["last"].is_null()).then(|| one["background"].clone())
            })
            .await
    };
    let surveyed = background(&daemon).await;
    assert_eq!(surveyed["source"], "site_survey", "{surveyed}");
    assert_eq!(surveyed["usv_h"], 0.07);
    assert!(surveyed["age_s"].as_f64() > Some(0.0), "{surveyed}");
    daemon.stop().await;

    // Thirty hours of 0.05 µSv/h, as another run of the daemon keeps them.
    let hours: Vec<_> = (0..30_i64)
        .map(|n| (490_000 + n, 0.05, 60_u32, true))
        .collect();
    let kept = daemon.home.path("data/state/background.json");
    let memories = json!({ "roof/high": { "hours": hours } });
    pantau::store::sealed::write(&kept, "background", &memories).unwrap();
    daemon.restart().await;
    let learned = background(&daemon).await;
    assert_eq!(learned["source"], "learned", "{learned}");
    assert_eq!(learned["usv_h"], 0.05);
    assert_eq!(learned["points"], 30 * 60);
    assert!(learned["since"].is_string(), "{learned}");
    assert_eq!(learned["learning"]["hours"], 30);
    daemon.stop().await;
}
