"""Whether to try again."""

from __future__ import annotations

from wirecall.disconnect import Disconnect
from wirecall.options import ReconnectOptions
from wirecall.reconnect import Reconnect

LOST = Disconnect.of(1006, "")


def reconnect(options: ReconnectOptions | None = None, *, lazy: bool = True) -> Reconnect:
    """One with the highest jitter."""
    return Reconnect(options or ReconnectOptions(), lambda: 1.0, lazy=lazy)


def test_a_failed_first_attempt_is_the_end_unless_lazy() -> None:
    assert reconnect(lazy=False).lost(LOST, 0.0) is None
    assert reconnect(lazy=True).lost(LOST, 0.0) == 0.25


def test_once_open_it_comes_back() -> None:
    machine = reconnect(lazy=False)
    machine.opened(0.0)
    assert machine.lost(LOST, 1.0) == 0.25
    assert machine.attempt == 1


def test_it_gives_up_after_so_many_attempts_in_a_row() -> None:
    machine = reconnect(ReconnectOptions(attempts=2))
    assert [machine.lost(LOST, 0.0) is None for _ in range(3)] == [False, False, True]


def test_a_verdict_to_stay_away_is_the_end() -> None:
    assert reconnect().lost(Disconnect.of(4501, "forbidden"), 0.0) is None


def test_a_draining_server_spreads_its_clients() -> None:
    machine = reconnect()
    assert machine.lost(Disconnect.of(4000, "draining", 8.0), 0.0) == 8.0
    assert reconnect().lost(Disconnect.of(4000, "draining", 0.0), 0.0) == 0.25


def test_the_return_to_a_draining_server_is_anywhere_in_its_time() -> None:
    chances = iter([1.0, 0.25, 0.0, 0.0])
    machine = Reconnect(ReconnectOptions(), lambda: next(chances), lazy=True)
    assert machine.lost(Disconnect.of(4000, "draining", 8.0), 0.0) == 2.0
    assert machine.lost(Disconnect.of(4000, "draining", 8.0), 0.0) == 0.0


def test_a_server_that_asks_for_time_gets_it_but_a_day_at_most() -> None:
    assert reconnect().lost(Disconnect.of(4029, "too many", 10.0), 0.0) == 10.25
    assert reconnect().lost(Disconnect.of(1013, "later", 1e9), 0.0) == 86_400.25
    assert reconnect().lost(Disconnect.of(4000, "draining", 1e9), 0.0) == 86_400.0


def test_without_reconnecting_the_first_loss_is_the_end() -> None:
    machine = Reconnect(None, lambda: 1.0, lazy=False)
    machine.opened(0.0)
    assert machine.lost(LOST, 60.0) is None
