//! Where readings are, and which of them are one place (alarm-semantics §7).

/// A fix and how far it may be off, in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Fix {
    lat: f64,
    lon: f64,
    off: f64,
}

/// What a reading says of its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Where {
    /// A fixed site.
    Site(u8, Fix),
    /// On the move, with a fix.
    At(Fix),
    /// On the move, without one.
    Lost,
    /// At a person or thing of this number.
    Item(u8),
}

/// Two readings this near are one place, in metres.
const NEAR: f64 = 500.0;
/// The longest one place can be, corner to corner of the box around it, in metres.
pub(super) const CHAIN: f64 = 5000.0;
/// How fast a team without a fix may be moving, in metres a second.
const SPEED: f64 = 25.0;
/// Metres for each unit of dilution above the best.
const DILUTION: f64 = 5.0;
/// A place less certain than this is none, in metres.
const USELESS: f64 = 1500.0;

impl Fix {
    pub(in super::super) fn new(lat: f64, lon: f64) -> Self {
        Self { lat, lon, off: 0.0 }
    }

    /// The same, of this dilution and so many seconds old.
    pub(in super::super) fn poor(self, dilution: f64, age: f64) -> Self {
        let off = (dilution - 1.0).max(0.0) * DILUTION + age * SPEED;
        Self {
            off: off.min(USELESS),
            ..self
        }
    }

    /// Where an instrument may be so many seconds after its last fix.
    pub(super) fn drifted(self, secs: i64) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a script")]
        let off = self.off + SPEED * secs as f64;
        (off <= USELESS).then_some(Self { off, ..self })
    }

    pub(super) fn is_near(self, other: Self) -> bool {
        metres(self, other) <= NEAR + self.off + other.off
    }
}

/// Metres between two fixes, on a sphere.
fn metres(a: Fix, b: Fix) -> f64 {
    let (lat_a, lat_b) = (a.lat.to_radians(), b.lat.to_radians());
    let lat = ((lat_b - lat_a) / 2.0).sin();
    let lon = ((b.lon - a.lon).to_radians() / 2.0).sin();
    let h = lat * lat + lat_a.cos() * lat_b.cos() * lon * lon;
    2.0 * 6_371_008.8 * h.sqrt().asin()
}

/// Corner to corner of the box around all of them, in metres.
pub(super) fn size(all: &[Fix]) -> f64 {
    let low = |of: fn(&Fix) -> f64| all.iter().map(of).fold(f64::INFINITY, f64::min);
    let high = |of: fn(&Fix) -> f64| all.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
    let lat = |fix: &Fix| fix.lat;
    let lon = |fix: &Fix| fix.lon;
    if all.is_empty() {
        return 0.0;
    }
    metres(Fix::new(low(lat), low(lon)), Fix::new(high(lat), high(lon)))
}
