//! What a case leaves to the configured tables, put into it before it is judged.

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use super::error::CaseError;
use super::field;
use super::reading::clamped;
use crate::criteria::loaded::{ReferenceTables, Source, sum_a_over_d};

/// A source of a case of kind `category`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceInput {
    nuclide: String,
    activity_tbq: f64,
}

/// Completes the input of a case; gives the origin of the table that was used.
pub(super) fn complete(
    kind: &str,
    input: &mut Value,
    tables: &ReferenceTables,
) -> Result<Option<String>, CaseError> {
    match (kind, input) {
        ("food", Value::Object(input)) => Ok(food(input, tables)),
        ("category", Value::Object(input)) => category(input, tables),
        _ => Ok(None),
    }
}

/// TIO6 for the nuclides found; the case's own table goes before it.
fn food(input: &mut Map<String, Value>, tables: &ReferenceTables) -> Option<String> {
    const OWN: &str = "tio6_table_bq_kg";
    let table = tables.tio6.as_ref()?;
    let asks = input.get("test").is_some_and(|test| test == "TIO6");
    if !asks || input.get(OWN).is_some_and(|own| !own.is_null()) {
        return None;
    }
    let nuclides = input.get("nuclides_bq_kg")?.as_object()?;
    let values = nuclides
        .keys()
        .filter_map(|nuclide| Some((nuclide.clone(), number(table.get(nuclide)?))))
        .collect();
    input.insert(OWN.to_owned(), Value::Object(values));
    Some(table.provenance.to_string())
}

/// A/D of the `sources` of a case, which stand in the place of `a_over_d`.
fn category(
    input: &mut Map<String, Value>,
    tables: &ReferenceTables,
) -> Result<Option<String>, CaseError> {
    const RATIO: &str = "a_over_d";
    let Some(sources) = input.remove("sources") else {
        return Ok(None);
    };
    if input.get(RATIO).is_some_and(|ratio| !ratio.is_null()) {
        return Err(CaseError::RatioAndSources);
    }
    let table = tables
        .source_d_values
        .as_ref()
        .ok_or(CaseError::NoDangerValues)?;
    let mut found = Vec::new();
    for source in field::input::<Vec<SourceInput>>(sources)? {
        field::amount("activity_tbq", Some(source.activity_tbq))?;
        found.push(Source {
            nuclide: source.nuclide,
            activity_tbq: source.activity_tbq,
        });
    }
    if found.is_empty() {
        return Err(CaseError::Missing { field: "sources" });
    }
    let a_over_d = sum_a_over_d(&found, table).map_err(CaseError::no_danger_value)?;
    input.insert(RATIO.to_owned(), number(a_over_d));
    Ok(Some(table.provenance.to_string()))
}

fn number(number: f64) -> Value {
    Number::from_f64(clamped(number)).map_or(Value::Null, Value::Number)
}
