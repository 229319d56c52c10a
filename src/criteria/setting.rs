//! What is known of an instrument and of the place it measures at, beside its
//! readings.

use super::compare::at_most;
use super::policy::Policy;
use super::words::{SourceKind, Subject};
use crate::clock::Wall;
use crate::quality::Arrived;
use crate::reading::words;

words! {
    /// What a measured person does there.
    pub enum Role {
        /// A member of the public (*masyarakat*); also anybody unknown.
        Public = "public",
        /// Someone who responds to the event.
        Responder = "responder",
        /// Someone who works with radiation.
        Worker = "worker",
    }
}

words! {
    /// The things that the note on natural material names.
    pub enum NormItem {
        /// Fertiliser.
        Fertiliser = "fertiliser",
        /// Ceramic.
        Ceramic = "ceramic",
        /// Colour for ceramic.
        CeramicPigment = "ceramic_pigment",
        /// Glass.
        Glass = "glass",
    }
}

words! {
    /// What an area was closed to.
    pub enum ExistingKind {
        /// Existing exposure where people live.
        Residential = "existing_residential",
        /// Existing exposure where nobody lives.
        NonResidential = "existing_nonresidential",
    }
}

words! {
    /// Where a dose-rate background comes from.
    pub enum BackgroundSource {
        /// A person measured it, and wrote it down.
        Measured = "measured",
        /// The median of what this instrument showed here while nothing happened.
        Learned = "learned",
        /// The record of a survey of the site.
        SiteSurvey = "site_survey",
        /// Nobody knows it: the policy's fallback.
        Assumed = "assumed",
    }
}

/// Where a dose-rate background comes from, and how good it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackgroundFrom {
    /// Its source.
    pub source: BackgroundSource,
    /// When it was taken or last learned; absent when nobody wrote it down.
    pub taken_at: Option<Wall>,
    /// How many points stand behind it, when known.
    pub n_points: Option<u32>,
}

impl BackgroundFrom {
    /// Of a source of which nothing more is known.
    pub const fn new(source: BackgroundSource) -> Self {
        Self {
            source,
            taken_at: None,
            n_points: None,
        }
    }
}

/// Counts without a source, by the same probe, in counts per second before the
/// probe factor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CountBackground {
    /// Alpha. Zero is legitimate.
    pub alpha: Option<f64>,
    /// Beta; also stands for alpha and beta not told apart.
    pub beta: Option<f64>,
    /// Age in hours; absent means fresh.
    pub age_h: Option<f64>,
}

/// Rain at the place of measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rain {
    /// It rains.
    pub active: bool,
    /// Hours since it stopped.
    pub hours_since_end: Option<f64>,
}

impl Rain {
    /// Whether it rains, or stopped not longer ago than the policy says.
    pub fn is_near(&self, policy: &Policy) -> bool {
        let ended = self.hours_since_end;
        self.active || ended.is_some_and(|h| h >= 0.0 && at_most(h, policy.rain_hours_after))
    }
}

/// Medical treatment of a measured person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Medical {
    /// Somebody says so.
    pub claimed: bool,
    /// A person confirmed it.
    pub verified: bool,
}

/// Natural material in a measured object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Norm {
    /// A spectrometer identified the nuclides.
    pub identified: bool,
    /// Their names, for example `K-40`.
    pub nuclides: Vec<String>,
    /// What the object is, when the note names it.
    pub item: Option<NormItem>,
    /// Hours a year that somebody is near; absent means the policy's.
    pub hours_per_year: Option<f64>,
    /// Yearly dose in mSv, when somebody worked it out.
    pub projected_msv: Option<f64>,
}

/// An area closed to existing exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExistingArea {
    /// Whether people live there.
    pub kind: ExistingKind,
    /// The dose rate recorded when it was closed, in µSv/h.
    pub baseline_usv_h: Option<f64>,
}

/// What is known beside the reading. The default knows nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setting {
    /// Whose radiation is measured.
    pub subject: Option<Subject>,
    /// What a measured person does there.
    pub role: Option<Role>,
    /// Metres from the ground, the skin or the object.
    pub distance_m: Option<f64>,
    /// What kind of instrument.
    pub source: Option<SourceKind>,
    /// Minutes for which the band of PB-ELEV has lasted.
    pub persistence_min: Option<f64>,
    /// Days since the event here began, when one goes on; for `tio2_schedule`.
    pub days_since_onset: Option<f64>,
    /// Dose rate without a source, measured at this place with this kind of
    /// instrument, in µSv/h.
    pub background_usv_h: Option<f64>,
    /// Where that comes from; absent without one. Decides nothing.
    pub background_from: Option<BackgroundFrom>,
    /// Counts without a source.
    pub background_counts: CountBackground,
    /// What counts are multiplied by to stand for the reference probe.
    pub probe_factor: Option<f64>,
    /// End of the range for dose rates, in µSv/h.
    pub range_max_usv_h: Option<f64>,
    /// End of the range for counts, in counts per second.
    pub range_max_cps: Option<f64>,
    /// Rain.
    pub rain: Rain,
    /// An administrator registered the area as naturally high.
    pub high_background_area: bool,
    /// The area was closed to existing exposure.
    pub existing: Option<ExistingArea>,
    /// Medical treatment of the person.
    pub medical: Medical,
    /// Natural material in the object.
    pub norm: Option<Norm>,
    /// The calibration has run out.
    pub calibration_expired: bool,
    /// How the reading at hand stands to the ones before it; absent means that
    /// it is new.
    pub arrived: Option<Arrived>,
}

impl Setting {
    /// Whether TIO4 speaks of the measured person: a member of the public, or
    /// nobody knows who (C-02).
    pub fn is_public(&self) -> bool {
        self.role.unwrap_or(Role::Public) == Role::Public
    }
}
