"""When a client that closes knows that the server has everything, without waiting for its ack."""

from __future__ import annotations

import asyncio

import pytest

from tests.machine import Machine, opened
from tests.peer import Json, listen, soon
from wirecall import ClosedError, connect
from wirecall.calls import Request
from wirecall.link import Phase
from wirecall.output import Drop
from wirecall.served import MAX_RUNNING, MAX_WAITING

GOODBYE = Drop(1000, "")
CLOSE_NOTICE: Json = {"method": "rpc.close", "params": {"code": 4010}}
ENDS: list[Json] = [
    CLOSE_NOTICE,
    {"method": "rpc.ack", "params": {}},
    {"method": "rpc.ack", "params": {"seq": 9}},
    {"method": "chat.message", "seq": 9},
]
"""Ends of a connection other than the one that a client which closes waits for."""


def test_a_client_whose_calls_are_answered_closes_at_once() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    machine.receive({"id": call, "result": None})
    machine.session.close(machine.now)
    assert machine.take(Drop) == [GOODBYE]


def test_an_answer_proves_nothing_of_what_was_written_after_its_call() -> None:
    machine = opened()
    call = machine.call()
    machine.notify()
    machine.frames()
    machine.receive({"id": call, "result": None})
    machine.session.close(machine.now)
    assert machine.take(Drop) == []
    machine.receive({"method": "rpc.ack", "params": {"seq": 2}})
    assert machine.take(Drop) == [GOODBYE]


def test_an_answer_proves_nothing_in_another_session() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    machine.receive({"id": call, "result": None})
    machine.lose()
    machine.meet(session="s-2", reason="unknown")
    machine.notify()
    machine.frames()
    machine.session.close(machine.now)
    assert machine.take(Drop) == []


def leaving(machine: Machine) -> None:
    """Lets the client close with one notification that is not acknowledged."""
    machine.notify()
    assert machine.methods() == ["chat.typing"]
    machine.session.close(machine.now)
    assert machine.methods() == ["rpc.ping"]
    assert machine.take(Drop) == []


def test_the_pong_of_a_last_ping_proves_that_all_was_received() -> None:
    machine = opened()
    leaving(machine)
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


def test_the_last_ping_leaves_when_all_is_written() -> None:
    machine = opened()
    machine.notify()
    machine.session.close(machine.now)
    assert machine.methods() == ["chat.typing", "rpc.ping"]


def test_the_pong_of_an_earlier_ping_proves_nothing() -> None:
    machine = opened()
    machine.call()
    machine.frames()
    machine.move(10.0)
    assert machine.methods() == ["rpc.ping"]
    leaving(machine)
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == []
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


def test_pings_are_counted_anew_on_every_connection() -> None:
    machine = opened()
    machine.call()
    machine.frames()
    machine.move(10.0)
    assert machine.methods() == ["rpc.ping"]
    machine.lose()
    assert machine.meet(resumed=True, received=1, sent=0) == []
    leaving(machine)
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


def test_pongs_that_nobody_asked_for_prove_nothing() -> None:
    machine = opened()
    machine.receive({"method": "rpc.pong"})
    machine.call()
    machine.frames()
    machine.move(10.0)
    assert machine.methods() == ["rpc.ping"]
    leaving(machine)
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == []
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


def test_what_gets_a_number_after_the_close_is_written_and_not_waited_for() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    machine.session.close(machine.now)
    assert machine.methods() == ["rpc.ping"]
    machine.cancel(call)
    assert machine.methods() == ["rpc.cancel"]
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


def test_an_upload_goes_no_further_once_its_client_is_closed() -> None:
    machine = opened()
    call = machine.session.send(Request("files.put", b"{}", upload=True), machine.now)
    machine.receive({"method": "rpc.upload_credit", "params": {"id": call, "credit": 8}})
    machine.session.offer(call, b"1", machine.now)
    assert machine.methods() == ["files.put", "rpc.upload"]
    machine.session.close(machine.now)
    assert machine.methods() == ["rpc.ping"]
    machine.session.offer(call, b"2", machine.now)
    machine.session.end_upload(call, machine.now)
    assert machine.frames() == []
    machine.receive({"method": "rpc.pong"})
    assert machine.take(Drop) == [GOODBYE]


async def test_close_waits_for_no_ack_where_the_server_answers_a_ping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wirecall.session.LEAVE_WAIT", 60.0)
    async with listen() as peer:
        client = await connect(peer.url)
        connection = await peer.accept()
        await client.service("chat").notify("chat.typing", None)
        closing = asyncio.ensure_future(client.close())
        assert (await connection.receive(silently=True))["method"] == "chat.typing"
        assert await connection.receive() == {"jsonrpc": "2.0", "method": "rpc.ping"}
        await connection.send({"method": "rpc.pong"})
        assert (await connection.closed())[0] == 1000
        await soon(closing)


@pytest.mark.parametrize("last", ENDS)
def test_whatever_ends_the_last_connection_ends_a_client_that_closes(last: Json) -> None:
    machine = opened()
    leaving(machine)
    machine.receive(last)
    machine.lose()
    assert machine.session.phase is Phase.ENDED
    with pytest.raises(ClosedError):
        machine.call()


def test_too_many_notifications_end_a_client_that_closes() -> None:
    machine = opened()
    machine.session.handled.add("ui.note")
    leaving(machine)
    for number in range(1, MAX_RUNNING + MAX_WAITING + 2):
        machine.receive({"method": "ui.note", "seq": number})
    assert [drop.code for drop in machine.take(Drop)] == [4013]
    machine.lose(4013)
    assert machine.session.phase is Phase.ENDED


def test_a_client_that_closes_takes_no_calls_while_the_server_closes() -> None:
    machine = opened()
    leaving(machine)
    machine.receive(CLOSE_NOTICE)
    with pytest.raises(ClosedError):
        machine.call()
    machine.move(3.0)
    assert machine.take(Drop) == [GOODBYE]
    assert machine.session.phase is Phase.ENDED


@pytest.mark.parametrize("last", ENDS)
async def test_close_returns_whatever_ends_the_last_connection(last: Json) -> None:
    async with listen() as peer:
        client = await connect(peer.url)
        connection = await peer.accept()
        await client.service("chat").notify("chat.typing", None)
        closing = asyncio.ensure_future(client.close())
        assert (await connection.receive(silently=True))["method"] == "chat.typing"
        await connection.receive()
        await connection.send(last)
        if last is CLOSE_NOTICE:
            await connection.close(4010)
        await soon(closing)
