//! Integration tests, one module for each subject.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod alarm;
mod cap;
mod casework;
mod channels;
mod chunks;
mod cli;
mod closing;
mod config;
mod criteria;
mod damage;
mod deliver;
mod dialogue;
mod elevation;
mod faults;
mod framing;
mod gps;
mod guard;
mod hostile;
mod http;
mod journal;
mod mail;
mod messages;
mod mocks;
mod mqtt;
mod outages;
mod ports;
mod profile_docs;
mod profiles;
mod readme;
mod roles;
mod serial;
mod storm;
mod support;
mod webhook;
