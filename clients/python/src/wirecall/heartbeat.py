"""Whether the connection still lives, judged by what was heard and when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class HeartbeatOptions:
    """The heartbeat's times, in seconds.

    Attributes:
        grace: How much longer than the server's ping interval silence may last before the
            connection is dropped. A slow network needs room; 10 s is what the server allows for.
        call_silence: After a call was written and nothing was heard for so long, ask with a ping.
        call_grace: How long that ping may stay unanswered before the connection is dropped.
        timeout: How long something may wait for room (`buffer_bytes`) without a sign that the
            server has received anything. Then the session is given up.
        write_deadline: How long writing may make no progress before the connection is dropped:
            a network that takes no byte for 10 s is not slow but gone.
    """

    grace: float = 10.0
    call_silence: float = 10.0
    call_grace: float = 5.0
    timeout: float = 60.0
    write_deadline: float = 10.0


class Beat(Enum):
    """What the heartbeat wants done."""

    PING = auto()
    DROP = auto()


class Heartbeat:
    """The watchdog of one connection. No clock of its own: `now` comes with each call."""

    def __init__(self, options: HeartbeatOptions, ping: float, now: float) -> None:
        """Starts with a connection that was heard just now.

        Args:
            options: The times.
            ping: The server's ping interval in seconds, from hello.
            now: The present.
        """
        self._options = options
        self._silence = ping + options.grace
        self._heard_at = now
        self._asked_at: float | None = None
        self._pinged = False

    def heard(self, now: float) -> None:
        """Any message arrived: the connection lives."""
        self._heard_at = now
        self._asked_at = None
        self._pinged = False

    def wrote_call(self, now: float) -> None:
        """A call was written, so an answer or a sign of life is due."""
        if self._asked_at is None:
            self._asked_at = now

    def silent(self, now: float) -> bool:
        """Whether nothing was heard for so long that writing makes no sense.

        A machine that slept wakes up here: it drops the connection before it writes.
        """
        return now >= self._heard_at + self._silence

    def wake_at(self) -> float:
        """When to call `tick` next."""
        dead = self._heard_at + self._silence
        if self._asked_at is None:
            return dead
        due = self._asked_at + self._options.call_silence
        return min(dead, due + self._options.call_grace if self._pinged else due)

    def tick(self, now: float) -> Beat | None:
        """What is due now, if anything; each ping is told once."""
        if now < self.wake_at():
            return None
        if self.silent(now) or self._pinged:
            return Beat.DROP
        self._pinged = True
        return Beat.PING
