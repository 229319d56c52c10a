//! What one frame of one instrument says, once units and meaning are settled.
//!
//! A reading never holds a sentinel: a number that must not pass for a normal
//! one is a [`NoValue`] with its reason, and everything in doubt is a flag.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::clock::{Received, Wall};
use crate::units::{CountRate, Dose, DoseRate, SurfaceActivity};

/// An instrument's name: text, with every leading zero it came with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(Arc<str>);

impl InstrumentId {
    /// Longest name that is accepted, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Takes a name of 1 to 64 letters, digits, `-`, `_`, `.` or `:`.
    ///
    /// Names become MQTT topic levels, file names, tags and metric labels, so
    /// nothing else is let in.
    pub fn new(text: &str) -> Option<Self> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        (!text.is_empty() && text.len() <= Self::MAX_CHARS && text.chars().all(good))
            .then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstrumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Writes an enum of plain variants with the text each one has outside.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $( $(#[$vmeta])* $variant ),+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for it in records, topics and configuration.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads the word back.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What kind of radiation a count rate counts.
    pub enum Radiation {
        /// Alpha particles alone.
        Alpha = "alpha",
        /// Beta particles alone.
        Beta = "beta",
        /// Photons.
        Gamma = "gamma",
        /// Alpha and beta, not told apart.
        AlphaBeta = "alpha_beta",
        /// Alpha, beta and gamma, not told apart.
        AlphaBetaGamma = "alpha_beta_gamma",
        /// Neutrons.
        Neutron = "neutron",
        /// The instrument does not say.
        Unspecified = "unspecified",
    }
}

/// What a channel of a reading measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// Ambient dose equivalent rate H*(10).
    DoseRate,
    /// Counts by time, never without their radiation.
    CountRate(Radiation),
    /// Accumulated dose.
    Dose,
    /// Surface activity, as sent.
    SurfaceActivity(Radiation),
}

impl Quantity {
    /// `dose_rate`, `count_rate`, `dose` or `surface_activity`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DoseRate => "dose_rate",
            Self::CountRate(_) => "count_rate",
            Self::Dose => "dose",
            Self::SurfaceActivity(_) => "surface_activity",
        }
    }

    /// The radiation, for the quantities that have one.
    pub const fn radiation(self) -> Option<Radiation> {
        match self {
            Self::CountRate(radiation) | Self::SurfaceActivity(radiation) => Some(radiation),
            Self::DoseRate | Self::Dose => None,
        }
    }

    /// The canonical unit, as records print it.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::DoseRate => "uSv/h",
            Self::CountRate(_) => "cps",
            Self::Dose => "uSv",
            Self::SurfaceActivity(_) => "Bq/cm2",
        }
    }
}

/// An amount in the canonical unit of its quantity.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Amount {
    /// µSv/h.
    DoseRate(DoseRate),
    /// Counts per second.
    CountRate(CountRate),
    /// µSv.
    Dose(Dose),
    /// Bq/cm².
    SurfaceActivity(SurfaceActivity),
}

impl Amount {
    /// From a number in the canonical unit of `quantity`.
    ///
    /// # Errors
    ///
    /// When the number is negative, NaN or infinite.
    pub fn new(quantity: Quantity, value: f64) -> Result<Self, crate::units::AmountError> {
        Ok(match quantity {
            Quantity::DoseRate => Self::DoseRate(DoseRate::from_usv_per_h(value)?),
            Quantity::CountRate(_) => Self::CountRate(CountRate::from_per_s(value)?),
            Quantity::Dose => Self::Dose(Dose::from_usv(value)?),
            Quantity::SurfaceActivity(_) => {
                Self::SurfaceActivity(SurfaceActivity::from_bq_per_cm2(value)?)
            }
        })
    }

    /// The number, in the canonical unit.
    pub const fn number(self) -> f64 {
        match self {
            Self::DoseRate(rate) => rate.usv_per_h(),
            Self::CountRate(rate) => rate.per_s(),
            Self::Dose(dose) => dose.usv(),
            Self::SurfaceActivity(activity) => activity.bq_per_cm2(),
        }
    }
}

words! {
    /// Why there is no number to compare.
    pub enum NoValue {
        /// The field is beyond what the instrument can show: evidence of a high field.
        Overrange = "overrange",
        /// The instrument says its detector is broken.
        DetectorFault = "detector_fault",
        /// The instrument has not measured yet.
        NotInitialised = "not_initialised",
        /// The instrument said that it has nothing to report.
        NotReported = "not_reported",
    }
}

/// A value, or the reason there is none to compare.
pub type Measured<T> = Result<T, NoValue>;

/// A number as the instrument sent it; integers stay integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Without a fraction on the wire.
    Int(i64),
    /// With one.
    Float(f64),
}

impl Number {
    /// The number as a float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts stay far below 2^53; raw integers are kept beside"
    )]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }
}

/// What came off the wire for one value, before any conversion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raw {
    /// The number as sent.
    pub value: Number,
    /// Its unit, in Pantau's spelling.
    pub unit: &'static str,
}

/// A calibration factor and where it comes from; kept with every value it made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Factor {
    /// As a person reads it, for example `334 cpm per uSv/h`.
    pub text: String,
    /// The document, certificate or person it comes from.
    pub source: String,
}

/// One quantity of a reading.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// What is measured.
    pub quantity: Quantity,
    /// The amount, or why there is none.
    pub measured: Measured<Amount>,
    /// With [`NoValue::Overrange`]: the field is at least this high.
    pub at_least: Option<Amount>,
    /// As the instrument sent it; absent where it sent no number.
    pub raw: Option<Raw>,
    /// The calibration factor, where one was used.
    pub factor: Option<Arc<Factor>>,
    /// Counts behind the value and the seconds they were collected in, when
    /// the instrument tells them.
    pub counting: Option<Counting>,
}

/// Raw counts and their counting time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counting {
    /// Number of counts.
    pub counts: u64,
    /// Counting time in seconds, above zero.
    pub seconds: f64,
}

/// The channels of one reading; three fit without an allocation.
pub type Channels = SmallVec<[Channel; 3]>;

words! {
    /// Where a position comes from.
    pub enum PositionSource {
        /// The frame itself.
        Frame = "frame",
        /// A GPS receiver beside the instrument.
        Fix = "fix",
        /// The configuration of a fixed station.
        Configured = "configured",
    }
}

/// A place on the Earth, WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Degrees north, -90 to 90.
    pub lat: f64,
    /// Degrees east, -180 to 180.
    pub lon: f64,
    /// Metres above mean sea level.
    pub alt_m: Option<f64>,
    /// Where it comes from.
    pub source: PositionSource,
    /// Age of the fix in seconds, for positions from a receiver.
    pub age_s: Option<f64>,
    /// Horizontal dilution of precision; unitless, 1 is ideal.
    pub hdop: Option<f64>,
}

impl Position {
    /// A bare position; `None` when a coordinate is not on the Earth.
    pub fn new(lat: f64, lon: f64, source: PositionSource) -> Option<Self> {
        ((-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)).then_some(Self {
            lat,
            lon,
            alt_m: None,
            source,
            age_s: None,
            hdop: None,
        })
    }
}

/// Defines a set of named flags stored in the bits of an integer.
macro_rules! flag_set {
    (
        $(#[$meta:meta])*
        $flag:ident, $set:ident, $bits:ty { $( $(#[$vmeta:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        crate::reading::words! {
            $(#[$meta])*
            pub enum $flag { $( $(#[$vmeta])* $variant = $word ),+ }
        }

        #[doc = concat!("A set of [`", stringify!($flag), "`]s; the bit is the variant's position.")]
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set($bits);

        impl $set {
            /// No flag.
            pub const EMPTY: Self = Self(0);

            /// Adds one.
            pub fn insert(&mut self, flag: $flag) {
                self.0 |= 1 << (flag as u32);
            }

            /// The set with one more.
            #[must_use]
            pub const fn with(self, flag: $flag) -> Self {
                Self(self.0 | 1 << (flag as u32))
            }

            /// Both sets together.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether it is in.
            pub const fn contains(self, flag: $flag) -> bool {
                self.0 & (1 << (flag as u32)) != 0
            }

            /// Whether there is none.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The bits, as stored.
            pub const fn bits(self) -> $bits {
                self.0
            }

            /// From stored bits; bits without a name are dropped.
            pub fn from_bits(bits: $bits) -> Self {
                $flag::ALL
                    .iter()
                    .filter(|flag| bits & (1 << (**flag as u32)) != 0)
                    .fold(Self::EMPTY, |set, flag| set.with(*flag))
            }

            /// Its members, in the order of their definition.
            pub fn iter(self) -> impl Iterator<Item = $flag> {
                $flag::ALL.iter().copied().filter(move |flag| self.contains(*flag))
            }
        }

        impl FromIterator<$flag> for $set {
            fn from_iter<I: IntoIterator<Item = $flag>>(flags: I) -> Self {
                flags.into_iter().fold(Self::EMPTY, Self::with)
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }
    };
}
pub(crate) use flag_set;

flag_set! {
    /// What decoding and normalising say about a reading.
    Flag, Flags, u32 {
        /// The instrument marks its count as not (yet) valid.
        CountInvalid = "count_invalid",
        /// The instrument marks its position void; it was dropped.
        GpsInvalid = "gps_invalid",
        /// The instrument sent a date that cannot be, or one without a zone.
        ClockInvalid = "clock_invalid",
        /// Measured at an assumed time: that of arrival.
        TimeAssumed = "time_assumed",
        /// The instrument says its detector is overloaded.
        Overload = "overload",
        /// The value is at or beyond the end of the instrument's range.
        Overrange = "overrange",
        /// The instrument says its detector is broken.
        DetectorFault = "detector_fault",
        /// The instrument says its high voltage is wrong.
        HvFault = "hv_fault",
        /// Battery low.
        LowBattery = "low_battery",
        /// The instrument says its calibration has run out.
        CalibrationExpired = "calibration_expired",
        /// The instrument has not measured yet.
        NotInitialised = "not_initialised",
        /// The instrument is warming up.
        WarmingUp = "warming_up",
        /// The instrument's own rate alarm.
        AlarmRate = "alarm_rate",
        /// The instrument's own dose alarm.
        AlarmDose = "alarm_dose",
        /// A retained MQTT message: not known to be fresh.
        Retained = "retained",
        /// Older than the freshness limit on arrival.
        Stale = "stale",
        /// The frame's checksum was wrong or missing and the profile only warns.
        ChecksumUnverified = "checksum_unverified",
        /// A röntgen unit was converted by convention.
        RoentgenConverted = "roentgen_converted",
        /// A gray unit was converted by convention.
        GrayConverted = "gray_converted",
        /// The value is corrected for dead time.
        DeadTimeCorrected = "dead_time_corrected",
        /// One second of counting stands behind the value.
        ShortWindow = "short_window",
        /// A value of the frame was refused; the others stand.
        ValueRefused = "value_refused",
        /// Rain at the station.
        Rain = "rain",
        /// The instrument is in a test or check-source mode.
        TestMode = "test_mode",
        /// Shows at most this much: below the detection limit.
        BelowDetectionLimit = "below_detection_limit",
        /// The instrument's profile has not been verified on hardware.
        ProfileUnverified = "profile_unverified",
        /// Received at QoS 0: its loss would not be noticed.
        Unguarded = "unguarded",
    }
}

words! {
    /// Whose clock `measured_at` comes from.
    pub enum TimeSource {
        /// The instrument's.
        Instrument = "instrument",
        /// Ours, when the frame arrived.
        Arrival = "arrival",
    }
}

/// What the instrument said about the time of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceTime {
    /// An instant.
    At(Wall),
    /// A date and time without a zone.
    Naive,
    /// A date that cannot be.
    Impossible,
    /// Nothing.
    Absent,
}

impl DeviceTime {
    /// The instant, if there is one that can be trusted.
    pub const fn trusted(self) -> Option<Wall> {
        match self {
            Self::At(at) => Some(at),
            Self::Naive | Self::Impossible | Self::Absent => None,
        }
    }
}

/// The number an instrument gives its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// Counts the instrument's restarts, when it does.
    pub boot: Option<u64>,
    /// Counts messages since the restart.
    pub seq: u64,
}

/// How an MQTT message was delivered; all false for other sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The broker had kept it: not known to be fresh.
    pub retained: bool,
    /// Marked as possibly sent before (DUP).
    pub redelivered: bool,
}

/// What one frame of one instrument says.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The instrument, from the frame, the topic or the configuration.
    pub instrument: InstrumentId,
    /// Id of the profile that decoded it.
    pub profile: Arc<str>,
    /// When it arrived.
    pub received: Received,
    /// What the instrument says of the time of measurement.
    pub device_time: DeviceTime,
    /// The instrument's number for the message.
    pub sequence: Option<Sequence>,
    /// At least one value.
    pub channels: Channels,
    /// Where it was measured.
    pub position: Option<Position>,
    /// What decoding and normalising say about it.
    pub flags: Flags,
    /// Hash of the raw frame: tells two readings of one instant apart, and
    /// recognises the same one sent again.
    pub fingerprint: u64,
    /// How it was delivered.
    pub delivery: Delivery,
}

impl Reading {
    /// Whose clock [`Reading::at`] comes from.
    pub const fn time_source(&self) -> TimeSource {
        match self.device_time {
            DeviceTime::At(_) => TimeSource::Instrument,
            DeviceTime::Naive | DeviceTime::Impossible | DeviceTime::Absent => TimeSource::Arrival,
        }
    }

    /// When it was measured, as far as we know: the instrument's time when it
    /// gave one that can be trusted, else that of arrival.
    pub fn at(&self) -> Wall {
        self.device_time.trusted().unwrap_or(self.received.wall)
    }

    /// The channel of one quantity.
    pub fn channel(&self, quantity: Quantity) -> Option<&Channel> {
        self.channels.iter().find(|c| c.quantity == quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_zeros_and_refuse_what_would_break_a_topic() {
        assert_eq!(InstrumentId::new("002").unwrap().as_str(), "002");
        for bad in ["", "a/b", "a b", "+", "#", "é", "a\n", &"x".repeat(65)] {
            assert!(InstrumentId::new(bad).is_none(), "`{bad}` passed");
        }
    }

    #[test]
    fn flags_survive_their_bits() {
        let set = Flags::EMPTY.with(Flag::Stale).with(Flag::CountInvalid);
        assert_eq!(Flags::from_bits(set.bits()), set);
        assert_eq!(
            set.iter().map(Flag::as_str).collect::<Vec<_>>(),
            ["count_invalid", "stale"]
        );
        assert_eq!(Flags::from_bits(1 << 31), Flags::EMPTY);
    }

    #[test]
    fn a_position_is_on_the_earth() {
        assert!(Position::new(-6.2, 106.8, PositionSource::Frame).is_some());
        assert!(Position::new(90.1, 0.0, PositionSource::Frame).is_none());
        assert!(Position::new(f64::NAN, 0.0, PositionSource::Frame).is_none());
    }
}
