"""One connection's tasks, with a socket that does what a test says."""

from __future__ import annotations

import asyncio

import pytest

from tests.peer import soon
from wirecall.connection import Connection, Ending
from wirecall.output import Drop
from wirecall.websocket import Socket, SocketClosedError, SocketOptions

OPTIONS = SocketOptions("ws://127.0.0.1:1")


class StubSocket(Socket):
    """Opens at once and stays as a test sets it."""

    def __init__(self) -> None:
        """Takes nothing and gives nothing."""
        self.writable = False
        self.aborted = False
        self.closed: list[int] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def is_writable(self) -> bool:
        """As set."""
        return self.writable

    async def receive(self) -> str | bytes:
        """Waits for what `ended` gets."""
        return await self.ended

    async def send(self, frame: bytes) -> None:
        """Finds the connection closed."""
        raise SocketClosedError(1006, frame.decode())

    async def close(self, code: int, reason: str) -> None:
        """Ends as a handshake would."""
        self.closed.append(code)
        if not self.ended.done():
            self.ended.set_exception(SocketClosedError(code, reason))

    def abort(self) -> None:
        """Remembers that it was called."""
        self.aborted = True


class Owner:
    """Feeds a connection and remembers what it was asked."""

    def __init__(self) -> None:
        """Has one frame."""
        self.frames = [b"{}"]
        self.connects = asyncio.Event()

    def connected(self, token: str | None) -> None:
        """Remembers it."""
        self.connects.set()
        if token == "broken":
            raise KeyError(token)

    def received(self, frame: str | bytes) -> None:
        """Takes anything."""

    def next_frame(self) -> bytes | None:
        """Gives each frame once."""
        return self.frames.pop() if self.frames else None


@pytest.fixture
async def socket(monkeypatch: pytest.MonkeyPatch) -> StubSocket:
    """The socket that every attempt gets."""
    stub = StubSocket()

    async def open_stub(_: SocketOptions) -> Socket:
        return stub

    monkeypatch.setattr("wirecall.connection.open_socket", open_stub)
    return stub


async def test_nothing_is_taken_from_the_queue_for_a_socket_that_is_closing(
    socket: StubSocket,
) -> None:
    owner = Owner()
    connection = Connection(OPTIONS, None, owner)
    task = asyncio.ensure_future(connection.run())
    await soon(owner.connects.wait())
    connection.wake()
    await asyncio.sleep(0)
    socket.ended.set_exception(SocketClosedError(4000, "draining"))
    assert await soon(task) == Ending(4000, "draining")
    assert owner.frames == [b"{}"]


async def test_a_writer_that_finds_the_end_leaves_it_to_the_reader_to_tell(
    socket: StubSocket,
) -> None:
    owner = Owner()
    socket.writable = True
    connection = Connection(OPTIONS, None, owner)
    task = asyncio.ensure_future(connection.run())
    await soon(owner.connects.wait())
    connection.wake()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert owner.frames == []
    assert not task.done()
    socket.ended.set_exception(SocketClosedError(4029, "rate limited"))
    assert await soon(task) == Ending(4029, "rate limited")


async def test_cancelling_as_the_socket_opens_leaves_no_socket_behind(socket: StubSocket) -> None:
    opening = asyncio.Event()

    async def token() -> str:
        opening.set()
        return "t"

    task = asyncio.ensure_future(Connection(OPTIONS, token, Owner()).run())
    await soon(opening.wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert socket.aborted


async def test_cancelling_later_says_goodbye_and_leaves_no_socket_behind_either(
    socket: StubSocket,
) -> None:
    owner = Owner()
    task = asyncio.ensure_future(Connection(OPTIONS, None, owner).run())
    await soon(owner.connects.wait())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert socket.closed == [1000]
    assert socket.aborted


async def test_a_drop_ends_it_with_its_own_code(socket: StubSocket) -> None:
    owner = Owner()
    connection = Connection(OPTIONS, None, owner)
    task = asyncio.ensure_future(connection.run())
    await soon(owner.connects.wait())
    connection.drop(Drop(4008, "silent", abrupt=True))
    connection.drop(Drop(1000, "too late"))
    assert await soon(task) == Ending(4008, "silent")
    assert socket.aborted


async def test_a_fault_of_this_side_comes_out_with_the_socket_gone(socket: StubSocket) -> None:
    with pytest.raises(KeyError):
        await soon(asyncio.ensure_future(Connection(OPTIONS, "broken", Owner()).run()))
    assert socket.aborted
