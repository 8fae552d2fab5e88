"""The table of this side's calls."""

from __future__ import annotations

import math

from wirecall.calls import MAX_RESENDS, PendingCall, PendingCalls, Request


def call(
    number: int, deadline: float = math.inf, *, idempotent: bool = False, notification: bool = False
) -> PendingCall:
    """A call with this number."""
    request = Request("m", idempotent=idempotent, notification=notification)
    return PendingCall(number, request, deadline)


def table(*calls: PendingCall) -> PendingCalls:
    """A table in which these wait."""
    pending = PendingCalls()
    for each in calls:
        pending.add(each)
    return pending


def taken(pending: PendingCalls, max_open: float = math.inf) -> list[int]:
    """The numbers of all that may be written."""
    numbers: list[int] = []
    while (each := pending.take(max_open)) is not None:
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


def test_only_an_open_call_is_answered_and_only_once() -> None:
    pending = table(call(1), call(2))
    pending.take(1)
    assert pending.answer(2) is None
    assert pending.answer(None) is None
    assert pending.answer(1) is not None
    assert pending.answer(1) is None


def test_removing_tells_whether_the_call_was_written() -> None:
    one, two = call(1), call(2)
    pending = table(one, two)
    pending.take(math.inf)
    assert pending.remove(1) == (one, True)
    assert pending.remove(2) == (two, False)
    assert pending.remove(3) is None


def test_a_lost_connection_fails_what_was_written_and_carries_the_rest() -> None:
    pending = table(call(1), call(2), call(3))
    taken(pending, 2)
    assert [each.id for each in pending.lose()] == [1, 2]
    assert taken(pending) == [3]


def test_idempotent_calls_go_to_the_head_of_the_line_in_their_order() -> None:
    pending = table(call(1, idempotent=True), call(2), call(3, idempotent=True), call(4))
    taken(pending, 3)
    assert [each.id for each in pending.lose()] == [2]
    assert taken(pending) == [1, 3, 4]


def test_an_idempotent_call_is_sent_again_three_times_at_most() -> None:
    pending = table(call(1, idempotent=True))
    lost: list[int] = []
    for _ in range(MAX_RESENDS + 1):
        taken(pending)
        lost.append(len(pending.lose()))
    assert lost == [0, 0, 0, 1]


def test_calls_run_out_of_time_whether_written_or_not() -> None:
    pending = table(call(1, 10.0), call(2, 5.0), call(3, 20.0))
    pending.take(1)
    assert pending.wake_at() == 5.0
    assert [(each.id, written) for each, written in pending.expire(10.0)] == [(2, False), (1, True)]
    assert pending.wake_at() == 20.0


def test_an_answered_call_does_not_wake_anybody() -> None:
    pending = table(call(1, 10.0))
    pending.take(1)
    pending.answer(1)
    assert pending.wake_at() == math.inf


def test_the_deadlines_of_many_answered_calls_are_forgotten() -> None:
    pending = table(call(0, 10.0))
    pending.take(math.inf)
    for number in range(1, 10_000):
        pending.add(call(number, 30.0))
        pending.take(math.inf)
        pending.answer(number)
        pending.wake_at()
    kept = [len(value) for value in vars(pending).values()]
    assert max(kept) < 200
