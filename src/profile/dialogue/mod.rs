//! The dialogue part of a profile: scripts and the polling cycle.
//!
//! `schema` is the table as written, `check` finds its mistakes, and `model` is
//! what passes. Who speaks is [`crate::dialogue`].

pub(super) mod check;
mod model;
mod request;
mod schema;

pub use model::{
    Answer, Ask, CrcOrder, Dialogue, Expect, Label, LabelPart, Message as DialogueMessage,
    ModbusRequest, Poll, Prefix, Put, PutForm, PutWhat, Request, Set, Shape, Step,
};
pub use schema::{RawDialogue, RawExpect, RawModbus, RawPoll, RawPut, RawSet, RawStep};

#[cfg(test)]
mod tests;
