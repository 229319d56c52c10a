//! The journal against heads that were signed: what the chain alone cannot show.
//!
//! Whoever can write the journal can cut off its end, or write all of it anew with
//! fresh hashes. Heads that were kept elsewhere show both.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::JournalError;
use super::fault::FirstBad;
use super::record::{Hash, JOURNAL, Linked, Record};
use super::scan::Summary;
use super::signed::{PublicKey, is_signed_by};
use super::signer::KEY;
use super::walk::walk;
use crate::activation::SignedHead;
use crate::clock::Wall;

/// Why a head cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadFault {
    /// The line is no JSON, or a head without all its parts.
    #[error("not a head")]
    Malformed,
    /// The key does not belong to this journal, as far as is known.
    #[error("signed by a key that is not known")]
    UnknownKey,
    /// It was changed, or never signed.
    #[error("its signature does not fit")]
    Signature,
}

/// A head that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadHead {
    /// Its file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: u64,
    /// Why.
    pub fault: HeadFault,
}

/// Heads as they were kept.
#[derive(Debug, Default)]
pub struct Heads {
    heads: Vec<(PathBuf, u64, SignedHead)>,
    malformed: Vec<BadHead>,
}

impl Heads {
    /// Takes the heads of a file, a line each: heads alone, as they are retained
    /// by a broker, with or without the topic before them; or events that carry
    /// one, as a webhook gets them. Other events are passed over, and so is a last
    /// line that is still being written.
    pub fn read(&mut self, file: &Path, text: &[u8]) {
        for (n, line) in (1..).zip(text.split_inclusive(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match head_of(line) {
                Ok(Some(head)) => self.heads.push((file.to_owned(), n, head)),
                Ok(None) => {}
                Err(_) if !line.ends_with(b"\n") => {}
                Err(fault) => self.malformed.push(BadHead {
                    file: file.to_owned(),
                    line: n,
                    fault,
                }),
            }
        }
    }
}

/// The head of a line; none in an event that is about something else.
fn head_of(line: &[u8]) -> Result<Option<SignedHead>, HeadFault> {
    let start = line.iter().position(|byte| *byte == b'{');
    let json = start
        .and_then(|start| line.get(start..))
        .unwrap_or_default();
    let value: Value = serde_json::from_slice(json).map_err(|_| HeadFault::Malformed)?;
    let head = match value.get("head") {
        Some(head) => head.clone(),
        None if value.get("why").is_some() => return Ok(None),
        None => value,
    };
    serde_json::from_value(head).map_err(|_| HeadFault::Malformed)
}

/// A repair after which a new chain begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The record that says so.
    pub seq: u64,
    /// When it was written.
    pub at: Wall,
    /// Hash of the last record of the old chain.
    pub old_head: String,
}

/// As much of an entry as the examination asks for; the rest is passed over.
#[derive(Deserialize)]
struct Mark {
    kind: String,
    #[serde(default)]
    what: Option<String>,
    #[serde(default)]
    new: Option<String>,
    #[serde(default)]
    new_chain: bool,
    #[serde(default)]
    old_head: Option<String>,
}

impl Linked for Mark {
    const NAME: &'static str = JOURNAL;

    fn old_head(&self) -> Option<&str> {
        let is_new_chain = self.kind == "repaired" && self.new_chain;
        self.old_head.as_deref().filter(|_| is_new_chain)
    }
}

impl Mark {
    /// The public key that signs from here on.
    fn key(&self) -> Option<PublicKey> {
        let is_key = self.kind == "changed" && self.what.as_deref() == Some(KEY);
        let new = self.new.as_deref().filter(|_| is_key)?;
        PublicKey::parse(new)
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Examination {
    /// The chain.
    pub summary: Summary,
    /// Number of its last record; 0 when there is none.
    pub last_seq: u64,
    /// The first bad record of each break, in order.
    pub findings: Vec<FirstBad>,
    /// Breaks beyond those listed.
    pub more: u64,
    /// Chains that were begun anew. The breaks before them are among the
    /// findings.
    pub mended: Vec<Mended>,
    /// Heads whose signature is good.
    pub heads: u64,
    /// Heads that cannot be used.
    pub bad_heads: Vec<BadHead>,
    /// The last record that is vouched for by a signed head, and when that was
    /// signed. Whether anything was cut off after it, nobody can tell.
    pub vouched: Option<(u64, String)>,
}

impl Examination {
    /// Whether everything is as it was written, as far as can be told.
    pub fn is_intact(&self) -> bool {
        self.findings.is_empty() && self.bad_heads.is_empty()
    }
}

/// Checks every record, and every head against its record. The heads have to be
/// read before: a running daemon goes on writing.
///
/// Without `keys`, those count that the journal itself names and those of `own`;
/// whoever can write the journal could have put them there.
///
/// # Errors
///
/// When a segment cannot be read. Damage is no error.
pub fn examine(
    folder: &Path,
    heads: Heads,
    keys: Option<&[PublicKey]>,
    own: &[PublicKey],
) -> Result<Examination, JournalError> {
    let wanted: BTreeSet<u64> = heads.heads.iter().map(|(_, _, head)| head.seq).collect();
    let mut known = own.to_vec();
    let mut span: Option<(Wall, Wall)> = None;
    let mut mended = Vec::new();
    let mut chain = walk(folder, wanted, |record: Record<Mark>| {
        span = Some((span.map_or(record.at, |(first, _)| first), record.at));
        let Some(mark) = record.entry else { return };
        known.extend(mark.key());
        if let Some(old_head) = mark.old_head() {
            mended.push(Mended {
                seq: record.seq,
                at: record.at,
                old_head: old_head.to_owned(),
            });
        }
    })?;
    let Heads {
        heads,
        malformed: mut bad_heads,
    } = heads;
    let mut signed = Vec::new();
    for (file, line, head) in heads {
        match checked(&head, keys.unwrap_or(&known)) {
            Ok(hash) => signed.push((head.seq, hash, head.at)),
            Err(fault) => bad_heads.push(BadHead { file, line, fault }),
        }
    }
    signed.sort();
    let pairs: Vec<(u64, Hash)> = signed.iter().map(|(seq, hash, _)| (*seq, *hash)).collect();
    let agreed = chain.compare(&pairs);
    let vouched = agreed.and_then(|agreed| {
        let head = signed.iter().rfind(|(seq, _, _)| *seq == agreed)?;
        Some((agreed, head.2.clone()))
    });
    Ok(Examination {
        summary: Summary {
            records: chain.records,
            head: chain.head().to_string(),
            span,
            unaccepted: chain.unaccepted,
            torn: chain.torn.clone(),
        },
        last_seq: chain.last_seq,
        more: chain.more,
        findings: chain.into_findings(),
        mended,
        heads: u64::try_from(pairs.len()).unwrap_or(u64::MAX),
        bad_heads,
        vouched,
    })
}

fn checked(head: &SignedHead, keys: &[PublicKey]) -> Result<Hash, HeadFault> {
    let key = PublicKey::parse(&head.key).ok_or(HeadFault::Malformed)?;
    if !keys.contains(&key) {
        return Err(HeadFault::UnknownKey);
    }
    let hash = Hash::parse(head.hash.as_bytes()).ok_or(HeadFault::Malformed)?;
    if !is_signed_by(head, &key) {
        return Err(HeadFault::Signature);
    }
    Ok(hash)
}
