"""The table of this side's calls: which wait, which are open, which ran out of time."""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from dataclasses import dataclass, field

from wirecall.disconnect import Disconnect
from wirecall.errors import ClosedError, ConnectionLostError, WirecallError
from wirecall.recovery import LostReason
from wirecall.streams import STREAM_CREDIT
from wirecall.transfers import Download, Upload

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
        meta: Encoded members for the message's `meta`.
        idempotent: Whether it may be sent again when its outcome is unknown.
        stream: Whether items come before the answer.
        credit: How many items may be ahead of their consumer; None for no limit.
        upload: Whether items follow the call.
    """

    method: str
    params: bytes | None = None
    notification: bool = False
    timeout: float = math.inf
    meta: dict[str, bytes] = field(default_factory=dict[str, bytes])
    idempotent: bool = False
    stream: bool = False
    credit: int | None = STREAM_CREDIT
    upload: bool = False

    @property
    def streams(self) -> bool:
        """Whether it counts against `max_streams`, rather than `max_calls`."""
        return self.stream or self.upload


@dataclass(slots=True, eq=False)
class PendingCall:
    """A call or notification that has no outcome yet.

    Attributes:
        id: This side's number for it, also for a notification, which does not send it.
        request: What the caller asked for.
        deadline: When its time is up, on the session's clock; infinite for none.
        resends: How often it was lined up to be sent again.
        seq: The number of its message in the session; None while it waits for its place.
        down: What it receives, if it is a stream.
        up: What it sends, if it is an upload.
        cancelled: Whether it is a notification that was taken back after it had its number.
    """

    id: int
    request: Request
    deadline: float = math.inf
    resends: int = 0
    seq: int | None = None
    down: Download | None = None
    up: Upload | None = None
    cancelled: bool = False

    def __post_init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Nothing of it has crossed the wire in the session that is to carry it."""
        self.seq = None
        self.down = Download(self.request.credit) if self.request.stream else None
        if self.up is not None:
            self.up.start_over()
        elif self.request.upload:
            self.up = Upload()

    @property
    def may_repeat(self) -> bool:
        """Whether it may be sent again although it may have run.

        *A stream only if it delivered no item, an upload only if it sent none.*
        """
        untouched = (self.down is None or not self.down.delivered) and (
            self.up is None or not self.up.sent
        )
        return self.request.idempotent and self.resends < MAX_RESENDS and untouched

    def unsent(self, reason: str, end: Disconnect | None) -> WirecallError:
        """The error of one that the server has not seen."""
        return ClosedError(f"{self.request.method} was not sent: {reason}", end)

    def lost(self, end: Disconnect | None, why: LostReason | None = None) -> WirecallError:
        """The error of one that may have run: the connection ended so, and the session with it."""
        how = "the client was closed" if end is None else str(end)
        if why is not None:
            how = f"the session is lost: {why}; its connection had ended: {how}"
        words = f"{self.request.method} was sent and not answered ({how}): its outcome is unknown"
        return ConnectionLostError(words, end)


class PendingCalls:
    """Calls in order: waiting ones without a number, then open ones by id.

    Calls, streams and notifications wait in a line each: neither a full `max_streams` holds up
    calls, nor a full `max_calls` streams.
    """

    def __init__(self) -> None:
        """Starts empty."""
        self._lines: tuple[OrderedDict[int, PendingCall], ...]
        self._lines = (OrderedDict(), OrderedDict(), OrderedDict())
        self._open: dict[int, PendingCall] = {}
        self._open_streams = 0
        self._deadlines: list[tuple[float, int]] = []

    @property
    def waiting(self) -> int:
        """How many have no number yet."""
        return sum(map(len, self._lines))

    @property
    def open(self) -> int:
        """How many calls have one and await an answer; streams apart."""
        return len(self._open) - self._open_streams

    @property
    def open_streams(self) -> int:
        """How many streams have one and await their end."""
        return self._open_streams

    @property
    def deadlines(self) -> int:
        """How many time limits are kept, those of calls that are over included."""
        return len(self._deadlines)

    def add(self, call: PendingCall) -> None:
        """Puts a call at the end of its line."""
        self._line(call)[call.id] = call
        if math.isfinite(call.deadline):
            heapq.heappush(self._deadlines, (call.deadline, call.id))

    def first(self, max_calls: float, max_streams: float) -> PendingCall | None:
        """The next one that may take its place.

        *Calls and streams that are held back pass each other, a notification passes neither.*
        """
        held = False
        heads = [next(iter(line.values())) for line in self._lines if line]
        for head in sorted(heads, key=lambda call: call.id):
            if head.request.notification:
                if not held:
                    return head
            elif self._may_open(head, max_calls, max_streams):
                return head
            else:
                held = True
        return None

    def enter(self, call: PendingCall, seq: int) -> None:
        """The call has its place in the session."""
        del self._line(call)[call.id]
        call.seq = seq
        if not call.request.notification:
            self._open[call.id] = call
            self._open_streams += call.request.streams

    def find(self, call: int) -> PendingCall | None:
        """The open call with this id."""
        return self._open.get(call)

    def seek(self, call: int) -> PendingCall | None:
        """The call with this id, open or waiting."""
        found = (line[call] for line in self._lines if call in line)
        return self._open.get(call) or next(found, None)

    def answer(self, call: int | None) -> PendingCall | None:
        """Removes the open call that an answer names; None where there is none."""
        return None if call is None else self._close(call)

    def remove(self, call: int) -> PendingCall | None:
        """Removes a call wherever it is; one with a number may be known to the server."""
        for line in self._lines:
            if call in line:
                return line.pop(call)
        return self._close(call)

    def lose(self, received: int) -> list[PendingCall]:
        """The session is lost: gives the calls whose outcome is unknown.

        Those above `received` go back to the heads of their lines, and so do those that may be sent
        again.
        """
        unknown: list[PendingCall] = []
        for call in list(self._open.values()):
            if (call.seq or 0) <= received:
                if not call.may_repeat:
                    unknown.append(call)
                    continue
                call.resends += 1
            self.requeue(call)
        self._open.clear()
        self._open_streams = 0
        for line in self._lines:
            for call in sorted(line.values(), key=lambda each: each.id):
                line.move_to_end(call.id)
        return unknown

    def requeue(self, call: PendingCall) -> None:
        """Lets a call wait for a number again; `lose` puts it in its place."""
        call.start_over()
        self._line(call)[call.id] = call

    def clear(self) -> list[PendingCall]:
        """Removes everything."""
        calls = [call for line in self._lines for call in line.values()]
        calls += self._open.values()
        for line in self._lines:
            line.clear()
        self._open.clear()
        self._open_streams = 0
        self._deadlines.clear()
        return sorted(calls, key=lambda call: call.id)

    def uploads(self) -> list[PendingCall]:
        """The open calls that have items, or their end, to send."""
        if not self._open_streams:
            return []
        return [call for call in self._open.values() if call.up is not None and call.up.ready]

    def wake_at(self) -> float:
        """When the next call's time is up; infinite where no call has a limit."""
        deadlines = self._deadlines
        if len(deadlines) > _COMPACT_ABOVE:
            self._compact()
        while deadlines:
            at, call = deadlines[0]
            if call in self._open or any(call in line for line in self._lines):
                return at
            heapq.heappop(deadlines)
        return math.inf

    def expire(self, now: float) -> list[PendingCall]:
        """Removes the calls whose time is up."""
        expired: list[PendingCall] = []
        while self.wake_at() <= now:
            _, call = heapq.heappop(self._deadlines)
            removed = self.remove(call)
            if removed is not None:
                expired.append(removed)
        return expired

    def _line(self, call: PendingCall) -> OrderedDict[int, PendingCall]:
        return self._lines[2 if call.request.notification else call.request.streams]

    def _may_open(self, call: PendingCall, max_calls: float, max_streams: float) -> bool:
        if call.request.streams:
            return self._open_streams < max_streams
        return self.open < max_calls

    def _close(self, call: int) -> PendingCall | None:
        closed = self._open.pop(call, None)
        if closed is not None:
            self._open_streams -= closed.request.streams
        return closed

    def _compact(self) -> None:
        # Answered calls leave their deadline behind; without this, it would stay until its time.
        if len(self._deadlines) > 2 * (self.waiting + len(self._open)) + _COMPACT_ABOVE:
            held = [entry for entry in self._deadlines if self.seek(entry[1]) is not None]
            self._deadlines[:] = held
            heapq.heapify(self._deadlines)
