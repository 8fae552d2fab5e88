//! What a call or an event carries.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::check::Checker;
use crate::contract::{self, Builder, Side};

/// The parameters of one call or event. Implemented by the derive macros.
pub trait Params: Serialize + DeserializeOwned + Send + 'static {
    /// Notes everything that the parameters break.
    fn check(&self, at: &mut Checker<'_>);
    /// Their description.
    fn params(builder: &mut Builder, side: Side) -> contract::Params;
}
