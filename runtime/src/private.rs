//! What code written by the derive macros calls. No part of the public interface.

pub use std::boxed::Box;
pub use std::clone::Clone;
pub use std::convert::{From, Into};
pub use std::future::Future;
pub use std::marker::{Send, Sync};
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::sync::{Arc, LazyLock};
pub use std::vec::Vec;

pub use futures_util::Stream;

pub use schemars;
pub use serde;
#[cfg(feature = "ts-rs")]
pub use ts_rs::{self, TS};
pub use wirecall_contract as contract;
// `#[wirecall::message]` derives it always, and cannot know this crate's features.
#[cfg(not(feature = "ts-rs"))]
pub use wirecall_macros::NoTs as TS;

pub use crate::check::rules::{Each, Length, Ranged, Regex, custom, email, length, pattern, range, url};
pub use crate::message::Details;
pub use crate::service::{
    Arrival, CallSpec, EncodeError, EncodedEvent, EventEncoder, EventInput, Lane, Method, Refused, Started,
    lane, mount, start, start_stream,
};
pub use crate::types::Params;
