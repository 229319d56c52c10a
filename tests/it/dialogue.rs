//! Instruments that have to be asked, and those on a TCP connection, against
//! the running daemon.

use std::time::Duration;

use firmware_mocks::pty::{FarEnd, Pty};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Daemon, Home, PATIENCE, free_address, in_time, mightyohm_line, wait_for};

/// A profile of an instrument that answers `GET rate` with a line, tells its
/// serial number first, and must be told to stop.
const ASKED: &str = r#"
schema = 1
id = "asked"
title = "Answers when it is asked"
class = "survey_meter"
status = "verified"
sources = [{ what = "this test", grade = "S" }]
unmatched = "rejected"
identity = { name = "asked" }
transport = { kind = "serial", baud = 115200 }
framing = { kind = "line", max_bytes = 64 }

[dialogue]
start = [
    { send = "GET id\r\n", expect = { kind = "line", prefix = "ID " }, within_ms = 2000, attempts = 5, set = [{ name = "device", after = "ID " }] },
    { send = "SET alarm\r\n", changes = true },
]
exit = [{ send = "BYE\r\n" }]

[dialogue.poll]
every_ms = 100
request = [{ name = "rate", send = "GET rate\r\n", expect = { kind = "line", prefix = "OK " }, within_ms = 2000 }]

[[message]]
name = "rate"
topic = "rate"
format = { kind = "delimited", separator = " ", columns = ["=OK", "rate"] }

[[message.value]]
quantity = "dose_rate"
unit = "uSv/h"
from = "rate"
optional = false
"#;

/// A home with that profile.
fn home() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("profiles")).unwrap();
    home.write("profiles/asked.toml", ASKED);
    home
}

fn config(home: &Home, input: &str) -> String {
    format!(
        "[node]\nprofiles_dir = \"{}\"\n\n[[instrument]]\nid = \"meter\"\nprofile = \"asked\"\n{input}\n",
        home.path("profiles").display()
    )
}

/// Plays the instrument on a pseudo-terminal until the other side has said
/// `until`; gives all that it said.
async fn play(pty: &mut Pty, serial: &str, until: &str) -> String {
    let mut heard = String::new();
    let mut answered = 0;
    while !heard.contains(until) {
        if let FarEnd::Wrote(bytes) = pty.next().await.unwrap() {
            heard.push_str(&String::from_utf8(bytes).unwrap());
        }
        let asked: Vec<&str> = heard.split_inclusive("\r\n").collect();
        for line in asked
            .iter()
            .skip(answered)
            .filter(|line| line.ends_with('\n'))
        {
            answered += 1;
            let answer = match line.trim_end() {
                "GET id" => format!("ID {serial}\r\n"),
                "GET rate" => "OK 0.25\r\n".to_owned(),
                _ => continue,
            };
            pty.write(answer.as_bytes()).unwrap();
        }
    }
    heard
}

fn received(books: &serde_json::Value) -> Option<u64> {
    books.pointer("/instruments/meter/received")?.as_u64()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instrument_is_asked_and_told_goodbye_but_never_changed() {
    let mut pty = Pty::open().unwrap();
    let home = home();
    let port = format!("serial.port = \"{}\"", pty.path().display());
    let config = config(&home, &port);
    let instrument = tokio::spawn(async move { play(&mut pty, "A7", "BYE\r\n").await });
    let mut daemon = Daemon::start_in(home, &config).await;
    daemon
        .wait("readings", "/api/v1/books", |books| {
            received(books).filter(|count| *count >= 3)
        })
        .await;
    daemon.stop().await;
    let heard = in_time("goodbye", instrument).await.unwrap();
    assert!(heard.starts_with("GET id\r\nGET rate\r\n"), "{heard}");
    assert!(heard.ends_with("BYE\r\n"), "{heard}");
    assert!(!heard.contains("SET"), "{heard}");
    assert_eq!(daemon.log().matches("Not sent").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_it_is_sent_when_the_configuration_allows_it() {
    let mut pty = Pty::open().unwrap();
    let home = home();
    let port = format!(
        "serial = {{ port = \"{}\", changes = true }}",
        pty.path().display()
    );
    let config = config(&home, &port);
    let instrument = tokio::spawn(async move { play(&mut pty, "A7", "GET rate").await });
    let mut daemon = Daemon::start_in(home, &config).await;
    let heard = in_time("the first question", instrument).await.unwrap();
    assert!(
        heard.starts_with("GET id\r\nSET alarm\r\nGET rate"),
        "{heard}"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_instrument_on_the_port_is_refused_with_both_names() {
    let mut pty = Pty::open().unwrap();
    let home = home();
    let port = format!(
        "serial = {{ port = \"{}\", device = \"A7\" }}",
        pty.path().display()
    );
    let config = config(&home, &port);
    let instrument = tokio::spawn(async move { play(&mut pty, "B8", "BYE\r\n").await });
    let mut daemon = Daemon::start_in(home, &config).await;
    let detail = daemon
        .wait("the refusal", "/api/v1/instruments", |all| {
            let link = all.pointer("/0/link")?;
            let is_up = link.get("up")?.as_bool()?;
            let detail = link.get("detail")?.as_str()?.to_owned();
            (!is_up && detail.contains("B8")).then_some(detail)
        })
        .await;
    assert!(detail.contains("A7"), "{detail}");
    let refused = daemon
        .wait("refused answers", "/api/v1/books", |books| {
            let meter = books.pointer("/instruments/meter")?.clone();
            let refused = meter.get("refused")?.as_u64()?;
            (refused >= 2).then_some(meter)
        })
        .await;
    assert_eq!(
        refused.get("stored").and_then(|n| n.as_u64()),
        Some(0),
        "{refused}"
    );
    daemon.stop().await;
    in_time("goodbye", instrument).await.unwrap();
}

/// An instrument that connects to us, is lost, and connects again.
#[tokio::test(flavor = "multi_thread")]
async fn an_instrument_that_connects_to_us_is_read() {
    let address = free_address();
    let config = format!(
        "[[instrument]]\nid = \"meter\"\nprofile = \"mightyohm\"\ntcp.listen = \"{address}\"\n"
    );
    let mut daemon = Daemon::start_in(Home::new(), &config).await;
    let connect = || {
        wait_for("the daemon to listen", PATIENCE, async || {
            TcpStream::connect(address).await
        })
    };
    let mut first = connect().await;
    first
        .write_all(mightyohm_line(1, 21).as_bytes())
        .await
        .unwrap();
    let count = |at_least: u64| {
        move |books: &serde_json::Value| received(books).filter(|count| *count >= at_least)
    };
    daemon
        .wait("the first line", "/api/v1/books", count(1))
        .await;
    // It connects anew without having closed the old connection, as after a
    // power cut.
    let mut second = connect().await;
    second
        .write_all(mightyohm_line(2, 22).as_bytes())
        .await
        .unwrap();
    daemon
        .wait("a line of the second connection", "/api/v1/books", count(2))
        .await;
    drop(second);
    let mut third = connect().await;
    third
        .write_all(mightyohm_line(3, 23).as_bytes())
        .await
        .unwrap();
    daemon
        .wait("a line of the third connection", "/api/v1/books", count(3))
        .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instrument_that_waits_for_us_is_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = format!(
        "[[instrument]]\nid = \"meter\"\nprofile = \"mightyohm\"\ntcp.connect = \"{address}\"\n"
    );
    let mut daemon = Daemon::start_in(Home::new(), &config).await;
    for n in 1..=2_u64 {
        let (mut stream, _) = in_time("the daemon", listener.accept()).await.unwrap();
        stream
            .write_all(mightyohm_line(1, 21).as_bytes())
            .await
            .unwrap();
        daemon
            .wait("a line", "/api/v1/books", move |books| {
                received(books).filter(|count| *count >= n)
            })
            .await;
        // The line ends; the daemon comes again.
        tokio::time::timeout(Duration::from_millis(1), stream.shutdown())
            .await
            .ok();
    }
    daemon.stop().await;
}

/// An instrument that tells its number in each frame, and another one in its
/// place.
#[tokio::test(flavor = "multi_thread")]
async fn another_name_in_the_frames_is_refused() {
    let pty = Pty::open().unwrap();
    let config = format!(
        "[[instrument]]\nid = \"meter\"\nprofile = \"safecast-bgeigie\"\n\
         serial = {{ port = \"{}\", device = \"bgeigie-028\" }}\n",
        pty.path().display()
    );
    let mut daemon = Daemon::start_in(Home::new(), &config).await;
    wait_for("the daemon to open the port", PATIENCE, async || {
        pty.is_open().then_some(()).ok_or("closed")
    })
    .await;
    for line in [
        "$BGRDD,002,2011-07-05T13:51:48Z,7,3,7,V,3538.5284,N,13943.1506,E,93.0,V,16.0,0*5c\r\n",
        "$BMRDD,028,2011-12-08T18:16:20Z,41,2,46,A,4141.7977,N,07355.2556,W,438.8,A,1.5,1*4C\r\n",
    ] {
        pty.write(line.as_bytes()).unwrap();
    }
    let meter = daemon
        .wait("both frames", "/api/v1/books", |books| {
            let meter = books.pointer("/instruments/meter")?.clone();
            let stored = meter.get("stored")?.as_u64()?;
            (received(books)? == 2 && stored == 1).then_some(meter)
        })
        .await;
    assert_eq!(
        meter.get("refused").and_then(|n| n.as_u64()),
        Some(1),
        "{meter}"
    );
    let log = daemon.log();
    assert!(
        log.contains("this is `bgeigie-002`, the configuration expects `bgeigie-028`"),
        "{log}"
    );
    daemon.stop().await;
}
