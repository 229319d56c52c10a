use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::*;
use crate::families::{bgeigie, espgeiger, irdms, ludlum_375_xml, mightyohm};
use crate::faults::Timed;
use crate::scenario::Speed;

mod broker;
mod dialogue;

fn open(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
        .open(path)
        .unwrap()
}

/// What came until `enough` says so; fails when that takes many seconds.
async fn read_until(reader: &mut File, enough: impl Fn(&str) -> bool) -> String {
    let mut bytes = Vec::new();
    for _ in 0..5_000 {
        let mut buffer = [0; 4096];
        match reader.read(&mut buffer) {
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
        let text = String::from_utf8_lossy(&bytes);
        if enough(&text) {
            return text.into_owned();
        }
    }
    panic!("only this came: {:?}", String::from_utf8_lossy(&bytes));
}

/// What comes until the port is gone.
async fn read_to_end(reader: &mut File) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return String::from_utf8(bytes).unwrap(),
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn n_lines(n: usize) -> impl Fn(&str) -> bool {
    move |text| text.matches("\r\n").count() >= n
}

fn fast(factor: f64) -> Scenario {
    Scenario {
        speed: Speed::new(factor).unwrap(),
        ..Scenario::quiet(0.1)
    }
}

fn faults(texts: &[&str]) -> Faults {
    texts
        .iter()
        .map(|text| text.parse::<Timed>().unwrap())
        .collect()
}

fn kit() -> Box<dyn Firmware> {
    mightyohm::Options::default().firmware(1)
}

/// Each frame that counts as sent can be read, also the last one before the end.
#[tokio::test]
async fn what_it_sent_can_be_read_after_it_was_told_to_stop() {
    for seed in 0..20 {
        let handle = Mock::serial(kit()).seed(seed).spawn(&fast(100.0)).unwrap();
        let mut reader = open(&handle.port().unwrap());
        let mut text = read_until(&mut reader, n_lines(3)).await;
        let sent = handle.tally();
        while handle.tally() == sent {
            tokio::task::yield_now().await;
        }
        let (tally, rest) = tokio::join!(handle.stop(), async {
            // A busy reader.
            tokio::time::sleep(Duration::from_millis(20)).await;
            read_to_end(&mut reader).await
        });
        text.push_str(&rest);
        let tally = tally.unwrap();
        assert_eq!(text.matches("\r\n").count() as u64, tally.line.frames_sent);
    }
}

#[tokio::test]
async fn says_its_banner_to_the_first_listener_and_then_its_lines() {
    let handle = Mock::serial(kit()).spawn(&fast(100.0)).unwrap();
    let port = handle.port().unwrap();
    let text = read_until(&mut open(&port), n_lines(5)).await;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "mightyohm.com Geiger Counter 1.00");
    assert_eq!(lines[1], "http://mightyohm.com/geiger");
    assert!(lines[2].starts_with("CPS, "), "{text}");
    let text = read_until(&mut open(&port), n_lines(1)).await;
    assert!(text.starts_with("CPS, "), "a second banner: {text}");
    let tally = handle.stop().await.unwrap();
    assert!(tally.line.frames_sent >= 6, "{tally:?}");
    assert!(!port.exists());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_counts() {
    let cpm = async |seed| loop {
        let options = bgeigie::Options {
            no_comments: true,
            ..bgeigie::Options::default()
        };
        let handle = Mock::serial(options.firmware(seed))
            .spawn(&fast(200.0))
            .unwrap();
        let mut reader = open(&handle.port().unwrap());
        let text = read_until(&mut reader, n_lines(8)).await;
        // On a busy machine the first line may have come before the reader did.
        if handle.tally().line.frames_unheard == 0 {
            let field = |line: &str| line.split(',').nth(3).unwrap().to_owned();
            return text.lines().take(8).map(field).collect::<Vec<_>>();
        }
    };
    let first = cpm(3).await;
    assert_eq!(first, cpm(3).await);
    assert_ne!(first, cpm(4).await);
}

#[tokio::test]
async fn silence_is_silent_and_nobody_is_blocked() {
    let handle = Mock::serial(kit())
        .faults(faults(&["silence"]))
        .spawn(&fast(100.0))
        .unwrap();
    let mut reader = open(&handle.port().unwrap());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let read = reader.read(&mut [0; 8]);
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_megabyte_without_an_end_comes_whole_and_is_followed_by_lines() {
    let handle = Mock::serial(kit())
        .faults(faults(&["flood"]))
        .spawn(&fast(20.0))
        .unwrap();
    let mut reader = open(&handle.port().unwrap());
    let text = read_until(&mut reader, n_lines(3)).await;
    assert_eq!(text.matches('x').count(), 1 << 20);
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn slow_bytes_drip() {
    let handle = Mock::serial(kit())
        .faults(faults(&["slow=5"]))
        .spawn(&fast(100.0))
        .unwrap();
    let mut reader = open(&handle.port().unwrap());
    let started = tokio::time::Instant::now();
    let text = read_until(&mut reader, n_lines(2)).await;
    let quickest = Duration::from_millis(5) * u32::try_from(text.len()).unwrap() / 2;
    assert!(started.elapsed() > quickest, "{text}");
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_does_not_read_costs_lines_not_time() {
    let handle = Mock::serial(kit()).spawn(&fast(10_000.0)).unwrap();
    let _reader = open(&handle.port().unwrap());
    for _ in 0..5_000 {
        if handle.tally().line.frames_dropped > 10 {
            handle.stop().await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("nothing was dropped: {:?}", handle.tally());
}

#[tokio::test]
async fn the_cable_goes_out_and_in_by_schedule_and_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("kit");
    let (to_test, mut events) = mpsc::channel(64);
    let handle = Mock::serial(kit())
        .link(link.clone())
        .faults(faults(&["unplug@0.1..0.2"]))
        .events(to_test)
        .spawn(&fast(100.0))
        .unwrap();
    let mut next = async || {
        let limit = Duration::from_secs(10);
        tokio::time::timeout(limit, events.recv())
            .await
            .unwrap()
            .unwrap()
    };
    let Event::Plugged { port: first, .. } = next().await else {
        panic!("no port");
    };
    assert_eq!(next().await, Event::Unplugged);
    assert!(!link.exists());
    let Event::Plugged { port: second, .. } = next().await else {
        panic!("no second port");
    };
    assert_ne!(first, second);

    let mut reader = open(&link);
    read_until(&mut reader, n_lines(3)).await;
    assert_eq!(next().await, Event::Opened);
    handle.unplug().await;
    assert_eq!(next().await, Event::Unplugged);
    assert_eq!(handle.port(), None);
    handle.replug().await;
    let Event::Plugged { port: third, .. } = next().await else {
        panic!("no third port");
    };
    assert_ne!(second, third);
    assert_eq!(handle.port(), Some(third));
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_reboot_cuts_a_line_and_says_the_banner_again() {
    let handle = Mock::serial(kit())
        .faults(faults(&["reboot@0.2"]))
        .spawn(&fast(50.0))
        .unwrap();
    let mut reader = open(&handle.port().unwrap());
    let text = read_until(&mut reader, |text| {
        text.matches("Counter 1.00").count() == 2
    })
    .await;
    let whole = text
        .lines()
        .filter(|l| l.starts_with("CPS, ") && l.ends_with("SLOW"));
    assert!(whole.count() >= 3, "{text}");
    handle.stop().await.unwrap();
}

#[tokio::test]
async fn a_fault_that_does_not_fit_is_refused() {
    let refused = Mock::serial(kit())
        .faults(faults(&["bad-checksum"]))
        .spawn(&fast(1.0));
    assert!(matches!(refused, Err(MockError::Fault(_))), "{refused:?}");
}

#[tokio::test]
async fn only_what_the_broker_acknowledged_counts() {
    let mut scripted = broker::Scripted::start().await;
    let (to_test, mut events) = mpsc::channel(1_000);
    let station = irdms::Options::default().station(1);
    let handle = Mock::mqtt(station, scripted.address())
        .events(to_test)
        .spawn(&fast(1_000.0))
        .unwrap();

    // The first three messages are acknowledged; the fourth never is.
    let mut client = scripted.accept().await;
    for seq in 1..=3 {
        let publish = client.publish().await;
        assert_eq!(publish.topic, "irdms/serpong-1/reading");
        assert_eq!((publish.qos, publish.seq()), (1, seq));
        client.acknowledge(&publish).await;
    }
    assert_eq!(client.publish().await.seq(), 4);
    drop(client);

    // Without its acknowledgement it comes again, before anything else.
    let mut client = scripted.accept().await;
    for seq in 4..=6 {
        let publish = client.publish().await;
        assert_eq!(publish.seq(), seq);
        client.acknowledge(&publish).await;
    }
    assert_eq!(client.publish().await.seq(), 7);

    let mut acknowledged = Vec::new();
    while acknowledged.last() != Some(&6) {
        let limit = Duration::from_secs(10);
        let event = tokio::time::timeout(limit, events.recv()).await.unwrap();
        if let Some(Event::Acknowledged { id: Some(id), .. }) = event {
            acknowledged.push(id.seq);
        }
    }
    assert_eq!(acknowledged, [1, 2, 3, 4, 5, 6]);
    let tally = handle.stop().await.unwrap();
    assert_eq!((tally.acknowledged, tally.published), (6, 7));
}

#[tokio::test]
async fn an_espgeiger_greets_and_leaves_its_last_will() {
    let mut scripted = broker::Scripted::start().await;
    let station = crate::families::espgeiger::Options::default().station(1);
    let handle = Mock::mqtt(station, scripted.address())
        .spawn(&fast(6_000.0))
        .unwrap();
    let mut client = scripted.accept().await;
    assert_eq!(
        client.will,
        Some(("ESPGeiger-a1b2c3/tele/lwt".to_owned(), b"Offline".to_vec()))
    );
    // A minute may have passed before the connection was there, so the greeting need
    // not be alone; it is the first.
    let greeting = client.publish().await;
    assert_eq!(greeting.payload, b"Online");
    assert!(greeting.retain);
    let reading = client.publish().await;
    assert_eq!(reading.topic, "ESPGeiger-a1b2c3/tele/sensor");
    assert!(!reading.retain);
    handle.unplug().await;
    assert!(!client.ends_with_disconnect().await, "it said goodbye");
    handle.replug().await;
    let mut client = scripted.accept().await;
    handle.stop().await.unwrap();
    assert!(
        client.ends_with_disconnect().await,
        "it left without a word"
    );
}

#[tokio::test]
async fn one_that_connects_comes_back_after_the_cable_was_out() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let firmware = ludlum_375_xml::Options::default().firmware(1);
    let handle = Mock::tcp(firmware, host).spawn(&fast(100.0)).unwrap();
    for round in 0..2 {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = String::new();
        while text.matches("</area_monitor>").count() < 2 {
            let mut buffer = [0; 1024];
            let n = stream.read(&mut buffer).await.unwrap();
            assert!(n > 0, "round {round}: {text}");
            text.push_str(str::from_utf8(&buffer[..n]).unwrap());
        }
        assert!(text.starts_with("<?xml"), "round {round}: {text}");
        handle.unplug().await;
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        handle.replug().await;
    }
    let tally = handle.stop().await.unwrap();
    assert!(tally.line.frames_sent >= 4, "{tally:?}");
}

#[tokio::test]
async fn what_is_published_at_qos_0_waits_for_no_broker() {
    let mut scripted = broker::Scripted::start().await;
    let station = espgeiger::Options::default().station(1);
    let handle = Mock::mqtt(station, scripted.address())
        .faults(faults(&["unplug@0..0.2"]))
        .spawn(&fast(3000.0))
        .unwrap();
    let mut client = scripted.accept().await;
    assert_eq!(client.publish().await.payload, b"Online");
    client.publish().await;
    let tally = handle.stop().await.unwrap();
    assert!(tally.dropped > 0, "{tally:?}");
}
