//! An HTTP request written by a template: for gateways to messengers and text
//! messages, each with its own form.
//!
//! Texts of the event are values of the template, never part of it: braces and
//! quotation marks in them stay what they are.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::Attempt;
use super::http::{Poster, Target};
use super::log::Language;
use crate::activation::{
    ActivationView, DeadlineView, DigestLine, Event, FaultView, SignedHead, Text, Words,
};

/// Name of the one template.
const BODY: &str = "body";

/// How the values of a template are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json`: each value as a JSON value, quotation marks included.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`: values percent-encoded.
    Form,
    /// `text/plain`: values as they are.
    Text,
}

impl ContentType {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::Text => "text/plain; charset=utf-8",
        })
    }

    const fn escape(self) -> AutoEscape {
        match self {
            Self::Json => AutoEscape::Json,
            Self::Form => AutoEscape::Custom("form"),
            Self::Text => AutoEscape::None,
        }
    }
}

/// What is sent, beside the target.
#[derive(Clone, Debug)]
pub struct Form {
    /// The template of the body.
    pub body: String,
    /// Form of the body.
    pub content_type: ContentType,
    /// A header with a secret in it, such as `Authorization`.
    pub secret_header: Option<(HeaderName, HeaderValue)>,
    /// Language of `text`, `headline` and `sms`.
    pub language: Language,
}

/// A subscriber that is told by templated requests.
#[derive(Debug)]
pub struct Templated {
    poster: Poster,
    environment: Environment<'static>,
    headers: HeaderMap,
    language: Language,
}

/// What a template can use.
#[derive(Serialize)]
struct Values<'a> {
    /// Message id.
    id: &'a str,
    why: &'a str,
    headline: String,
    /// All lines.
    text: String,
    /// One text message: at most 160 characters of the basic GSM alphabet, in the
    /// first of the languages.
    sms: &'a str,
    /// Both languages by themselves, such as `words.en.sms`.
    words: &'a Text,
    exercise: bool,
    activation: Option<&'a ActivationView>,
    deadline: Option<&'a DeadlineView>,
    fault: Option<&'a FaultView>,
    head: Option<&'a SignedHead>,
    /// The lines of a digest; empty for anything else.
    digest: &'a [DigestLine],
}

/// Reads a template.
///
/// # Errors
///
/// What is wrong with it, and in which line.
pub fn parse_template(body: &str, content_type: ContentType) -> Result<(), String> {
    environment(body.to_owned(), content_type).map(drop)
}

fn environment(body: String, content_type: ContentType) -> Result<Environment<'static>, String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| content_type.escape());
    environment.set_formatter(|out, state, value| {
        if state.auto_escape() == AutoEscape::Custom("form") && !value.is_safe() {
            let text = value.to_string();
            for piece in percent(&text) {
                out.write_str(&piece)?;
            }
            return Ok(());
        }
        minijinja::escape_formatter(out, state, value)
    });
    environment
        .add_template_owned(BODY, body)
        .map_err(|error| error.to_string())?;
    Ok(environment)
}

/// One text message; of an event that an earlier version wrote down without one,
/// the headline.
fn short(words: &Words) -> &str {
    if words.sms.is_empty() {
        &words.headline
    } else {
        &words.sms
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn percent(text: &str) -> impl Iterator<Item = String> {
    text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    })
}

impl Templated {
    /// A subscriber at `target`.
    ///
    /// # Errors
    ///
    /// When the template is wrong, or no TLS set-up is possible.
    pub fn new(target: Target, form: Form) -> Result<Self, String> {
        let environment = environment(form.body, form.content_type)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, form.content_type.header());
        if let Some((name, value)) = form.secret_header {
            headers.insert(name, value);
        }
        Ok(Self {
            poster: Poster::new(target).map_err(|error| error.to_string())?,
            environment,
            headers,
            language: form.language,
        })
    }

    /// One attempt.
    pub(super) async fn post(&self, event: &Event) -> Attempt {
        match self.body(event) {
            Ok(body) => {
                let headers = self.headers.clone();
                self.poster
                    .send(Method::POST, headers, body.into_bytes())
                    .await
            }
            Err(error) => Attempt::Refused {
                error: format!("the template cannot be filled in: {error}"),
            },
        }
    }

    fn body(&self, event: &Event) -> Result<String, minijinja::Error> {
        let words = self.language.words(&event.text);
        let values = Values {
            id: &event.id,
            why: &event.why,
            headline: words
                .iter()
                .map(|w| w.headline.as_str())
                .collect::<Vec<_>>()
                .join(" / "),
            text: words
                .iter()
                .map(|w| w.lines.join("\n"))
                .collect::<Vec<_>>()
                .join("\n\n"),
            sms: words.first().map_or("", |words| short(words)),
            words: &event.text,
            exercise: event.exercise,
            activation: event.activation.as_ref(),
            deadline: event.deadline.as_ref(),
            fault: event.fault.as_ref(),
            head: event.head.as_ref(),
            digest: &event.digest,
        };
        self.environment.get_template(BODY)?.render(values)
    }
}
