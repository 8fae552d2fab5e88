"""The session machine: hello, life and end; no socket, no clock but the one that the test moves."""

from __future__ import annotations

import math

import pytest

from tests.machine import Machine, opened
from tests.peer import Json, hello_answer
from wirecall.disconnect import Disconnect
from wirecall.link import Phase
from wirecall.options import SessionOptions
from wirecall.output import (
    Answered,
    Drop,
    Opened,
)


def test_hello_is_the_first_message_and_holds_who_and_what() -> None:
    machine = Machine(SessionOptions(name="demo", version="2.0"))
    machine.session.contracts["chat"] = "5f3a9c21"
    assert machine.greet(token="t-1") == {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "rpc.hello",
        "params": {
            "client": {"name": "demo", "version": "2.0"},
            "token": "t-1",
            "limits": {"max_message_bytes": 1_048_576, "buffer_bytes": 4_194_304},
            "contract": {"chat": "5f3a9c21"},
        },
    }


def test_nothing_else_is_written_before_the_answer_to_hello() -> None:
    machine = Machine()
    machine.call("a")
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    assert machine.methods() == ["rpc.hello"]
    machine.receive({"method": "rpc.ping"})
    assert machine.methods() == ["rpc.pong"]
    machine.receive({"id": 0, "result": hello_answer()})
    assert machine.methods() == ["a"]


def test_the_answer_opens_the_session_and_unknown_members_are_ignored() -> None:
    machine = Machine()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive({"id": 0, "result": hello_answer(user="ann", later={"x": 1})})
    (output,) = machine.take(Opened)
    assert output.hello is not None
    assert (output.hello.session, output.hello.user) == ("s-1", "ann")


@pytest.mark.parametrize(
    "message",
    [
        {"method": "chat.announcement", "params": {}},
        {"id": 5, "method": "ui.confirm", "params": {}},
        {"id": 1, "result": None},
        {"id": 0, "result": {"no": "session"}},
        {"id": 0, "error": "text"},
        {"nonsense": True},
    ],
)
def test_anything_else_before_the_answer_is_a_fault_of_the_protocol(
    message: dict[str, object],
) -> None:
    machine = Machine()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive(message)
    (drop,) = machine.take(Drop)
    assert drop.code == 1002


def test_no_answer_to_hello_within_the_limit_ends_the_attempt() -> None:
    machine = Machine()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.move(9.9)
    assert machine.take(Drop) == []
    machine.move(0.2)
    (drop,) = machine.take(Drop)
    assert (drop.code, drop.abrupt) == (1006, True)


def test_a_refused_hello_decides_where_the_close_does_not() -> None:
    for code, comes_back in ((-32001, False), (-32006, True)):
        machine = Machine()
        machine.session.connecting(10.0, machine.now)
        machine.session.connected(None, machine.now)
        machine.receive({"id": 0, "error": {"code": code, "message": "no"}})
        assert machine.session.phase is Phase.REFUSED
        assert machine.lose(1006).come_back is comes_back


def test_a_server_that_refuses_and_does_not_close_is_left_after_a_second() -> None:
    machine = Machine()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive({"id": 0, "error": {"code": -32001, "message": "no"}})
    machine.move(0.9)
    assert machine.take(Drop) == []
    machine.move(0.1)
    assert len(machine.take(Drop)) == 1


def test_a_refused_session_runs_nothing() -> None:
    machine = Machine()
    machine.session.handled.add("ui.confirm")
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive({"id": 0, "error": {"code": -32001, "message": "no"}})
    machine.receive({"id": 1, "method": "ui.confirm"})
    assert [type(output) for output in machine.outputs()] == [Drop]


def test_a_ping_is_answered_at_once_and_many_by_one_pong() -> None:
    machine = opened()
    for _ in range(1000):
        machine.receive({"method": "rpc.ping"})
    assert machine.methods() == ["rpc.pong"]


def test_silence_ends_the_connection() -> None:
    machine = opened()
    machine.move(34.9)
    assert machine.take(Drop) == []
    machine.move(0.1)
    (drop,) = machine.take(Drop)
    assert (drop.code, drop.abrupt) == (4008, True)


def test_after_a_sleep_the_connection_is_dropped_instead_of_written_to() -> None:
    machine = opened()
    machine.now += 300.0
    machine.call()
    assert machine.frames() == []
    assert len(machine.take(Drop)) == 1
    machine.lose()
    machine.greet()
    assert machine.methods() == ["chat.post"]


def test_an_unanswered_call_is_followed_by_a_ping_and_then_the_end() -> None:
    machine = opened()
    machine.move(5.0)
    machine.call(timeout=math.inf)
    machine.frames()
    machine.move(10.0)
    assert machine.methods() == ["rpc.ping"]
    machine.move(5.0)
    assert [drop.code for drop in machine.take(Drop)] == [4008]


def test_a_session_that_only_receives_events_lives_for_ever() -> None:
    machine = opened()
    for _ in range(60):
        machine.move(10.0)
        machine.receive({"method": "chat.announcement", "params": {}})
    assert machine.take(Drop) == []


def test_what_the_server_says_of_the_close_counts_more_than_the_code() -> None:
    machine = opened()
    machine.receive({"method": "rpc.close", "params": {"code": 4502, "reason": "revoked"}})
    assert machine.lose(1006) == Disconnect(4502, "revoked", come_back=False)


def test_a_drain_starts_nothing_new_and_lets_open_calls_finish() -> None:
    machine = opened()
    call = machine.call("open")
    machine.frames()
    drain = {"code": 4000, "reason": "draining", "in_ms": 5000, "retry_within_ms": 2000}
    machine.receive({"method": "rpc.close", "params": drain})
    machine.call("new")
    machine.receive({"method": "rpc.ping"})
    assert machine.methods() == ["rpc.pong"]
    machine.receive({"id": call, "result": 1})
    assert len(machine.take(Answered)) == 1
    machine.receive({"method": "rpc.close", "params": {"code": 4000, "reason": "draining"}})
    assert machine.lose(1006).retry_within == 2.0
    machine.greet()
    assert machine.methods() == ["new"]


def test_a_time_that_a_close_tells_is_a_day_at_most() -> None:
    machine = opened()
    close = {"code": 4000, "reason": "draining", "in_ms": 1e18, "retry_within_ms": 1e18}
    machine.receive({"method": "rpc.close", "params": close})
    assert machine.lose(1006).retry_within == 86_400.0


def test_a_server_that_announces_a_close_and_forgets_it_is_left() -> None:
    machine = opened()
    machine.receive({"method": "rpc.close", "params": {"code": 4000, "in_ms": 5000}})
    machine.move(14.9)
    assert machine.take(Drop) == []
    machine.move(0.1)
    assert len(machine.take(Drop)) == 1


def test_a_binary_frame_on_the_text_subprotocol_ends_the_connection() -> None:
    machine = opened()
    machine.raw(b'{"jsonrpc":"2.0","method":"rpc.ping"}')
    assert [drop.code for drop in machine.take(Drop)] == [1003]


def test_nothing_is_read_from_a_connection_that_was_dropped() -> None:
    machine = opened()
    call = machine.call(timeout=math.inf)
    machine.frames()
    machine.move(100.0)
    machine.outputs()
    machine.receive({"id": call, "result": 1})
    assert machine.outputs() == []


def test_a_plain_peer_says_no_hello_and_adds_nothing_to_its_calls() -> None:
    machine = Machine(SessionOptions(plain=True))
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    assert machine.take(Opened) == [Opened(None)]
    call = machine.call("eth_chainId")
    assert machine.frames() == [{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": {}}]
    machine.cancel(call)
    machine.raw(b"nonsense")
    assert machine.frames() == []


def test_members_of_hello_that_make_no_sense_count_as_absent() -> None:
    machine = Machine()
    machine.greet(
        user=7,
        secret=None,
        ping_ms="often",
        received=True,
        contract=[1],
        limits={"max_calls": 0, "max_streams": -1, "max_message_bytes": None, "buffer_bytes": "x"},
    )
    assert machine.session.phase is Phase.OPEN
    for _ in range(65):
        machine.call()
    assert len(machine.frames()) == 64


@pytest.mark.parametrize("result", [None, [], {}, {"session": 7}])
def test_a_hello_without_a_session_is_none(result: object) -> None:
    machine = Machine()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive({"id": 0, "result": result})
    assert [drop.code for drop in machine.take(Drop)] == [1002]


FAULTS: list[tuple[Json, int]] = [
    ({"method": "rpc.ack", "params": {}}, 1002),
    ({"method": "chat.message", "seq": 9}, 4050),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_a_fault_found_in_a_drain_counts_more_than_the_close_that_was_announced(
    fault: Json, code: int
) -> None:
    machine = opened()
    drain = {"code": 4000, "reason": "draining", "in_ms": 5000, "retry_within_ms": 2000}
    machine.receive({"method": "rpc.close", "params": drain})
    machine.receive(fault)
    end = machine.lose(code)
    assert (end.code, end.come_back, end.retry_within) == (code, code == 4050, None)


def test_a_fault_of_one_connection_is_none_of_the_next() -> None:
    machine = opened()
    machine.receive({"method": "rpc.ack", "params": {}})
    assert machine.lose(1002).code == 1002
    machine.greet()
    assert machine.lose(4000).code == 4000
