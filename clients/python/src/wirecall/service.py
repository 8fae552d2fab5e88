"""What generated clients stand on: typed calls, notifications, events and handlers of a service."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

import msgspec
from msgspec import UNSET, Raw

from wirecall.call_stream import CallStream
from wirecall.calls import Request
from wirecall.codec import Codec
from wirecall.driver import Driver
from wirecall.errors import DecodeError, EncodeError
from wirecall.feed import Feed, Pump, Source
from wirecall.incoming import Incoming, Unsubscribe
from wirecall.kinds import PROTOCOL_ERRORS
from wirecall.layers import Call, Layer, Next, stack
from wirecall.message import ErrorBody
from wirecall.options import CallDeclaration, CallOptions
from wirecall.rpc_error import RpcError, read_error
from wirecall.serving import CallHandler
from wirecall.streams import STREAM_CREDIT
from wirecall.types import TypeExpr

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")
R = TypeVar("R")


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

    @property
    def codec(self) -> Codec:
        """How values cross the wire."""
        return self.driver.codec


class ServiceClient:
    """One service of the server, as `Client.service` gives it. Methods are full wire names."""

    def __init__(
        self, context: ServiceContext, name: str, errors: Sequence[type[RpcError]]
    ) -> None:
        """Made by `Client.service`."""
        self._context = context
        self._name = name
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
            EncodeError: The params, or the `meta`, cannot be sent as they are.
            DecodeError: The result does not fit the type.
        """
        call = self._call(method, params, options, declared)
        return await self._exchange(result, declared).run(call)

    @overload
    def stream(
        self,
        method: str,
        params: object,
        item: type[T] | TypeExpr[T],
        result: None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, None]: ...
    @overload
    def stream(
        self,
        method: str,
        params: object,
        item: type[T] | TypeExpr[T],
        result: type[R] | TypeExpr[R],
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, R]: ...
    def stream(
        self,
        method: str,
        params: object,
        item: type[T] | TypeExpr[T],
        result: type[R] | TypeExpr[R] | None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, R] | CallStream[T, None]:
        """Calls a method that answers with items, and with its result at their end.

        Nothing is sent before the stream is used; errors come from there.

        Args:
            method: The method's wire name.
            params: A record, a list for params by position, or None for none.
            item: The type of the items.
            result: The type of the result at the end; None for none.
            options: What the caller sets for this call.
            **declared: What the contract says of it.
        """
        call = self._call(method, params, options, declared, streams=True)
        return self._open(call, self._exchange(result, declared), item, options)

    @overload
    async def upload(
        self,
        method: str,
        params: object,
        items: Source[object],
        result: None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> None: ...
    @overload
    async def upload(
        self,
        method: str,
        params: object,
        items: Source[object],
        result: type[R] | TypeExpr[R],
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> R: ...
    async def upload(
        self,
        method: str,
        params: object,
        items: Source[object],
        result: type[R] | TypeExpr[R] | None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> R | None:
        """Calls a method that takes items, and awaits its result.

        An item is asked for when the one before it has left, so that a slow server holds back where
        they come from. The server may answer before their end: the rest is not asked for then, and
        a generator is closed. Cancelling the task ends the call at both ends. What ends before its
        source waits until that is closed, 1 s at most: one that takes no notice of being cancelled
        is left to itself and told to `on_error`.

        Args:
            method: The method's wire name.
            params: A record, a list for params by position, or None for none.
            items: Any async iterable or iterable. What it raises ends the call and is raised here.
            result: The type of the result; None for none.
            options: What the caller sets for this call.
            **declared: What the contract says of it.

        Raises:
            RpcError: The server answered with an error; the declared classes first.
            DeadlineExceededError: The time limit ran out; uploads have none unless told.
            ConnectionLostError: The session was lost: outcome unknown.
            ClosedError: The client is closed; it was not sent.
            EncodeError: The params or an item cannot be sent as they are.
            DecodeError: The result does not fit the type.
        """
        call = self._call(method, params, options, declared, streams=True)
        return await self._exchange(result, declared, self._pump(method, items)).run(call)

    @overload
    def duplex(
        self,
        method: str,
        params: object,
        items: Source[object],
        item: type[T] | TypeExpr[T],
        result: None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, None]: ...
    @overload
    def duplex(
        self,
        method: str,
        params: object,
        items: Source[object],
        item: type[T] | TypeExpr[T],
        result: type[R] | TypeExpr[R],
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, R]: ...
    def duplex(
        self,
        method: str,
        params: object,
        items: Source[object],
        item: type[T] | TypeExpr[T],
        result: type[R] | TypeExpr[R] | None,
        options: CallOptions | None = None,
        **declared: Unpack[CallDeclaration],
    ) -> CallStream[T, R] | CallStream[T, None]:
        """Calls a method that takes items and answers with items, both at once.

        Args:
            method: The method's wire name.
            params: A record, a list for params by position, or None for none.
            items: Any async iterable or iterable, asked as by `upload`.
            item: The type of the items that come.
            result: The type of the result at the end; None for none.
            options: What the caller sets for this call.
            **declared: What the contract says of it.
        """
        call = self._call(method, params, options, declared, streams=True)
        exchange = self._exchange(result, declared, self._pump(method, items))
        return self._open(call, exchange, item, options)

    async def notify(self, method: str, params: object) -> None:
        """Sends a notification and returns when it is handed to the socket; nothing answers it.

        Cancelling takes back one that waits for a session, or for room in it. One that has its
        place there is sent all the same, and dropped only with its session.

        Raises:
            ResourceExhaustedError: Too many wait already; it was not sent.
            ClosedError: The client is closed; it was not sent.
            EncodeError: The params cannot be sent as they are.
            TooLargeError: It is larger than the server takes.
        """
        body = _encode(self._context.codec, method, params)
        request = Request(method, body, notification=True)
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
        codec = self._context.codec
        none = Raw(codec.record([]))

        def hear(params: Raw | None) -> None:
            listener(codec.decode(none if params is None else params, shape))

        return self._context.incoming.on(self._name, method, hear)

    def serve(self, handlers: Mapping[str, CallHandler]) -> Unsubscribe:
        """Answers the server's calls, each in a task of its own.

        Args:
            handlers: By wire name, made with `handle`.

        Returns:
            A function that stops answering.

        Raises:
            ValueError: A method has a handler already.
        """
        return self._context.incoming.serve(self._name, handlers)

    def _open(
        self,
        call: Call,
        exchange: _Exchange[R],
        item: type[T] | TypeExpr[T],
        options: CallOptions | None,
    ) -> CallStream[T, R]:
        exchange.feed = Feed()
        exchange.credit = (options or CallOptions()).credit

        def read(raw: Raw) -> T:
            try:
                return self._context.codec.decode(raw, item)
            except DecodeError as error:
                raise DecodeError(f"an item of {call.method} does not fit: {error}") from error

        def run() -> Coroutine[object, object, R]:
            return exchange.run(call)

        return CallStream(self._context.driver, exchange.feed, run, read)

    def _pump(self, method: str, items: Source[object]) -> Pump:
        def encode(item: object) -> bytes:
            try:
                return self._context.codec.encode(item)
            except EncodeError as error:
                raise EncodeError(f"an item of {method}: {error}") from error

        return Pump(items, encode)

    def _exchange(
        self,
        result: type[R] | TypeExpr[R] | None,
        declared: CallDeclaration,
        pump: Pump | None = None,
    ) -> _Exchange[R]:
        errors = {**self._errors, **{cls.code: cls for cls in declared.get("errors", ())}}
        return _Exchange(self._context, result, errors, pump)

    def _call(
        self,
        method: str,
        params: object,
        options: CallOptions | None,
        declared: CallDeclaration,
        *,
        streams: bool = False,
    ) -> Call:
        """A call as its layers see it."""
        given = options or CallOptions()
        declared_limit = declared.get("timeout", math.inf if streams else self._context.timeout)
        return Call(
            method,
            _positional(params) if declared.get("positional") else params,
            declared_limit if given.timeout is None else given.timeout,
            given.meta,
            declared.get("idempotent", False),
            streams,
        )


class _Exchange(Generic[R]):
    """One call of a program, which its layers may send several times."""

    def __init__(
        self,
        context: ServiceContext,
        result: type[R] | TypeExpr[R] | None,
        errors: dict[int, type[RpcError]],
        pump: Pump | None,
    ) -> None:
        self._context = context
        self._result = result
        self._errors = errors
        self._pump = pump
        self.feed: Feed | None = None
        self.credit = STREAM_CREDIT

    async def run(self, call: Call) -> R:
        """Sends it through the layers."""
        send: Next = stack(self._context.layers, self._send)
        return cast("R", await send(call))

    async def _send(self, call: Call) -> object:
        codec = self._context.codec
        request = Request(
            call.method,
            _encode(codec, call.method, call.params),
            timeout=call.timeout,
            meta=_encode_meta(codec, call),
            idempotent=call.idempotent,
            stream=self.feed is not None,
            credit=self.credit,
            upload=self._pump is not None,
        )
        answer = await self._context.driver.send(request, self.feed, self._pump)
        if isinstance(answer, ErrorBody):
            raise read_error(codec, answer, self._errors)
        if self._result is None or answer is None:
            # A call without a result may be answered with anything: there is nothing to read.
            return None
        try:
            return codec.decode(answer, self._result)
        except DecodeError as error:
            raise DecodeError(f"the result of {call.method} does not fit: {error}") from error


def _encode(codec: Codec, method: str, params: object) -> bytes | None:
    if params is None:
        return None
    try:
        return codec.encode(params)
    except EncodeError as error:
        raise EncodeError(f"params of {method}: {error}") from error


def _encode_meta(codec: Codec, call: Call) -> dict[str, bytes]:
    """Encoded like the params, at once: what its owner does to it later changes nothing."""
    if not call.meta:
        return {}
    try:
        encoded = codec.encode(dict(call.meta))
    except EncodeError as error:
        raise EncodeError(f"meta of {call.method}: {error}") from error
    return {name: bytes(value) for name, value in codec.decode(encoded, dict[str, Raw]).items()}


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
