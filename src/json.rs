//! Documents that are JSON but for numbers that JSON does not have.

/// The document with `null` in the place of each `NaN`, `nan`, `Infinity`, `inf` and
/// number that no float can hold; `None` when there is none of them.
///
/// Several languages write these, and strict readers refuse the whole document
/// for one. Texts inside quotes are left alone.
pub fn without_non_finite(document: &str) -> Option<String> {
    let mut mended = String::with_capacity(document.len());
    let mut is_changed = false;
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' => text_len(rest),
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.') => word_len(rest),
            c => c.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        if is_non_finite(token) {
            is_changed = true;
            mended.push_str("null");
        } else {
            mended.push_str(token);
        }
        rest = after;
    }
    is_changed.then_some(mended)
}

/// Length of the text that begins here, with both quotes; all, when it has no end.
fn text_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the number or word that begins here.
fn word_len(text: &str) -> usize {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    text.bytes().take_while(|byte| is_part(*byte)).count()
}

fn is_non_finite(token: &str) -> bool {
    let unsigned = token.strip_prefix('-').unwrap_or(token);
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word);
    ["nan", "inf", "infinity"].into_iter().any(is)
        || (unsigned.starts_with(|c: char| c.is_ascii_digit())
            && token.parse::<f64>().is_ok_and(f64::is_infinite))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(document: &str, expected: Option<&str>) {
        assert_eq!(
            without_non_finite(document).as_deref(),
            expected,
            "{document}"
        );
    }

    #[test]
    fn only_numbers_that_are_none_are_replaced() {
        check(
            r#"{"a":NaN,"b":[-Infinity,1]}"#,
            Some(r#"{"a":null,"b":[null,1]}"#),
        );
        check(
            r#"{"a":1e400,"b":-1e999,"c":1e30}"#,
            Some(r#"{"a":null,"b":null,"c":1e30}"#),
        );
        check(
            r#"{"a":nan,"b":-inf,"c":true}"#,
            Some(r#"{"a":null,"b":null,"c":true}"#),
        );
        check(r#"{"NaN":"NaN \" Infinity","b":-0.5e-3}"#, None);
        check(r#"{"a":"\\","b":NaN}"#, Some(r#"{"a":"\\","b":null}"#));
        check("{\"a\":\"no end NaN", None);
        check("µ NaNs", None);
    }
}
