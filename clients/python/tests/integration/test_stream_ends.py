"""The ends of a real server's streams: empty, alone, out of time, held back, and wanted no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.integration.generated.fixture import FixtureClient
from tests.integration.server import Join, Server
from tests.integration.told import Told
from tests.peer import soon
from wirecall import CallOptions, DeadlineExceededError


async def test_an_empty_stream_has_a_result(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        numbers = FixtureClient(client).numbers(from_=3, count=0)
        assert [item async for item in numbers] == []
        assert await numbers.result() == 0


async def test_the_result_alone_may_be_awaited(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        assert await FixtureClient(client).numbers(from_=1, count=1000).result() == 500_500


async def test_a_time_limit_ends_a_stream_here_and_there(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        told = Told(fixture, "late")
        options = CallOptions(timeout=0.1)
        with pytest.raises(DeadlineExceededError):
            await soon(fixture.clock(key="late", ms=1, options=options).result())
        await told.begun()
        await told.over()


async def test_a_slow_loop_holds_its_producer_and_nobody_else(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        async with fixture.flood(bytes=10_000, options=CallOptions(credit=4)) as flood:
            assert len(await soon(anext(flood))) == 10_000
            for number in range(50):
                assert await soon(fixture.echo_text(text=str(number))) == str(number)
            for _ in range(20):
                await soon(anext(flood))


async def test_a_server_that_wants_no_more_stops_an_endless_upload(join: Join) -> None:
    closed = asyncio.Event()

    async def forever() -> AsyncGenerator[int]:
        try:
            while True:
                yield 2
        finally:
            closed.set()

    async with Server() as server, join(server.url) as client:
        assert await soon(FixtureClient(client).first(forever(), items=100)) == 200
        assert closed.is_set()
