//! Modbus RTU, the instrument's side: requests off the line, answers with a check.

use crate::faults::Frame;
use crate::inbox::Inbox;

/// In which order the two bytes of the check are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CrcOrder {
    /// As the standard says
    LowFirst,
    /// Swapped
    HighFirst,
}

/// A request, its check removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The function code.
    pub function: u8,
    /// Register or coil; 0 where the function has none.
    pub register: u16,
    /// How many, or what to write; 0 where the function has none.
    pub value: u16,
}

/// What an instrument that cannot answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// No such function.
    Function = 1,
    /// No such register.
    Address = 2,
    /// Not so many, or not this value.
    Value = 3,
}

/// Reads holding registers.
pub const READ_HOLDING: u8 = 0x03;
/// Reads input registers.
pub const READ_INPUT: u8 = 0x04;
/// Switches a coil.
pub const WRITE_COIL: u8 = 0x05;
/// Writes a register.
pub const WRITE_REGISTER: u8 = 0x06;
/// Reads the exception status.
pub const READ_STATUS: u8 = 0x07;

/// Set in the function code of an exception.
const REFUSED: u8 = 0x80;

/// Lengths without the check: address and function, and with two words.
const SHORT: usize = 2;
const LONG: usize = 6;

/// Most registers one answer holds.
const REGISTERS_MAX: u16 = 125;

/// CRC-16 of Modbus: A001, reflected, from FFFF.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xA001
            } else {
                crc >> 1
            }
        })
    })
}

/// `body` with its check behind it.
pub fn frame(mut body: Vec<u8>, order: CrcOrder) -> Frame {
    body.extend_from_slice(&check(&body, order));
    Frame::binary(body, 2)
}

fn check(body: &[u8], order: CrcOrder) -> [u8; 2] {
    let crc = crc16(body);
    match order {
        CrcOrder::LowFirst => crc.to_le_bytes(),
        CrcOrder::HighFirst => crc.to_be_bytes(),
    }
}

/// Takes the next request to `address` whose check is right; bytes that cannot start
/// one are dropped one by one.
///
/// A mock sees no pauses, so the length follows from the function.
pub fn request(inbox: &mut Inbox, address: u8, order: CrcOrder) -> Option<Request> {
    loop {
        let &[to, function, ..] = inbox.bytes() else {
            return None;
        };
        let len = if function == READ_STATUS { SHORT } else { LONG };
        if to != address {
            inbox.byte();
            continue;
        }
        let whole = inbox.bytes().get(..len + 2)?;
        let (body, sent) = whole.split_at(len);
        if check(body, order) != *sent {
            inbox.byte();
            continue;
        }
        let word = |at: usize| match body.get(at..at + 2) {
            Some(&[high, low]) => u16::from_be_bytes([high, low]),
            _ => 0,
        };
        let request = Request {
            function,
            register: word(2),
            value: word(4),
        };
        inbox.take(len + 2);
        return Some(request);
    }
}

/// The answer with the registers that were asked for, out of `words`, which start at
/// register `first`.
///
/// # Errors
///
/// [`Exception`] for registers that are not there.
pub fn registers(
    address: u8,
    request: Request,
    first: u16,
    words: &[u16],
) -> Result<Vec<u8>, Exception> {
    if request.value == 0 || request.value > REGISTERS_MAX {
        return Err(Exception::Value);
    }
    let start = request.register.checked_sub(first).map(usize::from);
    let start = start.ok_or(Exception::Address)?;
    let end = start + usize::from(request.value);
    let asked = words.get(start..end).ok_or(Exception::Address)?;
    let n_bytes = u8::try_from(asked.len() * 2).map_err(|_| Exception::Value)?;
    let mut body = vec![address, request.function, n_bytes];
    body.extend(asked.iter().flat_map(|word| word.to_be_bytes()));
    Ok(body)
}

/// What is said instead of an answer.
pub fn refusal(address: u8, request: Request, exception: Exception) -> Vec<u8> {
    vec![address, request.function | REFUSED, exception as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_in_both_orders() {
        let body = vec![0x01, 0x04, 0x00, 0x08, 0x00, 0x02];
        let swapped = frame(body.clone(), CrcOrder::HighFirst);
        assert_eq!(swapped.bytes[6..], [0x09, 0xF0]);
        assert_eq!(swapped.checksum, Some(6..8));
        assert_eq!(frame(body, CrcOrder::LowFirst).bytes[6..], [0xF0, 0x09]);
    }

    #[test]
    fn requests_are_found_between_rubbish() {
        let mut inbox = Inbox::default();
        inbox.add(&[
            0x00, 0x01, 0xFF, 0x01, 0x07, 0xE2, 0x41, 0x01, 0x04, 0x00, 0x08,
        ]);
        // The rubbish after 01 looks like the start of a request until its check.
        let first = request(&mut inbox, 1, CrcOrder::HighFirst);
        let status = Request {
            function: READ_STATUS,
            register: 0,
            value: 0,
        };
        assert_eq!(first, Some(status));
        assert_eq!(request(&mut inbox, 1, CrcOrder::HighFirst), None);
        inbox.add(&[0x00, 0x02, 0x09, 0xF0]);
        let read = Request {
            function: READ_INPUT,
            register: 8,
            value: 2,
        };
        assert_eq!(request(&mut inbox, 1, CrcOrder::HighFirst), Some(read));
        inbox.add(&[0x01, 0x07, 0x41, 0xE2]);
        assert_eq!(request(&mut inbox, 1, CrcOrder::HighFirst), None, "order");
    }

    #[test]
    fn registers_that_are_not_there_are_refused() {
        let read = |register, value| {
            let request = Request {
                function: READ_INPUT,
                register,
                value,
            };
            registers(1, request, 1, &[10, 20, 30])
        };
        assert_eq!(read(2, 2), Ok(vec![1, 4, 4, 0, 20, 0, 30]));
        assert_eq!(read(0, 1), Err(Exception::Address));
        assert_eq!(read(3, 2), Err(Exception::Address));
        assert_eq!(read(1, 0), Err(Exception::Value));
        assert_eq!(read(1, 126), Err(Exception::Value));
    }
}
