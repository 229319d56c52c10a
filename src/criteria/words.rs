//! The words of the specification: classes, statuses, rules and flags.

use crate::reading::{Quantity, flag_set, words};

words! {
    /// What a reading means.
    pub enum Class {
        /// Not usable.
        Invalid = "INVALID",
        /// No rule matched.
        Normal = "NORMAL",
        /// A documented exemption holds; stays visible.
        Exempt = "EXEMPT",
        /// Inside an area closed to existing exposure.
        ExistingManaged = "EXISTING_MANAGED",
        /// Between normal and TIO3.
        Elevated = "ELEVATED",
        /// Cannot be judged; a person must act.
        Unclassified = "UNCLASSIFIED",
        /// Kemungkinan kedaruratan radiologik: TIO3 and equals.
        PossibleEmergency = "POSSIBLE_EMERGENCY",
        /// Kedaruratan radiologik: TIO2, TIO4 and equals.
        Emergency = "EMERGENCY",
    }
}

impl Class {
    /// The number that stands for it in time series (interface.md section 4).
    pub const fn code(self) -> i8 {
        match self {
            Self::Invalid => -1,
            Self::Normal => 0,
            Self::Exempt => 1,
            Self::ExistingManaged => 2,
            Self::Elevated => 3,
            Self::Unclassified => 4,
            Self::PossibleEmergency => 5,
            Self::Emergency => 6,
        }
    }

    /// Reads the number back.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|class| i64::from(class.code()) == code)
    }
}

words! {
    /// The response status that a class recommends; a person sets it.
    ///
    /// Aktif Total is missing on purpose: the system never recommends it.
    pub enum Recommendation {
        /// Nothing to do.
        None = "NONE",
        /// Standby in the office.
        Siaga = "SIAGA",
        /// A team may be sent to the scene.
        AktifParsial = "AKTIF_PARSIAL",
    }
}

words! {
    /// What becomes of the record.
    pub enum Disposition {
        /// Kept.
        Accept = "ACCEPT",
        /// Kept; too old to lower anything.
        Historical = "HISTORICAL",
        /// Kept; a person must review it.
        Quarantine = "QUARANTINE",
        /// Refused.
        Reject = "REJECT",
        /// Received before.
        Duplicate = "DUPLICATE",
    }
}

words! {
    /// Whose radiation is measured.
    pub enum Subject {
        /// The surroundings.
        Environment = "environment",
        /// A person (*personil*, *masyarakat*).
        Person = "person",
        /// A thing (*barang*).
        Object = "object",
    }
}

words! {
    /// What kind of instrument, by the way it is used.
    pub enum SourceKind {
        /// A fixed environmental station.
        Irdms = "irdms",
        /// A detector on the move.
        Mobile = "mobile",
        /// A survey meter in a hand.
        Handheld = "handheld",
        /// A contamination probe.
        Probe = "probe",
    }
}

flag_set! {
    /// A rule of criteria.md, by its id. The order is that of further rules in
    /// an answer: dose rate with its escalations, then counts with theirs.
    Rule, Rules, u128 {
        /// Environment, possible emergency, dose rate.
        T31I1 = "T3.1-I-1",
        /// Environment, emergency, dose rate.
        T31I2 = "T3.1-I-2",
        /// Person, possible emergency, dose rate.
        T31II1 = "T3.1-II-1",
        /// Object, possible emergency, dose rate.
        T31III1 = "T3.1-III-1",
        /// Object, emergency, dose rate.
        T31III2 = "T3.1-III-2",
        /// Escalation at TIO2, gamma.
        EscTio2G = "ESC-TIO2-G",
        /// Escalation at TIO3, gamma.
        EscTio3G = "ESC-TIO3-G",
        /// Escalation at TIO4, gamma, member of the public.
        EscTio4G = "ESC-TIO4-G",
        /// Environment surface, possible emergency, counts.
        T32I1 = "T3.2-I-1",
        /// Environment surface, emergency, counts.
        T32I2 = "T3.2-I-2",
        /// Skin, possible emergency, counts.
        T32II1 = "T3.2-II-1",
        /// Skin, emergency, counts.
        T32II2 = "T3.2-II-2",
        /// Object, possible emergency, counts against background.
        T32III1 = "T3.2-III-1",
        /// Object, emergency, counts.
        T32III2 = "T3.2-III-2",
        /// Escalation at TIO2, beta.
        EscTio2B = "ESC-TIO2-B",
        /// Escalation at TIO3, beta.
        EscTio3B = "ESC-TIO3-B",
        /// Escalation at TIO2, alpha.
        EscTio2A = "ESC-TIO2-A",
        /// Escalation at TIO3, alpha.
        EscTio3A = "ESC-TIO3-A",
        /// Escalation at TIO4, beta, skin.
        EscTio4B = "ESC-TIO4-B",
        /// Escalation at TIO4, alpha, skin.
        EscTio4A = "ESC-TIO4-A",
        /// Elevated environmental radiation that lasts.
        T223 = "T2.2-3",
        /// Band between normal and TIO3.
        PbElev = "PB-ELEV",
        /// Area closed to existing exposure.
        PbExist = "PB-EXIST",
        /// Rain exemption.
        ExRain = "EX-RAIN",
        /// Medical exemption.
        ExMed = "EX-MED",
        /// Natural material exemption.
        ExNorm = "EX-NORM",
        /// Naturally high background exemption.
        ExNhb = "EX-NHB",
        /// Distance unknown and at 100 µSv/h.
        Sn1 = "SN-1",
        /// Over-range.
        Sn2 = "SN-2",
        /// Collapse after rise.
        Sn3 = "SN-3",
        /// Not a number.
        Dq01 = "DQ-01",
        /// Negative.
        Dq02 = "DQ-02",
        /// Unknown unit.
        Dq03 = "DQ-03",
        /// Unit of another quantity.
        Dq04 = "DQ-04",
        /// Exactly zero dose rate.
        Dq05 = "DQ-05",
        /// Implausibly high.
        Dq06 = "DQ-06",
        /// Duplicate or sequence conflict.
        Dq07 = "DQ-07",
        /// Below the detection limit.
        Dq08 = "DQ-08",
        /// Device fault.
        Dq09 = "DQ-09",
        /// Test mode.
        Dq10 = "DQ-10",
        /// Relative row without usable background.
        Dq11 = "DQ-11",
        /// Geometry that cannot be compared.
        Dq12 = "DQ-12",
        /// Radiation without a row.
        Dq13 = "DQ-13",
        /// Hysteresis.
        Hy1 = "HY-1",
        /// No rule matched.
        Nr = "NR",
    }
}

flag_set! {
    /// A remark beside the class; defined in criteria.md section 5.
    Remark, Remarks, u64 {
        /// Unseparated counts reach an alpha row.
        AlphaNotExcluded = "ALPHA_NOT_EXCLUDED",
        /// The fallback background was used.
        BackgroundAssumed = "BACKGROUND_ASSUMED",
        /// The count background is too old.
        BackgroundStale = "BACKGROUND_STALE",
        /// The background is zero or negative.
        BackgroundInvalid = "BACKGROUND_INVALID",
        /// Below the detection limit.
        BelowDl = "BELOW_DL",
        /// Calibration run out.
        CalibrationExpired = "CALIBRATION_EXPIRED",
        /// Source category unknown.
        CategoryUnknown = "CATEGORY_UNKNOWN",
        /// One of the two food channels is missing.
        ChannelMissing = "CHANNEL_MISSING",
        /// The instrument's clock is ahead.
        ClockSkew = "CLOCK_SKEW",
        /// No record that the worker agreed.
        ConsentNotRecorded = "CONSENT_NOT_RECORDED",
        /// The instrument reports a fault.
        DeviceFault = "DEVICE_FAULT",
        /// Received before.
        Duplicate = "DUPLICATE",
        /// Distance taken as given by the row.
        GeometryAssumed = "GEOMETRY_ASSUMED",
        /// Distance unknown.
        GeometryUnknown = "GEOMETRY_UNKNOWN",
        /// Gray converted by convention.
        GrayConverted = "GRAY_CONVERTED",
        /// Uncertainty added before the comparison.
        GuardBand = "GUARD_BAND",
        /// A lower row fires, the higher one cannot be judged.
        HigherLevelUnknown = "HIGHER_LEVEL_UNKNOWN",
        /// Too high to believe; acted upon all the same.
        Implausible = "IMPLAUSIBLE",
        /// Too few hours or points.
        InsufficientData = "INSUFFICIENT_DATA",
        /// Potassium subtracted.
        K40Subtracted = "K40_SUBTRACTED",
        /// Battery low.
        LowBattery = "LOW_BATTERY",
        /// Verified treatment, but too high to exempt.
        MedicalAboveCap = "MEDICAL_ABOVE_CAP",
        /// A claim of treatment nobody verified.
        MedicalUnverified = "MEDICAL_UNVERIFIED",
        /// Time without a zone.
        NaiveTime = "NAIVE_TIME",
        /// A background is needed.
        NeedsBackground = "NEEDS_BACKGROUND",
        /// A distance is needed.
        NeedsGeometry = "NEEDS_GEOMETRY",
        /// Below zero.
        Negative = "NEGATIVE",
        /// Above the ratio of a naturally high area.
        NhbRatioExceeded = "NHB_RATIO_EXCEEDED",
        /// Yearly dose from natural material too high.
        NormDoseExceeded = "NORM_DOSE_EXCEEDED",
        /// Yearly dose from natural material unknown.
        NormDoseUnknown = "NORM_DOSE_UNKNOWN",
        /// No item that the exemption names.
        NormItemNotListed = "NORM_ITEM_NOT_LISTED",
        /// A nuclide that is not natural.
        NormOtherNuclide = "NORM_OTHER_NUCLIDE",
        /// Nuclides not identified.
        NormUnverified = "NORM_UNVERIFIED",
        /// Not a finite number.
        NotANumber = "NOT_A_NUMBER",
        /// Source or environment not recovered.
        NotRecovered = "NOT_RECOVERED",
        /// Without a place.
        NoPosition = "NO_POSITION",
        /// Over-range.
        Overrange = "OVERRANGE",
        /// Counts compared without a probe factor.
        ProbeNotNormalised = "PROBE_NOT_NORMALISED",
        /// Radiation not named.
        RadiationUnspecified = "RADIATION_UNSPECIFIED",
        /// Rain does not exempt this value.
        RainNotApplicable = "RAIN_NOT_APPLICABLE",
        /// No measured background to compare rain with.
        RainNoBaseline = "RAIN_NO_BASELINE",
        /// More than rain explains.
        RainRatioExceeded = "RAIN_RATIO_EXCEEDED",
        /// Röntgen converted by convention.
        RoentgenConverted = "ROENTGEN_CONVERTED",
        /// Same sequence number, other value.
        SeqConflict = "SEQ_CONFLICT",
        /// Old when it arrived.
        Stale = "STALE",
        /// Subject not named; taken as environment.
        SubjectAssumedEnvironment = "SUBJECT_ASSUMED_ENVIRONMENT",
        /// Exactly zero.
        SuspectZero = "SUSPECT_ZERO",
        /// Only table 4.1 blocks.
        T41Limits = "T4.1_LIMITS",
        /// Test mode.
        TestMode = "TEST_MODE",
        /// The literal text would allow a normal end.
        TextWouldAllowNormal = "TEXT_WOULD_ALLOW_NORMAL",
        /// Measured at the time of arrival, as far as known.
        TimeAssumed = "TIME_ASSUMED",
        /// A nuclide without a TIO6 value.
        Tio6ValueMissing = "TIO6_VALUE_MISSING",
        /// Unit of another quantity.
        UnitMismatch = "UNIT_MISMATCH",
        /// Unit nobody told us about.
        UnknownUnit = "UNKNOWN_UNIT",
        /// At or above the policy's `oil1_usv_h`.
        AboveOil1 = "ABOVE_OIL1",
        /// The value is that of the counts of the last seconds together
        /// (alarm semantics, section 3).
        SummedCounts = "SUMMED_COUNTS",
        /// A small rise that counts confirm as real (same).
        CusumConfirmed = "CUSUM_CONFIRMED",
    }
}

/// What the tables say of one channel, for the alarm's hysteresis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelVerdict {
    /// The channel.
    pub quantity: Quantity,
    /// Its class, after exemptions.
    pub class: Class,
    /// Its primary rule.
    pub rule: Rule,
    /// The value compared, canonical; a lower bound when over-range. Absent
    /// when the channel is INVALID or over-range of unknown height.
    pub value: Option<f64>,
    /// Where POSSIBLE_EMERGENCY begins for this channel and subject; absent
    /// when no row applies or a background is missing.
    pub possible_at: Option<f64>,
    /// Where EMERGENCY begins.
    pub emergency_at: Option<f64>,
}

/// What a reading means, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The highest class over the channels; absent for a duplicate.
    pub class: Option<Class>,
    /// The one primary rule.
    pub rule: Rule,
    /// Further rules that matched.
    pub also: Rules,
    /// The recommended response status.
    pub recommendation: Recommendation,
    /// What becomes of the record.
    pub disposition: Disposition,
    /// Remarks.
    pub remarks: Remarks,
    /// The value that decided, canonical.
    pub canonical: Option<f64>,
    /// Each channel by itself, for the hysteresis of its condition.
    pub channels: arrayvec::ArrayVec<ChannelVerdict, MAX_CHANNELS>,
}

/// Most channels of one reading that are judged.
pub const MAX_CHANNELS: usize = 8;
