//! The fields of a report, read.

use super::read::Fields;
use super::report::{
    Casualty, EmergencyClass, Exposure, Facility, FacilityCategory, Form, Matter, Report, Reporter,
    ReporterKind, Source,
};
use crate::criteria::report::ReportEvent;

/// Longest entry of one line, in characters.
const LINE: usize = 300;

/// Longest free text, in characters.
const TEXT: usize = 8000;

/// Most sources, dose rates, casualties or links.
const MANY: usize = 100;

/// Reads what is there and closes the object.
pub(super) fn report(fields: &mut Fields<'_>) -> Report {
    let report = Report {
        form: fields.word(
            "form",
            Form::from_word,
            Form::ALL.iter().map(|w| w.as_str()),
        ),
        event: fields.word(
            "event",
            ReportEvent::from_word,
            ReportEvent::ALL.iter().map(|w| w.as_str()),
        ),
        category: category(fields),
        dangerous: fields.boolean("dangerous"),
        happened_at: fields.time("happened_at"),
        institution: fields.text("institution", LINE),
        address: fields.text("address", LINE),
        location: fields.text("location", LINE),
        position: fields.position("position"),
        reporter: fields.inside("reporter", reporter).unwrap_or_default(),
        facility: fields.inside("facility", facility),
        description: fields.text("description", TEXT),
        sources: fields.objects("sources", MANY, |fields| Some(source(fields))),
        exposure: fields.objects("exposure", MANY, exposure),
        contamination_floor_bq_cm2: fields.number("contamination_floor_bq_cm2", 0.0, 1e15),
        contamination_air_bq_l: fields.number("contamination_air_bq_l", 0.0, 1e15),
        casualties: fields.objects("casualties", MANY, |fields| {
            Some(Casualty {
                name: fields.text("name", LINE),
                note: fields.text("note", TEXT),
            })
        }),
        actions_taken: fields.text("actions_taken", TEXT),
        help_expected: fields.text("help_expected", TEXT),
        signed: fields.text("signed", LINE),
        media: fields.texts("media", MANY, LINE),
    };
    fields.close();
    report.without_prefilled()
}

fn category(fields: &mut Fields<'_>) -> Option<u8> {
    let number = fields.number("category", 1.0, 5.0)?;
    let category = [1_u8, 2, 3, 4, 5]
        .into_iter()
        .find(|category| (f64::from(*category) - number).abs() < 1e-9);
    if category.is_none() {
        fields.refuse("category", "must be a whole number from 1 to 5");
    }
    category
}

fn reporter(fields: &mut Fields<'_>) -> Reporter {
    Reporter {
        kind: fields.word(
            "kind",
            ReporterKind::from_word,
            ReporterKind::ALL.iter().map(|w| w.as_str()),
        ),
        name: fields.text("name", LINE),
        position: fields.text("position", LINE),
        unit: fields.text("unit", LINE),
        address: fields.text("address", LINE),
        phone: fields.text("phone", LINE),
        fax: fields.text("fax", LINE),
        email: fields.text("email", LINE),
        identity_number: fields.text("identity_number", LINE),
    }
}

fn facility(fields: &mut Fields<'_>) -> Facility {
    Facility {
        category: fields.word(
            "category",
            FacilityCategory::from_word,
            FacilityCategory::ALL.iter().map(|w| w.as_str()),
        ),
        kind: fields.text("kind", LINE),
        reactor_power: fields.text("reactor_power", LINE),
        reactor_type: fields.text("reactor_type", LINE),
        emergency_class: fields.word(
            "emergency_class",
            EmergencyClass::from_word,
            EmergencyClass::ALL.iter().map(|w| w.as_str()),
        ),
    }
}

fn source(fields: &mut Fields<'_>) -> Source {
    Source {
        matter: fields.word(
            "matter",
            Matter::from_word,
            Matter::ALL.iter().map(|w| w.as_str()),
        ),
        isotope: fields.text("isotope", LINE),
        activity: fields.text("activity", LINE),
    }
}

fn exposure(fields: &mut Fields<'_>) -> Option<Exposure> {
    fields.demand("usv_h");
    let distance_m = fields.number("distance_m", 0.0, 1e6);
    let place = fields.text("place", LINE);
    let usv_h = fields.number("usv_h", 0.0, 1e15)?;
    Some(Exposure {
        distance_m,
        place,
        usv_h,
    })
}
