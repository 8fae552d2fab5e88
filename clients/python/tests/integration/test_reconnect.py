"""What a client does when its server goes away and comes back on the same port."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.generated.fixture import FixtureClient
from tests.integration.server import Join, Server
from tests.integration.told import Told
from tests.peer import soon
from tests.states import StateLog
from wirecall import (
    ClosedError,
    ClosedState,
    ConnectionLostError,
    OpenState,
    ReconnectingState,
    ReconnectOptions,
    RpcError,
)

QUICK = ReconnectOptions(base=0.02, cap=0.1)


async def test_calls_made_while_the_server_is_away_are_sent_when_it_is_back_in_order(
    join: Join,
) -> None:
    async with Server() as server, join(server.url, reconnect=QUICK) as client:
        fixture = FixtureClient(client)
        log = StateLog(client)
        await server.kill()
        away = await log.wait("reconnecting")
        assert isinstance(away, ReconnectingState)
        assert away.attempt == 1
        calls = [asyncio.create_task(fixture.record(number=n, ms=0)) for n in range(20)]
        async with Server("--listen", server.address):
            attempts = await asyncio.gather(*calls)
            assert [(attempt.number, attempt.before) for attempt in attempts] == [
                (n, n) for n in range(20)
            ]
            assert client.state.type == "open"


async def test_a_call_that_was_written_ends_as_connection_lost_by_the_verdict(
    join: Join,
) -> None:
    async with Server() as server, join(server.url, reconnect=QUICK) as client:
        fixture = FixtureClient(client)
        told = Told(fixture, "lost")
        call = asyncio.create_task(fixture.hang(key="lost"))
        await told.begun()
        await server.kill()
        async with Server("--listen", server.address):
            with pytest.raises(ConnectionLostError):
                await soon(call)
            assert client.state.type == "open"


async def test_a_client_without_reconnect_ends_with_its_server(join: Join) -> None:
    async with Server() as server, join(server.url, reconnect=False) as client:
        log = StateLog(client)
        await server.kill()
        end = await log.wait("closed")
        assert isinstance(end, ClosedState)
        assert end.gave_up
        with pytest.raises(ClosedError):
            await FixtureClient(client).counted()


async def test_a_draining_server_finishes_open_calls_and_the_next_one_gets_later_ones(
    join: Join,
) -> None:
    async with (
        Server("--retry-within-ms", "50") as server,
        join(server.url, reconnect=QUICK) as client,
    ):
        fixture = FixtureClient(client)
        log = StateLog(client)
        open_call = asyncio.create_task(fixture.wait(ms=300))
        await asyncio.sleep(0)
        await fixture.drain()
        assert await open_call == 300
        await log.wait("reconnecting")
        await server.ended()
        late = asyncio.create_task(fixture.echo_text(text="late"))
        async with Server("--listen", server.address):
            assert await late == "late"


async def test_the_close_code_says_whether_to_come_back_and_a_new_token_is_asked_for(
    join: Join,
) -> None:
    tokens = iter(["user:1", "user:2"])
    async with (
        Server() as server,
        join(server.url, token=lambda: next(tokens), reconnect=QUICK) as client,
    ):
        fixture = FixtureClient(client)
        log = StateLog(client)
        with pytest.raises((ConnectionLostError, RpcError)):
            await fixture.leave(code=4010, reason="expired")
        await log.wait("reconnecting")
        back = await log.wait("open")
        assert isinstance(back, OpenState)
        assert back.user == "2"
        with pytest.raises((ConnectionLostError, RpcError)):
            await fixture.leave(code=4502, reason="revoked")
        end = await log.wait("closed")
        assert isinstance(end, ClosedState)
        assert not end.gave_up
        assert end.disconnect is not None
        assert (end.disconnect.code, end.disconnect.reason) == (4502, "revoked")
