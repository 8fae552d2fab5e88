"""The asyncio side of a session: gives it its inputs, performs what it wants, keeps its one timer.

All of it is synchronous but for the handlers' tasks, so that no input is ever torn.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from msgspec import Raw

from wirecall.calls import Request
from wirecall.codec import Codec
from wirecall.connection import Connection, first_of
from wirecall.errors import ConnectError, EncodeError
from wirecall.feed import Feed, Pump
from wirecall.incoming import Incoming
from wirecall.kinds import PROTOCOL_ERRORS
from wirecall.link import Phase
from wirecall.message import ErrorBody, ErrorCode, incompatible_contract, protocol_error
from wirecall.output import (
    Abort,
    Answered,
    Drop,
    Event,
    Failed,
    Fault,
    Items,
    Opened,
    Output,
    Refresh,
    Refused,
    Room,
    Sent,
    Serve,
)
from wirecall.rpc_error import read_error
from wirecall.served import Served
from wirecall.serving import ServedCall
from wirecall.session import Session

R = TypeVar("R")

_LOGGER = logging.getLogger("wirecall")

SOURCE_WAIT = 1.0
"""Seconds that an upload which is over waits for its source, which it has cancelled."""


class Driver:
    """Runs one session; the connector gives it connections."""

    def __init__(
        self,
        session: Session,
        incoming: Incoming,
        clock: Callable[[], float],
        opened: Callable[[Opened], None],
        token_limit: float,
    ) -> None:
        """Prepares; needs a running event loop.

        Args:
            session: What it runs.
            incoming: Who hears what arrives.
            clock: Seconds, growing; asked whenever the session wants the time.
            opened: Hears that the session is open.
            token_limit: Seconds that a fresh token may take.
        """
        self.session = session
        self.connection: Connection | None = None
        self._incoming = incoming
        self._clock = clock
        self._opened = opened
        self._token_limit = token_limit
        self._loop = asyncio.get_running_loop()
        self._outputs: deque[Output] = deque()
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._calls: dict[int, asyncio.Future[Raw | ErrorBody | None]] = {}
        self._feeds: dict[int, Feed] = {}
        self._rooms: dict[int, asyncio.Future[None]] = {}
        self._streams: set[asyncio.Task[Any]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._handlers: dict[Served, asyncio.Task[None]] = {}
        self.closing: set[asyncio.Task[Any] | None] = set()
        """The tasks that wait for the client to close."""
        self.ended = asyncio.Event()
        """Set when the session takes nothing any more."""
        self._refreshing: set[asyncio.Task[None]] = set()

    @property
    def codec(self) -> Codec:
        """How values cross the wire."""
        return self.session.codec

    def now(self) -> float:
        """The session's time."""
        return self._clock()

    async def send(
        self, request: Request, feed: Feed | None = None, pump: Pump | None = None
    ) -> Raw | ErrorBody | None:
        """Sends a call and awaits its answer, or a notification and awaits that it is written.

        Cancelling ends the call at once here and tells the server, if the call was written; then
        it may have run.

        Args:
            request: The call.
            feed: Takes the items that come before the answer.
            pump: Sends the items that follow the call.

        Raises:
            WirecallError: It ended without an answer.
            TypeError: The items of an upload that is sent again are gone.
            Exception: What the items' source raised.
        """
        if pump is not None:
            pump.check()
        number = self.session.send(request, self.now())
        future: asyncio.Future[Raw | ErrorBody | None] = self._loop.create_future()
        self._calls[number] = future
        if feed is not None:
            feed.call = number
            self._feeds[number] = feed
        self.step()
        try:
            if pump is None:
                return await future
            return await self._pump(number, future, pump.run(number, self), request.method)
        finally:
            if future.done() and not future.cancelled():
                # Whoever is cancelled in the same moment does not take it.
                future.exception()
            self._feeds.pop(number, None)
            self._end(number)

    def start(self, run: Coroutine[object, object, R], feed: Feed) -> asyncio.Task[R]:
        """Starts the task of a stream; it ends with the client at the latest."""
        task = self._loop.create_task(run, name="a stream")
        self._streams.add(task)

        def end(task: asyncio.Task[R]) -> None:
            self._streams.discard(task)
            feed.end()
            if not task.cancelled():
                # Whoever takes the items hears of it; who left does not want to.
                task.exception()

        task.add_done_callback(end)
        return task

    def took(self, feed: Feed, items: int) -> None:
        """The consumer of a stream took items."""
        if feed.call is not None and items:
            self.session.took(feed.call, items, self.now())
            self.step()

    async def room(self, call: int) -> bool:
        """Waits until an upload may go on; False where its call is over."""
        while call in self._calls:
            if self.session.wants_room(call):
                return True
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._rooms[call] = waiter
            try:
                await waiter
            finally:
                self._rooms.pop(call, None)
        return False

    def offer(self, call: int, item: bytes) -> None:
        """Sends an item of an upload."""
        self.session.offer(call, item, self.now())
        self.step()

    def end_upload(self, call: int) -> None:
        """Sends the end of an upload, unless its call is over."""
        self.session.end_upload(call, self.now())
        self.step()

    async def refresh(self) -> None:
        """Gives the server a fresh token on the live connection, where there is a source of any.

        One that fails is asked again after a pause, while the old token lasts.
        """
        connection = self.connection
        if connection is None or not connection.has_fresh_tokens:
            return
        try:
            token = await asyncio.wait_for(connection.ask_token(), self._token_limit)
        except ConnectError as error:
            self._refresh_failed(connection, error)
            return
        except asyncio.TimeoutError:
            words = f"the token function took longer than {self._token_limit:g} s"
            self._refresh_failed(connection, ConnectError(words))
            return
        if token is None:
            self._refresh_failed(connection, ConnectError("the token function gave no token"))
            return
        if connection is not self.connection:
            return
        try:
            self.session.refresh(token)
        except EncodeError as error:
            self._refresh_failed(connection, error)
        self.step()

    def disconnected(self) -> None:
        """The connection is over, and with it the token that was asked for it."""
        self.connection = None
        for refresh in self._refreshing:
            refresh.cancel()

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
        if self.session.phase is Phase.ENDED:
            self.ended.set()
        self._set_timer()

    async def stop(self, timeout: float) -> None:
        """Stops the timer and waits for handlers and sources of uploads, at most `timeout` seconds.

        The end of the session has cancelled them; a second time would cut their clean-up short. The
        one that closes its own client is not waited for.
        """
        if self._timer is not None:
            self._timer.cancel()
        for refresh in self._refreshing:
            refresh.cancel()
        if self._refreshing:
            await asyncio.wait(set(self._refreshing))
        if self._streams:
            # The end of the session has ended their calls: they only have to notice.
            _, stuck = await asyncio.wait(set(self._streams), timeout=timeout)
            for stream in stuck:
                stream.cancel()
        handlers = set(self._handlers.values())
        tasks = (handlers | self._pumps) - {asyncio.current_task()}
        if tasks:
            _, stuck = await asyncio.wait(tasks, timeout=timeout)
            # Of a source its upload has told.
            for task in stuck & handlers:
                error = TimeoutError("a handler does not let itself be cancelled")
                self._incoming.report(error, task.get_name())

    def _end(self, number: int) -> None:
        """Nobody awaits the call any more: it ends here and at the server, if it did not before."""
        if self._calls.pop(number, None) is not None:
            self.session.cancel(number, self.now())
            self.step()

    async def _pump(
        self,
        number: int,
        future: asyncio.Future[Raw | ErrorBody | None],
        run: Coroutine[object, object, None],
        method: str,
    ) -> Raw | ErrorBody | None:
        """Sends items until the answer is there; what their source raises ends the call."""
        task = self._loop.create_task(run, name=f"upload of {method}")
        self._pumps.add(task)
        task.add_done_callback(self._pumped)
        try:
            await first_of(future, task)
            if not future.done():
                task.result()
            return await future
        finally:
            # First of all: what a source gives that swallows the cancel goes nowhere, and where it
            # returns, that is not the end of the upload.
            self._end(number)
            task.cancel()
            _, stuck = await asyncio.wait({task}, timeout=SOURCE_WAIT)
            if stuck:
                words = f"has not ended {SOURCE_WAIT:g} s after it was cancelled"
                error = TimeoutError(f"the source of an upload {words}")
                self._incoming.report(error, task.get_name())

    def _pumped(self, task: asyncio.Task[None]) -> None:
        self._pumps.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.debug("the source of an upload failed", exc_info=error)

    def _perform(self, output: Output) -> None:
        match output:
            case Answered() | Refused() | Sent() | Failed():
                self._settle(output)
            case Items() | Room():
                self._feed(output)
            case Event():
                self._incoming.deliver(output)
            case Serve() | Abort():
                self._handle(output)
            case Opened():
                self._opened(output)
            case Refresh():
                refresh = self._loop.create_task(self.refresh(), name="token refresh")
                self._refreshing.add(refresh)
                refresh.add_done_callback(self._refreshing.discard)
            case Drop():
                self._drop(output)
            case Fault(message, error):
                _LOGGER.debug("ignored what the server sent: %s", message)
                if error is not None:
                    told = read_error(self.codec, error, PROTOCOL_ERRORS)
                    self._incoming.report(told, message)

    def _refresh_failed(self, connection: Connection, error: ConnectError | EncodeError) -> None:
        self._incoming.report(error, "refreshing the token")
        if connection is self.connection:
            self.session.refresh_failed(self.now())
            self.step()

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

    def _feed(self, output: Items | Room) -> None:
        feed, waiter = self._feeds.get(output.call), self._rooms.get(output.call)
        if isinstance(output, Items) and feed is not None:
            feed.put(output.items)
        elif isinstance(output, Room) and waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _drop(self, drop: Drop) -> None:
        if self.connection is not None:
            self.connection.drop(drop)

    def _handle(self, output: Serve | Abort) -> None:
        if isinstance(output, Serve):
            self._serve(output.call)
        else:
            self._abort(output.call)

    def _serve(self, call: Served) -> None:
        task = self._loop.create_task(self._answer(call), name=f"handler of {call.method}")
        self._handlers[call] = task
        # Also when the task is cancelled before it starts, its slot must be freed.
        task.add_done_callback(lambda _: self._handled(call))

    def _abort(self, call: Served) -> None:
        task = self._handlers.get(call)
        # A handler that closes its own client goes on: it is the one that waits for the close.
        if task is not None and task not in self.closing:
            task.cancel()

    async def _answer(self, call: Served) -> None:
        handler = self._incoming.handlers.get(call.method)
        if handler is None:
            words = f"no handler: {call.method}"
            missing = protocol_error(self.codec, ErrorCode.METHOD_NOT_FOUND, words)
            self.session.answer(call, None, missing, self.now())
            return
        refused = self._incoming.refused(call.method)
        if refused is not None:
            unknown = incompatible_contract(self.codec, refused)
            self.session.answer(call, None, unknown, self.now())
            return
        told = ServedCall(call.method, call.timeout, call.meta)
        report = self._incoming.report
        result, error = await handler.answer(self.codec, call.params, told, report)
        self.session.answer(call, result, error, self.now())

    def _handled(self, call: Served) -> None:
        self._handlers.pop(call, None)
        # Does nothing for a call that was answered; one whose handler was cancelled is not.
        words = "the handler was cancelled"
        cancelled = protocol_error(self.codec, ErrorCode.CANCELLED, words)
        self.session.answer(call, None, cancelled, self.now())
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
