//! Files of older layouts: read as they are, and written on.

use super::*;

/// Makes a file of layout 1 of one that was just written: it is the same but
/// for the policy of `context`.
fn turn_into_layout_1(folder: &Path) {
    let path = folder.join("2026-03.db");
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("ALTER TABLE context DROP COLUMN policy; PRAGMA user_version = 1;")
        .unwrap();
    connection.close().unwrap();
}

fn policies(folder: &Path) -> Vec<(u64, Option<String>)> {
    all(folder)
        .iter()
        .map(|stored| {
            let policy = stored.context.policy.as_deref();
            (stored.fingerprint, policy.map(str::to_owned))
        })
        .collect()
}

#[tokio::test]
async fn a_file_of_layout_1_is_read_and_written_on() {
    let folder = temporary();
    store(folder.path(), [measured("a", "2026-03-14T03:00:00Z", 1)]).await;
    turn_into_layout_1(folder.path());
    assert_eq!(policies(folder.path()), [(1, None)]);

    let tally = store(folder.path(), [measured("a", "2026-03-14T03:00:01Z", 2)]).await;
    assert_eq!(tally.stored, 1);
    let policy = context().policy.as_deref().map(str::to_owned);
    assert!(policy.is_some());
    assert_eq!(policies(folder.path()), [(1, None), (2, policy)]);
}

/// After a change of the policy each reading names the one that judged it.
#[tokio::test]
async fn each_reading_names_its_policy() {
    let folder = temporary();
    let store = open(folder.path());
    for (n, policy) in [(1, "aaaa"), (2, "bbbb"), (3, "aaaa")] {
        let context = Context {
            policy: Some(policy.into()),
            ..Context::clone(&context())
        };
        let item = Item::Reading {
            reading: Arc::new(measured("a", &format!("2026-03-14T03:00:0{n}Z"), n)),
            verdict: NORMAL,
            context: Arc::new(context),
            ack: None,
        };
        store.writer().send(item).await.unwrap();
    }
    store.close().await.unwrap();
    let named = |policy: &str| Some(policy.to_owned());
    assert_eq!(
        policies(folder.path()),
        [(1, named("aaaa")), (2, named("bbbb")), (3, named("aaaa"))]
    );
}
