//! Finds the cases in a file without understanding them, so that one that
//! cannot be read spoils no other.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The text of each case, in order. What is not JSON comes back as it stands,
/// so that it can be reported; so does a file with nothing in it, which is no
/// list of cases.
pub(super) fn cases(text: &str) -> Vec<&str> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return vec![text];
    }
    let mut cursor = Cursor { rest: text };
    if cursor.rest.starts_with('[') {
        return cursor.elements();
    }
    if cursor.seek_cases() {
        return cursor.elements();
    }
    let mut cursor = Cursor { rest: text };
    if let Some(values) = cursor.values() {
        return values;
    }
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

/// The id of a case that cannot be read as a whole; null when even that fails.
pub(super) fn id(text: &str) -> Value {
    #[derive(Deserialize)]
    struct OnlyId {
        id: Value,
    }
    serde_json::from_str(text).map_or(Value::Null, |OnlyId { id }| id)
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    /// Steps over one byte of structure, after blanks.
    fn eat(&mut self, structure: char) -> bool {
        let after = self.rest.trim_start().strip_prefix(structure);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// Steps over one JSON value and gives its text.
    fn value(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let (value, after) = rest.split_at_checked(values.byte_offset())?;
        self.rest = after;
        Some(value)
    }

    /// Stands before the value of `cases` of an object, if there is one.
    fn seek_cases(&mut self) -> bool {
        if !self.eat('{') {
            return false;
        }
        loop {
            let Some(key) = self.value() else {
                return false;
            };
            if !self.eat(':') {
                return false;
            }
            if key == r#""cases""# {
                return true;
            }
            if self.value().is_none() || !self.eat(',') {
                return false;
            }
        }
    }

    /// The elements of a list. Where it is damaged, the rest is the last one.
    fn elements(&mut self) -> Vec<&'a str> {
        let mut elements = Vec::new();
        if !self.eat('[') {
            return vec![self.rest.trim()];
        }
        if self.eat(']') {
            return elements;
        }
        loop {
            let Some(element) = self.value() else {
                elements.push(self.rest.trim());
                return elements;
            };
            elements.push(element);
            if self.eat(',') {
                continue;
            }
            if !self.eat(']') {
                elements.push(self.rest.trim());
            }
            return elements;
        }
    }

    /// Everything as values one after the other; `None` when it is not that.
    fn values(&mut self) -> Option<Vec<&'a str>> {
        let mut values = Vec::new();
        while !self.rest.trim_start().is_empty() {
            values.push(self.value()?);
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(cases(text), expected, "{text}");
    }

    #[test]
    fn three_shapes() {
        check(
            r#"{"a":[1],"cases":[{"id":1}, {"id":2}],"b":2}"#,
            &[r#"{"id":1}"#, r#"{"id":2}"#],
        );
        check("[{},\n {\"x\":[1,2]}]\n", &["{}", r#"{"x":[1,2]}"#]);
        check(
            "{\"id\":1}\n\n{\"id\":2}\r\n",
            &[r#"{"id":1}"#, r#"{"id":2}"#],
        );
        check("{\n \"id\": 1\n}", &["{\n \"id\": 1\n}"]);
        check("\u{feff}[]", &[]);
        check("", &[""]);
        check("\u{feff} \n", &[""]);
        check("[1, \"a\", null]", &["1", "\"a\"", "null"]);
    }

    #[test]
    fn damage_costs_only_what_is_behind_it() {
        check(
            r#"{"cases":[{"id":1},{"id":]}"#,
            &[r#"{"id":1}"#, r#"{"id":]}"#],
        );
        check(r#"[{"id":1} {"id":2}]"#, &[r#"{"id":1}"#, r#"{"id":2}]"#]);
        check(r#"[{"id":1}"#, &[r#"{"id":1}"#, ""]);
        check(r#"{"cases":7}"#, &["7}"]);
        check(
            "{\"id\":1}\nnonsense\n{\"id\":2}",
            &[r#"{"id":1}"#, "nonsense", r#"{"id":2}"#],
        );
        check("[{\"v\":1e999},{}]", &[r#"{"v":1e999}"#, "{}"]);
    }

    #[test]
    fn an_id_survives_a_number_that_nothing_can_hold() {
        assert_eq!(
            id(r#"{"id":"a","input":{"value":1e999}}"#),
            Value::from("a")
        );
        assert_eq!(id("{"), Value::Null);
    }
}
