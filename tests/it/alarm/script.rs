//! Random scripts of one life each: something opens, goes on, ends or does not.

use super::*;

/// SplitMix64: one number gives one script, on every machine.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `end`, without it.
    pub(super) const fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    pub(super) const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// From 0 to 1.
    pub(super) fn share(&mut self) -> f64 {
        f64::from(u32::try_from(self.roll() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// Of the normal distribution, by twelve throws.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

/// Which faults a script plays. What only wall time can tell is left out where the
/// wall clock steps, and what a journal does not hold where only it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    /// Old readings, copies, restarts from snapshots.
    Stations,
    /// The same on the move.
    Moving,
    /// Steps of the wall clock.
    Clock,
    /// Restarts from the records of transitions alone.
    Journal,
}

/// A person's acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Of the current version.
    Now,
    /// Of the one before.
    Old,
    /// Of the current one, twice.
    Twice,
}

/// One step of a life.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Hear(Heard),
    Tick,
    /// Of the n-th that is open.
    Acks(usize, Takes),
    /// From a snapshot, or from the records of transitions.
    Starts {
        from_snapshot: bool,
    },
    /// A reading so many readings ago comes again, known to be a copy or not.
    Again {
        back: usize,
        is_known: bool,
    },
    Jump(i64),
    /// One of two people shelves the n-th that is open, for so many seconds.
    Shelves {
        n: usize,
        who: u8,
        lasting: u64,
        one_shot: bool,
    },
    Unshelves(usize),
    /// An instrument out of service for so many seconds, and back.
    Leaves(u8, u64),
    Returns(u8),
}

const LOW: [f64; 5] = [0.1, 0.3, 0.5, 0.79, 0.799];
const NEARLY: [f64; 3] = [0.8, 0.9, 0.999];
const TIO3: [f64; 6] = [1.0, 2.0, 70.0, 79.9, 80.0, 99.0];
const TIO2: [f64; 3] = [100.0, 150.0, 5000.0];
const WAITS: [u64; 14] = [
    1, 1, 20, 29, 31, 60, 299, 300, 301, 400, 600, 900, 901, 1100,
];

/// The script of this seed: waits in seconds, and what then happens.
pub(super) fn life(seed: u64) -> (Theme, Vec<(u64, Step)>) {
    let mut dice = Dice::new(seed);
    let theme = dice.pick(&[
        Theme::Stations,
        Theme::Stations,
        Theme::Moving,
        Theme::Clock,
        Theme::Journal,
    ]);
    let steps = if dice.one_in(25) {
        40
    } else {
        6 + dice.below(10)
    };
    let main = source(&mut dice, theme);
    // Half of the lives calm down and end, where nothing disturbs it.
    let calms = dice.one_in(2);
    let opens_at = dice.below(3);
    let mut script = Vec::new();
    for n in 0..steps {
        let is_calm = calms && n > opens_at + steps / 4;
        let wait = match (is_calm, dice.below(40)) {
            (_, 0) => 4000,
            (true, _) => dice.pick(&[299, 300, 301, 600]),
            (false, _) => dice.pick(&WAITS),
        };
        let (instrument, at) = if is_calm || dice.below(10) < 7 {
            (main.0, place(&mut dice, theme, main))
        } else {
            let other = source(&mut dice, theme);
            (other.0, place(&mut dice, theme, other))
        };
        let heard = Heard {
            instrument,
            at,
            says: if is_calm && !dice.one_in(8) {
                Says::Usv(dice.pick(&LOW))
            } else {
                says(&mut dice, n < opens_at + steps / 3)
            },
            age: if theme != Theme::Clock && dice.one_in(20) {
                901 + dice.below(9000)
            } else {
                0
            },
        };
        let step = if n == opens_at {
            let value = dice
                .pick(&TIO3)
                .max(if dice.one_in(3) { 150.0 } else { 0.0 });
            Step::Hear(usv(main.0, main.1, value))
        } else {
            match dice.below(22) {
                // What only places on the move know is hard enough without.
                20 | 21 if theme != Theme::Moving => acts(&mut dice, theme, main.0),
                0..13 => Step::Hear(heard),
                13..15 => Step::Tick,
                15 | 16 => Step::Acks(
                    usize::try_from(dice.below(2)).unwrap(),
                    dice.pick(&[Takes::Now, Takes::Now, Takes::Old, Takes::Twice]),
                ),
                17 => Step::Starts {
                    from_snapshot: theme != Theme::Journal,
                },
                18 => Step::Again {
                    back: usize::try_from(dice.below(5)).unwrap(),
                    is_known: theme == Theme::Journal || dice.one_in(2),
                },
                _ if theme == Theme::Clock => {
                    let steps = [-50 * 365 * 86_400, -3600, -600, 601, 3600, 86_400];
                    Step::Jump(dice.pick(&steps))
                }
                _ => Step::Hear(heard),
            }
        };
        script.push((wait, step));
    }
    (theme, script)
}

/// What a person does.
fn acts(dice: &mut Dice, theme: Theme, instrument: u8) -> Step {
    match dice.below(8) {
        0 => Step::Unshelves(0),
        1 => Step::Leaves(instrument, dice.pick(&[600, 3600, 28_800])),
        // A journal holds that as a record of its own.
        2 if theme != Theme::Journal => Step::Returns(instrument),
        _ => Step::Shelves {
            n: 0,
            who: dice.pick(&[0, 1]),
            lasting: dice.pick(&[600, 3600, 3601, 43_200]),
            one_shot: dice.one_in(3),
        },
    }
}

/// An instrument and where it usually is.
fn source(dice: &mut Dice, theme: Theme) -> (u8, At) {
    let n = u8::try_from(dice.below(3)).unwrap();
    match theme {
        Theme::Moving => match n {
            0 => (0, At::Site(0)),
            _ => (10 + n, At::Metres(f64::from(n) * 300.0)),
        },
        Theme::Stations | Theme::Clock | Theme::Journal => match dice.below(8) {
            0 => (20 + n, At::Item(n % 2)),
            1 => (10 + n, At::Lost),
            // Two instruments at one site.
            2 => (3, At::Site(0)),
            _ => (n, At::Site(n)),
        },
    }
}

/// Where it is this time.
fn place(dice: &mut Dice, theme: Theme, (instrument, at): (u8, At)) -> At {
    if theme != Theme::Moving || instrument < 10 {
        return at;
    }
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let north = dice.below(8) as f64 * 300.0;
    match dice.below(8) {
        0 => At::Lost,
        1 => At::Fix {
            north,
            east: 200.0,
            hdop: 41.0,
            age: 0.0,
        },
        2 => At::Fix {
            north: north * 3.0,
            east: 0.0,
            hdop: 1.0,
            age: 20.0,
        },
        _ => At::Metres(north),
    }
}

fn says(dice: &mut Dice, is_rising: bool) -> Says {
    match (dice.below(16), is_rising) {
        (0, _) => Says::Beta(dice.pick(&[1.0, 19.0, 20.0, 25.0, 200.0])),
        (1, _) => Says::Both(dice.pick(&[0.1, 0.5, 2.0]), dice.pick(&[1.0, 15.0, 30.0])),
        (2, _) => dice.pick(&[Says::Lasting, Says::Lasting, Says::Band]),
        (3, _) => dice.pick(&[Says::Invalid, Says::Unclassified, Says::Zero]),
        (4, _) => Says::Over(dice.pick(&[0.5, 10.0, 1000.0])),
        (5, _) => Says::Aside(dice.pick(&[0.1, 0.9, 2.0, 150.0])),
        (6, _) => Says::Usv(dice.pick(&NEARLY)),
        (7, _) | (8..10, true) => Says::Usv(dice.pick(&TIO2)),
        (10..16, true) => Says::Usv(dice.pick(&TIO3)),
        (8, false) => Says::Usv(dice.pick(&TIO3)),
        (9 | 10, false) => Says::Usv(dice.pick(&[70.0, 50.0, 2.0])),
        _ => Says::Usv(dice.pick(&LOW)),
    }
}
