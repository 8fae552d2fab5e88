"""Sends messages of every kind until it is told to stop, then prints what it counted.

Arguments: URL, user, codec.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Literal

import msgspec

from tests.chaos.generated.chaos import Added, ChaosClient, Tick
from tests.chaos.tally import Heard, Items, Tally
from wirecall import (
    Client,
    HeartbeatOptions,
    ReconnectOptions,
    ServedCall,
    State,
    WirecallError,
    connect,
)

ITEMS_DOWN = 500
ITEMS_UP = 200


class Driver:
    """Works until it is stopped."""

    def __init__(self, client: Client) -> None:
        """Listens to events and states, and answers the server."""
        self.chaos = ChaosClient(client)
        self.tally = Tally()
        self.stopped = False
        self.chaos.on_tick(self._tick)
        self.chaos.serve_probe(self)
        client.on_state(self._state)

    async def ask(self, *, session: str, number: int, call: ServedCall) -> int:
        """Answers the server."""
        del call
        self._heard(session).ask(number)
        return number

    def _heard(self, session: str) -> Heard:
        return self.tally.heard.setdefault(session, Heard())

    def _tick(self, tick: Tick) -> None:
        self._heard(tick.session).ticks.take(tick.number)

    def _state(self, state: State) -> None:
        if state.type != "open":
            return
        if state.session is not None:
            self.tally.opened.add(state.session)
        if state.reason is not None:
            self.tally.lost[state.reason] = self.tally.lost.get(state.reason, 0) + 1

    async def add(self) -> None:
        """Makes calls that must not run twice."""

        async def call(number: int) -> Added:
            return await self.chaos.add(number=number)

        while not self.stopped:
            await self.tally.adds.outcome(call)

    async def look(self) -> None:
        """Makes idempotent calls."""

        async def call(number: int) -> Added:
            return await self.chaos.look(number=number)

        while not self.stopped:
            await self.tally.looks.outcome(call)
            await asyncio.sleep(0.001)

    async def note(self) -> None:
        """Sends notifications."""
        while not self.stopped:
            self.tally.notes += 1
            number = self.tally.notes
            try:
                await self.chaos.note(number=number)
            except WirecallError as error:
                self.tally.notes_failed.append(f"{number}: {error!r}")
            await asyncio.sleep(0.01)

    async def count_down(self) -> None:
        """Runs streams down."""
        items = self.tally.counts.items

        async def run(number: int) -> str | None:
            last = 0
            async with self.chaos.count(number=number, to=ITEMS_DOWN) as stream:
                async for item in stream:
                    last = items.take(last, item)
                sent = await stream.result()
            return None if sent == last == ITEMS_DOWN else f"{last} items came of {sent}"

        while not self.stopped:
            await self.tally.counts.outcome(run)

    async def sum_up(self) -> None:
        """Runs streams up."""

        async def run(number: int) -> str | None:
            summed = await self.chaos.sum(numbers(self.tally.sums.items), number=number)
            return None if summed.items == summed.last == ITEMS_UP else repr(summed)

        while not self.stopped:
            await self.tally.sums.outcome(run)


async def numbers(items: Items) -> AsyncIterator[int]:
    """Gives 1, 2, 3 … one a millisecond, and counts them as sent."""
    for number in range(1, ITEMS_UP + 1):
        await asyncio.sleep(0.001)
        items.sent += 1
        yield number


async def run(url: str, user: str, codec: Literal["json", "msgpack"]) -> None:
    """Works until a line comes, finishes what is under way, and prints the tally."""
    async with connect(
        url,
        token=f"user:{user}",
        lazy=True,
        codec=codec,
        heartbeat=HeartbeatOptions(grace=0.3),
        reconnect=ReconnectOptions(base=0.02, cap=0.1, reset_after=0.1),
    ) as client:
        driver = Driver(client)
        work = [
            *(driver.add() for _ in range(4)),
            *(driver.look() for _ in range(2)),
            *(driver.count_down() for _ in range(2)),
            driver.note(),
            driver.sum_up(),
        ]
        working = asyncio.gather(*work)
        # Told to stop, or left alone: either way what is under way is finished.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        driver.stopped = True
        await working
        # A last call behind everything: what the server sent before its answer has come with it.
        await driver.chaos.hush()
        line = msgspec.json.encode(driver.tally).decode()
        sys.stdout.write(f"tally {line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], "msgpack" if sys.argv[3] == "msgpack" else "json"))
