use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use super::*;

/// Opens the far end as the daemon does: by path, without waiting.
fn open(path: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed() | OFlags::NOCTTY.bits().cast_signed())
        .open(path)
        .unwrap()
}

/// Reads until `n_bytes` came; fails after a few seconds.
async fn read(far_end: &mut File, n_bytes: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..2_000 {
        let mut buffer = [0; 512];
        match far_end.read(&mut buffer) {
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            Err(error) => panic!("{error}"),
        }
        if bytes.len() >= n_bytes {
            return bytes;
        }
    }
    panic!("only {} of {n_bytes} bytes came", bytes.len());
}

async fn next(pty: &mut Pty) -> FarEnd {
    tokio::time::timeout(Duration::from_secs(5), pty.next())
        .await
        .expect("nothing happened at the far end")
        .unwrap()
}

#[tokio::test]
async fn every_byte_passes_both_ways_unchanged_and_without_echo() {
    let mut pty = Pty::open().unwrap();
    let mut far_end = open(pty.path());
    assert_eq!(next(&mut pty).await, FarEnd::Opened);
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(pty.write(&all).unwrap(), all.len());
    assert_eq!(read(&mut far_end, all.len()).await, all);
    far_end.write_all(&all).unwrap();
    assert_eq!(next(&mut pty).await, FarEnd::Wrote(all));
}

#[tokio::test]
async fn notices_who_comes_and_goes() {
    let mut pty = Pty::open().unwrap();
    assert!(!pty.is_open());
    for _ in 0..3 {
        let far_end = open(pty.path());
        assert!(pty.is_open());
        assert_eq!(next(&mut pty).await, FarEnd::Opened);
        drop(far_end);
        assert!(!pty.is_open());
        assert_eq!(next(&mut pty).await, FarEnd::Closed);
    }
}

#[tokio::test]
async fn a_quick_restart_of_the_reader_does_not_spin() {
    let mut pty = Pty::open().unwrap();
    let far_end = open(pty.path());
    assert_eq!(next(&mut pty).await, FarEnd::Opened);
    drop(far_end);
    let mut far_end = open(pty.path());
    // The close may go unnoticed; if not, it is followed by an opening.
    let quiet = Duration::from_millis(50);
    while let Ok(event) = tokio::time::timeout(quiet, pty.next()).await {
        assert_ne!(event.unwrap(), FarEnd::Wrote(Vec::new()));
    }
    far_end.write_all(b"hello").unwrap();
    assert_eq!(next(&mut pty).await, FarEnd::Wrote(b"hello".to_vec()));
}

#[tokio::test]
async fn a_full_buffer_takes_no_more_and_does_not_wait() {
    let pty = Pty::open().unwrap();
    let mut far_end = open(pty.path());
    let mut taken = 0;
    loop {
        let n = pty.write(&[b'x'; 1000]).unwrap();
        taken += n;
        assert!(taken < 1 << 20, "the buffer has no end");
        if n == 0 {
            break;
        }
    }
    assert_eq!(read(&mut far_end, taken).await.len(), taken);
}

#[tokio::test]
async fn dropping_the_near_end_is_end_of_file() {
    let pty = Pty::open().unwrap();
    let mut far_end = open(pty.path());
    drop(pty);
    assert_eq!(far_end.read(&mut [0; 8]).unwrap(), 0);
}

#[tokio::test]
async fn unread_bytes_stay_for_the_next_reader_unless_discarded() {
    let pty = Pty::open().unwrap();
    let far_end = open(pty.path());
    pty.write(b"kept").unwrap();
    drop(far_end);
    let mut far_end = open(pty.path());
    assert_eq!(read(&mut far_end, 4).await, b"kept");
    pty.write(b"lost").unwrap();
    drop(far_end);
    pty.discard_unread().unwrap();
    let mut far_end = open(pty.path());
    pty.write(b"new!").unwrap();
    assert_eq!(read(&mut far_end, 4).await, b"new!");
}

#[tokio::test]
async fn tells_how_much_is_unread_and_takes_nothing_of_it() {
    let pty = Pty::open().unwrap();
    let mut far_end = open(pty.path());
    assert_eq!(pty.n_unread().unwrap(), 0);
    pty.write(b"hello").unwrap();
    // The kernel hands bytes over by itself, soon.
    while pty.n_unread().unwrap() < 5 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(read(&mut far_end, 5).await, b"hello");
    assert_eq!(pty.n_unread().unwrap(), 0);
}
