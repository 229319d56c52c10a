//! Events as CAP files in a folder, with an Atom feed beside them.
//!
//! A message is accepted when its file and the new feed are in place and
//! synced. Every file is replaced whole, so a reader never sees half of one.
//! What was issued before is read from the folder itself: there is no second
//! record that could disagree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Attempt;
use crate::activation::Event;
use crate::clock::{Clock, Wall};
use crate::error::Chain;
use crate::exchange::cap::{CapContext, Earlier, FeedEntry, cap_document, cap_feed, cap_identity};
use crate::store::replace::replace;

/// Messages in the feed; older ones stay in the folder.
const FEED_ENTRIES: usize = 200;

/// Name of the feed.
const FEED: &str = "feed.xml";

/// A folder of CAP messages.
#[derive(Clone, Debug)]
pub struct CapFolder {
    folder: PathBuf,
    context: CapContext,
    /// What was issued so far, the oldest first; `None` before the first look.
    issued: Arc<Mutex<Option<Vec<Issued>>>>,
}

#[derive(Clone, Debug)]
struct Issued {
    message: Earlier,
    title: String,
}

impl Issued {
    fn about(&self) -> &str {
        about(&self.message.identifier)
    }
}

impl CapFolder {
    /// A folder, which is made when it is not there.
    pub fn new(folder: PathBuf, context: CapContext) -> Self {
        Self {
            folder,
            context,
            issued: Arc::default(),
        }
    }

    /// One attempt.
    pub(super) async fn write(&self, event: &Event, clock: &Clock) -> Attempt {
        let (this, event, now) = (self.clone(), event.clone(), clock.wall());
        let written = tokio::task::spawn_blocking(move || this.write_now(&event, now)).await;
        match written {
            Ok(Ok(())) => Attempt::Accepted,
            Ok(Err(error)) => Attempt::Later {
                error: Chain(&error).to_string(),
                after: None,
            },
            Err(error) => Attempt::Later {
                error: error.to_string(),
                after: None,
            },
        }
    }

    fn write_now(&self, event: &Event, now: Wall) -> io::Result<()> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let issued = match &mut *issued {
            Some(issued) => issued,
            unread => {
                fs::create_dir_all(&self.folder)?;
                unread.insert(read(&self.folder)?)
            }
        };
        // One that comes again is the same message: it keeps its time.
        let is_new = issued.iter().all(|one| one.message.identifier != event.id);
        if is_new {
            let earlier: Vec<Earlier> = issued
                .iter()
                .filter(|one| one.about() == about(&event.id))
                .map(|one| one.message.clone())
                .collect();
            let document = cap_document(event, &self.context, now, &earlier)?;
            let path = self.folder.join(format!("{}.xml", event.id));
            replace(&path, &document)?;
            issued.push(Issued {
                message: Earlier {
                    identifier: event.id.clone(),
                    sent: now,
                },
                title: event.text.en.headline.clone(),
            });
        }
        let entries: Vec<FeedEntry> = issued
            .iter()
            .rev()
            .take(FEED_ENTRIES)
            .map(|one| FeedEntry {
                identifier: one.message.identifier.clone(),
                title: one.title.clone(),
                sent: one.message.sent,
            })
            .collect();
        let updated = issued.last().map_or(now, |one| one.message.sent);
        let feed = cap_feed(&self.context.sender, updated, &entries)?;
        replace(&self.folder.join(FEED), &feed)
    }
}

/// The activation that a message speaks of.
fn about(identifier: &str) -> &str {
    identifier.rsplit_once('.').map_or(identifier, |(id, _)| id)
}

/// Every message in the folder, the oldest first. Other files are left alone.
fn read(folder: &Path) -> io::Result<Vec<Issued>> {
    let mut issued = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_message = path.extension().is_some_and(|ending| ending == "xml")
            && path.file_name().is_some_and(|name| name != FEED);
        if !is_message {
            continue;
        }
        if let Some((message, title)) = cap_identity(&fs::read_to_string(&path)?) {
            issued.push(Issued { message, title });
        }
    }
    issued.sort_by(|a, b| {
        let key = |one: &Issued| (one.message.sent, version(&one.message.identifier));
        key(a).cmp(&key(b))
    });
    Ok(issued)
}

fn version(identifier: &str) -> u64 {
    let number = identifier.rsplit_once('.').map_or("", |(_, number)| number);
    number.parse().unwrap_or(0)
}
