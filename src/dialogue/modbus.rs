//! Modbus RTU: requests, and where their answers end.
//!
//! The end of a frame is known from the request, not from 3.5 characters of
//! silence: USB adapters deliver in blocks, and their gaps mean nothing.

use bytes::{Buf, Bytes, BytesMut};

use super::sum::crc16_modbus;
use crate::profile::dialogue::{CrcOrder, ModbusRequest};

/// Set in the function code of an answer that says why there is none.
const EXCEPTION: u8 = 0x80;
/// Address, function, code and two CRC bytes.
const EXCEPTION_BYTES: usize = 5;

/// A search for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing so far.
    Nothing,
    /// A whole answer with the right checksum.
    Answer(Bytes),
    /// A whole answer that says why the request was not served.
    Exception(Bytes),
}

/// The bytes of a request, CRC included.
pub(super) fn request(request: ModbusRequest, address: u8, order: CrcOrder) -> Bytes {
    let mut frame = vec![address, request.function()];
    match request {
        ModbusRequest::Read {
            register, count, ..
        } => {
            frame.extend(register.to_be_bytes());
            frame.extend(count.to_be_bytes());
        }
        ModbusRequest::Write {
            register, value, ..
        } => {
            frame.extend(register.to_be_bytes());
            frame.extend(value.to_be_bytes());
        }
        ModbusRequest::Status => {}
    }
    let crc = crc_bytes(&frame, order);
    frame.extend(crc);
    frame.into()
}

/// Looks for the answer to `request` in what has come in, and takes it with all
/// that stands before it.
pub(super) fn find(
    request: ModbusRequest,
    address: u8,
    order: CrcOrder,
    input: &mut BytesMut,
) -> Found {
    let Some((skip, length)) = whole(request, address, order, input) else {
        return Found::Nothing;
    };
    input.advance(skip);
    let frame = input.split_to(length).freeze();
    let is_exception = frame.get(1).is_some_and(|code| code & EXCEPTION != 0);
    if is_exception {
        Found::Exception(frame)
    } else {
        Found::Answer(frame)
    }
}

/// Where the first sound answer begins, and how long it is.
///
/// Rubbish can look like the beginning of an answer, so that what follows an open
/// one is looked at as well.
fn whole(
    request: ModbusRequest,
    address: u8,
    order: CrcOrder,
    input: &[u8],
) -> Option<(usize, usize)> {
    (0..input.len()).find_map(|skip| {
        let rest = input.get(skip..)?;
        match candidate(request, address, order, rest) {
            Candidate::Whole(length) => Some((skip, length)),
            Candidate::No | Candidate::Open => None,
        }
    })
}

/// The function code of a whole frame from `address` with the right checksum;
/// that of an exception counts as the function's.
pub(super) fn sound_function(address: u8, order: CrcOrder, frame: &[u8]) -> Option<u8> {
    let (body, crc) = frame.split_last_chunk::<2>()?;
    let [first, function, ..] = body else {
        return None;
    };
    (*first == address && crc_bytes(body, order) == *crc).then_some(function & !EXCEPTION)
}

/// What stands before the first sound answer, with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stray {
    /// Nothing, or all there is: no sound answer follows.
    None,
    /// An answer of the right length with a wrong checksum.
    Failed(usize),
    /// An answer that ends too early.
    Cut(usize),
    /// Anything else.
    Noise(usize),
}

/// Looks at what stands before the answer to `request`. Where its checksum is
/// wrong, an answer is known by its head, or by the one that follows.
pub(super) fn stray(request: ModbusRequest, address: u8, order: CrcOrder, bytes: &[u8]) -> Stray {
    let found = whole(request, address, order, bytes);
    if found.is_some_and(|(skip, _)| skip == 0) {
        return Stray::None;
    }
    let head = [address, request.function()];
    if let Some((frame, rest)) = bytes.split_at_checked(request.answer_bytes()) {
        let is_followed = rest.is_empty() || rest.first() == Some(&address);
        if is_followed
            && (frame.starts_with(&head) || rest.get(..2).is_none_or(|next| next == head))
        {
            return Stray::Failed(frame.len());
        }
    }
    match found {
        Some((skip, _)) if bytes.starts_with(&head) => Stray::Cut(skip),
        Some((skip, _)) => Stray::Noise(skip),
        None => Stray::None,
    }
}

enum Candidate {
    /// No answer begins here.
    No,
    /// One may, but is not whole yet.
    Open,
    /// One with this length does.
    Whole(usize),
}

fn candidate(request: ModbusRequest, address: u8, order: CrcOrder, bytes: &[u8]) -> Candidate {
    let function = request.function();
    let (Some(first), second, third) = (bytes.first(), bytes.get(1), bytes.get(2)) else {
        return Candidate::No;
    };
    if *first != address {
        return Candidate::No;
    }
    let Some(second) = second else {
        return Candidate::Open;
    };
    let length = if *second == function | EXCEPTION {
        EXCEPTION_BYTES
    } else if *second == function {
        // A read says how many bytes of data it has; the request knows already.
        if let (Some(data), Some(third)) = (request.data_bytes(), third)
            && usize::from(*third) != data
        {
            return Candidate::No;
        }
        request.answer_bytes()
    } else {
        return Candidate::No;
    };
    match bytes.get(..length) {
        None => Candidate::Open,
        Some(frame) if is_sound(frame, order) => Candidate::Whole(length),
        Some(_) => Candidate::No,
    }
}

/// Whether the CRC at the end of `frame` is right.
fn is_sound(frame: &[u8], order: CrcOrder) -> bool {
    frame
        .split_last_chunk::<2>()
        .is_some_and(|(body, crc)| crc_bytes(body, order) == *crc)
}

fn crc_bytes(body: &[u8], order: CrcOrder) -> [u8; 2] {
    let crc = crc16_modbus(body);
    match order {
        CrcOrder::LowHigh => crc.to_le_bytes(),
        CrcOrder::HighLow => crc.to_be_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(register: u16, count: u16) -> ModbusRequest {
        ModbusRequest::Read {
            function: 4,
            register,
            count,
        }
    }

    #[track_caller]
    fn check_request(made: ModbusRequest, expected: &[u8]) {
        assert_eq!(request(made, 1, CrcOrder::HighLow), expected);
    }

    /// The requests that the catalogue gives for the BDKG-05.
    #[test]
    fn requests_are_those_of_the_bdkg_05() {
        check_request(ModbusRequest::Status, &[0x01, 0x07, 0xe2, 0x41]);
        check_request(
            read(1, 1),
            &[0x01, 0x04, 0x00, 0x01, 0x00, 0x01, 0x0a, 0x60],
        );
        check_request(
            read(8, 2),
            &[0x01, 0x04, 0x00, 0x08, 0x00, 0x02, 0x09, 0xf0],
        );
        let write = |function, register, value| ModbusRequest::Write {
            function,
            register,
            value,
        };
        check_request(
            write(6, 0, 0xffff),
            &[0x01, 0x06, 0x00, 0x00, 0xff, 0xff, 0x7a, 0x88],
        );
        check_request(
            write(5, 0x23, 0xff00),
            &[0x01, 0x05, 0x00, 0x23, 0xff, 0x00, 0xf0, 0x7d],
        );
        check_request(
            write(5, 0x22, 0xff00),
            &[0x01, 0x05, 0x00, 0x22, 0xff, 0x00, 0x30, 0x2c],
        );
    }

    #[test]
    fn the_usual_order_is_low_byte_first() {
        let made = request(ModbusRequest::Status, 1, CrcOrder::LowHigh);
        assert_eq!(made, &[0x01, 0x07, 0x41, 0xe2][..]);
    }

    const DOSE_RATE: [u8; 9] = [0x01, 0x04, 0x04, 0x34, 0x21, 0x06, 0x43, 0xef, 0xe7];

    #[track_caller]
    fn check_find(input: &[u8], expected: &Found) {
        let mut input = BytesMut::from(input);
        assert_eq!(
            &find(read(8, 2), 1, CrcOrder::HighLow, &mut input),
            expected
        );
    }

    #[test]
    fn an_answer_is_found_behind_rubbish_and_inside_a_false_start() {
        let answer = Found::Answer(Bytes::from_static(&DOSE_RATE));
        check_find(&DOSE_RATE, &answer);
        check_find(&[&[0xff, 0x00][..], &DOSE_RATE].concat(), &answer);
        check_find(&[&[0x01, 0x04, 0x04][..], &DOSE_RATE].concat(), &answer);
        check_find(&[&[0x01][..], &DOSE_RATE].concat(), &answer);
    }

    #[test]
    fn an_exception_is_an_answer_of_its_own() {
        let body = [0x01, 0x84, 0x02];
        let frame = [&body[..], &crc_bytes(&body, CrcOrder::HighLow)].concat();
        check_find(&frame, &Found::Exception(frame.clone().into()));
    }

    #[test]
    fn other_instruments_and_wrong_lengths_are_no_answer() {
        for at in [0, 1, 2] {
            let mut frame = DOSE_RATE;
            frame[at] ^= 0x10;
            check_find(&frame, &Found::Nothing);
        }
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_never_an_answer(at in 0usize..9, change in 1u8..) {
            let mut frame = DOSE_RATE;
            frame[at] ^= change;
            let mut input = BytesMut::from(&frame[..]);
            let found = find(read(8, 2), 1, CrcOrder::HighLow, &mut input);
            prop_assert_eq!(found, Found::Nothing);
        }
    }
}
