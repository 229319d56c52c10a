//! Checks what a dialogue sends.

use super::check::Mistakes;
use super::model::{Message, ModbusRequest, Put, PutForm, PutWhat};
use super::schema::{RawModbus, RawPut, RawStep};

/// Longest request, in bytes.
const MAX_REQUEST_BYTES: usize = 1024;
/// Most registers that one Modbus request may read, by the standard.
const MAX_REGISTERS: u16 = 125;
/// Most coils or inputs that one Modbus request may read, by the standard.
const MAX_COILS: u16 = 2000;

/// What a step sends; `None` after a mistake.
pub(super) fn message(at: &str, raw: &RawStep, p: &mut Mistakes<'_>) -> Option<Message> {
    let template = match (&raw.send, &raw.send_hex, &raw.modbus) {
        (Some(text), None, None) => text.clone().into_bytes(),
        (None, Some(digits), None) => hex(&format!("{at}.send_hex"), digits, p),
        (None, None, Some(modbus)) => {
            if !raw.put.is_empty() {
                p.add(&format!("{at}.put"), "a Modbus request is complete");
            }
            let request = modbus_request(&format!("{at}.modbus"), modbus, p)?;
            if matches!(request, ModbusRequest::Write { .. }) && !raw.changes {
                let text = "a write changes the instrument: say `changes = true`";
                p.add(&format!("{at}.changes"), text);
            }
            return Some(Message::Modbus(request));
        }
        _ => {
            p.add(at, "needs one of `send`, `send_hex` and `modbus`");
            return None;
        }
    };
    if !(1..=MAX_REQUEST_BYTES).contains(&template.len()) {
        p.add(at, format!("1 to {MAX_REQUEST_BYTES} bytes can be sent"));
    }
    let puts = raw
        .put
        .iter()
        .enumerate()
        .filter_map(|(n, put)| checked_put(&format!("{at}.put[{n}]"), put, template.len(), p))
        .collect();
    Some(Message::Bytes {
        template: template.into(),
        puts,
    })
}

fn modbus_request(at: &str, raw: &RawModbus, p: &mut Mistakes<'_>) -> Option<ModbusRequest> {
    let function = raw.function;
    match (function, raw.register, raw.count, raw.value) {
        (1..=4, Some(register), Some(count), None) => {
            let most = if function <= 2 {
                MAX_COILS
            } else {
                MAX_REGISTERS
            };
            if !(1..=most).contains(&count) {
                p.add(&format!("{at}.count"), format!("must be 1 to {most}"));
            }
            if register.checked_add(count.saturating_sub(1)).is_none() {
                p.add(&format!("{at}.count"), "reads past the last register");
            }
            Some(ModbusRequest::Read {
                function,
                register,
                count,
            })
        }
        (5 | 6, Some(register), None, Some(value)) => {
            if function == 5 && !matches!(value, 0 | 0xff00) {
                p.add(&format!("{at}.value"), "a coil is 65280 (on) or 0 (off)");
            }
            Some(ModbusRequest::Write {
                function,
                register,
                value,
            })
        }
        (7, None, None, None) => Some(ModbusRequest::Status),
        _ => {
            let text = "functions 1 to 4 take `register` and `count`, 5 and 6 `register` and \
                        `value`, 7 nothing; there are no others";
            p.add(at, text);
            None
        }
    }
}

fn checked_put(at: &str, raw: &RawPut, length: usize, p: &mut Mistakes<'_>) -> Option<Put> {
    let what = match raw.what.as_str() {
        "packet" => PutWhat::Packet,
        "address" => PutWhat::Address,
        "xor8" => PutWhat::Xor8,
        "sum8" => PutWhat::Sum8,
        "ones16" => PutWhat::Ones16,
        "crc16_modbus" => PutWhat::Crc16Modbus,
        other => {
            let all = "packet, address, xor8, sum8, ones16, crc16_modbus";
            p.add(&format!("{at}.what"), format!("`{other}` is none of {all}"));
            return None;
        }
    };
    let form = match raw.form.as_str() {
        "u8" => PutForm::U8,
        "u16le" => PutForm::U16Le,
        "u16be" => PutForm::U16Be,
        "hex2" => PutForm::Hex2,
        "hex4" => PutForm::Hex4,
        other => {
            let all = "u8, u16le, u16be, hex2, hex4";
            p.add(&format!("{at}.form"), format!("`{other}` is none of {all}"));
            return None;
        }
    };
    let is_checksum = !matches!(what, PutWhat::Packet | PutWhat::Address);
    if !is_checksum && (raw.from.is_some() || raw.to.is_some()) {
        p.add(at, "`from` and `to` go with a checksum");
    }
    let is_wide = matches!(what, PutWhat::Ones16 | PutWhat::Crc16Modbus);
    if is_wide && matches!(form, PutForm::U8 | PutForm::Hex2) {
        p.add(&format!("{at}.form"), "is too narrow for this checksum");
    }
    let put = Put {
        what,
        at: raw.at,
        form,
        from: raw.from.unwrap_or(0),
        to: raw.to.unwrap_or(raw.at),
    };
    if put.at.saturating_add(form.n_bytes()) > length {
        let text = "lies behind the end: write zeros where the number goes";
        p.add(&format!("{at}.at"), text);
    }
    if is_checksum && (put.from >= put.to || put.to > length) {
        p.add(
            &format!("{at}.from"),
            "the checksum covers nothing, or too much",
        );
    }
    Some(put)
}

/// Bytes from hex digits, with blanks anywhere between pairs.
pub(super) fn hex(at: &str, digits: &str, p: &mut Mistakes<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in digits.split_whitespace() {
        let nibbles: Option<Vec<u8>> = word
            .chars()
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        match nibbles {
            Some(nibbles) if nibbles.len() % 2 == 0 => {
                bytes.extend(
                    nibbles
                        .chunks_exact(2)
                        .map(|pair| pair.iter().fold(0u8, |byte, nibble| byte << 4 | nibble)),
                );
            }
            _ => p.add(at, format!("`{word}` is not pairs of hex digits")),
        }
    }
    bytes
}
