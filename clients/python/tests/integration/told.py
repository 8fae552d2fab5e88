"""Waits for what a server tells of its handlers."""

from __future__ import annotations

import asyncio

from tests.integration.generated.fixture import Ended, FixtureClient
from tests.peer import soon


class Told:
    """The beginning and the end of the handler of one call."""

    def __init__(self, fixture: FixtureClient, key: str) -> None:
        """Starts to listen, until both were heard or the client is closed."""
        loop = asyncio.get_running_loop()
        self._key = key
        self._begun: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[Ended] = loop.create_future()
        fixture.on_started(lambda started: self._note(started.key, None))
        fixture.on_ended(lambda ended: self._note(ended.key, ended))

    def _note(self, key: str, ended: Ended | None) -> None:
        if key != self._key:
            return
        if ended is None:
            self._begun.set_result(None)
        else:
            self._over.set_result(ended)

    async def begun(self) -> None:
        """Waits for its beginning."""
        await soon(self._begun)

    async def over(self) -> Ended:
        """Waits for its end."""
        return await soon(self._over)
