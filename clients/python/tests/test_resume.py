"""Sessions that outlive their connections, against a server that keeps one."""

from __future__ import annotations

import asyncio

import pytest

from tests.fixtures.chat import ChatClient
from tests.peer import SOON, Json, PeerConnection, listen, soon
from tests.states import StateLog
from wirecall import (
    ClosedError,
    ConnectionLostError,
    OpenState,
    ServedCall,
    connect,
    handle,
)


class Keeper:
    """Answers hello as a server that has the session still, or lost it."""

    def __init__(self) -> None:
        """Has everything."""
        self.hellos: list[Json] = []
        self.received = 0
        self.answer: Json = {}

    async def greet(self, connection: PeerConnection) -> None:
        """Takes the hello and answers it."""
        hello = await connection.receive()
        self.hellos.append(hello["params"])
        resumed = "resume" in hello["params"]
        received = self.received if resumed else 0
        await connection.greet_with(
            hello, **{"resumed": resumed, "received": received, **self.answer}
        )


async def test_a_call_that_was_written_is_answered_over_a_cut() -> None:
    keeper = Keeper()
    async with listen(keeper.greet) as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        topic = asyncio.ensure_future(ChatClient(client).topic(room="a"))
        call = await connection.receive()
        keeper.received = 1
        connection.abort()
        connection = await peer.accept()
        await connection.result(call, "tea")
        assert await soon(topic) == "tea"
        assert keeper.hellos[1]["resume"] == {
            "session": "s-1",
            "secret": "x",
            "attempt": 1,
            "received": 0,
        }
        state = await log.wait("open")
        assert isinstance(state, OpenState)
        assert (state.resumed, state.reason) == (True, None)


async def test_a_call_that_did_not_arrive_is_written_again_with_its_number() -> None:
    keeper = Keeper()
    async with listen(keeper.greet) as peer, connect(peer.url, reconnect=SOON) as client:
        connection = await peer.accept()
        topic = asyncio.ensure_future(ChatClient(client).topic(room="a"))
        first = await connection.receive(silently=True)
        connection.abort()
        connection = await peer.accept()
        again = await connection.receive()
        assert (again["id"], again["params"]) == (first["id"], first["params"])
        await connection.result(again, "tea")
        assert await soon(topic) == "tea"


async def test_a_lost_session_is_told_with_its_reason_and_fails_what_may_have_run() -> None:
    keeper = Keeper()
    async with listen(keeper.greet) as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        chat = ChatClient(client)
        lost = asyncio.ensure_future(chat.topic(room="a"))
        await connection.receive()
        carried = asyncio.ensure_future(chat.topic(room="b"))
        await connection.receive(silently=True)
        keeper.answer = {"resumed": False, "reason": "expired", "ended_received": 1}
        connection.abort()
        connection = await peer.accept()
        with pytest.raises(ConnectionLostError):
            await soon(lost)
        call = await connection.receive()
        assert call["params"] == {"room": "b"}
        await connection.result(call, "tea")
        assert await soon(carried) == "tea"
        state = await log.wait("open")
        assert isinstance(state, OpenState)
        assert (state.resumed, state.reason) == (False, "expired")


async def test_the_server_s_call_is_answered_over_a_cut() -> None:
    keeper = Keeper()
    asked, answer = asyncio.Event(), asyncio.Event()

    async def confirm(_: object, __: ServedCall) -> bool:
        asked.set()
        await answer.wait()
        return True

    async with listen(keeper.greet) as peer, connect(peer.url, reconnect=SOON) as client:
        client.service("ui").serve({"ui.confirm": handle(object, bool, confirm)})
        connection = await peer.accept()
        await connection.send({"id": "q", "method": "ui.confirm", "seq": 1})
        await soon(asked.wait())
        connection.abort()
        connection = await peer.accept()
        assert keeper.hellos[1]["resume"]["received"] == 1
        answer.set()
        told = await connection.receive()
        assert (told["id"], told["result"]) == ("q", True)


async def test_close_waits_for_the_acks_of_what_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.session.LEAVE_WAIT", 60.0)
    async with listen() as peer:
        client = await connect(peer.url)
        connection = await peer.accept()
        await client.service("chat").notify("chat.typing", None)
        closing = asyncio.ensure_future(client.close())
        written = await connection.receive(silently=True)
        assert written["method"] == "chat.typing"
        with pytest.raises(ClosedError):
            await client.service("chat").notify("chat.typing", None)
        assert not closing.done()
        await connection.acknowledge(1)
        assert (await connection.closed())[0] == 1000
        await soon(closing)


async def test_close_does_not_wait_for_ever() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        await peer.accept()
        await client.service("chat").notify("chat.typing", None)
        await soon(client.close())
        assert client.state.type == "closed"
