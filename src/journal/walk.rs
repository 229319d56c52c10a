//! Going through a chain from its beginning, and noting where it breaks.
//!
//! A record belongs where it stands when it carries the hash and the number that
//! follow the record before it, and, as the first of its segment, the number in
//! the segment's name. After a break the walk goes on as soon as records follow
//! each other again, so that one change makes one finding.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use super::fault::{Fault, FirstBad};
use super::record::{self, BadLine, Decoded, Hash, Linked, Record};
use super::{JournalError, Torn};

/// Findings that are kept; the rest is counted.
const MOST_FINDINGS: usize = 100;

/// Records that an attempt of a failing disk can have left behind: more than are
/// ever written with one sync.
const HISTORY: usize = 4096;

/// A line, by the number of its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    segment: usize,
    line: u64,
}

/// A record and where it stands; the place is none before the first record.
#[derive(Clone, Copy, Debug)]
struct Link {
    seq: u64,
    hash: Hash,
    place: Option<Place>,
}

/// A segment and the number that its name says its first record has.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    first: u64,
}

/// What is known of the chain after the records read so far.
pub(super) struct Walk {
    segments: Vec<Named>,
    /// What the first one is called, whether or not it is there.
    first_segment: PathBuf,
    /// Bytes of whole lines in it.
    pub(super) len: u64,
    pub(super) records: u64,
    pub(super) unaccepted: u64,
    /// The highest number.
    pub(super) last_seq: u64,
    /// Hash of the last record, wherever it belongs.
    pub(super) last: Hash,
    /// Where the chain stands.
    head: Link,
    /// Where it stands instead, if what seemed out of place was not.
    other: Option<Link>,
    /// The line before was no record, or out of place.
    is_after_bad: bool,
    history: VecDeque<Link>,
    /// A line without its end, and no record read since.
    torn_before: Option<Place>,
    pub(super) torn: Option<Torn>,
    pub(super) is_sound: bool,
    findings: Vec<(Place, FirstBad)>,
    /// Breaks beyond those kept.
    pub(super) more: u64,
    wanted: BTreeSet<u64>,
    /// Hash and place of the records that were wanted.
    found: BTreeMap<u64, Link>,
}

/// Reads the chain of a folder; hands every sound record to `visit`, and keeps the
/// hashes of those that are `wanted`.
pub(super) fn walk<E: Linked>(
    folder: &Path,
    wanted: BTreeSet<u64>,
    mut visit: impl FnMut(Record<E>),
) -> Result<Walk, JournalError> {
    let begin = Link {
        seq: 0,
        hash: Hash::ZERO,
        place: None,
    };
    let mut walk = Walk {
        segments: segments(folder, E::NAME)?,
        first_segment: folder.join(segment_name(E::NAME, 1, 0)),
        len: 0,
        records: 0,
        unaccepted: 0,
        last_seq: 0,
        last: Hash::ZERO,
        head: begin,
        other: None,
        is_after_bad: false,
        history: VecDeque::from([begin]),
        torn_before: None,
        torn: None,
        is_sound: true,
        findings: Vec::new(),
        more: 0,
        wanted,
        found: BTreeMap::new(),
    };
    for segment in 0..walk.segments.len() {
        let path = walk.segments[segment].path.clone();
        match File::open(&path) {
            Ok(file) => walk.read(segment, file, &mut visit),
            // A running daemon removes one in which nothing was accepted.
            Err(error)
                if error.kind() == io::ErrorKind::NotFound
                    && segment + 1 == walk.segments.len() =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
        .map_err(|source| JournalError::Read { path, source })?;
    }
    Ok(walk)
}

/// What a segment is called that begins with record `first`, at the `attempt`th
/// time after the first.
pub(super) fn segment_name(name: &str, first: u64, attempt: u32) -> String {
    format!("{name}-{first:010}-{attempt:02}.ndjson")
}

/// All segments, in the order in which they were begun.
fn segments(folder: &Path, name: &str) -> Result<Vec<Named>, JournalError> {
    let failed = |source| JournalError::Folder {
        path: folder.to_owned(),
        source,
    };
    let numbers = |path: &Path| -> Option<(u64, u32)> {
        let file = path.file_name()?.to_str()?;
        let rest = file.strip_prefix(name)?.strip_prefix('-')?;
        let (first, attempt) = rest.strip_suffix(".ndjson")?.split_once('-')?;
        Some((first.parse().ok()?, attempt.parse().ok()?))
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let Some((first, attempt)) = numbers(&path) {
            found.push((first, attempt, path));
        }
    }
    found.sort();
    let named = |(first, _, path)| Named { path, first };
    Ok(found.into_iter().map(named).collect())
}

impl Walk {
    fn read<E: Linked>(
        &mut self,
        segment: usize,
        file: File,
        visit: &mut impl FnMut(Record<E>),
    ) -> io::Result<()> {
        self.len = 0;
        let mut place = Place { segment, line: 0 };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = u64::try_from(reader.read_until(b'\n', &mut line)?).unwrap_or(u64::MAX);
            if read == 0 {
                return Ok(());
            }
            place.line += 1;
            let Some(text) = line.strip_suffix(b"\n") else {
                self.torn_before = Some(place);
                self.torn = Some(Torn {
                    segment: self.path(place).to_owned(),
                    bytes: read,
                    kept: None,
                });
                return Ok(());
            };
            self.len += read;
            match record::decode(text) {
                Ok(decoded) => self.follow(place, decoded, visit),
                Err(BadLine::Malformed) => self.bad(place, Fault::Malformed),
                Err(BadLine::Hash) => self.bad(place, Fault::Hash),
            }
        }
    }

    /// A line that is no record.
    fn bad(&mut self, place: Place, fault: Fault) {
        if !self.is_after_bad {
            self.note(place, self.head.seq + 1, fault);
        }
        self.is_sound = false;
        self.is_after_bad = true;
        self.torn_before = None;
    }

    fn follow<E: Linked>(
        &mut self,
        place: Place,
        decoded: Decoded<E>,
        visit: &mut impl FnMut(Record<E>),
    ) {
        let Decoded { prev, hash, record } = decoded;
        let link = Link {
            seq: record.seq,
            hash,
            place: Some(place),
        };
        let old_head = record.entry.as_ref().and_then(E::old_head);
        let begins_anew = old_head.filter(|_| prev == Hash::ZERO);
        if let Some(old_head) = begins_anew {
            self.begin_anew(link, place, old_head);
        } else {
            self.chain(link, place, prev);
        }
        self.torn_before = None;
        self.records += 1;
        self.last_seq = self.last_seq.max(link.seq);
        self.last = hash;
        if self.wanted.contains(&link.seq) {
            let is_head = self.head.place == link.place;
            self.found
                .entry(link.seq)
                .and_modify(|known| {
                    if is_head {
                        *known = link;
                    }
                })
                .or_insert(link);
        }
        self.history.push_back(link);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
        visit(record);
    }

    /// The first record of a chain that was begun because the one before it was
    /// broken. It names the end of that one: whatever is missing between them
    /// shows.
    fn begin_anew(&mut self, link: Link, place: Place, old_head: &str) {
        if old_head != self.last.to_string() || link.seq != self.last_seq + 1 {
            self.note(place, link.seq, Fault::NewChain);
        }
        self.is_sound = true;
        self.is_after_bad = false;
        self.other = Some(self.head);
        self.head = link;
    }

    fn chain(&mut self, link: Link, place: Place, prev: Hash) {
        self.was_not_missing(link.seq);
        let follows = |head: Link| prev == head.hash && link.seq == head.seq + 1;
        let is_named = place.line > 1 || self.segments[place.segment].first == link.seq;
        let is_next = follows(self.head) || self.other.is_some_and(follows);
        // What follows a line that is no record explains itself by that line.
        let is_in_place = (is_next && is_named)
            || (place.line == 1 && is_named && self.take_up(link, prev))
            || (self.is_after_bad && link.seq > self.head.seq);
        if is_in_place {
            self.is_after_bad = false;
            self.head = link;
        } else {
            self.out_of_place(link, place, is_named);
            if is_next {
                self.head = link;
            } else {
                self.is_after_bad = true;
                self.other = Some(link);
            }
        }
    }

    /// Whether the first record of a segment goes on where an attempt before it
    /// had failed: what that attempt left behind was never accepted.
    fn take_up(&mut self, link: Link, prev: Hash) -> bool {
        let base = self
            .history
            .iter()
            .rposition(|known| known.hash == prev && known.seq + 1 == link.seq);
        let Some(base) = base else { return false };
        let left = self.history.split_off(base + 1);
        // No attempt writes the same again: see `Journal::append_all`.
        if let Some(copy) = left.iter().find(|left| left.hash == link.hash)
            && let Some(place) = copy.place
        {
            self.note(place, link.seq, Fault::Swapped);
        }
        let left = u64::try_from(left.len()).unwrap_or(u64::MAX);
        self.last_seq = link.seq - 1;
        self.unaccepted += left;
        self.records = self.records.saturating_sub(left);
        true
    }

    fn out_of_place(&mut self, link: Link, place: Place, is_named: bool) {
        let expected = self.head.seq + 1;
        let fault = match link.seq {
            seq if seq > expected => Fault::Missing { last: seq - 1 },
            seq if seq == expected && is_named => Fault::Foreign,
            _ => Fault::Swapped,
        };
        let is_gap = matches!(fault, Fault::Missing { .. });
        match self.torn_before {
            Some(torn) if is_gap => self.note(torn, expected, Fault::Cut),
            // A segment that begins as its name says has lost nothing: what is
            // missing stood at the end of the one before, or in one of its own.
            _ if is_gap && place.line == 1 && is_named => {
                let end = self.end_before(place.segment, expected);
                self.note(end.unwrap_or(place), expected, fault);
            }
            _ => self.note(place, expected, fault),
        }
    }

    /// Where a record belongs of which nothing is left: in a segment that has its
    /// number, else behind the last line that is there.
    fn end_before(&self, segment: usize, expected: u64) -> Option<Place> {
        let last = self.history.iter().rev().find_map(|link| link.place);
        let after = last.map_or(0, |last| last.segment + 1);
        let own = (after..segment).find(|at| self.segments[*at].first == expected);
        let own = own.map(|segment| Place { segment, line: 1 });
        own.or(last.map(|last| Place {
            line: last.line + 1,
            ..last
        }))
    }

    /// A record that was missing stands elsewhere: it was moved.
    fn was_not_missing(&mut self, seq: u64) {
        for (_, bad) in &mut self.findings {
            if let (Some(first), Fault::Missing { last }) = (bad.seq, bad.fault)
                && (first..=last).contains(&seq)
            {
                bad.fault = Fault::Swapped;
            }
        }
    }

    fn note(&mut self, place: Place, seq: u64, fault: Fault) {
        self.is_sound = false;
        if self.findings.len() >= MOST_FINDINGS {
            self.more += 1;
            return;
        }
        let bad = FirstBad {
            segment: self.path(place).to_owned(),
            line: place.line,
            seq: Some(seq),
            fault,
        };
        self.findings.push((place, bad));
    }

    fn path(&self, place: Place) -> &Path {
        &self.segments[place.segment].path
    }

    /// Compares the chain with records that were signed, in the order of their
    /// numbers; gives the last one that is in it.
    pub(super) fn compare(&mut self, signed: &[(u64, Hash)]) -> Option<u64> {
        let (mut agreed, mut differs, mut cut_to) = (None, false, None);
        for &(seq, hash) in signed {
            let known = self.found.get(&seq).copied();
            match known.and_then(|link| Some((link.hash, link.place?))) {
                Some((known, _)) if known == hash => agreed = agreed.max(Some(seq)),
                Some((_, place)) if !std::mem::replace(&mut differs, true) => {
                    self.note(place, seq, Fault::Unsigned);
                }
                // From there on all differs.
                Some(_) => {}
                None if seq > self.last_seq => cut_to = Some(seq),
                // Where it stood there is a break already, or the numbers of a
                // chain that was written anew leave it out.
                None if self.findings.is_empty() => {
                    self.note_at_end(seq, Fault::Missing { last: seq });
                }
                None => {}
            }
        }
        if let Some(last) = cut_to {
            let seq = self.last_seq + 1;
            match self.torn_before {
                Some(torn) => self.note(torn, seq, Fault::Cut),
                None => self.note_at_end(seq, Fault::Missing { last }),
            }
        }
        agreed
    }

    fn note_at_end(&mut self, seq: u64, fault: Fault) {
        match self.end_before(self.segments.len(), seq) {
            Some(end) => self.note(end, seq, fault),
            None => {
                let place = Place {
                    segment: 0,
                    line: 1,
                };
                let bad = FirstBad {
                    segment: self.first_segment.clone(),
                    line: 1,
                    seq: Some(seq),
                    fault,
                };
                self.findings.push((place, bad));
            }
        }
    }

    /// The last segment.
    pub(super) fn segment(&self) -> Option<&Path> {
        self.segments.last().map(|named| named.path.as_path())
    }

    /// Hash of the record where the chain stands.
    pub(super) fn head(&self) -> Hash {
        self.head.hash
    }

    /// Every break, the first one first.
    pub(super) fn into_findings(mut self) -> Vec<FirstBad> {
        self.findings.sort_by_key(|(place, _)| *place);
        self.findings.into_iter().map(|(_, bad)| bad).collect()
    }
}
