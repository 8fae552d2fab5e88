"""JSON-RPC messages: what arrived, told apart without trusting it, and what leaves, as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import msgspec
from msgspec import Raw

from wirecall.codec import MAX_DEPTH, MAX_SAFE_INTEGER, decode, encode, too_deep
from wirecall.errors import DecodeError

SUBPROTOCOL = "wirecall.1.json"
"""The name of this protocol with JSON in text frames."""
HELLO_ID = 0
"""The id of the call that opens a session; every later call has a higher one."""
RESERVED_PREFIX = "rpc."
"""Methods that belong to the protocol."""

_ABSENT = Raw(b"")
_NULL = b"null"


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
    data: Raw = Raw(_NULL)


class ErrorTraits(msgspec.Struct, frozen=True):
    """The `data` member of an error, as wirecall fills it."""

    kind: str = ""
    retryable: bool = False
    retry_after_ms: float | None = None
    details: Raw = Raw(_NULL)


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
        return min(limit, MAX_SAFE_INTEGER) / 1000 if isinstance(limit, (int, float)) else None


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


class _Envelope(msgspec.Struct, frozen=True):
    jsonrpc: Raw = _ABSENT
    id: Raw = _ABSENT
    method: Raw = _ABSENT
    params: Raw = _ABSENT
    meta: Raw = _ABSENT
    result: Raw = _ABSENT
    error: Raw = _ABSENT


def parse(frame: bytes | str) -> list[Message]:
    """Tells the messages of a frame apart; never raises, whatever arrived.

    A frame holds one message, or an array of them from a peer that sends batches.
    """
    text = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
    if too_deep(text):
        return [_invalid(ErrorCode.PARSE_ERROR, f"nested more than {MAX_DEPTH} deep")]
    try:
        first = decode(text, Raw)
    except DecodeError as error:
        return [_invalid(ErrorCode.PARSE_ERROR, str(error))]
    if not bytes(first).lstrip().startswith(b"["):
        return [_parse_one(first)]
    entries = decode(first, list[Raw])
    if not entries:
        return [_invalid(ErrorCode.INVALID_REQUEST, "an empty batch")]
    return [_parse_one(entry) for entry in entries]


def _invalid(code: ErrorCode, reason: str) -> InvalidMessage:
    return InvalidMessage(code, reason)


def _parse_one(text: Raw) -> Message:
    try:
        envelope = decode(text, _Envelope)
    except DecodeError:
        return _invalid(ErrorCode.INVALID_REQUEST, "a message is an object")
    if bytes(envelope.method):
        return _parse_request(envelope)
    if bytes(envelope.result) or bytes(envelope.error):
        return _parse_response(envelope)
    return _invalid(ErrorCode.INVALID_REQUEST, "a message has a method, a result or an error")


def _parse_request(envelope: _Envelope) -> Message:
    if bytes(envelope.jsonrpc) != b'"2.0"':
        return _invalid(ErrorCode.INVALID_REQUEST, 'jsonrpc must be "2.0"')
    params = bytes(envelope.params)
    if params and params[:1] not in b"[{":
        return _invalid(ErrorCode.INVALID_REQUEST, "params must be an object or an array")
    identity = bytes(envelope.id)
    if identity and (identity[:1] in b"[{" or identity in (b"true", b"false")):
        return _invalid(ErrorCode.INVALID_REQUEST, "an id is a string, a number or null")
    try:
        method = decode(envelope.method, str)
        meta = decode(envelope.meta, dict[str, object]) if bytes(envelope.meta) else {}
    except DecodeError as error:
        return _invalid(ErrorCode.INVALID_REQUEST, str(error))
    given = envelope.params if params else None
    if not identity:
        return NotificationMessage(method, given)
    return CallMessage(identity, method, given, meta)


def _parse_response(envelope: _Envelope) -> Message:
    identity = _own_id(bytes(envelope.id))
    if not bytes(envelope.error):
        return ResultMessage(identity, envelope.result)
    if bytes(envelope.result) and bytes(envelope.error) != _NULL:
        return ErrorMessage(identity, None)
    if bytes(envelope.result):
        # Peers of JSON-RPC 1.0 habits send both members, the one that does not count as null.
        return ResultMessage(identity, envelope.result)
    try:
        return ErrorMessage(identity, decode(envelope.error, ErrorBody))
    except DecodeError:
        return ErrorMessage(identity, None)


def _own_id(text: bytes) -> int | None:
    # This side numbers its calls, so any other form of id answers nothing that it asked.
    return int(text) if text.isdigit() and len(text) < len(str(2**63)) else None


def call_message(
    call: int, method: str, params: bytes | None, meta: dict[str, object] | None = None
) -> bytes:
    """A call that awaits a response.

    Raises:
        EncodeError: `meta` holds what cannot be sent.
    """
    tail = b"" if not meta else b',"meta":' + encode(meta)
    return b'{"jsonrpc":"2.0","id":%d%b%b}' % (call, _method(method, params), tail)


def notification_message(method: str, params: bytes | None) -> bytes:
    """A notification."""
    return b'{"jsonrpc":"2.0"%b}' % _method(method, params)


def _method(method: str, params: bytes | None) -> bytes:
    tail = b"" if params is None else b',"params":' + params
    return b',"method":' + encode(method) + tail


def result_message(call: bytes, result: bytes) -> bytes:
    """The result of the peer's call, its id echoed."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (call, result)


def error_message(call: bytes, error: bytes) -> bytes:
    """The error of the peer's call, its id echoed; `null` where there was none to read."""
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (call or _NULL, error)


def error_body(code: int, kind: str, message: str, data: dict[str, object] | None = None) -> bytes:
    """The `error` member of a response.

    Raises:
        EncodeError: `data` holds what cannot be sent.
    """
    return encode({"code": int(code), "message": message, "data": {"kind": kind, **(data or {})}})


def protocol_error(code: ErrorCode, message: str) -> bytes:
    """The `error` member for one of the protocol's own errors; its kind is the code's name."""
    return error_body(code, code.name.lower(), message)
