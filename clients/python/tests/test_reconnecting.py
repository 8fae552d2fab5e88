"""Losing the connection and coming back, over a real socket."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timedelta, timezone

import pytest

from tests.fixtures.chat import ChatClient
from tests.peer import SOON, PeerConnection, listen, soon, unused_port
from tests.states import StateLog
from wirecall import (
    ClosedError,
    ClosedState,
    ConnectError,
    ConnectionLostError,
    Disconnect,
    HeartbeatOptions,
    OpenState,
    ReconnectingState,
    ReconnectOptions,
    connect,
)


async def test_states_tell_of_a_loss_and_of_the_return() -> None:
    names = (f"s-{number}" for number in itertools.count(1))
    async with listen(lambda peer: peer.greet(session=next(names))) as peer:
        client = await connect(peer.url, reconnect=SOON)
        log = StateLog(client)
        before = datetime.now(timezone.utc)
        (await peer.accept()).abort()
        lost = await log.wait("reconnecting")
        assert isinstance(lost, ReconnectingState)
        assert lost.attempt == 1
        assert isinstance(lost.last_error, ConnectionLostError)
        assert before <= lost.next_try_at <= datetime.now(timezone.utc) + timedelta(seconds=1)
        assert await log.wait("open") == OpenState("s-2", None, reason="unknown")
        await client.close()
        assert log.types == ["reconnecting", "open", "closed"]


async def test_attempts_are_counted_while_the_server_is_down() -> None:
    port = unused_port()
    async with listen(port=port) as peer:
        client = await connect(peer.url, reconnect=SOON)
        log = StateLog(client)
    states = [await log.wait("reconnecting") for _ in range(3)]
    found = [state for state in states if isinstance(state, ReconnectingState)]
    assert [state.attempt for state in found] == [1, 2, 3]
    assert isinstance(found[-1].last_error, ConnectError)
    async with listen(port=port):
        await log.wait("open")
        await client.close()


async def test_it_gives_up_after_so_many_attempts_and_says_so() -> None:
    limited = ReconnectOptions(attempts=2, base=0.01, cap=0.02)
    async with listen() as peer:
        client = await connect(peer.url, reconnect=limited)
        log = StateLog(client)
    closed = await log.wait("closed")
    assert isinstance(closed, ClosedState)
    assert closed.gave_up
    assert isinstance(closed.error, ConnectError)
    with pytest.raises(ClosedError):
        await ChatClient(client).topic(room="a")
    await client.close()


async def test_without_reconnecting_a_loss_is_the_end() -> None:
    async with listen() as peer, connect(peer.url, reconnect=False) as client:
        log = StateLog(client)
        (await peer.accept()).abort()
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert closed.gave_up


async def test_calls_made_while_away_are_sent_once_each_in_order() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        first = await peer.accept()
        log = StateLog(client)
        first.abort()
        await log.wait("reconnecting")
        chat = ChatClient(client)
        calls = [asyncio.ensure_future(chat.topic(room=str(n))) for n in range(20)]
        second = await peer.accept()
        rooms: list[str] = []
        for _ in calls:
            call = await second.receive()
            rooms.append(call["params"]["room"])
            await second.result(call, call["params"]["room"])
        assert rooms == [str(n) for n in range(20)]
        assert [await soon(call) for call in calls] == rooms


async def test_written_calls_are_lost_and_idempotent_ones_sent_again() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        chat = ChatClient(client)
        post = asyncio.ensure_future(chat.post(room="a", text="b"))
        history = asyncio.ensure_future(chat.history(room="a"))
        first = await peer.accept()
        assert [(await first.receive())["method"] for _ in range(2)] == [
            "chat.post",
            "chat.history",
        ]
        first.abort()
        with pytest.raises(ConnectionLostError):
            await soon(post)
        second = await peer.accept()
        again = await second.receive()
        assert again["method"] == "chat.history"
        await second.result(again, [])
        assert await soon(history) == []


async def test_held_back_calls_survive_the_death_of_the_server() -> None:
    limits = {"max_message_bytes": 10_000, "max_calls": 1}
    greeting = listen(lambda peer: peer.greet(limits=limits))
    async with greeting as peer, connect(peer.url, reconnect=SOON) as client:
        chat = ChatClient(client)
        calls = [asyncio.ensure_future(chat.topic(room=str(n))) for n in range(3)]
        first = await peer.accept()
        assert (await first.receive())["params"]["room"] == "0"
        first.abort()
        with pytest.raises(ConnectionLostError):
            await soon(calls[0])
        second = await peer.accept()
        for room in ("1", "2"):
            call = await second.receive()
            await second.result(call, room)
            assert call["params"]["room"] == room
        assert [await soon(call) for call in calls[1:]] == ["1", "2"]


async def test_a_call_cancelled_while_away_is_not_sent() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        (await peer.accept()).abort()
        await log.wait("reconnecting")
        chat = ChatClient(client)
        cancelled = asyncio.ensure_future(chat.topic(room="cancelled"))
        kept = asyncio.ensure_future(chat.topic(room="kept"))
        await asyncio.sleep(0)
        cancelled.cancel()
        second = await peer.accept()
        call = await second.receive()
        assert call["params"]["room"] == "kept"
        await second.result(call)
        await soon(kept)


@pytest.mark.parametrize("code", [4501, 4502, 4503, 4999, 1008])
async def test_a_verdict_to_stay_away_is_obeyed(code: int) -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        await (await peer.accept()).close(code, "because")
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert not closed.gave_up
        assert closed.disconnect == Disconnect(code, "because", come_back=False)


@pytest.mark.parametrize("code", [1001, 1011, 1012, 4000, 4010, 4013, 4029, 4050, 4400])
async def test_a_verdict_to_come_back_is_obeyed(code: int) -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        await (await peer.accept()).close(code, "because")
        await log.wait("open")


async def test_rpc_close_counts_more_than_the_close_code() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        params = {"code": 4502, "reason": "logged out elsewhere"}
        await connection.send({"method": "rpc.close", "params": params})
        await connection.close(1001)
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert closed.disconnect == Disconnect(4502, "logged out elsewhere", come_back=False)
        assert isinstance(closed.error, ConnectionLostError)
        with pytest.raises(ClosedError, match=r"typing was not sent: .*4502 logged out elsewhere"):
            await client.service("chat").notify("chat.typing", None)


async def test_a_drain_lets_open_calls_finish_and_new_ones_wait_for_the_next_connection() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        chat = ChatClient(client)
        first = await peer.accept()
        opened = asyncio.ensure_future(chat.topic(room="open"))
        call = await first.receive()
        params = {"code": 4000, "reason": "", "in_ms": 10_000, "retry_within_ms": 10}
        await first.send({"method": "rpc.close", "params": params})
        await first.send({"id": "x", "method": "no.such"})
        assert (await first.receive())["error"]["code"] == -32601
        held = asyncio.ensure_future(chat.topic(room="held"))
        await first.result(call, "done")
        assert await soon(opened) == "done"
        await first.close(4000)
        second = await peer.accept()
        late = await second.receive()
        assert late["params"]["room"] == "held"
        await second.result(late)
        await soon(held)


async def test_a_server_that_breaks_the_protocol_in_a_drain_is_not_met_again() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        drain = {"code": 4000, "reason": "", "in_ms": 10_000, "retry_within_ms": 10}
        await connection.send({"method": "rpc.close", "params": drain})
        await connection.send({"method": "rpc.ack", "params": {}})
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert closed.disconnect is not None
        assert closed.disconnect.code == 1002


async def test_a_server_that_accepts_and_hangs_up_is_not_hammered() -> None:
    count = itertools.count(1)

    async def hang_up(peer: PeerConnection) -> None:
        await peer.greet()
        if next(count) < 5:
            peer.abort()

    async with listen(hang_up) as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        attempts: list[int] = []
        while len(attempts) < 4:
            state = await log.wait("reconnecting")
            assert isinstance(state, ReconnectingState)
            attempts.append(state.attempt)
        assert attempts == [1, 2, 3, 4]
        await log.wait("open")


async def test_an_attempt_that_ends_before_hello_is_no_lost_connection() -> None:
    count = itertools.count()

    async def refuse_once(peer: PeerConnection) -> None:
        if next(count) == 1:
            peer.abort()
        await peer.greet()

    async with listen(refuse_once) as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        (await peer.accept()).abort()
        states = [await log.wait("reconnecting") for _ in range(2)]
        found = [state for state in states if isinstance(state, ReconnectingState)]
        assert [type(state.last_error) for state in found] == [ConnectionLostError, ConnectError]
        assert "before it was open" in str(found[1].last_error)
        await log.wait("open")


async def test_what_a_dropped_socket_still_says_is_ignored() -> None:
    names = (f"s-{number}" for number in itertools.count(1))
    async with (
        listen(lambda peer: peer.greet(session=next(names))) as peer,
        connect(peer.url, reconnect=SOON) as client,
    ):
        log = StateLog(client)
        chat = ChatClient(client)
        heard: list[str] = []
        chat.on_announcement(lambda event: heard.append(event.text))
        call = asyncio.ensure_future(chat.topic(room="a"))
        first = await peer.accept()
        asked = await first.receive()
        # The first leaves a gap, for which the client drops the socket that the others come on.
        for text, seq in (("gap", 9), ("old", 1)):
            params = {"severity": "info", "text": text}
            await first.send({"method": "chat.announcement", "params": params, "seq": seq})
        await first.result(asked, "old")
        await log.wait("reconnecting")
        with pytest.raises(ConnectionLostError):
            await soon(call)
        again = await peer.accept()
        assert "resume" not in again.hello["params"]
        params = {"severity": "info", "text": "new"}
        await again.send({"method": "chat.announcement", "params": params, "seq": 1})
        call = asyncio.ensure_future(chat.topic(room="a"))
        await again.result(await again.receive(), "new")
        assert await soon(call) == "new"
        assert heard == ["new"]


async def test_a_silent_server_is_left_for_a_new_connection() -> None:
    heartbeat = HeartbeatOptions(grace=0.02)
    pings = itertools.chain([10], itertools.repeat(25_000))
    async with (
        listen(lambda peer: peer.greet(ping_ms=next(pings))) as peer,
        connect(peer.url, reconnect=SOON, heartbeat=heartbeat) as client,
    ):
        log = StateLog(client)
        lost = await log.wait("reconnecting")
        assert isinstance(lost, ReconnectingState)
        assert "4008" in str(lost.last_error)
        await log.wait("open")


async def test_an_unanswered_call_makes_the_client_ping_and_then_leave() -> None:
    heartbeat = HeartbeatOptions(call_silence=0.02, call_grace=0.02)
    async with (
        listen() as peer,
        connect(peer.url, reconnect=SOON, heartbeat=heartbeat) as client,
    ):
        first = await peer.accept()
        call = asyncio.ensure_future(ChatClient(client).topic(room="a"))
        # The answer to a number would be a sign of life.
        assert (await first.receive(silently=True))["method"] == "chat.topic"
        assert (await first.receive())["method"] == "rpc.ping"
        with pytest.raises(ConnectionLostError):
            await soon(call)


async def test_pings_are_answered() -> None:
    async with listen() as peer, connect(peer.url):
        connection = await peer.accept()
        await connection.send({"method": "rpc.ping"})
        assert await connection.receive() == {"jsonrpc": "2.0", "method": "rpc.pong"}


async def test_a_listener_that_stopped_hears_nothing_more() -> None:
    heard: list[str] = []
    async with listen() as peer:
        async with connect(peer.url) as client:
            stop = client.on_state(lambda state: heard.append(state.type))
            stop()
            stop()
        assert heard == []
