"""Whatever arrives, the client lives on or leaves in order; nothing is raised unheard."""

from __future__ import annotations

import asyncio

import pytest

from tests.fixtures.chat import ChatClient
from tests.peer import SOON, PeerConnection, listen, soon
from tests.states import StateLog
from tests.test_message import MALFORMED
from wirecall import ClosedState, ReconnectingState, connect


async def still_works(connection: PeerConnection, chat: ChatClient) -> None:
    """One call gets its answer."""
    task = asyncio.ensure_future(chat.topic(room="a"))
    await connection.result(await connection.receive(), "ok")
    assert await soon(task) == "ok"


async def test_no_text_is_too_odd() -> None:
    frames = [(frame, code) for frame, code in MALFORMED if "\ud800" not in frame]
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        for frame, code in frames:
            await connection.send_raw(frame)
            answer = await connection.receive()
            assert (answer["id"], answer["error"]["code"]) == (None, code)
        await still_works(connection, ChatClient(client))


@pytest.mark.parametrize(
    "frame",
    [
        '{"jsonrpc":"2.0","id":7777,"result":1}',
        '{"jsonrpc":"2.0","id":1.0,"result":1}',
        '{"jsonrpc":"2.0","id":"1","error":{"code":1,"message":"x"}}',
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}',
        '{"jsonrpc":"2.0","method":"chat.announcement","params":[[[[]]]]}',
        '{"jsonrpc":"2.0","method":"rpc.close","params":{"code":1e99}}',
        '{"jsonrpc":"2.0","method":"rpc.item","params":{"id":1,"items":[]}}',
    ],
)
async def test_messages_that_fit_nothing_are_ignored(frame: str) -> None:
    async with listen() as peer, connect(peer.url) as client:
        connection = await peer.accept()
        await connection.send_raw(frame)
        await still_works(connection, ChatClient(client))


async def test_a_binary_frame_is_the_end_of_a_text_connection() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        await connection.send_raw(b"\x00\x01")
        assert (await connection.closed())[0] == 1003
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert not closed.gave_up


async def test_a_message_larger_than_the_client_takes_ends_the_connection_with_1009() -> None:
    async with listen() as peer, connect(peer.url, max_message_bytes=1000) as client:
        log = StateLog(client)
        connection = await peer.accept()
        await connection.send_raw('"' + "x" * 2000 + '"')
        assert (await connection.closed())[0] == 1009
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert closed.disconnect is not None
        assert closed.disconnect.code == 1009


async def test_text_that_is_no_utf_8_ends_the_connection_with_1007() -> None:
    async def invalid(peer: PeerConnection) -> None:
        await peer.greet()
        await peer.send_invalid_text()

    async with listen(invalid) as peer, connect(peer.url) as client:
        connection = await peer.accept()
        assert (await connection.closed())[0] == 1007
        assert client.state.type == "closed" or await StateLog(client).wait("closed")


async def test_bytes_that_are_no_websocket_are_a_lost_connection() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        connection.write_tcp(b"\xff" * 100)
        state = await log.wait("closed")
        assert isinstance(state, ClosedState)


async def test_something_before_the_answer_to_hello_is_a_fault() -> None:
    async def eager(peer: PeerConnection) -> None:
        await peer.receive()
        await peer.send({"method": "chat.announcement", "params": {}})

    async with listen(eager) as peer, connect(peer.url, lazy=True) as client:
        log = StateLog(client)
        assert (await (await peer.accept()).closed())[0] == 1002
        closed = await log.wait("closed")
        assert isinstance(closed, ClosedState)
        assert not closed.gave_up
        assert "before the answer to hello" in str(closed.error)


async def test_half_a_message_and_then_death_is_a_lost_connection() -> None:
    async with listen() as peer, connect(peer.url, reconnect=SOON) as client:
        log = StateLog(client)
        connection = await peer.accept()
        connection.write_tcp(b"\x81\x7e\x10\x00{")
        connection.abort()
        assert isinstance(await log.wait("reconnecting"), ReconnectingState)
        await log.wait("open")
