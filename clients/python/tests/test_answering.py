"""The server's calls in the session machine: each answered once."""

from __future__ import annotations

import math

import msgspec
import pytest

from tests.machine import Machine, opened
from wirecall.link import Phase
from wirecall.message import CallMessage
from wirecall.options import SessionOptions
from wirecall.output import (
    Abort,
    Drop,
    Event,
    Serve,
)


def test_events_and_handlers_are_told_apart() -> None:
    machine = opened()
    machine.session.handled.add("ui.clear")
    machine.receive({"method": "chat.announcement", "params": {"text": "hi"}})
    machine.receive({"method": "ui.clear"})
    event, serve = machine.outputs()
    assert isinstance(event, Event)
    assert event.method == "chat.announcement"
    assert isinstance(serve, Serve)
    assert serve.call.id is None


def test_a_call_of_the_server_is_answered_with_its_id_exactly_as_it_came() -> None:
    for identity in (b"7", b'"x"', b'""', b"1.50", b"-1", b"12345678901234567890123", b"null"):
        machine = opened()
        machine.session.handled.add("ui.confirm")
        machine.raw(
            b'{"jsonrpc":"2.0","id":%b,"method":"ui.confirm"}'.replace(b"%b", identity).decode()
        )
        (serve,) = machine.take(Serve)
        machine.answer(serve.call, b"true")
        frame = machine.session.next_frame(machine.now)
        assert frame == b'{"jsonrpc":"2.0","id":%b,"result":true,"seq":1}' % identity


def test_an_unknown_method_is_answered_not_run() -> None:
    machine = opened()
    machine.receive({"id": 1, "method": "ui.unknown"})
    (frame,) = machine.frames()
    assert (frame["id"], frame["error"]["code"]) == (1, -32601)
    assert frame["error"]["data"]["kind"] == "method_not_found"


def test_a_cancelled_call_of_the_server_is_answered_once_and_its_handler_stopped() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": "x", "method": "ui.confirm"})
    (serve,) = machine.take(Serve)
    machine.receive({"method": "rpc.cancel", "params": {"id": "x"}})
    assert machine.take(Abort) == [Abort(serve.call)]
    machine.answer(serve.call, b"true")
    assert [frame["error"]["code"] for frame in machine.frames()] == [-32005]


def test_the_servers_time_limit_holds_here_too() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm", "meta": {"timeout_ms": 3000}})
    (serve,) = machine.take(Serve)
    assert serve.call.timeout == 3.0
    machine.move(3.0)
    assert machine.take(Abort) == [Abort(serve.call)]
    assert [frame["error"]["code"] for frame in machine.frames()] == [-32004]


def test_sixty_four_handlers_run_and_two_hundred_fifty_six_wait() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    for number in range(64 + 256 + 1):
        machine.receive({"id": number, "method": "ui.confirm"})
    serves = machine.take(Serve)
    assert len(serves) == 64
    (frame,) = machine.frames()
    assert (frame["id"], frame["error"]["code"]) == (320, -32009)
    machine.answer(serves[0].call, b"true")
    assert [serve.call.id for serve in machine.take(Serve)] == [b"64"]


def test_a_cancelled_call_that_waits_never_starts() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    for number in range(65):
        machine.receive({"id": number, "method": "ui.confirm"})
    serves = machine.take(Serve)
    machine.receive({"method": "rpc.cancel", "params": {"id": 64}})
    assert [frame["id"] for frame in machine.frames()] == [64]
    machine.answer(serves[0].call, b"true")
    assert machine.take(Serve) == []


def test_an_id_that_is_open_is_not_run_again() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm"})
    machine.receive({"id": 1, "method": "ui.confirm"})
    assert len(machine.take(Serve)) == 1
    (frame,) = machine.frames()
    assert (frame["id"], frame["error"]["code"]) == (None, -32600)


def test_calls_that_wait_are_bounded_in_bytes_too() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    for number in range(64):
        machine.receive({"id": number, "method": "ui.confirm"})
    machine.receive({"id": 64, "method": "ui.confirm", "params": ["x" * 1_000_000]})
    machine.receive({"id": 65, "method": "ui.confirm", "params": ["x" * 100_000]})
    machine.receive({"id": 66, "method": "ui.confirm"})
    assert [(frame["id"], frame["error"]["code"]) for frame in machine.frames()] == [(65, -32009)]


def test_each_entry_of_a_batch_counts_with_its_own_bytes() -> None:
    machine = Machine(SessionOptions(plain=True))
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.session.handled.add("ui.note")
    for _ in range(64):
        machine.receive({"method": "ui.note"})
    note = {"jsonrpc": "2.0", "method": "ui.note", "params": ["x" * 10_000]}
    machine.raw(msgspec.json.encode([note] * 100))
    assert machine.take(Drop) == []
    machine.raw(msgspec.json.encode([note] * 10))
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_a_notification_that_finds_no_room_ends_the_connection_and_comes_again() -> None:
    machine = opened()
    machine.session.handled.add("ui.clear")
    for number in range(64 + 256 + 1):
        machine.receive({"method": "ui.clear", "seq": number + 1})
    serves = [output for output in machine.outputs() if isinstance(output, Serve | Drop)]
    assert [drop.code for drop in serves if isinstance(drop, Drop)] == [4013]
    assert len(serves) == 64 + 1
    machine.lose()
    machine.meet(resumed=True, sent=321)
    assert machine.session.next_frame(machine.now) is None
    (first, *_) = [serve.call for serve in serves if isinstance(serve, Serve)]
    machine.take(Serve)
    machine.answer(first, None)
    machine.receive({"method": "ui.clear", "seq": 321})
    assert len(machine.take(Serve)) == 1
    machine.move(1.0)
    assert machine.frames() == [{"jsonrpc": "2.0", "method": "rpc.ack", "params": {"seq": 321}}]


def test_a_notification_without_a_number_that_finds_no_room_ends_the_connection() -> None:
    machine = opened()
    machine.session.handled.add("ui.clear")
    for _ in range(64 + 256 + 1):
        machine.receive({"method": "ui.clear"})
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_a_server_that_reads_no_answers_is_left() -> None:
    machine = Machine(SessionOptions(buffer_bytes=256 * 1024))
    machine.greet()
    for number in range(20_000):
        machine.receive({"id": number, "method": "x"})
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_handlers_go_on_over_a_cut_and_their_answers_arrive() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm", "seq": 1})
    (serve,) = machine.take(Serve)
    machine.lose()
    assert machine.take(Abort) == []
    machine.answer(serve.call, b"true")
    assert machine.meet(resumed=True) == [{"jsonrpc": "2.0", "id": 1, "result": True}]


def test_handlers_are_stopped_when_the_session_is_lost_and_answer_nobody() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm", "seq": 1})
    (serve,) = machine.take(Serve)
    machine.lose()
    assert machine.meet() == []
    assert machine.take(Abort) == [Abort(serve.call)]
    machine.answer(serve.call, b"true")
    assert machine.frames() == []


def test_a_handler_is_stopped_once_whatever_ends_after_it_was_told() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm", "seq": 1})
    (serve,) = machine.take(Serve)
    machine.receive({"method": "rpc.cancel", "params": {"id": 1}})
    assert machine.take(Abort) == [Abort(serve.call)]
    machine.lose()
    machine.meet()
    machine.session.close(machine.now)
    machine.lose()
    assert machine.session.phase is Phase.ENDED
    assert machine.take(Abort) == []


def test_an_answer_that_finds_no_room_waits_and_keeps_its_handler_s_place() -> None:
    machine = Machine(SessionOptions(buffer_bytes=300))
    machine.greet()
    machine.session.handled.add("ui.confirm")
    for number in range(67):
        machine.receive({"id": number, "method": "ui.confirm"})
    for serve in machine.take(Serve):
        machine.answer(serve.call, b'"' + b"x" * 200 + b'"')
    assert (len(machine.frames()), len(machine.take(Serve))) == (1, 1)
    machine.receive({"method": "rpc.ack", "params": {"seq": 1}})
    assert (len(machine.frames()), len(machine.take(Serve))) == (1, 1)


def test_an_answer_larger_than_the_server_takes_becomes_an_error() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 300, "max_calls": 64})
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm"})
    (serve,) = machine.take(Serve)
    machine.answer(serve.call, b'"' + b"x" * 300 + b'"')
    assert machine.frames()[0]["error"]["code"] == -32008


def test_rpc_ping_as_a_call_is_answered_without_a_number() -> None:
    machine = opened()
    machine.receive({"id": 9, "method": "rpc.ping", "seq": 1})
    frame = machine.session.next_frame(machine.now)
    assert frame == b'{"jsonrpc":"2.0","id":9,"result":null}'


@pytest.mark.parametrize("limit", [-1, -math.inf, math.nan])
def test_a_time_limit_that_is_none_counts_as_absent(limit: float) -> None:
    assert CallMessage(b"1", "ui.confirm", None, {"timeout_ms": limit}).timeout is None


def test_an_answer_nested_too_deeply_becomes_an_error_in_its_place() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 9, "method": "ui.confirm", "seq": 1})
    (serve,) = machine.take(Serve)
    machine.answer(serve.call, b"[" * 128 + b"]" * 128)
    (answer,) = machine.frames()
    assert answer["error"]["data"]["kind"] == "internal_error"
