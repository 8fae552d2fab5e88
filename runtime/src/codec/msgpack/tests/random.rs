//! Random values of the plain types.

use std::collections::BTreeMap;

/// Numbers that look random and are always the same: xorshift.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn one_in(&mut self, sides: u64) -> bool {
        self.roll().is_multiple_of(sides)
    }
}

/// A random value of a type.
pub(super) trait Random {
    fn random(dice: &mut Dice) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => { $(
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_sign_loss,
            reason = "the bits that fit are as random"
        )]
        impl Random for $type {
            fn random(dice: &mut Dice) -> Self {
                // Of every size, and both signs: most numbers are small, and the edges are where mistakes are.
                let bits = dice.roll() >> (dice.roll() % 64);
                let bits = if dice.one_in(3) { bits.wrapping_neg() } else { bits };
                bits as Self
            }
        }
    )* };
}

numbers!(u8, i8, u16, i16, u32, i32);

const MAX_SAFE: i64 = (1 << 53) - 1;

impl Random for i64 {
    fn random(dice: &mut Dice) -> Self {
        let number = (dice.roll() >> (11 + dice.roll() % 53)).cast_signed().min(MAX_SAFE);
        if dice.one_in(3) { -number } else { number }
    }
}

impl Random for u64 {
    fn random(dice: &mut Dice) -> Self {
        i64::random(dice).unsigned_abs()
    }
}

impl Random for i128 {
    fn random(dice: &mut Dice) -> Self {
        i64::random(dice).into()
    }
}

impl Random for f64 {
    fn random(dice: &mut Dice) -> Self {
        let number = Self::from_bits(dice.roll());
        if number.is_finite() { number } else { 0.5 }
    }
}

impl Random for f32 {
    fn random(dice: &mut Dice) -> Self {
        let number = Self::from_bits(u32::random(dice));
        if number.is_finite() { number } else { 0.1 }
    }
}

impl Random for bool {
    fn random(dice: &mut Dice) -> Self {
        dice.one_in(2)
    }
}

impl Random for char {
    fn random(dice: &mut Dice) -> Self {
        Self::from_u32(u32::random(dice) % 0x11_0000).unwrap_or('é')
    }
}

impl Random for String {
    fn random(dice: &mut Dice) -> Self {
        let longest = if dice.one_in(20) { 70_000 } else { 40 };
        let len = dice.roll() % longest;
        (0..len).map(|_| char::random(dice)).collect()
    }
}

impl<T: Random> Random for Option<T> {
    fn random(dice: &mut Dice) -> Self {
        dice.one_in(2).then(|| T::random(dice))
    }
}

impl<T: Random> Random for Vec<T> {
    fn random(dice: &mut Dice) -> Self {
        let longest = if dice.one_in(20) { 300 } else { 6 };
        let len = dice.roll() % longest;
        (0..len).map(|_| T::random(dice)).collect()
    }
}

impl<K: Random + Ord, V: Random> Random for BTreeMap<K, V> {
    fn random(dice: &mut Dice) -> Self {
        Vec::<u8>::random(dice).iter().map(|_| (K::random(dice), V::random(dice))).collect()
    }
}
