"""Calls and notifications, over a real socket and through generated code."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timezone

import pytest

from tests.fixtures.chat import (
    ChatClient,
    Message,
    MessagePosted,
    MutedError,
    Renamed,
    RoomNotFoundError,
    TitleTakenError,
)
from tests.peer import hello_answer, listen, soon
from wirecall import (
    CallOptions,
    ClosedError,
    ConnectionLostError,
    DeadlineExceededError,
    DecodeError,
    EncodeError,
    ResourceExhaustedError,
    RpcError,
    TooLargeError,
    ValidationError,
    connect,
)

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
MESSAGE = {"id": 1, "author": "ann", "text": "hi", "sent_at": "2026-01-02T03:04:05Z"}


async def test_a_typed_call_gives_a_typed_result() -> None:
    async with listen() as peer, connect(peer.url) as client:
        post = asyncio.ensure_future(ChatClient(client).post(room="lobby", text="hi"))
        connection = await peer.accept()
        call = await connection.receive()
        assert (call["method"], call["params"]) == ("chat.post", {"room": "lobby", "text": "hi"})
        await connection.result(call, MESSAGE)
        assert await soon(post) == Message(id=1, author="ann", text="hi", sent_at=AT)


async def test_results_are_of_any_type() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)

        async def answers() -> None:
            for result in ([MESSAGE], None, {"type": "renamed", "title": "x"}, "9" * 20):
                await connection.result(await connection.receive(), result)

        task = asyncio.ensure_future(answers())
        assert (await chat.history(room="a"))[0].sent_at == AT
        assert await chat.topic(room="a") is None
        assert await chat.latest() == Renamed(title="x")
        assert await chat.balance(address="0x0") == int("9" * 20)
        await task


async def test_what_is_absent_is_not_sent() -> None:
    async with listen() as peer, connect(peer.url) as client:
        rename = asyncio.ensure_future(ChatClient(client).rename(room="a", class_="b"))
        connection = await peer.accept()
        call = await connection.receive()
        assert call["params"] == {"room": "a", "class": "b"}
        await connection.result(call)
        await soon(rename)


async def test_params_by_position_lose_what_is_left_out_at_the_end() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        for block, params in ((None, ["0x0"]), ("latest", ["0x0", "latest"])):
            task = asyncio.ensure_future(chat.balance(address="0x0", block=block))
            call = await connection.receive()
            assert call["params"] == params
            await connection.result(call, "1")
            await soon(task)


async def test_a_services_errors_come_as_their_classes() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)

        async def answers() -> None:
            details = {"room": "attic"}
            await connection.error(
                await connection.receive(), 1001, "room_not_found", details=details
            )
            details = {"until": "2026-01-02T03:04:05Z"}
            await connection.error(await connection.receive(), 1002, "muted", details=details)
            await connection.error(await connection.receive(), 1003, "title_taken")
            await connection.error(await connection.receive(), 1003, "title_taken")

        task = asyncio.ensure_future(answers())
        with pytest.raises(RoomNotFoundError) as missing:
            await chat.post(room="attic", text="hi")
        assert missing.value.room == "attic"
        with pytest.raises(MutedError) as muted:
            await chat.post(room="lobby", text="hi")
        assert muted.value.until == AT
        with pytest.raises(TitleTakenError):
            await chat.rename(room="lobby", title="x")
        with pytest.raises(RpcError) as undeclared:
            await chat.post(room="lobby", text="hi")
        assert type(undeclared.value) is RpcError
        await task


async def test_a_broken_check_lists_what_is_wrong() -> None:
    async with listen() as peer, connect(peer.url) as client:
        post = asyncio.ensure_future(ChatClient(client).post(room="lobby", text=""))
        connection = await peer.accept()
        errors = [{"path": "/text", "rule": "length", "message": "at least 1"}]
        await connection.error(
            await connection.receive(), -32602, "validation_error", details={"errors": errors}
        )
        with pytest.raises(ValidationError) as caught:
            await soon(post)
        assert [error.path for error in caught.value.errors] == ["/text"]


async def test_the_default_time_limit_is_thirty_seconds_and_can_be_declared_and_set() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        for options, limit in (
            (None, 5000),
            (CallOptions(timeout=2.0), 2000),
            (CallOptions(timeout=math.inf), None),
        ):
            task = asyncio.ensure_future(chat.history(room="a", options=options))
            call = await connection.receive()
            told = call.get("meta", {}).get("timeout_ms")
            assert told == limit or (limit is not None and limit - 1000 < told <= limit)
            await connection.result(call, [])
            await soon(task)
        post = asyncio.ensure_future(chat.topic(room="a"))
        call = await connection.receive()
        assert 29_000 < call["meta"]["timeout_ms"] <= 30_000
        await connection.result(call)
        await soon(post)


async def test_a_call_that_takes_too_long_fails_and_the_server_is_told() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        with pytest.raises(
            DeadlineExceededError, match=r"chat\.post was not answered within 0\.05"
        ):
            await ChatClient(client).post(room="a", text="b", options=CallOptions(timeout=0.05))
        call = await connection.receive()
        assert await connection.receive() == {
            "jsonrpc": "2.0",
            "method": "rpc.cancel",
            "params": {"id": call["id"]},
        }


async def test_cancelling_the_task_cancels_the_call_and_the_connection_lives() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        task = asyncio.ensure_future(chat.topic(room="a"))
        call = await connection.receive()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        cancel = await connection.receive()
        assert (cancel["method"], cancel["params"]) == ("rpc.cancel", {"id": call["id"]})
        await connection.result(call, "late")
        again = asyncio.ensure_future(chat.topic(room="b"))
        await connection.result(await connection.receive(), "ok")
        assert await soon(again) == "ok"


async def test_meta_travels_with_the_call() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        options = CallOptions(meta={"traceparent": "00-1-2-01"}, timeout=math.inf)
        task = asyncio.ensure_future(ChatClient(client).topic(room="a", options=options))
        call = await connection.receive()
        assert call["meta"] == {"traceparent": "00-1-2-01"}
        await connection.result(call)
        await soon(task)


async def test_meta_is_read_when_the_call_is_made() -> None:
    limits = {"max_calls": 1}
    async with listen(lambda it: it.greet(limits=limits)) as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        tags = ["a"]
        options = CallOptions(meta={"tags": tags}, timeout=math.inf)
        first = asyncio.ensure_future(chat.topic(room="a"))
        held = asyncio.ensure_future(chat.topic(room="b", options=options))
        await asyncio.sleep(0)
        tags.append("b")
        await connection.result(await connection.receive())
        call = await connection.receive()
        assert call["meta"] == {"tags": ["a"]}
        await connection.result(call)
        await soon(asyncio.gather(first, held))


async def test_meta_that_cannot_be_sent_fails_its_call_alone() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        for meta in ({"it": object()}, {"\ud800": 1}):
            with pytest.raises(EncodeError, match=r"meta of chat.topic: "):
                await chat.topic(room="a", options=CallOptions(meta=meta))
        again = asyncio.ensure_future(chat.topic(room="b"))
        await connection.result(await connection.receive(), "ok")
        assert await soon(again) == "ok"


async def test_a_result_that_does_not_fit_fails_that_call_alone() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        task = asyncio.ensure_future(chat.post(room="a", text="b"))
        await connection.result(await connection.receive(), {"id": "x"})
        with pytest.raises(DecodeError, match=r"the result of chat\.post does not fit"):
            await soon(task)
        topic = asyncio.ensure_future(chat.topic(room="a"))
        await connection.result(await connection.receive(), "ok")
        assert await soon(topic) == "ok"


async def test_a_union_decodes_by_its_tag() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        task = asyncio.ensure_future(ChatClient(client).latest())
        result = {"type": "message_posted", "message": MESSAGE}
        await connection.result(await connection.receive(), result)
        event = await soon(task)
        assert isinstance(event, MessagePosted)
        assert event.message.author == "ann"


async def test_params_that_cannot_be_sent_name_their_field_and_send_nothing() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        with pytest.raises(EncodeError, match=r"params of chat\.history: /limit: the integer"):
            await chat.history(room="a", limit=2**53)
        topic = asyncio.ensure_future(chat.topic(room="a"))
        call = await connection.receive()
        assert call["method"] == "chat.topic"
        await connection.result(call)
        await soon(topic)


async def test_a_notification_is_sent_and_answered_by_nothing() -> None:
    async with listen() as peer, connect(peer.url) as client:
        await soon(asyncio.ensure_future(ChatClient(client).typing(room="a")))
        message = await (await peer.accept()).receive()
        assert message == {"jsonrpc": "2.0", "method": "chat.typing", "params": {"room": "a"}}


async def test_a_call_larger_than_the_server_takes_fails_alone() -> None:
    limits = {"max_message_bytes": 1000, "max_calls": 64}
    async with listen(lambda peer: peer.greet(limits=limits)) as peer, connect(peer.url) as client:
        chat = ChatClient(client)
        with pytest.raises(TooLargeError, match="max_message_bytes"):
            await chat.post(room="a", text="x" * 2000)
        await soon(asyncio.ensure_future(chat.typing(room="a")))


async def test_a_large_call_arrives_whole_though_it_leaves_in_fragments() -> None:
    text = "ä" * 400_000
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        task = asyncio.ensure_future(ChatClient(client).post(room="a", text=text))
        call = await connection.receive()
        assert call["params"]["text"] == text
        await connection.result(call, MESSAGE)
        await soon(task)


async def test_calls_above_max_calls_take_their_turn_in_order() -> None:
    limits = {"max_message_bytes": 10_000, "max_calls": 4}
    async with listen(lambda peer: peer.greet(limits=limits)) as peer, connect(peer.url) as client:
        connection = await peer.accept()
        chat = ChatClient(client)
        tasks = [asyncio.ensure_future(chat.topic(room=str(n))) for n in range(50)]
        open_calls = [await connection.receive() for _ in range(4)]
        order: list[str] = []
        while open_calls:
            call = open_calls.pop(0)
            order.append(call["params"]["room"])
            await connection.result(call, call["params"]["room"])
            if len(order) + len(open_calls) < 50:
                open_calls.append(await connection.receive())
        assert order == [str(n) for n in range(50)]
        assert [await task for task in tasks] == order


async def test_one_call_too_many_while_away_fails_at_once_naming_the_limit() -> None:
    async with listen() as peer, connect(peer.url, lazy=True, queue=2) as client:
        service = client.service("x")
        calls = [asyncio.ensure_future(service.call("x.y", None, None)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ResourceExhaustedError, match="2 calls wait already"):
            await service.call("x.y", None, None)
        connection = await peer.accept()
        for call in calls:
            await connection.result(await connection.receive())
            await soon(call)


async def test_a_call_on_a_closed_client_was_not_sent() -> None:
    async with listen() as peer:
        async with connect(peer.url) as client:
            chat = ChatClient(client)
        with pytest.raises(ClosedError, match=r"chat\.topic was not sent: the client was closed"):
            await chat.topic(room="a")


async def test_a_thousand_calls_at_once_all_get_their_own_answer() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()

        async def echo() -> None:
            for _ in range(1000):
                call = await connection.receive()
                await connection.result(call, call["params"]["room"])

        server = asyncio.ensure_future(echo())
        chat = ChatClient(client)
        results = await asyncio.gather(*(chat.topic(room=str(n)) for n in range(1000)))
        assert results == [str(n) for n in range(1000)]
        await server


async def test_a_server_that_dies_in_the_middle_leaves_the_outcome_unknown() -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        task = asyncio.ensure_future(ChatClient(client).post(room="a", text="b"))
        await connection.receive()
        connection.abort()
        with pytest.raises(ConnectionLostError, match="its outcome is unknown") as caught:
            await soon(task)
        assert caught.value.disconnect is not None
        assert caught.value.disconnect.code == 1006


async def test_hello_answers_of_later_versions_are_read() -> None:
    answer = hello_answer(limits={"max_calls": 1, "new": True}, more={"a": [1]})
    async with listen(lambda peer: peer.greet(**answer)) as peer, connect(peer.url) as client:
        assert client.session == "s-1"
