use super::*;
use crate::decode::raw::Rejected;

/// A line of the dump: 32 bytes and their sum.
fn line(bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    bytes.resize(DATA_BYTES, 0);
    bytes.push(sum(&bytes));
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// A dump whose first line sets 17:01 and an interval of a minute, and whose
/// counts straddle the ends of the lines.
fn dump() -> Vec<String> {
    let mut stream = vec![0xf5, 0xef, 0x01, 0x17, 0x15, 0x07, 0x13, 0xf5, 0x0a];
    for count in 20_u8..80 {
        stream.extend([0, count]);
    }
    let head = format!("Version 6.10 d93683 {:04x} 19.08.19 21:20:01", stream.len());
    let mut lines = vec![head, HEAD.to_owned()];
    lines.extend(stream.chunks(DATA_BYTES).map(line));
    lines
}

fn read(text: &str, piece: usize) -> Vec<Found> {
    let mut log = Log::new(false);
    let mut found = Vec::new();
    for piece in text.as_bytes().chunks(piece) {
        found.extend(log.read(piece, false).into_iter().map(|(_, found)| found));
    }
    found.extend(log.read(b"", true).into_iter().map(|(_, found)| found));
    found
}

/// The counts, with their times.
fn counts(found: &[Found]) -> Vec<String> {
    let line = |found: &Found| match found {
        Found::Line(line) if line.starts_with("count=") => Some(line.clone()),
        _ => None,
    };
    found.iter().filter_map(line).collect()
}

fn reasons(found: &[Found]) -> Vec<RejectReason> {
    let reason = |found: &Found| match found {
        Found::Rejected(Rejected { reason, .. }) => Some(*reason),
        _ => None,
    };
    found.iter().filter_map(reason).collect()
}

#[test]
fn a_dump_is_the_same_in_pieces_of_any_size() {
    let text = dump().join("\r\n");
    let whole = read(&text, text.len());
    let lines = counts(&whole);
    assert_eq!(lines.len(), 60);
    assert!(lines[0].starts_with("count=20;seconds=60;"), "{}", lines[0]);
    assert!(
        lines[0].ends_with("time=2013-07-15T17:02:00"),
        "{}",
        lines[0]
    );
    assert!(
        lines[59].ends_with("time=2013-07-15T18:01:00"),
        "{}",
        lines[59]
    );
    assert_eq!(reasons(&whole), []);
    for piece in 1..200 {
        assert_eq!(read(&text, piece), whole, "pieces of {piece}");
    }
}

#[test]
fn a_cut_dump_keeps_what_came_before_the_cut() {
    let text = dump().join("\r\n");
    let whole = counts(&read(&text, text.len()));
    for end in 0..text.len() {
        let cut = counts(&read(text.get(..end).unwrap(), 4096));
        assert!(whole.starts_with(&cut), "cut at {end}: {cut:?}");
    }
}

/// Whatever one character becomes: no count of the damaged line is read, and what
/// is read of the others is what stands there, at its own time.
#[test]
fn a_damaged_line_invents_nothing() {
    let lines = dump();
    let whole = counts(&read(&lines.join("\n"), 4096));
    let (mut tried, mut kept) = (0, 0);
    for n in 2..lines.len() {
        for at in 0..lines[n].len() {
            for digit in "0458af?".chars() {
                let mut damaged = lines.clone();
                damaged[n].replace_range(at..=at, &digit.to_string());
                if damaged[n] == lines[n] {
                    continue;
                }
                let found = read(&damaged.join("\n"), 4096);
                let rest = counts(&found);
                assert!(
                    rest.iter().all(|line| whole.contains(line)),
                    "line {n}, `{digit}` at {at}: {rest:?}"
                );
                let in_it = if n + 1 < lines.len() { 11 } else { 1 };
                assert!(rest.len() <= 60 - in_it, "line {n}, `{digit}` at {at}");
                let first = reasons(&found)[0];
                let expected = [RejectReason::Checksum, RejectReason::Malformed];
                assert!(expected.contains(&first), "{first}");
                if n > 2 {
                    tried += 1;
                    kept += usize::from(rest.len() >= 60 - 17);
                }
            }
        }
    }
    // Nearly always all counts of the other lines are kept.
    assert!(kept * 100 > tried * 95, "{kept} of {tried}");
}

/// The damaged line may have changed the interval: nothing behind it is read
/// before the next date and interval.
#[test]
fn a_damaged_code_stops_reading_up_to_the_next_date() {
    let mut lines = dump();
    lines.truncate(5);
    let code = [0, 40, 0xf5, 0x08, 0, 41];
    lines[3] = line(&[&[31][..], &code].concat());
    lines[3].replace_range(8..9, "7");
    lines[4] = line(&[
        0, 50, 0xf5, 0xef, 0x30, 0x18, 0x15, 0x07, 0x13, 0, 60, 0xf5, 0x0a, 0, 61,
    ]);
    lines[0] = "Version 6.10 d93683 004f 19.08.19 21:20:01".to_owned();
    let found = read(&lines.join("\n"), 4096);
    let read = counts(&found);
    assert_eq!(read.len(), 12, "{read:?}");
    // The interval before 61 had none, so that its time is not known either.
    assert!(read[11].starts_with("count=61;seconds=60;"), "{}", read[11]);
    assert!(!read[11].contains("time="), "{}", read[11]);
    let malformed = RejectReason::Malformed;
    assert_eq!(
        reasons(&found),
        [RejectReason::Checksum, malformed, malformed]
    );
}

#[test]
fn lines_of_another_length_are_refused_by_what_they_lack() {
    let mut lines = dump();
    lines[4].truncate(40);
    assert_eq!(
        reasons(&read(&lines.join("\n"), 4096))[0],
        RejectReason::Truncated
    );
    let mut lines = dump();
    lines[4].push('0');
    assert_eq!(
        reasons(&read(&lines.join("\n"), 4096))[0],
        RejectReason::Malformed
    );
    let mut lines = dump();
    lines.pop();
    assert_eq!(
        reasons(&read(&lines.join("\n"), 4096)),
        [RejectReason::Truncated]
    );
}

#[test]
fn used_bytes_of_version_lines() {
    let line = "Version 6.10 d93683 4f07 19.08.19 21:20:01";
    assert_eq!(used_bytes(line), Some(0x4f07));
    assert_eq!(used_bytes("Version 6.10"), None);
    assert_eq!(
        used_bytes("Version 6.10 d93683 4g07 19.08.19 21:20:01"),
        None
    );
    assert_eq!(used_bytes("Version 6.10 d93683 4f07 190819 21:20:01"), None);
}

#[test]
fn no_bytes_stop_it() {
    let mut seed = 1_u32;
    for online in [false, true] {
        let mut log = Log::new(online);
        for _ in 0..2000 {
            let bytes: Vec<u8> = (0..DATA_BYTES)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Codes are more frequent than by chance.
                    match seed >> 29 {
                        0 => 0xf5,
                        1 => u8::try_from(seed >> 16 & 0x0f).unwrap() | 0xf0,
                        2 => u8::try_from(seed >> 16 & 0x03).unwrap() + 0xed,
                        _ => u8::try_from(seed >> 16 & 0xff).unwrap(),
                    }
                })
                .collect();
            let mut text = line(&bytes) + "\n";
            if seed.is_multiple_of(5) {
                text.replace_range(9..10, "0");
            }
            log.read(text.as_bytes(), false);
        }
        log.read(b"", true);
    }
}
