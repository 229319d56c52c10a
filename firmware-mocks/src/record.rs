//! A scenario as a recording: what an instrument says in a time, without waiting for it.
//!
//! For families that are known from files: a history that is read out, the log of
//! another program.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::faults::{Faults, Frame, Spoiler, Step};
use crate::firmware::{Firmware, Moment};
use crate::scenario::{Place, Scenario};

/// What to record.
#[derive(Clone, Debug)]
pub struct Recorder {
    /// The field.
    pub scenario: Scenario,
    /// Where the instrument is.
    pub place: Place,
    /// What goes wrong; its times are the scenario's.
    pub faults: Faults,
    /// What the faults' rubbish and cuts follow from.
    pub seed: u64,
    /// Counts come without chance.
    pub steady: bool,
    /// What a right clock shows at the start.
    pub begin: Timestamp,
    /// How long it goes on.
    pub length: Duration,
}

impl Recorder {
    /// What `firmware` says, in pieces: each is what stood between two pauses.
    pub fn record(self, firmware: &mut dyn Firmware) -> Vec<Vec<u8>> {
        let interval = firmware.interval().max(Duration::from_millis(1));
        let mut spoiler = Spoiler::new(self.faults.clone(), self.seed);
        let mut pieces = Vec::new();
        write(
            firmware.power_up(),
            Duration::ZERO,
            firmware,
            &mut spoiler,
            &mut pieces,
        );
        let mut elapsed = interval;
        while elapsed <= self.length {
            let frames = firmware.tick(&self.moment(elapsed));
            write(frames, elapsed, firmware, &mut spoiler, &mut pieces);
            elapsed += interval;
        }
        pieces
    }

    fn moment(&self, elapsed: Duration) -> Moment {
        let position = self.place.at(elapsed);
        let true_usv_h = self.scenario.dose_rate_at(elapsed, position);
        let shift = SignedDuration::from_secs(self.faults.clock_shift_secs(elapsed));
        let now = self.begin.checked_add(elapsed).unwrap_or(Timestamp::MAX);
        Moment {
            elapsed,
            // A shift out of all range shows the earliest time there is.
            clock: now.checked_add(shift).unwrap_or(Timestamp::MIN),
            position,
            dose_rate_usv_h: self.faults.seen_usv_h(elapsed, true_usv_h),
            frozen: self.faults.frozen(elapsed),
            overload: self.faults.overloaded(elapsed),
            steady: self.steady,
        }
    }
}

/// Frames through the faults; none while it is unplugged.
fn write(
    frames: Vec<Frame>,
    at: Duration,
    firmware: &mut dyn Firmware,
    spoiler: &mut Spoiler,
    pieces: &mut Vec<Vec<u8>>,
) {
    if !spoiler.faults().plugged(at) {
        return;
    }
    for frame in frames {
        for step in spoiler.spoil(at, frame) {
            match step {
                Step::Send(bytes) | Step::Pour(bytes) | Step::Drip { bytes, .. } => {
                    pieces.push(bytes);
                }
                Step::Reboot => {
                    let banner = firmware.power_up();
                    pieces.extend(banner.into_iter().map(|frame| frame.bytes));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{radpro_datalog, se_monitor};
    use crate::scenario::DEMO_SOURCE;

    fn recorder(fault: Option<&str>) -> Recorder {
        Recorder {
            scenario: Scenario::quiet(10.0),
            place: Place::Fixed(DEMO_SOURCE),
            faults: fault
                .map(|fault| fault.parse().unwrap())
                .into_iter()
                .collect(),
            seed: 1,
            steady: true,
            begin: Timestamp::constant(1_690_000_000, 0),
            length: Duration::from_secs(180),
        }
    }

    #[test]
    fn a_recording_takes_no_time() {
        let mut unit = radpro_datalog::Options::default().firmware(1);
        let pieces = recorder(None).record(unit.as_mut());
        assert_eq!(
            String::from_utf8(pieces.concat()).unwrap(),
            "OK time,tubePulseCount;;1690000060,3038;1690000120,4576;1690000180,6114;"
        );
    }

    #[test]
    fn faults_are_in_it() {
        let pieces = |fault| {
            let mut unit = se_monitor::Options::default().firmware(1);
            recorder(Some(fault)).record(unit.as_mut())
        };
        assert_eq!(pieces("unplug@0..60").len(), 121);
        let rubbish = pieces("rubbish=2@0..60");
        assert_eq!((rubbish[0].len(), rubbish[60].len()), (17, 15));
    }
}
