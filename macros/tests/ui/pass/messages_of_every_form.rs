//! All forms that a message may have.
#![deny(warnings)]

use std::collections::{BTreeMap, HashMap};

#[wirecall::message]
#[derive(PartialEq, Eq, Hash, Clone)]
pub struct Id(String);

#[wirecall::message]
pub struct Celsius(#[check(range(min = -273.15))] f64);

#[wirecall::message]
#[serde(transparent)]
pub struct Wrapped {
    pub inner: Id,
}

#[wirecall::message]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tree {
    pub node_id: Id,
    pub children: Vec<Tree>,
    pub by_name: HashMap<String, Box<Tree>>,
    #[check(length(max = 4), each(length(min = 1)))]
    pub labels: BTreeMap<String, String>,
    #[serde(rename = "class")]
    pub kind: Kind,
    #[serde(flatten)]
    pub extra: Extra,
    #[serde(skip)]
    #[allow(dead_code)]
    pub cached: bool,
    #[serde(with = "text")]
    #[schemars(with = "String")]
    pub number: u128,
}

mod text {
    use std::fmt::Display;

    pub fn serialize<S>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error>
    where
        S: wirecall::__private::serde::Serializer,
    {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D>(deserializer: D) -> Result<u128, D::Error>
    where
        D: wirecall::__private::serde::Deserializer<'de>,
    {
        let text = <String as wirecall::__private::serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(wirecall::__private::serde::de::Error::custom)
    }
}

#[wirecall::message]
#[derive(Default)]
pub struct Extra {
    pub note: Option<String>,
}

#[wirecall::message]
#[derive(Copy, Clone)]
pub enum Kind {
    Leaf,
    InnerNode,
}

#[wirecall::message]
#[serde(tag = "t", content = "c")]
pub enum Adjacent {
    One(u8),
    Two { text: String },
}

#[wirecall::message]
#[serde(untagged)]
pub enum Untagged {
    Number(f64),
    Text(String),
    Full { id: Id },
}

#[wirecall::message]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<Id>,
}

#[wirecall::message]
#[serde(into = "String", try_from = "String")]
pub struct Hex(u32);

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        format!("{:x}", hex.0)
    }
}

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        u32::from_str_radix(&text, 16).map(Self)
    }
}

#[wirecall::message]
pub struct Empty {}

#[wirecall::message]
pub struct Boxed {
    #[check(length(min = 1))]
    pub text: Box<String>,
    #[check(each(length(max = 3)))]
    pub maybe: Option<Box<Vec<String>>>,
}

#[derive(wirecall::Service)]
pub enum Forms {
    #[rpc(returns = Page<Tree>)]
    All {
        adjacent: Adjacent,
        untagged: Untagged,
        wrapped: Wrapped,
        hex: Hex,
        celsius: Celsius,
    },
    #[rpc(returns = (Id, Option<Kind>))]
    Tuple {
        pair: (u8, String),
    },
    Empty(Empty),
    Boxed(Box<Boxed>),
}

pub(crate) fn main() {
    let id = Id::from("a");
    assert_eq!(format!("{id}/{}", id.as_ref()), "a/a");
    assert_eq!(Id::from(String::from("a")), id);
    let contract = Forms::contract();
    assert!(contract.types.contains_key("Tree"));
    let fields: Vec<&str> = contract.types["Tree"].fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(fields, ["nodeId", "children", "byName", "labels", "class", "number"]);
    let variants: Vec<&str> =
        contract.types["Kind"].variants.iter().map(|variant| variant.name.as_str()).collect();
    assert_eq!(variants, ["leaf", "inner_node"]);
}
