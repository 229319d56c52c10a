//! Hostile texts through every channel: they come out inert, and as one record.

mod channels;
mod daemon;
mod mail;
mod strings;

/// Characters of a name that are passed on.
const NAME_CHARS: usize = 80;

/// What a hostile text is passed on as.
fn shown(text: &str) -> String {
    pantau::error::excerpt(text, NAME_CHARS)
}
