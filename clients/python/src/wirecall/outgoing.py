"""This side's messages on their way out: who may queue, what leaves next, how each call ends.

Pure, like the session that it is a part of. The driver pulls frames one at a time when the socket
has room, so a call counts as written only when its bytes go to the socket.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from wirecall.calls import PendingCall, PendingCalls, Request
from wirecall.disconnect import Disconnect
from wirecall.errors import ClosedError, ConnectionLostError, EncodeError, WirecallError
from wirecall.hello import HelloAnswer
from wirecall.kinds import DeadlineExceededError, ResourceExhaustedError, TooLargeError
from wirecall.message import call_message, notification_message
from wirecall.output import Answered, Failed, Output, Refused, Sent

MAX_HELD = 65_536
"""Calls held back above `max_calls` on an open connection; only a runaway loop meets it."""
MAX_CONTROL_BYTES = 1024 * 1024
"""Answers and protocol messages that wait for the socket; a server that reads none is too slow."""


class Outgoing:
    """The way out."""

    def __init__(self, queue: int, emit: Callable[[Output], None], *, plain: bool) -> None:
        """Starts with nothing to send.

        Args:
            queue: Calls and notifications that may wait while there is no open connection.
            emit: Takes what became of them.
            plain: Whether the peer knows nothing of `meta`.
        """
        self._queue = queue
        self._emit = emit
        self._plain = plain
        self._calls = PendingCalls()
        self._control: deque[bytes] = deque()
        self._control_bytes = 0
        self._last_id = 0
        self._hello: HelloAnswer | None = None
        self.max_message_bytes: float = math.inf
        self._max_calls: float = math.inf

    def add(self, request: Request, now: float, *, is_open: bool) -> int:
        """Takes a request in and numbers it.

        Raises:
            ResourceExhaustedError: As many wait as may; this one will not be sent.
        """
        limit = MAX_HELD if is_open else self._queue
        if self._calls.waiting >= limit:
            raise ResourceExhaustedError.with_message(
                f"{request.method}: {limit} calls wait already (option `queue`); it was not sent"
            )
        self._last_id += 1
        call = PendingCall(self._last_id, request, now + request.timeout)
        self._calls.add(call)
        return call.id

    def opened(self, hello: HelloAnswer | None) -> None:
        """A connection is open. Nothing is carried from one user to another."""
        before, self._hello = self._hello, hello
        if hello is None:
            return
        self.max_message_bytes = hello.limits.max_message_bytes
        self._max_calls = hello.limits.max_calls
        if before is not None and before.user != hello.user:
            self._clear("the connection came back with another user", None)

    def control(self, frame: bytes) -> bool:
        """Queues a message that overtakes calls; False when there are too many for the socket."""
        self._control.append(frame)
        self._control_bytes += len(frame)
        return self._control_bytes <= MAX_CONTROL_BYTES

    def has_next(self, *, calls: bool) -> bool:
        """Whether `next` may give a frame."""
        return bool(self._control) or (calls and self._calls.has_next(self._max_calls))

    def next_control(self) -> bytes | None:
        """The next message that overtakes calls."""
        if not self._control:
            return None
        frame = self._control.popleft()
        self._control_bytes -= len(frame)
        return frame

    def next_call(self, now: float) -> tuple[PendingCall, bytes] | None:
        """The next call or notification that may be written; from here on it counts as written.

        One that cannot be written ends alone.
        """
        while (call := self._calls.take(self._max_calls)) is not None:
            frame = self._encode(call, now)
            if frame is None:
                self._calls.remove(call.id)
                continue
            if call.request.notification:
                self._emit(Sent(call.id))
            return call, frame
        return None

    def answered(self, call: int | None, output: Answered | Refused | Failed) -> bool:
        """An answer arrived. False when nobody waits for it."""
        if self._calls.answer(call) is None:
            return False
        self._emit(output)
        return True

    def cancel(self, call: int) -> bool:
        """Ends a call. True when the server may know of it and should be told."""
        removed = self._calls.remove(call)
        return removed is not None and removed[1]

    def expire(self, now: float) -> list[int]:
        """Ends the calls whose time is up, and gives those that the server should be told of."""
        expired = self._calls.expire(now)
        for call, _ in expired:
            limit = f"{call.request.method} was not answered within {call.request.timeout:g} s"
            self._emit(Failed(call.id, DeadlineExceededError.with_message(limit)))
        return [call.id for call, written in expired if written]

    def disconnected(self, end: Disconnect) -> None:
        """The connection is lost: each call is carried over or ends."""
        self._control.clear()
        self._control_bytes = 0
        for call in self._calls.lose():
            self._emit(Failed(call.id, _lost(call, end)))

    def clear(self, reason: str, end: Disconnect | None) -> None:
        """Ends everything."""
        self._control.clear()
        self._control_bytes = 0
        self._clear(reason, end)

    def wake_at(self) -> float:
        """When `expire` has something to do; infinite for never."""
        return self._calls.wake_at()

    def _clear(self, reason: str, end: Disconnect | None) -> None:
        waiting, written = self._calls.clear()
        for call in written:
            self._emit(Failed(call.id, _lost(call, end)))
        for call in waiting:
            # One that is sent again was written once, so nobody knows whether it ran.
            error: WirecallError = (
                _lost(call, end)
                if call.resends
                else ClosedError(f"{call.request.method} was not sent: {reason}", end)
            )
            self._emit(Failed(call.id, error))

    def _encode(self, call: PendingCall, now: float) -> bytes | None:
        request = call.request
        try:
            if request.notification:
                frame = notification_message(request.method, request.params)
            else:
                meta = self._meta(call, now)
                frame = call_message(call.id, request.method, request.params, meta)
        except EncodeError as error:
            self._emit(Failed(call.id, error))
            return None
        if len(frame) > self.max_message_bytes:
            limit = f"{len(frame)} bytes, the server takes {self.max_message_bytes}"
            large = f"{request.method} is too large: {limit} (max_message_bytes)"
            self._emit(Failed(call.id, TooLargeError.with_message(large)))
            return None
        return frame

    def _meta(self, call: PendingCall, now: float) -> dict[str, object]:
        # The limit goes as what is left of it, because it ran on while the call waited.
        meta = dict(call.request.meta)
        if not self._plain and math.isfinite(call.deadline):
            meta["timeout_ms"] = max(1, math.ceil((call.deadline - now) * 1000))
        return meta


def _lost(call: PendingCall, end: Disconnect | None) -> ConnectionLostError:
    how = "the client was closed" if end is None else str(end)
    return ConnectionLostError(
        f"{call.request.method} was sent and not answered ({how}): its outcome is unknown", end
    )
