//! What the end of the journal was at some time, signed: kept elsewhere, it shows
//! whether something was cut off or written anew since.

use serde::{Deserialize, Serialize};

use super::escalation::{Reach, Stage};
use super::inert;
use super::message::{Text, Words};
use super::phrase::both_zones;
use super::sms;
use super::view::{Event, EventContext, NAME_CHARS};
use crate::clock::Wall;
use crate::language::Language;

/// A record of the journal and its hash, signed by the node.
///
/// Fields may be added, never renamed. What is signed is text: see
/// [`crate::journal::is_signed_by`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// Whose journal.
    pub node: String,
    /// Number of the record.
    pub seq: u64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// When it was signed, RFC 3339 in UTC.
    pub at: String,
    /// The public key, base64.
    pub key: String,
    /// The signature, base64.
    pub signature: String,
}

impl Event {
    /// A head for those who keep heads. It stands in no journal, and one that
    /// comes later says all that it says.
    pub fn head(head: SignedHead, at: Wall, exercise: bool, context: &EventContext) -> Self {
        let words =
            |language: Language| {
                let drill = if exercise { "LATIHAN / EXERCISE: " } else { "" };
                let what = language.pick("KEPALA JURNAL", "JOURNAL HEAD");
                let record = language.pick("catatan", "record");
                let headline = format!("{drill}{what}: {record} {}, {}", head.seq, context.node);
                let lines =
                    vec![
                headline.clone(),
                format!("{}: {}", language.pick("Waktu", "Time"), both_zones(at, context.zone)),
                format!("SHA-256: {}", head.hash),
                format!("{}: {}", language.pick("Kunci", "Key"), head.key),
                format!("{}: {}", language.pick("Tanda tangan", "Signature"), head.signature),
                language
                    .pick(
                        "Simpan pesan ini di tempat lain; dengannya jurnal dapat diperiksa.",
                        "Keep this message elsewhere; the journal can be checked against it.",
                    )
                    .to_owned(),
            ];
                let tail = format!(" {}", context.zone.short(at));
                Words {
                    sms: sms::fitted(&headline, "", &tail),
                    log: format!("{headline} | {} {} {}", head.hash, head.key, head.signature),
                    headline,
                    lines,
                }
            };
        let id = format!("HEAD-{}-{}", inert(&context.node, NAME_CHARS), head.seq);
        let text = Text {
            id: words(Language::Indonesian),
            en: words(Language::English),
        };
        Self {
            reach: Reach::up_to(Stage::Everyone),
            exercise,
            recorded: true,
            head: Some(head),
            ..Self::plain(id, "head", at, context, text)
        }
    }
}
