"""A call that answers with many items, as a program takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from msgspec import Raw

from wirecall.errors import DecodeError
from wirecall.feed import Feed
from wirecall.kinds import CallCancelledError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

T = TypeVar("T")
R = TypeVar("R")


class StreamOwner(Protocol):
    """Who makes the call of a stream."""

    def start(self, run: Coroutine[object, object, R], feed: Feed) -> asyncio.Task[R]:
        """Starts the task that makes the call; it ends with the client at the latest."""
        ...

    def took(self, feed: Feed, items: int) -> None:
        """Items were taken."""
        ...


class CallStream(Generic[T, R]):
    """The items of a call, and its result at their end. One event loop, one loop over it.

        async for message in chat.search(query="hi"):
            ...

    Nothing is sent before it is first used. The server is a bounded number of items ahead, so a
    slow loop holds it back. Leaving the loop ends the call at both ends, and so does the end of
    `async with`, `aclose`, and cancelling the task that loops. A generator expression, and before
    Python 3.12 a comprehension, that fails is left when its error goes away: `async with` does not
    wait for that.

    Raises:
        RuntimeError: Before a loop over it, where another has the items already.
        RpcError: While looping, after the items that came before: the server answered with an
            error.
        ConnectionLostError: Likewise: the session is lost, the rest of the items with it.
        ClosedError: The client is closed; the call was not sent.
        DeadlineExceededError: Its time limit ran out; streams have none unless told.
        DecodeError: An item or the result does not fit its type.
    """

    def __init__(
        self,
        owner: StreamOwner,
        feed: Feed,
        run: Callable[[], Coroutine[object, object, R]],
        decode: Callable[[Raw], T],
    ) -> None:
        """Made by `ServiceClient.stream` and `ServiceClient.duplex`."""
        self._owner = owner
        self._feed = feed
        self._run = run
        self._decode = decode
        self._task: asyncio.Task[R] | None = None
        self._left = False
        self._unread: DecodeError | None = None
        self._loops = 0
        self._gone: str | None = None

    async def result(self) -> R:
        """Waits for the result, or for whatever error the loop ends with.

        Where no loop takes the items, they are dropped as they come. Cancelling it ends nothing.

        Raises:
            CallCancelledError: The stream was left before its end.
        """
        task = self._start()
        while not self._feed.over and not self._loops:
            await self._feed.change()
            if self._loops:
                # It began meanwhile, and the items are its own.
                break
            if self._feed.items:
                self._gone = "`result` has dropped items of it"
            self._owner.took(self._feed, len(self._feed.items))
            self._feed.items.clear()
        if task is not None:
            await asyncio.wait({task})
        if self._unread is not None:
            raise self._unread
        if task is None or task.cancelled():
            raise CallCancelledError.with_message("the stream was left before its end")
        return task.result()

    async def aclose(self) -> None:
        """Ends the call, here and at the server; does nothing after its end.

        Cancelling it leaves it ended.
        """
        self._left = True
        self._feed.items.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    def __aiter__(self) -> AsyncIterator[T]:
        """Begins the loop; the call ends when it is left.

        Raises:
            RuntimeError: Its items are gone: it was looped over before, or `result` has dropped
                some.
        """
        if self._gone is not None:
            raise RuntimeError(f"a stream is looped over once: {self._gone}; make the call again")
        self._gone = "another loop has its items"
        return _Loop(self)

    async def __anext__(self) -> T:
        """The next item. Cancelling it loses none."""
        task = self._start()
        while not self._feed.items and not self._feed.over:
            await self._feed.change()
        if self._feed.items:
            item = self._feed.items.popleft()
            self._owner.took(self._feed, 1)
            return self._read(item)
        if task is not None and not self._left:
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # Nobody can take the items any more.
        self._leave()

    def enter_loop(self) -> None:
        """A loop over it begins."""
        self._loops += 1

    def leave_loop(self) -> None:
        """A loop over it is over, be it at its end."""
        self._loops -= 1
        self._leave()

    def _start(self) -> asyncio.Task[R] | None:
        """Makes the call at the first use; None where it was closed before."""
        if self._task is None and not self._left:
            self._task = self._owner.start(self._run(), self._feed)
        if self._task is None:
            self._feed.end()
        return self._task

    def _read(self, item: Raw) -> T:
        try:
            return self._decode(item)
        except DecodeError as error:
            self._unread = error
            self._leave()
            raise

    def _leave(self) -> None:
        task = getattr(self, "_task", None)
        if task is None or task.done():
            return
        self._left = True
        self._feed.items.clear()
        loop = task.get_loop()
        if not loop.is_closed():
            # The last reference may go away in any thread, and amid anything.
            loop.call_soon_threadsafe(task.cancel)


class _Loop(Generic[T]):
    """What `async for` holds alone, so that leaving it is seen."""

    def __init__(self, stream: CallStream[T, Any]) -> None:
        self._stream = stream
        stream.enter_loop()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        try:
            return await self._stream.__anext__()
        finally:
            # Who keeps an error, like the one of a cancelled task, keeps the frames that it went
            # through. Until here the frame must hold the loop: `anext(aiter(…))` has no other.
            del self

    def __del__(self) -> None:
        self._stream.leave_loop()
