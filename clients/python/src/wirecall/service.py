"""What generated clients stand on: typed calls, notifications, events and handlers of a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast, overload

import msgspec
from msgspec import UNSET, Raw

from wirecall.calls import Request
from wirecall.codec import decode, encode
from wirecall.driver import Driver
from wirecall.errors import DecodeError, EncodeError
from wirecall.incoming import Incoming, Unsubscribe
from wirecall.kinds import PROTOCOL_ERRORS
from wirecall.layers import Call, Layer, Next, stack
from wirecall.message import ErrorBody
from wirecall.options import CallDeclaration, CallOptions
from wirecall.rpc_error import RpcError, read_error
from wirecall.serving import CallHandler
from wirecall.types import TypeExpr

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


class ServiceContext:
    """What every service of a client shares."""

    def __init__(
        self, driver: Driver, incoming: Incoming, layers: Sequence[Layer], timeout: float
    ) -> None:
        """Gathers it.

        Args:
            driver: Sends.
            incoming: Hears.
            layers: Interceptors, the first one outermost.
            timeout: The time limit of calls that have no other, in seconds.
        """
        self.driver = driver
        self.incoming = incoming
        self.layers = layers
        self.timeout = timeout


class ServiceClient:
    """One service of the server, as `Client.service` gives it. Methods are full wire names."""

    def __init__(self, context: ServiceContext, errors: Sequence[type[RpcError]]) -> None:
        """Made by `Client.service`."""
        self._context = context
        self._errors = {**PROTOCOL_ERRORS, **{cls.code: cls for cls in errors}}

    @overload
    async def call(
        self,
        method: str,
        params: object,
        result: None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> None: ...
    @overload
    async def call(
        self,
        method: str,
        params: object,
        result: type[T] | TypeExpr[T],
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> T: ...
    async def call(
        self,
        method: str,
        params: object,
        result: type[T] | TypeExpr[T] | None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> T | None:
        """Calls a method and awaits its result.

        Cancelling the task ends the call at once and tells the server; a call that was written
        may have run.

        Args:
            method: The method's wire name.
            params: A record, a list for params by position, or None for none.
            result: The type of the result; `TypeExpr[str | None]()` for what is no class.
            options: What the caller sets for this call.
            **declared: What the contract says of it.

        Raises:
            RpcError: The server answered with an error; the declared classes first.
            DeadlineExceededError: The time limit ran out.
            ResourceExhaustedError: Too many calls wait already; it was not sent.
            ConnectionLostError: It was written and the connection went away: outcome unknown.
            ClosedError: The client is closed; it was not sent.
            EncodeError: The params cannot be sent as they are.
            DecodeError: The result does not fit the type.
        """
        given = options or CallOptions()
        declared_limit = declared.get("timeout", self._context.timeout)
        call = Call(
            method,
            _positional(params) if declared.get("positional") else params,
            declared_limit if given.timeout is None else given.timeout,
            given.meta,
            declared.get("idempotent", False),
        )
        errors = {**self._errors, **{cls.code: cls for cls in declared.get("errors", ())}}

        async def send(call: Call) -> object:
            return await self._send(call, result, errors)

        run: Next = stack(self._context.layers, send)
        return cast("T | None", await run(call))

    async def notify(self, method: str, params: object) -> None:
        """Sends a notification and returns when it is handed to the socket; nothing answers it.

        While away it waits, and counts, like a call. Cancelling before it left takes it back.

        Raises:
            ResourceExhaustedError: Too many wait already; it was not sent.
            ClosedError: The client is closed; it was not sent.
            EncodeError: The params cannot be sent as they are.
            TooLargeError: It is larger than the server takes.
        """
        request = Request(method, _encode(method, params), notification=True)
        await self._context.driver.send(request)

    def on(
        self, method: str, shape: type[T] | TypeExpr[T], listener: Callable[[T], None]
    ) -> Unsubscribe:
        """Calls a plain function for every event of a name, in order of arrival.

        It should return soon: the connection is not read meanwhile. What it raises goes to
        `on_error`, and so does an event that does not fit the type.

        Args:
            method: The event's wire name.
            shape: The type of its params.
            listener: The function.

        Returns:
            A function that stops listening.
        """

        def hear(params: Raw | None) -> None:
            listener(decode(b"{}" if params is None else params, shape))

        return self._context.incoming.on(method, hear)

    def serve(self, handlers: Mapping[str, CallHandler]) -> Unsubscribe:
        """Answers the server's calls, each in a task of its own.

        Args:
            handlers: By wire name, made with `handle`.

        Returns:
            A function that stops answering.

        Raises:
            ValueError: A method has a handler already.
        """
        return self._context.incoming.serve(handlers)

    async def _send(
        self,
        call: Call,
        result: type[T] | TypeExpr[T] | None,
        errors: dict[int, type[RpcError]],
    ) -> T | None:
        request = Request(
            call.method,
            _encode(call.method, call.params),
            timeout=call.timeout,
            meta=dict(call.meta),
            idempotent=call.idempotent,
        )
        answer = await self._context.driver.send(request)
        if isinstance(answer, ErrorBody):
            raise read_error(answer, errors)
        if result is None or answer is None:
            # A call without a result may be answered with anything: there is nothing to read.
            return None
        try:
            return decode(answer, result)
        except DecodeError as error:
            raise DecodeError(f"the result of {call.method} does not fit: {error}") from error


def _encode(method: str, params: object) -> bytes | None:
    if params is None:
        return None
    try:
        return encode(params)
    except EncodeError as error:
        raise EncodeError(f"params of {method}: {error}") from error


def _positional(params: object) -> object:
    """A record's fields in their order, without those at the end that are left to the server."""
    if not isinstance(params, msgspec.Struct):
        return params
    values: list[object] = []
    length = 0
    for item in msgspec.structs.fields(params):
        value: object = getattr(params, item.name)
        values.append(None if value is UNSET else value)
        if item.required or value != item.default:
            length = len(values)
    return values[:length]
