"""When to try again."""

from __future__ import annotations

import pytest

from wirecall.backoff import Backoff


def top() -> float:
    """The highest jitter."""
    return 1.0


def delays(backoff: Backoff, count: int) -> list[float]:
    """The delays after so many failures in a row."""
    found: list[float] = []
    for _ in range(count):
        backoff.failed(0.0)
        found.append(backoff.delay())
    return found


def test_the_upper_bound_doubles_up_to_the_cap() -> None:
    backoff = Backoff(0.25, 2.0, 10.0, top)
    assert delays(backoff, 6) == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_the_delay_is_anywhere_below_the_bound(jitter: float) -> None:
    backoff = Backoff(0.25, 20.0, 10.0, lambda: jitter)
    assert delays(backoff, 2)[1] == 0.5 * jitter


def test_a_thousand_failures_do_not_overflow() -> None:
    assert delays(Backoff(0.25, 20.0, 10.0, top), 2000)[-1] == 20.0


def test_a_connection_that_lasted_starts_the_delays_over() -> None:
    backoff = Backoff(0.25, 20.0, 10.0, top)
    delays(backoff, 5)
    backoff.opened(100.0)
    backoff.failed(110.0)
    assert (backoff.failures, backoff.delay()) == (1, 0.25)


def test_a_crash_right_after_each_hello_makes_the_delays_grow() -> None:
    backoff = Backoff(0.25, 20.0, 10.0, top)
    found: list[float] = []
    for start in (0.0, 100.0, 200.0):
        backoff.opened(start)
        backoff.failed(start + 9.9)
        found.append(backoff.delay())
    assert found == [0.25, 0.5, 1.0]
