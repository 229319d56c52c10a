//! Berthold LB 134 Universal Monitor II (catalogue section 11), as far as the sheet goes.
//!
//! Not on the sheet, and so options here: what separates the fields of an answer, and the
//! rule of the check, which may also be left empty.

use std::time::Duration;

use clap::Args;

use crate::detector::Detector;
use crate::faults::{Abilities, Frame};
use crate::firmware::{Firmware, Moment};
use crate::inbox::Inbox;

/// The family's verb.
pub const NAME: &str = "berthold-lb134";

/// How this unit is set.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Its number, 1 to 9999
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=9999))]
    pub address: u16,
    /// What stands between the fields of a result
    #[arg(long, default_value = ";")]
    pub separator: String,
    /// Sends a check: the sum of all bytes before it
    #[arg(long)]
    pub checksum: bool,
    /// A contamination probe, beta and alpha, instead of the dose probe
    #[arg(long)]
    pub contamination: bool,
    /// Beta counts per second of that probe in 1 µSv/h
    #[arg(long, value_name = "CPS", default_value_t = 20.0)]
    pub beta_cps_per_usv_h: f64,
    /// Its alpha counts per second
    #[arg(long, value_name = "CPS", default_value_t = 0.1)]
    pub alpha_cps: f64,
}

/// One of the two blocks of a result.
#[derive(Clone, Debug, Default, PartialEq)]
struct Block {
    name: &'static str,
    value: f64,
    unit: &'static str,
    integral: f64,
    integral_unit: &'static str,
}

/// A good request.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    /// Four digits: the host that asks.
    host: String,
    /// Eight digits: what it asks for.
    function: String,
}

/// An LB 134, as it runs.
#[derive(Debug)]
pub struct Lb134 {
    options: Options,
    first: Detector,
    second: Detector,
    inbox: Inbox,
    blocks: [Block; 2],
    cycle: u32,
    runs: bool,
}

/// The internal dose probe: µSv/h for one count per second, and its own background.
const USV_H_PER_CPS: f64 = 0.627;
const OWN_CPS: f64 = 0.07;

/// Lengths: an empty frame, and the longest.
const FRAME_MIN: usize = 20;
const FRAME_MAX: usize = 255;

/// Any instrument, in a request for the id.
const ANYBODY: &str = "0000";

/// Hosts have these numbers.
const HOSTS: std::ops::RangeInclusive<u16> = 9001..=9008;

/// What the sheet calls MSK, six characters of unknown meaning.
const MASK: &str = "000000";

/// Keeps the two channels apart.
const SECOND: u64 = 0x5EC << 32;

impl Default for Options {
    fn default() -> Self {
        super::defaults()
    }
}

impl Options {
    /// The unit with these options; its counts follow from `seed`.
    pub fn firmware(self, seed: u64) -> Box<dyn Firmware> {
        Box::new(Lb134 {
            options: self,
            first: Detector::new(seed),
            second: Detector::new(seed ^ SECOND),
            inbox: Inbox::default(),
            blocks: [Block::default(), Block::default()],
            cycle: 0,
            runs: true,
        })
    }
}

/// `*`, addresses, function and data, `*`, check, `*`, CR.
fn frame(to: &str, from: &str, function: &str, data: &str, checked: bool) -> Frame {
    let body = format!("*{to}{from}{function}{data}*");
    let check = if checked { check(&body) } else { String::new() };
    let start = body.len();
    Frame {
        checksum: checked.then(|| start..start + check.len()),
        bytes: format!("{body}{check}*\r").into_bytes(),
        terminator: 2,
    }
}

/// The sum of all bytes modulo 256, in two digits: the sheet's guess.
fn check(body: &str) -> String {
    let sum = body.bytes().fold(0_u8, u8::wrapping_add);
    format!("{sum:02X}")
}

/// The request in what stood before a CR, if it is one for `address`.
fn request(bytes: &[u8], address: u16) -> Option<Request> {
    if !(FRAME_MIN..=FRAME_MAX).contains(&(bytes.len() + 1)) {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let (body, sent) = text.strip_suffix('*')?.rsplit_once('*')?;
    if !sent.is_empty() && check(&format!("{body}*")) != sent {
        return None;
    }
    let body = body.strip_prefix('*')?;
    let (to, from, function) = (body.get(..4)?, body.get(4..8)?, body.get(8..16)?);
    let is_mine = to == ANYBODY || to.parse() == Ok(address);
    let is_host = from.parse().is_ok_and(|host| HOSTS.contains(&host));
    let are_digits = function.bytes().all(|byte| byte.is_ascii_digit());
    (is_mine && is_host && are_digits).then(|| Request {
        host: from.to_owned(),
        function: function.to_owned(),
    })
}

impl Lb134 {
    fn measure(&mut self, moment: &Moment) {
        self.cycle = self.cycle.saturating_add(1);
        let usv_h = moment.dose_rate_usv_h;
        let [old_first, old_second] = &self.blocks;
        let (integral, second_integral) = (old_first.integral, old_second.integral);
        if self.options.contamination {
            let expected = usv_h * self.options.beta_cps_per_usv_h;
            let beta = self.first.counts(expected, moment) as f64;
            let alpha = self.second.counts(self.options.alpha_cps, moment) as f64;
            let block = |name, value, integral| Block {
                name,
                value,
                unit: "cps",
                integral,
                integral_unit: "cts",
            };
            self.blocks = [
                block("beta", beta, integral + beta),
                block("alpha", alpha, second_integral + alpha),
            ];
            return;
        }
        let cps = self.second.counts(usv_h / USV_H_PER_CPS + OWN_CPS, moment) as f64;
        self.blocks = [
            Block {
                name: "gamma",
                value: usv_h,
                unit: "µSv/h",
                integral: integral + usv_h / 3600.0,
                integral_unit: "µSv",
            },
            Block {
                name: "gamma",
                value: cps,
                unit: "cps",
                integral: second_integral + cps,
                integral_unit: "cts",
            },
        ];
    }

    fn result(&self, moment: &Moment) -> String {
        let mut fields = vec![
            moment.clock.strftime("%d/%m/%y %H.%M.%S").to_string(),
            self.cycle.to_string(),
            "000000000000".to_owned(),
            "1".to_owned(),
        ];
        for block in &self.blocks {
            fields.extend([
                block.name.to_owned(),
                format!("{:.3}", block.value),
                block.unit.to_owned(),
                format!("{:.4}", block.integral),
                block.integral_unit.to_owned(),
            ]);
        }
        let hours = moment.elapsed.as_secs_f64() / 3600.0;
        fields.push(format!("{hours:.2}"));
        fields.join(&self.options.separator)
    }

    /// The data of the answer; `None` for a function the sheet does not describe.
    fn data(&mut self, function: &str, moment: &Moment) -> Option<String> {
        let data = match function {
            "00000000" => "LB134".to_owned(),
            "00010200" => moment.clock.strftime("%d/%m/%y %H.%M.%S").to_string(),
            "01010107" => "000000000000".to_owned(),
            // Before the first cycle there is no result.
            "01010100" | "01030102" if self.cycle == 0 => return None,
            "01010100" | "01030102" => self.result(moment),
            "01030100" | "01030101" => {
                self.runs = function == "01030100";
                return Some(String::new());
            }
            _ => return None,
        };
        Some(format!("{MASK}{data}"))
    }
}

impl Firmware for Lb134 {
    fn family(&self) -> &'static str {
        NAME
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            checksum: self.options.checksum,
            clock: true,
            line: true,
            terminator: true,
            overload: false,
            ..Abilities::default()
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn power_up(&mut self) -> Vec<Frame> {
        self.inbox.clear();
        self.cycle = 0;
        self.runs = true;
        Vec::new()
    }

    fn tick(&mut self, moment: &Moment) -> Vec<Frame> {
        if self.runs && !moment.frozen {
            self.measure(moment);
        }
        Vec::new()
    }

    fn hear(&mut self, bytes: &[u8], moment: &Moment) -> Vec<Frame> {
        self.inbox.add(bytes);
        let mut said = Vec::new();
        while let Some(bytes) = self.inbox.until(b"\r") {
            let Some(Request { host, function }) = request(&bytes, self.options.address) else {
                continue; // a wrong address, pattern or check gets no answer at all
            };
            let Some(data) = self.data(&function, moment) else {
                continue;
            };
            let me = format!("{:04}", self.options.address);
            said.push(frame(&host, &me, &function, &data, self.options.checksum));
        }
        said
    }
}

#[cfg(test)]
mod tests;
