"""How the server's calls are answered: each once, whichever of handler, cancel and time is first.

Pure, like the session that it is a part of.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol

from wirecall.codec import MAX_DEPTH, SEAL_BYTES, Codec
from wirecall.message import (
    CallMessage,
    ErrorCode,
    NotificationMessage,
    error_message,
    protocol_error,
    result_message,
)
from wirecall.notices import CancelNotice
from wirecall.output import Abort, Output, Serve
from wirecall.served import MAX_RUNNING, MAX_WAITING, Served, ServedCalls


class AnsweringOwner(Protocol):
    """Whose calls are answered: the session."""

    def emit(self, output: Output) -> None:
        """Takes what the driver shall do."""
        ...

    def say(self, body: bytes, *, tracked: bool) -> None:
        """Takes an answer that the reader gives: it does not wait for room."""
        ...

    def place(self, body: bytes) -> bool:
        """Takes the numbered answer of a handler; False while there is no room for it."""
        ...


class Answering:
    """The calls that this side answers."""

    def __init__(self, codec: Codec, owner: AnsweringOwner) -> None:
        """Starts with none.

        Args:
            codec: How answers are written.
            owner: Takes them.
        """
        self._codec = codec
        self._owner = owner
        self._served = ServedCalls()
        self._ready: deque[tuple[Served, bytes]] = deque()
        self.handled: set[str] = set()
        """The methods that have a handler."""
        self.max_message_bytes: float = math.inf
        """The largest answer that the server takes."""

    def called(self, message: CallMessage, size: int, now: float, *, tracked: bool) -> None:
        """The server calls, with a message of so many bytes."""
        if message.method == "rpc.ping":
            # *Not numbered are `rpc.ping` and its answer.*
            answer = result_message(self._codec, message.id, self._codec.null)
            self._owner.say(answer, tracked=False)
            return
        if message.method not in self.handled:
            words = f"no handler: {message.method}"
            self._refuse(message.id, ErrorCode.METHOD_NOT_FOUND, words, tracked=tracked)
            return
        timeout = message.timeout
        deadline = math.inf if timeout is None else now + timeout
        call = Served(
            message.id,
            message.method,
            message.params,
            message.meta,
            timeout,
            deadline,
            tracked=tracked,
            size=size,
        )
        match self._served.begin(call):
            case "begun":
                self._start()
            case "duplicate":
                words = "a call with this id is open"
                self._refuse(None, ErrorCode.INVALID_REQUEST, words, tracked=tracked)
            case "full":
                words = f"{MAX_RUNNING} calls run and {MAX_WAITING} wait: this one was not run"
                self._refuse(call.id, ErrorCode.RESOURCE_EXHAUSTED, words, tracked=tracked)

    def notified(self, message: NotificationMessage, size: int, *, tracked: bool) -> bool:
        """The server sends a notification that has a handler; False where there is no room."""
        note = Served(None, message.method, message.params, tracked=tracked, size=size)
        if self._served.begin(note) != "begun":
            return False
        self._start()
        return True

    def cancelled(self, notice: CancelNotice | None) -> bool:
        """The server takes a call back; False where it does not say which."""
        if notice is None:
            return False
        call = self._served.find(bytes(notice.id))
        if call is not None:
            self._stop(call, ErrorCode.CANCELLED, "the caller cancelled the call")
        return True

    def done(self, call: Served, result: bytes | None, error: bytes | None) -> None:
        """A handler is done. Its answer leaves unless a cancel or the time limit was first."""
        if any(ready is call for ready, _ in self._ready):
            return
        if call.id is None or not self._served.answer(call):
            self._free(call)
            return
        body = self._encode(call.id, result, error)
        if not call.tracked:
            self._owner.say(body, tracked=False)
            self._free(call)
            return
        # *Answers wait at their source*: the handler's place is taken until its answer has one.
        self._ready.append((call, body))
        self.flush()

    def flush(self) -> None:
        """Gives a place to the answers that wait for one."""
        while self._ready and self._owner.place(self._ready[0][1]):
            self._free(self._ready.popleft()[0])

    def expire(self, now: float) -> None:
        """Answers the calls whose time is up."""
        for call in self._served.expired(now):
            self._stop(call, ErrorCode.DEADLINE_EXCEEDED, "the call's time limit is over")

    def disconnected(self) -> None:
        """Nobody waits for the answers of calls without a number."""
        self._abort(self._served.clear(tracked=False))

    def lost(self) -> None:
        """The session is lost, and with it whoever waits for answers."""
        ready = [call for call, _ in self._ready]
        self._ready.clear()
        self._abort(self._served.clear())
        for call in ready:
            self._served.done(call)
        self._start()

    def wake_at(self) -> float:
        """When `expire` has something to do; infinite for never."""
        return self._served.wake_at()

    def _start(self) -> None:
        while (call := self._served.start()) is not None:
            self._owner.emit(Serve(call))

    def _free(self, call: Served) -> None:
        self._served.done(call)
        self._start()

    def _stop(self, call: Served, code: ErrorCode, reason: str) -> None:
        """Gives a call its answer at once and cancels its handler, if it runs."""
        self._served.answer(call)
        self._refuse(call.id, code, reason, tracked=call.tracked)
        self._abort([call] if self._served.is_running(call) else [])

    def _abort(self, calls: list[Served]) -> None:
        for call in calls:
            self._owner.emit(Abort(call))

    def _refuse(
        self, identity: bytes | None, code: ErrorCode, reason: str, *, tracked: bool
    ) -> None:
        error = protocol_error(self._codec, code, reason)
        self._owner.say(error_message(self._codec, identity, error), tracked=tracked)

    def _encode(self, identity: bytes, result: bytes | None, error: bytes | None) -> bytes:
        if error is not None:
            body = error_message(self._codec, identity, error)
        else:
            body = result_message(self._codec, identity, result or self._codec.null)
        if self._codec.too_deep(body):
            deep = f"the answer is nested more than {MAX_DEPTH} deep"
            inside = protocol_error(self._codec, ErrorCode.INTERNAL_ERROR, deep)
            return error_message(self._codec, identity, inside)
        # *Checked before its number is given*, which it has yet to get.
        if len(body) + SEAL_BYTES <= self.max_message_bytes:
            return body
        limit = f"the answer is larger than {self.max_message_bytes} bytes"
        large = protocol_error(self._codec, ErrorCode.TOO_LARGE, limit)
        return error_message(self._codec, identity, large)
