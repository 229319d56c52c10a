//! Printing an error together with everything that caused it.

use std::error::Error;
use std::fmt;

/// Displays an error and its causes, joined by `: `.
#[derive(Clone, Copy)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries say their cause themselves.
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Marks that stand on one letter; what stacks more of them paints over its
/// neighbours.
const STACKED_MAX: usize = 2;

/// Cuts foreign text to an excerpt that is safe to show on one line: control
/// characters are escaped, invisible and direction marks and stacks of accents
/// replaced by `\u{fffd}`, and at most `max` characters are kept.
pub fn excerpt(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    let mut stacked = 0;
    for c in chars.by_ref().take(max) {
        stacked = if is_combining(c) { stacked + 1 } else { 0 };
        if c.is_control() {
            out.extend(c.escape_default());
        } else if is_hidden(c) || stacked == STACKED_MAX + 1 {
            out.push('\u{fffd}');
        } else if stacked <= STACKED_MAX {
            out.push(c);
        }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

/// Characters that no reader sees, and that change what the others look like or
/// in which order they stand.
pub(crate) const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Marks that are drawn onto the letter before them.
const fn is_combining(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
        | '\u{483}'..='\u{489}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_every_cause_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("inner")]
        struct Inner;
        #[derive(Debug, thiserror::Error)]
        #[error("{text}")]
        struct Outer {
            text: &'static str,
            source: Inner,
        }
        let chain = |text| {
            let error = Outer {
                text,
                source: Inner,
            };
            Chain(&error).to_string()
        };
        assert_eq!(chain("outer"), "outer: inner");
        assert_eq!(chain("outer: inner"), "outer: inner");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(excerpt("a\r\nb\u{1b}[2J", 20), "a\\r\\nb\\u{1b}[2J");
        assert_eq!(excerpt("abcdef", 3), "abc…");
    }

    #[test]
    fn an_excerpt_shows_what_it_holds_in_its_order() {
        for (text, shown) in [
            ("pintu\u{202e}gnp", "pintu\u{fffd}gnp"),
            ("a\u{e0041}b\u{ad}c\u{feff}", "a\u{fffd}b\u{fffd}c\u{fffd}"),
            ("e\u{301}\u{302}", "e\u{301}\u{302}"),
            (
                "e\u{301}\u{302}\u{303}\u{304}\u{305}x",
                "e\u{301}\u{302}\u{fffd}x",
            ),
            ("Döner 🍖 ≥ 1 µSv", "Döner 🍖 ≥ 1 µSv"),
        ] {
            assert_eq!(excerpt(text, 20), shown);
        }
    }
}
