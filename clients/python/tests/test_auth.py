"""Tokens that run out: a fresh one is given to the server before that."""

from __future__ import annotations

import asyncio
import itertools
import math

import pytest

from tests.fixtures.chat import ChatClient
from tests.machine import Machine, opened
from tests.peer import SOON, listen, soon
from tests.states import StateLog
from wirecall import PermissionDeniedError, ReconnectOptions, connect
from wirecall.connection import Connection
from wirecall.driver import Driver
from wirecall.incoming import Incoming
from wirecall.options import ConnectOptions, SessionOptions
from wirecall.output import Fault, Refresh
from wirecall.websocket import SocketOptions


def expiring(milliseconds: float) -> Machine:
    """A session whose token lasts so long."""
    machine = Machine()
    machine.greet(auth_expires_in_ms=milliseconds)
    return machine


def test_a_fresh_token_is_asked_for_in_time_and_once() -> None:
    for lasts, asked in ((100.0, 75.0), (3600.0, 3540.0)):
        machine = expiring(lasts * 1000)
        while machine.now < 1000.0 + asked - 1.0:
            machine.move(min(10.0, 1000.0 + asked - 1.0 - machine.now))
            machine.receive({"method": "rpc.pong"})
        assert machine.take(Refresh) == []
        machine.move(1.0)
        assert machine.take(Refresh) == [Refresh()]
        machine.move(1.0)
        assert machine.take(Refresh) == []


def test_a_token_without_an_end_is_never_replaced() -> None:
    machine = opened()
    assert machine.session.wake_at() < math.inf
    machine.move(30.0)
    assert machine.take(Refresh) == []


def test_the_server_is_given_the_token_without_a_number_and_says_how_long_it_lasts() -> None:
    machine = expiring(10_000)
    machine.move(8.0)
    machine.outputs()
    machine.session.refresh("t-2")
    frame = machine.session.next_frame(machine.now)
    assert frame == b'{"jsonrpc":"2.0","id":1,"method":"rpc.auth","params":{"token":"t-2"}}'
    machine.receive({"id": 1, "result": {"auth_expires_in_ms": 10_000}})
    machine.move(8.0)
    assert machine.take(Refresh) == [Refresh()]


def test_a_token_that_is_refused_changes_nothing() -> None:
    machine = expiring(10_000)
    machine.session.refresh("t-2")
    machine.frames()
    machine.receive({"id": 1, "error": {"code": -32001, "message": "no"}})
    (fault,) = machine.outputs()
    assert isinstance(fault, Fault)
    assert fault.error is not None
    assert fault.error.message == "no"


def test_a_token_that_cannot_be_had_is_asked_for_again_while_the_old_one_lasts() -> None:
    machine = Machine(SessionOptions(random=lambda: 1.0))
    machine.greet(auth_expires_in_ms=40_000)
    machine.move(30.0)
    asked: list[float] = []
    while machine.take(Refresh):
        asked.append(machine.now - 1000.0)
        machine.receive({"method": "rpc.pong"})
        machine.session.refresh_failed(machine.now)
        machine.move(max(0.0, machine.session.wake_at() - machine.now))
    # The pauses are the backoff's, 250 ms at first, and end where the old token does.
    assert asked == [30.0, 30.25, 30.75, 31.75, 33.75, 37.75]


def test_the_pauses_start_over_with_every_token_that_the_server_takes() -> None:
    machine = Machine(SessionOptions(random=lambda: 1.0))
    machine.greet(auth_expires_in_ms=20_000)
    for _ in range(2):
        machine.move(15.0)
        assert machine.take(Refresh) == [Refresh()]
        machine.session.refresh_failed(machine.now)
        machine.move(0.25)
        assert machine.take(Refresh) == [Refresh()]
        machine.session.refresh("t-2")
        auth = machine.frames()[-1]
        machine.receive({"id": auth["id"], "result": {"auth_expires_in_ms": 20_000}})


@pytest.mark.parametrize(("code", "again"), [(-32006, True), (-32603, True), (-32002, False)])
def test_a_token_is_asked_for_again_after_a_refusal_that_passes(code: int, *, again: bool) -> None:
    machine = expiring(40_000)
    machine.move(30.0)
    machine.outputs()
    machine.session.refresh("t-2")
    auth = machine.frames()[-1]
    machine.receive({"id": auth["id"], "error": {"code": code, "message": "no"}})
    machine.move(1.0)
    assert machine.take(Refresh) == [Refresh()] * again


def test_a_token_that_cannot_be_had_after_the_connection_is_not_asked_for_again() -> None:
    machine = expiring(40_000)
    machine.move(30.0)
    machine.outputs()
    machine.lose()
    machine.session.refresh_failed(machine.now)
    machine.move(5.0)
    assert machine.take(Refresh) == []


async def answer(given: str | Exception | None) -> str | None:
    """What a token function gives, or raises."""
    if isinstance(given, Exception):
        raise given
    return given


FAILURES: list[tuple[str | Exception | None, str]] = [
    (OSError("down"), "the token function failed: OSError('down')"),
    (None, "the token function gave no token"),
    ("\ud800", "the value cannot be encoded: 'utf-8' codec can't encode character"),
]


@pytest.mark.parametrize(("given", "words"), FAILURES)
async def test_a_token_function_that_gives_nothing_of_use_is_asked_again(
    given: str | Exception | None, words: str
) -> None:
    machine = expiring(40_000)
    tokens = iter((given, "t-2"))
    reported: list[str] = []
    incoming = Incoming(lambda error, _: reported.append(str(error)), set())
    driver = Driver(machine.session, incoming, lambda: machine.now, lambda _: None, 10.0)
    driver.connection = Connection(
        SocketOptions("ws://nobody"), lambda: answer(next(tokens)), driver
    )
    await driver.refresh()
    (told,) = reported
    assert told.startswith(words)
    assert machine.frames() == []
    machine.move(1.0)
    assert machine.take(Refresh) == [Refresh()]
    await driver.refresh()
    (auth,) = machine.frames()
    assert (auth["method"], auth["params"]) == ("rpc.auth", {"token": "t-2"})
    await driver.stop(0.0)


@pytest.mark.parametrize("lasts", [0, 0.9, -5, "soon"])
def test_a_token_that_lasts_no_time_is_never_replaced(lasts: object) -> None:
    machine = Machine()
    machine.greet(auth_expires_in_ms=lasts)
    machine.move(30.0)
    assert machine.take(Refresh) == []


async def test_a_client_without_a_source_of_tokens_sends_none() -> None:
    for token in (None, "t-1"):
        options: ConnectOptions = {} if token is None else {"token": token}
        async with (
            listen(lambda connection: connection.greet(auth_expires_in_ms=1)) as peer,
            connect(peer.url, **options),
        ):
            connection = await peer.accept()
            for _ in range(20):
                await connection.send({"method": "rpc.ping"})
                assert (await connection.receive())["method"] == "rpc.pong"


async def test_a_refusal_of_a_fresh_token_is_reported() -> None:
    reported: asyncio.Queue[tuple[Exception, str]] = asyncio.Queue()
    async with (
        listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer,
        connect(
            peer.url,
            token=lambda: "t",
            on_error=lambda error, where: reported.put_nowait((error, where)),
        ),
    ):
        connection = await peer.accept()
        await connection.error(await connection.receive(), -32002, "permission_denied")
        error, where = await soon(reported.get())
        assert isinstance(error, PermissionDeniedError)
        assert where == "the server did not take the fresh token"


async def test_a_token_function_that_hangs_ends_with_its_limit() -> None:
    count = itertools.count(1)
    reported: asyncio.Queue[str] = asyncio.Queue()

    async def provide() -> str:
        if next(count) == 2:
            await asyncio.Event().wait()
        return "t"

    soon_again = ReconnectOptions(base=0.001, connect_timeout=0.2)
    async with (
        listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer,
        connect(
            peer.url,
            token=provide,
            reconnect=soon_again,
            on_error=lambda error, _: reported.put_nowait(str(error)),
        ),
    ):
        await peer.accept()
        assert await soon(reported.get()) == "the token function took longer than 0.2 s"


async def test_closing_leaves_no_token_that_is_waited_for() -> None:
    asked = asyncio.Event()
    count = itertools.count(1)

    async def provide() -> str:
        if next(count) % 2 == 0:
            asked.set()
            await asyncio.Event().wait()
        return "t"

    async with (
        listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer,
        connect(peer.url, token=provide, reconnect=SOON) as client,
    ):
        log = StateLog(client)
        connection = await peer.accept()
        await soon(asked.wait())
        asked.clear()
        connection.abort()
        await log.wait("open")
        await soon(asked.wait())
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "token refresh"]


async def test_the_provider_is_asked_before_the_token_runs_out() -> None:
    tokens = iter(["t-1", "t-2"])
    async with (
        listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer,
        connect(peer.url, token=lambda: next(tokens)) as _,
    ):
        connection = await peer.accept()
        assert connection.hello["params"]["token"] == "t-1"
        auth = await connection.receive()
        assert (auth["method"], auth["params"]) == ("rpc.auth", {"token": "t-2"})
        await connection.result(auth, {})


async def test_a_provider_that_fails_is_reported_and_the_connection_lives() -> None:
    asked: list[int] = []
    reported: list[str] = []

    def provide() -> str:
        asked.append(1)
        if len(asked) > 1:
            raise KeyError("no token")
        return "t-1"

    async with (
        listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer,
        connect(peer.url, token=provide, on_error=lambda _, where: reported.append(where)),
    ):
        connection = await peer.accept()
        while not reported:
            await connection.send({"method": "rpc.ping"})
            await connection.receive()
        assert set(reported) == {"refreshing the token"}


async def test_a_client_whose_token_ran_out_comes_back_with_a_fresh_one() -> None:
    tokens = iter(["t-1", "t-2"])
    async with (
        listen() as peer,
        connect(peer.url, token=lambda: next(tokens), reconnect=SOON) as client,
    ):
        log = StateLog(client)
        await (await peer.accept()).close(4010, "expired")
        await log.wait("open")
        assert (await peer.accept()).hello["params"]["token"] == "t-2"


async def test_a_token_that_is_awaited_when_the_client_closes_is_still_given_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.session.LEAVE_WAIT", 60.0)
    asked, have = asyncio.Event(), asyncio.Event()
    count = itertools.count(1)

    async def provide() -> str:
        if next(count) == 2:
            asked.set()
            await have.wait()
        return "t"

    async with listen(lambda connection: connection.greet(auth_expires_in_ms=20)) as peer:
        client = await connect(peer.url, token=provide)
        connection = await peer.accept()
        await ChatClient(client).typing(room="a")
        await connection.receive(silently=True)
        await soon(asked.wait())
        closing = asyncio.ensure_future(client.close())
        await asyncio.sleep(0)
        have.set()
        methods = {(await connection.receive())["method"] for _ in range(2)}
        assert methods == {"rpc.ping", "rpc.auth"}
        await connection.acknowledge(1)
        assert await connection.closed() == (1000, "")
        await soon(closing)
