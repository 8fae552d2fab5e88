"""What the rest of the client never sees of the WebSocket library."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.peer import SOON, PeerConnection, listen, silence, soon
from tests.states import StateLog
from wirecall import HeartbeatOptions, ReconnectingState, connect
from wirecall.websocket import (
    FRAGMENT_BYTES,
    SocketClosedError,
    SocketOptions,
    fragments,
    open_socket,
)


async def test_a_server_that_never_reads_meets_the_write_deadline() -> None:
    heartbeat = HeartbeatOptions(write_deadline=0.05)
    count = itertools.count()

    async def deaf_at_first(peer: PeerConnection) -> None:
        await peer.greet(limits={"max_message_bytes": 2**26, "max_calls": 64})
        if next(count) == 0:
            peer.stop_reading()

    async with (
        listen(deaf_at_first) as peer,
        connect(peer.url, reconnect=SOON, heartbeat=heartbeat) as client,
    ):
        log = StateLog(client)
        connection = await peer.accept()
        service = client.service("x")
        large = "x" * 2**25
        # The write counts as begun, so the notification is not sent again on the next connection.
        await soon(asyncio.ensure_future(service.notify("x.large", {"text": large})))
        assert isinstance(await log.wait("reconnecting"), ReconnectingState)
        connection.abort()


async def test_a_large_message_leaves_in_fragments_so_that_others_get_through() -> None:
    size = 10 * FRAGMENT_BYTES
    async with listen(silence) as peer:
        socket = await open_socket(SocketOptions(peer.url))
        connection = await peer.accept()
        await socket.send(b'"' + b"x" * (size - 2) + b'"')
        await connection.receive_value()
        assert connection.fragments == [FRAGMENT_BYTES] * 10 + [0]
        await socket.send(b'"small"')
        await connection.receive_value()
        assert connection.fragments[-1] == 7
        await socket.close(1000, "")


def test_every_fragment_starts_the_write_deadline_over() -> None:
    progress: list[int] = []
    sizes = [
        len(part) for part in fragments(b"x" * 200_000, lambda: progress.append(len(progress)))
    ]
    assert sizes == [65_536, 65_536, 65_536, 3392]
    assert progress == [0, 1, 2, 3]


async def test_a_closed_socket_tells_the_servers_code_and_reason() -> None:
    async def hang_up(peer: PeerConnection) -> None:
        await peer.close(4029, "too many")

    async with listen(hang_up) as peer:
        socket = await open_socket(SocketOptions(peer.url))
        with pytest.raises(SocketClosedError) as caught:
            await soon(asyncio.ensure_future(socket.receive()))
        assert (caught.value.code, caught.value.reason) == (4029, "too many")
        assert not socket.is_writable
        with pytest.raises(SocketClosedError):
            await socket.send(b"{}")


async def test_a_close_reason_is_cut_to_what_a_frame_holds() -> None:
    async with listen(silence) as peer:
        socket = await open_socket(SocketOptions(peer.url))
        connection = await peer.accept()
        ended = asyncio.ensure_future(connection.closed())
        await socket.close(1000, "ü" * 100)
        assert await soon(ended) == (1000, "ü" * 60)


async def test_a_close_that_a_server_never_reads_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.websocket.CLOSE_TIMEOUT", 0.05)
    async with listen(silence) as peer:
        socket = await open_socket(SocketOptions(peer.url))
        connection = await peer.accept()
        connection.stop_reading()
        # More than the system's buffers take, so that the close frame waits behind it.
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(socket.send(b"x" * 2**25), 0.05)
        await soon(socket.close(4013, "too slow"))
        assert not socket.is_writable
        connection.abort()
