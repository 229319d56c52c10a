use super::*;
use crate::decode::raw::Rejected;

const MINUTE: [u8; 12] = [0x55, 0xaa, 0, 18, 4, 19, 12, 57, 59, 0x55, 0xaa, 2];
const SECOND: [u8; 12] = [0x55, 0xaa, 0, 18, 4, 19, 12, 57, 59, 0x55, 0xaa, 1];

fn read(bytes: &[u8], piece: usize) -> Vec<Found> {
    let mut history = History::new(Codes::USUAL);
    let mut found = Vec::new();
    for piece in bytes.chunks(piece) {
        let records = history.read(piece, false);
        assert!(records.iter().all(|(range, _)| range.end <= piece.len()));
        found.extend(records.into_iter().map(|(_, found)| found));
    }
    found.extend(history.read(b"", true).into_iter().map(|(_, found)| found));
    found
}

/// The lines of all counts.
fn lines(bytes: &[u8]) -> Vec<String> {
    read(bytes, bytes.len().max(1))
        .into_iter()
        .filter_map(|found| match found {
            Found::Line(line) => Some(line),
            Found::Ignored(_) | Found::Rejected(_) => None,
        })
        .collect()
}

fn reasons(bytes: &[u8]) -> Vec<RejectReason> {
    read(bytes, bytes.len().max(1))
        .into_iter()
        .filter_map(|found| match found {
            Found::Rejected(Rejected { reason, .. }) => Some(reason),
            Found::Line(_) | Found::Ignored(_) => None,
        })
        .collect()
}

/// One of everything.
fn history() -> Vec<u8> {
    [
        &[28, 29][..],
        &MINUTE,
        &[
            28, 0x55, 0xaa, 1, 0x0b, 0xea, 0x55, 0xaa, 2, 3, b'a', 0x55, 0xaa,
        ],
        &[
            0x55, 0xaa, 5, 1, 30, 0x55, 0xaa, 3, 1, 0, 0, 0x55, 0xaa, 4, 0, 1, 0, 0,
        ],
        &[0xff; ERASED_BYTES],
        &SECOND,
        &[1, 0x55, 2, 0x55, 0xaa, 9, 0xff, 3, 0x55, 0xaa, 1],
        &[0xff; 20],
    ]
    .concat()
}

#[test]
fn each_count_is_an_interval_later() {
    let times = |stamp: &[u8], mode: u8| -> Vec<Option<String>> {
        let mut bytes = stamp.to_vec();
        bytes[11] = mode;
        bytes.extend([28, 29]);
        let time = |line: String| line.split_once("time=").map(|(_, time)| time.to_owned());
        lines(&bytes).into_iter().map(time).collect()
    };
    let known = |texts: [&str; 2]| texts.map(|text| Some(text.to_owned()));
    let at = times(&MINUTE, 1);
    assert_eq!(at, known(["2018-04-19T12:58:00", "2018-04-19T12:58:01"]));
    let at = times(&MINUTE, 2);
    assert_eq!(at, known(["2018-04-19T12:58:59", "2018-04-19T12:59:59"]));
    let at = times(&MINUTE, 3);
    assert_eq!(at, known(["2018-04-19T13:57:59", "2018-04-19T14:57:59"]));
    // Above a threshold nobody knows how many were left out.
    assert_eq!(times(&MINUTE, 4), [None, None]);
    assert_eq!(times(&MINUTE, 5), [None, None]);
    let mut impossible = MINUTE;
    impossible[4] = 13;
    assert_eq!(times(&impossible, 2), known(["18-13-19 12:57:59"; 2]));
}

#[test]
fn widths_and_marks() {
    let count = |stamp: &[u8], rest: &[u8]| -> Vec<String> {
        let part = |line: String| line.split(";mode").next().map(str::to_owned);
        lines(&[stamp, rest].concat())
            .into_iter()
            .filter_map(part)
            .collect()
    };
    assert_eq!(
        count(&SECOND, &[0x55, 0xaa, 1, 0x80, 0x1c]),
        ["count=28;full=0"]
    );
    assert_eq!(
        count(&SECOND, &[0x55, 0xaa, 1, 0xbf, 0xff, 0])
            .first()
            .unwrap(),
        "count=16383;full=1"
    );
    assert_eq!(
        count(&MINUTE, &[0x55, 0xaa, 1, 0xbf, 0xfe]),
        ["count=49150;full=0"]
    );
    assert_eq!(
        count(&MINUTE, &[0x55, 0xaa, 3, 1, 0, 0]),
        ["count=65536;full=0"]
    );
    assert_eq!(
        count(&MINUTE, &[0x55, 0xaa, 4, 0, 1, 0, 0]),
        ["count=65536;full=0"]
    );
    let pair = ["count=85;full=0", "count=170;full=0", "count=6;full=0"];
    assert_eq!(count(&MINUTE, &[0x55, 0xaa, 6]), pair);
    assert_eq!(count(&MINUTE, &[0xff, 0x55, 0xff, 1]).len(), 4);
    assert_eq!(count(&MINUTE, &[0x55, 0xff, 0xff]), Vec::<String>::new());
}

#[test]
fn a_history_is_the_same_in_pieces_of_any_size() {
    let bytes = history();
    let whole = read(&bytes, bytes.len());
    for piece in 1..bytes.len() {
        assert_eq!(read(&bytes, piece), whole, "pieces of {piece}");
    }
}

#[test]
fn a_cut_history_keeps_what_came_before_the_cut() {
    let bytes = history();
    let whole = lines(&bytes);
    for end in 0..bytes.len() {
        let cut = lines(bytes.get(..end).unwrap());
        assert!(whole.starts_with(&cut), "cut at {end}: {cut:?}");
    }
}

#[test]
fn no_flipped_byte_stops_it_or_gives_counts_before_a_stamp() {
    let bytes = history();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff, 0x55, 0xaa] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            read(&damaged, 7);
        }
    }
    let unknown = [RejectReason::UnknownUnit; 3];
    assert_eq!(reasons(&[28, 29, 0x55, 0xaa, 1, 0, 1]), unknown);
    assert!(lines(&[28, 29]).is_empty());
}

#[test]
fn a_cut_mark_is_truncated() {
    for cut in [
        &[0x55][..],
        &[0x55, 0xaa],
        &[0x55, 0xaa, 1, 5],
        &[0x55, 0xaa, 2, 9, b'a'],
    ] {
        let bytes = [&MINUTE[..], &[28], cut].concat();
        assert_eq!(reasons(&bytes), [RejectReason::Truncated], "{cut:x?}");
        assert_eq!(lines(&bytes).len(), 1, "{cut:x?}");
        let erased = [&bytes[..], &[0xff; 300]].concat();
        assert_eq!(reasons(&erased), [RejectReason::Truncated], "{cut:x?}");
    }
    assert_eq!(reasons(&MINUTE[..8]), [RejectReason::Truncated]);
}

#[test]
fn settings_behind_the_flash_are_no_counts() {
    let [small, large] = SETTINGS;
    for ((flash, settings), written) in [(small, 20), (small, small.0), (large, 20)] {
        let mut bytes = vec![0xff; flash];
        bytes[..12].copy_from_slice(&MINUTE);
        bytes[12..written].fill(28);
        bytes.extend(std::iter::repeat_n(7, settings));
        for piece in [4096, 1000] {
            let found = read(&bytes, piece);
            let counts = found.iter().filter(|f| matches!(f, Found::Line(_)));
            assert_eq!(counts.count(), written - 12, "{flash} in pieces of {piece}");
        }
    }
}
