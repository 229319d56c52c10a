//! Frames that begin with a mark and tell where they end: by a fixed length, a
//! length field, an end mark, or the brace that closes a JSON object.
//!
//! A mark can occur inside data too. So a frame counts only when all that can be
//! checked of it fits; else one byte goes astray and the search goes on behind
//! it. What is found depends on the bytes alone, not on how they were cut into
//! reads.

use bytes::{Buf, Bytes, BytesMut};

use super::json::ObjectScan;
use super::stray::{Begins, Stray};
use super::{Framed, Verdict, verify};
use crate::profile::{Checksum, FrameLength, LengthWidth};

/// How the end of a frame is found.
#[derive(Debug)]
pub(super) enum Measure {
    /// By its length; `end` must stand at its end.
    Length { length: FrameLength, end: Vec<u8> },
    /// By a mark.
    Until {
        end: Vec<u8>,
        /// Whether the first mark may stand inside a frame.
        begin_inside: bool,
        /// How much of the candidate holds no end.
        searched: usize,
    },
    /// By the brace that closes it.
    Object(ObjectScan),
}

/// What the bytes at the front of the buffer are.
enum Look {
    /// Too few of them to say.
    Wait,
    /// The first one begins no frame.
    Noise,
    /// So many are a frame.
    Frame(usize),
    /// So many would be a frame, but end with something else.
    Misfit(usize),
    /// So many are a frame with a wrong checksum.
    Failed(usize),
    /// So many are the beginning of a frame, and then another one begins.
    Cut(usize),
    /// A frame without an end.
    Endless,
}

/// Finds marked frames in a stream.
#[derive(Debug)]
pub(super) struct MarkedFramer {
    begin: Vec<u8>,
    measure: Measure,
    between: Vec<u8>,
    max_bytes: usize,
    proof: Option<Checksum>,
    buffer: BytesMut,
    stray: Stray,
    /// A frame that waits until what came before it is reported.
    ready: Option<Bytes>,
    ended: bool,
}

impl MarkedFramer {
    pub(super) fn new(
        begin: &[u8],
        measure: Measure,
        between: &[u8],
        max_bytes: usize,
        proof: Option<Checksum>,
    ) -> Self {
        Self {
            begin: begin.to_vec(),
            measure,
            between: between.to_vec(),
            max_bytes,
            proof,
            buffer: BytesMut::new(),
            stray: Stray::default(),
            ready: None,
            ended: false,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn next_frame(&mut self) -> Option<Framed> {
        if let Some(frame) = self.ready.take() {
            return Some(Framed::Frame(frame));
        }
        loop {
            let out = match self.look() {
                Look::Wait if !self.ended || self.buffer.is_empty() => return None,
                Look::Wait => {
                    if self.buffer.starts_with(&self.begin) {
                        self.stray.begin(Begins::Cut);
                    }
                    self.slide()
                }
                Look::Noise => self.slide(),
                Look::Endless => {
                    self.stray.begin(Begins::Endless);
                    self.slide()
                }
                Look::Misfit(len) => {
                    self.stray.begin(Begins::Misfit(len));
                    self.slide()
                }
                Look::Failed(len) => {
                    let before = self.before_failed();
                    self.stray.begin(Begins::Failed(len));
                    before.or(self.slide())
                }
                Look::Cut(len) => Some(self.cut(len)),
                Look::Frame(len) => Some(self.frame(len)),
            };
            if out.is_some() {
                return out;
            }
        }
    }

    /// What is left when the stream has ended; to be called until it gives
    /// nothing.
    pub(super) fn finish(&mut self) -> Option<Framed> {
        self.ended = true;
        let framed = self.next_frame();
        self.ended = false;
        framed.or_else(|| self.stray.take())
    }

    pub(super) fn clear(&mut self) {
        self.buffer.clear();
        self.stray = Stray::default();
        self.ready = None;
        self.measure.restart();
    }

    /// A second damaged frame right behind a first one is a loss of its own.
    fn before_failed(&mut self) -> Option<Framed> {
        if self.stray.is_one_failed_frame() {
            self.stray.take()
        } else {
            None
        }
    }

    /// Gives up the first byte.
    fn slide(&mut self) -> Option<Framed> {
        self.measure.restart();
        let byte = *self.buffer.first()?;
        self.buffer.advance(1);
        if self.stray.is_empty() && self.between.contains(&byte) {
            return None;
        }
        self.stray.add(byte);
        if self.stray.is_full() {
            self.stray.take()
        } else {
            None
        }
    }

    fn frame(&mut self, len: usize) -> Framed {
        self.measure.restart();
        let frame = self.buffer.split_to(len.min(self.buffer.len())).freeze();
        match self.stray.take() {
            Some(stray) => {
                self.ready = Some(frame);
                stray
            }
            None => Framed::Frame(frame),
        }
    }

    fn cut(&mut self, len: usize) -> Framed {
        if let Some(stray) = self.stray.take() {
            // The cut frame is found again on the next call.
            return stray;
        }
        self.measure.restart();
        let len = len.min(self.buffer.len());
        Framed::Unfinished(self.buffer.split_to(len).freeze())
    }

    fn look(&mut self) -> Look {
        let bytes: &[u8] = &self.buffer;
        if !bytes.starts_with(&self.begin) {
            return if self.begin.starts_with(bytes) {
                Look::Wait
            } else {
                Look::Noise
            };
        }
        let len = match self.measure.len(bytes, &self.begin, self.max_bytes) {
            Ok(len) => len,
            Err(look) => return look,
        };
        let Some(frame) = bytes.get(..len) else {
            return Look::Wait;
        };
        if let Measure::Length { end, .. } = &self.measure
            && !frame.ends_with(end)
        {
            return Look::Misfit(len);
        }
        match &self.proof {
            Some(proof) if verify(proof, frame) != Verdict::Good => Look::Failed(len),
            _ => Look::Frame(len),
        }
    }
}

impl Measure {
    /// Forgets what is known of a candidate that is none any more.
    fn restart(&mut self) {
        match self {
            Self::Length { .. } => {}
            Self::Until { searched, .. } => *searched = 0,
            Self::Object(scan) => *scan = ObjectScan::default(),
        }
    }

    /// The length of the frame that `bytes` begin with, as far as it is known.
    fn len(&mut self, bytes: &[u8], begin: &[u8], max_bytes: usize) -> Result<usize, Look> {
        match self {
            Self::Length { length, end } => {
                let len = match *length {
                    FrameLength::Fixed(len) => len,
                    FrameLength::Field { at, width, adds } => {
                        let field = field(bytes, at, width).ok_or(Look::Wait)?;
                        let len = i64::from(field) + i64::from(adds);
                        usize::try_from(len).map_err(|_| Look::Noise)?
                    }
                };
                if len > max_bytes || len < begin.len() + end.len() {
                    return Err(Look::Noise);
                }
                Ok(len)
            }
            Self::Until {
                end,
                begin_inside,
                searched,
            } => {
                let mut at = (*searched).max(begin.len());
                while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
                    if rest.starts_with(end) {
                        let len = at + end.len();
                        return if len > max_bytes {
                            Err(Look::Endless)
                        } else {
                            Ok(len)
                        };
                    }
                    if at >= max_bytes {
                        return Err(Look::Endless);
                    }
                    if !*begin_inside && rest.starts_with(begin) {
                        return Err(Look::Cut(at));
                    }
                    let undecided =
                        end.starts_with(rest) || (!*begin_inside && begin.starts_with(rest));
                    if undecided {
                        break;
                    }
                    at += 1;
                }
                *searched = at;
                Err(Look::Wait)
            }
            Self::Object(scan) => match scan.end(bytes) {
                Some(len) if len <= max_bytes => Ok(len),
                Some(_) => Err(Look::Endless),
                None if bytes.len() > max_bytes => Err(Look::Endless),
                None => Err(Look::Wait),
            },
        }
    }
}

fn field(bytes: &[u8], at: usize, width: LengthWidth) -> Option<u16> {
    let byte = |at: usize| bytes.get(at).copied();
    Some(match width {
        LengthWidth::U8 => byte(at)?.into(),
        LengthWidth::U16Le => u16::from_le_bytes([byte(at)?, byte(at + 1)?]),
        LengthWidth::U16Be => u16::from_be_bytes([byte(at)?, byte(at + 1)?]),
    })
}
