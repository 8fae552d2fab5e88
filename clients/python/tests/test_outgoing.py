"""This side's calls in the session machine: what leaves, and how each call ends."""

from __future__ import annotations

import math

import pytest

from tests.machine import Machine, opened
from tests.peer import hello_answer
from wirecall import (
    ClosedError,
    ConnectionLostError,
    DeadlineExceededError,
    EncodeError,
    ResourceExhaustedError,
)
from wirecall.calls import Request
from wirecall.disconnect import Disconnect
from wirecall.heartbeat import HeartbeatOptions
from wirecall.options import SessionOptions
from wirecall.output import (
    Answered,
    Drop,
    Failed,
    Fault,
    Refused,
    Sent,
)


def test_a_call_leaves_with_what_is_left_of_its_time() -> None:
    machine = Machine()
    machine.call("chat.post", timeout=30.0)
    machine.move(10.0)
    machine.greet()
    assert machine.frames() == [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "chat.post",
            "params": {},
            "meta": {"timeout_ms": 20_000},
        }
    ]


def test_a_call_without_a_limit_sends_none() -> None:
    machine = opened()
    machine.call(timeout=math.inf)
    assert "meta" not in machine.frames()[0]


def test_results_and_errors_find_their_calls_in_any_order() -> None:
    machine = opened()
    one, two = machine.call("a"), machine.call("b")
    machine.frames()
    machine.receive({"id": two, "error": {"code": 1001, "message": "no"}})
    machine.receive({"id": one, "result": [1]})
    refused, answered = machine.outputs()
    assert isinstance(refused, Refused)
    assert (refused.call, refused.error.code) == (two, 1001)
    assert isinstance(answered, Answered)
    assert (answered.call, bytes(answered.result)) == (one, b"[1]")


@pytest.mark.parametrize("identity", [99, "1", None, 1.5, -1, 2**70])
def test_an_answer_to_no_open_call_is_ignored(identity: object) -> None:
    machine = opened()
    machine.call()
    machine.frames()
    machine.receive({"id": identity, "result": 1})
    assert [type(output) for output in machine.outputs()] == [Fault]


def test_a_second_answer_is_ignored() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    machine.receive({"id": call, "result": 1})
    machine.receive({"id": call, "result": 2})
    assert [type(output) for output in machine.outputs()] == [Answered, Fault]


def test_an_error_that_cannot_be_read_fails_its_call_alone() -> None:
    machine = opened()
    one, two = machine.call(), machine.call()
    machine.frames()
    machine.receive({"id": one, "error": "text"})
    machine.receive({"id": two, "result": 2})
    assert [type(output) for output in machine.outputs()] == [Failed, Answered]


def test_a_time_limit_ends_the_call_here_and_there() -> None:
    machine = opened()
    call = machine.call("chat.post", timeout=2.0)
    machine.frames()
    machine.move(2.0)
    (failed,) = machine.take(Failed)
    assert isinstance(failed.error, DeadlineExceededError)
    assert str(failed.error) == "chat.post was not answered within 2 s"
    assert machine.frames() == [{"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": call}}]


def test_a_time_limit_runs_on_while_away() -> None:
    machine = Machine()
    call = machine.call(timeout=2.0)
    machine.move(1.9)
    assert machine.take(Failed) == []
    machine.move(0.1)
    assert [failed.call for failed in machine.take(Failed)] == [call]
    machine.greet()
    assert machine.frames() == []


def test_cancelling_a_call_tells_the_server_after_what_has_its_place_already() -> None:
    machine = opened()
    call = machine.call("slow")
    machine.frames()
    machine.call("next")
    machine.cancel(call)
    assert machine.methods() == ["next", "rpc.cancel"]


def test_cancelling_a_call_that_waits_tells_nobody() -> None:
    machine = Machine()
    machine.cancel(machine.call())
    machine.greet()
    assert machine.frames() == []


def test_calls_above_max_calls_are_held_back_in_order() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 1000, "max_calls": 2})
    calls = [machine.call(name) for name in "abcd"]
    assert machine.methods() == ["a", "b"]
    machine.receive({"id": calls[1], "result": None})
    assert machine.methods() == ["c"]
    machine.cancel(calls[0])
    assert machine.methods() == ["rpc.cancel", "d"]


def test_the_queue_is_bounded_while_away_and_says_so() -> None:
    machine = Machine(SessionOptions(queue=2))
    machine.call()
    machine.notify()
    with pytest.raises(ResourceExhaustedError, match=r"2 calls wait already \(option `queue`\)"):
        machine.call()
    machine.greet()
    assert len(machine.frames()) == 2


def test_a_thousand_calls_at_once_on_an_open_connection_take_their_turn() -> None:
    machine = opened()
    for _ in range(1000):
        machine.call()
    assert len(machine.frames()) == 64


def test_a_call_larger_than_the_server_takes_fails_alone() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 150, "max_calls": 64})
    large = machine.call("x" * 200)
    machine.call("small")
    assert machine.methods() == ["small"]
    (failed,) = machine.take(Failed)
    assert failed.call == large
    assert "150 (max_message_bytes)" in str(failed.error)


def test_a_lost_session_decides_every_call() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 1000, "max_calls": 2})
    written = machine.call("written")
    again = machine.call("again", idempotent=True)
    machine.frames()
    machine.call("waits")
    end = machine.lose()
    assert machine.take(Failed) == []
    frames = machine.meet()
    (failed,) = machine.take(Failed)
    assert failed.call == written
    assert isinstance(failed.error, ConnectionLostError)
    assert failed.error.disconnect == end
    assert [frame["method"] for frame in frames] == ["again", "waits"]
    assert frames[0]["id"] == again


def test_a_call_whose_frame_was_not_taken_counts_as_never_written() -> None:
    machine = opened()
    machine.call("a")
    machine.call("b")
    assert machine.session.next_frame(machine.now) is not None
    machine.lose()
    assert [frame["method"] for frame in machine.meet()] == ["b"]
    assert len(machine.take(Failed)) == 1


def test_nothing_is_carried_from_one_user_to_another() -> None:
    machine = Machine()
    machine.greet(user="ann")
    machine.lose()
    call = machine.call()
    machine.session.connecting(10.0, machine.now)
    machine.session.connected(None, machine.now)
    machine.frames()
    machine.receive({"id": 0, "result": hello_answer(user="bob")})
    (failed,) = machine.take(Failed)
    assert (failed.call, type(failed.error)) == (call, ClosedError)
    assert "another user" in str(failed.error)


def test_a_notification_is_sent_when_it_is_handed_to_the_socket() -> None:
    machine = Machine()
    number = machine.notify("chat.typing")
    assert machine.take(Sent) == []
    machine.greet()
    assert machine.methods() == ["chat.typing"]
    assert machine.take(Sent) == [Sent(number)]


def test_an_idempotent_call_that_was_written_once_has_an_unknown_outcome_at_the_end() -> None:
    machine = opened()
    machine.call(idempotent=True)
    machine.frames()
    machine.lose()
    assert machine.take(Failed) == []
    machine.session.end(Disconnect.of(1000, ""), "the client was closed")
    assert [type(failed.error) for failed in machine.take(Failed)] == [ConnectionLostError]


def test_the_end_fails_what_was_written_and_what_was_not_in_two_ways() -> None:
    machine = opened()
    written = machine.call()
    machine.frames()
    machine.receive({"method": "rpc.close", "params": {"code": 4000, "in_ms": 5000}})
    waiting = machine.call()
    machine.session.end(Disconnect.of(1000, ""), "the client was closed")
    kinds = {failed.call: type(failed.error) for failed in machine.take(Failed)}
    assert kinds == {written: ConnectionLostError, waiting: ClosedError}
    with pytest.raises(ClosedError):
        machine.call()


def test_a_call_of_a_lost_session_is_told_why_it_is_lost_and_not_which_attempt_failed() -> None:
    machine = opened()
    machine.call()
    machine.frames()
    machine.session.disconnected(1006, "reset by peer", machine.now)
    machine.session.connecting(10.0, machine.now)
    machine.session.disconnected(1006, "cannot connect", machine.now)
    machine.meet(session="s-2", reason="expired")
    (failed,) = machine.take(Failed)
    assert isinstance(failed.error, ConnectionLostError)
    assert str(failed.error) == (
        "chat.post was sent and not answered (the session is lost: expired; its connection had "
        "ended: 1006 reset by peer): its outcome is unknown"
    )
    assert failed.error.disconnect == Disconnect(1006, "reset by peer", come_back=True)


def test_a_call_on_a_client_that_the_server_closed_is_told_the_server_s_reason() -> None:
    machine = opened()
    reason = "the connection ended: 4502 kicked out"
    machine.session.end(Disconnect.of(4502, "kicked out"), reason)
    with pytest.raises(ClosedError, match=f"chat.post was not sent: {reason}") as caught:
        machine.call()
    assert caught.value.disconnect == Disconnect(4502, "kicked out", come_back=False)


def test_a_notification_that_was_taken_back_is_not_carried_into_the_next_session() -> None:
    machine = opened()
    machine.frames()
    machine.lose()
    note = machine.notify("a")
    machine.notify("b")
    machine.cancel(note)
    assert [frame["method"] for frame in machine.meet()] == ["b"]


def test_what_waits_for_room_ends_the_session_only_when_no_ack_comes() -> None:
    machine = Machine(SessionOptions(buffer_bytes=150, heartbeat=HeartbeatOptions(timeout=20.0)))
    machine.greet()
    for _ in range(4):
        machine.call(timeout=1000.0)
    machine.frames()

    def live(seconds: int) -> None:
        for _ in range(seconds):
            machine.move(1.0)
            machine.receive({"method": "rpc.pong"})

    for seq in (1, 2):
        live(15)
        machine.receive({"method": "rpc.ack", "params": {"seq": seq}})
        assert machine.methods() == ["chat.post"]
    live(19)
    assert machine.take(Drop) == []
    live(1)
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_a_call_nested_too_deeply_fails_alone() -> None:
    machine = opened()
    request = Request("deep", b"[" * 128 + b"]" * 128)
    deep = machine.session.send(request, machine.now)
    machine.call("small")
    assert machine.methods() == ["small"]
    (failed,) = machine.take(Failed)
    assert failed.call == deep
    assert isinstance(failed.error, EncodeError)
    assert str(failed.error) == "deep is nested more than 128 deep, which cannot be sent"


def test_an_error_without_an_id_is_told_with_its_error() -> None:
    machine = opened()
    machine.receive({"id": None, "error": {"code": -32700, "message": "what you sent"}})
    (fault,) = machine.take(Fault)
    assert fault.error is not None
    assert fault.error.code == -32700


def test_where_there_is_no_room_the_queue_is_bounded_too() -> None:
    machine = Machine(SessionOptions(buffer_bytes=150, queue=2))
    machine.greet()
    machine.call("x" * 100)
    machine.call("waits")
    machine.call("waits")
    with pytest.raises(ResourceExhaustedError):
        machine.call("one more")


def test_an_ack_that_is_due_overtakes_ten_calls_that_are_queued() -> None:
    machine = Machine(SessionOptions(buffer_bytes=1000))
    machine.greet()
    machine.call("x" * 900)
    for _ in range(10):
        machine.call("queued")
    assert len(machine.frames()) == 1
    machine.receive({"method": "ui.moved", "seq": 1})
    machine.now += 1.0
    machine.receive({"method": "rpc.ack", "params": {"seq": 1}})
    assert machine.methods() == ["rpc.ack", *["queued"] * 10]
