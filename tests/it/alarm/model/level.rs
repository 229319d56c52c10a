//! The level of one channel by HY-1, told anew from everything it ever said.

/// How high a channel stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Level {
    #[default]
    Normal,
    /// The band of T2.2-3, lasting.
    Lasting,
    Possible,
    Emergency,
}

/// What one reading said of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Said {
    /// A value with the two levels it is compared with, and what it amounts to.
    Value {
        value: f64,
        possible_at: f64,
        emergency_at: f64,
        /// In the band of T2.2-3 or above, lasting or not.
        in_band: bool,
        level: Level,
    },
    /// Over range: at least this, and never low.
    AtLeast(Level),
    /// Not usable.
    Nothing,
    /// Cannot be judged.
    Unclear,
}

impl Said {
    pub(in super::super) fn level(self) -> Level {
        match self {
            Self::Value { level, .. } | Self::AtLeast(level) => level,
            Self::Nothing | Self::Unclear => Level::Normal,
        }
    }

    pub(in super::super) fn is_usable(self) -> bool {
        matches!(self, Self::Value { .. } | Self::AtLeast(_))
    }

    /// Below 0.8 of what `held` begins at.
    fn is_below(self, held: Level) -> bool {
        match self {
            Self::Value {
                value,
                possible_at,
                emergency_at,
                in_band,
                ..
            } => match held {
                Level::Emergency => value < 0.8 * emergency_at,
                Level::Possible => value < 0.8 * possible_at,
                // A reading does not say where the band begins: out of it is below it.
                Level::Lasting => !in_band,
                Level::Normal => false,
            },
            Self::AtLeast(_) | Self::Nothing | Self::Unclear => false,
        }
    }
}

/// How a reading came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Came {
    /// In time.
    Live,
    /// Over 900 s late.
    Late,
    /// Put aside for a person: counts upwards only.
    Aside,
}

/// One reading of one channel: when it came, how, and what it said.
pub(super) type Sample = (i64, Came, Said);

const RUN: usize = 3;
const SPAN: i64 = 600;
const GAP: i64 = 900;

/// The level that this history leads to. The band of T2.2-3 beside the levels has
/// a hysteresis of its own.
pub(super) fn level(history: &[Sample]) -> Level {
    let band = walk(history, &[Level::Normal, Level::Lasting]);
    let level = walk(history, &[Level::Normal, Level::Possible, Level::Emergency]);
    level.max(band)
}

/// Up these steps at once and down one by one.
fn walk(history: &[Sample], steps: &[Level]) -> Level {
    let mut at = 0;
    let mut run: Vec<i64> = Vec::new();
    for (time, came, said) in history.iter().copied().filter(|it| it.2.is_usable()) {
        let seen = match steps {
            // A level above the band is no reason to hold the band.
            [_, Level::Lasting] => usize::from(said.level() == Level::Lasting),
            _ => steps
                .iter()
                .rposition(|step| *step <= said.level())
                .unwrap_or(0),
        };
        if seen > at {
            at = seen;
            run.clear();
        } else if at > 0 && !said.is_below(steps[at]) {
            run.clear();
        } else if at > 0 && came == Came::Live {
            if run.last().is_some_and(|last| time - last > GAP) {
                run.clear();
            }
            run.push(time);
            if run.len() >= RUN && time - run[0] >= SPAN {
                at -= 1;
                run.clear();
            }
        }
    }
    steps[at]
}
