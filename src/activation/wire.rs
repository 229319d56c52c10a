//! How the core's words are written in records: by their names, so that a
//! record of today can be read without this program.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::condition::{Condition, Run};
use crate::clock::{Mono, Wall};
use crate::criteria::termination::{AreaKind, Target, Track};
use crate::criteria::{Class, Recommendation, Remark, Remarks, Rule, Rules, Subject};
use crate::error::excerpt;
use crate::reading::{InstrumentId, Quantity, Radiation};

/// Longest piece of a foreign word that an error message repeats.
const WORD_CHARS: usize = 32;

macro_rules! word {
    ($module:ident, $type:ty) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(
                value: &$type,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(value.as_str())
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$type, D::Error> {
                let word = String::deserialize(deserializer)?;
                <$type>::from_word(&word).ok_or_else(|| {
                    D::Error::custom(format_args!(
                        "unknown {} `{}`",
                        stringify!($module),
                        excerpt(&word, WORD_CHARS)
                    ))
                })
            }
        }
    };
}

word!(area_kind, AreaKind);
word!(class, Class);
word!(recommendation, Recommendation);
word!(rule, Rule);
word!(subject, Subject);
word!(target, Target);
word!(track, Track);

/// A class, where there may be none.
pub(crate) mod class_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        class: &Option<Class>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        class.map(Class::as_str).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Class>, D::Error> {
        #[derive(Deserialize)]
        struct Word(#[serde(with = "super::class")] Class);
        Ok(Option::<Word>::deserialize(deserializer)?.map(|Word(class)| class))
    }
}

macro_rules! word_set {
    ($module:ident, $set:ty, $word:ty) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn serialize<S: Serializer>(
                set: &$set,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(set.iter().map(<$word>::as_str))
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<$set, D::Error> {
                Vec::<String>::deserialize(deserializer)?
                    .iter()
                    .map(|word| {
                        <$word>::from_word(word).ok_or_else(|| {
                            D::Error::custom(format_args!(
                                "unknown word `{}`",
                                excerpt(word, WORD_CHARS)
                            ))
                        })
                    })
                    .collect()
            }
        }
    };
}

word_set!(rules, Rules, Rule);
word_set!(remarks, Remarks, Remark);

/// RFC 3339 in UTC, to the nanosecond.
pub(crate) mod wall {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Wall, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(at)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Wall, D::Error> {
        Wall::parse_rfc3339(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The same, where there may be none.
pub(crate) mod wall_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        at: &Option<Wall>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(|at| at.to_string()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Wall>, D::Error> {
        Option::<String>::deserialize(deserializer)?
            .map(|text| Wall::parse_rfc3339(&text).map_err(D::Error::custom))
            .transpose()
    }
}

/// Nanoseconds of the machine's own time.
pub(crate) mod mono {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &Mono, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(at.as_nanos())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Mono, D::Error> {
        u64::deserialize(deserializer).map(Mono::from_nanos)
    }
}

/// The same, where there may be none.
pub(crate) mod mono_option {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        at: &Option<Mono>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(Mono::as_nanos).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Mono>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Mono::from_nanos))
    }
}

/// Hexadecimal words: many readers of JSON hold no 64-bit integers.
pub(crate) mod marks {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        marks: &[u64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(marks.iter().map(|mark| format!("{mark:016x}")))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u64>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|mark| u64::from_str_radix(mark, 16).map_err(D::Error::custom))
            .collect()
    }
}

pub(crate) mod instrument {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        id: &InstrumentId,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<InstrumentId, D::Error> {
        let text = String::deserialize(deserializer)?;
        InstrumentId::new(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "not an instrument name: `{}`",
                excerpt(&text, WORD_CHARS)
            ))
        })
    }
}

/// `dose_rate`, or `count_rate:beta` with the radiation.
pub(crate) mod quantity {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        quantity: &Quantity,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match quantity.radiation() {
            None => serializer.serialize_str(quantity.as_str()),
            Some(radiation) => {
                serializer.collect_str(&format_args!("{}:{radiation}", quantity.as_str()))
            }
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Quantity, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| {
            D::Error::custom(format_args!(
                "unknown quantity `{}`",
                excerpt(&text, WORD_CHARS)
            ))
        })
    }

    fn parse(text: &str) -> Option<Quantity> {
        match text.split_once(':') {
            None if text == "dose_rate" => Some(Quantity::DoseRate),
            None if text == "dose" => Some(Quantity::Dose),
            Some(("count_rate", word)) => Radiation::from_word(word).map(Quantity::CountRate),
            Some(("surface_activity", word)) => {
                Radiation::from_word(word).map(Quantity::SurfaceActivity)
            }
            _ => None,
        }
    }
}

/// Level and clearing run; thresholds come again with the next reading.
pub(crate) mod condition {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Held {
        #[serde(with = "super::class")]
        level: Class,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<LowRun>,
    }

    #[derive(Serialize, Deserialize)]
    struct LowRun {
        first_ns: u64,
        last_ns: u64,
        readings: u32,
    }

    pub(crate) fn serialize<S: Serializer>(
        condition: &Condition,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Held {
            level: condition.level(),
            run: condition.run().map(|run| LowRun {
                first_ns: run.first.as_nanos(),
                last_ns: run.last.as_nanos(),
                readings: run.readings,
            }),
        }
        .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Condition, D::Error> {
        let held = Held::deserialize(deserializer)?;
        let run = held.run.map(|run| Run {
            first: Mono::from_nanos(run.first_ns),
            last: Mono::from_nanos(run.last_ns),
            readings: run.readings,
        });
        Ok(Condition::restored(held.level, run))
    }
}
