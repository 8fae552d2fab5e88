"""The table of the server's calls to this side: which wait, which run, which have their answer."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Raw

MAX_RUNNING = 64
"""Handlers that run at once, cancelled ones that are not done yet included; more calls wait."""
MAX_WAITING = 256
"""Calls that wait for that; one more is refused."""
MAX_WAITING_BYTES = 1024 * 1024
"""Bytes of the messages that wait; nothing that waits is too large to be the only one."""


@dataclass(slots=True, eq=False)
class Served:
    """A call of the server, or a notification that a handler takes. Compared by identity.

    Attributes:
        id: The server's id exactly as it came; None for a notification.
        method: The method's wire name.
        params: The params as they came.
        meta: The message's `meta` as it came.
        timeout: Seconds that the caller gives it; None for no limit.
        deadline: When that time is up, on the session's clock.
        tracked: Whether its answer has a number, and so arrives over every cut.
        size: Bytes of its message.
        answered: Whether the caller has its one answer.
    """

    id: bytes | None
    method: str
    params: Raw | None
    meta: Mapping[str, object] = field(default_factory=dict[str, object])
    timeout: float | None = None
    deadline: float = math.inf
    tracked: bool = False
    size: int = 0
    answered: bool = False


class ServedCalls:
    """Bounded on both counts, and started in the order of arrival."""

    def __init__(self) -> None:
        """Starts empty."""
        self._running: list[Served] = []
        self._waiting: deque[Served] = deque()

    def begin(self, call: Served) -> Literal["begun", "duplicate", "full"]:
        """Takes a call in, or says why not."""
        if call.id is not None and self.find(call.id) is not None:
            return "duplicate"
        if not self._has_room(call):
            return "full"
        self._waiting.append(call)
        return "begun"

    def start(self) -> Served | None:
        """The next call whose handler may run now."""
        if not self._waiting or len(self._running) >= MAX_RUNNING:
            return None
        call = self._waiting.popleft()
        self._running.append(call)
        return call

    def find(self, identity: bytes) -> Served | None:
        """The call with this id that still has its answer to come."""
        return next((call for call in self._unanswered() if call.id == identity), None)

    def answer(self, call: Served) -> bool:
        """Marks a call as answered; False where it had its answer. Frees one that only waited."""
        if call.answered:
            return False
        call.answered = True
        if call in self._waiting:
            self._waiting.remove(call)
        return True

    def is_running(self, call: Served) -> bool:
        """Whether the call's handler was started and is not done."""
        return call in self._running

    def done(self, call: Served) -> None:
        """The call's handler is done: its slot is free."""
        if call in self._running:
            self._running.remove(call)

    def clear(self, *, tracked: bool = True) -> list[Served]:
        """Nobody waits for answers any more, or not for those without a number.

        Gives the calls that still run. One that has its answer is done, or was stopped with it.
        """
        unanswered = [call for call in self._running if not call.answered]
        lost = [call for call in unanswered if tracked or not call.tracked]
        self._waiting = deque(call for call in self._waiting if call.tracked and not tracked)
        for call in lost:
            call.answered = True
        return lost

    def wake_at(self) -> float:
        """When `expired` has something to give; infinite for never."""
        if not self._running and not self._waiting:
            return math.inf
        return min((call.deadline for call in self._unanswered()), default=math.inf)

    def expired(self, now: float) -> list[Served]:
        """The unanswered calls whose time is up."""
        return [call for call in self._unanswered() if call.deadline <= now]

    def _has_room(self, call: Served) -> bool:
        # An empty line takes any one message.
        size = sum(waiting.size for waiting in self._waiting) + call.size
        fits = not self._waiting or size <= MAX_WAITING_BYTES
        return fits and len(self._waiting) < MAX_WAITING

    def _unanswered(self) -> list[Served]:
        return [call for call in (*self._running, *self._waiting) if not call.answered]
