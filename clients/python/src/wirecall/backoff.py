"""When to try again: full jitter, so that a thousand clients do not come back at once."""

from __future__ import annotations

from collections.abc import Callable

_MAX_DOUBLINGS = 63


class Backoff:
    """The delays between attempts. No clock of its own: `now` comes with each call, in seconds."""

    def __init__(
        self, base: float, cap: float, reset_after: float, random: Callable[[], float]
    ) -> None:
        """Starts with no failure behind it.

        Args:
            base: The upper bound of the first delay, in seconds.
            cap: The upper bound of every delay.
            reset_after: How long a connection must last before the delays start over.
            random: A number from 0 to 1.
        """
        self._base = base
        self._cap = cap
        self._reset_after = reset_after
        self._random = random
        self._opened_at: float | None = None
        self.failures = 0
        """Attempts and short connections that failed in a row."""

    def opened(self, now: float) -> None:
        """A connection opened; only time will tell whether it counts as a success."""
        self._opened_at = now

    def failed(self, now: float) -> None:
        """An attempt failed or a connection ended."""
        if self._opened_at is not None and now - self._opened_at >= self._reset_after:
            self.failures = 0
        self._opened_at = None
        self.failures += 1

    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        doublings = min(max(self.failures - 1, 0), _MAX_DOUBLINGS)
        return self._random() * min(self._cap, self._base * 2.0**doublings)
