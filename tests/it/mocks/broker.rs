//! A station, its broker and the daemon's decoder, joined in memory: topics and
//! payloads, what the broker keeps, and the last will.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use firmware_mocks::faults::{Faults, Spoiler};
use firmware_mocks::firmware::{Message, Station};
use pantau::frame::Framed;
use pantau::profile::Profile;
use pantau::recording::Player;
use pantau::source::capture::Captured;

use super::bench::{Delivery, Heard, LENGTH, Run, SEED, clock, moment, wall};

/// When the daemon subscribes anew and gets what the broker kept.
const SUBSCRIBES_AGAIN: Duration = Duration::from_secs(305);

struct Desk {
    station: Box<dyn Station>,
    spoiler: Spoiler,
    player: Player,
    is_plugged: bool,
    /// QoS 1 messages while the broker is away.
    backlog: Vec<Sent>,
    kept: BTreeMap<String, Sent>,
    run: Run,
}

/// A message and when it was made.
#[derive(Clone)]
struct Sent {
    message: Message,
    at: Duration,
    is_damaged: bool,
}

/// Plays `station` with `faults` against its profile.
pub(super) fn play(station: Box<dyn Station>, profile: &Arc<Profile>, faults: Faults) -> Run {
    let mut desk = Desk {
        station,
        spoiler: Spoiler::new(faults, SEED),
        player: Player::new(Arc::clone(profile)),
        is_plugged: true,
        backlog: Vec::new(),
        kept: BTreeMap::new(),
        run: Run::default(),
    };
    desk.station.power_up();
    let greeting = desk.station.greeting();
    desk.say(greeting, Duration::ZERO);
    let interval = desk.station.interval();
    let mut now = interval;
    let mut subscribes = Some(SUBSCRIBES_AGAIN);
    while now <= LENGTH {
        if subscribes.is_some_and(|at| at <= now) {
            subscribes = None;
            desk.subscribe(now);
        }
        desk.plug(now);
        let told = moment(desk.spoiler.faults(), now);
        for message in desk.station.tick(&told) {
            desk.publish(message, now);
        }
        now += interval;
    }
    desk.run
}

impl Desk {
    /// The broker speaks the last will, or the station comes back.
    fn plug(&mut self, now: Duration) {
        let is_plugged = self.spoiler.faults().plugged(now);
        if std::mem::replace(&mut self.is_plugged, is_plugged) == is_plugged {
            return;
        }
        if is_plugged {
            let greeting = self.station.greeting();
            self.say(greeting, now);
            for sent in std::mem::take(&mut self.backlog) {
                self.deliver(&sent, now);
            }
        } else {
            let will = self.station.last_will();
            self.say(will.into_iter().collect(), now);
        }
    }

    /// Messages of the connection, which no fault spoils.
    fn say(&mut self, messages: Vec<Message>, at: Duration) {
        for message in messages {
            let sent = Sent {
                message,
                at,
                is_damaged: false,
            };
            self.deliver(&sent, at);
        }
    }

    fn publish(&mut self, meant: Message, at: Duration) {
        let abilities = self.station.abilities();
        let spoiled = self.spoiler.spoil_message(at, &meant, abilities);
        let is_whole = |message: &Message| message.payload == meant.payload;
        let mut is_lost = !spoiled.messages.iter().any(is_whole);
        for message in &spoiled.messages {
            let sent = Sent {
                message: message.clone(),
                at,
                is_damaged: !is_whole(message),
            };
            if self.is_plugged {
                self.deliver(&sent, at);
            } else if sent.message.acknowledged {
                self.backlog.push(sent);
            } else {
                is_lost = true;
            }
        }
        self.run.damaged += usize::from(is_lost);
        if spoiled.reboots {
            self.run.reboots.push(at);
            self.station.power_up();
        }
    }

    fn deliver(&mut self, sent: &Sent, now: Duration) {
        if sent.message.retain {
            self.kept.insert(sent.message.topic.clone(), sent.clone());
        }
        let delivery = if sent.is_damaged {
            Delivery::Damaged
        } else {
            Delivery::Whole
        };
        self.hear(sent, delivery, now);
    }

    fn subscribe(&mut self, now: Duration) {
        let kept: Vec<Sent> = self.kept.values().cloned().collect();
        for sent in kept {
            self.hear(&sent, Delivery::Kept, now);
        }
    }

    fn hear(&mut self, sent: &Sent, delivery: Delivery, now: Duration) {
        let arrived = wall(clock(now));
        let captured = Captured {
            framed: Framed::Frame(sent.message.payload.clone().into()),
            topic: Some(sent.message.topic.clone()),
            at: Some(arrived),
            retained: delivery == Delivery::Kept,
        };
        let played = self.player.play(&captured, arrived);
        self.run
            .heard
            .extend(played.into_iter().map(|(_, played)| Heard {
                at: sent.at,
                label: captured.topic.clone(),
                delivery,
                played,
            }));
    }
}
