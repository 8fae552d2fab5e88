"""The asyncio side of a session: gives it its inputs, performs what it wants, keeps its one timer.

All of it is synchronous but for the handlers' tasks, so that no input is ever torn.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable

from msgspec import Raw

from wirecall.calls import Request
from wirecall.connection import Connection
from wirecall.hello import HelloAnswer
from wirecall.incoming import Incoming
from wirecall.message import ErrorBody, ErrorCode, protocol_error
from wirecall.output import (
    Abort,
    Answered,
    Drop,
    Event,
    Failed,
    Fault,
    Opened,
    Output,
    Refused,
    Sent,
    Serve,
)
from wirecall.served import Served
from wirecall.serving import ServedCall
from wirecall.session import Session

_LOGGER = logging.getLogger("wirecall")


class Driver:
    """Runs one session; the connector gives it connections."""

    def __init__(
        self,
        session: Session,
        incoming: Incoming,
        clock: Callable[[], float],
        opened: Callable[[HelloAnswer | None], None],
    ) -> None:
        """Prepares; needs a running event loop.

        Args:
            session: What it runs.
            incoming: Who hears what arrives.
            clock: Seconds, growing; asked whenever the session wants the time.
            opened: Hears that the session is open.
        """
        self.session = session
        self.connection: Connection | None = None
        self._incoming = incoming
        self._clock = clock
        self._opened = opened
        self._loop = asyncio.get_running_loop()
        self._outputs: deque[Output] = deque()
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._calls: dict[int, asyncio.Future[Raw | ErrorBody | None]] = {}
        self._handlers: dict[Served, asyncio.Task[None]] = {}

    def now(self) -> float:
        """The session's time."""
        return self._clock()

    async def send(self, request: Request) -> Raw | ErrorBody | None:
        """Sends a call and awaits its answer, or a notification and awaits that it is written.

        Cancelling ends the call at once here and tells the server, if the call was written; then
        it may have run.

        Raises:
            WirecallError: It ended without an answer.
        """
        number = self.session.send(request, self.now())
        future: asyncio.Future[Raw | ErrorBody | None] = self._loop.create_future()
        self._calls[number] = future
        self.step()
        try:
            return await future
        finally:
            if self._calls.pop(number, None) is not None:
                self.session.cancel(number)
                self.step()

    def connected(self, token: str | None) -> None:
        """The socket is open."""
        self.session.connected(token, self.now())
        self.step()

    def received(self, frame: str | bytes) -> None:
        """A frame arrived."""
        self.session.received(frame, self.now())
        self.step()

    def next_frame(self) -> bytes | None:
        """The next frame to write."""
        frame = self.session.next_frame(self.now())
        self.step()
        return frame

    def step(self) -> None:
        """Performs what the session wants; to be called after every input.

        A listener may give the next input: what follows from it is performed after it returns.
        """
        self._outputs.extend(self.session.take())
        if self._performing:
            return
        self._performing = True
        try:
            while self._outputs:
                self._perform(self._outputs.popleft())
                self._outputs.extend(self.session.take())
        finally:
            self._performing = False
        if self.connection is not None and self.session.has_frame():
            self.connection.wake()
        self._set_timer()

    async def stop(self, timeout: float) -> None:
        """Stops the timer and waits for the handlers, at most `timeout` seconds.

        The end of the session has cancelled them; a second time would cut their clean-up short. A
        handler that closes its own client is not waited for.
        """
        if self._timer is not None:
            self._timer.cancel()
        tasks = {task for task in self._handlers.values() if task is not asyncio.current_task()}
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=timeout)
            for task in stuck:
                error = TimeoutError("a handler does not let itself be cancelled")
                self._incoming.report(error, task.get_name())

    def _perform(self, output: Output) -> None:
        match output:
            case Answered() | Refused() | Sent() | Failed():
                self._settle(output)
            case Event():
                self._incoming.deliver(output)
            case Serve(call):
                self._serve(call)
            case Abort(call):
                self._abort(call)
            case Opened(hello):
                self._opened(hello)
            case Drop():
                if self.connection is not None:
                    self.connection.drop(output)
            case Fault(message):
                _LOGGER.debug("ignored what the server sent: %s", message)

    def _settle(self, output: Answered | Refused | Sent | Failed) -> None:
        future = self._calls.pop(output.call, None)
        if future is None or future.done():
            return
        match output:
            case Answered(result=result):
                future.set_result(result)
            case Refused(error=body):
                future.set_result(body)
            case Sent():
                future.set_result(None)
            case Failed(error=error):
                future.set_exception(error)

    def _serve(self, call: Served) -> None:
        task = self._loop.create_task(self._answer(call), name=f"handler of {call.method}")
        self._handlers[call] = task
        # Also when the task is cancelled before it starts, its slot must be freed.
        task.add_done_callback(lambda _: self._handled(call))

    def _abort(self, call: Served) -> None:
        task = self._handlers.get(call)
        # A handler that closes its own client goes on: it is the one that waits for the close.
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _answer(self, call: Served) -> None:
        handler = self._incoming.handlers.get(call.method)
        if handler is None:
            missing = protocol_error(ErrorCode.METHOD_NOT_FOUND, f"no handler: {call.method}")
            self.session.answer(call, None, missing)
            return
        told = ServedCall(call.method, call.timeout, call.meta)
        result, error = await handler.answer(call.params, told, self._incoming.report)
        self.session.answer(call, result, error)

    def _handled(self, call: Served) -> None:
        self._handlers.pop(call, None)
        # Does nothing for a call that was answered; one whose handler was cancelled is not.
        cancelled = protocol_error(ErrorCode.CANCELLED, "the handler was cancelled")
        self.session.answer(call, None, cancelled)
        self.step()

    def _set_timer(self) -> None:
        """Keeps the one timer no later than the session wants it; an early one does no harm."""
        at = self.session.wake_at()
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
            self._timer = None
        self._timer_at = at
        if math.isfinite(at):
            self._timer = self._loop.call_later(max(0.0, at - self.now()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.session.tick(self.now())
        self.step()
