//! `ts_rs::TS` for wirecall's own types, as the generator writes them.

use ts_rs::{Config, TS};

use super::{Bytes, Timestamp, UserId};

macro_rules! named {
    ($($type:ty => $name:literal),*) => { $(
        impl TS for $type {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            fn name(_: &Config) -> String {
                $name.to_owned()
            }
            fn inline(cfg: &Config) -> String {
                <Self as TS>::name(cfg)
            }
        }
    )* };
}

named!(Bytes => "Uint8Array", Timestamp => "string", UserId => "string");
