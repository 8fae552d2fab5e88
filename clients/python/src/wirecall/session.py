"""The session: what the protocol says on a connection, as a pure state machine.

Inputs are methods, given the time; outputs are taken with `take`, frames to write with
`next_frame`. It does no I/O, has no clock and starts no timer: its driver connects, reads, writes,
runs handlers, and calls `tick` at `wake_at`.
"""

from __future__ import annotations

import math
from enum import Enum, auto

from wirecall.answering import Answering
from wirecall.auth import Auth, AuthAnswer, auth_message
from wirecall.calls import Request
from wirecall.codec import Codec
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.errors import ClosedError, DecodeError
from wirecall.heartbeat import Beat, Heartbeat
from wirecall.hello import HelloAnswer, hello_message
from wirecall.message import (
    HELLO_ID,
    RESERVED_PREFIX,
    Arrived,
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
from wirecall.notices import (
    AckNotice,
    CancelNotice,
    CloseNotice,
    CreditNotice,
    ItemNotice,
    read_notice,
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
    Refresh,
    Refused,
)
from wirecall.replay import OutOfRangeError, Receipt, Replay
from wirecall.resume import Resume
from wirecall.served import Served

REFUSAL_WAIT = 1.0
"""Seconds that the server has to close after it refused the hello, before this side does."""
LEAVE_WAIT = 2.0
"""Seconds that `close` waits for the acks of what was written."""


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


class Session:
    """The state machine of one client, over all its connections."""

    def __init__(self, options: SessionOptions) -> None:
        """Starts away."""
        self._options = options
        self.codec: Codec = options.codec
        self._outputs: list[Output] = []
        self._outgoing = Outgoing(
            self.codec,
            Replay(options.buffer_bytes, sent=options.first_seq - 1),
            options.queue,
            self._emit,
            plain=options.plain,
        )
        self._answering = Answering(self.codec, self._emit, self)
        self._resume = Resume()
        self._heartbeat: Heartbeat | None = None
        self._exists = False
        self._auth = Auth()
        self._starved_at = math.inf
        self._verdict: Disconnect | None = None
        self._final: Disconnect | None = None
        self._last: Disconnect | None = None
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
        ack = self._outgoing.ack_at() if self.phase in _UP else math.inf
        return min(
            self._due,
            beat,
            ack,
            self._starved_until(),
            self._auth.refresh_at,
            self._outgoing.wake_at(),
            self._answering.wake_at(),
        )

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
            self._open(Opened(None), now)
            self._settle(now)
            return
        self.phase = Phase.GREETING
        resume = self._resume.ask(self._outgoing.replay)
        hello = hello_message(self.codec, self._options, token, self.contracts, resume)
        self._outgoing.control(hello)

    def received(self, frame: bytes | str, now: float) -> None:
        """A frame arrived. Never raises, whatever it holds."""
        if self.phase in _DEAF:
            return
        if self._heartbeat is not None:
            self._heartbeat.heard(now)
        if isinstance(frame, str) is not self.codec.text and not self._options.plain:
            words = f"a frame of the wrong kind on {self.codec.subprotocol}"
            self._drop(CloseCode.UNSUPPORTED_DATA, words)
            return
        data = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
        for arrived in parse(self.codec, data):
            self._take_in(arrived, len(data), now)
        self._settle(now)

    def disconnected(self, code: int, reason: str, now: float) -> Disconnect:
        """The connection is over. In a session, every call goes on.

        What `rpc.close` said counts more than the code of the WebSocket.
        """
        end = self._verdict or self._refused(code) or Disconnect.of(code, reason)
        if self.phase is Phase.ENDED:
            return end
        leaving = self.phase is Phase.LEAVING
        self.phase = Phase.AWAY
        self._last = end
        self._due = math.inf
        self._heartbeat = None
        self._auth.stop()
        self._starved_at = math.inf
        self._outgoing.disconnected()
        self._answering.disconnected()
        if end.code == CloseCode.SEQUENCE_BROKEN:
            self._resume.give_up("sequence")
        if self._options.plain:
            # Nothing can be taken up again: what was written may have run, or not.
            self._exists = False
            self._outgoing.verdict(self._new_replay(), None, end)
            self._answering.lost()
        self._outgoing.expire(now)
        if leaving:
            self._leave()
        return end

    def close(self, now: float) -> None:
        """The application ends the client: what was written is acknowledged first, or time is up.

        It is over when the connection is dropped, or at once where there is none.
        """
        if self.phase in (Phase.LEAVING, Phase.ENDED):
            return
        self._final = Disconnect.of(CloseCode.NORMAL, "closed by this side")
        if self.phase not in _UP:
            self._leave()
            return
        self._outgoing.clear_waiting("the client was closed", self._final)
        self.phase = Phase.LEAVING
        self._due = min(self._due, now + LEAVE_WAIT)
        self._settle(now)

    def end(self, end: Disconnect, reason: str) -> None:
        """The end of the client: every call that is left, and every later one, fails."""
        if self.phase is Phase.ENDED:
            return
        self.phase = Phase.ENDED
        self._final = end
        self._exists = False
        self._due = math.inf
        self._heartbeat = None
        self._outgoing.clear(reason, end, self._resume.told_received)
        self._answering.lost()

    def send(self, request: Request, now: float) -> int:
        """Makes a call or sends a notification; the outcome comes as an output with this number.

        Raises:
            ResourceExhaustedError: As many wait as may; it will not be sent.
            ClosedError: The client is closed.
        """
        if self.phase in (Phase.LEAVING, Phase.ENDED):
            raise ClosedError(f"{request.method} was not sent: the client is closed", self._final)
        call = self._outgoing.add(request, now, is_open=self.phase is Phase.OPEN)
        self._settle(now)
        return call

    def cancel(self, call: int, now: float) -> None:
        """Forgets a call that nobody awaits any more, and tells the server where it knows of it."""
        self._outgoing.cancel(call)
        self._settle(now)

    def took(self, call: int, items: int, now: float) -> None:
        """The consumer of a stream took items."""
        self._outgoing.took(call, items)
        self._settle(now)

    def offer(self, call: int, item: bytes, now: float) -> None:
        """The producer of an upload has an item; it asks `wants_room` before the next one."""
        self._outgoing.offer(call, item)
        self._settle(now)

    def wants_room(self, call: int) -> bool:
        """Whether a producer may go on at once; if not, the output `Room` tells it when."""
        return self._outgoing.wants_room(call)

    def end_upload(self, call: int, now: float) -> None:
        """The producer of an upload has no more."""
        self._outgoing.end_upload(call)
        self._settle(now)

    def answer(self, call: Served, result: bytes | None, error: bytes | None, now: float) -> None:
        """A handler is done. Its answer leaves unless a cancel or the time limit was first."""
        self._answering.done(call, result, error)
        self._settle(now)

    def refresh(self, token: str | None) -> None:
        """A fresh token is there; on a connection that still lives the server is given it."""
        if self.phase in (Phase.OPEN, Phase.DRAINING):
            call = self._outgoing.next_id()
            self._auth.asked(call)
            self._outgoing.control(auth_message(self.codec, call, token))

    def tick(self, now: float) -> None:
        """Does what is due."""
        if now >= self._due:
            if self.phase is Phase.LEAVING:
                self._leave()
            else:
                self._drop(CloseCode.ABNORMAL, "no answer within the time limit", abrupt=True)
            return
        self._outgoing.expire(now)
        self._answering.expire(now)
        if self._auth.is_due(now):
            self._outputs.append(Refresh())
        if now >= self._starved_until():
            self._resume.give_up("overflow")
            self._drop(CloseCode.TOO_SLOW, "the server acknowledges nothing")
        beat = None if self._heartbeat is None else self._heartbeat.tick(now)
        if beat is Beat.DROP:
            self._drop_silent()
        elif beat is Beat.PING:
            self._outgoing.control(notification_message(self.codec, "rpc.ping", None))
        self._settle(now)

    def has_frame(self) -> bool:
        """Whether `next_frame` may give one."""
        if self.phase in _UP:
            return self._outgoing.has_urgent() or self._outgoing.replay.pending
        return self.phase is Phase.GREETING and self._outgoing.has_urgent()

    def next_frame(self, now: float) -> bytes | None:
        """The next frame to write, when the socket has room; it counts as written.

        After a silence that no living connection has, nothing is written and the connection is
        dropped: the machine slept.
        """
        if not self.has_frame():
            return None
        if self._heartbeat is not None and self._heartbeat.silent(now):
            self._drop_silent()
            return None
        frame = self._outgoing.next_urgent(now)
        if frame is not None or self.phase not in _UP:
            return frame
        taken = self._outgoing.next_tracked()
        if taken is None:
            return None
        frame, is_call = taken
        if self._heartbeat is not None and is_call:
            self._heartbeat.wrote_call(now)
        if self._options.plain:
            self._settle(now)
        return frame

    def say(self, body: bytes, *, tracked: bool) -> None:
        """Takes an answer that does not wait for room."""
        if tracked:
            self._outgoing.force(body)
        elif self.phase in _UP:
            self._outgoing.control(body)

    def place(self, body: bytes) -> bool:
        """Takes the numbered answer of a handler; False while there is no room for it."""
        return self._outgoing.offer_answer(body)

    def _settle(self, now: float) -> None:
        """What follows from every input: who waits for room gets it, as far as there is some."""
        if self._exists:
            self._answering.flush()
            starts = self.phase not in (Phase.DRAINING, Phase.LEAVING)
            self._outgoing.admit(now, calls=starts)
        if self._outgoing.exhausted:
            self._break("the last number is given")
        if self.phase not in _UP:
            return
        self._outgoing.note_ack(now)
        if self._outgoing.too_slow:
            self._drop(CloseCode.TOO_SLOW, "the server reads none of this side's answers")
        elif self.phase is Phase.LEAVING and self._outgoing.settled:
            self._leave()
        elif not self._outgoing.starved:
            self._starved_at = math.inf
        elif self._starved_at == math.inf:
            self._starved_at = now

    def _starved_until(self) -> float:
        return self._starved_at + self._options.heartbeat_timeout

    def _take_in(self, arrived: Arrived, size: int, now: float) -> None:
        if self.phase in (Phase.GREETING, Phase.REFUSED):
            self._greeted(arrived.message, now)
        elif self.phase not in _DEAF and self._is_next(arrived, size, now):
            self._on_message(arrived, now)

    def _greeted(self, message: Message, now: float) -> None:
        """Until hello's answer, only `rpc.close` and `rpc.ping` may come."""
        match message:
            case ResultMessage(id=0):
                try:
                    self._welcomed(self.codec.decode(message.result, HelloAnswer), now)
                except DecodeError as error:
                    self._drop(CloseCode.PROTOCOL_ERROR, f"the answer to hello: {error}")
            case ErrorMessage(id=0, error=ErrorBody() as body):
                self.phase = Phase.REFUSED
                self.refusal = body
                self._due = min(self._due, now + REFUSAL_WAIT)
            case NotificationMessage(method="rpc.close" | "rpc.ping"):
                self._notified(message, now, tracked=False)
            case _:
                self._drop(CloseCode.PROTOCOL_ERROR, "something came before the answer to hello")

    def _welcomed(self, hello: HelloAnswer, now: float) -> None:
        """Hello is answered: the session goes on, or another one begins."""
        replay = self._outgoing.replay
        if self._resume.resumed(hello, replay):
            try:
                self._outgoing.resume(hello.received)
            except OutOfRangeError:
                self._break("the server has received what was never sent")
                return
            if replay.repeats:
                self._resume.repeats()
            self._open(Opened(hello, resumed=True), now)
            return
        lost = self._resume.opened(hello)
        self._open(Opened(hello, reason=None if lost is None else lost.reason), now)
        if lost is None:
            return
        self._answering.lost()
        if lost.carries:
            self._outgoing.verdict(self._new_replay(), lost.received, self._last)
        else:
            words = "the connection came back with another user"
            self._outgoing.clear(words, self._last, lost.received)
            self._outgoing.replay = self._new_replay()
        self._outgoing.limits(hello)

    def _open(self, opened: Opened, now: float) -> None:
        self.phase = Phase.OPEN
        self._exists = True
        self._due = math.inf
        self._outputs.append(opened)
        hello = opened.hello
        if hello is not None:
            self._heartbeat = Heartbeat(self._options.heartbeat, hello.ping_ms / 1000, now)
            self._auth.told(hello.auth_expires_in_ms, now)
            self._outgoing.limits(hello)
            self._answering.max_message_bytes = hello.limits.max_message_bytes

    def _is_next(self, arrived: Arrived, size: int, now: float) -> bool:
        """Whether a message is to be taken: its number is looked at before the content."""
        if self._options.plain or (arrived.seq is None and not arrived.broken):
            return True
        if arrived.broken:
            self._break("a numbered message cannot be read")
        elif not arrived.seq:
            self._drop(CloseCode.PROTOCOL_ERROR, "seq is no integer from 1 to 2^53 - 1")
        else:
            receipt = self._outgoing.replay.receive(arrived.seq, size, now)
            if receipt is Receipt.GAP:
                self._break(f"the number {arrived.seq} leaves a gap")
            return receipt is Receipt.NEW
        return False

    def _on_message(self, arrived: Arrived, now: float) -> None:
        tracked = arrived.seq is not None and not self._options.plain
        match arrived.message:
            case ResultMessage(id=call, result=result):
                self._answered(call, Answered(call or HELLO_ID, result), now)
            case ErrorMessage(id=call, error=ErrorBody() as body):
                self._answered(call, Refused(call or HELLO_ID, body), now)
            case ErrorMessage(id=call):
                unread = DecodeError("the response holds no error that can be read")
                self._answered(call, Failed(call or HELLO_ID, unread), now)
            case CallMessage() as message:
                self._answering.called(message, now, tracked=tracked)
            case NotificationMessage() as message:
                self._notified(message, now, tracked=tracked)
            case InvalidMessage(code=code, reason=reason):
                self._invalid(code, reason, tracked=tracked)

    def _answered(self, call: int | None, output: Answered | Refused | Failed, now: float) -> None:
        if self._auth.answered(call):
            self._authenticated(output, now)
        elif not self._outgoing.answered(call, output):
            self._outputs.append(Fault("an answer to no open call"))

    def _authenticated(self, output: Answered | Refused | Failed, now: float) -> None:
        if not isinstance(output, Answered):
            # The server ends the connection when the old token runs out, and says so.
            self._outputs.append(Fault("the server did not take the fresh token"))
            return
        try:
            answer = self.codec.decode(output.result, AuthAnswer)
        except DecodeError:
            answer = AuthAnswer()
        self._auth.told(answer.auth_expires_in_ms, now)

    def _notified(self, message: NotificationMessage, now: float, *, tracked: bool) -> None:
        if message.method in self.handled:
            self._answering.notified(message, tracked=tracked)
        elif not message.method.startswith(RESERVED_PREFIX):
            self._outputs.append(Event(message.method, message.params))
        elif not self._noticed(message, now):
            self._outputs.append(Fault(f"{message.method} with what does not fit"))

    def _noticed(self, message: NotificationMessage, now: float) -> bool:
        """Does what a notice of the protocol says; False where that cannot be read."""
        match message.method:
            case "rpc.ping":
                self._outgoing.pong()
            case "rpc.close":
                return self._told_close(read_notice(self.codec, message, CloseNotice), now)
            case "rpc.ack":
                return self._acked(read_notice(self.codec, message, AckNotice))
            case "rpc.cancel":
                return self._answering.cancelled(read_notice(self.codec, message, CancelNotice))
            case "rpc.item":
                return self._outgoing.items(read_notice(self.codec, message, ItemNotice))
            case "rpc.upload_credit":
                return self._outgoing.granted(read_notice(self.codec, message, CreditNotice))
            case _:
                # rpc.pong is a sign of life like every message; the rest is of a later version.
                pass
        return True

    def _acked(self, notice: AckNotice | None) -> bool:
        if notice is None:
            return False
        try:
            self._outgoing.acked(notice.seq)
        except OutOfRangeError:
            self._break("the server acknowledges what was never sent")
        return True

    def _told_close(self, close: CloseNotice | None, now: float) -> bool:
        """The server says how the connection will end and, in a drain, when."""
        if close is None:
            return False
        self._resume.told(close.received)
        earlier = None if self._verdict is None else self._verdict.retry_within
        within = earlier if close.retry_within_ms is None else close.retry_within_ms / 1000
        self._verdict = Disconnect.of(close.code, close.reason, within)
        pause = (close.in_ms or 0.0) / 1000
        self._due = min(self._due, now + pause + self._options.heartbeat.grace)
        if close.in_ms is None or self.phase not in _UP:
            self.phase = Phase.CLOSING
        elif self.phase is Phase.OPEN:
            self.phase = Phase.DRAINING
        return True

    def _invalid(self, code: ErrorCode, reason: str, *, tracked: bool) -> None:
        """Says what is wrong with the id null; a plain peer's server expects no answers."""
        self._outputs.append(Fault(reason))
        if not self._options.plain:
            error = protocol_error(self.codec, code, reason)
            self.say(error_message(self.codec, None, error), tracked=tracked)

    def _emit(self, output: Output) -> None:
        if isinstance(output, Drop):
            self.phase = Phase.DROPPED
            self._due = math.inf
            self._heartbeat = None
            self._auth.stop()
            self._starved_at = math.inf
        self._outputs.append(output)

    def _refused(self, code: int) -> Disconnect | None:
        """The verdict of a refused hello whose connection ended without a close code."""
        if self.refusal is None or code not in (CloseCode.NO_STATUS, CloseCode.ABNORMAL):
            return None
        retryable = self.refusal.code in _PASSING
        return Disconnect(code, self.refusal.message, come_back=retryable)

    def _new_replay(self) -> Replay:
        return Replay(self._options.buffer_bytes)

    def _leave(self) -> None:
        """The client is done: a close of 1000 ends the session at the server, too."""
        connected = self.phase not in _DEAF
        final = self._final or Disconnect.of(CloseCode.NORMAL, "closed by this side")
        if connected:
            self._drop(CloseCode.NORMAL, "")
        self.end(final, "the client was closed")

    def _break(self, reason: str) -> None:
        """*4050 ends the session at both ends*: the next hello does not ask for it."""
        self._resume.give_up("sequence")
        if self.phase not in _DEAF:
            self._drop(CloseCode.SEQUENCE_BROKEN, reason)

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
"""Refusals that pass: the client comes back after them."""
