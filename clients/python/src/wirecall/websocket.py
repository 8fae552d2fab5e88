"""The one file that touches the `websockets` library: opening, reading, writing, closing."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from socket import gaierror

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException
from websockets.protocol import State
from websockets.typing import Subprotocol

from wirecall.codec import Codec
from wirecall.codec_json import JSON
from wirecall.disconnect import CloseCode
from wirecall.errors import ConnectError

FRAGMENT_BYTES = 64 * 1024
"""Larger messages leave in fragments of this size, so that control frames get through."""
CLOSE_TIMEOUT = 2.0
"""Seconds that a closing handshake may take."""
PLAIN_PING = 25.0
"""Seconds between WebSocket Pings to a server that knows no `rpc.ping`."""


class SocketClosedError(Exception):
    """The WebSocket is closed. Never reaches a user."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """How to open a WebSocket.

    Attributes:
        url: `ws://` or `wss://`.
        codec: What is negotiated, and whether frames are text.
        plain: Whether to offer no subprotocol and to send WebSocket Pings.
        headers: Headers of the upgrade.
        ssl: TLS settings; the system's trust when None.
        max_message_bytes: The largest message to accept.
        grace: Seconds that a WebSocket Ping of a plain peer may stay unanswered.
        write_deadline: Seconds without progress of a fragment before the connection is dropped.
    """

    url: str = field(repr=False)
    codec: Codec = JSON
    plain: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    ssl: ssl.SSLContext | None = None
    max_message_bytes: int = 1024 * 1024
    grace: float = 10.0
    write_deadline: float = 10.0


# The library's own one writes headers and frames, with their tokens, when a program debugs itself.
_LOGGER = logging.getLogger("wirecall.websocket")
_LOGGER.setLevel(logging.INFO)


def shown_url(url: str) -> str:
    """A URL without what people put secrets into: the password and the query."""
    bare = re.split("[?#]", url, maxsplit=1)[0]
    return re.sub(r"^(\w+:)?(//)?[^/]*@", r"\1\2", bare)


class Socket:
    """One open WebSocket."""

    def __init__(self, connection: ClientConnection, *, text: bool, write_deadline: float) -> None:
        """Wraps what `open_socket` opened."""
        self._connection = connection
        self._text = text
        self._write_deadline = write_deadline

    @property
    def is_writable(self) -> bool:
        """Whether what is written now may still reach the server."""
        return (
            self._connection.protocol.state is State.OPEN
            and not self._connection.transport.is_closing()
        )

    async def receive(self) -> str | bytes:
        """The next message: text as `str`, binary as `bytes`. Cancelling loses none.

        Raises:
            SocketClosedError: It is closed, with the code and the reason.
        """
        try:
            return await self._connection.recv()
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def send(self, frame: bytes) -> None:
        """Writes a message and waits until the socket has room for more.

        Cancelling does not take back what was written.

        Raises:
            SocketClosedError: It is closed, or made no progress within the write deadline.
        """
        deadline = _WriteDeadline(self._connection, self._write_deadline)
        try:
            if len(frame) <= FRAGMENT_BYTES:
                await self._connection.send(frame, text=self._text)
            else:
                await self._connection.send(fragments(frame, deadline.progress), text=self._text)
        except ConnectionClosed as closed:
            raise _closed(closed) from closed
        finally:
            deadline.disarm()

    async def close(self, code: int, reason: str) -> None:
        """Closes with a handshake; one that takes `CLOSE_TIMEOUT` ends in an abort.

        So it does where the server does not read, and the close frame waits behind the rest: the
        library's own limit begins once that frame is written.
        """
        # A close reason has 123 bytes at most; it is for people, so its end may be lost.
        short = reason.encode()[:120].decode(errors="ignore")
        timer = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self.abort)
        try:
            await self._connection.close(code if _may_send(code) else CloseCode.NORMAL, short)
        finally:
            timer.cancel()

    def abort(self) -> None:
        """Ends the connection without a handshake."""
        self._connection.transport.abort()


class _WriteDeadline:
    """Aborts a connection on which a fragment makes no progress."""

    def __init__(self, connection: ClientConnection, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._timer = self._arm()

    def _arm(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(self._seconds, self._connection.transport.abort)

    def progress(self) -> None:
        self._timer.cancel()
        self._timer = self._arm()

    def disarm(self) -> None:
        self._timer.cancel()


def fragments(frame: bytes, progress: Callable[[], None]) -> Iterator[bytes]:
    """Cuts a message; `progress` is called as each fragment is about to be written."""
    for start in range(0, len(frame), FRAGMENT_BYTES):
        progress()
        yield frame[start : start + FRAGMENT_BYTES]


def _may_send(code: int) -> bool:
    # 1004 to 1006 and 1015 only ever describe an end; they are not sent.
    return code not in (CloseCode.NO_STATUS, CloseCode.ABNORMAL)


def _closed(closed: ConnectionClosed) -> SocketClosedError:
    """What the server said; else what this side said for a fault in what it received."""
    frame = closed.rcvd if closed.rcvd_then_sent or closed.sent is None else closed.sent
    if frame is None:
        cause = closed.__cause__
        reason = "" if cause is None else str(cause)
        return SocketClosedError(CloseCode.ABNORMAL, reason or "the connection broke")
    return SocketClosedError(frame.code, frame.reason)


async def open_socket(options: SocketOptions) -> Socket:
    """Opens a WebSocket; time limits are the caller's. Cancelling closes what was half open.

    Raises:
        ConnectError: It did not open; the message says what to check.
    """
    try:
        connection = await connect(
            options.url,
            subprotocols=None if options.plain else [Subprotocol(options.codec.subprotocol)],
            additional_headers=dict(options.headers),
            compression=None,
            open_timeout=None,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=PLAIN_PING if options.plain else None,
            ping_timeout=options.grace,
            max_size=options.max_message_bytes,
            logger=_LOGGER,
            ssl=options.ssl or (True if options.url.lower().startswith("wss:") else None),
        )
    except (OSError, WebSocketException, ValueError, EOFError) as error:
        permanent = isinstance(error, InvalidURI)
        message = f"cannot connect to {shown_url(options.url)}: {_advice(error)}"
        # What is said of a URL that is none holds all of it.
        raise ConnectError(message, permanent=permanent) from (None if permanent else error)
    if not options.plain and connection.subprotocol != options.codec.subprotocol:
        await connection.close(CloseCode.PROTOCOL_ERROR, "no common subprotocol")
        raise ConnectError(
            f"{shown_url(options.url)} answered, but does not speak {options.codec.subprotocol}: "
            "check that the URL is that of a wirecall server, or pass plain=True for another "
            "JSON-RPC 2.0 server",
            permanent=True,
        )
    return Socket(connection, text=options.codec.text, write_deadline=options.write_deadline)


def _advice(error: Exception) -> str:
    """What went wrong and what to check."""
    match error:
        case InvalidURI():
            return f"{error.msg}; a URL looks like ws://localhost:3000/ws or wss://example.org/ws"
        case InvalidStatus():
            status = error.response.status_code
            check = _STATUS_ADVICE.get(status, "is this a WebSocket server?")
            return f"HTTP status {status}; {check}"
        case OSError():
            return _network_advice(error)
        case _:
            return f"{error}; is this a WebSocket server?"


def _network_advice(error: OSError) -> str:
    match error:
        case ConnectionRefusedError():
            return "connection refused; is the server running, and is the port right?"
        case gaierror():
            return f"the host name was not found ({error.strerror}); check the URL"
        case ssl.SSLError():
            return f"TLS failed ({error.reason}); check the certificate, or use ws:// without TLS"
        case _:
            return f"{error.strerror or error}; is the server running and reachable?"


_STATUS_ADVICE = {
    401: "the server, or a proxy before it, wants credentials",
    403: "the server does not accept connections from this origin",
    404: "there is no WebSocket at this path; check the URL's path",
    429: "the server limits connections",
    503: "the server is shutting down or full",
}
