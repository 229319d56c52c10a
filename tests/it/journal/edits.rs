//! Ten thousand single edits, each on a copy of its own: all found, and the first
//! bad record named.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use pantau::journal::{FirstBad, Heads, PublicKey, examine};

use super::{keep_head, signer, write_journal};

const EDITS: u64 = 10_000;

/// Printed with every failure; another one is another ten thousand.
const SEED: u64 = 0x2026_1129;

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        usize::try_from(z % u64::try_from(n).unwrap()).unwrap()
    }
}

/// A line: its file, and its place in it from 0.
type At = (usize, usize);

/// One change of the files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edit {
    Flip { at: At, byte: usize, bit: u8 },
    Change { at: At, byte: usize, by: u8 },
    Remove(At),
    Insert { of: At, before: At },
    Swap(At, At),
    Cut { file: usize, len: usize },
    RemoveFile(usize),
}

/// A journal in memory: the lines of each file, with their ends.
#[derive(Clone)]
struct Files {
    names: Vec<PathBuf>,
    lines: Vec<Vec<Vec<u8>>>,
    /// The number of the first record of each.
    first: Vec<u64>,
}

/// Where the first bad record has to be named: number, file and line from 1, and
/// how.
struct Expected {
    seq: u64,
    place: Option<At>,
    why: &'static [&'static str],
}

impl Files {
    fn read(folder: &Path) -> Self {
        let mut names: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with("journal-")
            })
            .collect();
        names.sort();
        let lines: Vec<Vec<Vec<u8>>> = names
            .iter()
            .map(|path| {
                let bytes = fs::read(path).unwrap();
                bytes
                    .split_inclusive(|b| *b == b'\n')
                    .map(<[u8]>::to_vec)
                    .collect()
            })
            .collect();
        let mut next = 1;
        let first = lines
            .iter()
            .map(|lines| {
                let first = next;
                next += u64::try_from(lines.len()).unwrap();
                first
            })
            .collect();
        Self {
            names: names
                .iter()
                .map(|path| PathBuf::from(path.file_name().unwrap()))
                .collect(),
            lines,
            first,
        }
    }

    fn seq(&self, (file, line): At) -> u64 {
        self.first[file] + u64::try_from(line).unwrap()
    }

    fn line(&self, random: &mut Random) -> At {
        let all: usize = self.lines.iter().map(Vec::len).sum();
        let mut n = random.below(all);
        for (file, lines) in self.lines.iter().enumerate() {
            if n < lines.len() {
                return (file, n);
            }
            n -= lines.len();
        }
        panic!("there are {all} lines")
    }

    fn edit(&self, random: &mut Random) -> Edit {
        let at = self.line(random);
        let byte = random.below(self.lines[at.0][at.1].len());
        match random.below(20) {
            0..5 => Edit::Flip {
                at,
                byte,
                bit: u8::try_from(random.below(8)).unwrap(),
            },
            5..10 => Edit::Change {
                at,
                byte,
                by: u8::try_from(1 + random.below(255)).unwrap(),
            },
            10..12 => Edit::Remove(at),
            12..14 => {
                let mut before = self.line(random);
                before.1 += random.below(2); // also behind the last one
                Edit::Insert { of: at, before }
            }
            14..16 => {
                let mut other = self.line(random);
                while other == at {
                    other = self.line(random);
                }
                Edit::Swap(at.min(other), at.max(other))
            }
            16..19 => {
                // The newest file more often: nothing comes after it.
                let newest = self.lines.len() - 1;
                let file = [at.0, newest][random.below(2)];
                let len = self.lines[file].iter().map(Vec::len).sum();
                Edit::Cut {
                    file,
                    len: random.below(len),
                }
            }
            _ => Edit::RemoveFile(random.below(self.lines.len())),
        }
    }

    /// Makes the change; gives the files whose bytes are others.
    fn make(&mut self, edit: Edit) -> Vec<usize> {
        match edit {
            Edit::Flip { at, byte, bit } => self.lines[at.0][at.1][byte] ^= 1 << bit,
            Edit::Change { at, byte, by } => {
                let byte = &mut self.lines[at.0][at.1][byte];
                *byte = byte.wrapping_add(by);
            }
            Edit::Remove(at) => drop(self.lines[at.0].remove(at.1)),
            Edit::Insert { of, before } => {
                let copy = self.lines[of.0][of.1].clone();
                self.lines[before.0].insert(before.1, copy);
            }
            Edit::Swap(one, other) => {
                let line = self.lines[one.0][one.1].clone();
                self.lines[one.0][one.1] =
                    std::mem::replace(&mut self.lines[other.0][other.1], line);
            }
            Edit::Cut { file, len } => {
                let mut bytes = self.lines[file].concat();
                bytes.truncate(len);
                self.lines[file] = vec![bytes];
            }
            Edit::RemoveFile(file) => self.lines[file].clear(),
        }
        match edit {
            Edit::Flip { at, .. } | Edit::Change { at, .. } | Edit::Remove(at) => vec![at.0],
            Edit::Insert { before, .. } => vec![before.0],
            Edit::Swap(one, other) => vec![one.0, other.0],
            Edit::Cut { file, .. } | Edit::RemoveFile(file) => vec![file],
        }
    }

    /// What has to be named, by the files as they were.
    fn expected(&self, edit: Edit) -> Expected {
        let named = |at: At, why| Expected {
            seq: self.seq(at),
            place: Some((at.0, at.1 + 1)),
            why,
        };
        match edit {
            Edit::Flip { at, .. } | Edit::Change { at, .. } => named(at, &["edited", "cut"]),
            Edit::Remove(at) => named(at, &["missing"]),
            Edit::Swap(first, _) => named(first, &["swapped"]),
            // Of two that are the same, the second one is too many.
            Edit::Insert { of, before } if of == before => Expected {
                seq: self.seq(of) + 1,
                place: Some((of.0, of.1 + 2)),
                why: &["swapped"],
            },
            Edit::Insert { before, .. } => named(before, &["swapped"]),
            Edit::Cut { file, len } => {
                let mut end = 0;
                let line = self.lines[file].iter().position(|line| {
                    end += line.len();
                    len < end
                });
                named((file, line.unwrap()), &["cut", "missing"])
            }
            // It is gone, so no place in it can be named.
            Edit::RemoveFile(file) => Expected {
                place: None,
                ..named((file, 0), &["missing"])
            },
        }
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at {:?}, {:?}", self.seq, self.place, self.why)
    }
}

/// Whether it is the record that was expected.
fn is_named(found: &FirstBad, expected: &Expected, names: &[PathBuf]) -> bool {
    let is_there = expected.place.is_none_or(|(file, line)| {
        found.segment.file_name() == names[file].file_name()
            && found.line == u64::try_from(line).unwrap()
    });
    is_there && found.seq == Some(expected.seq) && expected.why.contains(&found.fault.as_str())
}

/// One head, of the last record, as it was received elsewhere.
struct Elsewhere {
    text: Vec<u8>,
    key: PublicKey,
}

impl Elsewhere {
    fn first_bad(&self, folder: &Path) -> Option<FirstBad> {
        let mut heads = Heads::default();
        heads.read(Path::new("elsewhere"), &self.text);
        let found = examine(folder, heads, Some(&[self.key]), &[]).unwrap();
        assert_eq!(found.bad_heads, []);
        found.findings.into_iter().next()
    }
}

#[test]
fn every_one_of_ten_thousand_single_edits_is_found_and_named() {
    let home = tempfile::tempdir().unwrap();
    let original = home.path().join("journal");
    let (last, hash) = write_journal(&original, 200, 38);
    keep_head(&original, last, &hash);
    let heads = original.join("heads.ndjson");
    let elsewhere = Elsewhere {
        text: fs::read(&heads).unwrap(),
        key: signer(&original).public(),
    };
    assert_eq!(elsewhere.first_bad(&original), None);
    let files = Files::read(&original);
    assert!(files.lines.len() >= 5, "{:?}", files.names);

    let (done, found, named) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let work = |worker: usize| {
        let folder = home.path().join(format!("copy-{worker}"));
        fs::create_dir(&folder).unwrap();
        let write = |files: &Files, file: usize| {
            fs::write(folder.join(&files.names[file]), files.lines[file].concat()).unwrap();
        };
        (0..files.lines.len()).for_each(|file| write(&files, file));
        loop {
            let n = done.fetch_add(1, Ordering::Relaxed);
            if n >= EDITS {
                return;
            }
            let mut random = Random(SEED.wrapping_mul(n + 1));
            let edit = files.edit(&mut random);
            let mut edited = files.clone();
            let changed = edited.make(edit);
            for &file in &changed {
                write(&edited, file);
            }
            if let Edit::RemoveFile(file) = edit {
                fs::remove_file(folder.join(&files.names[file])).unwrap();
            }
            let bad = elsewhere.first_bad(&folder);
            let expected = files.expected(edit);
            let is_named = bad
                .as_ref()
                .is_some_and(|bad| is_named(bad, &expected, &files.names));
            assert!(
                is_named,
                "seed {SEED:#x}, edit {n}: {edit:?}: found {bad:?}, not {expected:?}"
            );
            found.fetch_add(u64::from(bad.is_some()), Ordering::Relaxed);
            named.fetch_add(u64::from(is_named), Ordering::Relaxed);
            for file in changed {
                write(&files, file);
            }
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        let work = &work;
        for worker in 0..workers {
            scope.spawn(move || work(worker));
        }
    });
    let (found, named) = (found.into_inner(), named.into_inner());
    println!("{found} of {EDITS} edits found, {named} with the right record named; {last} records");
    assert_eq!((found, named), (EDITS, EDITS));
}

/// The cases at the borders of files, which chance may miss.
#[test]
fn edits_at_the_borders_of_files_are_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("journal");
    let (last, hash) = write_journal(&folder, 40, 10);
    keep_head(&folder, last, &hash);
    let elsewhere = Elsewhere {
        text: fs::read(folder.join("heads.ndjson")).unwrap(),
        key: signer(&folder).public(),
    };
    let files = Files::read(&folder);
    let count = files.lines.len();
    let mut edits = Vec::new();
    for file in 0..count {
        let end = files.lines[file].len();
        let newline = files.lines[file][end - 1].len() - 1;
        let bytes: usize = files.lines[file].iter().map(Vec::len).sum();
        edits.extend([
            Edit::Remove((file, 0)),
            Edit::Remove((file, end - 1)),
            Edit::Flip {
                at: (file, end - 1),
                byte: newline,
                bit: 0,
            },
            Edit::Cut { file, len: 0 },
            Edit::Cut {
                file,
                len: bytes - 1,
            },
            Edit::Cut {
                file,
                len: bytes - newline - 1,
            },
            Edit::RemoveFile(file),
            Edit::Insert {
                of: (file, 0),
                before: (file, 0),
            },
            Edit::Insert {
                of: (file, end - 1),
                before: (file, end),
            },
            Edit::Swap((file, 0), (file, end - 1)),
        ]);
        if file + 1 < count {
            let next = (file + 1, 0);
            edits.extend([
                Edit::Insert {
                    of: next,
                    before: (file, end),
                },
                Edit::Insert {
                    of: (file, end - 1),
                    before: next,
                },
                Edit::Insert {
                    of: (file + 1, 1),
                    before: (file, end),
                },
                Edit::Insert {
                    of: (file + 1, 1),
                    before: next,
                },
                Edit::Swap((file, end - 1), next),
                Edit::Swap((file, 0), next),
            ]);
        }
    }
    for edit in edits {
        let mut edited = files.clone();
        let changed = edited.make(edit);
        let write = |files: &Files, file: usize| {
            fs::write(folder.join(&files.names[file]), files.lines[file].concat()).unwrap();
        };
        for &file in &changed {
            write(&edited, file);
        }
        if let Edit::RemoveFile(file) = edit {
            fs::remove_file(folder.join(&files.names[file])).unwrap();
        }
        let bad = elsewhere.first_bad(&folder);
        let expected = files.expected(edit);
        let is_named = bad
            .as_ref()
            .is_some_and(|bad| is_named(bad, &expected, &files.names));
        assert!(is_named, "{edit:?}: found {bad:?}, not {expected:?}");
        for file in changed {
            write(&files, file);
        }
    }
}
