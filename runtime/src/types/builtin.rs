//! [`Message`] for the standard library's types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Display;
use std::hash::{BuildHasher, Hash};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Message;
use crate::check::Checker;
use crate::contract::Builder;
use crate::message::MAX_SAFE;

macro_rules! plain {
    ($($type:ty),*) => { $( impl Message for $type {} )* };
}

plain!((), bool, char, String, u8, u16, u32, i8, i16, i32, serde_json::Value, Cow<'static, str>);

/// *64-bit integers are JSON numbers; one outside ±(2^53−1) fails, naming the field, never rounded.*
macro_rules! wide {
    ($($type:ty),*) => { $(
        impl Message for $type {
            fn check(&self, at: &mut Checker<'_>) {
                if !fits(*self) {
                    at.fail("range", "must be within ±9007199254740991, so that every language reads it exactly");
                }
            }
        }
    )* };
}

wide!(u64, i64, u128, i128, usize, isize);

fn fits<T: TryInto<i128>>(value: T) -> bool {
    value.try_into().is_ok_and(|value| value.unsigned_abs() <= u128::from(MAX_SAFE))
}

/// *NaN is refused*, and so are the infinities: JSON has neither.
macro_rules! float {
    ($($type:ty),*) => { $(
        impl Message for $type {
            fn check(&self, at: &mut Checker<'_>) {
                if !self.is_finite() {
                    at.fail("finite", "must be a finite number");
                }
            }
        }
    )* };
}

float!(f32, f64);

impl<T: Message> Message for Option<T> {
    fn check(&self, at: &mut Checker<'_>) {
        if let Some(inner) = self {
            inner.check(at);
        }
    }
    fn describe(builder: &mut Builder) {
        T::describe(builder);
    }
}

impl<T: Message> Message for Box<T> {
    const OBJECT: bool = T::OBJECT;
    fn check(&self, at: &mut Checker<'_>) {
        (**self).check(at);
    }
    fn describe(builder: &mut Builder) {
        T::describe(builder);
    }
}

macro_rules! sequence {
    ($($type:ident [$($bound:tt)*]),*) => { $(
        impl<T: Message $($bound)*> Message for $type<T> {
            fn check(&self, at: &mut Checker<'_>) {
                for (index, item) in self.iter().enumerate() {
                    at.item(index, |at| item.check(at));
                }
            }
            fn describe(builder: &mut Builder) {
                T::describe(builder);
            }
        }
    )* };
}

sequence!(Vec [], BTreeSet [+ Ord]);

impl<T, S> Message for HashSet<T, S>
where
    T: Message + Eq + Hash,
    S: BuildHasher + Default + Send + 'static,
{
    fn check(&self, at: &mut Checker<'_>) {
        for (index, item) in self.iter().enumerate() {
            at.item(index, |at| item.check(at));
        }
    }
    fn describe(builder: &mut Builder) {
        T::describe(builder);
    }
}

macro_rules! array {
    ($($size:literal),*) => { $(
        impl<T: Message> Message for [T; $size] {
            fn check(&self, at: &mut Checker<'_>) {
                for (index, item) in self.iter().enumerate() {
                    at.item(index, |at| item.check(at));
                }
            }
            fn describe(builder: &mut Builder) {
                T::describe(builder);
            }
        }
    )* };
}

// As many as serde reads.
array!(
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32
);

impl<K, V> Message for BTreeMap<K, V>
where
    K: Ord + Display + Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    V: Message,
{
    fn check(&self, at: &mut Checker<'_>) {
        for (key, value) in self {
            at.field(&key.to_string(), |at| value.check(at));
        }
    }
    fn describe(builder: &mut Builder) {
        V::describe(builder);
    }
}

impl<K, V, S> Message for HashMap<K, V, S>
where
    K: Eq + Hash + Display + Serialize + DeserializeOwned + JsonSchema + Send + 'static,
    V: Message,
    S: BuildHasher + Default + Send + 'static,
{
    fn check(&self, at: &mut Checker<'_>) {
        for (key, value) in self {
            at.field(&key.to_string(), |at| value.check(at));
        }
    }
    fn describe(builder: &mut Builder) {
        V::describe(builder);
    }
}

macro_rules! tuple {
    ($($name:ident . $index:tt),*) => {
        impl<$($name: Message),*> Message for ($($name,)*) {
            fn check(&self, at: &mut Checker<'_>) {
                $( at.item($index, |at| self.$index.check(at)); )*
            }
            fn describe(builder: &mut Builder) {
                $( $name::describe(builder); )*
            }
        }
    };
}

tuple!(A.0);
tuple!(A.0, B.1);
tuple!(A.0, B.1, C.2);
tuple!(A.0, B.1, C.2, D.3);
tuple!(A.0, B.1, C.2, D.3, E.4);
tuple!(A.0, B.1, C.2, D.3, E.4, F.5);

#[cfg(test)]
mod tests {
    use super::Message;
    use crate::check::Checker;

    fn violations(value: &impl Message) -> usize {
        let mut violations = Vec::new();
        value.check(&mut Checker::new(&mut violations));
        violations.len()
    }

    #[test]
    fn a_number_that_other_languages_would_round_is_refused() {
        assert_eq!(violations(&9_007_199_254_740_991_u64), 0);
        assert_eq!(violations(&9_007_199_254_740_992_u64), 1);
        assert_eq!(violations(&-9_007_199_254_740_992_i64), 1);
        assert_eq!(violations(&u128::MAX), 1);
    }

    #[test]
    fn nan_is_refused_wherever_it_hides() {
        assert_eq!(violations(&vec![Some(1.0), Some(f64::NAN), None]), 1);
    }
}
