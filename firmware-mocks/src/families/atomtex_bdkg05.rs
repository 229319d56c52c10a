//! Atomtex BDKG-05 (catalogue section 12): Modbus RTU with a swapped check, and a
//! start-up of its own.

use std::time::Duration;

use clap::Args;

use super::single;
use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;
use crate::modbus::{
    CrcOrder, Exception, READ_HOLDING, READ_INPUT, READ_STATUS, Request, WRITE_COIL,
    WRITE_REGISTER, frame, refusal, registers, request,
};

/// The family's verb.
pub const NAME: &str = "atomtex-bdkg05";

/// How this unit is built.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Its address on the line
    #[arg(long, default_value_t = 1)]
    pub address: u8,
    /// The order of the check's bytes; the sheet has notes for both
    #[arg(long, value_enum, default_value_t = CrcOrder::HighFirst)]
    pub crc: CrcOrder,
    /// Counts per second in 1 µSv/h; the sheet gives none
    #[arg(long, value_name = "CPS", default_value_t = 366.0)]
    pub cps_per_usv_h: f64,
    /// Temperature it reports
    #[arg(long, value_name = "CELSIUS", default_value_t = 25)]
    pub celsius: u8,
    /// Needs no start-up, as if somebody had done it
    #[arg(long)]
    pub warm: bool,
}

/// A BDKG-05, as it runs.
#[derive(Debug)]
pub struct Bdkg05 {
    options: Options,
    detector: Detector,
    inbox: Inbox,
    n_ticks: u64,
    /// How much of the start-up was done.
    steps_done: usize,
    cps: u64,
    average_cps: f64,
    usv_h: f64,
    dose_usv: f64,
}

/// Seconds after power-up in which nothing is answered: the host polls until it is.
/// The sheet says that it must, not how long.
const DEAF_SECS: u64 = 1;

/// Seconds after power-up in which writes are ignored: about 3.65.
const IGNORES_WRITES_SECS: u64 = 4;

/// The writes that make it measure, in this order.
const START_UP: [(u8, u16, u16); 3] = [
    (WRITE_REGISTER, 0x0000, 0xFFFF),
    (WRITE_COIL, 0x0023, 0xFF00),
    (WRITE_COIL, 0x0022, 0xFF00),
];

/// The first input register.
const FIRST: u16 = 0x0001;

/// The holding register with the background's dose rate.
const BACKGROUND: u16 = 0x000A;

const ERROR_PERCENT: f32 = 5.0;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Bdkg05 {
            steps_done: if self.warm { START_UP.len() } else { 0 },
            n_ticks: if self.warm { IGNORES_WRITES_SECS } else { 0 },
            options: self,
            detector: Detector::new(seed),
            inbox: Inbox::default(),
            cps: 0,
            average_cps: 0.0,
            usv_h: 0.0,
            dose_usv: 0.0,
        })
    }
}

/// Two registers, the high word first.
fn words(value: u32) -> [u16; 2] {
    let [a, b, c, d] = value.to_be_bytes();
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

impl Bdkg05 {
    const fn measures(&self) -> bool {
        self.steps_done == START_UP.len()
    }

    /// Input registers from 0001 on.
    fn input(&self) -> Vec<u16> {
        let sv = |usv: f64| words(single(usv * 1e-6).to_bits());
        let cps = u32::try_from(self.cps).unwrap_or(u32::MAX);
        let (usv_h, dose_usv) = if self.measures() {
            (self.usv_h, self.dose_usv)
        } else {
            (0.0, 0.0)
        };
        let mut all = vec![u16::from(self.options.celsius) << 8];
        all.extend(words(cps));
        all.extend(words(single(self.average_cps).to_bits()));
        all.extend(words(ERROR_PERCENT.to_bits()));
        all.extend(sv(usv_h));
        all.extend(words(ERROR_PERCENT.to_bits()));
        all.extend(sv(dose_usv));
        all
    }

    /// The answer's body; `None` where there is none.
    fn answer(&mut self, request: Request) -> Option<Vec<u8>> {
        if self.n_ticks < DEAF_SECS {
            return None;
        }
        let address = self.options.address;
        let answer = match request.function {
            READ_STATUS => Ok(vec![address, READ_STATUS, 0]),
            READ_INPUT => registers(address, request, FIRST, &self.input()),
            READ_HOLDING => {
                let background = words(0.0_f32.to_bits());
                registers(address, request, BACKGROUND, &background)
            }
            WRITE_REGISTER | WRITE_COIL if self.n_ticks < IGNORES_WRITES_SECS => return None,
            WRITE_REGISTER | WRITE_COIL => self.write(request),
            _ => Err(Exception::Function),
        };
        Some(answer.unwrap_or_else(|exception| refusal(address, request, exception)))
    }

    /// A write is answered by itself. Steps of the start-up count in their order.
    fn write(&mut self, request: Request) -> Result<Vec<u8>, Exception> {
        let written = (request.function, request.register, request.value);
        if !START_UP.contains(&written) {
            return Err(Exception::Address);
        }
        if START_UP.get(self.steps_done) == Some(&written) {
            self.steps_done += 1;
        }
        let mut body = vec![self.options.address, request.function];
        body.extend_from_slice(&request.register.to_be_bytes());
        body.extend_from_slice(&request.value.to_be_bytes());
        Ok(body)
    }
}

impl Firmware for Bdkg05 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: true,
            line: true,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        if !self.options.warm {
            self.n_ticks = 0;
            self.steps_done = 0;
        }
        self.dose_usv = 0.0;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        self.n_ticks = self.n_ticks.saturating_add(1);
        if !moment.frozen {
            self.usv_h = moment.dose_rate_usv_h;
            self.average_cps = self.usv_h * self.options.cps_per_usv_h;
            self.cps = self.detector.counts(self.average_cps, moment);
            if self.measures() {
                self.dose_usv += self.usv_h / 3600.0;
            }
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], _moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        let (address, order) = (self.options.address, self.options.crc);
        while let Some(request) = request(&mut self.inbox, address, order) {
            said.extend(self.answer(request).map(|body| frame(body, order)));
        }
        said
    }
}

#[cfg(test)]
mod tests;
