//! Every metric, once, with its help text. Dashboards use no other names.

/// A metric's name, kind and help text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name; counters end in `_total`.
    pub name: &'static str,
    /// `counter` or `gauge`.
    pub kind: &'static str,
    /// What it counts, in which unit.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident = $name:literal, $kind:literal, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Metric = Metric { name: $name, kind: $kind, help: $help };
        )+

        /// All of them.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    BUILD_INFO = "pantau_build_info", "gauge", "Always 1; the version is a label.";
    UPTIME = "pantau_uptime_seconds", "gauge", "Seconds since the daemon started.";
    RECEIVED = "pantau_readings_received_total", "counter", "Readings and refused frames received, each once, by instrument.";
    STORED = "pantau_readings_stored_total", "counter", "Readings in the embedded store since the start, by instrument.";
    WAITING = "pantau_readings_waiting", "gauge", "Readings on their way to the store, by instrument.";
    REFUSED = "pantau_frames_refused_total", "counter", "Frames and readings refused, by instrument and reason.";
    DUPLICATES = "pantau_readings_duplicate_total", "counter", "Readings that came again, by instrument.";
    LATE = "pantau_readings_late_total", "counter", "Readings that were old when they arrived, by instrument.";
    GAPS = "pantau_readings_missing_total", "counter", "Message numbers missing so far, by instrument.";
    IGNORED = "pantau_frames_ignored_total", "counter", "Legal frames without a reading, by instrument.";
    UNGUARDED = "pantau_readings_unguarded_total", "counter", "Readings received at QoS 0, by instrument.";
    AGE = "pantau_reading_age_seconds", "gauge", "Seconds since the instrument's last reading.";
    CONNECTED = "pantau_source_connected", "gauge", "1 when the instrument's way in is open.";
    BROKER = "pantau_broker_connected", "gauge", "1 when the subscriptions on the broker are confirmed.";
    STORE_OK = "pantau_store_ok", "gauge", "1 when writes reach the disk.";
    COMMITS = "pantau_store_commits_total", "counter", "Group commits of the embedded store.";
    ACTIVATIONS = "pantau_activations_open", "gauge", "Open activations by their highest class.";
    HTTP_REFUSED = "pantau_http_refused_total", "counter", "HTTP requests refused before anybody looked at them, by reason.";
    FAULTS = "pantau_faults_open", "gauge", "Open faults of the watch itself, by kind.";
    OUTBOX = "pantau_outbox_waiting", "gauge", "Events not yet accepted, by subscriber.";
    FLOOD = "pantau_alarm_flood", "gauge", "1 when alarms are told together because there are too many, by subscriber.";
}
