"""Getting a connection, over a real socket."""

from __future__ import annotations

import asyncio
import logging
import math
import traceback
from datetime import datetime, timezone

import pytest

from tests.peer import SOON, PeerConnection, greet, listen, silence, soon, unused_port
from tests.states import StateLog
from wirecall import (
    CallOptions,
    ClosedError,
    ClosedState,
    ConnectError,
    Connecting,
    ConnectingState,
    ConnectionLostError,
    OpenState,
    ReconnectingState,
    ReconnectOptions,
    State,
    UnauthenticatedError,
    connect,
)
from wirecall.hello import HelloAnswer, ResumeParams
from wirecall.options import SessionOptions
from wirecall.output import Opened
from wirecall.reconnect import Reconnect
from wirecall.websocket import SocketOptions, shown_url


async def test_connect_waits_for_the_first_open() -> None:
    async with listen(lambda peer: peer.greet(user="ann", session="s-7")) as peer:
        async with connect(peer.url) as client:
            log = StateLog(client)
            assert client.state == OpenState("s-7", "ann")
            assert (client.session, client.user) == ("s-7", "ann")
        assert log.types == ["closed"]
        assert (client.session, client.user) == (None, None)


async def test_connect_can_be_awaited_too() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        await client.close()
        async with await connect(peer.url) as again:
            assert again.state.type == "open"


async def test_the_scheme_of_a_page_is_taken_for_that_of_its_socket() -> None:
    async with listen() as peer, connect(peer.url.replace("ws", "http", 1)) as client:
        assert client.state.type == "open"


async def test_a_server_that_is_down_is_an_error_that_says_what_to_check() -> None:
    url = f"ws://127.0.0.1:{unused_port()}/ws"
    with pytest.raises(ConnectError, match=rf"{url}: connection refused; is the server running"):
        await connect(url)


@pytest.mark.parametrize("url", ["localhost:3000", "ftp://localhost", "ws://", "ws://x#y"])
async def test_a_url_that_is_none_shows_what_one_looks_like(url: str) -> None:
    with pytest.raises(ConnectError, match="a URL looks like ws://localhost:3000/ws"):
        await connect(url)


async def test_a_server_that_is_no_websocket_is_an_error_that_says_so() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(ConnectError, match="HTTP status 404; there is no WebSocket at this path"):
        await connect(f"ws://127.0.0.1:{port}/ws")
    server.close()
    await server.wait_closed()


async def test_a_server_without_the_subprotocol_is_an_error_that_names_plain() -> None:
    async with listen(silence, subprotocol=None) as peer:
        with pytest.raises(ConnectError, match=r"does not speak wirecall\.1\.json.*plain=True"):
            await connect(peer.url)


async def test_a_refused_hello_is_an_error_with_its_cause() -> None:
    async def refuse(peer: PeerConnection) -> None:
        await peer.error(await peer.receive(), -32001, "unauthenticated")
        await peer.close(4501, "forbidden")

    async with listen(refuse) as peer:
        with pytest.raises(ConnectError, match="refused the hello: unauthenticated") as caught:
            await connect(peer.url)
        assert isinstance(caught.value.__cause__, UnauthenticatedError)


async def test_a_server_that_never_answers_hello_meets_the_time_limit() -> None:
    async with listen(silence) as peer:
        limit = ReconnectOptions(connect_timeout=0.05)
        with pytest.raises(ConnectError, match="no answer within the time limit"):
            await connect(peer.url, reconnect=limit)


async def test_a_server_that_never_answers_the_upgrade_meets_the_time_limit() -> None:
    asked = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limit = ReconnectOptions(connect_timeout=0.05)
    with pytest.raises(ConnectError, match="no answer within the time limit"):
        await connect(f"ws://127.0.0.1:{port}/ws", reconnect=limit)
    assert asked.is_set()
    server.close()
    await server.wait_closed()


async def test_a_token_function_that_hangs_meets_the_time_limit() -> None:
    async def token() -> str:
        await asyncio.Event().wait()
        return "never"

    async with listen() as peer:
        limit = ReconnectOptions(connect_timeout=0.05)
        with pytest.raises(ConnectError, match="no answer within the time limit"):
            await connect(peer.url, token=token, reconnect=limit)


async def test_a_token_function_that_raises_is_an_error_with_its_cause() -> None:
    def token() -> str:
        raise KeyError("TOKEN")

    async with listen() as peer:
        with pytest.raises(ConnectError, match=r"the token function failed: KeyError") as caught:
            await connect(peer.url, token=token)
        assert isinstance(caught.value.__cause__, KeyError)


async def test_the_token_is_asked_for_before_every_attempt() -> None:
    tokens = iter(["one", "two", "three"])

    async def token() -> str:
        return next(tokens)

    async with listen() as peer, connect(peer.url, token=token, reconnect=SOON):
        first = await peer.accept()
        assert first.hello["params"]["token"] == "one"
        await first.close(4010, "credentials expired")
        second = await peer.accept()
        assert second.hello["params"]["token"] == "two"
        second.abort()
        assert (await peer.accept()).hello["params"]["token"] == "three"


@pytest.mark.parametrize("token", ["plain", lambda: "plain"])
async def test_a_token_is_a_string_or_a_plain_function_too(token: str) -> None:
    async with listen() as peer, connect(peer.url, token=token):
        assert (await peer.accept()).hello["params"]["token"] == "plain"


async def test_headers_and_names_reach_the_server() -> None:
    async with listen() as peer:
        given = connect(peer.url, headers={"X-Tenant": "acme"}, name="demo", version="9")
        async with given:
            connection = await peer.accept()
            assert connection.headers["x-tenant"] == "acme"
            assert connection.hello["params"]["client"] == {"name": "demo", "version": "9"}


async def test_the_contract_of_hello_is_that_of_the_services_in_use() -> None:
    async with listen() as peer, connect(peer.url, lazy=True) as client:
        client.service("chat", contract="5f3a9c21")
        client.service("other")
        connection = await peer.accept()
        assert connection.hello["params"]["contract"] == {"chat": "5f3a9c21"}


async def test_what_a_server_thinks_of_a_contract_stops_no_client_and_incompatible_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    words = {"a": "same", "b": "compatible", "c": "unknown", "d": "later"}
    async with listen(lambda peer: peer.greet(contract=words)) as peer, connect(peer.url) as client:
        assert client.state == OpenState("s-1", None)
    assert "incompatible" not in caplog.text
    told = {"chat": "incompatible", "other": "same"}
    async with (
        listen(lambda peer: peer.greet(contract=told)) as peer,
        connect(peer.url, reconnect=SOON) as client,
    ):
        log = StateLog(client)
        (await peer.accept()).abort()
        await log.wait("open")
    assert caplog.text.count("incompatible contract, generate again: chat\n") == 1


async def test_a_lazy_client_returns_at_once_and_its_calls_wait() -> None:
    port = unused_port()
    url = f"ws://127.0.0.1:{port}/ws"
    async with connect(url, lazy=True, reconnect=SOON) as client:
        assert client.state == ConnectingState()
        log = StateLog(client)
        call = asyncio.ensure_future(client.service("x").call("x.y", None, int))
        await log.wait("reconnecting")
        async with listen(port=port) as peer:
            connection = await peer.accept()
            await connection.result(await connection.receive(), 5)
            assert await soon(call) == 5
            await client.close()


async def test_cancelling_connect_leaves_nothing_behind() -> None:
    asked = asyncio.Event()

    async def hang(_: PeerConnection) -> None:
        asked.set()

    async def run(opening: Connecting) -> None:
        await opening

    async with listen(hang) as peer:
        task = asyncio.create_task(run(connect(peer.url)))
        await soon(asked.wait())
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_wait_open_tells_a_lazy_client_that_it_was_closed_for_good() -> None:
    async def forbid(peer: PeerConnection) -> None:
        await peer.receive()
        await peer.close(4501, "forbidden")

    async with listen(forbid) as peer, connect(peer.url, lazy=True) as client:
        with pytest.raises(ConnectError, match="4501 forbidden"):
            await client.wait_open()
        assert isinstance(client.state, ClosedState)
        assert not client.state.gave_up


async def test_a_lazy_client_does_not_try_again_what_can_never_work() -> None:
    async with listen(silence, subprotocol=None) as peer:
        for url in (peer.url, "ftp://localhost"):
            async with connect(url, lazy=True, reconnect=SOON) as client:
                with pytest.raises(ConnectError):
                    await client.wait_open()
                assert isinstance(client.state, ClosedState)
                assert not client.state.gave_up


async def test_wait_open_tells_that_the_client_was_closed_first() -> None:
    async with listen(silence) as peer:
        client = await connect(peer.url, lazy=True)
        waiting = asyncio.ensure_future(client.wait_open())
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(ClosedError, match="the client was closed"):
            await waiting


async def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="pass it in headers"):
        await connect("ws://127.0.0.1:1", plain=True, token="t")
    with pytest.raises(ValueError, match="queue"):
        await connect("ws://127.0.0.1:1", queue=-1)
    for timeout in (0, -1.0, math.nan):
        with pytest.raises(ValueError, match="timeout"):
            await connect("ws://127.0.0.1:1", timeout=timeout)
        with pytest.raises(ValueError, match="timeout"):
            CallOptions(timeout=timeout)
    for credit in (0, -3):
        with pytest.raises(ValueError, match="credit"):
            CallOptions(credit=credit)


def test_a_buffer_has_a_least_size() -> None:
    assert SessionOptions.of({"buffer_bytes": 1}).buffer_bytes == 256 * 1024


def test_a_url_is_shown_without_its_secrets() -> None:
    for url in ("ws://u:p@w@h:1/a?token=t#f", "ws://u:p@h:1/a#token", "ws://h:1/a?p=/@"):
        assert shown_url(url) == "ws://h:1/a"
    assert shown_url("localhost:3000") == "localhost:3000"


@pytest.mark.parametrize(
    "url", ["ws://ann:S3CRET@127.0.0.1:1/ws?token=S3CRET", "ftp://x/?token=S3CRET"]
)
async def test_an_error_shows_no_secret_of_the_url(url: str) -> None:
    with pytest.raises(ConnectError) as failed:
        await connect(url)
    told = "".join(traceback.format_exception(failed.value))
    assert "S3CRET" not in told


async def test_no_secret_is_shown_when_a_program_debugs_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    headers = {"Authorization": "Bearer S3CRET"}
    with caplog.at_level(logging.DEBUG):
        async with listen() as peer, connect(peer.url, token="S3CRET", headers=headers):
            await peer.accept()
    theirs = [record for record in caplog.records if record.name != "websockets.server"]
    assert not [record for record in theirs if "S3CRET" in record.getMessage()]


def test_what_holds_secrets_is_shown_without_them() -> None:
    hello = HelloAnswer("s-1", "S3CRET")
    socket = SocketOptions("ws://h/?token=S3CRET", headers={"a": "S3CRET"})
    for value in (Opened(hello), hello, ResumeParams("s-1", "S3CRET", 1, 0), socket):
        assert "S3CRET" not in repr(value)


async def test_a_listener_that_was_added_twice_is_stopped_once_at_a_time() -> None:
    heard: list[str] = []

    def hear(state: State) -> None:
        heard.append(state.type)

    async with listen() as peer, connect(peer.url) as client:
        stop, _ = client.on_state(hear), client.on_state(hear)
        stop()
        stop()
    assert heard == ["closed"]


async def test_a_fault_of_the_client_itself_closes_it_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reported: list[str] = []

    def fail(*_: object) -> None:
        raise KeyError("a bug")

    async with listen() as peer:
        client = await connect(peer.url, on_error=lambda _, where: reported.append(where))
        log = StateLog(client)
        connection = await peer.accept()
        monkeypatch.setattr(Reconnect, "lost", fail)
        connection.abort()
        state = await log.wait("closed")
        assert isinstance(state, ClosedState)
        assert isinstance(state.error, ConnectionLostError)
        assert isinstance(state.error.__cause__, KeyError)
        assert reported == ["the client"]
        with pytest.raises(ClosedError):
            await client.service("chat").notify("chat.typing", None)
        await client.close()


@pytest.mark.parametrize("within", [1e300, 1e18, -5])
@pytest.mark.parametrize("code", [4000, 4029])
async def test_a_time_to_come_back_that_makes_no_sense_is_a_day_at_most(
    code: int, within: float
) -> None:
    async with listen() as peer:
        client = await connect(peer.url, reconnect=ReconnectOptions(base=60.0, cap=60.0))
        log = StateLog(client)
        connection = await peer.accept()
        close = {"code": code, "reason": "x", "retry_within_ms": within}
        await connection.send({"method": "rpc.close", "params": close})
        await connection.close(code)
        before = datetime.now(timezone.utc)
        state = await log.wait("reconnecting")
        assert isinstance(state, ReconnectingState)
        wait = (state.next_try_at - before).total_seconds()
        # The clocks of the test and of the client are a moment apart.
        assert -1 <= wait <= (60 if within < 0 else 86_400 + 60) + 1
        if code != 4000 and within > 0:
            # Only a drain spreads its clients: to others the time is the least.
            assert wait >= 86_400 - 1
        await client.close()


async def test_an_exception_in_the_block_closes_the_client_and_comes_out() -> None:
    async with listen(greet) as peer:
        opening = connect(peer.url)
        with pytest.raises(KeyError):
            async with opening:
                raise KeyError("mine")
        assert (await (await peer.accept()).closed())[0] == 1000
