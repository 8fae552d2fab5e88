"""Being a plain peer of a JSON-RPC 2.0 server that knows nothing of this protocol."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer import SOON, listen, silence, soon
from tests.states import StateLog
from wirecall import (
    CallOptions,
    ConnectionLostError,
    DeadlineExceededError,
    MethodNotFoundError,
    OpenState,
    RpcError,
    connect,
)


async def test_a_plain_peer_offers_no_subprotocol_and_says_no_hello() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        assert client.state == OpenState(None, None)
        connection = await peer.accept()
        assert "sec-websocket-protocol" not in connection.headers
        eth = client.service("eth")
        call = asyncio.ensure_future(eth.call("eth_getBalance", ["0x0", "latest"], str))
        message = await connection.receive()
        assert message == {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_getBalance",
            "params": ["0x0", "latest"],
        }
        await connection.result(message, "0x1")
        assert await soon(call) == "0x1"


async def test_acks_mean_nothing_to_a_plain_peer() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        connection = await peer.accept()
        for params in ({"seq": 9}, {"seq": "all"}):
            await connection.send({"method": "rpc.ack", "params": params})
        call = asyncio.ensure_future(client.service("eth").call("eth_chainId", [], str))
        await connection.result(await connection.receive(), "0x1")
        assert await soon(call) == "0x1"


async def test_errors_of_a_foreign_server_are_read() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        connection = await peer.accept()
        service = client.service("x")
        for error, expected in (
            ({"code": -32601, "message": "Method not found"}, MethodNotFoundError),
            ({"code": 3, "message": "execution reverted", "data": "0x08"}, RpcError),
        ):
            call = asyncio.ensure_future(service.call("m", None, str))
            message = await connection.receive()
            await connection.send({"id": message["id"], "error": error})
            with pytest.raises(expected) as caught:
                await soon(call)
            assert caught.value.details == error.get("data")


async def test_binary_frames_and_batches_are_read() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        connection = await peer.accept()
        service = client.service("x")
        heard: asyncio.Queue[object] = asyncio.Queue()
        service.on("tick", object, heard.put_nowait)
        calls = [asyncio.ensure_future(service.call("m", None, int)) for _ in range(2)]
        ids = [(await connection.receive())["id"] for _ in calls]
        entries = [f'{{"jsonrpc":"2.0","id":{identity},"result":{identity}}}' for identity in ids]
        event = '{"jsonrpc":"2.0","method":"tick","params":[7]}'
        await connection.send_raw(f"[{','.join([*entries, event])}]".encode())
        assert [await soon(call) for call in calls] == ids
        assert await soon(heard.get()) == [7]


async def test_time_limits_hold_though_the_server_is_not_told() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        connection = await peer.accept()
        service = client.service("x")
        with pytest.raises(DeadlineExceededError):
            await service.call("slow", None, None, CallOptions(timeout=0.02))
        assert "meta" not in await connection.receive()
        await service.notify("note", {"a": 1})
        assert (await connection.receive())["method"] == "note"


async def test_a_plain_peer_comes_back_too() -> None:
    greeting = listen(silence, subprotocol=None)
    async with greeting as peer, connect(peer.url, plain=True, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        call = asyncio.ensure_future(client.service("x").call("m", None, None))
        await connection.receive()
        connection.abort()
        with pytest.raises(ConnectionLostError):
            await soon(call)
        await log.wait("open")


async def test_a_plain_peer_pings_with_the_frames_of_its_websocket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.websocket.PLAIN_PING", 0.01)
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True):
        connection = await peer.accept()
        await soon(connection.pinged.wait())


async def test_a_plain_peer_streams_and_cancels_a_stream() -> None:
    async with listen(silence, subprotocol=None) as peer, connect(peer.url, plain=True) as client:
        connection = await peer.accept()
        stream = client.service("log").stream("log.follow", None, int, None)
        first = asyncio.ensure_future(anext(stream))
        call = await connection.receive()
        assert call["meta"] == {"credit": 64}
        item = {"id": call["id"], "items": [1]}
        await connection.send({"method": "rpc.item", "params": item})
        assert await soon(first) == 1
        await stream.aclose()
        assert (await connection.receive())["method"] == "rpc.cancel"
