use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

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

async fn next(port: &mut Port) -> FarEnd {
    tokio::time::timeout(Duration::from_secs(5), port.next())
        .await
        .expect("nothing happened at the far end")
        .unwrap()
}

#[tokio::test]
async fn unplug_is_end_of_file_and_replug_comes_back_under_a_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("probe");
    let mut port = Port::open(Some(link.clone()), Unread::Discarded).unwrap();
    let first = port.path().unwrap().to_owned();
    assert_eq!(std::fs::read_link(&link).unwrap(), first);

    let mut reader = open(&link);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
    port.unplug();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
    assert!(link.symlink_metadata().is_err(), "the link is still there");
    assert_eq!(port.offer(b"lost").unwrap(), Offered::Unheard);
    drop(reader);

    port.plug().unwrap();
    let second = port.path().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(std::fs::read_link(&link).unwrap(), second);
    let mut reader = open(&link);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
    assert_eq!(port.offer(b"back").unwrap(), Offered::Taken);
    let mut bytes = [0; 4];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"back");
}

#[tokio::test]
async fn what_nobody_reads_is_lost_and_counted() {
    let mut port = Port::open(None, Unread::Discarded).unwrap();
    assert_eq!(port.offer(b"nobody here").unwrap(), Offered::Unheard);
    let path = port.path().unwrap().to_owned();
    let reader = open(&path);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
    let mut taken = 0;
    while port.offer(&[b'x'; 1000]).unwrap() == Offered::Taken {
        taken += 1;
        assert!(taken < 10_000, "the buffer has no end");
    }
    let tally = port.tally();
    assert_eq!(tally.frames_sent, taken);
    assert_eq!((tally.frames_unheard, tally.frames_dropped), (1, 1));
    assert!(tally.bytes_sent >= taken * 1000);

    drop(reader);
    assert_eq!(next(&mut port).await, FarEnd::Closed);
    let mut reader = open(&path);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
    assert_eq!(port.offer(b"fresh").unwrap(), Offered::Taken);
    let mut bytes = [0; 5];
    reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"fresh", "the last reader's bytes came first");
}

/// A daemon without root's rights that is killed leaves its mark on the terminal, and
/// could not open it again. Root could; the link must work for both.
#[tokio::test]
async fn a_port_taken_by_a_killed_reader_can_be_opened_again_by_its_link() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("probe");
    let mut port = Port::open(Some(link.clone()), Unread::Kept).unwrap();
    let reader = open(&link);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
    rustix::termios::ioctl_tiocexcl(&reader).unwrap();
    drop(reader);
    assert_eq!(next(&mut port).await, FarEnd::Closed);
    let _again = open(&link);
    assert_eq!(next(&mut port).await, FarEnd::Opened);
}

#[tokio::test]
async fn a_file_in_the_links_place_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("notes.txt");
    std::fs::write(&taken, "mine").unwrap();
    let error = Port::open(Some(taken.clone()), Unread::Kept).unwrap_err();
    assert!(matches!(error, PortError::NotALink(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
}

#[tokio::test]
async fn a_dropped_port_takes_its_link_along_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("probe");
    let first = Port::open(Some(link.clone()), Unread::Kept).unwrap();
    let second = Port::open(Some(link.clone()), Unread::Kept).unwrap();
    drop(first);
    assert_eq!(std::fs::read_link(&link).unwrap(), second.path().unwrap());
    drop(second);
    assert!(link.symlink_metadata().is_err());
}
