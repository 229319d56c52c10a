//! A mail as its readers see it: enough of MIME for what pantau sends.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A mail or one part of it.
#[derive(Debug)]
pub(crate) struct Part {
    /// Names, as they are written, with values unfolded and decoded.
    pub(crate) headers: Vec<(String, String)>,
    /// The text, decoded; of a mail in parts empty.
    pub(crate) text: String,
    pub(crate) parts: Vec<Part>,
}

impl Part {
    /// Reads a mail with its lines ended by CR LF.
    #[track_caller]
    pub(crate) fn parse(source: &str) -> Self {
        let (head, body) = source.split_once("\r\n\r\n").expect("a head and a body");
        let headers = headers(head);
        let mut part = Self {
            headers,
            text: String::new(),
            parts: Vec::new(),
        };
        let kind = part.header("Content-Type").to_owned();
        if let Some((_, after)) = kind.split_once("boundary=") {
            let boundary = after.split(';').next().unwrap().trim_matches('"');
            let mark = format!("\r\n--{boundary}");
            let body = format!("\r\n{body}");
            let mut pieces = body.split(mark.as_str());
            assert_eq!(pieces.next().unwrap().trim(), "", "text before the parts");
            for piece in pieces {
                match piece.strip_prefix("--") {
                    Some(rest) => assert_eq!(rest.trim(), "", "text after the parts"),
                    None => part
                        .parts
                        .push(Self::parse(piece.trim_start_matches("\r\n"))),
                }
            }
        } else {
            part.text = decoded(part.header("Content-Transfer-Encoding"), body);
        }
        part
    }

    /// The one header of this name; empty without one.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut found = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let value = found.next().map_or("", |(_, value)| value.as_str());
        assert!(found.next().is_none(), "`{name}` stands twice");
        value
    }

    /// The names of all headers, of the parts as well, in order.
    pub(crate) fn names(&self) -> Vec<String> {
        let own = self.headers.iter().map(|(name, _)| name.clone());
        own.chain(self.parts.iter().flat_map(Self::names)).collect()
    }
}

fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            headers
                .last_mut()
                .expect("a header to go on")
                .1
                .push_str(line);
        } else {
            let (name, value) = line.split_once(": ").expect("a header");
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    for (_, value) in &mut headers {
        *value = words(value);
    }
    headers
}

/// Decodes the encoded words of RFC 2047; blanks between two of them are none.
fn words(value: &str) -> String {
    let mut bytes: Vec<u8> = Vec::new();
    let mut rest = value;
    let mut was_encoded = false;
    while let Some((before, after)) = rest.split_once("=?utf-8?b?") {
        if !(was_encoded && before.trim().is_empty()) {
            bytes.extend(before.as_bytes());
        }
        let (encoded, after) = after.split_once("?=").expect("the end of a word");
        bytes.extend(STANDARD.decode(encoded).unwrap());
        rest = after;
        was_encoded = true;
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}

fn decoded(encoding: &str, body: &str) -> String {
    match encoding {
        "base64" => {
            let encoded: String = body.split_whitespace().collect();
            String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
        }
        "quoted-printable" => quoted_printable(body),
        "7bit" | "8bit" => body.to_owned(),
        other => panic!("encoding `{other}`"),
    }
}

fn quoted_printable(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.as_bytes());
        let (code, after) = after.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).unwrap());
        rest = after;
    }
    bytes.extend(rest.as_bytes());
    String::from_utf8(bytes).unwrap()
}
