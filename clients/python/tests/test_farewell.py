"""When a client that closes knows that the server has everything, without waiting for its ack."""

from __future__ import annotations

from tests.machine import opened
from wirecall.output import Drop

GOODBYE = Drop(1000, "")


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
