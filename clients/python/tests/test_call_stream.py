"""Streams as a program takes them, against a server that does what the test says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.peer import SOON, Json, Peer, PeerConnection, listen, soon
from wirecall import (
    Call,
    CallCancelledError,
    CallOptions,
    CallStream,
    Client,
    ClosedError,
    ConnectionLostError,
    DeadlineExceededError,
    DecodeError,
    Next,
    NotFoundError,
    ResourceExhaustedError,
    connect,
)


@asynccontextmanager
async def meeting() -> AsyncGenerator[tuple[Peer, Client, PeerConnection]]:
    """A server, a client of it, and the connection between them."""
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        yield peer, client, await peer.accept()


def search(client: Client, options: CallOptions | None = None) -> CallStream[int, str]:
    """A stream of integers with a text at its end."""
    return client.service("chat").stream("chat.search", None, int, str, options)


async def send(connection: PeerConnection, call: Json, *items: object) -> None:
    """Sends items of a call."""
    await connection.send({"method": "rpc.item", "params": {"id": call["id"], "items": [*items]}})


async def begun(connection: PeerConnection, stream: CallStream[int, str]) -> tuple[Json, int]:
    """Starts a stream and takes its first item."""
    first = asyncio.ensure_future(anext(stream))
    call = await connection.receive()
    await send(connection, call, 1)
    return call, await soon(first)


async def test_items_come_in_order_and_the_result_after_them() -> None:
    async with meeting() as (_, client, connection):

        async def loop() -> tuple[list[int], str]:
            stream = search(client)
            return [item async for item in stream], await stream.result()

        task = asyncio.ensure_future(loop())
        call = await connection.receive()
        assert (call["method"], call["meta"]) == ("chat.search", {"credit": 64})
        await send(connection, call, 1, 2)
        await send(connection, call, 3)
        await connection.result(call, "done")
        assert await soon(task) == ([1, 2, 3], "done")


async def test_nothing_is_sent_before_the_stream_is_used() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        await client.service("chat").notify("chat.typing", None)
        assert (await connection.receive())["method"] == "chat.typing"
        await stream.aclose()
        assert [item async for item in stream] == []
        with pytest.raises(CallCancelledError):
            await stream.result()


async def test_a_second_loop_over_a_stream_is_refused() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)

        async def loop() -> list[int]:
            return [item async for item in stream]

        task = asyncio.ensure_future(loop())
        call = await connection.receive()
        await send(connection, call, 1)
        await connection.result(call, "done")
        assert await soon(task) == [1]
        with pytest.raises(RuntimeError, match="looped over once: another loop has its items"):
            await soon(loop())
        assert await soon(stream.result()) == "done"


async def test_a_loop_over_items_that_the_result_has_dropped_is_refused() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        result = asyncio.ensure_future(stream.result())
        call = await connection.receive()
        await send(connection, call, 1)
        await connection.result(call, "done")
        assert await soon(result) == "done"
        with pytest.raises(RuntimeError, match="`result` has dropped items of it"):
            aiter(stream)


async def test_more_is_granted_when_half_was_taken() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client, CallOptions(credit=4))
        call, _ = await begun(connection, stream)
        assert call["meta"] == {"credit": 4}
        await send(connection, call, 2, 3, 4)
        assert await soon(anext(stream)) == 2
        grant = await connection.receive()
        assert (grant["method"], grant["params"]) == ("rpc.credit", {"id": call["id"], "credit": 2})
        await stream.aclose()


async def test_leaving_the_loop_sends_one_cancel() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)

        async def loop() -> None:
            async for item in stream:
                assert item == 1
                break

        task = asyncio.ensure_future(loop())
        call = await connection.receive()
        await send(connection, call, 1, 2)
        await soon(task)
        cancel = await connection.receive()
        assert (cancel["method"], cancel["params"]) == ("rpc.cancel", {"id": call["id"]})
        await send(connection, call, 3)
        await stream.aclose()
        await client.service("chat").notify("chat.typing", None)
        assert (await connection.receive())["method"] == "chat.typing"
        with pytest.raises(CallCancelledError):
            await stream.result()


async def test_a_loop_that_begins_while_the_result_is_awaited_gets_every_item() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        result = asyncio.ensure_future(stream.result())
        call = await connection.receive()

        async def loop() -> list[int]:
            return [item async for item in stream]

        task = asyncio.ensure_future(loop())
        await client.service("chat").notify("chat.typing", None)
        await connection.receive()
        for item in range(200):
            await send(connection, call, item)
            if item % 32 == 31:
                assert (await connection.receive())["method"] == "rpc.credit"
        await connection.result(call, "done")
        assert await soon(task) == list(range(200))
        assert await soon(result) == "done"


async def test_the_result_after_an_item_that_does_not_fit_says_so_too() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        task = asyncio.ensure_future(anext(stream))
        await send(connection, await connection.receive(), "no integer")
        with pytest.raises(DecodeError):
            await soon(task)
        with pytest.raises(DecodeError, match="an item of"):
            await soon(asyncio.ensure_future(stream.result()))


async def test_an_error_in_the_loop_s_body_ends_the_call_too() -> None:
    async with meeting() as (_, client, connection):

        async def loop() -> None:
            async for _ in search(client):
                raise KeyError("mine")

        task = asyncio.ensure_future(loop())
        await send(connection, await connection.receive(), 1)
        with pytest.raises(KeyError):
            await soon(task)
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_cancelling_the_task_that_loops_ends_the_call() -> None:
    async with meeting() as (_, client, connection):

        async def loop() -> None:
            async for _ in search(client):
                pass

        task = asyncio.ensure_future(loop())
        await connection.receive()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await connection.receive())["method"] == "rpc.cancel"


async def gathered(task: asyncio.Task[None]) -> BaseException | None:
    """Cancels a task and keeps its error, as `gather` gives it."""
    task.cancel()
    (error,) = await asyncio.gather(task, return_exceptions=True)
    return error


async def waited(task: asyncio.Task[None]) -> BaseException | None:
    """Cancels a task, which keeps its error itself."""
    task.cancel()
    await asyncio.wait({task})
    return None


async def timed_out(task: asyncio.Task[None]) -> BaseException | None:
    """Cancels a task by a time limit; the error of that holds the task's own."""
    try:
        await asyncio.wait_for(task, 0.01)
    except asyncio.TimeoutError as error:
        return error
    return None


@pytest.mark.parametrize("cancel", [gathered, waited, timed_out])
async def test_cancelling_a_loop_ends_the_call_while_somebody_keeps_its_task_and_error(
    cancel: Callable[[asyncio.Task[None]], Awaitable[BaseException | None]],
) -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)

        async def loop() -> None:
            async for _ in stream:
                pass

        task = asyncio.create_task(loop())
        await connection.receive()
        error = await cancel(task)
        assert (await connection.receive())["method"] == "rpc.cancel"
        assert task.cancelled()
        del error


async def test_a_time_limit_around_a_loop_has_ended_the_call_while_its_error_is_handled() -> None:
    async with meeting() as (_, client, connection):

        async def loop() -> None:
            async for _ in search(client):
                pass

        try:
            await asyncio.wait_for(loop(), 0.01)
        except asyncio.TimeoutError:
            assert (await connection.receive())["method"] == "chat.search"
            assert (await connection.receive())["method"] == "rpc.cancel"


@pytest.mark.parametrize("result_first", [False, True])
async def test_one_item_taken_by_hand_comes_and_then_the_call_ends(*, result_first: bool) -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)

        async def take() -> int:
            return await anext(aiter(stream))

        result = asyncio.ensure_future(stream.result()) if result_first else None
        first = asyncio.ensure_future(take())
        call = await connection.receive()
        await send(connection, call, 1)
        assert await soon(first) == 1
        cancel = await connection.receive()
        assert (cancel["method"], cancel["params"]) == ("rpc.cancel", {"id": call["id"]})
        with pytest.raises(CallCancelledError):
            await soon(result or asyncio.ensure_future(stream.result()))


async def test_the_end_of_the_block_ends_the_call() -> None:
    async with meeting() as (_, client, connection):
        async with search(client) as stream:
            await begun(connection, stream)
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_a_stream_that_nobody_holds_any_more_ends() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        await begun(connection, stream)
        del stream
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_waiting_for_an_item_may_be_cancelled_and_loses_none() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        call, _ = await begun(connection, stream)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(stream), 0.01)
        await send(connection, call, 2)
        assert await soon(anext(stream)) == 2
        await stream.aclose()


async def test_a_result_that_is_awaited_alone_drops_the_items() -> None:
    async with meeting() as (_, client, connection):
        result = asyncio.ensure_future(search(client, CallOptions(credit=2)).result())
        call = await connection.receive()
        for number in range(5):
            await send(connection, call, number)
            assert (await connection.receive())["params"]["credit"] == 1
        await connection.result(call, "done")
        assert await soon(result) == "done"


async def test_an_error_comes_after_the_items_before_it_as_its_class() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        call, _ = await begun(connection, stream)
        await send(connection, call, 2)
        await connection.error(call, -32007, "not_found")
        assert await soon(anext(stream)) == 2
        with pytest.raises(NotFoundError):
            await soon(anext(stream))
        with pytest.raises(NotFoundError):
            await stream.result()


async def test_an_item_of_another_type_ends_the_stream() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client)
        call, _ = await begun(connection, stream)
        await send(connection, call, "text")
        with pytest.raises(DecodeError, match=r"an item of chat\.search"):
            await soon(anext(stream))
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_items_beyond_the_credit_end_the_stream_here_and_there() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client, CallOptions(credit=1))
        call, _ = await begun(connection, stream)
        await send(connection, call, 2, 3)
        with pytest.raises(ResourceExhaustedError):
            await soon(anext(stream))
        methods = [(await connection.receive())["method"] for _ in range(2)]
        assert methods == ["rpc.credit", "rpc.cancel"]


async def test_a_stream_has_no_time_limit_unless_told() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client, CallOptions(timeout=0.05))
        with pytest.raises(DeadlineExceededError):
            await soon(anext(stream))
        call = await connection.receive()
        assert 1 <= call["meta"]["timeout_ms"] <= 50
        assert (await connection.receive())["method"] == "rpc.cancel"


async def test_a_stream_goes_on_over_a_cut() -> None:
    async def again(connection: PeerConnection) -> None:
        hello = await connection.receive()
        resumed = "resume" in hello["params"]
        await connection.greet_with(hello, resumed=resumed, received=1 if resumed else 0)

    async with listen(again) as peer, connect(peer.url, reconnect=SOON) as client:
        connection = await peer.accept()
        stream = search(client)
        call, _ = await begun(connection, stream)
        connection.abort()
        connection = await peer.accept()
        await send(connection, call, 2)
        await connection.result(call, "done")
        assert [item async for item in stream] == [2]
        assert await stream.result() == "done"


async def test_a_lost_session_ends_a_stream_after_what_it_had() -> None:
    async with meeting() as (peer, client, connection):
        stream = search(client)
        call, _ = await begun(connection, stream)
        await send(connection, call, 2)
        assert await soon(anext(stream)) == 2
        connection.abort()
        await peer.accept()
        with pytest.raises(ConnectionLostError):
            await soon(anext(stream))


async def test_closing_the_client_ends_its_streams() -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        stream = search(client)
        await begun(await peer.accept(), stream)
        await client.close()
        with pytest.raises(ConnectionLostError):
            await anext(stream)
        with pytest.raises(ClosedError):
            await anext(search(client))


async def test_streams_go_through_the_layers() -> None:
    seen: list[tuple[str, bool, object]] = []

    async def note(call: Call, following: Next) -> object:
        result = await following(call.with_meta(traceparent="t-1"))
        seen.append((call.method, call.streams, result))
        return result

    async with listen() as peer, connect(peer.url, layers=[note]) as client:
        connection = await peer.accept()
        stream = search(client)
        call, _ = await begun(connection, stream)
        assert call["meta"]["traceparent"] == "t-1"
        assert seen == []
        await connection.result(call, "done")
        assert await stream.result() == "done"
        assert seen == [("chat.search", True, "done")]


async def test_streams_above_max_streams_take_their_turn() -> None:
    limits = {"max_message_bytes": 1_048_576, "max_calls": 64, "max_streams": 1}
    async with (
        listen(lambda connection: connection.greet(limits=limits)) as peer,
        connect(peer.url) as client,
    ):
        connection = await peer.accept()
        first, second = search(client), search(client)
        call, _ = await begun(connection, first)
        waiting = asyncio.ensure_future(anext(second))
        ask = asyncio.ensure_future(client.service("chat").call("chat.topic", None, str))
        assert (await connection.receive())["method"] == "chat.topic"
        await connection.result(call, "done")
        later = await connection.receive()
        assert later["method"] == "chat.search"
        await send(connection, later, 7)
        assert await soon(waiting) == 7
        ask.cancel()
        await second.aclose()


async def test_an_unlimited_time_is_told_to_nobody() -> None:
    async with meeting() as (_, client, connection):
        stream = search(client, CallOptions(timeout=math.inf))
        call, _ = await begun(connection, stream)
        assert "timeout_ms" not in call["meta"]
        await stream.aclose()
