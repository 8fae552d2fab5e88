//! Types of every form that serde has.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::random::{Dice, Random};
use crate::message::bytes::{deserialize_bytes, serialize_bytes};

macro_rules! random {
    ($type:ident { $($field:ident),* }) => {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_sign_loss,
            reason = "the bits that fit are as random"
        )]
        impl Random for $type {
            fn random(dice: &mut Dice) -> Self {
                Self { $($field: Random::random(dice)),* }
            }
        }
    };
}

#[derive(Debug, PartialEq, Clone)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_bytes(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_bytes(deserializer).map(Self)
    }
}

impl Random for Blob {
    fn random(dice: &mut Dice) -> Self {
        Self(Random::random(dice))
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Numbers {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u32,
    f: i32,
    g: u64,
    h: i64,
    i: i128,
    j: f64,
    k: f32,
}

random!(Numbers { a, b, c, d, e, f, g, h, i, j, k });

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Plain {
    a_text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe: Option<i64>,
    #[serde(default)]
    letter: char,
    list: Vec<Option<bool>>,
    pair: (u8, String),
    unit: (),
    blob: Blob,
}

impl Random for Plain {
    fn random(dice: &mut Dice) -> Self {
        Self {
            a_text: Random::random(dice),
            maybe: Random::random(dice),
            letter: Random::random(dice),
            list: Random::random(dice),
            pair: (Random::random(dice), Random::random(dice)),
            unit: (),
            blob: Random::random(dice),
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Key(u32);

impl Random for Key {
    fn random(dice: &mut Dice) -> Self {
        Self(Random::random(dice))
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    LeftSide,
    RightSide,
}

impl Random for Side {
    fn random(dice: &mut Dice) -> Self {
        if dice.one_in(2) { Self::LeftSide } else { Self::RightSide }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Maps {
    texts: BTreeMap<String, i64>,
    numbers: BTreeMap<i64, Blob>,
    keys: BTreeMap<Key, Plain>,
    sides: BTreeMap<Side, f32>,
    truths: BTreeMap<bool, Side>,
    letters: BTreeMap<char, u8>,
}

random!(Maps { texts, numbers, keys, sides, truths, letters });

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Flat {
    id: u32,
    #[serde(flatten)]
    plain: Plain,
    #[serde(flatten)]
    rest: BTreeMap<String, f64>,
}

impl Random for Flat {
    fn random(dice: &mut Dice) -> Self {
        let rest: BTreeMap<String, f64> = Random::random(dice);
        // Names of their own, so that none is taken twice.
        let rest = rest.into_iter().map(|(name, value)| (format!("rest {name}"), value)).collect();
        Self { id: Random::random(dice), plain: Random::random(dice), rest }
    }
}

/// The same four variants in every way that serde has to tell them apart.
macro_rules! tagged {
    ($name:ident, $($attribute:meta)?) => {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        $(#[$attribute])?
        pub(super) enum $name {
            Nothing,
            Boxed(Box<Small>),
            Named { blob: Blob, number: f32, key: Option<Key> },
        }

        impl Random for $name {
            fn random(dice: &mut Dice) -> Self {
                match dice.roll() % 3 {
                    0 => Self::Nothing,
                    1 => Self::Boxed(Box::new(Random::random(dice))),
                    _ => Self::Named {
                        blob: Random::random(dice),
                        number: Random::random(dice),
                        key: Random::random(dice),
                    },
                }
            }
        }
    };
}

tagged!(External,);
tagged!(Internal, serde(tag = "kind"));
tagged!(Adjacent, serde(tag = "t", content = "c"));

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Small {
    blob: Blob,
    side: Side,
}

random!(Small { blob, side });

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Untagged {
    Number(i64),
    Side(Side),
    Small(Small),
    Pair(u8, bool),
}

impl Random for Untagged {
    fn random(dice: &mut Dice) -> Self {
        match dice.roll() % 4 {
            0 => Self::Number(Random::random(dice)),
            1 => Self::Side(Random::random(dice)),
            2 => Self::Small(Random::random(dice)),
            _ => Self::Pair(Random::random(dice), Random::random(dice)),
        }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Tree {
    value: Untagged,
    external: External,
    adjacent: Adjacent,
    inner: Vec<Self>,
}

impl Random for Tree {
    fn random(dice: &mut Dice) -> Self {
        Self {
            value: Random::random(dice),
            external: Random::random(dice),
            adjacent: Random::random(dice),
            inner: if dice.one_in(3) { vec![Random::random(dice)] } else { Vec::new() },
        }
    }
}
