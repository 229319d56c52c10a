//! Events by e-mail: one message for each version, threaded by activation.
//!
//! Only over TLS; plain text goes to the loopback alone. Accepted means that
//! the server answered 250 to the whole message.

use std::net::IpAddr;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::Attempt;
use super::log::Language;
use crate::activation::Event;
use crate::error::Chain;

/// How the connection to the server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// STARTTLS, and nothing without it.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: for a server on the loopback.
    None,
}

/// Where mail goes, and from whom.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is kept secret.
    pub security: Security,
    /// User and password.
    pub login: Option<(String, String)>,
    /// Sender.
    pub from: Mailbox,
    /// Receivers.
    pub to: Vec<Mailbox>,
    /// For each exchange with the server.
    pub timeout: Duration,
    /// Language of subject and text.
    pub language: Language,
}

/// A subscriber that is told by mail.
pub struct Mail {
    config: MailConfig,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail({}:{})", self.config.host, self.config.port)
    }
}

/// Keeps automatic answers away (RFC 3834).
#[derive(Clone, Debug)]
struct AutoSubmitted(String);

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

impl Mail {
    /// A subscriber; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// When no TLS set-up is possible for the server's name.
    pub fn new(config: MailConfig) -> Result<Self, String> {
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let tls =
            || TlsParameters::new(config.host.clone()).map_err(|error| Chain(&error).to_string());
        let tls = match config.security {
            Security::StartTls => Tls::Required(tls()?),
            Security::Tls => Tls::Wrapper(tls()?),
            Security::None if is_loopback(&config.host) => Tls::None,
            Security::None => return Err("plain text is for the loopback only".to_owned()),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(config.timeout));
        if let Some((user, password)) = &config.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        let transport = builder.build();
        Ok(Self { config, transport })
    }

    /// One attempt.
    pub(super) async fn send(&self, event: &Event) -> Attempt {
        let message = match self.message(event) {
            Ok(message) => message,
            Err(error) => return Attempt::Refused { error },
        };
        match self.transport.send(message).await {
            Ok(_) => Attempt::Accepted,
            Err(error) if error.is_permanent() => Attempt::Refused {
                error: Chain(&error).to_string(),
            },
            Err(error) => Attempt::Later {
                error: Chain(&error).to_string(),
                after: None,
            },
        }
    }

    fn message(&self, event: &Event) -> Result<Message, String> {
        let config = &self.config;
        let words = config.language.words(&event.text);
        let subject: Vec<&str> = words.iter().map(|words| words.headline.as_str()).collect();
        let subject = unencoded(&subject.join(" / "));
        let mut body: Vec<String> = words.iter().map(|words| words.lines.join("\r\n")).collect();
        let list = config.language.list(event);
        if !list.is_empty() {
            body.push(list.join("\r\n"));
        }
        let domain = config.from.email.domain();
        let about = match event.about() {
            "" => event.id.as_str(),
            about => about,
        };
        let thread = format!("<{about}@{domain}>");
        let mut builder = Message::builder()
            .from(config.from.clone())
            .subject(subject)
            .message_id(Some(format!("<{}@{domain}>", event.id)))
            .in_reply_to(thread.clone())
            .references(thread)
            .header(AutoSubmitted("auto-generated".to_owned()));
        for to in &config.to {
            builder = builder.to(to.clone());
        }
        let text = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .body(body.join("\r\n\r\n"));
        let json = serde_json::to_string_pretty(event).map_err(|error| error.to_string())?;
        let attached = lettre::message::Attachment::new(format!("{}.json", event.id)).body(
            json,
            ContentType::parse("application/json").map_err(|error| error.to_string())?,
        );
        let receivers = config.to.iter().map(|to| to.email.clone()).collect();
        let envelope = Envelope::new(Some(config.from.email.clone()), receivers)
            .map_err(|error| error.to_string())?;
        builder
            .envelope(envelope)
            .multipart(MultiPart::mixed().singlepart(text).singlepart(attached))
            .map_err(|error| error.to_string())
    }
}

/// A subject in which nothing passes for an encoded word (RFC 2047): a reader
/// would decode it, and show what nobody here has looked at.
fn unencoded(subject: &str) -> String {
    subject.replace("=?", "= ?")
}

/// Whether a host is this machine, by its address or its usual name.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
