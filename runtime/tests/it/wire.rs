//! Messages as the frames of a codec. Tests are written in JSON; MessagePack is made of it, and read, by another
//! implementation than wirecall's.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use wirecall::Codec;

/// The frame of a message. What is no JSON stays what it is.
pub(crate) fn frame(codec: Codec, text: &str) -> Message {
    match (codec, serde_json::from_str::<Tree>(text)) {
        (Codec::MsgPack, Ok(tree)) => Message::binary(rmp_serde::to_vec(&tree).expect("MessagePack")),
        (Codec::MsgPack, Err(_)) => Message::binary(text.as_bytes().to_vec()),
        _ => Message::text(text),
    }
}

/// The message in a frame of that codec; `None` for other frames.
pub(crate) fn message(codec: Codec, frame: &Message) -> Option<Value> {
    match (codec, frame) {
        (Codec::Json, Message::Text(text)) => Some(serde_json::from_str(text).expect("JSON")),
        (Codec::MsgPack, Message::Binary(bytes)) => Some(rmp_serde::from_slice(bytes).expect("MessagePack")),
        (_, Message::Text(_) | Message::Binary(_)) => panic!("not a frame of {codec:?}: {frame:?}"),
        _ => None,
    }
}

/// Whether a codec has a form for it: JSON has words for numbers that are none.
pub(crate) fn can_say(codec: Codec, text: &str) -> bool {
    codec == Codec::Json || serde_json::from_str::<Tree>(text).is_ok()
}

/// A frame that carries no message of that codec.
pub(crate) fn wrong_frame(codec: Codec) -> Message {
    if codec == Codec::Json { Message::binary("{}") } else { Message::text("{}") }
}

/// A value as it is written: members in their order, and also twice.
enum Tree {
    Leaf(Value),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Leaf(value) => value.serialize(serializer),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Branches;

        impl<'de> Visitor<'de> for Branches {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Leaf(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Leaf(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Tree::Array(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Tree::Object(all))
            }
        }

        deserializer.deserialize_any(Branches)
    }
}
