"""The table of this side's calls."""

from __future__ import annotations

import math

from wirecall.calls import MAX_RESENDS, PendingCall, PendingCalls, Request


def call(
    number: int,
    deadline: float = math.inf,
    *,
    idempotent: bool = False,
    notification: bool = False,
    stream: bool = False,
) -> PendingCall:
    """A call with this number."""
    request = Request("m", idempotent=idempotent, notification=notification, stream=stream)
    return PendingCall(number, request, deadline)


def table(*calls: PendingCall) -> PendingCalls:
    """A table in which these wait."""
    pending = PendingCalls()
    for each in calls:
        pending.add(each)
    return pending


def taken(
    pending: PendingCalls, max_calls: float = math.inf, max_streams: float = math.inf
) -> list[int]:
    """The numbers of all that may take their place, which is that of their message, too."""
    numbers: list[int] = []
    while (each := pending.first(max_calls, max_streams)) is not None:
        pending.enter(each, each.id)
        numbers.append(each.id)
    return numbers


def test_calls_leave_in_the_order_in_which_they_came() -> None:
    pending = table(call(1), call(2, notification=True), call(3))
    assert taken(pending) == [1, 2, 3]
    assert (pending.waiting, pending.open) == (0, 2)


def test_calls_above_the_limit_are_held_back_until_one_is_answered() -> None:
    pending = table(*(call(number) for number in range(1, 6)))
    assert taken(pending, 2) == [1, 2]
    assert pending.answer(1) is not None
    assert taken(pending, 2) == [3]


def test_a_notification_behind_a_call_that_is_held_back_keeps_its_place() -> None:
    pending = table(call(1), call(2), call(3, notification=True))
    assert taken(pending, 1) == [1]
    pending.answer(1)
    assert taken(pending, 1) == [2, 3]


def test_streams_neither_wait_for_calls_nor_hold_them_up() -> None:
    pending = table(call(1), call(2), call(3, stream=True), call(4, stream=True), call(5))
    assert taken(pending, 1, 1) == [1, 3]
    pending.answer(1)
    assert taken(pending, 1, 1) == [2]
    pending.answer(3)
    assert taken(pending, 1, 1) == [4]
    assert (pending.open, pending.open_streams, pending.waiting) == (1, 1, 1)


def test_only_an_open_call_is_answered_and_only_once() -> None:
    pending = table(call(1), call(2))
    taken(pending, 1)
    assert pending.answer(2) is None
    assert pending.answer(None) is None
    assert pending.answer(1) is not None
    assert pending.answer(1) is None


def test_a_call_is_removed_wherever_it_is() -> None:
    one, two = call(1), call(2)
    pending = table(one, two)
    taken(pending, 1)
    assert pending.remove(1) is one
    assert pending.remove(2) is two
    assert pending.remove(3) is None
    assert (one.seq, two.seq) == (1, None)


def test_a_lost_session_fails_what_was_received_and_carries_the_rest() -> None:
    pending = table(call(1), call(2), call(3), call(4))
    taken(pending, 3)
    assert [each.id for each in pending.lose(received=2)] == [1, 2]
    assert taken(pending) == [3, 4]


def test_idempotent_calls_go_to_the_head_of_the_line_in_their_order() -> None:
    pending = table(call(1, idempotent=True), call(2), call(3, idempotent=True), call(4))
    taken(pending, 3)
    assert [each.id for each in pending.lose(received=3)] == [2]
    assert taken(pending) == [1, 3, 4]


def test_an_idempotent_call_is_sent_again_three_times_at_most() -> None:
    pending = table(call(1, idempotent=True))
    lost: list[int] = []
    for _ in range(MAX_RESENDS + 1):
        taken(pending)
        lost.append(len(pending.lose(received=1)))
    assert lost == [0, 0, 0, 1]


def test_an_idempotent_stream_is_sent_again_only_before_its_first_item() -> None:
    untouched, begun = (call(number, idempotent=True, stream=True) for number in (1, 2))
    pending = table(untouched, begun)
    taken(pending)
    if begun.down is not None:
        begun.down.receive(1)
    assert pending.lose(received=2) == [begun]


def test_calls_run_out_of_time_whether_they_have_a_place_or_not() -> None:
    pending = table(call(1, 10.0), call(2, 5.0), call(3, 20.0))
    taken(pending, 1)
    assert pending.wake_at() == 5.0
    assert [(each.id, each.seq) for each in pending.expire(10.0)] == [(2, None), (1, 1)]
    assert pending.wake_at() == 20.0


def test_an_answered_call_does_not_wake_anybody() -> None:
    pending = table(call(1, 10.0))
    taken(pending)
    pending.answer(1)
    assert pending.wake_at() == math.inf


def test_the_deadlines_of_many_answered_calls_are_forgotten() -> None:
    pending = table(call(0, 10.0))
    taken(pending)
    for number in range(1, 10_000):
        pending.add(call(number, 30.0))
        taken(pending)
        pending.answer(number)
        pending.wake_at()
    assert (pending.waiting, pending.open) == (0, 1)
    assert pending.deadlines < 200
