//! Rules as numbers of a row. Their order is frozen: it is on disk, and has
//! nothing to do with the order in which an answer lists them.

use crate::criteria::{Rule, Rules};

/// A rule's number is its place here. New rules come last.
const STORED: &[Rule] = &[
    Rule::T31I1,
    Rule::T31I2,
    Rule::T31II1,
    Rule::T31III1,
    Rule::T31III2,
    Rule::T32I1,
    Rule::T32I2,
    Rule::T32II1,
    Rule::T32II2,
    Rule::T32III1,
    Rule::T32III2,
    Rule::EscTio2G,
    Rule::EscTio3G,
    Rule::EscTio2B,
    Rule::EscTio3B,
    Rule::EscTio2A,
    Rule::EscTio3A,
    Rule::EscTio4G,
    Rule::EscTio4B,
    Rule::EscTio4A,
    Rule::T223,
    Rule::PbElev,
    Rule::PbExist,
    Rule::ExRain,
    Rule::ExMed,
    Rule::ExNorm,
    Rule::ExNhb,
    Rule::Sn1,
    Rule::Sn2,
    Rule::Sn3,
    Rule::Dq01,
    Rule::Dq02,
    Rule::Dq03,
    Rule::Dq04,
    Rule::Dq05,
    Rule::Dq06,
    Rule::Dq07,
    Rule::Dq08,
    Rule::Dq09,
    Rule::Dq10,
    Rule::Dq11,
    Rule::Dq12,
    Rule::Dq13,
    Rule::Hy1,
    Rule::Nr,
];

/// The number of a rule.
pub(super) fn rule_code(rule: Rule) -> u8 {
    let place = STORED.iter().position(|stored| *stored == rule);
    let code = place.and_then(|place| u8::try_from(place).ok());
    code.expect("invariant: every rule is stored; a test says so")
}

/// The rule of a number.
pub(super) fn rule_of(code: usize) -> Option<Rule> {
    STORED.get(code).copied()
}

/// Several rules, a bit each.
pub(super) fn rules_bits(rules: Rules) -> u128 {
    let bits = rules.iter().map(|rule| 1_u128 << rule_code(rule));
    bits.fold(0, |all, bit| all | bit)
}

/// The rules of such bits.
pub(super) fn rules_of(bits: u128) -> Rules {
    let rules = STORED.iter().enumerate();
    rules
        .filter(|(place, _)| (bits >> place) & 1 == 1)
        .map(|(_, rule)| *rule)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_number() {
        assert_eq!(STORED.len(), Rule::ALL.len());
        for rule in Rule::ALL {
            assert_eq!(rule_of(usize::from(rule_code(*rule))), Some(*rule));
        }
        let all: Rules = Rule::ALL.iter().copied().collect();
        assert_eq!(rules_of(rules_bits(all)), all);
        assert_eq!(rules_bits(Rules::EMPTY), 0);
    }

    /// Numbers that stand in files already.
    #[test]
    fn numbers_stay_what_they_are() {
        for (rule, code) in [
            (Rule::T31I1, 0),
            (Rule::T32I1, 5),
            (Rule::EscTio2G, 11),
            (Rule::EscTio3G, 12),
            (Rule::EscTio4G, 17),
            (Rule::T223, 20),
            (Rule::Nr, 44),
        ] {
            assert_eq!(rule_code(rule), code, "{rule}");
        }
    }
}
