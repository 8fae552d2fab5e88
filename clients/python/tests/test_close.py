"""The end of a client: bounded, joined, and every call told."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.fixtures.chat import ChatClient
from tests.peer import PATIENCE, PeerConnection, listen, silence, soon
from tests.states import StateLog
from wirecall import (
    Client,
    ClosedError,
    ClosedState,
    ConnectionLostError,
    ServedCall,
    connect,
    handle,
)
from wirecall.connector import JOIN_TIMEOUT
from wirecall.websocket import CLOSE_TIMEOUT


async def test_close_says_goodbye_and_tells_every_call() -> None:
    limits = {"max_message_bytes": 10_000, "max_calls": 1}
    async with listen(lambda peer: peer.greet(limits=limits)) as peer:
        client = await connect(peer.url)
        log = StateLog(client)
        connection = await peer.accept()
        chat = ChatClient(client)
        written = asyncio.ensure_future(chat.topic(room="written"))
        waiting = asyncio.ensure_future(chat.topic(room="waiting"))
        await connection.receive()
        ended = asyncio.ensure_future(connection.closed())
        await client.close()
        with pytest.raises(ConnectionLostError):
            await written
        with pytest.raises(ClosedError):
            await waiting
        assert await ended == (1000, "")
        (state,) = log.states
        assert isinstance(state, ClosedState)
        assert (state.gave_up, state.error) == (False, None)


async def test_closing_twice_and_at_the_same_time_is_fine() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        await asyncio.gather(client.close(), client.close())
        await client.close()


async def test_close_while_waiting_for_the_next_attempt_returns_at_once() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        log = StateLog(client)
    await log.wait("reconnecting")
    await soon(asyncio.ensure_future(client.close()))
    assert log.types[-1] == "closed"


async def test_close_while_connecting_returns_at_once() -> None:
    asked = asyncio.Event()

    async def hang(_: PeerConnection) -> None:
        asked.set()

    async with listen(hang) as peer:
        client = await connect(peer.url, lazy=True)
        await soon(asked.wait())
        await soon(asyncio.ensure_future(client.close()))


async def test_close_before_the_first_step_returns_at_once() -> None:
    async with listen(silence) as peer:
        client = await connect(peer.url, lazy=True)
        await soon(asyncio.ensure_future(client.close()))


async def test_a_server_that_never_says_goodbye_does_not_hold_close_up() -> None:
    released = asyncio.Event()

    async def frozen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        # An upgrade that was accepted, and then nothing.
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        await released.wait()
        writer.close()

    server = await asyncio.start_server(frozen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = await connect(f"ws://127.0.0.1:{port}/ws", lazy=True)
    before = time.monotonic()
    await client.close()
    assert time.monotonic() - before < CLOSE_TIMEOUT + JOIN_TIMEOUT
    released.set()
    server.close()
    await server.wait_closed()


async def test_a_server_that_stops_reading_does_not_hold_close_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.websocket.CLOSE_TIMEOUT", 0.05)

    async def deaf(peer: PeerConnection) -> None:
        await peer.greet()
        peer.stop_reading()

    async with listen(deaf) as peer:
        client = await connect(peer.url)
        connection = await peer.accept()
        before = time.monotonic()
        await client.close()
        assert time.monotonic() - before < CLOSE_TIMEOUT
        connection.abort()


async def test_handlers_are_cancelled_and_joined() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def wait(_: object, __: ServedCall) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with listen() as peer:
        async with connect(peer.url) as client:
            client.service("ui").serve({"ui.wait": handle(object, None, wait)})
            await (await peer.accept()).send({"id": 1, "method": "ui.wait"})
            await soon(started.wait())
        assert ended.is_set()


async def test_a_handler_that_cleans_up_after_a_cancel_is_left_to_it() -> None:
    started, cleaning, released, cleaned = (asyncio.Event() for _ in range(4))

    async def wait(_: object, __: ServedCall) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cleaning.set()
            await released.wait()
            cleaned.set()

    async with listen() as peer:
        client = await connect(peer.url)
        client.service("ui").serve({"ui.wait": handle(object, None, wait)})
        connection = await peer.accept()
        await connection.send({"id": 1, "method": "ui.wait"})
        await soon(started.wait())
        await connection.send({"method": "rpc.cancel", "params": {"id": 1}})
        await soon(cleaning.wait())
        assert (await connection.receive())["id"] == 1
        closing = asyncio.ensure_future(client.close())
        await soon(StateLog(client).wait("closed"))
        released.set()
        await soon(closing)
        assert cleaned.is_set()


async def test_a_handler_that_will_not_be_cancelled_is_reported_and_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.connector.JOIN_TIMEOUT", 0.01)
    started, released, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    reported: list[str] = []

    async def stubborn(_: object, __: ServedCall) -> None:
        started.set()
        try:
            await released.wait()
        except asyncio.CancelledError:
            await released.wait()
        done.set()

    async with listen() as peer:
        client = await connect(peer.url, on_error=lambda _, where: reported.append(where))
        client.service("ui").serve({"ui.wait": handle(object, None, stubborn)})
        await (await peer.accept()).send({"id": 1, "method": "ui.wait"})
        await soon(started.wait())
        await client.close()
        assert reported == ["handler of ui.wait"]
        released.set()
        await soon(done.wait())


async def test_cancelling_close_leaves_the_client_closed() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        log = StateLog(client)
        task = asyncio.ensure_future(client.close())
        await log.wait("closed")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await client.close()
        with pytest.raises(ClosedError):
            await ChatClient(client).topic(room="a")


async def test_a_state_listener_that_closes_the_client_is_no_loop() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        closing: list[asyncio.Task[None]] = []
        client.on_state(lambda _: closing.append(asyncio.ensure_future(client.close())))
        (await peer.accept()).abort()
        await StateLog(client).wait("closed")
        for task in closing:
            await task


async def test_the_end_of_the_event_loop_ends_the_client_of_a_task_with_a_farewell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.session.LEAVE_WAIT", 2 * PATIENCE)
    read = threading.Event()
    clients: list[Client] = []

    async def program(url: str) -> None:
        written = asyncio.Event()

        async def work() -> None:
            async with connect(url) as client:
                clients.append(client)
                await client.service("chat").notify("chat.typing", None)
                written.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work(), name="work")
        await written.wait()
        # `close` waits for the ack of what was read, and there is none.
        await asyncio.to_thread(read.wait, PATIENCE)
        assert not task.done()

    async with listen() as peer:
        ended = asyncio.ensure_future(asyncio.to_thread(asyncio.run, program(peer.url)))
        connection = await peer.accept()
        await connection.receive(silently=True)
        read.set()
        assert await connection.closed() == (1000, "")
        await soon(ended)
    assert isinstance(clients[0].state, ClosedState)
    assert clients[0].state.error is None


async def test_the_end_of_the_event_loop_does_not_wait_for_a_server_that_stops_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.websocket.CLOSE_TIMEOUT", 0.05)
    clients: list[Client] = []

    async def deaf(peer: PeerConnection) -> None:
        await peer.greet(limits={"max_message_bytes": 2**26, "max_calls": 64})
        peer.stop_reading()

    async def program(url: str) -> None:
        client = await connect(url)
        clients.append(client)
        # More than the system's buffers take: the write has begun, and cannot end.
        await client.service("x").notify("x.large", {"text": "x" * 2**25})

    async with listen(deaf) as peer:
        ended = asyncio.ensure_future(asyncio.to_thread(asyncio.run, program(peer.url)))
        connection = await peer.accept()
        await soon(ended)
        connection.abort()
    assert isinstance(clients[0].state, ClosedState)
