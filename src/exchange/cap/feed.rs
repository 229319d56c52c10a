//! The Atom feed (RFC 4287) of CAP messages.

use std::io;

use quick_xml::events::BytesText;
use quick_xml::writer::Writer;

use super::xml_text;
use crate::clock::Wall;

const NAMESPACE: &str = "http://www.w3.org/2005/Atom";

/// One message of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its CAP identifier.
    pub identifier: String,
    /// Its headline.
    pub title: String,
    /// When it was sent.
    pub sent: Wall,
}

/// The feed of `entries`, the newest first. Links are relative: the feed lies
/// beside its messages.
///
/// # Errors
///
/// Never in practice: memory takes every byte.
pub fn cap_feed(sender: &str, updated: Wall, entries: &[FeedEntry]) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.get_mut()
        .extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.create_element("feed")
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|out| {
            text(out, "id", &format!("urn:pantau:cap:{sender}"))?;
            text(out, "title", &format!("Pantau CAP {sender}"))?;
            text(out, "updated", &updated.to_string())?;
            out.create_element("author")
                .write_inner_content(|out| text(out, "name", sender))?;
            out.create_element("link")
                .with_attributes([("rel", "self"), ("href", "feed.xml")])
                .write_empty()?;
            entries.iter().try_for_each(|one| entry(out, sender, one))
        })?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn entry(out: &mut Writer<Vec<u8>>, sender: &str, entry: &FeedEntry) -> io::Result<()> {
    let href = format!("{}.xml", entry.identifier);
    out.create_element("entry").write_inner_content(|out| {
        text(
            out,
            "id",
            &format!("urn:pantau:cap:{sender}:{}", entry.identifier),
        )?;
        text(out, "title", &entry.title)?;
        text(out, "updated", &entry.sent.to_string())?;
        out.create_element("link")
            .with_attributes([
                ("rel", "alternate"),
                ("type", "application/cap+xml"),
                ("href", href.as_str()),
            ])
            .write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn text(out: &mut Writer<Vec<u8>>, name: &str, content: &str) -> io::Result<()> {
    let content = xml_text(content);
    out.create_element(name)
        .write_text_content(BytesText::new(&content))?;
    Ok(())
}
