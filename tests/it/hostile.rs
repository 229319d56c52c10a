//! Hostile texts through every channel: they come out inert, and as one record.

mod channels;
mod daemon;
mod mail;
mod strings;
mod xml;

use pantau::activation::{Acknowledgement, Event, Place, SiteRef, Transition, Why};

use crate::messages::{context, last, reading};

/// Characters of a name that are passed on.
const NAME_CHARS: usize = 80;

/// What a hostile text is passed on as.
fn shown(text: &str) -> String {
    pantau::error::excerpt(text, NAME_CHARS)
}

/// An event in which everything that comes from outside is `text`: the site's
/// name, the factor and model of the instrument, its certificate, and who
/// acknowledged with which note. `n` tells its activation from others.
fn event(text: &str, n: u64) -> Event {
    let mut transition = last(&[reading(n, 300.0)], None);
    let activation = &mut transition.activation;
    activation.place = Place::Site(SiteRef {
        id: "s1".to_owned(),
        name: text.to_owned(),
        position: None,
    });
    for evidence in [&mut activation.highest, &mut activation.latest] {
        evidence.factor = Some(text.to_owned());
        evidence.behind.model = Some(text.to_owned());
        evidence.behind.certificate = Some(text.to_owned());
    }
    activation.ack = Some(Acknowledgement {
        version: 1,
        by: text.to_owned(),
        note: text.to_owned(),
        channel: "http".to_owned(),
        at: activation.opened,
    });
    let told = Transition {
        tell: Some(Why::Raised),
        ..transition
    };
    Event::of(&told, &context()).unwrap()
}
