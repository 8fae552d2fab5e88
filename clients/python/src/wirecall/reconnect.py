"""Whether to try again after a connection is over, and when. Pure: the time is given."""

from __future__ import annotations

from collections.abc import Callable

from wirecall.backoff import Backoff
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.options import ReconnectOptions

_LONGEST = 86_400.0
"""A day, in seconds: a server that names more has no date in mind."""


class Reconnect:
    """The decision after each connection and attempt."""

    def __init__(
        self, options: ReconnectOptions | None, random: Callable[[], float], *, lazy: bool
    ) -> None:
        """Starts before the first attempt.

        Args:
            options: How to come back; None for never.
            random: A number from 0 to 1.
            lazy: Whether a failed first attempt is followed by another.
        """
        given = options or ReconnectOptions(attempts=0)
        self._attempts = given.attempts
        self._backoff = Backoff(given.base, given.cap, given.reset_after, random)
        self._random = random
        self._may_retry = lazy

    @property
    def attempt(self) -> int:
        """The number of the next attempt since a connection last held, from 1."""
        return self._backoff.failures

    def opened(self, now: float) -> None:
        """The session is open."""
        self._backoff.opened(now)
        self._may_retry = True

    def lost(self, end: Disconnect, now: float) -> float | None:
        """A connection or an attempt is over: seconds until the next one, or None for never.

        A server that drains is come back to spread over the time that it asks for, any other no
        sooner than it asks for: a day at most, and never sooner than the backoff has it.
        """
        self._backoff.failed(now)
        exhausted = self._attempts is not None and self._backoff.failures > self._attempts
        if not self._may_retry or not end.come_back or exhausted:
            return None
        told = min(end.retry_within or 0.0, _LONGEST)
        own = self._backoff.delay()
        if end.code == CloseCode.DRAINING:
            return max(own, self._random() * told)
        return own + told
