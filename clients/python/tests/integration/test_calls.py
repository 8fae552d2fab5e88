"""Calls of the generated client: values of every form, time limits, cancelling, their number."""

from __future__ import annotations

import asyncio
import time

import msgspec
import pytest

from tests.integration.everything import EVERYTHING
from tests.integration.generated.fixture import AdjacentNumber, FixtureClient, Nothing
from tests.integration.server import Join, Server
from tests.integration.told import Told
from wirecall import CallOptions, DeadlineExceededError, TooLargeError


async def test_a_value_of_every_form_comes_back_as_it_was_sent(join: Join) -> None:
    other = msgspec.structs.replace(
        EVERYTHING,
        maybe="here",
        absent=7,
        remark="here",
        untagged="one text",
        adjacent=AdjacentNumber(c=-1),
    )
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        assert await fixture.echo(value=EVERYTHING) == EVERYTHING
        assert await fixture.echo(value=other) == other


async def test_a_parameter_that_may_be_absent_is_absent_or_there(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        assert await fixture.echo_shape() is None
        assert await fixture.echo_shape(shape=Nothing()) == Nothing()


async def test_names_that_are_keywords_and_parameters_by_position_arrive(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        assert await fixture.import_(from_=3) == 3
        assert await fixture.sum(left=1, right=2) == 3
        assert await fixture.sum(left=1) == 1


async def test_a_call_s_own_time_limit_ends_it_and_the_declaration_s_does(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        with pytest.raises(DeadlineExceededError):
            await fixture.wait(ms=60_000, options=CallOptions(timeout=0.05))
        with pytest.raises(DeadlineExceededError):
            await fixture.brief()


async def test_a_handler_is_dropped_within_100_ms_of_the_cancel_of_its_call(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        told = Told(fixture, "cancelled")
        call = asyncio.create_task(fixture.hang(key="cancelled"))
        await told.begun()
        start = time.monotonic()
        call.cancel()
        assert (await told.over()).dropped
        assert time.monotonic() - start < 0.1
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_call_that_cannot_be_cancelled_runs_to_its_end(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        told = Told(fixture, "persistent")
        call = asyncio.create_task(fixture.persist(key="persistent", ms=50))
        await told.begun()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert not (await told.over()).dropped


async def test_notifications_run_before_the_call_that_follows_them(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        await asyncio.gather(*(fixture.count(by=2) for _ in range(10)))
        assert await fixture.counted() == 20


async def test_a_thousand_calls_at_once_take_their_turn(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        sums = await asyncio.gather(*(fixture.sum(left=left, right=1) for left in range(1000)))
        assert sums == list(range(1, 1001))


async def test_large_messages_go_both_ways_and_one_that_is_too_large_fails_alone(
    join: Join,
) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        text = "ü" * 400_000
        assert await fixture.echo_text(text=text) == text
        assert len(await fixture.large(bytes=900_000)) == 900_000
        with pytest.raises(TooLargeError):
            await fixture.echo_text(text="x" * (1 << 20))
        with pytest.raises(TooLargeError):
            await fixture.large(bytes=1 << 20)
        assert client.state.type == "open"
