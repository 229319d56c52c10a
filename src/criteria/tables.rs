//! Every level a reading is compared with, once, beside where it comes from.
//!
//! Rules named T and ESC are the guideline's, PUK/DK2N.3/PT.17 revision 0 of
//! 30 December 2022; PB, EX, SN and DQ rules are the project's own. The text
//! prints `>` or "exceeds" for most rows and "or more" for some; Pantau takes
//! at-or-above for all of them (C-01, A-01), unless `comparator.<rule>` says
//! `gt`.

use super::words::{Class, Rule};

/// A row of a table: from this value on, that class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// The row.
    pub rule: Rule,
    /// The escalation value of 3.2.1(5) with the same number, listed beside.
    pub escalation: Option<Rule>,
    /// µSv/h for dose rates, counts per second for counts.
    pub at_or_above: f64,
    /// What it means.
    pub class: Class,
}

const fn possible(rule: Rule, escalation: Option<Rule>, at_or_above: f64) -> Row {
    Row {
        rule,
        escalation,
        at_or_above,
        class: Class::PossibleEmergency,
    }
}

const fn emergency(rule: Rule, escalation: Option<Rule>, at_or_above: f64) -> Row {
    Row {
        rule,
        escalation,
        at_or_above,
        class: Class::Emergency,
    }
}

/// T3.1-I-1 and ESC-TIO3-G: environment, 1 m above ground or in the area (TIO3).
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 1 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 3.1, p. 30-31       |
/// | escalation | 1 µSv/h | 3.2.1(5), p. 33: "or more"; TIO3 by C-03           |
/// | comparison | `>=`    | table prints `>`; C-01, A-01                       |
pub const T3_1_I_1: Row = possible(Rule::T31I1, Some(Rule::EscTio3G), 1.0);

/// T3.1-I-2 and ESC-TIO2-G: environment, 1 m above ground or in the area (TIO2).
///
/// | what       | value     | from                                             |
/// |------------|-----------|--------------------------------------------------|
/// | level      | 100 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 3.1, p. 30-31     |
/// | escalation | 100 µSv/h | 3.2.1(5), p. 33: "or more"                       |
/// | comparison | `>=`      | table prints `>`; C-01, A-01                     |
pub const T3_1_I_2: Row = emergency(Rule::T31I2, Some(Rule::EscTio2G), 100.0);

/// T3.1-II-1: a person, 10 cm from the skin.
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 1 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 3.1, p. 30-31       |
/// | comparison | `>=`    | table prints `>`; C-01, A-01                       |
pub const T3_1_II_1: Row = possible(Rule::T31II1, None, 1.0);

/// ESC-TIO4-G: a member of the public, 10 cm from the skin (TIO4).
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 1 µSv/h | PUK/DK2N.3/PT.17 rev. 0, 3.2.1(5), p. 33           |
/// | class      | EMERGENCY | C-02: outranks T3.1-II-1 for the public          |
/// | comparison | `>=`    | heading says "exceeds"; C-01, A-01                 |
pub const ESC_TIO4_G: Row = emergency(Rule::EscTio4G, None, 1.0);

/// T3.1-III-1: an object, 1 m.
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 1 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 3.1, p. 30-31       |
/// | comparison | `>=`    | table prints `>`; C-01, A-01                       |
pub const T3_1_III_1: Row = possible(Rule::T31III1, None, 1.0);

/// T3.1-III-2: an object, 1 m: a dangerous source.
///
/// | what       | value     | from                                             |
/// |------------|-----------|--------------------------------------------------|
/// | level      | 100 µSv/h | PUK/DK2N.3/PT.17 rev. 0, table 3.1, p. 30-31     |
/// | comparison | `>=`      | table prints `>`; C-01, A-01                     |
pub const T3_1_III_2: Row = emergency(Rule::T31III2, None, 100.0);

/// T3.2-I-1 and ESC-TIO3-B: environment surface, beta (TIO3).
///
/// | what       | value  | from                                                |
/// |------------|--------|-----------------------------------------------------|
/// | level      | 20 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31           |
/// | escalation | 20 cps | 3.2.1(5), p. 33                                     |
/// | basis      | gross  | A-05                                                |
/// | comparison | `>=`   | table prints `>`; C-01, A-01; either channel, C-05  |
pub const T3_2_I_1_BETA: Row = possible(Rule::T32I1, Some(Rule::EscTio3B), 20.0);

/// T3.2-I-1 and ESC-TIO3-A: environment surface, alpha (TIO3).
///
/// | what       | value | from                                                 |
/// |------------|-------|------------------------------------------------------|
/// | level      | 2 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31            |
/// | escalation | 2 cps | 3.2.1(5), p. 33; printed "and", meant "or": C-04     |
/// | comparison | `>=`  | table prints `>`; C-01, A-01; either channel, C-05   |
pub const T3_2_I_1_ALPHA: Row = possible(Rule::T32I1, Some(Rule::EscTio3A), 2.0);

/// T3.2-I-2 and ESC-TIO2-B: environment surface, beta (TIO2).
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 200 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31          |
/// | escalation | 200 cps | 3.2.1(5), p. 33                                    |
/// | comparison | `>=`    | table prints `>`; C-01, A-01; either channel, C-05 |
pub const T3_2_I_2_BETA: Row = emergency(Rule::T32I2, Some(Rule::EscTio2B), 200.0);

/// T3.2-I-2 and ESC-TIO2-A: environment surface, alpha (TIO2).
///
/// | what       | value  | from                                                |
/// |------------|--------|-----------------------------------------------------|
/// | level      | 10 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31           |
/// | escalation | 10 cps | 3.2.1(5), p. 33; printed "and", meant "or": C-04    |
/// | comparison | `>=`   | table prints `>`; C-01, A-01; either channel, C-05  |
pub const T3_2_I_2_ALPHA: Row = emergency(Rule::T32I2, Some(Rule::EscTio2A), 10.0);

/// T3.2-II-1: skin, beta. The same number means EMERGENCY on an object.
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 100 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31          |
/// | comparison | `>=`    | table prints `>`; C-01, A-01; either channel, C-05 |
pub const T3_2_II_1_BETA: Row = possible(Rule::T32II1, None, 100.0);

/// T3.2-II-1: skin, alpha. The same number means EMERGENCY on an object.
///
/// | what       | value | from                                                 |
/// |------------|-------|------------------------------------------------------|
/// | level      | 5 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31            |
/// | comparison | `>=`  | table prints `>`; C-01, A-01; either channel, C-05   |
pub const T3_2_II_1_ALPHA: Row = possible(Rule::T32II1, None, 5.0);

/// T3.2-II-2: skin, beta; ESC-TIO4-B for a member of the public (TIO4).
///
/// | what       | value    | from                                              |
/// |------------|----------|---------------------------------------------------|
/// | level      | 1000 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31         |
/// | escalation | 1000 cps | 3.2.1(5), p. 33: *masyarakat*, the public         |
/// | comparison | `>=`     | table prints `>`; C-01, A-01; either channel, C-05 |
pub const T3_2_II_2_BETA: Row = emergency(Rule::T32II2, Some(Rule::EscTio4B), 1000.0);

/// T3.2-II-2: skin, alpha; ESC-TIO4-A for a member of the public (TIO4).
///
/// | what       | value  | from                                                |
/// |------------|--------|-----------------------------------------------------|
/// | level      | 50 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31           |
/// | escalation | 50 cps | 3.2.1(5), p. 33: *masyarakat*, the public           |
/// | comparison | `>=`   | table prints `>`; C-01, A-01; either channel, C-05  |
pub const T3_2_II_2_ALPHA: Row = emergency(Rule::T32II2, Some(Rule::EscTio4A), 50.0);

/// T3.2-III-1: an object's counts against the background, any radiation.
///
/// | what       | value          | from                                        |
/// |------------|----------------|---------------------------------------------|
/// | ratio      | 3 x background | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31   |
/// | net floor  | policy         | A-17, `min_net_cps.*`                       |
/// | comparison | `>=`           | table prints `>`; C-01, A-01                |
pub const T3_2_III_1_RATIO: f64 = 3.0;

/// T3.2-III-2: an object, beta. The same number means POSSIBLE on skin.
///
/// | what       | value   | from                                               |
/// |------------|---------|----------------------------------------------------|
/// | level      | 100 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31          |
/// | comparison | `>=`    | table prints `>`; C-01, A-01; either channel, C-05 |
pub const T3_2_III_2_BETA: Row = emergency(Rule::T32III2, None, 100.0);

/// T3.2-III-2: an object, alpha. The same number means POSSIBLE on skin.
///
/// | what       | value | from                                                 |
/// |------------|-------|------------------------------------------------------|
/// | level      | 5 cps | PUK/DK2N.3/PT.17 rev. 0, table 3.2, p. 31            |
/// | comparison | `>=`  | table prints `>`; C-01, A-01; either channel, C-05   |
pub const T3_2_III_2_ALPHA: Row = emergency(Rule::T32III2, None, 5.0);

/// PB-EXIST: residential area closed to existing exposure, instead of T3.1-I-1.
///
/// | what       | value     | from                                             |
/// |------------|-----------|--------------------------------------------------|
/// | level      | 2.3 µSv/h | criteria.md section 5; C-08; table 4.2, p. 73    |
/// | comparison | `>=`      | table 4.2: below 2.3 is existing exposure        |
pub const PB_EXIST_RESIDENTIAL: Row = possible(Rule::PbExist, None, 2.3);

/// PB-EXIST: non-residential area closed to existing exposure, instead of T3.1-I-1.
///
/// | what       | value    | from                                              |
/// |------------|----------|---------------------------------------------------|
/// | level      | 10 µSv/h | criteria.md section 5; C-08; table 4.2, p. 73     |
/// | comparison | `>=`     | table 4.2: below 10 is existing exposure          |
pub const PB_EXIST_NON_RESIDENTIAL: Row = possible(Rule::PbExist, None, 10.0);

/// SN-1: a person or object at an unknown distance.
///
/// | what  | value     | from                        |
/// |-------|-----------|-----------------------------|
/// | level | 100 µSv/h | criteria.md section 5, SN-1 |
pub const SN_1: Row = possible(Rule::Sn1, None, 100.0);

/// DQ-06: higher than anything an instrument of this kind can tell.
///
/// | what  | value     | from                         |
/// |-------|-----------|------------------------------|
/// | level | 1e8 µSv/h | criteria.md section 5, DQ-06 |
pub const DQ_06: Row = possible(Rule::Dq06, None, 1e8);

/// EX-MED: from here on a person decides, in µSv/h.
///
/// | what  | value     | from                                        |
/// |-------|-----------|---------------------------------------------|
/// | bound | 100 µSv/h | criteria.md section 4.2, EX-MED: below only |
pub const EX_MED_BELOW: f64 = 100.0;

/// EX-RAIN: rain explains nothing from here on, in µSv/h.
///
/// | what  | value   | from                                         |
/// |-------|---------|----------------------------------------------|
/// | bound | 1 µSv/h | criteria.md section 4.2, EX-RAIN: below only |
pub const EX_RAIN_BELOW: f64 = 1.0;

/// EX-NORM: the yearly dose must stay below this, in mSv.
///
/// | what  | value | from                                                 |
/// |-------|-------|------------------------------------------------------|
/// | bound | 1 mSv | PUK/DK2N.3/PT.17 rev. 0, table 3.1, note III, p. 31  |
pub const EX_NORM_BELOW_MSV: f64 = 1.0;

/// EX-NHB: the reading less its background must stay below this, in µSv/h.
///
/// | what  | value   | from                          |
/// |-------|---------|-------------------------------|
/// | bound | 1 µSv/h | criteria.md section 5, EX-NHB |
pub const EX_NHB_NET_BELOW: f64 = 1.0;

/// The distance from the skin that the rows for persons speak of, in metres
/// (table 3.1 section II, p. 31).
pub const PERSON_DISTANCE_M: f64 = 0.1;

/// The distance that the rows for objects speak of, in metres (table 3.1
/// section III, p. 31).
pub const OBJECT_DISTANCE_M: f64 = 1.0;

/// The distance that the note on natural material speaks of, in metres (table
/// 3.1, note III, p. 31; C-19).
pub const NORM_DISTANCE_M: f64 = 0.1;

/// Every level above by name, for the record of what was in force.
pub const LEVELS: &[(&str, f64)] = &[
    ("T3.1-I-1 uSv/h", T3_1_I_1.at_or_above),
    ("T3.1-I-2 uSv/h", T3_1_I_2.at_or_above),
    ("T3.1-II-1 uSv/h", T3_1_II_1.at_or_above),
    ("ESC-TIO4-G uSv/h", ESC_TIO4_G.at_or_above),
    ("T3.1-III-1 uSv/h", T3_1_III_1.at_or_above),
    ("T3.1-III-2 uSv/h", T3_1_III_2.at_or_above),
    ("T3.2-I-1 beta cps", T3_2_I_1_BETA.at_or_above),
    ("T3.2-I-1 alpha cps", T3_2_I_1_ALPHA.at_or_above),
    ("T3.2-I-2 beta cps", T3_2_I_2_BETA.at_or_above),
    ("T3.2-I-2 alpha cps", T3_2_I_2_ALPHA.at_or_above),
    ("T3.2-II-1 beta cps", T3_2_II_1_BETA.at_or_above),
    ("T3.2-II-1 alpha cps", T3_2_II_1_ALPHA.at_or_above),
    ("T3.2-II-2 beta cps", T3_2_II_2_BETA.at_or_above),
    ("T3.2-II-2 alpha cps", T3_2_II_2_ALPHA.at_or_above),
    ("T3.2-III-1 x background", T3_2_III_1_RATIO),
    ("T3.2-III-2 beta cps", T3_2_III_2_BETA.at_or_above),
    ("T3.2-III-2 alpha cps", T3_2_III_2_ALPHA.at_or_above),
    (
        "PB-EXIST residential uSv/h",
        PB_EXIST_RESIDENTIAL.at_or_above,
    ),
    (
        "PB-EXIST non-residential uSv/h",
        PB_EXIST_NON_RESIDENTIAL.at_or_above,
    ),
    ("SN-1 uSv/h", SN_1.at_or_above),
    ("DQ-06 uSv/h", DQ_06.at_or_above),
    ("EX-MED below uSv/h", EX_MED_BELOW),
    ("EX-RAIN below uSv/h", EX_RAIN_BELOW),
    ("EX-NORM below mSv", EX_NORM_BELOW_MSV),
    ("EX-NHB net below uSv/h", EX_NHB_NET_BELOW),
    ("person distance m", PERSON_DISTANCE_M),
    ("object distance m", OBJECT_DISTANCE_M),
    ("EX-NORM distance m", NORM_DISTANCE_M),
];
