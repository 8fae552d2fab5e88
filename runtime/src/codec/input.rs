//! One incoming message while it is being read.
//!
//! [`Input::head`] reads the envelope up to `params`; the call found by its name then reads them into its own type
//! with [`Input::decode`], which also reads what stands behind them. Nothing is looked at twice unless it is wrong,
//! or `params` stands before `method`.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_path_to_error::Segment;

use super::scan::{Scanner, Unexpected};
use super::{Codec, Invalid, Raw};
use crate::check::{Checker, Violation, push_segment};
use crate::contract::{Builder, Side};
use crate::message::{Id, MAX_SAFE};
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
    codec: Codec,
    scanner: Scanner<'a>,
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
        let Raw::Json(text) = message;
        Self {
            codec: message.codec(),
            scanner: Scanner::new(text),
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
        self.codec
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
            ParamsAt::Kept(raw) => from_raw(raw)?,
            ParamsAt::Absent => from_raw(Raw::empty_object(self.codec()))?,
        };
        let mut violations = Vec::new();
        params.check(&mut Checker::new(&mut violations));
        if violations.is_empty() { Ok(params) } else { Err(Fault::Params(violations)) }
    }

    /// Reads the rest of the message, keeping the parameters as they are.
    pub(crate) fn skip(&mut self) -> Result<Raw<'a>, Fault> {
        if self.params == ParamsAt::Here {
            self.keep_params()?;
        }
        self.members(false)?;
        match self.params {
            ParamsAt::Kept(raw) => Ok(raw),
            _ => Ok(Raw::empty_object(self.codec())),
        }
    }

    /// Reads the parameters where they stand, and what is behind them.
    fn in_place<P: Params>(&mut self) -> Result<P, Fault> {
        let before = self.scanner.clone();
        let Ok(params) = self.scanner.value::<P>() else {
            // The slow path: what is wrong, and where.
            self.scanner = before;
            let raw = self.skip()?;
            return from_raw(raw);
        };
        self.params = ParamsAt::Absent;
        self.members(false)?;
        Ok(params)
    }

    fn keep_params(&mut self) -> Result<(), Unexpected> {
        let text = self.raw_json()?;
        self.params = if text == "null" { ParamsAt::Absent } else { ParamsAt::Kept(Raw::Json(text)) };
        Ok(())
    }

    fn raw_json(&mut self) -> Result<&'a str, Unexpected> {
        Ok(self.scanner.value::<&RawValue>().map_err(|_| Unexpected)?.get())
    }

    /// Reads members: all, or up to `params` where those can be read in place.
    fn members(&mut self, stop: bool) -> Result<(), Unexpected> {
        match self.progress {
            Progress::End => return Ok(()),
            Progress::Start => {
                self.progress = Progress::Inside;
                self.scanner.expect(b'{')?;
                if self.scanner.eat(b'}') {
                    return self.end();
                }
            }
            Progress::Inside if self.scanner.eat(b'}') => return self.end(),
            Progress::Inside => self.scanner.expect(b',')?,
        }
        loop {
            self.member(stop)?;
            if self.params == ParamsAt::Here {
                return Ok(());
            }
            if self.scanner.eat(b'}') {
                return self.end();
            }
            self.scanner.expect(b',')?;
        }
    }

    /// Reads one member, but of `params` only the name where `stop` says so and the call is known.
    fn member(&mut self, stop: bool) -> Result<(), Unexpected> {
        let name = self.scanner.string()?;
        self.scanner.expect(b':')?;
        match &*name {
            "jsonrpc" => {
                self.once(VERSION)?;
                if self.scanner.string()? != "2.0" {
                    return Err(Unexpected);
                }
            }
            "id" => {
                self.once(ID)?;
                self.id = Some(Id::from_json(self.raw_json()?).ok_or(Unexpected)?);
            }
            "method" => {
                self.once(METHOD)?;
                self.method = Some(self.scanner.string()?);
            }
            "params" => {
                self.once(PARAMS)?;
                match self.scanner.peek() {
                    Some(b'{' | b'[') if stop && self.method.is_some() => self.params = ParamsAt::Here,
                    Some(b'{' | b'[' | b'n') => self.keep_params()?,
                    _ => return Err(Unexpected),
                }
            }
            "meta" => {
                self.once(META)?;
                // An array would do for serde, but *`meta`, where present, is an object*.
                if self.scanner.peek() == Some(b'[') {
                    return Err(Unexpected);
                }
                self.meta = self.scanner.value::<Option<Meta>>().map_err(|_| Unexpected)?.unwrap_or_default();
            }
            "result" => {
                self.once(OUTCOME)?;
                self.outcome = Some(Outcome::Result(Raw::Json(self.raw_json()?)));
            }
            "error" => {
                let error = self.raw_json()?;
                // JSON-RPC 1.0 servers, and some of 2.0, send `"error": null` beside a result.
                if error != "null" {
                    self.once(OUTCOME)?;
                    self.outcome = Some(Outcome::Error(Raw::Json(error)));
                }
            }
            "seq" => {
                self.once(SEQ)?;
                let seq = self.raw_json()?.parse().ok();
                self.seq = Some(seq.filter(|seq| (1..=MAX_SAFE).contains(seq)).ok_or(Invalid));
            }
            _ => self.scanner.skip()?,
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

    fn end(&mut self) -> Result<(), Unexpected> {
        self.progress = Progress::End;
        let one_kind = self.seen & (METHOD | OUTCOME) != METHOD | OUTCOME;
        let whole = self.scanner.peek().is_none() && self.seen & VERSION != 0 && one_kind;
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

/// Reads parameters that stand alone.
fn from_raw<P: Params>(raw: Raw<'_>) -> Result<P, Fault> {
    let Raw::Json(text) = raw;
    serde_json::from_str(text).map_err(|_| Fault::Params(type_violations::<P>(text)))
}

/// Reads parameters again, this time noting the path to what does not fit.
fn type_violations<P: Params>(text: &str) -> Vec<Violation> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, P>(&mut deserializer) else {
        return vec![Violation {
            path: String::new(),
            rule: "type",
            message: "too many parameters".to_owned(),
        }];
    };
    let said = error.inner().to_string();
    // *Paths are in wire names*, also where the caller gave positions.
    let names = || P::params(&mut Builder::new(), Side::Server).fields.into_iter().map(|field| field.name);
    let mut path = String::new();
    for (depth, segment) in error.path().iter().enumerate() {
        match segment {
            Segment::Seq { index } if depth == 0 => {
                push_segment(&mut path, &names().nth(*index).unwrap_or_else(|| index.to_string()));
            }
            Segment::Seq { index } => push_segment(&mut path, &index.to_string()),
            Segment::Map { key } => push_segment(&mut path, key),
            _ => {}
        }
    }
    if let Some(missing) = too_short(&said).filter(|_| path.is_empty()).and_then(|given| names().nth(given)) {
        push_segment(&mut path, &missing);
        return vec![Violation { path, rule: "required", message: "is missing".to_owned() }];
    }
    vec![violation(path, &said)]
}

/// Reads a value again, this time noting the path to what does not fit.
pub(super) fn unfit_json<T: DeserializeOwned>(text: &str) -> Vec<Violation> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut deserializer) else { return Vec::new() };
    let mut path = String::new();
    for segment in error.path() {
        match segment {
            Segment::Seq { index } => push_segment(&mut path, &index.to_string()),
            Segment::Map { key } => push_segment(&mut path, key),
            _ => {}
        }
    }
    vec![violation(path, &error.inner().to_string())]
}

/// How many parameters there were where serde wanted more.
fn too_short(said: &str) -> Option<usize> {
    said.strip_prefix("invalid length ")?.split(',').next()?.parse().ok()
}

/// Words what serde says, without the offending value that it may quote.
fn violation(mut path: String, said: &str) -> Violation {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let quoted = |text: &str| text.split('`').nth(1).map(str::to_owned);
    let (rule, message) = if said.starts_with("missing field") || said.starts_with("duplicate field") {
        push_segment(&mut path, &quoted(said).unwrap_or_default());
        if said.starts_with('m') {
            ("required", "is missing".to_owned())
        } else {
            ("duplicate", "is given twice".to_owned())
        }
    } else if let Some((found, expected)) = said.split_once(", expected ") {
        let expected = wanted(expected);
        match found.strip_prefix("invalid type: ").and_then(|found| found.split([' ', ',']).next()) {
            Some(found) => ("type", format!("expected {expected}, found {found}")),
            None => ("type", format!("expected {expected}")),
        }
    } else if said.starts_with("unknown field") {
        ("unknown", "has a member that is not known here".to_owned())
    } else if said.starts_with("trailing characters") {
        ("type", "too many parameters".to_owned())
    } else if said.starts_with("expected ") {
        ("type", said.to_owned())
    } else {
        ("type", "does not fit its type".to_owned())
    };
    Violation { path, rule, message }
}

/// What serde wants, without the name of a struct that only this crate knows.
fn wanted(expected: &str) -> &str {
    match expected.strip_prefix("struct ") {
        None => expected,
        Some(name) => name.split_once(" with ").map_or("an object", |(_, elements)| elements),
    }
}

#[cfg(test)]
mod tests {
    use super::violation;

    #[test]
    fn the_offending_value_is_never_quoted() {
        for said in [
            "invalid type: string \"hunter2\", expected u64 at line 1 column 20",
            "unknown variant `hunter2`, expected one of `a`, `b` at line 1 column 2",
            "invalid value: integer `-42`, expected u8",
            "custom: hunter2",
        ] {
            let violation = violation(String::new(), said);
            assert!(
                !violation.message.contains("hunter2") && !violation.message.contains("42"),
                "{violation:?}"
            );
        }
        assert_eq!(violation("/a".into(), "missing field `text`").path, "/a/text");
    }
}
