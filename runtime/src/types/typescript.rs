//! `ts_rs::TS` for wirecall's own types: both are strings on the wire.

use ts_rs::{Config, TS};

use super::{Timestamp, UserId};

macro_rules! text {
    ($($type:ty),*) => { $(
        impl TS for $type {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            fn name(_: &Config) -> String {
                "string".to_owned()
            }
            fn inline(cfg: &Config) -> String {
                <Self as TS>::name(cfg)
            }
        }
    )* };
}

text!(Timestamp, UserId);
