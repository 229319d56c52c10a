use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

use super::*;

fn open(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed())
        .open(path)
        .unwrap()
}

/// Reads until `n_bytes` are there or the line ends; fails when nothing comes for
/// some seconds.
async fn read(reader: &mut File, n_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut n_idle = 0;
    while bytes.len() < n_bytes {
        let mut buffer = [0; 700];
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                bytes.extend_from_slice(&buffer[..n]);
                n_idle = 0;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                n_idle += 1;
                assert!(n_idle < 2_000, "{} of {n_bytes} bytes came", bytes.len());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    bytes
}

fn recording(n_lines: usize) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.log");
    let lines: Vec<String> = (0..n_lines)
        .map(|n| format!("line {n} of some length, as instruments send it\r\n"))
        .collect();
    let text = lines.concat().into_bytes();
    std::fs::write(&path, &text).unwrap();
    (folder, path, text)
}

fn fast(file: PathBuf) -> Options {
    Options {
        rate: Rate::new(20_000.0).unwrap(),
        wait_open: true,
        linger: 5.0,
        ..Options::new(file)
    }
}

/// The receiver must outlive the player only if somebody wants the events.
async fn play(options: Options) -> (PlayHandle, mpsc::Receiver<Event>) {
    let (to_test, events) = mpsc::channel(100_000);
    (options.spawn(to_test).unwrap(), events)
}

fn lines(events: &mut mpsc::Receiver<Event>) -> Vec<Line> {
    let mut lines = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let Event::Line(line) = event {
            lines.push(line);
        }
    }
    lines
}

#[tokio::test]
async fn sends_a_whole_recording_byte_for_byte() {
    // More than any terminal buffers, so that the player has to wait for its reader.
    let (_folder, path, text) = recording(3_000);
    let (mut player, mut events) = play(fast(path)).await;
    let mut reader = open(player.port());
    assert_eq!(read(&mut reader, text.len()).await, text);
    player.stop();
    let played = player.finished().await.unwrap();
    let expected = Played {
        written: 3_000,
        bytes: text.len() as u64,
        ..Played::default()
    };
    assert_eq!(played, expected);
    let lines = lines(&mut events);
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, (1..=3_000).collect::<Vec<u64>>());
    assert!(
        lines
            .iter()
            .all(|l| l.outcome == Outcome::Written && l.round == 1)
    );
}

#[tokio::test]
async fn pieces_of_bytes_join_to_the_recording() {
    let (_folder, path, text) = recording(50);
    let options = Options {
        raw: Some(7),
        ..fast(path)
    };
    let (_player, _events) = play(options).await;
    let mut reader = open(_player.port());
    assert_eq!(read(&mut reader, text.len()).await, text);
}

#[tokio::test]
async fn pauses_while_nobody_has_the_port_open_and_loses_nothing() {
    let (_folder, path, _) = recording(3_000);
    let (mut player, mut events) = play(fast(path)).await;
    let mut came = Vec::new();
    for _ in 0..3 {
        let mut reader = open(player.port());
        came.extend(read(&mut reader, 20_000).await);
        drop(reader);
        // It may still tell of lines sent before the reader went away; not after.
        until_closed(&mut events).await;
        lines(&mut events);
        tokio::time::sleep(Duration::from_millis(30)).await;
        let meanwhile = lines(&mut events);
        assert_eq!(meanwhile, [], "sent while nobody had the port open");
    }
    let mut reader = open(player.port());
    while !String::from_utf8_lossy(&came).contains("line 2999 ") {
        came.extend(read(&mut reader, 1).await);
    }
    player.stop();
    let played = player.finished().await.unwrap();
    // A line that a reader left in the middle is cut, and told so; all others came.
    assert!(played.unsure <= 3, "{played:?}");
    assert_eq!(played.written + played.unsure, 3_000);
    let came = String::from_utf8(came).unwrap();
    let is_whole = |line: &&str| line.ends_with("send it\r\n");
    let n_whole = came.split_inclusive('\n').filter(is_whole).count() as u64;
    assert!(
        n_whole + 3 >= played.written,
        "{n_whole} came of {played:?}"
    );
}

/// Reads events up to [`Event::Closed`].
async fn until_closed(events: &mut mpsc::Receiver<Event>) {
    let limit = Duration::from_secs(10);
    while let Some(event) = tokio::time::timeout(limit, events.recv()).await.unwrap() {
        if event == Event::Closed {
            return;
        }
    }
    panic!("the player ended early");
}

#[tokio::test]
async fn without_waiting_what_nobody_hears_is_told() {
    let (_folder, path, _) = recording(5);
    let options = Options {
        wait_open: false,
        linger: 0.0,
        ..fast(path)
    };
    let (mut player, mut events) = play(options).await;
    let played = player.finished().await.unwrap();
    let expected = Played {
        unheard: 5,
        ..Played::default()
    };
    assert_eq!(played, expected);
    let outcomes: Vec<Outcome> = lines(&mut events).iter().map(|l| l.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unheard; 5]);
}

#[tokio::test]
async fn a_loop_begins_again() {
    let (_folder, path, text) = recording(3);
    let options = Options {
        repeat: true,
        ..fast(path)
    };
    let (mut player, mut events) = play(options).await;
    let mut reader = open(player.port());
    let came = read(&mut reader, text.len() * 4).await;
    assert!(came.starts_with(&text.repeat(4)));
    player.stop();
    player.finished().await.unwrap();
    let last = lines(&mut events).pop().unwrap();
    assert!(last.round >= 4, "{last:?}");
}

#[tokio::test]
async fn nothing_to_play_is_refused_with_the_reason() {
    let (folder, path, _) = recording(0);
    let refused = |options: Options| {
        let (to_nobody, _) = mpsc::channel(1);
        options.spawn(to_nobody).map(|_| ()).unwrap_err()
    };
    assert!(matches!(refused(fast(path.clone())), PlayError::Empty(_)));
    let missing = folder.path().join("none");
    assert!(matches!(refused(fast(missing)), PlayError::Read { .. }));
    for bad in [-1.0, f64::NAN] {
        let options = Options {
            linger: bad,
            ..fast(path.clone())
        };
        assert!(matches!(refused(options), PlayError::Option("linger")));
    }
    for bad in ["0", "-1", "NaN", "1e9", "x"] {
        assert!(bad.parse::<Rate>().is_err(), "{bad}");
    }
}
