//! The rules of `#[check(…)]`, as functions that the derive macros call.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::sync::LazyLock;

pub use regex::Regex;

use super::Checker;

/// What has a length: characters of a string, bytes, items of a collection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length to check",
    label = "`length` is for strings, arrays and maps",
    note = "for a number, write `#[check(range(min = …, max = …))]`"
)]
pub trait Length {
    /// The length, in characters, bytes or items.
    fn length(&self) -> usize;
    /// What is counted.
    const UNIT: &'static str;
}

impl Length for str {
    const UNIT: &'static Self = "characters";
    fn length(&self) -> usize {
        self.chars().count()
    }
}

impl Length for String {
    const UNIT: &'static str = "characters";
    fn length(&self) -> usize {
        self.chars().count()
    }
}

impl Length for crate::Bytes {
    const UNIT: &'static str = "bytes";
    fn length(&self) -> usize {
        self.len()
    }
}

macro_rules! items {
    ($($type:ty [$($param:ident)*]),*) => { $(
        impl<$($param),*> Length for $type {
            const UNIT: &'static str = "items";
            fn length(&self) -> usize {
                self.len()
            }
        }
    )* };
}

items!(Vec<T> [T], VecDeque<T> [T], HashSet<T, S> [T S], BTreeSet<T> [T], HashMap<K, V, S> [K V S], BTreeMap<K, V> [K V]);

impl<T, const N: usize> Length for [T; N] {
    const UNIT: &'static str = "items";
    fn length(&self) -> usize {
        N
    }
}

/// What has a range: numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no range to check",
    label = "`range` is for numbers",
    note = "for a string or a list, write `#[check(length(min = …, max = …))]`"
)]
pub trait Ranged: PartialOrd + Display {}

macro_rules! numbers {
    ($($type:ty),*) => { $( impl Ranged for $type {} )* };
}

numbers!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64);

/// `#[check(length(min = …, max = …))]`.
pub fn length<T: Length + ?Sized>(value: &T, min: Option<usize>, max: Option<usize>, at: &mut Checker<'_>) {
    let length = value.length();
    if min.is_some_and(|min| length < min) || max.is_some_and(|max| length > max) {
        at.fail("length", format!("must have {} {}", bounds(min, max), T::UNIT));
    }
}

/// `#[check(range(min = …, max = …))]`, ends included.
pub fn range<T: Ranged>(value: &T, min: Option<T>, max: Option<T>, at: &mut Checker<'_>) {
    let below = min.as_ref().is_some_and(|min| value < min);
    let above = max.as_ref().is_some_and(|max| value > max);
    if below || above {
        at.fail("range", format!("must be {}", bounds(min, max)));
    }
}

fn bounds<T: Display>(min: Option<T>, max: Option<T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number of".to_owned(),
    }
}

/// `#[check(pattern = "…")]`. The macro has read the pattern, so that it is a regular expression for sure.
pub fn pattern(
    value: &(impl AsRef<str> + ?Sized),
    pattern: &LazyLock<Option<Regex>>,
    text: &str,
    at: &mut Checker<'_>,
) {
    if !pattern.as_ref().is_some_and(|pattern| pattern.is_match(value.as_ref())) {
        at.fail("pattern", format!("must match {text}"));
    }
}

/// `#[check(email)]`: one `@`, something before it, and a domain with a dot after it, as browsers check it.
pub fn email(value: &(impl AsRef<str> + ?Sized), at: &mut Checker<'_>) {
    // The expression of the HTML standard for `<input type=email>`, with at least one dot in the domain.
    static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$",
        )
        .ok()
    });
    let value = value.as_ref();
    if value.len() > 254 || !EMAIL.as_ref().is_some_and(|email| email.is_match(value)) {
        at.fail("email", "must be an email address");
    }
}

/// `#[check(url)]`: an absolute URL.
pub fn url(value: &(impl AsRef<str> + ?Sized), at: &mut Checker<'_>) {
    if url::Url::parse(value.as_ref()).is_err() {
        at.fail("url", "must be an absolute URL");
    }
}

/// `#[check(each(…))]`: a rule for every item of a collection or every value of a map.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no items to check",
    label = "`each` is for lists, sets and maps",
    note = "write the rule itself, without `each(…)`"
)]
pub trait Each {
    /// What is inside.
    type Item;
    /// Runs `check` for each, at its place.
    fn each(&self, at: &mut Checker<'_>, check: impl Fn(&Self::Item, &mut Checker<'_>));
}

macro_rules! each {
    ($($type:ty [$($param:tt)*]),*) => { $(
        impl<T, $($param)*> Each for $type {
            type Item = T;
            fn each(&self, at: &mut Checker<'_>, check: impl Fn(&T, &mut Checker<'_>)) {
                for (index, item) in self.iter().enumerate() {
                    at.item(index, |at| check(item, at));
                }
            }
        }
    )* };
}

each!(Vec<T> [], VecDeque<T> [], BTreeSet<T> [], HashSet<T, S> [S], [T; N] [const N: usize]);

impl<K: Display, V, S> Each for HashMap<K, V, S> {
    type Item = V;
    fn each(&self, at: &mut Checker<'_>, check: impl Fn(&V, &mut Checker<'_>)) {
        for (key, value) in self {
            at.field(&key.to_string(), |at| check(value, at));
        }
    }
}

impl<K: Display, V> Each for BTreeMap<K, V> {
    type Item = V;
    fn each(&self, at: &mut Checker<'_>, check: impl Fn(&V, &mut Checker<'_>)) {
        for (key, value) in self {
            at.field(&key.to_string(), |at| check(value, at));
        }
    }
}

/// `#[check(custom = path)]`: a function of the service's own, `fn(&T) -> Result<(), impl Display>`.
pub fn custom<T: ?Sized, E: Display>(
    value: &T,
    rule: &'static str,
    check: impl FnOnce(&T) -> Result<(), E>,
    at: &mut Checker<'_>,
) {
    if let Err(error) = check(value) {
        at.fail(rule, error.to_string());
    }
}
