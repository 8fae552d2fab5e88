"""Sessions of a real server that go on over cuts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.integration.generated.fixture import FixtureClient, Tick
from tests.integration.proxy import Proxy
from tests.integration.server import Join, Server
from tests.integration.test_server import Echoes
from tests.integration.told import Told
from tests.peer import soon
from tests.states import StateLog
from wirecall import HeartbeatOptions, OpenState, ReconnectOptions, ServedCall

QUICK = ReconnectOptions(base=0.01, cap=0.05)


async def test_a_call_goes_on_over_a_cut(join: Join) -> None:
    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        log = StateLog(client)
        session = client.session
        call = asyncio.create_task(FixtureClient(client).wait(ms=300))
        asyncio.get_running_loop().call_later(0.1, proxy.cut)
        assert await soon(call) == 300
        state = await log.wait("open")
        assert isinstance(state, OpenState)
        assert (state.resumed, state.reason, state.session) == (True, None, session)


async def test_twenty_cuts_in_a_row_lose_and_double_nothing(join: Join) -> None:
    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        fixture = FixtureClient(client)
        log = StateLog(client)
        calls: list[asyncio.Task[int]] = []

        async def record(number: int) -> int:
            attempt = await fixture.record(number=number, ms=0)
            return attempt.before

        for cut in range(20):
            calls += [asyncio.create_task(record(cut * 10 + number)) for number in range(10)]
            # Three cuts in a row before anything gets through would end the session.
            await soon(calls[-10])
            proxy.cut()
            state = await log.wait("open")
            assert isinstance(state, OpenState)
            assert state.resumed
        assert await soon(asyncio.gather(*calls)) == list(range(200))
        assert proxy.cuts == 20


async def test_a_session_in_which_nothing_was_sent_yet_is_resumed(join: Join) -> None:
    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        log = StateLog(client)
        for _ in range(3):
            proxy.cut()
            state = await log.wait("open")
            assert isinstance(state, OpenState)
            assert state.resumed


async def test_the_server_s_call_goes_on_over_a_cut(join: Join) -> None:
    class Slow(Echoes):
        def __init__(self) -> None:
            super().__init__()
            self.asked, self.go_on = asyncio.Event(), asyncio.Event()

        async def answer(self, *, question: str, call: ServedCall) -> str:
            self.asked.set()
            await self.go_on.wait()
            return await super().answer(question=question, call=call)

    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        fixture, slow, log = FixtureClient(client), Slow(), StateLog(client)
        fixture.serve_probe(slow)
        call = asyncio.create_task(fixture.ask(question="why"))
        await soon(slow.asked.wait())
        proxy.cut()
        await log.wait("reconnecting")
        slow.go_on.set()
        assert await soon(call) == "why"


async def test_events_arrive_once_and_in_order_over_cuts(join: Join) -> None:
    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        fixture, log = FixtureClient(client), StateLog(client)
        ticks: list[int] = []
        some: asyncio.Queue[int] = asyncio.Queue()

        def note(tick: Tick) -> None:
            ticks.append(tick.n)
            if tick.n == 20:
                some.put_nowait(tick.n)

        fixture.on_tick(note)
        for _ in range(5):
            call = asyncio.create_task(fixture.emit(count=200, filling=5_000))
            await soon(some.get())
            proxy.cut()
            await log.wait("open")
            await soon(call)
        assert ticks == [*range(200)] * 5


async def test_streams_in_each_direction_go_on_over_twenty_cuts(join: Join) -> None:
    async with (
        Server() as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK) as client,
    ):
        fixture, log = FixtureClient(client), StateLog(client)

        async def cutting() -> AsyncIterator[int]:
            for number in range(200):
                if number % 10 == 5:
                    # Three cuts in a row before anything gets through would end the session.
                    await fixture.echo_text(text="still here")
                    proxy.cut()
                    state = await log.wait("open")
                    assert isinstance(state, OpenState)
                    assert state.resumed
                yield number

        async def down() -> list[int]:
            return [item async for item in fixture.numbers(from_=0, count=2000)]

        numbers = asyncio.create_task(down())
        upload = asyncio.create_task(fixture.total(cutting()))
        assert await soon(upload) == sum(range(200))
        assert await soon(numbers) == list(range(2000))
        assert proxy.cuts == 20


async def test_a_connection_that_fell_silent_is_left_and_nothing_is_lost(join: Join) -> None:
    heartbeat = HeartbeatOptions(grace=0.2, call_silence=0.2, call_grace=0.1)
    async with (
        Server("--ping-ms", "100") as server,
        Proxy(server.url) as proxy,
        join(proxy.url, reconnect=QUICK, heartbeat=heartbeat) as client,
    ):
        fixture, log = FixtureClient(client), StateLog(client)
        told = Told(fixture, "silent")
        call = asyncio.create_task(fixture.persist(key="silent", ms=100))
        await told.begun()
        proxy.fall_silent()
        await soon(call)
        await told.over()
        assert "reconnecting" in log.types


async def test_a_server_that_was_started_anew_does_not_know_the_session(join: Join) -> None:
    async with Server() as server, join(server.url, reconnect=QUICK) as client:
        log = StateLog(client)
        await server.kill()
        async with Server("--listen", server.address):
            state = await log.wait("open")
            assert isinstance(state, OpenState)
            assert (state.resumed, state.reason) == (False, "unknown")
            assert await FixtureClient(client).echo_text(text="hi") == "hi"
