//! What is on the disk, and what is left of it after each kind of damage.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::activation::{
    Activation, Config, Coordinates, Effect, Escalation, Judged, Machine, PlaceContext, Saved,
    SiteRef, Transition,
};
use crate::clock::{Mono, Received};
use crate::criteria::{
    ChannelVerdict, Class, Disposition, Judgement, Recommendation, Remarks, Rule, Rules,
    SourceKind, Subject,
};
use crate::reading::{
    Channels, Delivery, DeviceTime, Flags, InstrumentId, Quantity, Reading, Sequence,
};

fn at(secs: i64) -> Wall {
    Wall::from_secs(1_773_457_200 + secs).unwrap()
}

fn action(n: u32) -> Entry {
    Entry::Action {
        by: "piket".to_owned(),
        channel: "cli".to_owned(),
        what: format!("n{n}"),
        note: String::new(),
    }
}

/// A journal with so many records, closed again.
fn written(records: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(folder.path(), at(0)).unwrap();
    for n in 1..=records {
        assert_eq!(journal.append(at(0), &action(n)).unwrap(), u64::from(n));
    }
    let path = folder.path().join("journal-0000000001-00.ndjson");
    (folder, path)
}

fn entries(folder: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    replay(folder, |record| entries.extend(record.entry)).unwrap();
    entries
}

/// The format is frozen: when this fails, the change is wrong, not the test.
/// The hashes are those of `printf … | sha256sum`.
#[test]
fn the_format_is_frozen() {
    let (_folder, path) = written(2);
    let first = concat!(
        r#"{"seq":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000","#,
        r#""at":"2026-03-14T03:00:00Z","entry":{"kind":"action","by":"piket","channel":"cli","#,
        r#""what":"n1","note":""}"#,
        r#","hash":"4e8f87fda4cc2950a5ce55509799324d6aafb83fd7a9dd8f1ddf73b280201272"}"#,
    );
    let second = concat!(
        r#"{"seq":2,"prev":"4e8f87fda4cc2950a5ce55509799324d6aafb83fd7a9dd8f1ddf73b280201272","#,
        r#""at":"2026-03-14T03:00:00Z","entry":{"kind":"action","by":"piket","channel":"cli","#,
        r#""what":"n2","note":""}"#,
        r#","hash":"5323e3aa22c76a9a33db8884b7693991763c1a20042ec39ffb4aac5870b249f1"}"#,
    );
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        format!("{first}\n{second}\n")
    );
}

/// The same for transitions and what goes with them: the file is of version 1,
/// and later versions have to read and write it byte for byte.
#[test]
fn a_transition_of_version_1_is_read_and_written_the_same() {
    let golden = include_str!("golden_v1.ndjson");
    let mut machine = Machine::new(Config::default());
    let mut transitions = hear(&mut machine, 1, 1, 2.0);
    transitions.extend(hear(&mut machine, 1, 2, 3.5));
    let mut lines = Vec::new();
    let mut prev = Hash::ZERO;
    for (seq, mut transition) in (1..).zip(transitions) {
        forget_later_fields(&mut transition.activation);
        let outbox = vec![Outgoing {
            message: "A-1.1".to_owned(),
            subscriber: "mqtt".to_owned(),
        }];
        let transition = Box::new(transition);
        let entry = Entry::Transition { transition, outbox };
        let (line, hash) = record::encode(seq, prev, at(9), &entry).unwrap();
        prev = hash;
        lines.extend(line);
    }
    assert_eq!(String::from_utf8(lines).unwrap(), golden);

    let mut prev = Hash::ZERO;
    for line in golden.lines() {
        let decoded = record::decode::<Entry>(line.as_bytes()).unwrap();
        let Record { seq, at, entry } = decoded.record;
        let (again, hash) = record::encode(seq, prev, at, &entry.unwrap()).unwrap();
        assert_eq!(String::from_utf8(again).unwrap().trim_end(), line);
        prev = hash;
    }
}

/// What a record of version 1 does not hold yet.
fn forget_later_fields(activation: &mut Activation) {
    activation.confirmed_by = None;
    activation.escalation = Escalation::default();
    let members = activation.members.iter_mut();
    let highest = members.map(|member| &mut member.highest);
    for evidence in highest.chain([&mut activation.latest, &mut activation.highest]) {
        *evidence.behind = Default::default();
    }
}

#[test]
fn it_goes_on_where_it_ended() {
    let (folder, _) = written(3);
    let (mut journal, recovery) = Journal::open(folder.path(), at(1)).unwrap();
    assert_eq!((recovery.records, recovery.last_at), (3, Some(at(0))));
    assert_eq!(journal.append(at(1), &action(4)).unwrap(), 4);
    let summary = verify(folder.path()).unwrap();
    assert_eq!(summary.records, 4);
    assert_eq!(summary.head, journal.head());
    assert_eq!(summary.span, Some((at(0), at(1))));
}

#[test]
fn a_second_process_is_refused() {
    let (folder, _) = written(1);
    let _first = Journal::open(folder.path(), at(0)).unwrap();
    assert!(matches!(
        Journal::open(folder.path(), at(0)),
        Err(JournalError::InUse { .. })
    ));
}

#[test]
fn a_torn_tail_is_cut_and_kept() {
    for cut in [1, 20, 200] {
        let (folder, path) = written(3);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - cut]).unwrap();

        let (mut journal, recovery) = Journal::open(folder.path(), at(1)).unwrap();
        let torn = recovery.torn.unwrap();
        let kept = fs::read(torn.kept.unwrap()).unwrap();
        assert_eq!(u64::try_from(kept.len()).unwrap(), torn.bytes);
        assert!(whole[..whole.len() - cut].ends_with(&kept));
        assert_eq!(recovery.records, 2);
        assert!(recovery.first_bad.is_none() && recovery.repair_error.is_none());

        journal.append(at(1), &action(5)).unwrap();
        let summary = verify(folder.path()).unwrap();
        assert_eq!((summary.records, summary.torn), (4, None));
        assert!(matches!(
            entries(folder.path())[2],
            Entry::Repaired { new_chain: false, torn_bytes, .. } if torn_bytes == torn.bytes
        ));
    }
}

/// Damages lines and expects the first bad one, by its line, and the fault.
#[track_caller]
fn check_damage(damage: impl Fn(&mut Vec<String>), line: u64, fault: Fault) {
    let (folder, path) = written(5);
    let mut lines: Vec<String> = fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(ToOwned::to_owned)
        .collect();
    damage(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let found = |folder: &Path| match verify(folder) {
        Err(VerifyError::Bad(bad)) => bad,
        other => panic!("{other:?}"),
    };
    let bad = found(folder.path());
    assert_eq!((bad.line, bad.fault), (line, fault));

    // It is no reason not to start, and stays visible afterwards.
    let (mut journal, recovery) = Journal::open(folder.path(), at(1)).unwrap();
    assert_eq!(recovery.first_bad, Some(bad.clone()));
    journal.append(at(1), &action(9)).unwrap();
    drop(journal);
    let (_journal, again) = Journal::open(folder.path(), at(2)).unwrap();
    assert_eq!(again.first_bad.as_ref(), Some(&bad));
    assert_eq!(found(folder.path()), bad);
    let after = entries(folder.path());
    assert_eq!(after.last(), Some(&action(9)), "no second new chain");
    assert!(matches!(
        after[after.len() - 2],
        Entry::Repaired {
            new_chain: true,
            ..
        }
    ));
}

#[test]
fn every_edit_removal_reorder_and_insertion_is_found() {
    let edit = |lines: &mut Vec<String>| lines[2] = lines[2].replace("n3", "nX");
    check_damage(edit, 3, Fault::Hash);
    let missing = |last| Fault::Missing { last };
    check_damage(|lines| drop(lines.remove(2)), 3, missing(3));
    check_damage(|lines| lines.swap(1, 2), 2, Fault::Swapped);
    check_damage(|lines| lines.insert(2, lines[1].clone()), 3, Fault::Swapped);
    check_damage(|lines| lines.insert(1, lines[3].clone()), 2, Fault::Swapped);
    check_damage(|lines| lines[2] = "{}".to_owned(), 3, Fault::Malformed);
    check_damage(|lines| drop(lines.remove(0)), 1, missing(1));
    check_damage(
        |lines| lines[4] = lines[4].replace("n5", "nX"),
        5,
        Fault::Hash,
    );
    check_damage(|lines| lines[0].clear(), 1, Fault::Malformed);
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let (folder, path) = written(3);
    let whole = fs::read(&path).unwrap();
    for n in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[n] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let verdict = verify(folder.path());
        let is_found = match &verdict {
            Err(VerifyError::Bad(_)) => true,
            Ok(summary) => summary.torn.is_some(),
            Err(VerifyError::Read(_)) => false,
        };
        assert!(is_found, "byte {n}: {verdict:?}");
    }
}

#[test]
fn a_kind_of_a_later_version_is_no_damage() {
    let (folder, path) = written(1);
    let old = fs::read_to_string(&path).unwrap();
    let body = old
        .split(",\"hash\"")
        .next()
        .unwrap()
        .replace("\"action\"", "\"of_tomorrow\"");
    let hash: String = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        body.as_bytes(),
    ))
    .iter()
    .map(|byte| format!("{byte:02x}"))
    .collect();
    fs::write(&path, format!("{body},\"hash\":\"{hash}\"}}\n")).unwrap();
    assert_eq!(verify(folder.path()).unwrap().records, 1);
    let (_journal, recovery) = Journal::open(folder.path(), at(1)).unwrap();
    assert_eq!(recovery.unknown, 1);
}

/// A disk whose writes, syncs or cuts fail while the switch is on.
#[derive(Clone, Debug, Default)]
struct Faulty {
    write: Arc<AtomicBool>,
    sync: Arc<AtomicBool>,
    truncate: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FaultySegment(Faulty, Box<dyn Segment>);

fn fail_if(switch: &AtomicBool) -> io::Result<()> {
    if switch.load(Ordering::SeqCst) {
        return Err(io::Error::from(io::ErrorKind::StorageFull));
    }
    Ok(())
}

impl Disk for Faulty {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        let inner = OsDisk.create(path)?;
        Ok(Box::new(FaultySegment(self.clone(), inner)))
    }

    fn open(&mut self, path: &Path) -> io::Result<Box<dyn Segment>> {
        let inner = OsDisk.open(path)?;
        Ok(Box::new(FaultySegment(self.clone(), inner)))
    }
}

impl Segment for FaultySegment {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.0.write.load(Ordering::SeqCst) {
            // A full disk takes a part first.
            self.1.append(&bytes[..bytes.len() / 2])?;
        }
        fail_if(&self.0.write)?;
        self.1.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        fail_if(&self.0.sync)?;
        self.1.sync()
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        fail_if(&self.0.truncate)?;
        self.1.truncate(len)
    }
}

/// Fails one append and expects that the journal goes on.
#[track_caller]
fn check_failure(write: bool, sync: bool, truncate: bool) {
    let folder = tempfile::tempdir().unwrap();
    let faulty = Faulty::default();
    let disk = Box::new(faulty.clone());
    let (mut journal, _) = Journal::open_on(folder.path(), at(0), disk).unwrap();
    journal.append(at(0), &action(1)).unwrap();
    for _ in 0..2 {
        faulty.write.store(write, Ordering::SeqCst);
        faulty.sync.store(sync, Ordering::SeqCst);
        faulty.truncate.store(truncate, Ordering::SeqCst);
        assert!(journal.append(at(0), &action(2)).is_err());
        for switch in [&faulty.write, &faulty.sync, &faulty.truncate] {
            switch.store(false, Ordering::SeqCst);
        }
        let seq = journal.next_seq();
        assert_eq!(journal.append(at(0), &action(2)).unwrap(), seq);
    }
    drop(journal);
    let summary = verify(folder.path()).unwrap();
    assert_eq!(summary.records, 3);
    let (mut journal, recovery) = Journal::open(folder.path(), at(1)).unwrap();
    assert!(recovery.first_bad.is_none() && recovery.torn.is_none());
    assert_eq!(journal.append(at(1), &action(4)).unwrap(), 4);
    assert_eq!(verify(folder.path()).unwrap().records, 4);
}

#[test]
fn a_failed_append_leaves_the_journal_usable() {
    check_failure(true, false, false);
    check_failure(false, true, false);
    check_failure(true, false, true);
    check_failure(false, true, true);
}

/// Even when the same is written again at the same time: it does not read alike.
#[test]
fn what_a_failed_attempt_of_several_records_left_is_no_break() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = Faulty::default();
    let disk = Box::new(faulty.clone());
    let (mut journal, _) = Journal::open_on(folder.path(), at(0), disk).unwrap();
    journal.append(at(0), &action(1)).unwrap();
    let entries = [action(2), action(3)];
    for switch in [&faulty.sync, &faulty.truncate] {
        switch.store(true, Ordering::SeqCst);
    }
    assert!(journal.append_all(at(0), &entries).is_err());
    for switch in [&faulty.sync, &faulty.truncate] {
        switch.store(false, Ordering::SeqCst);
    }
    journal.append_all(at(0), &entries).unwrap();
    assert_eq!(journal.append(at(0), &action(4)).unwrap(), 4);
    drop(journal);
    let summary = verify(folder.path()).unwrap();
    assert_eq!((summary.records, summary.unaccepted), (4, 2));
    let (_, recovery) = Journal::open(folder.path(), at(1)).unwrap();
    assert!(recovery.first_bad.is_none());
}

/// More failures than there are names for attempts, as on a disk that is full for
/// hours.
#[test]
fn a_journal_that_failed_for_long_heals() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = Faulty::default();
    let disk = Box::new(faulty.clone());
    let (mut journal, _) = Journal::open_on(folder.path(), at(0), disk).unwrap();
    journal.append(at(0), &action(1)).unwrap();
    for switch in [&faulty.sync, &faulty.write] {
        switch.store(true, Ordering::SeqCst);
        for _ in 0..2 * MAX_ATTEMPTS {
            assert!(journal.append(at(0), &action(2)).is_err());
        }
        switch.store(false, Ordering::SeqCst);
        journal.append(at(0), &action(2)).unwrap();
    }
    drop(journal);
    assert_eq!(verify(folder.path()).unwrap().records, 3);
}

#[test]
fn several_records_share_a_sync_and_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(folder.path(), at(0)).unwrap();
    let entries = [action(1), action(2), action(3)];
    journal.append_all(at(0), &entries).unwrap();
    assert_eq!(journal.append(at(0), &action(4)).unwrap(), 4);
    drop(journal);
    assert_eq!(verify(folder.path()).unwrap().records, 4);
}

#[test]
fn a_foreign_file_is_left_alone() {
    let (folder, _) = written(1);
    let foreign = folder.path().join("notes.txt");
    File::create(&foreign).unwrap().write_all(b"x").unwrap();
    Journal::open(folder.path(), at(1)).unwrap();
    assert_eq!(fs::read(foreign).unwrap(), b"x");
    assert_eq!(verify(folder.path()).unwrap().records, 1);
}

fn received(secs: u64) -> Received {
    Received {
        wall: at(i64::try_from(secs).unwrap()),
        mono: Mono::from_secs(secs),
    }
}

/// One reading at a site of its own.
fn hear(machine: &mut Machine, site: u64, secs: u64, usv_h: f64) -> Vec<Transition> {
    let class = if usv_h >= 1.0 {
        Class::PossibleEmergency
    } else {
        Class::Normal
    };
    let verdict = ChannelVerdict {
        quantity: Quantity::DoseRate,
        class,
        rule: Rule::T31I1,
        value: Some(usv_h),
        possible_at: Some(1.0),
        emergency_at: Some(100.0),
    };
    let judgement = Judgement {
        class: Some(class),
        rule: Rule::T31I1,
        also: Rules::EMPTY,
        recommendation: Recommendation::AktifParsial,
        disposition: Disposition::Accept,
        remarks: Remarks::EMPTY,
        canonical: Some(usv_h),
        channels: [verdict].into_iter().collect(),
    };
    let received = received(secs);
    let reading = Reading {
        instrument: InstrumentId::new(&format!("i{site}")).unwrap(),
        profile: "test".into(),
        received,
        device_time: DeviceTime::Absent,
        sequence: Some(Sequence {
            boot: Some(1),
            seq: secs,
        }),
        channels: Channels::new(),
        position: None,
        flags: Flags::EMPTY,
        fingerprint: secs,
        delivery: Delivery::default(),
    };
    let place = PlaceContext {
        site: Some(SiteRef {
            id: format!("s{site}"),
            name: format!("Stasiun {site}"),
            position: Some(Coordinates {
                lat: -6.2,
                lon: 106.8,
            }),
        }),
        item: None,
        subject: Subject::Environment,
        source: SourceKind::Irdms,
        silent_after: std::time::Duration::from_secs(30),
        last_fix: None,
    };
    let judged = Judged {
        reading: &reading,
        judgement: &judgement,
        place: &place,
        grounds: None,
    };
    let effects = machine.apply(received, &judged);
    effects.iter().map(Effect::transition).cloned().collect()
}

#[test]
fn a_restart_goes_on_from_the_last_state_and_with_the_open_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(folder.path(), at(0)).unwrap();
    let mut machine = Machine::new(Config::default());
    let to = |transition: &Transition, subscriber: &str| Outgoing {
        message: crate::activation::Event::message_id(transition),
        subscriber: subscriber.to_owned(),
    };
    let mut sent = Vec::new();
    for (site, secs) in [(1, 1), (1, 2), (2, 3)] {
        for transition in hear(&mut machine, site, secs, 2.0) {
            let outbox = match transition.tell {
                Some(_) => vec![to(&transition, "mqtt"), to(&transition, "webhook")],
                None => Vec::new(),
            };
            sent.extend(outbox.iter().cloned());
            let transition = Box::new(transition);
            let entry = Entry::Transition { transition, outbox };
            journal.append(at(3), &entry).unwrap();
        }
        if secs == 2 {
            let snapshot = Box::new(machine.snapshot(received(2)));
            journal
                .append(at(2), &Entry::Snapshot { snapshot })
                .unwrap();
        }
    }
    assert_eq!(sent.len(), 4, "two raised, two subscribers each");
    for outgoing in sent.iter().take(3) {
        let entry = Entry::Result {
            outgoing: outgoing.clone(),
            outcome: Outcome::Accepted,
        };
        journal.append(at(4), &entry).unwrap();
    }
    drop(journal);

    let (_journal, recovery) = Journal::open(folder.path(), at(5)).unwrap();
    let waiting: Vec<_> = recovery
        .waiting
        .iter()
        .flat_map(|waiting| waiting.outgoing.iter().cloned())
        .collect();
    assert_eq!(waiting, sent.split_off(3));
    assert!(matches!(
        recovery.saved.as_slice(),
        [Saved::Snapshot(_), Saved::Transition(_)]
    ));
    let mut restored = Machine::restored(Config::default(), recovery.saved, received(5));
    let states = |machine: &Machine| machine.open().cloned().collect::<Vec<_>>();
    assert_eq!(states(&restored), states(&machine));
    assert!(
        hear(&mut restored, 1, 6, 2.0).is_empty(),
        "nothing rings again"
    );
}

#[test]
fn the_policy_recorded_last_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, recovery) = Journal::open(folder.path(), at(0)).unwrap();
    assert_eq!(recovery.policy, None);
    for hash in ["aa", "bb"] {
        let entry = Entry::Policy {
            hash: hash.to_owned(),
            text: "rain.ratio = 2\n".to_owned(),
        };
        journal.append(at(1), &entry).unwrap();
    }
    journal.append(at(2), &action(1)).unwrap();
    drop(journal);
    let (_journal, recovery) = Journal::open(folder.path(), at(3)).unwrap();
    assert_eq!(recovery.policy.as_deref(), Some("bb"));
    assert_eq!(recovery.unknown, 0);
}
