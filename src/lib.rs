//! Pantau watches radiation instruments and raises activations.
//!
//! Read the tree downwards; a module imports from what stands above it.
//!
//! ```text
//! words        clock, error, json, units, ack, reading, language,   no I/O
//!              access
//!
//! core         profile     instruments as data
//!              frame       bytes to frames; checksums
//!              dialogue    scripts and polling: what is said when
//!              decode      frame + profile to raw reading
//!              normalise   raw reading to reading: units, calibration, position
//!              quality     copies, clocks, counts
//!              criteria    what a reading means, by rule id
//!              cases       the same for worked cases
//!              guard       what of a judged reading is acted on, by its counts
//!              activation  conditions, places, activations, messages
//!              casework    cases of people, clocks
//!              background  what an instrument shows where nothing happens
//!              closing     what is still missing before an end may be proposed
//!              fault       faults of the watch itself: one id, one notice
//!              supervision finds them: silence, stuck values, links, clocks
//!
//! edges        source      serial lines, MQTT, recordings: produce frames
//!              store       readings on disk, in SQLite
//!              journal     transitions and outbox on disk, hash-chained; signed heads
//!              deliver     events to subscribers: log, MQTT, webhook
//!              exchange    records, CSV, GeoJSON, recapitulation of cases
//!              records     cases on disk, hash-chained; closing records
//!              http        status, API, metrics
//!              telemetry   the log, names of metrics
//!              notify      the service manager and its watchdog
//!
//! wiring       config      file and environment to a checked configuration
//!              pipeline    tasks and channels; replay
//!              recording   a recording through the core, for `profile decode`
//!              cli         one file for each verb
//! ```
//!
//! The core never awaits, logs, sleeps or opens anything: time comes in as an
//! argument, what is to be done comes out as a value.

pub mod access;
pub mod ack;
pub mod clock;
pub mod error;
pub mod json;
pub mod language;
pub mod reading;
pub mod units;

pub mod activation;
pub mod background;
pub mod cases;
pub mod casework;
pub mod closing;
pub mod criteria;
pub mod decode;
pub mod dialogue;
pub mod fault;
pub mod frame;
pub mod guard;
pub mod normalise;
pub mod profile;
pub mod quality;
pub mod supervision;

pub mod deliver;
pub mod exchange;
pub mod http;
pub mod journal;
pub mod notify;
pub mod records;
pub mod source;
pub mod store;
pub mod telemetry;

pub mod cli;
pub mod config;
pub mod pipeline;
pub mod recording;
