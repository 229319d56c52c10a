//! One event as one CAP alert, in Indonesian and English.

use std::io;

use quick_xml::events::BytesText;
use quick_xml::reader::Reader;
use quick_xml::writer::Writer;

use super::{CapContext, Earlier, Release, cap_time, xml_text};
use crate::activation::{ActivationView, Event, Words};
use crate::clock::Wall;
use crate::criteria::{Class, Recommendation};

const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

type Out = Writer<Vec<u8>>;

/// The alert of an event sent at `sent`. `earlier` are the messages of the same
/// activation that went before, the oldest first.
///
/// # Errors
///
/// Never in practice: memory takes every byte.
pub fn cap_document(
    event: &Event,
    context: &CapContext,
    sent: Wall,
    earlier: &[Earlier],
) -> io::Result<Vec<u8>> {
    let mut out = Writer::new_with_indent(Vec::new(), b' ', 2);
    out.get_mut()
        .extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.create_element("alert")
        .with_attribute(("xmlns", NAMESPACE))
        .write_inner_content(|out| alert(out, event, context, sent, earlier))?;
    let mut bytes = out.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn element(out: &mut Out, name: &str, text: &str) -> io::Result<()> {
    let text = xml_text(text);
    out.create_element(name)
        .write_text_content(BytesText::new(&text))?;
    Ok(())
}

fn alert(
    out: &mut Out,
    event: &Event,
    context: &CapContext,
    sent: Wall,
    earlier: &[Earlier],
) -> io::Result<()> {
    let activation = event.activation.as_ref();
    element(out, "identifier", &event.id)?;
    element(out, "sender", &context.sender)?;
    element(out, "sent", &cap_time(sent))?;
    element(out, "status", status(event, context.release))?;
    element(out, "msgType", message_type(activation, earlier))?;
    element(out, "scope", "Restricted")?;
    element(out, "restriction", &context.restriction)?;
    if let Some(into) = activation.and_then(|a| a.merged_into.as_ref()) {
        element(out, "note", &format!("goes on as {into}"))?;
    }
    if !earlier.is_empty() {
        let references: Vec<String> = earlier
            .iter()
            .map(|one| {
                format!(
                    "{},{},{}",
                    context.sender,
                    one.identifier,
                    cap_time(one.sent)
                )
            })
            .collect();
        element(out, "references", &references.join(" "))?;
    }
    if let Some(activation) = activation {
        element(out, "incidents", &activation.id)?;
    }
    for (language, words) in [("id-ID", &event.text.id), ("en", &event.text.en)] {
        out.create_element("info")
            .write_inner_content(|out| info(out, event, context, sent, language, words))?;
    }
    Ok(())
}

/// A drill is a drill, and a trial a test, whatever was released.
fn status(event: &Event, release: Release) -> &'static str {
    match (event.exercise, release) {
        (true, _) if event.activation.is_none() => "Test",
        (true, _) => "Exercise",
        (false, Release::Draft) => "Draft",
        (false, Release::Actual) => "Actual",
    }
}

/// An activation that goes on under another id is called off under its own.
fn message_type(activation: Option<&ActivationView>, earlier: &[Earlier]) -> &'static str {
    let is_merged = activation.is_some_and(|activation| activation.merged_into.is_some());
    match (earlier.is_empty(), is_merged) {
        (true, _) => "Alert",
        (false, true) => "Cancel",
        (false, false) => "Update",
    }
}

/// Urgency, severity, certainty and responses of what holds now
/// (exchange-formats.md section 2.3). Closing an activation is no all-clear:
/// only a terminated case would be.
struct Weight {
    urgency: &'static str,
    severity: &'static str,
    certainty: &'static str,
    categories: &'static [&'static str],
    responses: &'static [&'static str],
}

fn weight(activation: Option<&ActivationView>) -> Weight {
    let Some(activation) = activation else {
        return Weight {
            urgency: "Unknown",
            severity: "Unknown",
            certainty: "Unknown",
            categories: &["CBRNE"],
            responses: &["None"],
        };
    };
    let over = !activation.present;
    let lasting = activation.recommended_status == Recommendation::AktifParsial.as_str();
    let weight = match Class::from_word(&activation.class_max) {
        Some(Class::Emergency) => Weight {
            urgency: "Immediate",
            severity: "Severe",
            certainty: "Observed",
            categories: &["CBRNE", "Health"],
            responses: &["Avoid", "Assess"],
        },
        Some(Class::PossibleEmergency) => Weight {
            urgency: "Expected",
            severity: "Moderate",
            certainty: if activation.confirmed {
                "Likely"
            } else {
                "Possible"
            },
            categories: &["CBRNE"],
            responses: &["Assess", "Avoid"],
        },
        _ => Weight {
            urgency: if lasting { "Expected" } else { "Unknown" },
            severity: "Minor",
            certainty: "Possible",
            categories: &["CBRNE", "Env"],
            responses: &["Monitor", "Assess"],
        },
    };
    if over {
        Weight {
            urgency: "Past",
            severity: "Minor",
            certainty: "Observed",
            responses: &["Monitor"],
            ..weight
        }
    } else {
        weight
    }
}

fn info(
    out: &mut Out,
    event: &Event,
    context: &CapContext,
    sent: Wall,
    language: &str,
    words: &Words,
) -> io::Result<()> {
    let activation = event.activation.as_ref();
    let weight = weight(activation);
    element(out, "language", language)?;
    for category in weight.categories {
        element(out, "category", category)?;
    }
    element(out, "event", &words.headline)?;
    for response in weight.responses {
        element(out, "responseType", response)?;
    }
    element(out, "urgency", weight.urgency)?;
    element(out, "severity", weight.severity)?;
    element(out, "certainty", weight.certainty)?;
    if let Some(activation) = activation {
        pair(out, "eventCode", "PUK/DK2N.3/PT.17", &activation.rule)?;
        if let Ok(onset) = Wall::parse_rfc3339(&activation.onset) {
            element(out, "onset", &cap_time(onset))?;
        }
    }
    let expires = sent.saturating_add(context.valid);
    element(out, "expires", &cap_time(expires))?;
    element(out, "senderName", &context.sender_name)?;
    element(out, "headline", &words.headline)?;
    element(out, "description", &words.lines.join("\n"))?;
    let Some(activation) = activation else {
        return Ok(());
    };
    for (name, value) in parameters(event, activation) {
        pair(out, "parameter", name, &value)?;
    }
    out.create_element("area")
        .write_inner_content(|out| area(out, activation, context))?;
    Ok(())
}

fn pair(out: &mut Out, name: &str, key: &str, value: &str) -> io::Result<()> {
    out.create_element(name).write_inner_content(|out| {
        element(out, "valueName", key)?;
        element(out, "value", value)
    })?;
    Ok(())
}

/// What programs want to know, as names and values.
fn parameters(event: &Event, activation: &ActivationView) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("activation", activation.id.clone()),
        ("version", activation.version.to_string()),
        ("why", event.why.clone()),
        ("state", activation.state.clone()),
        ("class", activation.class.clone()),
        ("class_max", activation.class_max.clone()),
        ("rule", activation.rule.clone()),
        ("rule_source", activation.rule_source.clone()),
        ("recommended_status", activation.recommended_status.clone()),
        ("quantity", activation.quantity.clone()),
        ("unit", activation.unit.clone()),
        ("instrument", activation.instrument.clone()),
        ("confirmed", activation.confirmed.to_string()),
        ("data_lost", activation.data_lost.to_string()),
    ];
    let mut add = |name, value: Option<String>| parameters.extend(value.map(|v| (name, v)));
    add("value", activation.value.map(|value| value.to_string()));
    add(
        "value_constraint",
        activation.at_least.then(|| "GT".to_owned()),
    );
    add("level", activation.level.map(|level| level.to_string()));
    add("radiation", activation.radiation.clone());
    let flags = (!activation.flags.is_empty()).then(|| activation.flags.join(" "));
    add("flags", flags);
    parameters
}

fn area(out: &mut Out, activation: &ActivationView, context: &CapContext) -> io::Result<()> {
    let place = &activation.place;
    let name = place.name.as_ref().or(place.site.as_ref());
    let described = match (name, place.lat, place.lon) {
        (Some(name), _, _) => name.clone(),
        (None, Some(lat), Some(lon)) => format!("{lat:.5}, {lon:.5}"),
        (None, _, _) => format!("no position; instrument {}", activation.instrument),
    };
    element(out, "areaDesc", &described)?;
    let inside = |lat: f64, lon: f64| lat.abs() <= 90.0 && lon.abs() <= 180.0;
    if let (Some(lat), Some(lon)) = (place.lat, place.lon)
        && inside(lat, lon)
    {
        let circle = format!("{lat:.6},{lon:.6} {}", context.radius_km);
        element(out, "circle", &circle)?;
    }
    Ok(())
}

/// Identifier, time and first headline of a message that was written before.
///
/// `None` when it is no such message.
pub fn cap_identity(document: &str) -> Option<(Earlier, String)> {
    let mut reader = Reader::from_str(document);
    let (mut identifier, mut sent, mut headline) = (None, None, None);
    while headline.is_none() {
        match reader.read_event().ok()? {
            quick_xml::events::Event::Start(start) => {
                let name = start.name();
                let slot = match name.as_ref() {
                    b"identifier" => &mut identifier,
                    b"sent" => &mut sent,
                    b"headline" => &mut headline,
                    _ => continue,
                };
                let text = reader.read_text(name).ok()?;
                *slot = Some(quick_xml::escape::unescape(&text).ok()?.into_owned());
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let earlier = Earlier {
        identifier: identifier?,
        sent: Wall::parse_rfc3339(&sent?.replace("-00:00", "Z")).ok()?,
    };
    Some((earlier, headline?))
}
