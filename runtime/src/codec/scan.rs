//! Walks over the punctuation of a JSON text; every value in it is read by `serde_json` on the spot.
//!
//! That is what makes one pass possible: the members of the envelope are found here, and `params` is read
//! straight into the type of the call, whose name has been seen just before.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The text is not JSON here, or not of the wanted type. [`super::explain`] finds out which.
#[derive(Debug)]
pub(crate) struct Unexpected;

/// A place in a JSON text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte that is not white space, not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `wanted`, if it is next.
    pub(crate) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += 1;
        }
        found
    }

    /// Takes `wanted`.
    pub(crate) fn expect(&mut self, wanted: u8) -> Result<(), Unexpected> {
        if self.eat(wanted) { Ok(()) } else { Err(Unexpected) }
    }

    /// Takes a whole value as `T`.
    pub(crate) fn value<T: Deserialize<'a>>(&mut self) -> Result<T, serde_json::Error> {
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<T>();
        let value = values.next().unwrap_or_else(|| Err(serde::de::Error::custom("expected a value")))?;
        self.at += values.byte_offset();
        Ok(value)
    }

    /// Takes a whole value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), Unexpected> {
        self.value::<IgnoredAny>().map(drop).map_err(|_| Unexpected)
    }

    /// Takes a number of nothing but digits with punctuation right behind it, such as nearly every id; what is written in
    /// another way is left.
    pub(crate) fn digits(&mut self) -> Option<&'a str> {
        self.peek()?;
        let rest = self.rest();
        let len = rest.bytes().position(|byte| !byte.is_ascii_digit())?;
        let (digits, behind) = rest.split_at_checked(len)?;
        let plain = !digits.starts_with('0') && behind.starts_with([',', '}']);
        (plain && len > 0).then(|| {
            self.at += len;
            digits
        })
    }

    /// Takes a string; borrowed, where it has no escapes.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Unexpected> {
        if self.peek() != Some(b'"') {
            return Err(Unexpected);
        }
        let text = self.text.get(self.at + 1..).ok_or(Unexpected)?;
        let end = text
            .as_bytes()
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))
            .ok_or(Unexpected)?;
        if text.as_bytes().get(end) == Some(&b'"') {
            self.at += end + 2;
            return text.get(..end).map(Cow::Borrowed).ok_or(Unexpected);
        }
        self.value::<String>().map(Cow::Owned).map_err(|_| Unexpected)
    }
}

/// Whether arrays and objects are nested deeper than that anywhere in a JSON text.
pub(crate) fn deeper_than(most: usize, text: &str) -> bool {
    // What is nested deeper than that and closed again is longer than twice that; most messages are shorter.
    if text.len() <= 2 * most {
        return false;
    }
    let openings = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    openings > most && deepest(text) > most
}

/// The deepest nesting, brackets in strings not counted.
fn deepest(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(inner) = bytes.next() {
                    match inner {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::{Scanner, deeper_than};

    #[test]
    fn values_are_taken_up_to_the_punctuation_behind_them() {
        let mut scanner = Scanner::new(" [ 1 , \"a\\u0062\",{\"x\":[1]} , true]");
        assert!(scanner.eat(b'['));
        assert_eq!(scanner.value::<u8>().expect("a number"), 1);
        assert!(scanner.eat(b','));
        assert_eq!(scanner.string().expect("a string"), "ab");
        assert!(scanner.eat(b','));
        scanner.skip().expect("an object");
        assert!(scanner.eat(b','));
        assert!(scanner.value::<bool>().expect("a bool"));
        assert!(scanner.eat(b']'));
        assert_eq!(scanner.peek(), None);
    }

    #[test]
    fn digits_are_taken_where_they_are_a_whole_number() {
        for (text, expected) in [
            (" 7,", Some("7")),
            ("1234567890123456789012}", Some("1234567890123456789012")),
            ("0,", None),
            ("07,", None),
            ("7", None),
            ("7 ,", None),
            ("7.5,", None),
            ("7e3,", None),
            ("-7,", None),
            ("\"7\",", None),
            (",", None),
        ] {
            let mut scanner = Scanner::new(text);
            assert_eq!(scanner.digits(), expected, "{text}");
            assert_eq!(
                scanner.rest().trim_start().starts_with([',', '}']),
                expected.is_some() || text == ","
            );
        }
    }

    #[test]
    fn nesting_is_counted_outside_of_strings_only() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(!deeper_than(128, &nest(128)));
        assert!(deeper_than(128, &nest(129)));
        assert!(!deeper_than(128, &format!("[\"{}\\\"[\"]", "[".repeat(500))));
        assert!(!deeper_than(128, &"[],".repeat(500)));
    }
}
