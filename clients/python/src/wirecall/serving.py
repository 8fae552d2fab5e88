"""How a function of the user answers the server's calls: params in, result or error out."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias, TypeVar, overload
from uuid import uuid4

import msgspec
from msgspec import Raw

from wirecall.codec import Codec, Kind
from wirecall.errors import DecodeError, EncodeError
from wirecall.kinds import FieldError, InternalError, ValidationError
from wirecall.message import error_body
from wirecall.options import ErrorListener
from wirecall.rpc_error import RpcError
from wirecall.types import TypeExpr

P = TypeVar("P")
R = TypeVar("R")

_LOGGER = logging.getLogger("wirecall")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


@dataclass(frozen=True, slots=True)
class ServedCall:
    """What a handler is told of the call that it answers.

    When the server cancels the call, its time is up or the session is lost, the handler's task is
    cancelled.

    Attributes:
        method: The method's wire name.
        timeout: Seconds that the server gives it; None for no limit.
        meta: The message's `meta`, such as `traceparent`.
    """

    method: str
    timeout: float | None
    meta: Mapping[str, object]


_Run: TypeAlias = Callable[[Codec, Raw | None, ServedCall], Awaitable[bytes]]


class CallHandler:
    """A handler with its types, made by `handle`."""

    def __init__(self, run: _Run) -> None:
        """Wraps what decodes, runs and encodes."""
        self._run = run

    async def answer(
        self, codec: Codec, params: Raw | None, call: ServedCall, report: ErrorListener
    ) -> tuple[bytes | None, bytes | None]:
        """Runs the handler and gives the encoded result or error.

        An `RpcError` is the answer; anything else is reported here, and the caller is told only
        the incident's id. Cancelling cancels the handler.
        """
        try:
            return await self._run(codec, params, call), None
        except RpcError as error:
            return None, _error_of(codec, error, call, report)
        except Exception as error:
            _LOGGER.debug("the handler of %s failed", call.method, exc_info=True)
            return None, _internal(codec, error, call, report)


@overload
def handle(
    params: type[P] | TypeExpr[P],
    result: None,
    function: Callable[[P, ServedCall], Awaitable[None]],
) -> CallHandler: ...
@overload
def handle(
    params: type[P] | TypeExpr[P],
    result: type[R] | TypeExpr[R],
    function: Callable[[P, ServedCall], Awaitable[R]],
) -> CallHandler: ...
def handle(
    params: type[P] | TypeExpr[P],
    result: type[R] | TypeExpr[R] | None,
    function: Callable[[P, ServedCall], Awaitable[R | None]],
) -> CallHandler:
    """Makes a handler of an async function.

    Args:
        params: The type of the call's params.
        result: The type of its result; None where there is none.
        function: Takes the params and the call and gives the result.
    """

    async def run(codec: Codec, raw: Raw | None, call: ServedCall) -> bytes:
        value = await function(_decode_params(codec, raw, params), call)
        return codec.encode(None if result is None else value)

    return CallHandler(run)


def _decode_params(codec: Codec, raw: Raw | None, shape: type[P] | TypeExpr[P]) -> P:
    """The params by name or by position; absent ones are those of a call without any.

    Raises:
        ValidationError: They do not fit the type.
    """
    text = codec.record([]) if raw is None else bytes(raw)
    try:
        by_position = codec.kind(text) is Kind.ARRAY
        if by_position and isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            names = [item.encode_name for item in msgspec.structs.fields(shape)]
            values = codec.decode(text, list[Raw])
            if len(values) > len(names):
                return _refuse(f"Expected at most {len(names)} params, got {len(values)}")
            text = codec.record([(n, bytes(v)) for n, v in zip(names, values, strict=False)])
        return codec.decode(text, shape)
    except DecodeError as error:
        return _refuse(str(error))


def _refuse(why: str) -> NoReturn:
    raise ValidationError.with_message("the params do not fit", errors=[_field_error(why)])


def _field_error(why: str) -> FieldError:
    """Where and what, without the offending value, which msgspec puts into some of its words."""
    match = _PLACE.match(why)
    what = why if match is None else match["what"]
    path = "" if match is None else match["path"] or ""
    steps = [name or index for name, index in _STEP.findall(path)]
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    words = what if what.startswith(("Expected", "Object missing")) else "is not valid"
    return FieldError(path=pointer, rule="type", message=words)


def _error_of(codec: Codec, error: RpcError, call: ServedCall, report: ErrorListener) -> bytes:
    data: dict[str, object] = {}
    if error.retryable:
        data["retryable"] = True
    if error.retry_after is not None:
        data["retry_after_ms"] = round(error.retry_after * 1000)
    if error.details is not None:
        data["details"] = error.details
    try:
        return error_body(codec, error.code, error.kind, error.message, data)
    except EncodeError as unsent:
        return _internal(codec, unsent, call, report)


def _internal(codec: Codec, error: Exception, call: ServedCall, report: ErrorListener) -> bytes:
    incident = uuid4().hex
    report(error, f"handler of {call.method}, incident {incident}")
    data: dict[str, object] = {"details": {"incident": incident}}
    told = "the handler failed unexpectedly"
    return error_body(codec, InternalError.code, InternalError.kind, told, data)
