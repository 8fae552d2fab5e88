"""How the server's calls are answered: each once, whichever of handler, cancel and time is first.

Pure, like the session that it is a part of.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec

from wirecall.codec import decode
from wirecall.disconnect import CloseCode
from wirecall.errors import DecodeError
from wirecall.message import (
    CallMessage,
    ErrorCode,
    NotificationMessage,
    error_message,
    protocol_error,
    result_message,
)
from wirecall.output import Abort, Drop, Fault, Output, Serve
from wirecall.served import MAX_RUNNING, MAX_WAITING, Served, ServedCalls


class _CancelParams(msgspec.Struct, frozen=True):
    id: msgspec.Raw


class Answering:
    """The calls that this side answers."""

    def __init__(self, emit: Callable[[Output], None], write: Callable[[bytes], None]) -> None:
        """Starts with none.

        Args:
            emit: Takes what the driver shall do.
            write: Takes the answers.
        """
        self._emit = emit
        self._write = write
        self._served = ServedCalls()
        self.handled: set[str] = set()
        """The methods that have a handler."""
        self.max_message_bytes: float = math.inf
        """The largest answer that the server takes."""

    def called(self, message: CallMessage, now: float) -> None:
        """The server calls."""
        if message.method not in self.handled:
            error = protocol_error(ErrorCode.METHOD_NOT_FOUND, f"no handler: {message.method}")
            self._write(error_message(message.id, error))
            return
        timeout = message.timeout
        deadline = math.inf if timeout is None else now + timeout
        call = Served(message.id, message.method, message.params, message.meta, timeout, deadline)
        self._begin(call)

    def notified(self, message: NotificationMessage) -> None:
        """The server sends a notification that has a handler."""
        self._begin(Served(None, message.method, message.params))

    def cancelled(self, message: NotificationMessage) -> None:
        """The server takes a call back."""
        try:
            identity = bytes(decode(message.params or b"null", _CancelParams).id)
        except DecodeError:
            self._emit(Fault("rpc.cancel without an id"))
            return
        call = self._served.find(identity)
        if call is not None:
            self._stop(call, ErrorCode.CANCELLED, "the caller cancelled the call")

    def done(self, call: Served, result: bytes | None, error: bytes | None) -> None:
        """A handler is done. Its answer leaves unless a cancel or the time limit was first."""
        self._served.done(call)
        if self._served.answer(call):
            self._respond(call, result, error)
        self._start()

    def expire(self, now: float) -> None:
        """Answers the calls whose time is up."""
        for call in self._served.expired(now):
            self._stop(call, ErrorCode.DEADLINE_EXCEEDED, "the call's time limit is over")

    def disconnected(self) -> None:
        """Nobody waits for answers any more."""
        for call in self._served.clear():
            self._emit(Abort(call))

    def wake_at(self) -> float:
        """When `expire` has something to do; infinite for never."""
        return self._served.wake_at()

    def _begin(self, call: Served) -> None:
        match self._served.begin(call):
            case "begun":
                self._start()
            case "duplicate":
                error = protocol_error(ErrorCode.INVALID_REQUEST, "a call with this id is open")
                self._write(error_message(b"null", error))
            case "full" if call.id is None:
                reason = "too many notifications wait for their handlers"
                self._emit(Drop(CloseCode.TOO_SLOW, reason))
            case "full":
                limit = f"{MAX_RUNNING} calls run and {MAX_WAITING} wait: this one was not run"
                self._respond(call, None, protocol_error(ErrorCode.RESOURCE_EXHAUSTED, limit))

    def _start(self) -> None:
        while (call := self._served.start()) is not None:
            self._emit(Serve(call))

    def _stop(self, call: Served, code: ErrorCode, reason: str) -> None:
        """Gives a call its answer at once and cancels its handler, if it runs."""
        self._served.answer(call)
        self._respond(call, None, protocol_error(code, reason))
        if self._served.is_running(call):
            self._emit(Abort(call))

    def _respond(self, call: Served, result: bytes | None, error: bytes | None) -> None:
        if call.id is None:
            return
        if error is not None:
            frame = error_message(call.id, error)
        else:
            frame = result_message(call.id, result or b"null")
        if len(frame) > self.max_message_bytes:
            limit = f"the answer is larger than {self.max_message_bytes} bytes"
            frame = error_message(call.id, protocol_error(ErrorCode.TOO_LARGE, limit))
        self._write(frame)
