//! The ways bytes get in: serial lines, an MQTT broker, recordings.

pub mod capture;
