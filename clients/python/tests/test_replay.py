"""The replay buffer: what is numbered, kept, written again and acknowledged."""

from __future__ import annotations

import math

import pytest

from wirecall.replay import LAST_SEQ, ExhaustedError, OutOfRangeError, Receipt, Replay


def replay(*messages: bytes, bound: int = 100) -> Replay:
    """A buffer that keeps these messages."""
    made = Replay(bound)
    for message in messages:
        made.push(message)
    return made


def written(made: Replay) -> list[int]:
    """The numbers of all that the connection has to write."""
    numbers: list[int] = []
    while (taken := made.next()) is not None:
        numbers.append(taken[0])
    return numbers


def test_messages_are_numbered_from_one_and_leave_in_order() -> None:
    made = replay(b"a", b"b")
    assert made.pending
    assert [made.next(), made.next(), made.next()] == [(1, b"a"), (2, b"b"), None]
    assert not made.pending


def test_what_is_written_stays_until_it_is_acknowledged() -> None:
    made = replay(b"a", b"bb", b"ccc")
    assert written(made) == [1, 2, 3]
    assert made.bytes == 6
    assert made.acked(2)
    assert made.bytes == 3


def test_a_lower_ack_is_ignored_and_one_above_what_was_sent_is_out_of_range() -> None:
    made = replay(b"a", b"b", b"c")
    with pytest.raises(OutOfRangeError):
        made.acked(1)
    written(made)
    assert [made.acked(2), made.acked(1), made.acked(2)] == [True, False, False]
    with pytest.raises(OutOfRangeError):
        made.acked(4)
    assert made.peer_received == 2


def test_the_buffer_is_bounded_and_an_empty_one_takes_any_one_message() -> None:
    made = Replay(10)
    assert made.fits(1000)
    made.push(bytes(1000))
    assert not made.fits(1)
    written(made)
    made.acked(1)
    made.push(bytes(4))
    assert made.fits(6)
    assert not made.fits(7)


def test_after_a_resume_what_was_not_received_is_written_again_before_what_is_new() -> None:
    made = replay(b"a", b"b", b"c")
    written(made)
    made.push(b"d")
    made.resume(1)
    assert made.pending
    assert written(made) == [2, 3, 4]
    assert not made.pending


def test_a_resume_works_when_nothing_was_received_and_any_number_of_times() -> None:
    made = replay(b"a", b"b")
    for _ in range(5):
        made.resume(0)
        assert written(made) == [1, 2]
    made.resume(2)
    assert written(made) == []


def test_a_resume_in_the_middle_of_a_replay_starts_where_the_other_end_stands() -> None:
    made = replay(b"a", b"b", b"c")
    written(made)
    made.resume(0)
    made.next()
    made.resume(1)
    assert written(made) == [2, 3]
    made.resume(3)


def test_a_resume_out_of_range_changes_nothing() -> None:
    made = replay(b"a", b"b", b"c")
    made.next()
    made.next()
    made.acked(1)
    for received in (0, 3):
        with pytest.raises(OutOfRangeError):
            made.resume(received)
    assert written(made) == [3]


def test_an_ack_in_the_middle_of_a_replay_moves_on_what_is_written() -> None:
    made = replay(b"a", b"b", b"c")
    written(made)
    made.resume(0)
    made.acked(2)
    assert written(made) == [3]


def test_the_last_number_is_never_given() -> None:
    made = Replay(100, sent=LAST_SEQ - 2)
    assert made.push(b"a") == LAST_SEQ - 1
    with pytest.raises(ExhaustedError):
        made.push(b"b")


def test_a_repeated_number_is_told_from_a_new_one_and_from_a_gap() -> None:
    made = Replay(100)
    receipts = [made.receive(seq, 1, 0.0) for seq in (2, 1, 1, 3)]
    assert receipts == [Receipt.GAP, Receipt.NEW, Receipt.REPEATED, Receipt.GAP]
    assert made.received == 1


def test_an_ack_is_due_after_64_messages() -> None:
    made = Replay(100)
    for seq in range(1, 64):
        made.receive(seq, 1, 0.0)
        assert made.take_ack(0.0) is None
    made.receive(64, 1, 0.0)
    assert [made.take_ack(0.0), made.take_ack(0.0)] == [64, None]


def test_an_ack_is_due_after_64_kib_or_a_quarter_of_what_the_other_end_keeps() -> None:
    made = Replay(100)
    made.receive(1, 64 * 1024 - 1, 0.0)
    assert made.take_ack(0.0) is None
    made.receive(2, 1, 0.0)
    assert made.take_ack(0.0) == 2
    made.peer_keeps(4000)
    made.receive(3, 1000, 0.0)
    assert made.take_ack(0.0) == 3


def test_an_ack_is_due_a_second_after_the_first_message_and_never_for_nothing() -> None:
    made = Replay(100)
    assert made.ack_at() == math.inf
    made.receive(1, 1, 10.0)
    made.receive(2, 1, 10.9)
    assert made.ack_at() == 11.0
    assert [made.take_ack(10.9), made.take_ack(11.0)] == [None, 2]
    made.receive(2, 1, 12.0)
    assert made.ack_at() == math.inf


def test_hello_tells_what_was_received_so_that_no_ack_follows_it() -> None:
    made = Replay(100)
    made.receive(1, 1, 0.0)
    made.resume(0)
    assert made.ack_at() == math.inf
    assert made.received == 1
