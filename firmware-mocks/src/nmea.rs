//! The parts of NMEA 0183 that several families share: checksum and angles.

/// XOR of all bytes; of a sentence, those between `$` and `*`.
pub fn checksum(between: &[u8]) -> u8 {
    between.iter().fold(0, |sum, byte| sum ^ byte)
}

/// How an angle is printed.
#[derive(Clone, Copy, Debug)]
pub struct AngleFormat {
    /// Digits before the point, filled up with zeros; 0 for as few as there are.
    pub digits: usize,
    /// Digits behind the point, at least 1.
    pub decimals: u8,
    /// Prints the minus sign although the hemisphere says the same, as TinyGPS
    /// did. The sign takes one of the digits' places, as in C's `%010.4f`.
    pub signed: bool,
}

/// `degrees` as `dddmm.mmmm`, without the hemisphere, rounded to the last decimal. Four
/// of them are 0.2 m.
pub fn angle(degrees: f64, format: AngleFormat) -> String {
    let per_minute = 10_u64.saturating_pow(u32::from(format.decimals));
    let steps = crate::prng::whole((degrees.abs() * 60.0 * per_minute as f64).round());
    let (minutes, fraction) = (steps / per_minute, steps % per_minute);
    let packed = minutes / 60 * 100 + minutes % 60;
    let (digits, decimals) = (format.digits, usize::from(format.decimals));
    if format.signed && degrees < 0.0 {
        let digits = digits.saturating_sub(1);
        format!("-{packed:0digits$}.{fraction:0decimals$}")
    } else {
        format!("{packed:0digits$}.{fraction:0decimals$}")
    }
}

/// `positive` or `negative`, by the sign of `degrees`; zero is positive.
pub fn hemisphere(degrees: f64, positive: char, negative: char) -> char {
    if degrees < 0.0 { negative } else { positive }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(degrees: f64, digits: usize, signed: bool, expected: &str) {
        let format = AngleFormat {
            digits,
            decimals: 4,
            signed,
        };
        assert_eq!(angle(degrees, format), expected);
    }

    #[test]
    fn angles_as_in_the_catalogue() {
        check(35.0 + 38.5284 / 60.0, 4, false, "3538.5284");
        check(-(73.0 + 55.2556 / 60.0), 5, false, "07355.2556");
        check(10.4994 / 60.0, 5, false, "00010.4994");
        check(4.0 + 45.6503 / 60.0, 0, false, "445.6503");
        check(-(83.0 + 12.4727 / 60.0), 5, true, "-8312.4727");
        check(83.0 + 12.4727 / 60.0, 5, true, "08312.4727");
    }

    #[test]
    fn minutes_carry_into_degrees() {
        check(6.999_999_999, 4, false, "0700.0000");
    }

    #[test]
    fn receivers_differ_in_their_decimals() {
        let digits = |degrees, digits, decimals| {
            let format = AngleFormat {
                digits,
                decimals,
                signed: false,
            };
            angle(degrees, format)
        };
        assert_eq!(digits(6.999_999_99, 4, 2), "0700.00");
        assert_eq!(digits(106.5, 5, 7), "10630.0000000");
    }

    #[test]
    fn the_checksum_of_a_known_sentence() {
        let sentence = b"GPGGA,184353.07,1929.045,S,02410.506,E,1,04,2.6,100.00,M,-33.9,M,,0000";
        assert_eq!(checksum(sentence), 0x6D);
    }
}
