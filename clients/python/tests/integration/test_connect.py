"""How clients connect to a real server: tokens, refusals, plain peers, layers, the heartbeat."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.generated.fixture import BusyError, FixtureClient
from tests.integration.server import Join, Server
from tests.peer import soon
from wirecall import (
    Call,
    ConnectError,
    MethodNotFoundError,
    Next,
    OpenState,
    RpcError,
    State,
    connect,
)


async def test_the_token_says_who_is_calling(join: Join) -> None:
    async def token() -> str:
        return "user:ada"

    async with Server() as server, join(server.url, token=token) as client:
        assert client.user == "ada"
        assert await FixtureClient(client).who() == "ada"
    assert client.state.type == "closed"


async def test_a_refused_token_is_an_error_that_says_so(join: Join) -> None:
    async with Server() as server:
        with pytest.raises(ConnectError, match="the token is not known here"):
            await join(server.url, token="wrong")


async def test_a_fresh_token_is_given_to_the_server_before_the_old_one_expires(join: Join) -> None:
    tokens = ["user:ada:400"]

    async def token() -> str:
        return tokens.pop() if tokens else "user:ada"

    async with Server() as server, join(server.url, token=token) as client:
        session = client.session
        # Longer than the first token is good.
        await FixtureClient(client).wait(ms=700)
        assert not tokens
        assert client.state.type == "open"
        assert not client.state.resumed
        assert client.session == session


async def test_a_client_whose_token_expires_comes_back_to_its_session_with_another(
    join: Join,
) -> None:
    tokens = ["user:ada", "user:bob", "user:ada:200"]
    resumed = asyncio.Event()

    async def token() -> str:
        return tokens.pop()

    def note(state: State) -> None:
        if isinstance(state, OpenState) and state.resumed:
            resumed.set()

    async with Server() as server, join(server.url, token=token) as client:
        session = client.session
        client.on_state(note)
        # The second token, of another user, is refused, and changes nothing.
        await soon(resumed.wait())
        assert not tokens
        assert client.session == session
        assert await FixtureClient(client).who() == "ada"


async def test_a_server_that_is_down_is_asked_for_by_its_url(join: Join) -> None:
    async with Server() as server:
        await server.kill()
        with pytest.raises(ConnectError, match=server.address):
            await join(server.url)


async def test_a_plain_peer_calls_without_a_session() -> None:
    async with Server() as server, connect(server.url, plain=True) as client:
        assert client.session is None
        assert await FixtureClient(client).sum(left=1, right=2) == 3
        with pytest.raises(MethodNotFoundError):
            await client.service("nowhere").call("nowhere.nothing", None, None)


async def test_layers_see_every_call_the_first_outermost_and_may_call_again(join: Join) -> None:
    seen: list[str] = []

    async def note(call: Call, following: Next) -> object:
        seen.append(call.method)
        return await following(call)

    async def retry(call: Call, following: Next) -> object:
        try:
            return await following(call)
        except RpcError:
            return await following(call)

    async with Server() as server, join(server.url, layers=[note, retry, note]) as client:
        with pytest.raises(BusyError):
            await FixtureClient(client).fail(way="busy")
    assert seen == ["fixture.fail"] * 3


async def test_pings_are_answered_so_that_a_client_that_only_waits_is_not_taken_for_dead(
    join: Join,
) -> None:
    flags = ("--ping-ms", "100", "--heartbeat-timeout-ms", "300")
    async with Server(*flags) as server, join(server.url) as client:
        # Three times what the server bears.
        assert await FixtureClient(client).wait(ms=900) == 900
        assert client.state.type == "open"
