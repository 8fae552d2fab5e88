"""One connection's tasks: getting it up, reading, writing, and ending with all of them joined."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import Any, Protocol

from wirecall.disconnect import CloseCode
from wirecall.errors import ConnectError
from wirecall.options import TokenProvider
from wirecall.output import Drop
from wirecall.websocket import Socket, SocketClosedError, SocketOptions, open_socket

_BURST = 64
"""Frames written before other tasks get their turn."""


class ConnectionOwner(Protocol):
    """What a connection feeds and is fed from."""

    def connected(self, token: str | None) -> None:
        """The socket is open."""
        ...

    def received(self, frame: str | bytes) -> None:
        """A frame arrived."""
        ...

    def next_frame(self) -> bytes | None:
        """The next frame to write."""
        ...


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection or an attempt ended.

    Attributes:
        code: The close code; 1006 where there was none.
        reason: Why.
        error: What kept it from opening, if it did not.
    """

    code: int
    reason: str
    error: ConnectError | None = None


class Connection:
    """One attempt and the connection that it leads to.

    The dialling task, then the reader and the writer, are children of `run`, which ends when all of
    them have. `drop` ends it from outside.
    """

    def __init__(
        self, options: SocketOptions, token: TokenProvider | None, owner: ConnectionOwner
    ) -> None:
        """Prepares an attempt; `run` makes it."""
        self._options = options
        self._token = token
        self._owner = owner
        self._dropped: asyncio.Future[Drop] = asyncio.get_running_loop().create_future()
        self._work = asyncio.Event()

    def drop(self, drop: Drop) -> None:
        """Ends the connection; the first one counts."""
        if not self._dropped.done():
            self._dropped.set_result(drop)

    def wake(self) -> None:
        """There may be frames to write."""
        self._work.set()

    @property
    def has_fresh_tokens(self) -> bool:
        """Whether the source of tokens may give another one than before."""
        return callable(self._token)

    async def ask_token(self) -> str | None:
        """A fresh token.

        Raises:
            ConnectError: Its source raised.
        """
        return await _ask(self._token)

    async def run(self) -> Ending:
        """Makes the attempt and lives as long as the connection.

        Cancelling ends the connection, closed 1000 if it stands, with all its tasks joined.
        """
        dial = asyncio.create_task(self._dial())
        try:
            await first_of(dial, self._dropped)
            await _join(dial)
        except asyncio.CancelledError:
            await _join(dial)
            # The socket may have opened in the moment before.
            if not dial.cancelled() and dial.exception() is None:
                dial.result()[0].abort()
            raise
        if dial.cancelled():
            return self._drop_ending()
        error = dial.exception()
        if isinstance(error, ConnectError):
            return Ending(CloseCode.ABNORMAL, str(error), error)
        return await self._live(*dial.result())

    async def _dial(self) -> tuple[Socket, str | None]:
        token = await _ask(self._token)
        return await open_socket(self._options), token

    async def _live(self, socket: Socket, token: str | None) -> Ending:
        reader = asyncio.create_task(self._read(socket, token))
        writer = asyncio.create_task(self._write(socket))
        try:
            await first_of(reader, writer, self._dropped)
            if writer.done() and writer.exception() is None:
                await first_of(reader, self._dropped)
            await _join(reader, writer)
            if self._dropped.done() and not self._dropped.result().abrupt:
                drop = self._dropped.result()
                await socket.close(drop.code, drop.reason)
        except asyncio.CancelledError:
            await _join(reader, writer)
            if not self._dropped.done():
                # The session ends with the event loop, and not at the server's `session_ttl`.
                await socket.close(CloseCode.NORMAL, "")
            raise
        finally:
            socket.abort()
            await _join(reader, writer)
        if not writer.cancelled():
            writer.result()
        return self._drop_ending() if reader.cancelled() else reader.result()

    async def _read(self, socket: Socket, token: str | None) -> Ending:
        self._owner.connected(token)
        while True:
            try:
                frame = await socket.receive()
            except SocketClosedError as closed:
                return Ending(closed.code, closed.reason)
            self._owner.received(frame)

    async def _write(self, socket: Socket) -> None:
        written = 0
        while True:
            await self._work.wait()
            self._work.clear()
            # A call that is not taken from the queue keeps its chance on the next connection.
            while socket.is_writable and (frame := self._owner.next_frame()) is not None:
                try:
                    await socket.send(frame)
                except SocketClosedError:
                    # The reader hears of the end too, after what arrived before it.
                    return
                written += 1
                if written % _BURST == 0:
                    await asyncio.sleep(0)

    def _drop_ending(self) -> Ending:
        drop = self._dropped.result()
        return Ending(drop.code, drop.reason)


async def _ask(source: TokenProvider | None) -> str | None:
    """The token, fresh from its source.

    Raises:
        ConnectError: The source raised.
    """
    if source is None or isinstance(source, str):
        return source
    try:
        token = source()
        return await token if inspect.isawaitable(token) else token
    except Exception as error:
        raise ConnectError(f"the token function failed: {error!r}") from error


async def first_of(*waited: asyncio.Future[Any]) -> None:
    """Waits until one of these is done."""
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)


async def _join(*tasks: asyncio.Task[Any]) -> None:
    """Cancels what still runs and waits for it: nothing outlives its parent."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
