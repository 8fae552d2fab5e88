"""The session: what the protocol says on a connection, as a pure state machine.

Inputs are methods, given the time; outputs are taken with `take`, frames to write with
`next_frame`. It does no I/O, has no clock and starts no timer: its driver connects, reads, writes,
runs handlers, and calls `tick` at `wake_at`.
"""

from __future__ import annotations

import math
from enum import Enum, auto

import msgspec

from wirecall.answering import Answering
from wirecall.calls import Request
from wirecall.codec import decode
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.errors import ClosedError, DecodeError
from wirecall.heartbeat import Beat, Heartbeat
from wirecall.hello import HelloAnswer, hello_message
from wirecall.message import (
    HELLO_ID,
    RESERVED_PREFIX,
    CallMessage,
    ErrorBody,
    ErrorCode,
    ErrorMessage,
    InvalidMessage,
    Message,
    NotificationMessage,
    ResultMessage,
    error_message,
    notification_message,
    parse,
    protocol_error,
)
from wirecall.options import SessionOptions
from wirecall.outgoing import Outgoing
from wirecall.output import (
    Answered,
    Drop,
    Event,
    Failed,
    Fault,
    Opened,
    Output,
    Refused,
)
from wirecall.served import Served

REFUSAL_WAIT = 1.0
"""Seconds that the server has to close after it refused the hello, before this side does."""


class Phase(Enum):
    """Where the connection is."""

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
    CLOSING = auto()
    """The server is about to close; nothing is written any more."""
    DROPPED = auto()
    """This side ended the connection; nothing is read any more either."""
    ENDED = auto()
    """The client is done."""


_DEAF = (Phase.AWAY, Phase.CONNECTING, Phase.DROPPED, Phase.ENDED)
_WRITING = (Phase.GREETING, Phase.OPEN, Phase.DRAINING)


class _CloseParams(msgspec.Struct, frozen=True):
    code: int
    reason: str = ""
    in_ms: float | None = None
    retry_within_ms: float | None = None


class Session:
    """The state machine of one client, over all its connections."""

    def __init__(self, options: SessionOptions) -> None:
        """Starts away."""
        self._options = options
        self._outputs: list[Output] = []
        self._outgoing = Outgoing(options.queue, self._emit, plain=options.plain)
        self._answering = Answering(self._emit, self._control)
        self._heartbeat: Heartbeat | None = None
        self._pong_due = False
        self._verdict: Disconnect | None = None
        self._final: Disconnect | None = None
        self._due = math.inf
        self.phase = Phase.AWAY
        self.refusal: ErrorBody | None = None
        """The error with which the server answered hello on this connection."""
        self.contracts: dict[str, str] = {}
        """The fingerprints of the services in use, told in hello."""

    @property
    def handled(self) -> set[str]:
        """The methods that have a handler on this side."""
        return self._answering.handled

    def take(self) -> list[Output]:
        """Takes the outputs so far, in their order."""
        outputs = self._outputs[:]
        self._outputs.clear()
        return outputs

    def wake_at(self) -> float:
        """When `tick` has something to do; infinite for never."""
        beat = math.inf if self._heartbeat is None else self._heartbeat.wake_at()
        return min(self._due, beat, self._outgoing.wake_at(), self._answering.wake_at())

    def connecting(self, limit: float, now: float) -> None:
        """An attempt begins. Token, connecting and hello's answer share one limit, in seconds."""
        self.phase = Phase.CONNECTING
        self._verdict = None
        self.refusal = None
        self._due = now + limit

    def connected(self, token: str | None, now: float) -> None:
        """The connection stands. Nothing but hello is written until its answer is there."""
        if self.phase is not Phase.CONNECTING:
            return
        if self._options.plain:
            self._open(None, now)
            return
        self.phase = Phase.GREETING
        self._outgoing.control(hello_message(self._options, token, self.contracts))

    def received(self, frame: bytes | str, now: float) -> None:
        """A frame arrived. Never raises, whatever it holds."""
        if self.phase in _DEAF:
            return
        if self._heartbeat is not None:
            self._heartbeat.heard(now)
        if isinstance(frame, bytes) and not self._options.plain:
            self._drop(CloseCode.UNSUPPORTED_DATA, "a binary frame on the text subprotocol")
            return
        for message in parse(frame):
            self._take_in(message, now)

    def disconnected(self, code: int, reason: str, now: float) -> Disconnect:
        """The connection is over: decides the fate of every call and tells the verdict.

        What `rpc.close` said counts more than the code of the WebSocket.
        """
        end = self._verdict or self._refused(code) or Disconnect.of(code, reason)
        self.phase = Phase.AWAY
        self._due = math.inf
        self._heartbeat = None
        self._pong_due = False
        self._outgoing.disconnected(end)
        self._outgoing.expire(now)
        self._answering.disconnected()
        return end

    def end(self, end: Disconnect, reason: str, now: float) -> None:
        """The end of the client: every call that is left, and every later one, fails."""
        self.disconnected(end.code, end.reason, now)
        self._outgoing.clear(reason, end)
        self.phase = Phase.ENDED
        self._final = end

    def send(self, request: Request, now: float) -> int:
        """Makes a call or sends a notification; the outcome comes as an output with this number.

        Raises:
            ResourceExhaustedError: As many wait as may; it will not be sent.
            ClosedError: The client is closed.
        """
        if self.phase is Phase.ENDED:
            raise ClosedError(f"{request.method} was not sent: the client is closed", self._final)
        return self._outgoing.add(request, now, is_open=self.phase is Phase.OPEN)

    def cancel(self, call: int) -> None:
        """Forgets a call that nobody awaits any more, and tells the server where it knows of it."""
        if self._outgoing.cancel(call):
            self._tell_cancel(call)

    def answer(self, call: Served, result: bytes | None, error: bytes | None = None) -> None:
        """A handler is done. Its answer leaves unless a cancel or the time limit was first."""
        self._answering.done(call, result, error)

    def tick(self, now: float) -> None:
        """Does what is due."""
        if now >= self._due:
            self._drop(CloseCode.ABNORMAL, "no answer within the time limit", abrupt=True)
            return
        for call in self._outgoing.expire(now):
            self._tell_cancel(call)
        self._answering.expire(now)
        beat = None if self._heartbeat is None else self._heartbeat.tick(now)
        if beat is Beat.DROP:
            self._drop_silent()
        elif beat is Beat.PING:
            self._control(notification_message("rpc.ping", None))

    def has_frame(self) -> bool:
        """Whether `next_frame` may give one."""
        if self.phase not in _WRITING:
            return False
        return self._pong_due or self._outgoing.has_next(calls=self.phase is Phase.OPEN)

    def next_frame(self, now: float) -> bytes | None:
        """The next frame to write, when the socket has room; it counts as written.

        Control messages overtake calls. After a silence that no living connection has, nothing is
        written and the connection is dropped: the machine slept.
        """
        if not self.has_frame():
            return None
        if self._heartbeat is not None and self._heartbeat.silent(now):
            self._drop_silent()
            return None
        if self._pong_due:
            self._pong_due = False
            return notification_message("rpc.pong", None)
        frame = self._outgoing.next_control()
        if frame is not None or self.phase is not Phase.OPEN:
            return frame
        taken = self._outgoing.next_call(now)
        if taken is None:
            return None
        call, frame = taken
        if self._heartbeat is not None and not call.request.notification:
            self._heartbeat.wrote_call(now)
        return frame

    def _open(self, hello: HelloAnswer | None, now: float) -> None:
        self.phase = Phase.OPEN
        self._due = math.inf
        if hello is not None:
            self._heartbeat = Heartbeat(self._options.heartbeat, hello.ping_ms / 1000, now)
        self._outgoing.opened(hello)
        self._answering.max_message_bytes = self._outgoing.max_message_bytes
        self._outputs.append(Opened(hello))

    def _take_in(self, message: Message, now: float) -> None:
        if self.phase in (Phase.GREETING, Phase.REFUSED):
            self._greeted(message, now)
        elif self.phase not in _DEAF:
            self._on_message(message, now)

    def _greeted(self, message: Message, now: float) -> None:
        """Until hello's answer, only `rpc.close` and `rpc.ping` may come."""
        match message:
            case ResultMessage(id=0):
                try:
                    self._open(decode(message.result, HelloAnswer), now)
                except DecodeError as error:
                    self._drop(CloseCode.PROTOCOL_ERROR, f"the answer to hello: {error}")
            case ErrorMessage(id=0, error=ErrorBody() as body):
                self.phase = Phase.REFUSED
                self.refusal = body
                self._due = min(self._due, now + REFUSAL_WAIT)
            case NotificationMessage(method="rpc.close" | "rpc.ping"):
                self._on_message(message, now)
            case _:
                self._drop(CloseCode.PROTOCOL_ERROR, "something came before the answer to hello")

    def _on_message(self, message: Message, now: float) -> None:
        match message:
            case ResultMessage(id=call, result=result):
                self._answered(call, Answered(call or HELLO_ID, result))
            case ErrorMessage(id=call, error=ErrorBody() as body):
                self._answered(call, Refused(call or HELLO_ID, body))
            case ErrorMessage(id=call):
                unread = DecodeError("the response holds no error that can be read")
                self._answered(call, Failed(call or HELLO_ID, unread))
            case CallMessage():
                self._answering.called(message, now)
            case NotificationMessage():
                self._notified(message, now)
            case InvalidMessage(code=code, reason=reason):
                self._invalid(code, reason)

    def _answered(self, call: int | None, output: Answered | Refused | Failed) -> None:
        if not self._outgoing.answered(call, output):
            self._outputs.append(Fault("an answer to no open call"))

    def _notified(self, message: NotificationMessage, now: float) -> None:
        match message.method:
            case "rpc.ping":
                # One pong answers any number of pings that the socket had no room for.
                self._pong_due = True
            case "rpc.close":
                self._told_close(message, now)
            case "rpc.cancel":
                self._answering.cancelled(message)
            case method if method in self.handled:
                self._answering.notified(message)
            case method if not method.startswith(RESERVED_PREFIX):
                self._outputs.append(Event(method, message.params))
            case _:
                # rpc.pong is a sign of life like every message; the rest is of a later version.
                pass

    def _told_close(self, message: NotificationMessage, now: float) -> None:
        """The server says how the connection will end and, in a drain, when."""
        try:
            close = decode(message.params or b"null", _CloseParams)
        except DecodeError:
            self._outputs.append(Fault("rpc.close without a code"))
            return
        earlier = None if self._verdict is None else self._verdict.retry_within
        within = earlier if close.retry_within_ms is None else close.retry_within_ms / 1000
        self._verdict = Disconnect.of(close.code, close.reason, within)
        pause = (close.in_ms or 0.0) / 1000
        self._due = min(self._due, now + pause + self._options.heartbeat.grace)
        drains = close.in_ms is not None and self.phase in (Phase.OPEN, Phase.DRAINING)
        self.phase = Phase.DRAINING if drains else Phase.CLOSING

    def _invalid(self, code: ErrorCode, reason: str) -> None:
        """Says what is wrong with the id null; a plain peer's server expects no answers."""
        self._outputs.append(Fault(reason))
        if not self._options.plain:
            self._control(error_message(b"null", protocol_error(code, reason)))

    def _tell_cancel(self, call: int) -> None:
        # A plain peer's server need not know the protocol's own notifications.
        if not self._options.plain:
            self._control(notification_message("rpc.cancel", b'{"id":%d}' % call))

    def _control(self, frame: bytes) -> None:
        if self.phase in _WRITING and not self._outgoing.control(frame):
            self._drop(CloseCode.TOO_SLOW, "the server reads none of this side's answers")

    def _emit(self, output: Output) -> None:
        if isinstance(output, Drop):
            self.phase = Phase.DROPPED
            self._due = math.inf
            self._heartbeat = None
        self._outputs.append(output)

    def _refused(self, code: int) -> Disconnect | None:
        """The verdict of a refused hello whose connection ended without a close code."""
        if self.refusal is None or code not in (CloseCode.NO_STATUS, CloseCode.ABNORMAL):
            return None
        retryable = self.refusal.code in _PASSING
        return Disconnect(code, self.refusal.message, come_back=retryable)

    def _drop_silent(self) -> None:
        self._drop(CloseCode.HEARTBEAT_TIMEOUT, "nothing was heard for too long", abrupt=True)

    def _drop(self, code: CloseCode, reason: str, *, abrupt: bool = False) -> None:
        self._emit(Drop(code, reason, abrupt))


_PASSING = (
    ErrorCode.INTERNAL_ERROR,
    ErrorCode.RATE_LIMITED,
    ErrorCode.DEADLINE_EXCEEDED,
    ErrorCode.UNAVAILABLE,
    ErrorCode.RESOURCE_EXHAUSTED,
)
