//! One mistake gives one problem, at its path.

use super::check::check;
use super::schema::RawDialogue;

fn problems(text: &str) -> Vec<String> {
    let raw: RawDialogue = toml::from_str(text).unwrap();
    let mut problems = Vec::new();
    check(&raw, &mut problems);
    problems
}

#[track_caller]
fn bad(text: &str, at: &str, part: &str) {
    let problems = problems(text);
    let [problem] = problems.as_slice() else {
        panic!("not one problem: {problems:?}\n\nin:\n{text}");
    };
    assert!(problem.starts_with(&format!("{at}: ")), "{problem}");
    assert!(problem.contains(part), "`{part}` is not in: {problem}");
}

/// A start script of one step.
fn start(step: &str) -> String {
    format!("start = [{{ {step} }}]")
}

/// A cycle of one request.
fn poll(request: &str) -> String {
    format!("poll = {{ every_ms = 1000, request = [{{ {request} }}] }}")
}

#[test]
fn steps() {
    let at = "dialogue.start[0]";
    bad("", "dialogue", "needs `start`");
    bad(&start("send = \"a\", wait_ms = 1"), at, "is one of");
    bad(&start("name = \"x\""), at, "is one of");
    bad(
        &start("send = \"a\", send_hex = \"00\""),
        at,
        "needs one of",
    );
    bad(&start("send = \"\""), at, "bytes can be sent");
    bad(&start("send = \"a\", attempts = 2"), at, "go with `expect`");
    bad(
        &start("send_hex = \"00 0\""),
        "dialogue.start[0].send_hex",
        "pairs of hex digits",
    );
    bad(
        &start("wait_ms = 4000000"),
        "dialogue.start[0].wait_ms",
        "at most",
    );
    bad(
        &start("send = \"a\", once = true"),
        "dialogue.start[0].once",
        "run once anyway",
    );
    bad(
        &start("send = \"a\", enough = true"),
        "dialogue.start[0].enough",
        "with the answer",
    );
    bad(
        &poll("name = \"x\", send = \"a\", expect = { kind = \"any\" }, enough = true"),
        "dialogue.poll.request[0].enough",
        "in `start`",
    );
}

#[test]
fn requests() {
    let at = |key: &str| format!("dialogue.poll.request[0].{key}");
    bad(
        &poll("send = \"a\", expect = { kind = \"any\" }"),
        &at("name"),
        "needs one",
    );
    bad(
        &poll("name = \"a\", send = \"a\""),
        &at("expect"),
        "expects an answer",
    );
    bad(
        &poll("name = \"a\", send = \"a\", expect = { kind = \"bytes\", count = 0 }"),
        &at("expect.count"),
        "must be 1 to",
    );
    bad(
        &poll(
            "name = \"a\", send = \"a\", expect = { kind = \"bytes_by\", of = \"v\", rows = {}, otherwise = 2 }",
        ),
        &at("expect.of"),
        "nothing before this sets",
    );
    bad(
        &poll("name = \"a/{v}\", send = \"a\", expect = { kind = \"any\" }"),
        "dialogue.poll.request.name",
        "nothing sets the variable `v`",
    );
}

#[test]
fn a_write_must_say_that_it_changes_the_instrument() {
    let write = "modbus = { function = 6, register = 0, value = 1 }";
    bad(&start(write), "dialogue.start[0].changes", "changes = true");
    assert!(problems(&start(&format!("{write}, changes = true"))).is_empty());
}

#[test]
fn modbus_requests_have_what_their_function_needs() {
    let at = "dialogue.start[0].modbus";
    let modbus = |keys: &str| start(&format!("modbus = {{ {keys} }}, changes = true"));
    bad(
        &modbus("function = 3, register = 0"),
        at,
        "take `register` and `count`",
    );
    bad(
        &modbus("function = 16, register = 0"),
        at,
        "there are no others",
    );
    let count = format!("{at}.count");
    bad(
        &modbus("function = 4, register = 0, count = 126"),
        &count,
        "1 to 125",
    );
    bad(
        &modbus("function = 4, register = 65535, count = 2"),
        &count,
        "past the last",
    );
    let value = format!("{at}.value");
    bad(
        &modbus("function = 5, register = 0, value = 1"),
        &value,
        "a coil",
    );
}

#[test]
fn numbers_lie_inside_what_is_sent() {
    let put = |put: &str| start(&format!("send_hex = \"00 00 00\", put = [{{ {put} }}]"));
    let at = |key: &str| format!("dialogue.start[0].put[0].{key}");
    bad(
        &put("what = \"packet\", at = 2, form = \"u16le\""),
        &at("at"),
        "behind the end",
    );
    bad(
        &put("what = \"sum8\", at = 0, form = \"u8\""),
        &at("from"),
        "covers nothing",
    );
    bad(
        &put("what = \"ones16\", at = 2, form = \"u8\""),
        &at("form"),
        "too narrow",
    );
    bad(
        &put("what = \"crc32\", at = 2, form = \"u8\""),
        &at("what"),
        "none of packet",
    );
}
