//! What people do to a case, and the record of it.

use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::activation::wire;
use crate::clock::Wall;
use crate::criteria::termination;
use crate::reading::words;

words! {
    /// The response status that a person decided (criteria.md section 1).
    pub enum Status {
        /// No response any longer.
        None = "NONE",
        /// Standby in the office.
        Siaga = "SIAGA",
        /// A team may be sent.
        AktifParsial = "AKTIF_PARSIAL",
        /// Full activation, set by the STD chief alone; never recommended.
        AktifTotal = "AKTIF_TOTAL",
    }
}

words! {
    /// Which of the guideline's two tracks a case follows.
    pub enum Track {
        /// Facility or activity (*fasilitas/kegiatan*).
        Facility = "facility",
        /// Special event (*Kejadian Khusus*).
        SpecialEvent = "special_event",
    }
}

words! {
    /// A step of the guideline that was done.
    pub enum Step {
        /// The duty officer forwarded the form: ends D-20.
        Forwarded = "forwarded",
        /// The duty officer answered the report: ends D-01.
        Answered = "answered",
        /// Verified and passed to the KN coordinator: ends D-02, starts D-03.
        Verified = "verified",
        /// Passed on to Director K2N: ends D-03, starts D-05 and D-21.
        PassedOn = "passed_on",
        /// Initial review by KFKN done: ends D-21.
        Reviewed = "reviewed",
        /// A crime is suspected: starts D-06.
        CrimeSuspected = "crime_suspected",
        /// The police are informed: ends D-06.
        PoliceInformed = "police_informed",
        /// A team is assigned: starts D-15.
        TeamAssigned = "team_assigned",
        /// Tasks are divided in the field: ends D-15.
        TasksDivided = "tasks_divided",
        /// Field verification ended: ends D-07, starts D-08 to D-12.
        VerificationEnded = "verification_ended",
        /// Oral report given: ends D-08 or D-11.
        OralReport = "oral_report",
        /// Results presented: ends D-09.
        Presented = "presented",
        /// Full written report handed in: ends D-10 or D-12.
        WrittenReport = "written_report",
        /// The source is recovered: starts D-13.
        SourceRecovered = "source_recovered",
        /// The environment is recovered.
        EnvironmentRecovered = "environment_recovered",
        /// A recovered source was compared with licence data: ends D-13.
        LicenceChecked = "licence_checked",
        /// Recommendation letter for a loss without recovery (4.1.1(1)a).
        LossLetter = "loss_letter",
        /// Completion notice of a well-logging licence holder: starts D-14.
        CompletionNotice = "completion_notice",
        /// Safety verification ended: starts D-16 or D-17.
        SafetyVerified = "safety_verified",
        /// Final response report handed in: ends D-16 or D-17, starts D-18.
        FinalReport = "final_report",
        /// Final report approved: ends D-18, starts D-19.
        ReportApproved = "report_approved",
        /// Close statement issued: ends D-14 and D-19.
        CloseStatement = "close_statement",
    }
}

macro_rules! serde_words {
    ($($type:ty),+) => { $(
        impl Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Self::from_word(&word)
                    .ok_or_else(|| serde::de::Error::custom(concat!("unknown ", stringify!($type))))
            }
        }
    )+ };
}
pub(super) use serde_words;

serde_words!(Status, Track, Step);

/// Whether something lies on Java, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnJava {
    /// `None`: not known; the shorter clock is taken.
    pub is: Option<bool>,
    /// `person`, `site`, `area`, `outline` or `unknown`.
    pub by: String,
}

impl OnJava {
    /// Nobody knows.
    pub fn unknown() -> Self {
        Self {
            is: None,
            by: "unknown".to_owned(),
        }
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Act {
    /// A case is opened from a report, which was received at the act's time.
    Opened {
        /// The report.
        report: Box<Report>,
        /// A drill.
        exercise: bool,
        /// Whether it happened on Java.
        java: OnJava,
    },
    /// The form arrived, or more of it: what it says goes before what was known.
    Form {
        /// The report.
        report: Box<Report>,
        /// Whether it happened on Java, as known now.
        java: OnJava,
    },
    /// Steps were done.
    Steps {
        /// Which.
        steps: Vec<Step>,
    },
    /// Facility or special event: ends D-04.
    Track {
        /// Which.
        track: Track,
    },
    /// A response status was decided: ends D-05, starts D-06 and D-07.
    Decision {
        /// Which.
        status: Status,
        /// Of an activation: whether it is on Java.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        java: Option<OnJava>,
    },
    /// An activation belongs to the case.
    Attached {
        /// Its id.
        activation: String,
    },
    /// An activation does not belong to the case after all.
    Detached {
        /// Its id.
        activation: String,
    },
    /// Where readings of an instrument that gave no position were taken.
    Located {
        /// The instrument.
        instrument: String,
        /// Degrees north.
        lat: f64,
        /// Degrees east.
        lon: f64,
    },
    /// Something to remember.
    Note,
    /// The case is closed.
    Closed {
        /// What became of the matters of its activations.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        matters: Vec<ClosedTo>,
    },
    /// Its closing record was written.
    Recorded {
        /// SHA-256 of its `SHA256SUMS`.
        sums: String,
        /// Whether nothing is missing in it.
        complete: bool,
    },
    /// An activation reached TIO3: its duty officer's clocks start.
    Raised {
        /// A drill.
        exercise: bool,
        /// Whether it is on Java.
        java: OnJava,
    },
    /// An activation goes on as an older one; its clocks end.
    Merged {
        /// The one that lives on.
        into: String,
    },
}

/// To what the matter of an activation was closed with its case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedTo {
    /// The activation.
    pub activation: String,
    /// What the person closed it to.
    #[serde(with = "wire::target")]
    pub to: termination::Target,
    /// What was proposed then, such as NOT_TERMINABLE.
    pub proposed: String,
    /// By which rule.
    pub rule: String,
}

/// One act, by whom, on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// The case, or the activation.
    pub about: String,
    /// Name of the person; `pantau` for what follows from readings.
    pub by: String,
    /// In which office, where the person says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Remark.
    pub note: String,
    /// Through which channel.
    pub channel: String,
    /// What the sender calls this request, so that it can be sent twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// When it happened.
    #[serde(with = "wire::wall")]
    pub at: Wall,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

impl Act {
    /// What it is, in a few words without anybody's data.
    pub fn summary(&self) -> String {
        match self {
            Self::Opened { .. } => "opened".to_owned(),
            Self::Form { .. } => "form received".to_owned(),
            Self::Steps { steps } => {
                let words: Vec<&str> = steps.iter().map(|step| step.as_str()).collect();
                format!("steps {}", words.join(", "))
            }
            Self::Track { track } => format!("track {track}"),
            Self::Decision { status, .. } => format!("decision {status}"),
            Self::Attached { activation } => format!("attached {activation}"),
            Self::Detached { activation } => format!("detached {activation}"),
            Self::Located { instrument, .. } => format!("located {instrument}"),
            Self::Note => "note".to_owned(),
            Self::Closed { matters } => {
                let matters: String = matters.iter().map(ClosedTo::summary).collect();
                format!("closed{matters}")
            }
            Self::Recorded { .. } => "record written".to_owned(),
            Self::Raised { .. } => "clocks started".to_owned(),
            Self::Merged { into } => format!("merged into {into}"),
        }
    }
}

impl ClosedTo {
    fn summary(&self) -> String {
        format!(
            "; {} to {} (proposed was {}, {})",
            self.activation, self.to, self.proposed, self.rule
        )
    }
}

impl Track {
    /// Which of the two termination procedures it is.
    pub const fn procedure(self) -> termination::Track {
        match self {
            Self::Facility => termination::Track::Facility,
            Self::SpecialEvent => termination::Track::Orphan,
        }
    }
}
