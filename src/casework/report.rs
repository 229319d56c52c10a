//! What a report of a loss or a find says: the fields of annex IV.a (R-03, for
//! licence holders) and IV.b (R-04, for everybody else).

use serde::{Deserialize, Serialize};

use super::act::serde_words;
use crate::activation::Coordinates;
use crate::clock::Wall;
use crate::criteria::report::ReportEvent;
use crate::reading::words;

words! {
    /// Which of the two forms.
    pub enum Form {
        /// For licence holders.
        A = "IV.a",
        /// For inspectors, staff, stakeholders and the public.
        B = "IV.b",
    }
}

words! {
    /// Who reports.
    pub enum ReporterKind {
        /// Licence holder (*pemegang izin*).
        LicenceHolder = "licence_holder",
        /// Inspector of BAPETEN.
        Inspector = "inspector",
        /// Other staff of BAPETEN.
        Staff = "staff",
        /// Stakeholder.
        Stakeholder = "stakeholder",
        /// Member of the public.
        Public = "public",
    }
}

words! {
    /// Physical form of a source.
    pub enum Matter {
        /// Padat.
        Solid = "solid",
        /// Cair.
        Liquid = "liquid",
        /// Gas.
        Gas = "gas",
    }
}

words! {
    /// Facility category I to IV (Perka 1/2010).
    pub enum FacilityCategory {
        /// I.
        I = "I",
        /// II.
        II = "II",
        /// III.
        III = "III",
        /// IV.
        IV = "IV",
    }
}

words! {
    /// Emergency class of a facility of category I or II.
    pub enum EmergencyClass {
        /// Waspada.
        Alert = "alert",
        /// Kedaruratan area tapak.
        SiteArea = "site_area",
        /// Kedaruratan umum.
        General = "general",
    }
}

serde_words!(
    Form,
    ReporterKind,
    Matter,
    FacilityCategory,
    EmergencyClass,
    ReportEvent
);

/// A report, as far as it is filled in. An absent field was not filled in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The form it came on; absent for a telephone call and the like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<ReportEvent>,
    /// Category of the source, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<u8>,
    /// Potentially dangerous to public and environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dangerous: Option<bool>,
    /// When it happened.
    #[serde(with = "wall_option", skip_serializing_if = "Option::is_none")]
    pub happened_at: Option<Wall>,
    /// Company or institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<String>,
    /// Its address; in form IV.b the address of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Where it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Degrees north and east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Coordinates>,
    /// Who reports.
    pub reporter: Reporter,
    /// The facility (form IV.a).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<Facility>,
    /// Short description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Sources involved.
    pub sources: Vec<Source>,
    /// Dose rates.
    pub exposure: Vec<Exposure>,
    /// Contamination of floor or room, Bq/cm².
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contamination_floor_bq_cm2: Option<f64>,
    /// Contamination of the air, Bq/L.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contamination_air_bq_l: Option<f64>,
    /// Casualties.
    pub casualties: Vec<Casualty>,
    /// What was done already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions_taken: Option<String>,
    /// What help is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help_expected: Option<String>,
    /// Place and date of the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<String>,
    /// Links to photographs or video (form IV.b).
    pub media: Vec<String>,
}

/// Who reports. Personal data but for kind, position and unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reporter {
    /// In what capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ReporterKind>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Position or job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Address (form IV.b).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Fax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fax: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Number of the identity card (form IV.b). Never leaves the case store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_number: Option<String>,
}

/// A facility.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facility {
    /// I to IV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<FacilityCategory>,
    /// What kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Power of its reactor, as written (category I and II).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactor_power: Option<String>,
    /// Type of its reactor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactor_type: Option<String>,
    /// Its emergency class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_class: Option<EmergencyClass>,
}

/// A source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Source {
    /// Solid, liquid or gas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<Matter>,
    /// Isotope, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isotope: Option<String>,
    /// Activity with its unit, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<String>,
}

/// A dose rate at a distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Metres from the source; absent with a free description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<f64>,
    /// Where, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// µSv/h.
    pub usv_h: f64,
}

/// A casualty. Personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Casualty {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Note.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Report {
    /// With what a later form says: a field it fills in goes before the old one.
    pub fn updated(&self, later: &Self) -> Self {
        fn newer<T: Clone>(old: &Option<T>, new: &Option<T>) -> Option<T> {
            new.clone().or_else(|| old.clone())
        }
        fn list<T: Clone>(old: &[T], new: &[T]) -> Vec<T> {
            if new.is_empty() { old } else { new }.to_vec()
        }
        let (old, new) = (&self.reporter, &later.reporter);
        let reporter = Reporter {
            kind: newer(&old.kind, &new.kind),
            name: newer(&old.name, &new.name),
            position: newer(&old.position, &new.position),
            unit: newer(&old.unit, &new.unit),
            address: newer(&old.address, &new.address),
            phone: newer(&old.phone, &new.phone),
            fax: newer(&old.fax, &new.fax),
            email: newer(&old.email, &new.email),
            identity_number: newer(&old.identity_number, &new.identity_number),
        };
        Self {
            form: newer(&self.form, &later.form),
            event: newer(&self.event, &later.event),
            category: newer(&self.category, &later.category),
            dangerous: newer(&self.dangerous, &later.dangerous),
            happened_at: newer(&self.happened_at, &later.happened_at),
            institution: newer(&self.institution, &later.institution),
            address: newer(&self.address, &later.address),
            location: newer(&self.location, &later.location),
            position: newer(&self.position, &later.position),
            reporter,
            facility: newer(&self.facility, &later.facility),
            description: newer(&self.description, &later.description),
            sources: list(&self.sources, &later.sources),
            exposure: list(&self.exposure, &later.exposure),
            contamination_floor_bq_cm2: newer(
                &self.contamination_floor_bq_cm2,
                &later.contamination_floor_bq_cm2,
            ),
            contamination_air_bq_l: newer(
                &self.contamination_air_bq_l,
                &later.contamination_air_bq_l,
            ),
            casualties: list(&self.casualties, &later.casualties),
            actions_taken: newer(&self.actions_taken, &later.actions_taken),
            help_expected: newer(&self.help_expected, &later.help_expected),
            signed: newer(&self.signed, &later.signed),
            media: list(&self.media, &later.media),
        }
    }

    /// Takes out the zeros that form IV.a has printed in it: "0" there means
    /// "not filled in", not "measured zero" (criteria.md section 4.10).
    pub fn without_prefilled(mut self) -> Self {
        if self.form != Some(Form::A) {
            return self;
        }
        let is_zero = |value: f64| value.abs() < f64::MIN_POSITIVE;
        self.exposure.retain(|exposure| !is_zero(exposure.usv_h));
        for value in [
            &mut self.contamination_floor_bq_cm2,
            &mut self.contamination_air_bq_l,
        ] {
            *value = value.filter(|value| !is_zero(*value));
        }
        self
    }
}

mod wall_option {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::clock::Wall;

    #[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
    pub(super) fn serialize<S: Serializer>(
        value: &Option<Wall>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(at) => serializer.serialize_str(&at.to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Wall>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Wall::parse_rfc3339(&text).map_err(serde::de::Error::custom))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_zero_of_form_a_is_not_a_measured_one() {
        let report = |form| Report {
            form,
            exposure: [0.0, 1.5]
                .map(|usv_h| Exposure {
                    distance_m: Some(1.0),
                    place: None,
                    usv_h,
                })
                .to_vec(),
            contamination_air_bq_l: Some(0.0),
            ..Report::default()
        };
        let a = report(Some(Form::A)).without_prefilled();
        assert_eq!((a.exposure.len(), a.contamination_air_bq_l), (1, None));
        let b = report(Some(Form::B)).without_prefilled();
        assert_eq!((b.exposure.len(), b.contamination_air_bq_l), (2, Some(0.0)));
    }

    #[test]
    fn a_later_form_fills_in_and_corrects() {
        let text = |text: &str| Some(text.to_owned());
        let first = Report {
            location: text("km 12"),
            reporter: Reporter {
                phone: text("021"),
                ..Reporter::default()
            },
            ..Report::default()
        };
        let later = Report {
            form: Some(Form::B),
            location: text("km 13"),
            ..Report::default()
        };
        let both = first.updated(&later);
        assert_eq!(both.location.as_deref(), Some("km 13"));
        assert_eq!(both.reporter.phone.as_deref(), Some("021"));
        assert_eq!(both.form, Some(Form::B));
    }
}
