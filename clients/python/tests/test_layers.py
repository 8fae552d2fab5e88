"""Interceptors around every call."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator

import pytest

from tests.fixtures.chat import ChatClient, RoomNotFoundError
from tests.peer import listen, soon
from wirecall import (
    Call,
    CallOptions,
    Layer,
    Next,
    ResourceExhaustedError,
    RpcError,
    UnavailableError,
    connect,
)


def tracing(name: str, log: list[str]) -> Layer:
    """Notes when a call goes in and comes out."""

    async def layer(call: Call, following: Next) -> object:
        log.append(f"{name}>")
        try:
            return await following(call)
        finally:
            log.append(f"<{name}")

    return layer


async def retrying(call: Call, following: Next) -> object:
    """Tries once more what may succeed later."""
    try:
        return await following(call)
    except RpcError as error:
        if not error.retryable:
            raise
        return await following(call)


async def test_the_first_layer_is_the_outermost() -> None:
    log: list[str] = []
    layers = [tracing("a", log), tracing("b", log)]
    async with listen() as peer, connect(peer.url, layers=layers) as client:
        call = asyncio.ensure_future(ChatClient(client).topic(room="x"))
        connection = await peer.accept()
        await connection.result(await connection.receive(), "ok")
        assert await soon(call) == "ok"
        assert log == ["a>", "b>", "<b", "<a"]


async def test_a_layer_can_add_to_the_meta() -> None:
    async def traced(call: Call, following: Next) -> object:
        return await following(call.with_meta(traceparent="00-1-2-01"))

    async with listen() as peer, connect(peer.url, layers=[traced]) as client:
        options = CallOptions(meta={"a": 1}, timeout=math.inf)
        call = asyncio.ensure_future(ChatClient(client).topic(room="x", options=options))
        connection = await peer.accept()
        message = await connection.receive()
        assert message["meta"] == {"a": 1, "traceparent": "00-1-2-01"}
        await connection.result(message)
        await soon(call)


async def test_a_layer_can_try_again() -> None:
    async with listen() as peer, connect(peer.url, layers=[retrying]) as client:
        chat = ChatClient(client)
        call = asyncio.ensure_future(chat.topic(room="x"))
        connection = await peer.accept()
        await connection.error(await connection.receive(), -32006, "unavailable", retryable=True)
        await connection.result(await connection.receive(), "ok")
        assert await soon(call) == "ok"


async def test_a_layer_sees_typed_errors_and_results() -> None:
    seen: list[object] = []

    async def watching(call: Call, following: Next) -> object:
        try:
            result = await following(call)
        except RpcError as error:
            seen.append(error)
            raise
        seen.append(result)
        return result

    async with listen() as peer, connect(peer.url, layers=[watching]) as client:
        chat = ChatClient(client)
        connection = await peer.accept()
        call = asyncio.ensure_future(chat.rename(room="x"))
        details = {"room": "x"}
        await connection.error(await connection.receive(), 1001, "room_not_found", details=details)
        with pytest.raises(RoomNotFoundError) as caught:
            await soon(call)
        topic = asyncio.ensure_future(chat.topic(room="x"))
        await connection.result(await connection.receive(), "ok")
        await soon(topic)
        assert seen == [caught.value, "ok"]


async def test_a_layer_can_refuse_a_call_before_it_is_sent() -> None:
    async def refusing(call: Call, _: Next) -> object:
        raise UnavailableError.with_message(f"{call.method} is switched off")

    async with listen() as peer, connect(peer.url, layers=[refusing]) as client:
        with pytest.raises(UnavailableError, match=r"chat\.topic is switched off"):
            await ChatClient(client).topic(room="x")


async def test_a_layer_sees_what_the_contract_says_of_a_call() -> None:
    calls: list[Call] = []

    async def watching(call: Call, following: Next) -> object:
        calls.append(call)
        return await following(call)

    async with listen() as peer, connect(peer.url, layers=[watching], timeout=7.0) as client:
        chat = ChatClient(client)
        connection = await peer.accept()
        history = asyncio.ensure_future(chat.history(room="x"))
        await connection.result(await connection.receive(), [])
        await soon(history)
        topic = asyncio.ensure_future(chat.topic(room="x"))
        await connection.result(await connection.receive())
        await soon(topic)
        assert [(call.idempotent, call.timeout) for call in calls] == [(True, 5.0), (False, 7.0)]


async def test_a_layer_cannot_send_an_upload_again_whose_items_are_gone() -> None:
    def items() -> Generator[int]:
        yield 1

    async with listen() as peer, connect(peer.url, layers=[retrying]) as client:
        service = client.service("files")
        call = asyncio.ensure_future(service.upload("files.put", None, [1], str))
        connection = await peer.accept()
        await connection.error(await connection.receive(), -32006, "unavailable", retryable=True)
        await connection.result(await connection.receive(), "ok")
        assert await soon(call) == "ok"
        call = asyncio.ensure_future(service.upload("files.put", None, items(), str))
        await connection.error(await connection.receive(), -32006, "unavailable", retryable=True)
        with pytest.raises(TypeError, match="its items are gone"):
            await soon(call)


async def test_a_layer_may_send_an_upload_again_that_never_took_an_item() -> None:
    failed: list[Exception] = []

    async def waiting(call: Call, following: Next) -> object:
        try:
            return await following(call)
        except ResourceExhaustedError as error:
            failed.append(error)
            return await following(call)

    async with listen() as peer:
        client = await connect(peer.url, layers=[waiting], lazy=True, queue=0)
        service = client.service("files")
        call = asyncio.ensure_future(service.upload("files.put", None, iter([1]), str))
        with pytest.raises(ResourceExhaustedError):
            await soon(call)
        assert len(failed) == 1
        await client.close()
