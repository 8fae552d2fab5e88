"""The protocol's own errors, one class a kind, so that a caller can catch what it can handle."""

from __future__ import annotations

import msgspec

from wirecall.message import ErrorCode
from wirecall.rpc_error import RpcError


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One check that the params of a call broke.

    Attributes:
        path: Where, as a JSON Pointer in wire names: `/text`.
        rule: Which check: `length`, `range`, `type`, …
        message: What it wants, in a sentence.
    """

    path: str
    rule: str
    message: str


class ParseError(RpcError):
    """The peer could not read a message as JSON."""

    code = ErrorCode.PARSE_ERROR
    kind = "parse_error"


class InvalidRequestError(RpcError):
    """The peer could read a message as JSON, but not as JSON-RPC."""

    code = ErrorCode.INVALID_REQUEST
    kind = "invalid_request"


class MethodNotFoundError(RpcError):
    """The peer has no such method."""

    code = ErrorCode.METHOD_NOT_FOUND
    kind = "method_not_found"


class ValidationError(RpcError):
    """The params do not fit the call's type or break a check."""

    code = ErrorCode.VALIDATION_ERROR
    kind = "validation_error"
    errors: list[FieldError]


class InternalError(RpcError):
    """The peer failed unexpectedly; its log has the cause under the incident's id."""

    code = ErrorCode.INTERNAL_ERROR
    kind = "internal_error"
    incident: str | None = None


class UnauthenticatedError(RpcError):
    """The call needs a user and the session has none."""

    code = ErrorCode.UNAUTHENTICATED
    kind = "unauthenticated"


class PermissionDeniedError(RpcError):
    """The session's user may not do this."""

    code = ErrorCode.PERMISSION_DENIED
    kind = "permission_denied"


class RateLimitedError(RpcError):
    """Too many calls in too short a time; `retry_after` says when to come back."""

    code = ErrorCode.RATE_LIMITED
    kind = "rate_limited"
    retryable = True


class DeadlineExceededError(RpcError):
    """The call's time limit ran out, here or at the peer; it may have run."""

    code = ErrorCode.DEADLINE_EXCEEDED
    kind = "deadline_exceeded"


class CallCancelledError(RpcError):
    """The peer cancelled the call. Cancelling the task raises `asyncio.CancelledError` instead."""

    code = ErrorCode.CANCELLED
    kind = "cancelled"


class UnavailableError(RpcError):
    """The peer cannot take the call now, and did not run it."""

    code = ErrorCode.UNAVAILABLE
    kind = "unavailable"
    retryable = True


class NotFoundError(RpcError):
    """What the call is about does not exist."""

    code = ErrorCode.NOT_FOUND
    kind = "not_found"


class TooLargeError(RpcError):
    """A message is larger than the receiver's limit, which the message names."""

    code = ErrorCode.TOO_LARGE
    kind = "too_large"


class ResourceExhaustedError(RpcError):
    """A limit is reached, which the message names; the call did not run."""

    code = ErrorCode.RESOURCE_EXHAUSTED
    kind = "resource_exhausted"


PROTOCOL_ERRORS: dict[int, type[RpcError]] = {
    cls.code: cls
    for cls in (
        ParseError,
        InvalidRequestError,
        MethodNotFoundError,
        ValidationError,
        InternalError,
        UnauthenticatedError,
        PermissionDeniedError,
        RateLimitedError,
        DeadlineExceededError,
        CallCancelledError,
        UnavailableError,
        NotFoundError,
        TooLargeError,
        ResourceExhaustedError,
    )
}
"""The class of every code that the protocol itself gives."""
