use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn faults(texts: &[&str]) -> Faults {
    texts
        .iter()
        .map(|text| text.parse::<Timed>().expect("a fault"))
        .collect()
}

fn frame() -> Frame {
    Frame {
        bytes: b"$A,1*5f\r\n".to_vec(),
        checksum: Some(5..7),
        terminator: 2,
    }
}

#[track_caller]
fn check(texts: &[&str], at: Duration, expected: &[Step]) {
    let steps = Spoiler::new(faults(texts), 1).spoil(at, frame());
    assert_eq!(steps, expected);
}

fn send(bytes: &[u8]) -> Step {
    Step::Send(bytes.to_vec())
}

#[test]
fn without_faults_a_frame_passes_as_it_is() {
    check(&[], SECOND, &[send(b"$A,1*5f\r\n")]);
}

#[test]
fn each_fault_of_the_line_does_what_it_says() {
    check(&["silence"], SECOND, &[]);
    check(&["bad-checksum"], SECOND, &[send(b"$A,1*50\r\n")]);
    check(&["glued"], SECOND, &[send(b"$A,1*5f")]);
    check(
        &["slow=20"],
        SECOND,
        &[Step::Drip {
            bytes: b"$A,1*5f\r\n".to_vec(),
            per_byte: Duration::from_millis(20),
        }],
    );
    check(
        &["flood=3"],
        SECOND,
        &[Step::Pour(b"xxx".to_vec()), send(b"$A,1*5f\r\n")],
    );
}

#[test]
fn rubbish_comes_before_the_frame() {
    let steps = Spoiler::new(faults(&["rubbish=5"]), 1).spoil(SECOND, frame());
    let [Step::Send(bytes)] = steps.as_slice() else {
        panic!("{steps:?}");
    };
    assert_eq!(bytes.len(), 5 + frame().bytes.len());
    assert!(bytes.ends_with(&frame().bytes));
}

#[test]
fn a_cut_takes_at_least_one_byte_and_leaves_one() {
    let mut spoiler = Spoiler::new(faults(&["cut"]), 1);
    let whole = frame().bytes;
    for _ in 0..200 {
        let steps = spoiler.spoil(SECOND, frame());
        let [Step::Send(bytes)] = steps.as_slice() else {
            panic!("{steps:?}");
        };
        assert!(!bytes.is_empty() && bytes.len() < whole.len());
        assert!(whole.starts_with(bytes));
    }
}

#[test]
fn every_nth_frame_is_spoiled() {
    let mut spoiler = Spoiler::new(faults(&["bad-checksum=3"]), 1);
    let bad: Vec<bool> = (0..7)
        .map(|_| spoiler.spoil(SECOND, frame()) != vec![send(b"$A,1*5f\r\n")])
        .collect();
    assert_eq!(bad, [false, false, true, false, false, true, false]);
}

#[test]
fn floods_and_reboots_happen_once() {
    let mut spoiler = Spoiler::new(faults(&["flood=2@1", "reboot@2"]), 1);
    let mut count = |at: u64| {
        let steps = spoiler.spoil(Duration::from_secs(at), frame());
        let poured = steps.iter().filter(|s| matches!(s, Step::Pour(_))).count();
        let reboots = steps.iter().filter(|s| **s == Step::Reboot).count();
        (poured, reboots)
    };
    let seen = [0, 1, 2, 3].map(&mut count);
    assert_eq!(seen, [(0, 0), (1, 0), (0, 1), (0, 0)]);
}

#[test]
fn windows_begin_and_end() {
    let glued = send(b"$A,1*5f");
    let whole = send(b"$A,1*5f\r\n");
    for (at, expected) in [(1.9, &whole), (2.0, &glued), (3.4, &glued), (3.5, &whole)] {
        let at = Duration::from_secs_f64(at);
        check(&["glued@2..3.5"], at, std::slice::from_ref(expected));
    }
}

#[test]
fn the_plug_goes_out_and_in() {
    let faults = faults(&["unplug@2..5", "unplug@4..7", "unplug@20"]);
    let secs = Duration::from_secs;
    let plugged: Vec<bool> = [0, 2, 4, 6, 7, 20, 99]
        .into_iter()
        .map(|at| faults.plugged(secs(at)))
        .collect();
    assert_eq!(plugged, [true, false, false, false, true, false, false]);
    let mut changes = Vec::new();
    let mut at = Duration::ZERO;
    while let Some(next) = faults.next_plug_change(at) {
        changes.push(next.as_secs());
        at = next;
    }
    assert_eq!(changes, [2, 4, 5, 7, 20]);
}

#[test]
fn a_choked_tube_shows_nothing_above_its_level() {
    let faults = faults(&["collapse=50"]);
    for (field, seen) in [(0.1, 0.1), (50.0, 50.0), (50.1, 0.0), (5_000.0, 0.0)] {
        let found = faults.seen_usv_h(SECOND, field);
        assert!((found - seen).abs() < 1e-12, "{field}: {found}");
    }
}

#[test]
fn an_overload_holds_for_its_time() {
    let faults = faults(&["overload@1..2"]);
    let at = [0, 1, 2].map(|secs| faults.overloaded(Duration::from_secs(secs)));
    assert_eq!(at, [false, true, false]);
}

#[test]
fn what_no_terminal_holds_is_poured() {
    let long = Frame::binary(vec![7; 5_000], 1);
    let steps = Spoiler::new(Faults::default(), 1).spoil(SECOND, long.clone());
    assert_eq!(steps, [Step::Pour(long.bytes)]);
}

#[test]
fn clocks_go_wrong_by_the_sum() {
    let faults = faults(&["clock=10", "clock=-3@5", "clock@60"]);
    for (at, shift) in [(0, 10), (5, 7), (60, 7 - 619_315_200)] {
        assert_eq!(faults.clock_shift_secs(Duration::from_secs(at)), shift);
    }
}

#[test]
fn bad_texts_are_refused_with_the_reason() {
    for (text, start) in [
        ("rain", "no fault named `rain`"),
        ("", "no fault named"),
        ("cut=0", "fault `cut` does not take"),
        ("flood=99999999999", "fault `flood` does not take"),
        ("cut=x", "fault `cut` does not take"),
        ("frozen=1", "fault `frozen` does not take"),
        ("silence@x", "expected times"),
        ("silence@5..5", "expected times"),
        ("silence@-1", "expected times"),
        ("silence@1e400", "expected times"),
    ] {
        let error = text.parse::<Timed>().expect_err(text).to_string();
        assert!(error.starts_with(start), "{text}: {error}");
    }
}

#[test]
fn a_family_refuses_what_it_cannot_play() {
    let line = Abilities {
        line: true,
        ..Abilities::default()
    };
    for (text, possible) in [
        ("bad-checksum", false),
        ("clock", false),
        ("glued", false),
        ("overload", false),
        ("slow", true),
        ("silence", true),
    ] {
        let checked = faults(&[text]).check("mightyohm", line);
        assert_eq!(checked.is_ok(), possible, "{text}: {checked:?}");
    }
    assert!(
        faults(&["slow"])
            .check("irdms", Abilities::default())
            .is_err()
    );
}
