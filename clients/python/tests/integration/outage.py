"""The client's part in an outage: numbered calls before, while and after the server is away.

Prints what became of each; the program that kills the server compares that with its ledger.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Literal

from tests.integration.generated.fixture import FixtureClient
from wirecall import Client, ConnectionLostError, ReconnectOptions, State, WirecallError, connect

PHASE = 200
ANSWERED = 100
"""Of the calls before, those that are awaited; the others are open when the server is killed."""
SLOW_MS = 3_000
"""Longer than it takes to kill the server."""


class Caller:
    """Makes numbered calls, each in the phase that the client's state says."""

    def __init__(self, client: Client) -> None:
        """Has made none."""
        self._client = client
        self._fixture = FixtureClient(client)
        self._was_away = False
        self.calls: list[asyncio.Task[str]] = []

    def call(self, ms: int) -> asyncio.Task[str]:
        """Makes the next call."""
        number = len(self.calls)
        if self._client.state.type != "open":
            self._was_away = True
            phase = "away"
        else:
            phase = "after" if self._was_away else "before"
        # Started at once, in the state that was read.
        task = asyncio.create_task(self._made(number, phase, ms))
        self.calls.append(task)
        return task

    async def _made(self, number: int, phase: str, ms: int) -> str:
        try:
            await self._fixture.record(number=number, ms=ms)
        except ConnectionLostError:
            return f"call {number} {phase} lost"
        except WirecallError as error:
            return f"call {number} {phase} {error!r}"
        return f"call {number} {phase} result"

    async def until(self, kind: Literal["open", "reconnecting"]) -> None:
        """Waits for a state; the present one counts."""
        reached = asyncio.Event()

        def look(state: State) -> None:
            if state.type == kind:
                reached.set()

        stop = self._client.on_state(look)
        look(self._client.state)
        await reached.wait()
        stop()


def say(line: str) -> None:
    """Prints a line at once, since another program waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(url: str) -> None:
    """Makes the calls of all three phases."""
    async with connect(url, reconnect=ReconnectOptions(cap=1.0)) as client:
        caller = Caller(client)
        for _ in range(ANSWERED):
            await caller.call(0)
        for _ in range(PHASE - ANSWERED):
            caller.call(SLOW_MS)
        await asyncio.sleep(0)
        say("made before")
        await caller.until("reconnecting")
        for _ in range(PHASE):
            caller.call(0)
        await asyncio.sleep(0)
        say("made away")
        await caller.until("open")
        for _ in range(PHASE):
            caller.call(0)
        for line in await asyncio.gather(*caller.calls):
            say(line)


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
