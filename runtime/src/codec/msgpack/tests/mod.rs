//! Values of awkward types through both codecs and through another implementation; bytes that are no message.

mod random;
mod zoo;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use random::{Dice, Random};
use zoo::{Adjacent, Blob, External, Flat, Internal, Maps, Numbers, Plain, Small, Tree, Untagged};

use super::{Error, Malformed, Tokens, from_slice, to_value, to_writer};

fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    to_writer(&mut out, value).expect("it is written");
    out
}

/// JSON, without a difference that only text has: 1.0 and 1 are one number there.
fn same(json: &Value, packed: &Value) -> bool {
    match (json, packed) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        // Bytes: a tree shows only their number.
        (Value::String(base64), Value::String(shown)) if shown.ends_with(" bytes") => {
            base64 == shown || shown.strip_suffix(" bytes").and_then(|len| len.parse().ok()) == len_of(base64)
        }
        (a, b) => a == b,
    }
}

fn len_of(base64: &str) -> Option<usize> {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    (base64.len() / 4 * 3).checked_sub(padding)
}

fn round_trips<T>(rounds: u64)
where
    T: Random + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..rounds {
        let value = T::random(&mut dice);
        let text = serde_json::to_string(&value).expect("JSON is written");
        let bytes = written(&value);
        assert_eq!(from_slice::<T>(&bytes).expect("MessagePack is read"), value);
        assert_eq!(serde_json::from_str::<T>(&text).expect("JSON is read"), value);
        // The same maps with the same keys.
        let json: Value = serde_json::from_str(&text).expect("JSON");
        let tree = to_value(&bytes).expect("MessagePack");
        assert!(same(&json, &tree), "{json}\n{tree}");
        // What another program made of the JSON, which has no bytes but their text.
        assert_eq!(from_slice::<T>(&written(&json)).expect("transcoded JSON is read"), value);
        assert_eq!(from_slice::<T>(&rmp_serde::to_vec(&json).expect("by rmp-serde")).expect("read"), value);
    }
}

#[test]
fn every_form_of_value_is_the_same_in_both_codecs() {
    round_trips::<Numbers>(400);
    round_trips::<Plain>(100);
    round_trips::<Maps>(60);
    round_trips::<Flat>(60);
    round_trips::<External>(60);
    round_trips::<Internal>(60);
    round_trips::<Adjacent>(60);
    round_trips::<Vec<Untagged>>(60);
    round_trips::<Tree>(60);
}

#[test]
fn another_implementation_reads_what_is_written_here() {
    let mut dice = Dice(7);
    for _ in 0..100 {
        let value = (Numbers::random(&mut dice), Vec::<External>::random(&mut dice));
        let json = serde_json::to_value(&value).expect("JSON");
        let read: Value = rmp_serde::from_slice(&written(&json)).expect("rmp-serde reads it");
        assert!(same(&json, &read), "{json}\n{read}");
    }
}

#[test]
fn every_value_has_its_shortest_form() {
    for (value, bytes) in [
        (json!(null), &b"\xc0"[..]),
        (json!(127), b"\x7f"),
        (json!(128), b"\xcc\x80"),
        (json!(256), b"\xcd\x01\x00"),
        (json!(65536), b"\xce\x00\x01\x00\x00"),
        (json!(4_294_967_296_u64), b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        (json!(-1), b"\xff"),
        (json!(-32), b"\xe0"),
        (json!(-33), b"\xd0\xdf"),
        (json!(-129), b"\xd1\xff\x7f"),
        (json!(-32769), b"\xd2\xff\xff\x7f\xff"),
        (json!(1.5), b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"),
        (json!([true, false]), b"\x92\xc3\xc2"),
        (json!({ "a": "é" }), b"\x81\xa1a\xa2\xc3\xa9"),
    ] {
        assert_eq!(written(&value), bytes, "{value}");
        assert_eq!(from_slice::<Value>(bytes).expect("read"), value);
    }
    assert_eq!(written(&Blob(vec![1, 2])), b"\xc4\x02\x01\x02");
    assert_eq!(written(&0.1_f32), written(&0.1_f64));
    assert_eq!(written(&"x".repeat(32)).first_chunk(), Some(b"\xd9\x20"));
    assert_eq!(written(&"x".repeat(256)).first_chunk(), Some(b"\xda\x01\x00"));
    assert_eq!(written(&"x".repeat(65536)).first_chunk(), Some(b"\xdb\x00\x01\x00\x00"));
    assert_eq!(written(&vec![0; 16]).first_chunk(), Some(b"\xdc\x00\x10"));
    assert_eq!(written(&vec![0; 65536]).first_chunk(), Some(b"\xdd\x00\x01\x00\x00"));
}

#[test]
fn a_key_is_a_text_and_nothing_else() {
    assert_eq!(written(&BTreeMap::from([(7, 1)])), b"\x81\xa17\x01");
    assert_eq!(from_slice::<HashMap<u8, u8>>(b"\x81\xa17\x01").expect("read"), HashMap::from([(7, 1)]));
    for wrong in [&b"\x81\x07\x01"[..], b"\x81\xc4\x01a\x01", b"\x81\xc0\x01", b"\x81\x80\x01"] {
        assert!(from_slice::<HashMap<u8, u8>>(wrong).is_err());
        assert!(from_slice::<HashMap<String, u8>>(wrong).is_err());
        assert_eq!(Tokens::new(wrong).skip(), Err(Malformed::Key));
    }
    for wrong in ["256", "-1", "1.5", "", "x", "1x"] {
        let bytes = written(&json!({ wrong: 1 }));
        assert!(from_slice::<HashMap<u8, u8>>(&bytes).is_err(), "{wrong}");
    }
    let mut out = Vec::new();
    assert!(to_writer(&mut out, &BTreeMap::from([((), 1)])).is_err());
    assert!(to_writer(&mut out, &BTreeMap::from([(vec![1], 1)])).is_err());
}

#[test]
fn bytes_are_no_text_and_text_is_bytes_only_in_base64() {
    assert!(from_slice::<String>(b"\xc4\x01a").is_err());
    assert!(from_slice::<char>(b"\xc4\x01a").is_err());
    assert!(from_slice::<Value>(b"\xc4\x01a").is_err());
    assert!(from_slice::<Blob>(b"\xa1a").is_err());
    assert!(from_slice::<Blob>(b"\x91\x01").is_err());
    assert_eq!(from_slice::<Blob>(b"\xa4AQI=").expect("base64"), Blob(vec![1, 2]));
}

#[test]
fn numbers_that_json_does_not_have_are_refused() {
    assert!(from_slice::<f64>(&rmp_serde::to_vec(&f64::NAN).expect("written")).is_err());
    assert!(from_slice::<f64>(&rmp_serde::to_vec(&f32::INFINITY).expect("written")).is_err());
    assert!(from_slice::<Value>(&rmp_serde::to_vec(&f64::NEG_INFINITY).expect("written")).is_err());
    assert!(to_writer(&mut Vec::new(), &u128::MAX).is_err());
    assert!(to_writer(&mut Vec::new(), &i128::MIN).is_err());
    assert!(from_slice::<u8>(b"\xcd\x01\x00").is_err());
    assert!(from_slice::<u8>(b"\xff").is_err());
}

#[test]
fn an_announced_length_that_is_not_there_allocates_nothing() {
    for huge in [
        &b"\xdd\xff\xff\xff\xff"[..],
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff\xc0\xc0",
        b"\x91\xdd\xff\xff\xff\xff",
    ] {
        assert_eq!(Tokens::new(huge).skip(), Err(Malformed::Truncated));
        assert!(to_value(huge).is_err());
        assert!(from_slice::<Value>(huge).is_err());
        assert!(from_slice::<Vec<u64>>(huge).is_err());
        assert!(from_slice::<String>(huge).is_err());
        assert!(from_slice::<Blob>(huge).is_err());
        assert!(from_slice::<HashMap<String, u8>>(huge).is_err());
    }
}

#[test]
fn nesting_is_bounded_by_128() {
    let nested = |depth: usize| [vec![0x91; depth], vec![0xc0]].concat();
    assert_eq!(Tokens::new(&nested(128)).skip(), Ok(()));
    assert!(from_slice::<Value>(&nested(128)).is_ok());
    assert_eq!(Tokens::new(&nested(129)).skip(), Err(Malformed::TooDeep));
    assert_eq!(to_value(&nested(129)), Err(Malformed::TooDeep));
    for depth in [129, 1_000_000] {
        let read = from_slice::<Value>(&nested(depth));
        assert!(matches!(read, Err(Error::Malformed(Malformed::TooDeep))), "{read:?}");
    }
}

#[test]
fn extension_types_and_what_stands_for_nothing_are_refused() {
    for mark in [0xc7, 0xc8, 0xc9, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8] {
        let bytes = [vec![0x91, mark], vec![1; 32]].concat();
        assert_eq!(Tokens::new(&bytes).skip(), Err(Malformed::Extension));
        assert!(from_slice::<Value>(&bytes).is_err());
    }
    assert_eq!(Tokens::new(b"\xc1").skip(), Err(Malformed::Reserved));
    assert_eq!(Tokens::new(b"\xa2\xc3\x28").skip(), Err(Malformed::NotText));
}

#[test]
fn half_a_value_is_none_and_neither_is_one_and_a_half() {
    let mut dice = Dice(3);
    let value = Tree::random(&mut dice);
    let bytes = written(&value);
    for len in 0..bytes.len() {
        let half = bytes.get(..len).expect("a part");
        assert!(from_slice::<Tree>(half).is_err());
        assert_eq!(Tokens::new(half).skip(), Err(Malformed::Truncated));
    }
    assert!(from_slice::<Tree>(&[&bytes[..], b"\xc0"].concat()).is_err());
}

#[test]
fn whatever_the_bytes_are_they_are_read_or_refused() {
    let mut dice = Dice(11);
    for round in 0..20_000 {
        // Half of them are messages in which a few bytes are wrong.
        let mut bytes =
            if round % 2 == 0 { written(&Small::random(&mut dice)) } else { Random::random(&mut dice) };
        for _ in 0..3 {
            let at = usize::try_from(dice.roll()).unwrap_or(0) % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = Random::random(&mut dice);
            }
        }
        let whole = Tokens::new(&bytes).skip();
        assert_eq!(whole.is_ok(), to_value(bytes.get(..span(&bytes)).unwrap_or_default()).is_ok());
        drop((from_slice::<Value>(&bytes), from_slice::<Flat>(&bytes), from_slice::<Vec<Untagged>>(&bytes)));
    }
}

/// The length of the first value, where it is one.
fn span(bytes: &[u8]) -> usize {
    Tokens::new(bytes).span().map_or(0, <[u8]>::len)
}
