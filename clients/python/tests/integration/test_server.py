"""What comes from the server: events, and calls that the client answers."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.generated.fixture import (
    Circle,
    FixtureClient,
    GoneError,
    SilentError,
    Tick,
)
from tests.integration.server import Join, Server
from tests.peer import soon
from wirecall import DeadlineExceededError, MethodNotFoundError, ServedCall


class Echoes:
    """Answers with the question, and notes what it hears."""

    def __init__(self) -> None:
        """Has heard nothing."""
        self.heard: list[str] = []

    async def answer(self, *, question: str, call: ServedCall) -> str:
        """Gives back the question."""
        self.heard.append(f"{call.method} {question}")
        return question

    async def whisper(self, *, secret: str, call: ServedCall) -> None:
        """Notes the secret."""
        self.heard.append(f"{call.method} {secret}")


async def test_events_arrive_typed_and_in_order_before_the_answer_that_follows_them(
    join: Join,
) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        ticks: list[Tick] = []
        stop = fixture.on_tick(ticks.append)
        await fixture.emit(count=50, filling=3)
        assert [tick.n for tick in ticks] == list(range(50))
        assert ticks[1] == Tick(n=1, filling="xxx", shape=Circle(radius=1.0))
        stop()
        await fixture.emit(count=1, filling=0)
        assert len(ticks) == 50


async def test_a_broadcast_reaches_every_client(join: Join) -> None:
    async with Server() as server, join(server.url) as one, join(server.url) as two:
        heard: asyncio.Queue[str] = asyncio.Queue()
        for client in (one, two):
            FixtureClient(client).on_announced(lambda event: heard.put_nowait(event.text))
        assert await FixtureClient(one).announce(text="to all") == 2
        assert [await soon(heard.get()), await soon(heard.get())] == ["to all", "to all"]


async def test_the_server_s_calls_and_notifications_reach_the_handler_in_order(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        echoes = Echoes()
        fixture.serve_probe(echoes)
        assert await fixture.ask(question="why") == "why"
        assert echoes.heard == ["probe.whisper asked for why", "probe.answer why"]


async def test_a_typed_error_of_the_handler_reaches_the_server_as_that_error(join: Join) -> None:
    class Silent(Echoes):
        async def answer(self, *, question: str, call: ServedCall) -> str:
            raise SilentError(question=f"{question} of {call.method}")

    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        fixture.serve_probe(Silent())
        with pytest.raises(GoneError) as gone:
            await fixture.ask(question="secret")
        assert gone.value.what == "secret of probe.answer"


async def test_without_a_handler_the_server_s_call_is_method_not_found(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        with pytest.raises(MethodNotFoundError):
            await FixtureClient(client).ask(question="anybody there")


async def test_64_of_the_server_s_calls_at_once_are_answered(join: Join) -> None:
    class Together(Echoes):
        def __init__(self) -> None:
            super().__init__()
            self.all_asked = asyncio.Event()

        async def answer(self, *, question: str, call: ServedCall) -> str:
            await super().answer(question=question, call=call)
            # Nobody is answered before all have asked.
            if len(self.heard) == 64:
                self.all_asked.set()
            await self.all_asked.wait()
            return question

    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        fixture.serve_probe(Together())
        assert await fixture.ask_many(count=64) == 64


async def test_a_call_that_the_server_gives_up_cancels_its_handler(join: Join) -> None:
    class Hanging(Echoes):
        def __init__(self) -> None:
            super().__init__()
            self.cancelled = asyncio.Event()

        async def answer(self, *, question: str, call: ServedCall) -> str:
            await super().answer(question=question, call=call)
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()
            return question

    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        hanging = Hanging()
        fixture.serve_probe(hanging)
        with pytest.raises(DeadlineExceededError):
            await fixture.ask_briefly(question="quick", ms=50)
        await soon(hanging.cancelled.wait())
