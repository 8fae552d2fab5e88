"""A way to a server that a test can cut, or let go silent, at any moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self


class Proxy:
    """Passes bytes on, both ways, as long as it is told to."""

    def __init__(self, url: str) -> None:
        """Leads to the server of that URL."""
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._passes: set[asyncio.Task[None]] = set()
        self._silent = False
        self.cuts = 0
        """How many connections were cut."""

    @property
    def url(self) -> str:
        """Where clients connect."""
        port: int = self._server.sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}/"

    def cut(self) -> None:
        """Ends every connection without a word, and passes bytes of new ones on."""
        self._silent = False
        self.cuts += bool(self._writers)
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    def fall_silent(self) -> None:
        """Swallows whatever comes on the connections that are there."""
        self._silent = True

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        await self._server.wait_closed()
        for task in self._passes:
            task.cancel()
        if self._passes:
            await asyncio.wait(self._passes)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._silent = False
        there = await asyncio.open_connection(self._host, self._port)
        for source, target in ((reader, there[1]), (there[0], writer)):
            self._writers.add(target)
            task = asyncio.create_task(self._pass(source, target))
            self._passes.add(task)
            task.add_done_callback(self._passes.discard)

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                if self._silent:
                    continue
                target.write(data)
                await target.drain()
        self._writers.discard(target)
        target.close()
