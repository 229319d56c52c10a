//! Pantau watches radiation instruments and raises activations.

pub mod clock;
pub mod error;
pub mod units;

pub mod ack;
pub mod reading;

pub mod activation;
pub mod cases;
pub mod criteria;
pub mod decode;
pub mod exchange;
pub mod frame;
pub mod normalise;
pub mod profile;
pub mod quality;
pub mod recording;

pub mod config;
pub mod deliver;
pub mod http;
pub mod journal;
pub mod source;
pub mod store;
pub mod telemetry;

pub mod cli;
pub mod pipeline;
