//! One incoming message while it is being read.
//!
//! [`Input::head`] reads the envelope up to `params`; the call found by its name then reads them into its own type
//! with [`Input::decode`], which also reads what stands behind them. Nothing is looked at twice unless it is wrong,
//! or `params` stands before `method`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;

use super::envelope::{Envelope, Packed};
use super::misfit::read_params;
use super::msgpack::Shape;
use super::scan::{Scanner, Unexpected};
use super::{Codec, Invalid, Raw};
use crate::check::{Checker, Violation};
use crate::message::Id;
use crate::types::Params;

/// `meta` of a call. Unknown members are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pub(crate) timeout_ms: Option<u64>,
    /// How many items of a stream may come before the first grant.
    #[serde(default)]
    pub(crate) credit: Option<u64>,
    #[serde(default)]
    pub(crate) traceparent: Option<String>,
    #[serde(default)]
    pub(crate) tracestate: Option<String>,
}

impl Meta {
    /// The time limit that the caller gave.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout_ms.map(Duration::from_millis)
    }
}

/// Why a message could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Not JSON, or no JSON-RPC message; [`super::explain`] finds out which.
    Envelope,
    /// The parameters do not fit.
    Params(Vec<Violation>),
}

impl From<Unexpected> for Fault {
    fn from(_: Unexpected) -> Self {
        Self::Envelope
    }
}

/// What a response carries.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    Result(Raw<'a>),
    Error(Raw<'a>),
}

/// What kind of message it is.
#[derive(Debug)]
pub(crate) enum Head<'a> {
    /// A call or a notification of this method. Its parameters may be still unread.
    Request(Cow<'a, str>),
    /// The answer to a call that this side made.
    Response(Id, Outcome<'a>),
}

/// One incoming message while it is being read.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    source: Source<'a>,
    progress: Progress,
    seen: u8,
    pub(crate) id: Option<Id>,
    pub(crate) meta: Meta,
    /// The message's number in its session, where it carries one.
    pub(crate) seq: Option<Result<u64, Invalid>>,
    method: Option<Cow<'a, str>>,
    params: ParamsAt<'a>,
    outcome: Option<Outcome<'a>>,
}

/// Where the rest of the message is read from.
#[derive(Debug, Clone, Copy)]
enum Source<'a> {
    Json(Scanner<'a>),
    MsgPack(Packed<'a>),
}

/// How far the envelope has been read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Progress {
    /// Not at all.
    Start,
    /// Between members.
    Inside,
    /// To its end.
    End,
}

/// Where the parameters are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum ParamsAt<'a> {
    /// None were seen.
    Absent,
    /// Next: the scanner stands before them.
    Here,
    /// Passed by: these are they.
    Kept(Raw<'a>),
}

impl<'a> Input<'a> {
    pub(crate) fn new(message: Raw<'a>) -> Self {
        Self {
            source: match message {
                Raw::Json(text) => Source::Json(Scanner::new(text)),
                Raw::MsgPack(bytes) => Source::MsgPack(Packed::new(bytes)),
            },
            progress: Progress::Start,
            seen: 0,
            id: None,
            meta: Meta::default(),
            seq: None,
            method: None,
            params: ParamsAt::Absent,
            outcome: None,
        }
    }

    /// The codec that it came in.
    pub(crate) const fn codec(&self) -> Codec {
        match self.source {
            Source::Json(_) => Codec::Json,
            Source::MsgPack(_) => Codec::MsgPack,
        }
    }

    /// Reads as far as it takes to know what the message is.
    pub(crate) fn head(&mut self) -> Result<Head<'a>, Fault> {
        self.members(true)?;
        match (self.method.take(), self.outcome.take()) {
            (Some(method), None) => Ok(Head::Request(method)),
            (None, Some(outcome)) => {
                self.id.take().map(|id| Head::Response(id, outcome)).ok_or(Fault::Envelope)
            }
            _ => Err(Fault::Envelope),
        }
    }

    /// Reads the parameters as `P`, reads the rest of the message, then checks them.
    pub(crate) fn decode<P: Params>(&mut self) -> Result<P, Fault> {
        let params: P = match self.params {
            ParamsAt::Here => self.in_place()?,
            ParamsAt::Kept(raw) => read_params(raw)?,
            ParamsAt::Absent => read_params(Raw::empty_object(self.codec()))?,
        };
        let mut violations = Vec::new();
        params.check(&mut Checker::new(&mut violations));
        if violations.is_empty() { Ok(params) } else { Err(Fault::Params(violations)) }
    }

    /// Reads the rest of the message, keeping the parameters as they are.
    pub(crate) fn skip(&mut self) -> Result<Raw<'a>, Fault> {
        if self.params == ParamsAt::Here {
            let raw = match &mut self.source {
                Source::Json(scanner) => scanner.raw(),
                Source::MsgPack(packed) => packed.raw(),
            };
            self.params = ParamsAt::Kept(raw?);
        }
        self.members(false)?;
        match self.params {
            ParamsAt::Kept(raw) => Ok(raw),
            _ => Ok(Raw::empty_object(self.codec())),
        }
    }

    /// Reads the parameters where they stand, and what is behind them.
    fn in_place<P: Params>(&mut self) -> Result<P, Fault> {
        let before = self.source;
        let read = match &mut self.source {
            Source::Json(scanner) => Envelope::value(scanner),
            Source::MsgPack(packed) => packed.value(),
        };
        let Ok(params) = read else {
            // The slow path: what is wrong, and where.
            self.source = before;
            let raw = self.skip()?;
            return read_params(raw);
        };
        self.params = ParamsAt::Absent;
        self.members(false)?;
        Ok(params)
    }

    /// Reads members: all, or up to `params` where those can be read in place.
    fn members(&mut self, stop: bool) -> Result<(), Unexpected> {
        // One decision for all members, so that what reads them is made for the codec.
        match self.source {
            Source::Json(mut scanner) => {
                let read = self.members_of(&mut scanner, stop);
                self.source = Source::Json(scanner);
                read
            }
            Source::MsgPack(mut packed) => {
                let read = self.members_of(&mut packed, stop);
                self.source = Source::MsgPack(packed);
                read
            }
        }
    }

    fn members_of<E: Envelope<'a>>(&mut self, envelope: &mut E, stop: bool) -> Result<(), Unexpected> {
        let mut more = match self.progress {
            Progress::End => return Ok(()),
            Progress::Start => {
                self.progress = Progress::Inside;
                envelope.open()?
            }
            Progress::Inside => envelope.more()?,
        };
        while more {
            self.member(envelope, stop)?;
            if self.params == ParamsAt::Here {
                return Ok(());
            }
            more = envelope.more()?;
        }
        self.end(envelope)
    }

    /// Reads one member, but of `params` only the name where `stop` says so and the call is known.
    fn member<E: Envelope<'a>>(&mut self, envelope: &mut E, stop: bool) -> Result<(), Unexpected> {
        match &*envelope.name()? {
            "jsonrpc" => {
                self.once(VERSION)?;
                if envelope.text()? != "2.0" {
                    return Err(Unexpected);
                }
            }
            "id" => {
                self.once(ID)?;
                self.id = Some(envelope.raw()?.to_id().ok_or(Unexpected)?);
            }
            "method" => {
                self.once(METHOD)?;
                self.method = Some(envelope.text()?);
            }
            "params" => {
                self.once(PARAMS)?;
                self.params = match envelope.shape() {
                    Shape::Object | Shape::Array if stop && self.method.is_some() => ParamsAt::Here,
                    Shape::Object | Shape::Array => ParamsAt::Kept(envelope.raw()?),
                    Shape::Null => {
                        envelope.skip()?;
                        ParamsAt::Absent
                    }
                    Shape::Other => return Err(Unexpected),
                }
            }
            "meta" => {
                self.once(META)?;
                // An array would do for serde, but *`meta`, where present, is an object*.
                if envelope.shape() == Shape::Array {
                    return Err(Unexpected);
                }
                self.meta = envelope.value::<Option<Meta>>()?.unwrap_or_default();
            }
            "result" => {
                self.once(OUTCOME)?;
                self.outcome = Some(Outcome::Result(envelope.raw()?));
            }
            "error" => {
                let error = envelope.raw()?;
                // JSON-RPC 1.0 servers, and some of 2.0, send `"error": null` beside a result.
                if !error.is_null() {
                    self.once(OUTCOME)?;
                    self.outcome = Some(Outcome::Error(error));
                }
            }
            "seq" => {
                self.once(SEQ)?;
                self.seq = Some(envelope.raw()?.to_seq());
            }
            _ => envelope.skip()?,
        }
        Ok(())
    }

    /// *A repeated member of the envelope is -32600.*
    fn once(&mut self, member: u8) -> Result<(), Unexpected> {
        if self.seen & member != 0 {
            return Err(Unexpected);
        }
        self.seen |= member;
        Ok(())
    }

    fn end<E: Envelope<'a>>(&mut self, envelope: &mut E) -> Result<(), Unexpected> {
        self.progress = Progress::End;
        let one_kind = self.seen & (METHOD | OUTCOME) != METHOD | OUTCOME;
        let whole = envelope.is_at_end() && self.seen & VERSION != 0 && one_kind;
        if whole { Ok(()) } else { Err(Unexpected) }
    }
}

const VERSION: u8 = 1;
const ID: u8 = 1 << 1;
const METHOD: u8 = 1 << 2;
const PARAMS: u8 = 1 << 3;
const META: u8 = 1 << 4;
const OUTCOME: u8 = 1 << 5;
const SEQ: u8 = 1 << 6;
