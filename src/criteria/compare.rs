//! Comparing numbers that went through a unit conversion.
//!
//! 1000 nSv/h and 0.1 mrem/h are 1 µSv/h to a person; after a multiplication
//! they may miss it by the last bit. So equality has a width.

/// Half the width of "equal", relative to the level (criteria.md section 2).
pub const TOLERANCE: f64 = 1e-9;

/// `value >= level`, equal within [`TOLERANCE`].
pub fn at_least(value: f64, level: f64) -> bool {
    value >= level - TOLERANCE * level.abs()
}

/// `value > level`, and not equal within [`TOLERANCE`].
pub fn above(value: f64, level: f64) -> bool {
    value > level + TOLERANCE * level.abs()
}

/// `value < level`, and not equal within [`TOLERANCE`].
pub fn below(value: f64, level: f64) -> bool {
    value < level - TOLERANCE * level.abs()
}

/// `value <= level`, equal within [`TOLERANCE`].
pub fn at_most(value: f64, level: f64) -> bool {
    value <= level + TOLERANCE * level.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, level: f64, expected: [bool; 4]) {
        let got = [
            below(value, level),
            at_most(value, level),
            at_least(value, level),
            above(value, level),
        ];
        assert_eq!(got, expected, "{value} against {level}");
    }

    #[test]
    fn equal_has_a_width() {
        check(1.0, 1.0, [false, true, true, false]);
        check(1.0 - 5e-10, 1.0, [false, true, true, false]);
        check(1.0 + 5e-10, 1.0, [false, true, true, false]);
        check(1.0 - 2e-9, 1.0, [true, true, false, false]);
        check(1.0 + 2e-9, 1.0, [false, false, true, true]);
        check(0.21 - 0.1, 0.11, [false, true, true, false]);
        check(0.0, 0.0, [false, true, true, false]);
    }
}
