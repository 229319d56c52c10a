//! Fake radiation instruments, written from the makers' sheets.
//!
//! A mock speaks its instrument's protocol on a pseudo-terminal, to a host that
//! listens, to an MQTT broker or into a recording, counts what a [`Scenario`](scenario::Scenario) lets it count, and
//! misbehaves when its [`Faults`](faults::Faults) say so. The encoders here share
//! no code with the daemon's decoders: two readings of one sheet catch a
//! misreading of it.
//!
//! ```text
//! prng       seeded random numbers, Poisson draws
//! geo        positions, distances
//! scenario   background, hidden sources, routes, speed of time; the demo
//! faults     what goes wrong and when, and what that does to frames
//! firmware   the traits an instrument implements
//! detector   counts, by chance or steadily
//! inbox      what an instrument has heard and not yet understood
//! nmea       checksum and angles of NMEA 0183
//! modbus     requests and answers of Modbus RTU
//! families   one file per instrument family
//! pty        a pseudo-terminal
//! socket     a TCP address that others connect to
//! port       where either is plugged in and out
//! mqtt       one message at a time to a broker
//! mock       tasks that run a firmware on a port, a connection or a broker
//! record     a firmware's scenario as a recording, without waiting for it
//! player     a recording through a port
//! ```
//!
//! `cargo run -p firmware-mocks -- list` names them all; to run one by hand:
//! `cargo run -p firmware-mocks -- mightyohm`.

pub mod prng;

pub mod geo;

pub mod scenario;

pub mod faults;

pub mod firmware;

pub mod detector;

pub mod inbox;

pub mod modbus;

pub mod nmea;

pub mod families;

pub mod pty;

pub mod socket;

pub mod port;

pub mod mqtt;

pub mod mock;

pub mod record;

pub mod player;
