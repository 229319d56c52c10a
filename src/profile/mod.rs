//! Device profiles: an instrument's wire protocol as data.
//!
//! [`schema`] is the file as written, `check` finds every mistake in it, and
//! what passes is a [`Profile`], in which names have become indices and nothing
//! can be wrong any more. [`Registry`] holds the built-in profiles with those of
//! the user's directory on top.

mod check;
pub mod dialogue;
mod model;
mod registry;
pub mod schema;

pub(crate) use check::quantity_dimension;
pub use model::{
    Availability, CaptureId, Case, CaseRow, Checksum, Column, CountingRule, Cover, Crc16, DeadTime,
    Divisor, Encoding, Endian, Field, FieldKind, Format, FrameLength, Framing, FramingKind,
    HdopRule, Inside, JsonPlace, LengthWidth, Make, Message, NamePart, NameTemplate, NumberTest,
    Part, Pattern, PositionForm, PositionRule, Profile, Region, Remember, Response, Sensitivity,
    SensitivityRule, SequenceRule, SerialLine, Source, StatusRule, StatusWords, Stored, Sum,
    TimeForm, TimeRule, ToldBy, TopicLevel, TopicPattern, Transport, UnitRule, ValueRule, What,
    When, XmlPlace,
};
pub use registry::{LookupError, Origin, ProfileError, ProfileProblem, Registry};
