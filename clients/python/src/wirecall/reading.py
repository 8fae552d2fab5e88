"""What an open connection brings: every message goes to whom it concerns.

Pure, like the session that it is a part of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wirecall.answering import Answering
from wirecall.auth import AuthAnswer
from wirecall.codec import Codec
from wirecall.disconnect import CloseCode
from wirecall.errors import DecodeError
from wirecall.link import PASSING, Link
from wirecall.message import (
    HELLO_ID,
    RESERVED_PREFIX,
    Arrived,
    CallMessage,
    ErrorBody,
    ErrorCode,
    ErrorMessage,
    InvalidMessage,
    NotificationMessage,
    ResultMessage,
    error_message,
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
from wirecall.outgoing import Outgoing
from wirecall.output import Answered, Event, Failed, Fault, Output, Refused
from wirecall.recovery import Recovery
from wirecall.replay import OutOfRangeError, Receipt


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a session that hear of messages.

    Attributes:
        outgoing: Whose calls are answered.
        answering: Who answers calls.
        link: What the connection is known to do.
        recovery: What the server tells of the session.
        emit: Takes what the driver shall do.
    """

    outgoing: Outgoing
    answering: Answering
    link: Link
    recovery: Recovery
    emit: Callable[[Output], None]


class Reading:
    """The reader's side of a session."""

    def __init__(self, codec: Codec, parts: Parts, *, plain: bool) -> None:
        """Joins them.

        Args:
            codec: How messages are written.
            parts: Who hears of them.
            plain: Whether the peer knows nothing of numbers, nor expects errors of its messages.
        """
        self._codec = codec
        self._plain = plain
        self._outgoing = parts.outgoing
        self._answering = parts.answering
        self._link = parts.link
        self._recovery = parts.recovery
        self._emit = parts.emit

    def is_next(self, arrived: Arrived, now: float) -> bool:
        """Whether a message is to be taken: its number is looked at before the content."""
        if self._plain or (arrived.seq is None and not arrived.broken):
            return True
        if arrived.broken:
            self.broken("a numbered message cannot be read")
        elif not arrived.seq:
            self._link.drop(CloseCode.PROTOCOL_ERROR, "seq is no integer from 1 to 2^53 - 1")
        else:
            receipt = self._outgoing.replay.receive(arrived.seq, arrived.size, now)
            if receipt is Receipt.GAP:
                self.broken(f"the number {arrived.seq} leaves a gap")
            return receipt is Receipt.NEW
        return False

    def broken(self, reason: str) -> None:
        """*4050 ends the session at both ends*: the next hello does not ask for it."""
        self._recovery.give_up("sequence")
        self._link.drop(CloseCode.SEQUENCE_BROKEN, reason)

    def read(self, arrived: Arrived, now: float) -> None:
        """Takes a message whose number is the next, or that has none."""
        # *The answer to a call without `seq` is numbered like any other*, that to a batch is not.
        tracked = not arrived.batch and not self._plain
        match arrived.message:
            case ResultMessage(id=call, result=result):
                self._answered(call, Answered(call or HELLO_ID, result), now)
            case ErrorMessage(id=call, error=ErrorBody() as body):
                if call is None:
                    # It could not read something: its caller waits, and somebody has to know why.
                    self._emit(Fault("the server did not understand a message", body))
                    return
                self._answered(call, Refused(call, body), now)
            case ErrorMessage(id=call):
                unread = DecodeError("the response holds no error that can be read")
                self._answered(call, Failed(call or HELLO_ID, unread), now)
            case CallMessage() as message:
                self._answering.called(message, arrived.size, now, tracked=tracked)
            case NotificationMessage() as message if message.method in self._answering.handled:
                if not self._answering.notified(message, arrived.size, tracked=tracked):
                    self._not_taken(numbered=arrived.seq is not None)
            case NotificationMessage() as message:
                self._notified(message, now)
            case InvalidMessage(code=code, reason=reason):
                self._invalid(code, reason, tracked=tracked)

    def _answered(self, call: int | None, output: Answered | Refused | Failed, now: float) -> None:
        if self._link.auth.answered(call):
            self._authenticated(output, now)
        elif not self._outgoing.answered(call, output):
            self._emit(Fault("an answer to no open call"))

    def _authenticated(self, output: Answered | Refused | Failed, now: float) -> None:
        if not isinstance(output, Answered):
            # The server ends the connection when the old token runs out, and says so.
            refusal = output.error if isinstance(output, Refused) else None
            if refusal is not None and refusal.code in PASSING:
                self._link.auth.failed(now)
            self._emit(Fault("the server did not take the fresh token", refusal))
            return
        try:
            answer = self._codec.decode(output.result, AuthAnswer)
        except DecodeError:
            answer = AuthAnswer()
        self._link.auth.told(answer.auth_expires_in_ms, now)

    def _not_taken(self, *, numbered: bool) -> None:
        """Closes 4013: it has not been received, so that *the resume brings it again*."""
        if numbered and not self._plain:
            self._outgoing.replay.not_taken()
        self._link.drop(CloseCode.TOO_SLOW, "too many notifications wait for their handlers")

    def _notified(self, message: NotificationMessage, now: float) -> None:
        if not message.method.startswith(RESERVED_PREFIX):
            self._emit(Event(message.method, message.params))
        elif not self._noticed(message, now):
            self._emit(Fault(f"{message.method} with what does not fit"))

    def _noticed(self, message: NotificationMessage, now: float) -> bool:
        """Does what a notice of the protocol says; False where that cannot be read."""
        match message.method:
            case "rpc.ping":
                self._outgoing.pong()
            case "rpc.pong":
                self._outgoing.proven(self._link.pings.answered())
            case "rpc.close":
                return self._told_close(read_notice(self._codec, message, CloseNotice), now)
            case "rpc.ack":
                self._acked(read_notice(self._codec, message, AckNotice))
            case "rpc.cancel":
                return self._answering.cancelled(read_notice(self._codec, message, CancelNotice))
            case "rpc.item":
                return self._outgoing.items(read_notice(self._codec, message, ItemNotice))
            case "rpc.upload_credit":
                return self._outgoing.granted(read_notice(self._codec, message, CreditNotice))
            case _:
                # It is of a later version.
                pass
        return True

    def _acked(self, notice: AckNotice | None) -> None:
        if self._plain:
            return
        if notice is None or notice.seq < 0:
            # *One whose `seq` is not there, or no integer of at least 0, closes 1002.*
            self._link.drop(CloseCode.PROTOCOL_ERROR, "the server sent an rpc.ack without a number")
            return
        self._link.fed()
        try:
            self._outgoing.acked(notice.seq)
        except OutOfRangeError:
            self.broken("the server acknowledges what was never sent")

    def _told_close(self, close: CloseNotice | None, now: float) -> bool:
        """The server says how the connection will end and, in a drain, when."""
        if close is None:
            return False
        self._recovery.told(close.received)
        self._link.told_close(close, now)
        return True

    def _invalid(self, code: ErrorCode, reason: str, *, tracked: bool) -> None:
        """Says what is wrong with the id null; a plain peer's server expects no answers."""
        self._emit(Fault(reason))
        if not self._plain:
            error = protocol_error(self._codec, code, reason)
            self._outgoing.say(error_message(self._codec, None, error), tracked=tracked)
