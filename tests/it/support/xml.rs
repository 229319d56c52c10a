//! A document as its readers see it: elements with their texts, in order.

use quick_xml::Reader;
use quick_xml::events::Event;

/// The path of each element that holds text, and the text. A document that is
/// not well-formed, or holds anything but elements and text, fails.
#[track_caller]
pub(crate) fn texts(document: &str) -> Vec<(String, String)> {
    let mut reader = Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let mut path: Vec<String> = Vec::new();
    let mut texts: Vec<(String, String)> = Vec::new();
    let mut text = String::new();
    loop {
        match reader.read_event().expect("a well-formed document") {
            Event::Start(start) => {
                path.push(String::from_utf8(start.name().as_ref().to_vec()).unwrap());
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece.decode().unwrap()),
            Event::GeneralRef(name) => {
                let name = name.decode().unwrap();
                let character = name
                    .strip_prefix("#x")
                    .and_then(|code| u32::from_str_radix(code, 16).ok())
                    .or_else(|| name.strip_prefix('#').and_then(|code| code.parse().ok()))
                    .and_then(char::from_u32);
                text.push(character.unwrap_or_else(|| match &*name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "quot" => '"',
                    "apos" => '\'',
                    other => panic!("entity `{other}`"),
                }));
            }
            Event::End(_) => {
                texts.push((path.join("/"), std::mem::take(&mut text)));
                path.pop();
            }
            Event::Empty(empty) => {
                let name = String::from_utf8(empty.name().as_ref().to_vec()).unwrap();
                texts.push((format!("{}/{name}", path.join("/")), String::new()));
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?} in a document of ours"),
        }
    }
    assert!(path.is_empty(), "{path:?} left open");
    texts
}
