//! From the configuration to the means of telling somebody.

use tokio::sync::mpsc;

use super::build::broker;
use crate::config::{self, Channel, Config, Post, Secret};
use crate::deliver::{
    Alertmanager, CapFolder, Form, Kind, Language, Mail, MailConfig, MqttPublisher, Notice,
    Standing, Subscriber, SubscriberConfig, Target, Templated, Terminal, Webhook,
};
use crate::exchange::cap::CapContext;

/// Why a subscriber cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("subscriber `{subscriber}`: {error}")]
pub struct SubscriberError {
    /// Which.
    pub subscriber: String,
    /// Why.
    pub error: String,
}

/// Builds a subscriber; one on the broker also takes `notice_bound` notices.
/// The state of what is `standing` is kept fresh from the start.
pub fn subscriber(
    configured: &config::Subscriber,
    config: &Config,
    standing: Standing<'_>,
    notice_bound: usize,
) -> Result<(Subscriber, Option<mpsc::Sender<Notice>>), SubscriberError> {
    let mut notices = None;
    let kind = match &configured.channel {
        Channel::Mqtt => {
            let broker = broker(config, Vec::new())
                .expect("invariant: a checked configuration has a broker for its subscribers");
            // Two publishers under one name would throw each other out.
            let client_id = format!("{}-{}", broker.client_id, configured.id);
            let (sender, receiver) = mpsc::channel(notice_bound);
            notices = Some(sender);
            let prefix = config.publish.prefix.clone();
            let publisher =
                MqttPublisher::new(broker.options(&client_id), prefix, standing, receiver);
            Kind::Mqtt(Box::new(publisher))
        }
        channel => other_kind(channel, config, standing).map_err(|error| SubscriberError {
            subscriber: configured.id.clone(),
            error,
        })?,
    };
    let config = SubscriberConfig {
        id: configured.id.as_str().into(),
        filter: configured.filter.clone(),
        quiet: configured.quiet,
        is_paced: configured.is_paced,
    };
    Ok((Subscriber::new(config, kind), notices))
}

/// Every kind that needs no broker of ours.
fn other_kind(channel: &Channel, config: &Config, standing: Standing<'_>) -> Result<Kind, String> {
    let text = |error: reqwest::Error| error.to_string();
    Ok(match channel {
        Channel::Mqtt => return Err("needs the broker".to_owned()),
        Channel::Log { language } => Kind::Log(spoken(*language)),
        Channel::Webhook { post, secrets } => {
            let secrets: Vec<&str> = secrets.iter().map(Secret::expose).collect();
            Kind::Webhook(Box::new(
                Webhook::new(target(post), &secrets).map_err(text)?,
            ))
        }
        Channel::Alertmanager { post } => {
            let manager = Alertmanager::new(target(post), &config.node.name, standing);
            Kind::Alertmanager(Box::new(manager.map_err(text)?))
        }
        Channel::Http {
            post,
            body,
            content_type,
            header,
            language,
        } => Kind::Templated(Box::new(Templated::new(
            target(post),
            Form {
                body: body.clone(),
                content_type: *content_type,
                secret_header: header.clone(),
                language: spoken(*language),
            },
        )?)),
        Channel::Mail {
            host,
            port,
            security,
            login,
            from,
            to,
            timeout,
            language,
        } => Kind::Mail(Box::new(Mail::new(MailConfig {
            host: host.clone(),
            port: *port,
            security: *security,
            login: login
                .as_ref()
                .map(|(user, password)| (user.clone(), password.expose().to_owned())),
            from: from.clone(),
            to: to.clone(),
            timeout: *timeout,
            language: spoken(*language),
        })?)),
        Channel::Cap {
            folder,
            sender,
            sender_name,
            release,
            restriction,
            valid,
        } => Kind::Cap(CapFolder::new(
            folder.clone(),
            CapContext {
                sender: sender.clone(),
                sender_name: sender_name.clone(),
                release: *release,
                restriction: restriction.clone(),
                valid: *valid,
                radius_km: config.activation.radius_m / 1000.0,
            },
        )),
        Channel::Terminal { device, language } => Kind::Terminal(Terminal {
            device: device.clone(),
            language: spoken(*language),
        }),
    })
}

fn target(post: &Post) -> Target {
    Target {
        url: post.url.expose().to_owned(),
        host: post.url.host().to_owned(),
        timeout: post.timeout,
        allowed: post.allowed.clone(),
    }
}

const fn spoken(language: Option<config::Language>) -> Language {
    match language {
        Some(config::Language::Indonesian) => Language::Indonesian,
        Some(config::Language::English) => Language::English,
        None => Language::Both,
    }
}
