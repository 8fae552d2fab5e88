"""Uploads: items that a call takes, from wherever a program has them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable
from contextlib import suppress

import pytest

from tests.peer import SOON, Json, PeerConnection, listen, soon
from tests.test_call_stream import meeting, send
from wirecall import (
    CallOptions,
    Client,
    ConnectionLostError,
    DeadlineExceededError,
    EncodeError,
    NotFoundError,
    State,
    TooLargeError,
    connect,
)


def upload(client: Client, items: AsyncIterable[object] | Iterable[object]) -> asyncio.Future[str]:
    """Uploads items and gives what will be the result."""
    service = client.service("files")
    return asyncio.ensure_future(service.upload("files.put", {"name": "a"}, items, str))


async def grant(connection: PeerConnection, call: Json, credit: int) -> None:
    """Takes more items."""
    await connection.send(
        {"method": "rpc.upload_credit", "params": {"id": call["id"], "credit": credit}}
    )


class Source:
    """An endless generator that tells what became of it."""

    def __init__(self) -> None:
        """Produced nothing yet."""
        self.produced = 0
        self.closed = asyncio.Event()

    async def items(self) -> AsyncGenerator[int]:
        """Counts for ever."""
        try:
            while True:
                self.produced += 1
                yield self.produced
        finally:
            self.closed.set()

    def plain(self) -> Generator[int]:
        """Counts for ever, without waiting for anything."""
        try:
            while True:
                self.produced += 1
                yield self.produced
        finally:
            self.closed.set()


async def test_items_follow_as_they_are_granted_and_then_the_end() -> None:
    async with meeting() as (_, client, connection):
        result = upload(client, ["a", "b"])
        call = await connection.receive()
        assert (call["method"], call["params"]) == ("files.put", {"name": "a"})
        assert "credit" not in call.get("meta", {})
        await grant(connection, call, 8)
        told = [await connection.receive() for _ in range(3)]
        assert [(each["method"], each["params"].get("items")) for each in told] == [
            ("rpc.upload", ["a"]),
            ("rpc.upload", ["b"]),
            ("rpc.upload_end", None),
        ]
        await connection.result(call, "stored")
        assert await soon(result) == "stored"


async def test_a_slow_server_holds_the_producer() -> None:
    source = Source()
    async with meeting() as (_, client, connection):
        result = upload(client, source.items())
        call = await connection.receive()
        await grant(connection, call, 2)
        for expected in (1, 2):
            assert (await connection.receive())["params"]["items"] == [expected]
        # One more is at hand, and nobody asks for another.
        await connection.send({"method": "rpc.ping"})
        assert (await connection.receive())["method"] == "rpc.pong"
        assert source.produced == 3
        await connection.result(call, "enough")
        assert await soon(result) == "enough"
        assert source.closed.is_set()


@pytest.mark.parametrize("form", ["items", "plain"])
async def test_an_early_answer_stops_the_upload_and_closes_its_source(form: str) -> None:
    source = Source()
    async with meeting() as (_, client, connection):
        result = upload(client, source.items() if form == "items" else source.plain())
        call = await connection.receive()
        await grant(connection, call, 1)
        await connection.receive()
        await connection.error(call, -32007, "not_found")
        with pytest.raises(NotFoundError):
            await soon(result)
        assert source.closed.is_set()


async def test_an_empty_upload_needs_no_credit() -> None:
    async with meeting() as (_, client, connection):
        result = upload(client, [])
        call = await connection.receive()
        assert (await connection.receive())["method"] == "rpc.upload_end"
        await connection.result(call, "nothing")
        assert await soon(result) == "nothing"


async def test_what_the_source_raises_ends_the_call_and_is_raised() -> None:
    async def broken() -> AsyncGenerator[int]:
        yield 1
        raise KeyError("mine")

    async with meeting() as (_, client, connection):
        result = upload(client, broken())
        call = await connection.receive()
        await grant(connection, call, 8)
        with pytest.raises(KeyError):
            await soon(result)
        methods = [(await connection.receive())["method"] for _ in range(2)]
        assert methods == ["rpc.upload", "rpc.cancel"]


async def test_cancelling_the_task_ends_the_call_and_closes_the_source() -> None:
    source = Source()
    async with meeting() as (_, client, connection):
        result = upload(client, source.items())
        await connection.receive()
        result.cancel()
        with pytest.raises(asyncio.CancelledError):
            await result
        assert (await connection.receive())["method"] == "rpc.cancel"
        assert source.closed.is_set()


class Stubborn:
    """A generator that takes no notice of being cancelled."""

    def __init__(self, *, goes_on: bool) -> None:
        """Waits until it is cancelled, and then yields on or returns."""
        self.waiting = asyncio.Event()
        self.released = asyncio.Event()
        self.closed = asyncio.Event()
        self._goes_on = goes_on

    async def items(self) -> AsyncGenerator[int]:
        """One item before it is cancelled."""
        try:
            yield 1
            with suppress(asyncio.CancelledError):
                self.waiting.set()
                await asyncio.Event().wait()
            while self._goes_on:
                yield 2
        finally:
            self.closed.set()

    async def stuck(self) -> AsyncGenerator[int]:
        """Nothing, until it is released."""
        while not self.released.is_set():
            with suppress(asyncio.CancelledError):
                self.waiting.set()
                await self.released.wait()
        self.closed.set()
        yield 1


@pytest.mark.parametrize("goes_on", [False, True])
async def test_a_source_that_swallows_a_cancel_has_not_come_to_its_end(*, goes_on: bool) -> None:
    source = Stubborn(goes_on=goes_on)
    async with meeting() as (_, client, connection):
        result = upload(client, source.items())
        await grant(connection, await connection.receive(), 8)
        assert (await connection.receive())["method"] == "rpc.upload"
        await soon(source.waiting.wait())
        result.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(result)
        assert (await connection.receive())["method"] == "rpc.cancel"
        assert source.closed.is_set()
        await client.service("chat").notify("chat.typing", None)
        assert (await connection.receive())["method"] == "chat.typing"


async def test_a_source_that_swallows_a_cancel_does_not_hold_up_its_time_limit() -> None:
    source = Stubborn(goes_on=True)
    async with meeting() as (_, client, connection):
        service = client.service("files")
        limit = CallOptions(timeout=0.2)
        result = asyncio.ensure_future(
            service.upload("files.put", None, source.items(), str, options=limit)
        )
        await grant(connection, await connection.receive(), 8)
        with pytest.raises(DeadlineExceededError):
            await soon(result)
        assert source.closed.is_set()


async def test_a_source_that_ignores_a_cancel_is_reported_and_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.driver.SOURCE_WAIT", 0.01)
    reported: list[str] = []
    source = Stubborn(goes_on=False)
    async with (
        listen() as peer,
        connect(peer.url, on_error=lambda _, where: reported.append(where)) as client,
    ):
        connection = await peer.accept()
        result = upload(client, source.stuck())
        await connection.receive()
        await soon(source.waiting.wait())
        result.cancel()
        assert (await connection.receive())["method"] == "rpc.cancel"
        with pytest.raises(asyncio.CancelledError):
            await soon(result)
        assert reported == ["upload of files.put"]
        source.released.set()
        await soon(source.closed.wait())
        await client.service("chat").notify("chat.typing", None)
        assert (await connection.receive())["method"] == "chat.typing"


async def test_close_waits_for_a_source_that_cleans_up_for_longer_than_its_upload_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.driver.SOURCE_WAIT", 0.01)
    reported: list[str] = []
    waiting, released, cleaned = (asyncio.Event() for _ in range(3))

    async def items() -> AsyncGenerator[int]:
        try:
            waiting.set()
            await asyncio.Event().wait()
            yield 1
        finally:
            await released.wait()
            cleaned.set()

    async with listen() as peer:
        client = await connect(peer.url, on_error=lambda error, _: reported.append(str(error)))
        connection = await peer.accept()
        result = upload(client, items())
        await connection.receive()
        await soon(waiting.wait())
        result.cancel()
        with pytest.raises(asyncio.CancelledError):
            await soon(result)
        assert reported == ["the source of an upload has not ended 0.01 s after it was cancelled"]
        closing = asyncio.ensure_future(client.close())
        assert await connection.closed() == (1000, "")
        assert await asyncio.wait({closing}, timeout=0.05) == (set(), {closing})
        released.set()
        await soon(closing)
        assert cleaned.is_set()


async def test_a_source_that_ignores_a_cancel_does_not_hold_close_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.driver.SOURCE_WAIT", 0.01)
    monkeypatch.setattr("wirecall.connector.JOIN_TIMEOUT", 0.05)
    reported: list[str] = []
    source = Stubborn(goes_on=False)
    async with listen() as peer:
        client = await connect(peer.url, on_error=lambda _, where: reported.append(where))
        connection = await peer.accept()
        result = upload(client, source.stuck())
        await connection.receive()
        await soon(source.waiting.wait())
        await client.close()
        with pytest.raises(ConnectionLostError):
            await soon(result)
        assert reported == ["upload of files.put"]
        source.released.set()
        await soon(source.closed.wait())


async def test_an_item_that_cannot_be_sent_ends_the_call_with_the_name_of_its_field() -> None:
    async with meeting() as (_, client, connection):
        result = upload(client, [{"size": 2**53}])
        await connection.receive()
        with pytest.raises(EncodeError, match=r"an item of files\.put: /size"):
            await soon(result)
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_an_item_larger_than_the_server_takes_ends_the_call() -> None:
    limits = {"max_message_bytes": 1000, "max_calls": 64, "max_streams": 128}
    async with (
        listen(lambda connection: connection.greet(limits=limits)) as peer,
        connect(peer.url, reconnect=SOON) as client,
    ):
        connection = await peer.accept()
        result = upload(client, ["x" * 1000])
        call = await connection.receive()
        await grant(connection, call, 1)
        with pytest.raises(TooLargeError, match="max_message_bytes"):
            await soon(result)
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_a_duplex_call_streams_both_ways_at_once() -> None:
    async with meeting() as (_, client, connection):
        stream = client.service("chat").duplex("chat.talk", None, ["hi", "you"], str, None)
        first = asyncio.ensure_future(anext(stream))
        call = await connection.receive()
        await send(connection, call, "welcome")
        assert await soon(first) == "welcome"
        await grant(connection, call, 8)
        for said in ("hi", "you"):
            assert (await connection.receive())["params"]["items"] == [said]
            await send(connection, call, f"{said}?")
        await connection.result(call)
        assert [item async for item in stream] == ["hi?", "you?"]
        assert (await connection.receive())["method"] == "rpc.upload_end"


async def test_an_upload_that_is_cancelled_as_its_client_ends_leaves_no_error_unheard() -> None:
    unheard: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: unheard.append(told))
    uploads: list[asyncio.Future[str]] = []

    def cancel(_: State) -> None:
        uploads[0].cancel()

    async with meeting() as (_, client, connection):
        uploads.append(upload(client, Source().items()))
        await connection.receive()
        client.on_state(cancel)
    with pytest.raises(asyncio.CancelledError):
        await uploads[0]
    uploads.clear()
    gc.collect()
    assert unheard == []
