"""The table of this side's calls: which wait, which are open, which ran out of time."""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass, field

MAX_RESENDS = 3
"""How often an idempotent call is sent again before its outcome counts as unknown."""
_COMPACT_ABOVE = 64


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks to be sent.

    Attributes:
        method: The method's wire name.
        params: The encoded params, if any.
        notification: Whether no answer is awaited.
        timeout: Seconds until it fails; infinite for no limit.
        meta: Members for the message's `meta`.
        idempotent: Whether it may be sent again when its outcome is unknown.
    """

    method: str
    params: bytes | None = None
    notification: bool = False
    timeout: float = math.inf
    meta: dict[str, object] = field(default_factory=dict[str, object])
    idempotent: bool = False


@dataclass(slots=True, eq=False)
class PendingCall:
    """A call or notification that has no outcome yet.

    Attributes:
        id: This side's number for it, also for a notification, which does not send it.
        request: What the caller asked for.
        deadline: When its time is up, on the session's clock; infinite for none.
        resends: How often it was lined up to be sent again.
    """

    id: int
    request: Request
    deadline: float = math.inf
    resends: int = 0


class PendingCalls:
    """Calls in order: waiting ones of which no byte was written, then open ones by id."""

    def __init__(self) -> None:
        """Starts empty."""
        self._waiting: OrderedDict[int, PendingCall] = OrderedDict()
        self._open: dict[int, PendingCall] = {}
        self._deadlines: list[tuple[float, int]] = []

    @property
    def waiting(self) -> int:
        """How many were not written yet."""
        return len(self._waiting)

    @property
    def open(self) -> int:
        """How many were written and await an answer."""
        return len(self._open)

    def add(self, call: PendingCall) -> None:
        """Puts a call at the end of the line."""
        self._waiting[call.id] = call
        if math.isfinite(call.deadline):
            heapq.heappush(self._deadlines, (call.deadline, call.id))

    def has_next(self, max_open: float) -> bool:
        """Whether `take` would give one."""
        first = next(iter(self._waiting.values()), None)
        return first is not None and (first.request.notification or len(self._open) < max_open)

    def take(self, max_open: float) -> PendingCall | None:
        """The first in line, which counts as written from now on.

        A call at the head waits while `max_open` are open, and what stands behind it waits too, so
        that order is kept.
        """
        if not self.has_next(max_open):
            return None
        _, call = self._waiting.popitem(last=False)
        if not call.request.notification:
            self._open[call.id] = call
        return call

    def answer(self, call: int | None) -> PendingCall | None:
        """Removes the open call that an answer names; None where there is none."""
        return None if call is None else self._open.pop(call, None)

    def remove(self, call: int) -> tuple[PendingCall, bool] | None:
        """Removes a call wherever it is, and tells whether it was written."""
        waiting = self._waiting.pop(call, None)
        if waiting is not None:
            return waiting, False
        opened = self._open.pop(call, None)
        return None if opened is None else (opened, True)

    def lose(self) -> list[PendingCall]:
        """The connection is gone: gives the calls whose outcome is unknown.

        Idempotent ones go back to the head of the line, in their order, to be sent again.
        """
        unknown: list[PendingCall] = []
        again: list[PendingCall] = []
        for call in self._open.values():
            if call.request.idempotent and call.resends < MAX_RESENDS:
                call.resends += 1
                again.append(call)
            else:
                unknown.append(call)
        self._open.clear()
        for call in sorted(again, key=lambda each: each.id, reverse=True):
            self._waiting[call.id] = call
            self._waiting.move_to_end(call.id, last=False)
        return unknown

    def clear(self) -> tuple[list[PendingCall], list[PendingCall]]:
        """Removes everything: what was never written, and what was written and is unanswered."""
        waiting, opened = list(self._waiting.values()), list(self._open.values())
        self._waiting.clear()
        self._open.clear()
        self._deadlines.clear()
        return waiting, opened

    def wake_at(self) -> float:
        """When the next call's time is up; infinite where no call has a limit."""
        if len(self._deadlines) > 2 * (len(self._waiting) + len(self._open)) + _COMPACT_ABOVE:
            self._compact()
        while self._deadlines and not self._holds(self._deadlines[0][1]):
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else math.inf

    def expire(self, now: float) -> list[tuple[PendingCall, bool]]:
        """Removes the calls whose time is up, and tells of each whether it was written."""
        expired: list[tuple[PendingCall, bool]] = []
        while self.wake_at() <= now:
            _, call = heapq.heappop(self._deadlines)
            removed = self.remove(call)
            if removed is not None:
                expired.append(removed)
        return expired

    def _holds(self, call: int) -> bool:
        return call in self._waiting or call in self._open

    def _compact(self) -> None:
        # Answered calls leave their deadline behind; without this, it would stay until its time.
        self._deadlines = [entry for entry in self._deadlines if self._holds(entry[1])]
        heapq.heapify(self._deadlines)
