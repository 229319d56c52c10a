//! Against real parts, started on free ports of the loopback and stopped by the
//! tests, and what takes a minute of real time. `tests/run` installs what is
//! missing; a part that is missing here fails the test that needs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tier, which uses all of it"
)]
mod support;

mod broker;
#[path = "../it/hostile/strings.rs"]
mod hostile;

mod cap;
mod faketime;
mod fleet;
mod kill;
mod mosquitto;
mod outage;
