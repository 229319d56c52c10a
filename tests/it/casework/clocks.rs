//! Clocks that run out, over restarts.

use std::time::Duration;

use serde_json::{Value, json};

use super::{done, from_now, home, raised, subscriber};
use crate::support::{Answer, Daemon, Home, PATIENCE, Webhook, wait_for};

/// Ids of the messages about clocks that ran out.
fn overdue(hook: &Webhook) -> Vec<String> {
    let mut ids: Vec<String> = hook
        .received()
        .into_iter()
        .filter(|received| received.document["why"] == "overdue")
        .map(|received| received.id().to_owned())
        .collect();
    ids.sort();
    ids
}

async fn wait_for_overdue(hook: &Webhook, count: usize) -> Vec<String> {
    wait_for("clocks that ran out", PATIENCE, async || {
        let ids = overdue(hook);
        if ids.len() >= count {
            Ok(ids)
        } else {
            Err(ids)
        }
    })
    .await
}

#[tokio::test]
async fn a_clock_that_ran_out_is_told_once_and_stays_listed() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let mut daemon = Daemon::start_in(Home::new(), &subscriber(&hook)).await;
    done(
        &daemon,
        "cases",
        json!({"received_at": from_now(-5 * 3600)}),
    )
    .await;
    let first = wait_for_overdue(&hook, 2).await;
    assert!(first[0].starts_with("C-000001.D-01.") && first[1].starts_with("C-000001.D-20."));
    let received = hook.received();
    let event = &received[0].document;
    assert_eq!(event["recorded"], true);
    assert_eq!(event["deadline"]["case"], "C-000001");
    assert!(event["activation"].is_null());
    assert!(
        event["text"]["id"]["headline"]
            .as_str()
            .unwrap()
            .contains("TENGGAT TERLEWATI")
    );
    let settled = |status: &Value| (status["outbox_waiting"]["duty"] == 0).then_some(());
    daemon
        .wait("an empty outbox", "/api/v1/status", settled)
        .await;

    // The second case is told after the restart, and nothing of the first is.
    daemon.kill_9();
    daemon.restart().await;
    done(
        &daemon,
        "cases",
        json!({"received_at": from_now(-5 * 3600)}),
    )
    .await;
    let all = wait_for_overdue(&hook, 4).await;
    assert_eq!(all[..2], first[..]);
    assert_eq!(all.len(), 4, "{all:?}");
    let (_, clocks) = daemon.get("/api/v1/deadlines").await;
    let states: Vec<&Value> = clocks
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["state"])
        .collect();
    assert_eq!(states, ["overdue"; 4]);

    done(
        &daemon,
        "cases/C-000001/step",
        json!({"steps": ["answered", "forwarded"]}),
    )
    .await;
    let (_, clocks) = daemon.get("/api/v1/deadlines?all=true").await;
    let late = |clock: &&Value| clock["state"] == "late" && clock["done_by"] == "Sari";
    assert_eq!(clocks.as_array().unwrap().iter().filter(late).count(), 2);
}

#[tokio::test]
async fn a_clock_that_ran_out_while_we_were_down_is_told_at_start() {
    let hook = Webhook::start(Answer::Status(204)).await;
    let mut daemon = Daemon::start_in(Home::new(), &subscriber(&hook)).await;
    // Due in some seconds: long enough to be killed before.
    let view = done(
        &daemon,
        "cases",
        json!({"received_at": from_now(-3600 + 5)}),
    )
    .await;
    let due = view["deadlines"][0]["due"].as_str().unwrap().to_owned();
    daemon.kill_9();
    assert_eq!(overdue(&hook), Vec::<String>::new());
    wait_for("the due time", PATIENCE, async || {
        let now = from_now(0);
        if now > due { Ok(()) } else { Err(now) }
    })
    .await;
    daemon.restart().await;
    let ids = wait_for_overdue(&hook, 1).await;
    assert!(ids[0].starts_with("C-000001.D-20."), "{ids:?}");
}

#[tokio::test]
async fn a_subscriber_that_is_away_hears_of_it_when_it_is_back() {
    let hook = Webhook::start(Answer::Status(503)).await;
    let mut daemon = Daemon::start_in(Home::new(), &subscriber(&hook)).await;
    done(
        &daemon,
        "cases",
        json!({"received_at": from_now(-3600 - 60)}),
    )
    .await;
    wait_for_overdue(&hook, 1).await;
    daemon.kill_9();
    hook.answer(Answer::Status(204));
    let tried = overdue(&hook).len();
    daemon.restart().await;
    let ids = wait_for_overdue(&hook, tried + 1).await;
    let mut different = ids.clone();
    different.dedup();
    assert_eq!(different.len(), 1, "one message id: {ids:?}");
}

/// A deed is whole or not there, and can be sent again under its name.
#[tokio::test]
async fn a_crash_between_deed_and_answer_loses_and_doubles_nothing() {
    let mut daemon = Daemon::start_in(Home::new(), "").await;
    let body = json!({"name": "Sari", "note": "n", "request": "r-1"});
    for pause in [0, 2, 5, 10] {
        let asking = daemon.post_and_leave("/api/v1/cases", &body);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        daemon.kill_9();
        drop(asking);
        daemon.restart().await;
        let (code, cases) = daemon.get("/api/v1/cases").await;
        assert_eq!(code, 200);
        assert!(cases.as_array().unwrap().len() <= 1, "{cases:#}");
    }
    for _ in 0..2 {
        let (code, view) = daemon.post("/api/v1/cases", &body).await;
        assert!(code == 201, "{view:#}");
        assert_eq!(view["id"], "C-000001");
    }
    assert_eq!(
        daemon
            .get("/api/v1/cases")
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_site_outside_java_has_the_longer_clock() {
    let config = super::STATION.replace("id = \"roof\"", "id = \"roof\"\njava = false");
    let daemon = Daemon::start_in(home(), &config).await;
    let id = raised(&daemon).await;
    let view = done(
        &daemon,
        &format!("activations/{id}/decide"),
        json!({"status": "SIAGA"}),
    )
    .await;
    let clocks = view["deadlines"].as_array().unwrap();
    let d07 = clocks
        .iter()
        .find(|clock| clock["rule"] == "D-07O")
        .unwrap();
    assert_eq!((&d07["hours"], &d07["flags"]), (&json!(48), &json!([])));
}
