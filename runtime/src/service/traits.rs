//! The traits that the derive macros implement.

#[cfg(feature = "server")]
use std::sync::Arc;

use super::Peer;
use crate::check::{Checker, Violation};
use crate::codec::{Codec, CodecError, Codecs, Raw, event_frame};
#[cfg(feature = "server")]
use crate::connection::Budget;
use crate::connection::Queued;
use crate::contract::{self, Builder, Side};
use crate::message::RpcError;
use crate::types::Params;

/// One annotated enum. Implemented by `#[derive(Service)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a wirecall service",
    note = "put `#[derive(wirecall::Service)]` on the enum `{Self}`"
)]
pub trait Service: 'static {
    /// The name on the wire.
    const NAME: &'static str;
    /// Who answers its calls.
    const SIDE: Side;
    /// The errors that every call may answer.
    type Error: ServiceError;
    /// What the server emits in its name.
    type Events: Events;
    /// Its description.
    fn service(builder: &mut Builder) -> contract::Service;
}

/// A service's typed client. Implemented by `#[derive(Service)]`.
pub trait ServiceClient: Sized {
    /// The service that it calls.
    type Service: Service;
    /// A client that calls over `peer`.
    fn from_peer(peer: Peer) -> Self;
}

/// The errors of a service. Implemented by `#[derive(ServiceError)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a wirecall service error",
    note = "put `#[derive(wirecall::ServiceError)]` on the enum `{Self}`, and `#[rpc(code = …)]` on each variant"
)]
pub trait ServiceError: Sized + Send + 'static {
    /// The stable code, 1 to 32000.
    fn code(&self) -> i64;
    /// The name to switch on.
    fn kind(&self) -> &'static str;
    /// Whether the same call may succeed later.
    fn retryable(&self) -> bool;
    /// The text for people.
    fn message(&self) -> String;
    /// The error as it crosses the wire.
    fn into_rpc(self) -> RpcError;
    /// The variant that `error` is, if it is one.
    fn from_rpc(error: &RpcError) -> Option<Self>;
    /// Its description; `None` where there are no errors.
    fn set(builder: &mut Builder) -> Option<contract::ErrorSet>;
}

/// What a server emits. Implemented by `#[derive(Events)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of wirecall events",
    note = "put `#[derive(wirecall::Events)]` on the enum `{Self}`"
)]
pub trait Events: Sized + Send + 'static {
    /// Writes the event.
    ///
    /// # Errors
    ///
    /// Where a value cannot be written: a number beyond ±(2^53−1), a NaN, a failed check.
    fn encode(self, out: EventEncoder<'_>) -> Result<EncodedEvent, EncodeError>;
    /// Reads the event of that name; `None` where there is none.
    fn decode(name: &str, input: EventInput<'_>) -> Option<Result<Self, EncodeError>>;
    /// Its description; `None` where there are no events.
    fn set(builder: &mut Builder, service: &str) -> Option<contract::EventSet>;
}

/// Which service emits these events. Implemented by `#[derive(Service)]` on the enum that `events = …` names.
#[diagnostic::on_unimplemented(
    message = "no service emits `{Self}`",
    note = "name it in its service: `#[rpc(events = {Self})]`"
)]
pub trait Emitted: Events {
    /// The service's name on the wire.
    const SERVICE: &'static str;
}

/// An event, ready to leave: encoded once in each codec that is in use, however many receive it.
#[derive(Debug, Clone)]
pub struct EncodedEvent {
    json: Option<Queued>,
    msgpack: Option<Queued>,
}

impl EncodedEvent {
    /// For a receiver with that codec, if it was among those that the event was encoded for.
    pub(crate) fn message(&self, codec: Codec) -> Option<&Queued> {
        match codec {
            Codec::Json => self.json.as_ref(),
            Codec::MsgPack => self.msgpack.as_ref(),
        }
    }

    /// For several sessions that keep it: each counts it in full, and all together once.
    #[cfg(feature = "server")]
    pub(crate) fn shared(self, budget: &Arc<Budget>) -> Self {
        let shared = |message: Option<Queued>| message.map(|message| budget.shared(message.frame));
        Self { json: shared(self.json), msgpack: shared(self.msgpack) }
    }
}

/// A value of the program's own cannot cross the wire; the message names the field.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The value breaks a check, or a number is one that other languages cannot read.
    #[error("{}", violations_text(.0))]
    Invalid(Vec<Violation>),
    /// `Serialize` or `Deserialize` failed.
    #[error("the value does not fit its type: {0}")]
    Codec(#[from] CodecError),
}

fn violations_text(violations: &[Violation]) -> String {
    let texts = violations.iter().map(|violation| {
        let path = if violation.path.is_empty() { "the value" } else { &violation.path };
        format!("{path} {}", violation.message)
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// Runs the checks of a value that is about to leave.
pub(crate) fn checked(check: impl FnOnce(&mut Checker<'_>)) -> Result<(), EncodeError> {
    let mut violations = Vec::new();
    check(&mut Checker::new(&mut violations));
    if violations.is_empty() { Ok(()) } else { Err(EncodeError::Invalid(violations)) }
}

/// Writes one event. Given to [`Events::encode`].
#[derive(Debug)]
pub struct EventEncoder<'a> {
    pub(crate) service: &'a str,
    pub(crate) codecs: Codecs,
}

impl EventEncoder<'_> {
    /// Writes the event of that name; `exact` where the name is the whole method.
    ///
    /// # Errors
    ///
    /// Where the parameters break a check or do not serialize.
    pub fn event<P: Params>(self, name: &str, exact: bool, params: &P) -> Result<EncodedEvent, EncodeError> {
        checked(|at| params.check(at))?;
        let encoded = |codec| {
            let wanted = self.codecs.has(codec);
            wanted
                .then(|| event_frame(codec, self.service, name, exact, params).map(Queued::from))
                .transpose()
        };
        Ok(EncodedEvent { json: encoded(Codec::Json)?, msgpack: encoded(Codec::MsgPack)? })
    }
}

/// The parameters of an event that arrived. Given to [`Events::decode`].
#[derive(Debug)]
pub struct EventInput<'a> {
    pub(crate) params: Raw<'a>,
}

impl EventInput<'_> {
    /// Reads the parameters as `P`.
    ///
    /// # Errors
    ///
    /// Where they do not fit. Checks are the sender's matter: an older client takes what a newer server sends.
    pub fn decode<P: Params>(&self) -> Result<P, EncodeError> {
        Ok(self.params.read()?)
    }
}

/// The events of a service that has none.
#[derive(Debug, Clone, Copy)]
pub enum NoEvents {}

impl Events for NoEvents {
    fn encode(self, _: EventEncoder<'_>) -> Result<EncodedEvent, EncodeError> {
        match self {}
    }

    fn decode(_: &str, _: EventInput<'_>) -> Option<Result<Self, EncodeError>> {
        None
    }

    fn set(_: &mut Builder, _: &str) -> Option<contract::EventSet> {
        None
    }
}
