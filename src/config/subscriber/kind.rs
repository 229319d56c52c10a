//! The kinds of `[[subscriber]]` and their keys.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::header::{HeaderName, HeaderValue};

use crate::config::node::{Language, Node};
use crate::config::problem::Refused;
use crate::config::secret::{Folders, Secret};
use crate::config::section::Section;
use crate::config::url::HttpUrl;
use crate::deliver::{Allowed, ContentType, Security, is_loopback, parse_template};
use crate::exchange::cap::Release;

/// How somebody is told.
#[derive(Clone, Debug)]
pub enum Channel {
    /// `log`: a line in the log.
    Log {
        /// `language`: `id` or `en`. Default: the node's; `None` is both.
        language: Option<Language>,
    },
    /// `mqtt`: the broker of `[broker]`, under the prefix of `[publish]`.
    Mqtt,
    /// `webhook`: the event as JSON, signed as Standard Webhooks has it.
    Webhook {
        /// Where it goes.
        post: Post,
        /// From `secret_file` and, while keys change, `next_secret_file`.
        secrets: Vec<Secret>,
    },
    /// `alertmanager`: API v2 below `url`.
    Alertmanager {
        /// Where it goes.
        post: Post,
    },
    /// `http`: a request by a template, for gateways with a form of their own.
    Http {
        /// Where it goes.
        post: Post,
        /// `template`, or the text in `template_file`. One of them is mandatory.
        body: String,
        /// `content_type`: `json`, `form` or `text`. Default `json`.
        content_type: ContentType,
        /// `header` with the value in `header_file`, for a token.
        header: Option<(HeaderName, HeaderValue)>,
        /// `language`.
        language: Option<Language>,
    },
    /// `mail`: SMTP.
    Mail {
        /// `host`. Mandatory.
        host: String,
        /// `port`. Default: 587 with STARTTLS, 465 with TLS, 25 without.
        port: u16,
        /// `security`: `starttls` (default), `tls`, or `none` on the loopback.
        security: Security,
        /// `user`, with `password_file`.
        login: Option<(String, Secret)>,
        /// `from`. Mandatory.
        from: lettre::message::Mailbox,
        /// `to`: a list. Mandatory.
        to: Vec<lettre::message::Mailbox>,
        /// `timeout_secs`: 1 to 60 s. Default 20 s.
        timeout: Duration,
        /// `language`.
        language: Option<Language>,
    },
    /// `cap`: CAP 1.2 files and an Atom feed in a folder.
    Cap {
        /// `folder`. Default: `cap` in the data folder.
        folder: PathBuf,
        /// `sender`: without blanks, commas, `<`, `&`. Default: the node's name.
        sender: String,
        /// `sender_name`, for people. Default: `Pantau` and the node's name.
        sender_name: String,
        /// `status`: `draft` (default), or `actual` once a named person has
        /// released what this node says.
        release: Release,
        /// `restriction`: who may read it.
        restriction: String,
        /// `valid_hours`: 1 to 168. Default 24.
        valid: Duration,
    },
    /// `terminal`: lines on a device, with the bell.
    Terminal {
        /// `device`, such as `/dev/tty1`. Mandatory.
        device: PathBuf,
        /// `language`.
        language: Option<Language>,
    },
}

/// Where and how an HTTP request goes.
#[derive(Clone, Debug)]
pub struct Post {
    /// `url`: `http` or `https`. Mandatory.
    pub url: HttpUrl,
    /// `timeout_secs`: 1 to 60 s for the whole exchange. Default 10 s.
    pub timeout: Duration,
    /// `allow_inside`: addresses or networks (`10.1.0.0/16`) of this machine and
    /// its surroundings that may be spoken to. Default: none.
    pub allowed: Allowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Log,
    Mqtt,
    Webhook,
    Alertmanager,
    Http,
    Mail,
    Cap,
    Terminal,
}

const KINDS: &[(&str, Kind)] = &[
    ("log", Kind::Log),
    ("mqtt", Kind::Mqtt),
    ("webhook", Kind::Webhook),
    ("alertmanager", Kind::Alertmanager),
    ("http", Kind::Http),
    ("mail", Kind::Mail),
    ("cap", Kind::Cap),
    ("terminal", Kind::Terminal),
];

const CONTENT_TYPES: &[(&str, ContentType)] = &[
    ("json", ContentType::Json),
    ("form", ContentType::Form),
    ("text", ContentType::Text),
];

const SECURITIES: &[(&str, Security)] = &[
    ("starttls", Security::StartTls),
    ("tls", Security::Tls),
    ("none", Security::None),
];

const RELEASES: &[(&str, Release)] = &[("draft", Release::Draft), ("actual", Release::Actual)];

/// Who may read CAP messages, when nobody says.
const RESTRICTION: &str = "For BAPETEN and the response organisations it names; public information comes from its spokesperson only.";

/// What the kinds refer to.
pub(super) struct Surroundings<'a> {
    pub(super) node: &'a Node,
    pub(super) has_broker: bool,
    pub(super) folders: &'a Folders,
}

pub(super) fn read(section: &mut Section<'_>, around: &Surroundings<'_>) -> Option<Channel> {
    match section.required("kind", |s, key| s.meaning(key, KINDS)) {
        // Until the kind is known, the keys of every kind are let pass, and
        // checked, but none is asked for.
        None => {
            for key in EVERY_KEY {
                section.let_pass(key);
            }
            language(section, around.node);
            section.parsed("url", HttpUrl::parse);
            None
        }
        Some(Kind::Log) => Some(Channel::Log {
            language: language(section, around.node),
        }),
        Some(Kind::Mqtt) => {
            if !around.has_broker {
                let refused = Refused::new("needs a [broker], and there is none");
                section.refuse("kind", refused);
            }
            Some(Channel::Mqtt)
        }
        Some(Kind::Webhook) => webhook(section, around),
        Some(Kind::Alertmanager) => post(section).map(|post| Channel::Alertmanager { post }),
        Some(Kind::Http) => http(section, around),
        Some(Kind::Mail) => mail(section, around),
        Some(Kind::Cap) => Some(cap(section, around)),
        Some(Kind::Terminal) => {
            let device = section.required("device", Section::text);
            let language = language(section, around.node);
            Some(Channel::Terminal {
                device: PathBuf::from(device?),
                language,
            })
        }
    }
}

/// Every key that some kind has.
const EVERY_KEY: &[&str] = &[
    "secret_file",
    "next_secret_file",
    "timeout_secs",
    "allow_inside",
    "template",
    "template_file",
    "content_type",
    "header",
    "header_file",
    "host",
    "port",
    "security",
    "user",
    "password_file",
    "from",
    "to",
    "folder",
    "sender",
    "sender_name",
    "status",
    "restriction",
    "valid_hours",
    "device",
];

fn language(section: &mut Section<'_>, node: &Node) -> Option<Language> {
    section
        .word("language", Language::from_word, Language::ALL)
        .or(node.language)
}

fn post(section: &mut Section<'_>) -> Option<Post> {
    let url = section.required("url", |s, key| s.parsed(key, HttpUrl::parse));
    let timeout = section.seconds("timeout_secs", 1..=60);
    let allowed = allowed(section);
    let url = url?;
    if let Ok(address) = url.host().parse()
        && !allowed.allows(address)
    {
        let refused = Refused::new(format!("{address} is an inside address"))
            .hint(format!("if it is meant: allow_inside = [\"{address}\"]"));
        section.refuse("url", refused);
    }
    Some(Post {
        url,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        allowed,
    })
}

fn allowed(section: &mut Section<'_>) -> Allowed {
    let mut networks = Vec::new();
    for (at, text) in section.texts("allow_inside") {
        let network: Option<IpNet> = text
            .parse()
            .ok()
            .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        match network {
            Some(network) => networks.push(network),
            None => {
                let refused = Refused::new("is no address or network")
                    .hint("as in `127.0.0.1` or `10.1.0.0/16`");
                section.refuse_at(at, refused);
            }
        }
    }
    Allowed::new(networks)
}

fn webhook(section: &mut Section<'_>, around: &Surroundings<'_>) -> Option<Channel> {
    let mut secret = |key| section.parsed(key, |text| around.folders.secret(text));
    let secrets = [secret("secret_file"), secret("next_secret_file")];
    let post = post(section)?;
    Some(Channel::Webhook {
        post,
        secrets: secrets.into_iter().flatten().collect(),
    })
}

fn http(section: &mut Section<'_>, around: &Surroundings<'_>) -> Option<Channel> {
    let content_type = section
        .meaning("content_type", CONTENT_TYPES)
        .unwrap_or_default();
    let body = template(section, around.folders, content_type);
    let name = section.parsed("header", |text| {
        text.parse::<HeaderName>()
            .map_err(|_| Refused::new("is no name of a header"))
    });
    let value = section.parsed("header_file", |text| {
        let secret = around.folders.secret(text)?;
        let mut value = HeaderValue::from_str(secret.expose())
            .map_err(|_| Refused::new("the file holds what no header can"))?;
        value.set_sensitive(true);
        Ok(value)
    });
    if name.is_some() != value.is_some() && section.has("header") != section.has("header_file") {
        section.refuse("header", Refused::new("goes together with `header_file`"));
    }
    let language = language(section, around.node);
    let post = post(section);
    Some(Channel::Http {
        post: post?,
        body: body?,
        content_type,
        header: name.zip(value),
        language,
    })
}

fn template(
    section: &mut Section<'_>,
    folders: &Folders,
    content_type: ContentType,
) -> Option<String> {
    let inline = section.text("template").map(str::to_owned);
    let read = section.parsed("template_file", |text| {
        let path = folders.path(text);
        std::fs::read_to_string(&path)
            .map_err(|error| Refused::new(format!("cannot read `{}`: {error}", path.display())))
    });
    let (key, body) = match (inline, read) {
        (Some(_), Some(_)) => {
            section.refuse("template", Refused::new("there is a `template_file`, too"));
            return None;
        }
        (Some(body), None) => ("template", body),
        (None, Some(body)) => ("template_file", body),
        (None, None) => {
            if !section.has("template") && !section.has("template_file") {
                section.missing("template", Some("or `template_file`"));
            }
            return None;
        }
    };
    if let Err(error) = parse_template(&body, content_type) {
        section.refuse(key, Refused::new(error));
        return None;
    }
    Some(body)
}

fn mail(section: &mut Section<'_>, around: &Surroundings<'_>) -> Option<Channel> {
    let host = section.required("host", Section::text);
    let security = section.meaning("security", SECURITIES).unwrap_or_default();
    if security == Security::None && host.is_some_and(|host| !is_loopback(host)) {
        let refused = Refused::new("`none` is for a server on the loopback only");
        section.refuse("security", refused);
    }
    let usual = match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::None => 25,
    };
    let port = section.whole("port", 1..=u16::MAX).unwrap_or(usual);
    let user = section.text("user");
    let password = section.parsed("password_file", |text| around.folders.secret(text));
    if section.has("user") != section.has("password_file") {
        section.refuse("user", Refused::new("goes together with `password_file`"));
    }
    let mailbox = |text: &str| {
        text.parse()
            .map_err(|_| Refused::new("is no mail address").hint("as in `Duty <duty@example.org>`"))
    };
    let from = section.required("from", |s, key| s.parsed(key, mailbox));
    let mut to = Vec::new();
    if !section.has("to") {
        section.missing("to", Some("a list of addresses"));
    }
    let written = section.texts("to");
    if section.has("to") && written.is_empty() {
        section.refuse("to", Refused::new("names nobody"));
    }
    for (at, text) in written {
        match mailbox(text) {
            Ok(mailbox) => to.push(mailbox),
            Err(refused) => section.refuse_at(at, refused),
        }
    }
    let timeout = section.seconds("timeout_secs", 1..=60);
    let language = language(section, around.node);
    Some(Channel::Mail {
        host: host?.to_owned(),
        port,
        security,
        login: user.map(str::to_owned).zip(password),
        from: from?,
        to,
        timeout: timeout.unwrap_or(Duration::from_secs(20)),
        language,
    })
}

fn cap(section: &mut Section<'_>, around: &Surroundings<'_>) -> Channel {
    let node = around.node;
    let folder = section.text("folder").map(|text| around.folders.path(text));
    let sender = section.parsed("sender", |text| {
        if text.contains([' ', ',', '<', '&']) {
            return Err(Refused::new("must not hold blanks, commas, `<` or `&`"));
        }
        Ok(text.to_owned())
    });
    let sender_name = section.text("sender_name").map(str::to_owned);
    let release = section.meaning("status", RELEASES).unwrap_or_default();
    let restriction = section.text("restriction").unwrap_or(RESTRICTION);
    let hours = section.whole("valid_hours", 1..=168_u64).unwrap_or(24);
    Channel::Cap {
        folder: folder.unwrap_or_else(|| node.data_dir.join("cap")),
        sender: sender.unwrap_or_else(|| node.name.clone()),
        sender_name: sender_name.unwrap_or_else(|| format!("Pantau {}", node.name)),
        release,
        restriction: restriction.to_owned(),
        valid: Duration::from_secs(hours * 3600),
    }
}
