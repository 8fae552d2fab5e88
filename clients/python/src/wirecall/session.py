"""The session: what the protocol says on a connection, as a pure state machine.

Inputs are methods, given the time; outputs are taken with `take`, frames to write with
`next_frame`. It does no I/O, has no clock and starts no timer: its driver connects, reads, writes,
runs handlers, and calls `tick` at `wake_at`.
"""

from __future__ import annotations

import math

from wirecall.answering import Answering
from wirecall.auth import auth_message
from wirecall.calls import Request
from wirecall.codec import Codec
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.errors import ClosedError, DecodeError
from wirecall.hello import HelloAnswer, hello_message, read_hello
from wirecall.link import Link, Phase
from wirecall.message import (
    Arrived,
    ErrorBody,
    ErrorMessage,
    Message,
    NotificationMessage,
    ResultMessage,
    notification_message,
    parse,
)
from wirecall.options import SessionOptions
from wirecall.outgoing import Outgoing
from wirecall.output import (
    Opened,
    Output,
    Refresh,
)
from wirecall.reading import Parts, Reading
from wirecall.recovery import Recovery
from wirecall.replay import OutOfRangeError, Replay
from wirecall.served import Served

LEAVE_WAIT = 3.0
"""Seconds that `close` waits until the server is known to have what was written."""


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
            self._outputs.append,
            plain=options.plain,
        )
        self._answering = Answering(self.codec, self)
        self._recovery = Recovery()
        self._link = Link(options, self._outputs.append)
        parts = Parts(
            self._outgoing, self._answering, self._link, self._recovery, self._outputs.append
        )
        self._reading = Reading(self.codec, parts, plain=options.plain)
        self._exists = False
        self._stands = False
        self._leaving = False
        self._awaited = 0
        self._last: Disconnect | None = None
        self._fate = _CLOSED
        self.contracts: dict[str, str] = {}
        """The fingerprints of the services in use, told in hello."""

    @property
    def phase(self) -> Phase:
        """How far the present connection got."""
        return self._link.phase

    @property
    def refusal(self) -> ErrorBody | None:
        """The error with which the server answered hello on this connection."""
        return self._link.refusal

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
        ack = self._outgoing.ack_at() if self._link.up else math.inf
        return min(self._link.wake_at(), ack, self._outgoing.wake_at(), self._answering.wake_at())

    def connecting(self, limit: float, now: float) -> None:
        """An attempt begins. Token, connecting and hello's answer share one limit, in seconds."""
        self._link.connecting(limit, now)

    def connected(self, token: str | None, now: float) -> None:
        """The connection stands. Nothing but hello is written until its answer is there."""
        if self.phase is not Phase.CONNECTING:
            return
        if self._options.plain:
            self._open(Opened(None), now)
            self._settle(now)
            return
        self._link.phase = Phase.GREETING
        resume = self._recovery.ask(self._outgoing.replay)
        hello = hello_message(self.codec, self._options, token, self.contracts, resume)
        self._outgoing.control(hello)

    def received(self, frame: bytes | str, now: float) -> None:
        """A frame arrived. Never raises, whatever it holds."""
        if self._link.deaf:
            return
        self._link.heard(now)
        if isinstance(frame, str) is not self.codec.text and not self._options.plain:
            words = f"a frame of the wrong kind on {self.codec.subprotocol}"
            self._link.drop(CloseCode.UNSUPPORTED_DATA, words)
            return
        data = frame.encode(errors="surrogatepass") if isinstance(frame, str) else frame
        for arrived in parse(self.codec, data):
            self._take_in(arrived, now)
        self._settle(now)

    def disconnected(self, code: int, reason: str, now: float) -> Disconnect:
        """The connection is over. In a session, every call goes on.

        What `rpc.close` said counts more than the code of the WebSocket.
        """
        end = self._link.over(code, reason)
        if self.phase is Phase.ENDED:
            return end
        if self._stands:
            # An attempt that failed since then took nothing from anybody.
            self._last = end
        self._stands = False
        self._outgoing.disconnected()
        self._answering.disconnected()
        if end.code == CloseCode.SEQUENCE_BROKEN:
            self._recovery.give_up("sequence")
        if self._options.plain:
            # Nothing can be taken up again: what was written may have run, or not.
            self._exists = False
            self._outgoing.verdict(self._new_replay(), None, end)
            self._answering.lost()
        self._outgoing.expire(now)
        if self._leaving:
            # Whatever ended the wait for the acks: there is no other connection to wait for.
            self._leave()
        return end

    def close(self, now: float) -> None:
        """The application ends the client: what was written is acknowledged first, or time is up.

        It is over when the connection is dropped, or at once where there is none.
        """
        if self._leaving or self.phase is Phase.ENDED:
            return
        if not self._link.up:
            self._leave()
            return
        self._leaving = True
        self._outgoing.clear_waiting(_CLOSED, _CLOSE)
        self._awaited = self._outgoing.replay.numbered
        self._link.leaving(LEAVE_WAIT, now)
        self._settle(now)

    def end(self, end: Disconnect, reason: str) -> None:
        """The end of the client: every call that is left, and every later one, fails."""
        if self.phase is Phase.ENDED:
            return
        self._link.end()
        self._last = end
        self._fate = reason
        self._exists = False
        self._outgoing.clear(reason, end, self._recovery.told_received)
        self._answering.lost()

    def send(self, request: Request, now: float) -> int:
        """Makes a call or sends a notification; the outcome comes as an output with this number.

        Raises:
            ResourceExhaustedError: As many wait as may; it will not be sent.
            ClosedError: The client is closed.
        """
        if self._leaving or self.phase is Phase.ENDED:
            end = self._last if self.phase is Phase.ENDED else _CLOSE
            raise ClosedError(f"{request.method} was not sent: {self._fate}", end)
        call = self._outgoing.add(request, now, is_open=self.phase is Phase.OPEN)
        self._settle(now)
        return call

    def cancel(self, call: int, now: float) -> bool:
        """Ends a call that nobody awaits any more, here and at the server, if it may know of it.

        Gives False for one that had its outcome already.
        """
        ended = self._outgoing.cancel(call)
        self._settle(now)
        return ended

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

    def refresh(self, token: str) -> None:
        """A fresh token is there; on a connection that still lives the server is given it.

        Raises:
            EncodeError: It cannot be sent.
        """
        if self._link.up:
            call = self._outgoing.next_id()
            self._outgoing.control(auth_message(self.codec, call, token))
            self._link.auth.asked(call)

    def refresh_failed(self, now: float) -> None:
        """There is no fresh token; the output `Refresh` asks for one again while the old lasts."""
        if self._link.up:
            self._link.auth.failed(now)

    def tick(self, now: float) -> None:
        """Does what is due."""
        if self._link.is_due(now):
            if self._leaving:
                self._leave()
            else:
                reason = "no answer within the time limit"
                self._link.drop(CloseCode.ABNORMAL, reason, abrupt=True)
            return
        self._outgoing.expire(now)
        self._answering.expire(now)
        if self._link.auth.is_due(now):
            self._outputs.append(Refresh())
        if self._link.starved(now):
            self._recovery.give_up("overflow")
            self._link.drop(CloseCode.TOO_SLOW, "the server acknowledges nothing")
        if self._link.beat(now):
            self._ping()
        self._settle(now)

    def has_frame(self) -> bool:
        """Whether `next_frame` may give one."""
        if self._link.up:
            return self._outgoing.has_urgent() or self._outgoing.replay.pending
        return self.phase is Phase.GREETING and self._outgoing.has_urgent()

    def next_frame(self, now: float) -> bytes | None:
        """The next frame to write, when the socket has room; it counts as written.

        After a silence that no living connection has, nothing is written and the connection is
        dropped: the machine slept.
        """
        if not self.has_frame() or not self._link.may_write(now):
            return None
        frame = self._outgoing.next_urgent(now)
        if frame is not None or not self._link.up:
            return frame
        taken = self._outgoing.next_tracked()
        if taken is None:
            return None
        frame, is_call = taken
        if is_call:
            self._link.wrote_call(now)
        if self._options.plain or self.phase is Phase.LEAVING:
            self._settle(now)
        return frame

    def emit(self, output: Output) -> None:
        """Takes what is to be done about the server's calls."""
        self._outputs.append(output)

    def say(self, body: bytes, *, tracked: bool) -> None:
        """Takes an answer that does not wait for room."""
        self._outgoing.say(body, tracked=tracked)

    def place(self, body: bytes) -> bool:
        """Takes the numbered answer of a handler; False while there is no room for it."""
        return self._outgoing.offer_answer(body)

    def _settle(self, now: float) -> None:
        """What follows from every input: who waits for room gets it, as far as there is some."""
        self._outgoing.starved = False
        if self._exists:
            self._answering.flush()
            if not self._leaving:
                self._outgoing.admit(now, calls=self.phase is not Phase.DRAINING)
        if self._outgoing.exhausted:
            self._reading.broken("the last number is given")
        if not self._link.up:
            return
        self._outgoing.note_ack(now)
        if self._outgoing.starved:
            self._link.starves(now)
        else:
            self._link.fed()
        if self._outgoing.too_slow:
            words = "the server reads none of this side's answers"
            self._link.drop(CloseCode.TOO_SLOW, words)
        elif self.phase is Phase.LEAVING:
            self._say_farewell()

    def _say_farewell(self) -> None:
        """Leaves as soon as the server has all that was there at `close`, and asks for a sign."""
        replay = self._outgoing.replay
        if self._outgoing.received >= self._awaited:
            self._leave()
        elif not replay.pending and self._link.pings.ask(replay.numbered):
            # Messages are read in order: its pong says more than that the server lives, and an ack
            # may be a second late.
            self._ping()

    def _ping(self) -> None:
        self._link.pings.sent += 1
        self._outgoing.control(notification_message(self.codec, "rpc.ping", None))

    def _take_in(self, arrived: Arrived, now: float) -> None:
        if self.phase in (Phase.GREETING, Phase.REFUSED):
            self._greeted(arrived.message, now)
        elif not self._link.deaf and self._reading.is_next(arrived, now):
            self._reading.read(arrived, now)

    def _greeted(self, message: Message, now: float) -> None:
        """Until hello's answer, only `rpc.close` and `rpc.ping` may come."""
        match message:
            case ResultMessage(id=0):
                try:
                    self._welcomed(read_hello(self.codec, message.result), now)
                except DecodeError as error:
                    self._link.drop(CloseCode.PROTOCOL_ERROR, f"the answer to hello: {error}")
            case ErrorMessage(id=0, error=ErrorBody() as body):
                self._link.refused(body, now)
            case NotificationMessage(method="rpc.close" | "rpc.ping"):
                self._reading.read(Arrived(message), now)
            case _:
                self._link.drop(
                    CloseCode.PROTOCOL_ERROR, "something came before the answer to hello"
                )

    def _welcomed(self, hello: HelloAnswer, now: float) -> None:
        """Hello is answered: the session goes on, or another one begins."""
        try:
            resumed = self._recovery.resumed(hello, self._outgoing.replay)
        except OutOfRangeError:
            self._reading.broken("the server has received what was never sent")
            return
        if resumed:
            self._outgoing.resumed()
            self._open(Opened(hello, resumed=True), now)
            return
        lost = self._recovery.opened(hello)
        self._open(Opened(hello, reason=None if lost is None else lost.reason), now)
        if lost is None:
            return
        self._answering.lost()
        if lost.carries:
            self._outgoing.verdict(self._new_replay(), lost.received, self._last, lost.reason)
        else:
            words = "the connection came back with another user"
            self._outgoing.clear(words, self._last, lost.received, lost.reason)
            self._outgoing.replay = self._new_replay()
        self._outgoing.limits(hello)

    def _open(self, opened: Opened, now: float) -> None:
        self._link.opened(opened.hello, now)
        self._exists = self._stands = True
        self._outputs.append(opened)
        if opened.hello is not None:
            self._outgoing.limits(opened.hello)
            self._answering.max_message_bytes = opened.hello.limits.max_message_bytes

    def _new_replay(self) -> Replay:
        return Replay(self._options.buffer_bytes)

    def _leave(self) -> None:
        """The client is done: a close of 1000 ends the session at the server, too."""
        self._link.drop(CloseCode.NORMAL, "")
        self.end(_CLOSE, _CLOSED)


_CLOSE = Disconnect.of(CloseCode.NORMAL, "closed by this side")
_CLOSED = "the client was closed"
