"""One connection as the session sees it: how far it got, what is due on it, and how it will end.

Pure, like the session that it is a part of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum, auto

from wirecall.auth import Auth
from wirecall.backoff import Backoff
from wirecall.disconnect import CloseCode, Disconnect, comes_back
from wirecall.heartbeat import Beat, Heartbeat
from wirecall.hello import HelloAnswer
from wirecall.message import ErrorBody, ErrorCode
from wirecall.notices import CloseNotice
from wirecall.options import ReconnectOptions, SessionOptions
from wirecall.output import Drop
from wirecall.pings import Pings

REFUSAL_WAIT = 1.0
"""Seconds that the server has to close after it refused the hello, before this side does."""


class Phase(Enum):
    """How far a connection got."""

    AWAY = auto()
    """There is none."""
    CONNECTING = auto()
    """An attempt is under way."""
    GREETING = auto()
    """Hello is out, and nothing else may be until its answer is there."""
    REFUSED = auto()
    """Hello was answered with an error, and the close is to come."""
    OPEN = auto()
    """Calls flow."""
    DRAINING = auto()
    """Nothing new is started; what is open goes on."""
    LEAVING = auto()
    """The client closes; what was written is still to be acknowledged."""
    CLOSING = auto()
    """The server is about to close; nothing is written any more."""
    DROPPED = auto()
    """This side ended the connection; nothing is read any more either."""
    ENDED = auto()
    """The client is done."""


_DEAF = (Phase.AWAY, Phase.CONNECTING, Phase.DROPPED, Phase.ENDED)
_UP = (Phase.OPEN, Phase.DRAINING, Phase.LEAVING)


class Link:
    """The present connection, or the lack of one."""

    def __init__(self, options: SessionOptions, emit: Callable[[Drop], None]) -> None:
        """Starts away.

        Args:
            options: The times.
            emit: Ends the connection.
        """
        self._options = options
        self._emit = emit
        self._heartbeat: Heartbeat | None = None
        self._verdict: Disconnect | None = None
        self._due = math.inf
        self._starved_at = math.inf
        pauses = options.reconnect or ReconnectOptions()
        self.auth = Auth(Backoff(pauses.base, pauses.cap, pauses.reset_after, options.random))
        self.pings = Pings()
        self.phase = Phase.AWAY
        self.refusal: ErrorBody | None = None
        """The error with which the server answered hello on this connection."""

    @property
    def deaf(self) -> bool:
        """Whether nothing that arrives is read."""
        return self.phase in _DEAF

    @property
    def up(self) -> bool:
        """Whether the session is open on it, and writes."""
        return self.phase in _UP

    def connecting(self, limit: float, now: float) -> None:
        """An attempt begins, which has so many seconds."""
        self.phase = Phase.CONNECTING
        self._verdict = None
        self.refusal = None
        self._due = now + limit

    def refused(self, error: ErrorBody, now: float) -> None:
        """Hello was answered with an error."""
        self.phase = Phase.REFUSED
        self.refusal = error
        self._due = min(self._due, now + REFUSAL_WAIT)

    def opened(self, hello: HelloAnswer | None, now: float) -> None:
        """The session is open; a plain peer's has no hello."""
        self.phase = Phase.OPEN
        self._due = math.inf
        if hello is not None:
            self._heartbeat = Heartbeat(self._options.heartbeat, hello.ping_ms / 1000, now)
            self.auth.told(hello.auth_expires_in_ms, now)

    def leaving(self, limit: float, now: float) -> None:
        """The client closes, and waits so many seconds at most."""
        self.phase = Phase.LEAVING
        self._due = min(self._due, now + limit)

    def told_close(self, close: CloseNotice, now: float) -> None:
        """The server says how the connection will end and, in a drain, when."""
        earlier = None if self._verdict is None else self._verdict.retry_within
        told = _seconds(close.retry_within_ms)
        within = earlier if told is None else told
        self._verdict = Disconnect.of(close.code, close.reason, within)
        pause = _seconds(close.in_ms) or 0.0
        self._due = min(self._due, now + pause + self._options.heartbeat.grace)
        if close.in_ms is None or not self.up:
            self.phase = Phase.CLOSING
        elif self.phase is Phase.OPEN:
            self.phase = Phase.DRAINING

    def heard(self, now: float) -> None:
        """Something arrived: the connection lives."""
        if self._heartbeat is not None:
            self._heartbeat.heard(now)

    def wrote_call(self, now: float) -> None:
        """A call was written, so an answer or a sign of life is due."""
        if self._heartbeat is not None:
            self._heartbeat.wrote_call(now)

    def starves(self, now: float) -> None:
        """Something waits for room, which only an ack makes."""
        self._starved_at = min(self._starved_at, now)

    def fed(self) -> None:
        """An ack came, or nothing waits for room."""
        self._starved_at = math.inf

    def starved(self, now: float) -> bool:
        """Whether it waits for an ack so long that none will come."""
        return now >= self._starved_at + self._options.heartbeat.timeout

    def is_due(self, now: float) -> bool:
        """Whether the time of what the connection waits for is over."""
        return now >= self._due

    def beat(self, now: float) -> bool:
        """Whether to ping now; drops a connection that is dead."""
        beat = None if self._heartbeat is None else self._heartbeat.tick(now)
        if beat is Beat.DROP:
            self._drop_silent()
        return beat is Beat.PING

    def may_write(self, now: float) -> bool:
        """Whether writing makes sense.

        After a silence that no living connection has it does not: the machine slept, and the
        connection is dropped.
        """
        if self._heartbeat is None or not self._heartbeat.silent(now):
            return True
        self._drop_silent()
        return False

    def drop(self, code: CloseCode, reason: str, *, abrupt: bool = False) -> None:
        """Ends the connection from this side, unless there is none."""
        if self.deaf and self.phase is not Phase.CONNECTING:
            return
        self._rest(Phase.DROPPED)
        if code is CloseCode.SEQUENCE_BROKEN or not comes_back(code):
            # What the server said before this side found fault with it says nothing of that.
            self._verdict = Disconnect.of(code, reason)
        self._emit(Drop(code, reason, abrupt))

    def over(self, code: int, reason: str) -> Disconnect:
        """The connection is over; what `rpc.close` said counts more than the WebSocket's code.

        A close of this side's own that ends the session counts more than either.
        """
        end = self._verdict or self._refusal(code) or Disconnect.of(code, reason)
        if self.phase is not Phase.ENDED:
            self._rest(Phase.AWAY)
        return end

    def end(self) -> None:
        """There will be no other."""
        self._rest(Phase.ENDED)

    def wake_at(self) -> float:
        """When something is due; infinite for never."""
        at = min(
            self._due,
            self._starved_at + self._options.heartbeat.timeout,
            self.auth.refresh_at,
        )
        return at if self._heartbeat is None else min(at, self._heartbeat.wake_at())

    def _rest(self, phase: Phase) -> None:
        self.phase = phase
        self._due = self._starved_at = math.inf
        self._heartbeat = None
        self.pings = Pings()
        self.auth.stop()

    def _drop_silent(self) -> None:
        self.drop(CloseCode.HEARTBEAT_TIMEOUT, "nothing was heard for too long", abrupt=True)

    def _refusal(self, code: int) -> Disconnect | None:
        """The verdict of a refused hello whose connection ended without a close code."""
        if self.refusal is None or code not in (CloseCode.NO_STATUS, CloseCode.ABNORMAL):
            return None
        retryable = self.refusal.code in PASSING
        return Disconnect(code, self.refusal.message, come_back=retryable)


def _seconds(ms: float | None) -> float | None:
    """A time that the server gives; None for what is none. A day is as long as forever."""
    if ms is None or not math.isfinite(ms) or ms < 0:
        return None
    return min(ms / 1000, _LONGEST)


_LONGEST = 86_400.0
PASSING = (
    ErrorCode.INTERNAL_ERROR,
    ErrorCode.RATE_LIMITED,
    ErrorCode.DEADLINE_EXCEEDED,
    ErrorCode.UNAVAILABLE,
    ErrorCode.RESOURCE_EXHAUSTED,
)
"""Refusals that pass: the client tries again after them."""
