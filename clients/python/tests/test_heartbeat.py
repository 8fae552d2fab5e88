"""The watchdog, on a moved clock."""

from __future__ import annotations

from wirecall.heartbeat import Beat, Heartbeat, HeartbeatOptions


def heartbeat() -> Heartbeat:
    """One that was heard at 0, with a ping interval of 25 s."""
    return Heartbeat(HeartbeatOptions(), 25.0, 0.0)


def test_a_connection_is_dropped_ten_seconds_after_the_missing_ping() -> None:
    machine = heartbeat()
    assert machine.wake_at() == 35.0
    assert machine.tick(34.9) is None
    assert machine.tick(35.0) is Beat.DROP


def test_every_message_keeps_the_connection_alive() -> None:
    machine = heartbeat()
    machine.heard(30.0)
    assert machine.tick(64.9) is None
    assert machine.tick(65.0) is Beat.DROP


def test_an_unanswered_call_is_followed_by_a_ping_and_then_the_end() -> None:
    machine = heartbeat()
    machine.wrote_call(5.0)
    assert machine.tick(14.9) is None
    assert machine.tick(15.0) is Beat.PING
    assert machine.tick(15.1) is None
    assert machine.tick(20.0) is Beat.DROP


def test_a_later_call_does_not_put_the_ping_off() -> None:
    machine = heartbeat()
    machine.wrote_call(5.0)
    machine.wrote_call(14.0)
    assert machine.tick(15.0) is Beat.PING


def test_an_answered_ping_is_the_end_of_the_worry() -> None:
    machine = heartbeat()
    machine.wrote_call(0.0)
    assert machine.tick(10.0) is Beat.PING
    machine.heard(11.0)
    assert machine.wake_at() == 46.0
    assert machine.tick(20.0) is None


def test_after_a_sleep_the_connection_counts_as_silent() -> None:
    machine = heartbeat()
    assert not machine.silent(34.0)
    assert machine.silent(300.0)


def test_all_times_are_settings() -> None:
    options = HeartbeatOptions(grace=1.0, call_silence=2.0, call_grace=3.0)
    machine = Heartbeat(options, 10.0, 0.0)
    assert machine.wake_at() == 11.0
    machine.wrote_call(0.0)
    assert machine.tick(2.0) is Beat.PING
    assert machine.wake_at() == 5.0
