"""A server on a real socket that does what a test says, one message at a time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

import msgspec
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.protocol import Event
from websockets.typing import Subprotocol

from wirecall import ReconnectOptions
from wirecall.codec_json import JSON
from wirecall.codec_msgpack import MSGPACK

T = TypeVar("T")
Json: TypeAlias = dict[str, Any]

PATIENCE = 10.0
"""Seconds after which a test that waits for something has failed."""
SOON = ReconnectOptions(base=0.001, cap=0.02)
"""Ways back that a test has time for."""


async def soon(awaitable: Coroutine[object, object, T] | asyncio.Future[T]) -> T:
    """Awaits what must come, and fails the test where it does not."""
    return await asyncio.wait_for(awaitable, PATIENCE)


def hello_answer(**members: object) -> Json:
    """The result of a hello, as the server gives it."""
    return {
        "session": "s-1",
        "secret": "x",
        "resumed": False,
        "received": 0,
        "contract": {},
        "channels": {},
        "ping_ms": 25_000,
        "session_ttl_ms": 0,
        "limits": {"max_message_bytes": 1_048_576, "max_calls": 64, "max_streams": 128},
        **members,
    }


def unused_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Server(ServerConnection):
    """Notes WebSocket Pings, which the library answers without a word."""

    @cached_property
    def pinged(self) -> asyncio.Event:
        """Set by the first Ping."""
        return asyncio.Event()

    @cached_property
    def fragments(self) -> list[int]:
        """The sizes of the frames in which messages came."""
        return []

    def process_event(self, event: Event) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
            self.fragments.append(len(event.data))
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pinged.set()


class PeerConnection:
    """One connection as the server sees it."""

    def __init__(self, socket: _Server) -> None:
        """Wraps what the server accepted."""
        self._socket = socket
        self._binary = socket.subprotocol == MSGPACK.subprotocol
        self.hello: Json = {}
        self.pinged = socket.pinged
        self.fragments = socket.fragments

    def _decode(self, frame: str | bytes) -> Json:
        if self._binary and isinstance(frame, bytes):
            return msgspec.msgpack.decode(frame, type=Json)
        return msgspec.json.decode(frame, type=Json)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the upgrade, in lower case."""
        request = self._socket.request
        return {} if request is None else {k.lower(): v for k, v in request.headers.raw_items()}

    async def receive(self, *, silently: bool = False) -> Json:
        """The next message, its number acknowledged unless the peer is silent."""
        message = self._decode(await soon(self._socket.recv()))
        seq = message.pop("seq", None)
        if seq is not None and not silently:
            await self.acknowledge(seq)
        return message

    async def acknowledge(self, seq: int) -> None:
        """Says that everything up to this number was received, if anybody still listens."""
        with suppress(ConnectionClosed):
            await self.send({"method": "rpc.ack", "params": {"seq": seq}})

    async def receive_value(self) -> object:
        """The next frame, whatever JSON it holds."""
        value: object = msgspec.json.decode(await soon(self._socket.recv()))
        return value

    async def send(self, message: Json) -> None:
        """Sends a message, which gets its `jsonrpc` here."""
        value = {"jsonrpc": "2.0", **message}
        if self._binary:
            await self._socket.send(msgspec.msgpack.encode(value))
        else:
            await self._socket.send(msgspec.json.encode(value), text=True)

    async def send_raw(self, frame: str | bytes) -> None:
        """Sends a frame as it is."""
        await self._socket.send(frame)

    async def send_invalid_text(self) -> None:
        """Sends a text frame that is no UTF-8."""
        await self._socket.send(b"\xff\xfe", text=True)

    def stop_reading(self) -> None:
        """Lets what the client sends pile up in the system's buffers."""
        self._socket.transport.pause_reading()

    def write_tcp(self, data: bytes) -> None:
        """Writes bytes past the WebSocket."""
        self._socket.transport.write(data)

    async def result(self, call: Json, result: object = None) -> None:
        """Answers a call."""
        await self.send({"id": call["id"], "result": result})

    async def error(self, call: Json, code: int, kind: str, **data: object) -> None:
        """Answers a call with an error."""
        body = {"code": code, "message": f"{kind} it is", "data": {"kind": kind, **data}}
        await self.send({"id": call["id"], "error": body})

    async def greet(self, **members: object) -> None:
        """Takes the hello and answers it."""
        await self.greet_with(await self.receive(), **members)

    async def greet_with(self, hello: Json, **members: object) -> None:
        """Answers a hello that was taken already."""
        self.hello = hello
        await self.result(hello, hello_answer(**members))

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes with a handshake."""
        await self._socket.close(code, reason)

    def abort(self) -> None:
        """Dies without a word."""
        self._socket.transport.abort()

    async def closed(self) -> tuple[int | None, str | None]:
        """Waits for the client's end of the connection: its close code and reason."""
        try:
            while True:
                await soon(self._socket.recv())
        except ConnectionClosed:
            return self._socket.close_code, self._socket.close_reason

    async def wait_closed(self) -> None:
        """Waits until the connection is gone."""
        await self._socket.wait_closed()


Greeting: TypeAlias = Callable[[PeerConnection], Awaitable[None]]


class Peer:
    """The server: connections come in the order in which they were greeted."""

    def __init__(self, greeting: Greeting) -> None:
        """Listens to nobody before `listen`."""
        self._greeting = greeting
        self._connections: asyncio.Queue[PeerConnection] = asyncio.Queue()
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/ws"

    async def accept(self) -> PeerConnection:
        """The next connection, greeted."""
        return await soon(self._connections.get())

    async def handle(self, socket: ServerConnection) -> None:
        """Lives as long as one connection."""
        if not isinstance(socket, _Server):
            raise TypeError("made by `listen`")
        connection = PeerConnection(socket)
        try:
            await self._greeting(connection)
        except ConnectionClosed:
            return
        self._connections.put_nowait(connection)
        await connection.wait_closed()


async def greet(connection: PeerConnection) -> None:
    """The greeting of a wirecall server."""
    await connection.greet()


async def silence(_: PeerConnection) -> None:
    """No greeting: the test says what comes."""


@asynccontextmanager
async def listen(
    greeting: Greeting = greet, *, subprotocol: str | None = JSON.subprotocol, port: int = 0
) -> AsyncGenerator[Peer, None]:
    """Serves on loopback until the block ends."""
    peer = Peer(greeting)
    offered = None if subprotocol is None else [Subprotocol(subprotocol)]
    # Bound before it is served, so that a test knows the port and a restart can take it again.
    listener = socket.create_server(("127.0.0.1", port))
    peer.port = listener.getsockname()[1]
    async with serve(
        peer.handle,
        sock=listener,
        subprotocols=offered,
        close_timeout=1,
        max_size=2**26,
        create_connection=_Server,
    ):
        yield peer
