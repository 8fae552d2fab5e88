"""JSON-RPC messages: what arrived, told apart without trusting it, and what leaves, as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import msgspec
from msgspec import Raw

from wirecall.codec import MAX_DEPTH, MAX_SAFE_INTEGER, Codec, Kind
from wirecall.errors import DecodeError

HELLO_ID = 0
"""The id of the call that opens a session; every later call has a higher one."""
RESERVED_PREFIX = "rpc."
"""Methods that belong to the protocol."""

_ABSENT = Raw(b"")


class ErrorCode(IntEnum):
    """The codes that the protocol itself gives."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    VALIDATION_ERROR = -32602
    INTERNAL_ERROR = -32603
    UNAUTHENTICATED = -32001
    PERMISSION_DENIED = -32002
    RATE_LIMITED = -32003
    DEADLINE_EXCEEDED = -32004
    CANCELLED = -32005
    UNAVAILABLE = -32006
    NOT_FOUND = -32007
    TOO_LARGE = -32008
    RESOURCE_EXHAUSTED = -32009


class ErrorBody(msgspec.Struct, frozen=True):
    """The `error` member of a response, as far as every error has it in common."""

    code: int
    message: str = ""
    data: Raw = _ABSENT


class ErrorTraits(msgspec.Struct, frozen=True):
    """The `data` member of an error, as wirecall fills it."""

    kind: str = ""
    retryable: bool = False
    retry_after_ms: float | None = None
    details: Raw = _ABSENT


@dataclass(frozen=True, slots=True)
class CallMessage:
    """The peer calls: `id` is kept exactly as it came, to be echoed."""

    id: bytes
    method: str
    params: Raw | None
    meta: dict[str, object]

    @property
    def timeout(self) -> float | None:
        """Seconds that the caller gives it; None for no limit."""
        limit = self.meta.get("timeout_ms")
        # An integer of a thousand digits is valid JSON, but no float.
        if not isinstance(limit, (int, float)) or not limit >= 0:
            return None
        return min(limit, MAX_SAFE_INTEGER) / 1000


@dataclass(frozen=True, slots=True)
class NotificationMessage:
    """A notification or event."""

    method: str
    params: Raw | None


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """The result of the call with this id; None for an id that this side never gives."""

    id: int | None
    result: Raw


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The error of the call with this id; `error` is None where it does not decode."""

    id: int | None
    error: ErrorBody | None


@dataclass(frozen=True, slots=True)
class InvalidMessage:
    """What is no message; the answer is an error with this code and the id `null`."""

    code: ErrorCode
    reason: str


Message: TypeAlias = (
    CallMessage | NotificationMessage | ResultMessage | ErrorMessage | InvalidMessage
)
"""One message as it arrived."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message and its place in the session.

    Attributes:
        message: What it says.
        seq: Its number; None where it carries none and is not tracked, 0 where that is no number.
        broken: Whether it does not decode, and ends with a number all the same.
        batch: Whether it came in an array, which never carries a number.
        size: Its bytes, in an array those of its entry alone.
    """

    message: Message
    seq: int | None = None
    broken: bool = False
    batch: bool = False
    size: int = 0


class _Envelope(msgspec.Struct, frozen=True):
    jsonrpc: Raw = _ABSENT
    id: Raw = _ABSENT
    method: Raw = _ABSENT
    params: Raw = _ABSENT
    meta: Raw = _ABSENT
    result: Raw = _ABSENT
    error: Raw = _ABSENT
    seq: Raw = _ABSENT


class _InvalidError(Exception):
    """What is no request says why."""


def parse(codec: Codec, frame: bytes | str) -> list[Arrived]:
    """Tells the messages of a frame apart; never raises, whatever arrived.

    A frame holds one message, or an array of them from a peer that sends batches.
    """
    data = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    if codec.too_deep(data):
        reason = f"nested more than {MAX_DEPTH} deep"
        return [Arrived(_invalid(ErrorCode.PARSE_ERROR, reason), broken=codec.looks_tracked(data))]
    try:
        first = codec.decode(data, Raw)
    except DecodeError as error:
        unread = _invalid(ErrorCode.PARSE_ERROR, str(error))
        return [Arrived(unread, broken=codec.looks_tracked(data))]
    if codec.kind(bytes(first).lstrip()) is not Kind.ARRAY:
        return [_parse_one(codec, first, len(data))]
    entries = codec.decode(first, list[Raw])
    if not entries:
        return [Arrived(_invalid(ErrorCode.INVALID_REQUEST, "an empty batch"), batch=True)]
    return [_parse_one(codec, entry, len(bytes(entry)), batch=True) for entry in entries]


def _invalid(code: ErrorCode, reason: str) -> InvalidMessage:
    return InvalidMessage(code, reason)


def _parse_one(codec: Codec, text: Raw, size: int, *, batch: bool = False) -> Arrived:
    try:
        envelope = codec.decode(text, _Envelope)
    except DecodeError:
        unread = _invalid(ErrorCode.INVALID_REQUEST, "a message is an object")
        return Arrived(unread, batch=batch, size=size)
    seq = None if batch else _seq(codec, bytes(envelope.seq))
    return Arrived(_read(codec, envelope), seq, batch=batch, size=size)


def _read(codec: Codec, envelope: _Envelope) -> Message:
    if bytes(envelope.method):
        try:
            return _parse_request(codec, envelope)
        except (_InvalidError, DecodeError) as error:
            return _invalid(ErrorCode.INVALID_REQUEST, str(error))
    if bytes(envelope.result) or bytes(envelope.error):
        return _parse_response(codec, envelope)
    return _invalid(ErrorCode.INVALID_REQUEST, "a message has a method, a result or an error")


def _seq(codec: Codec, value: bytes) -> int | None:
    """*Integers 1 to 2^53-1*: anything else is 0 here."""
    if not value:
        return None
    seq = codec.whole(value)
    return seq if seq is not None and 1 <= seq <= MAX_SAFE_INTEGER else 0


def _parse_request(codec: Codec, envelope: _Envelope) -> Message:
    if bytes(envelope.jsonrpc) != codec.name("2.0"):
        raise _InvalidError('jsonrpc must be "2.0"')
    params = bytes(envelope.params)
    if params and codec.kind(params) not in (Kind.OBJECT, Kind.ARRAY):
        raise _InvalidError("params must be an object or an array")
    identity = bytes(envelope.id)
    if identity and codec.kind(identity) not in (Kind.STRING, Kind.NUMBER, Kind.NULL):
        raise _InvalidError("an id is a string, a number or null")
    method = codec.decode(envelope.method, str)
    meta = codec.decode(envelope.meta, dict[str, object]) if bytes(envelope.meta) else {}
    given = envelope.params if params else None
    if not identity:
        return NotificationMessage(method, given)
    return CallMessage(identity, method, given, meta)


def _parse_response(codec: Codec, envelope: _Envelope) -> Message:
    # This side numbers its calls, so any other form of id answers nothing that it asked.
    identity = codec.whole(bytes(envelope.id))
    if not bytes(envelope.error):
        return ResultMessage(identity, envelope.result)
    if bytes(envelope.result) and bytes(envelope.error) != codec.null:
        return ErrorMessage(identity, None)
    if bytes(envelope.result):
        # Peers of JSON-RPC 1.0 habits send both members, the one that does not count as null.
        return ResultMessage(identity, envelope.result)
    try:
        return ErrorMessage(identity, codec.decode(envelope.error, ErrorBody))
    except DecodeError:
        return ErrorMessage(identity, None)


def call_message(
    codec: Codec,
    call: int,
    method: str,
    params: bytes | None,
    meta: bytes | None = None,
) -> bytes:
    """A call that awaits a response."""
    members = [("id", codec.number(call)), ("method", codec.name(method))]
    if params is not None:
        members.append(("params", params))
    if meta is not None:
        members.append(("meta", meta))
    return _message(codec, members)


def notification_message(codec: Codec, method: str, params: bytes | None) -> bytes:
    """A notification."""
    members = [("method", codec.name(method))]
    if params is not None:
        members.append(("params", params))
    return _message(codec, members)


def result_message(codec: Codec, call: bytes, result: bytes) -> bytes:
    """The result of the peer's call, its id echoed."""
    return _message(codec, [("id", call), ("result", result)])


def error_message(codec: Codec, call: bytes | None, error: bytes) -> bytes:
    """The error of the peer's call, its id echoed; null where there was none to read."""
    return _message(codec, [("id", call or codec.null), ("error", error)])


def items_message(codec: Codec, method: str, call: int, items: Sequence[bytes]) -> bytes:
    """Items of a stream: `rpc.item` or `rpc.upload`."""
    params = codec.record([("id", codec.number(call)), ("items", codec.array(items))])
    return notification_message(codec, method, params)


def _message(codec: Codec, members: list[tuple[str, bytes]]) -> bytes:
    return codec.record([("jsonrpc", codec.name("2.0")), *members])


def error_body(
    codec: Codec, code: int, kind: str, message: str, data: dict[str, object] | None = None
) -> bytes:
    """The `error` member of a response.

    Raises:
        EncodeError: `data` holds what cannot be sent.
    """
    body = {"code": int(code), "message": message, "data": {"kind": kind, **(data or {})}}
    return codec.encode(body)


def protocol_error(codec: Codec, code: ErrorCode, message: str) -> bytes:
    """The `error` member for one of the protocol's own errors; its kind is the code's name."""
    return error_body(codec, code, code.name.lower(), message)


def incompatible_contract(codec: Codec, service: str) -> bytes:
    """The error of a call that belongs to a service with an incompatible contract."""
    words = f"the client was generated from an older, incompatible contract of `{service}`"
    details = {"service": service, "contract": "incompatible"}
    code = ErrorCode.METHOD_NOT_FOUND
    message = f"{words}; generate it again"
    return error_body(codec, code, code.name.lower(), message, {"details": details})
