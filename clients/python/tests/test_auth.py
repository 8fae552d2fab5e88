"""Tokens that run out: a fresh one is given to the server before that."""

from __future__ import annotations

import math

from tests.machine import Machine, opened
from tests.peer import listen
from tests.states import StateLog
from wirecall import ReconnectOptions, connect
from wirecall.output import Fault, Refresh


def expiring(milliseconds: float) -> Machine:
    """A session whose token lasts so long."""
    machine = Machine()
    machine.greet(auth_expires_in_ms=milliseconds)
    return machine


def test_a_fresh_token_is_asked_for_in_time_and_once() -> None:
    for lasts, asked in ((100.0, 80.0), (3600.0, 3540.0)):
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
    assert [type(output) for output in machine.outputs()] == [Fault]


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
        assert reported == ["refreshing the token"]


async def test_a_client_whose_token_ran_out_comes_back_with_a_fresh_one() -> None:
    tokens = iter(["t-1", "t-2"])
    async with (
        listen() as peer,
        connect(
            peer.url, token=lambda: next(tokens), reconnect=ReconnectOptions(base=0.001)
        ) as client,
    ):
        log = StateLog(client)
        await (await peer.accept()).close(4010, "expired")
        await log.wait("open")
        assert (await peer.accept()).hello["params"]["token"] == "t-2"
