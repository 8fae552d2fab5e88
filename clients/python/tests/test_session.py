"""The session machine: no socket, no clock but the one that the test moves."""

from __future__ import annotations

import math

import pytest

from tests.machine import Machine
from tests.peer import hello_answer
from wirecall import ClosedError, ConnectionLostError, DeadlineExceededError, ResourceExhaustedError
from wirecall.disconnect import Disconnect
from wirecall.options import SessionOptions
from wirecall.output import (
    Abort,
    Answered,
    Drop,
    Event,
    Failed,
    Fault,
    Opened,
    Refused,
    Sent,
    Serve,
)
from wirecall.session import Phase


def opened() -> Machine:
    """A session that is open."""
    machine = Machine()
    machine.greet()
    return machine


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


def test_cancelling_a_written_call_tells_the_server_and_overtakes_what_waits() -> None:
    machine = opened()
    call = machine.call("slow")
    machine.frames()
    machine.call("next")
    machine.session.cancel(call)
    assert machine.methods() == ["rpc.cancel", "next"]


def test_cancelling_a_call_that_waits_tells_nobody() -> None:
    machine = Machine()
    machine.session.cancel(machine.call())
    machine.greet()
    assert machine.frames() == []


def test_calls_above_max_calls_are_held_back_in_order() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 1000, "max_calls": 2})
    calls = [machine.call(name) for name in "abcd"]
    assert machine.methods() == ["a", "b"]
    machine.receive({"id": calls[1], "result": None})
    assert machine.methods() == ["c"]
    machine.session.cancel(calls[0])
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
    machine.greet(limits={"max_message_bytes": 100, "max_calls": 64})
    large = machine.call("x" * 200)
    machine.call("small")
    assert machine.methods() == ["small"]
    (failed,) = machine.take(Failed)
    assert failed.call == large
    assert "100 (max_message_bytes)" in str(failed.error)


def test_a_lost_connection_decides_every_call() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 1000, "max_calls": 2})
    written = machine.call("written")
    again = machine.call("again", idempotent=True)
    machine.frames()
    machine.call("waits")
    end = machine.lose()
    (failed,) = machine.take(Failed)
    assert failed.call == written
    assert isinstance(failed.error, ConnectionLostError)
    assert failed.error.disconnect == end
    machine.greet()
    frames = machine.frames()
    assert [frame["method"] for frame in frames] == ["again", "waits"]
    assert frames[0]["id"] == again


def test_a_call_whose_frame_was_not_taken_counts_as_never_written() -> None:
    machine = opened()
    machine.call("a")
    machine.call("b")
    assert machine.session.next_frame(machine.now) is not None
    machine.lose()
    assert len(machine.take(Failed)) == 1
    machine.greet()
    assert machine.methods() == ["b"]


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


def test_the_end_fails_what_was_written_and_what_was_not_in_two_ways() -> None:
    machine = opened()
    written = machine.call()
    machine.frames()
    machine.session.phase = Phase.DRAINING
    waiting = machine.call()
    machine.session.end(Disconnect.of(1000, ""), "the client was closed", machine.now)
    kinds = {failed.call: type(failed.error) for failed in machine.take(Failed)}
    assert kinds == {written: ConnectionLostError, waiting: ClosedError}
    with pytest.raises(ClosedError):
        machine.call()


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


def test_a_server_that_announces_a_close_and_forgets_it_is_left() -> None:
    machine = opened()
    machine.receive({"method": "rpc.close", "params": {"code": 4000, "in_ms": 5000}})
    machine.move(14.9)
    assert machine.take(Drop) == []
    machine.move(0.1)
    assert len(machine.take(Drop)) == 1


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
        machine.session.answer(serve.call, b"true")
        frame = machine.session.next_frame(machine.now)
        assert frame == b'{"jsonrpc":"2.0","id":%b,"result":true}' % identity


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
    machine.session.answer(serve.call, b"true")
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
    machine.session.answer(serves[0].call, b"true")
    assert [serve.call.id for serve in machine.take(Serve)] == [b"64"]


def test_a_cancelled_call_that_waits_never_starts() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    for number in range(65):
        machine.receive({"id": number, "method": "ui.confirm"})
    serves = machine.take(Serve)
    machine.receive({"method": "rpc.cancel", "params": {"id": 64}})
    assert [frame["id"] for frame in machine.frames()] == [64]
    machine.session.answer(serves[0].call, b"true")
    assert machine.take(Serve) == []


def test_an_id_that_is_open_is_not_run_again() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm"})
    machine.receive({"id": 1, "method": "ui.confirm"})
    assert len(machine.take(Serve)) == 1
    (frame,) = machine.frames()
    assert (frame["id"], frame["error"]["code"]) == (None, -32600)


def test_too_many_notifications_for_handlers_end_the_connection() -> None:
    machine = opened()
    machine.session.handled.add("ui.clear")
    for _ in range(64 + 256 + 1):
        machine.receive({"method": "ui.clear"})
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_a_server_that_reads_no_answers_is_left() -> None:
    machine = opened()
    for number in range(20_000):
        machine.receive({"id": number, "method": "x"})
    assert [drop.code for drop in machine.take(Drop)] == [4013]


def test_handlers_are_stopped_when_the_connection_is_lost_and_answer_nobody() -> None:
    machine = opened()
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm"})
    (serve,) = machine.take(Serve)
    machine.lose()
    assert machine.take(Abort) == [Abort(serve.call)]
    machine.greet()
    machine.session.answer(serve.call, b"true")
    assert machine.frames() == []


def test_an_answer_larger_than_the_server_takes_becomes_an_error() -> None:
    machine = Machine()
    machine.greet(limits={"max_message_bytes": 300, "max_calls": 64})
    machine.session.handled.add("ui.confirm")
    machine.receive({"id": 1, "method": "ui.confirm"})
    (serve,) = machine.take(Serve)
    machine.session.answer(serve.call, b'"' + b"x" * 300 + b'"')
    assert machine.frames()[0]["error"]["code"] == -32008


MALFORMED: list[tuple[str, int]] = [
    ("", -32700),
    ("nonsense", -32700),
    ("{", -32700),
    ('{"jsonrpc":"2.0","id":1,"result":NaN}', -32700),
    ("[" * 200_000, -32700),
    ("[" * 129 + "]" * 129, -32700),
    ('{"a":' * 500 + "1" + "}" * 500, -32700),
    ("\ud800", -32700),
    ("1", -32600),
    ("null", -32600),
    ('"text"', -32600),
    ("[]", -32600),
    ("[1]", -32600),
    ("{}", -32600),
    ('{"jsonrpc":"2.0"}', -32600),
    ('{"jsonrpc":"2.0","id":1}', -32600),
    ('{"jsonrpc":"1.0","method":"a"}', -32600),
    ('{"method":"a"}', -32600),
    ('{"jsonrpc":"2.0","method":1}', -32600),
    ('{"jsonrpc":"2.0","method":"a","params":1}', -32600),
    ('{"jsonrpc":"2.0","method":"a","id":{}}', -32600),
    ('{"jsonrpc":"2.0","method":"a","id":true}', -32600),
    ('{"jsonrpc":"2.0","method":"a","meta":3}', -32600),
]


@pytest.mark.parametrize(("frame", "code"), MALFORMED, ids=lambda value: repr(value)[:40])
def test_what_is_no_message_is_answered_and_the_session_lives(frame: str, code: int) -> None:
    machine = opened()
    machine.raw(frame)
    (answer,) = machine.frames()
    assert (answer["id"], answer["error"]["code"]) == (None, code)
    assert machine.session.phase is Phase.OPEN


@pytest.mark.parametrize(
    "frame",
    [
        '{"jsonrpc":"2.0","method":"rpc.close"}',
        '{"jsonrpc":"2.0","method":"rpc.close","params":{"code":"x"}}',
        '{"jsonrpc":"2.0","method":"rpc.cancel"}',
        '{"jsonrpc":"2.0","method":"rpc.cancel","params":[]}',
        '{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":99}}',
        '{"jsonrpc":"2.0","method":"rpc.unheard_of","params":{}}',
        '{"jsonrpc":"2.0","id":1,"result":1,"error":{}}',
        '{"jsonrpc":"2.0","method":"a","id":1e999,"meta":{"timeout_ms":-1}}',
    ],
)
def test_odd_messages_of_the_protocol_end_nothing(frame: str) -> None:
    machine = opened()
    machine.raw(frame)
    assert machine.session.phase is Phase.OPEN
    assert machine.take(Drop) == []


def test_a_time_limit_of_a_thousand_digits_is_only_a_long_one() -> None:
    machine = opened()
    machine.session.handled.add("a")
    limit = "9" * 1000
    machine.raw('{"jsonrpc":"2.0","method":"a","id":1,"meta":{"timeout_ms":' + limit + "}}")
    assert machine.session.phase is Phase.OPEN


def test_a_binary_frame_on_the_text_subprotocol_ends_the_connection() -> None:
    machine = opened()
    machine.raw(b'{"jsonrpc":"2.0","method":"rpc.ping"}')
    assert [drop.code for drop in machine.take(Drop)] == [1003]


def test_a_batch_is_read_entry_by_entry() -> None:
    machine = opened()
    call = machine.call()
    machine.frames()
    answer = f'{{"jsonrpc":"2.0","id":{call},"result":1}}'
    machine.raw('[{"jsonrpc":"2.0","method":"e"},' + answer + ",7]")
    assert [type(output) for output in machine.outputs()] == [Event, Answered, Fault]


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
    machine.session.cancel(call)
    machine.raw(b"nonsense")
    assert machine.frames() == []
