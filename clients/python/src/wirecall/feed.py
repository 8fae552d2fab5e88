"""What one streaming call has to do with asyncio: items on their way to a loop, items from one."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Raw

T = TypeVar("T")

Source: TypeAlias = AsyncIterable[T] | Iterable[T]
"""Where the items of an upload come from."""


class Feed:
    """The items of a call that arrived and were not taken yet; the credit bounds them."""

    def __init__(self) -> None:
        """Starts empty."""
        self.items: deque[Raw] = deque()
        self.call: int | None = None
        """The number of the call, once it is made."""
        self.over = False
        """Whether no more will come."""
        self._changed = asyncio.Event()

    def put(self, items: list[Raw]) -> None:
        """Items arrived."""
        self.items.extend(items)
        self._changed.set()

    def end(self) -> None:
        """No more will come."""
        self.over = True
        self._changed.set()

    async def change(self) -> None:
        """Waits for items or the end. Cancelling loses nothing."""
        if not self.items and not self.over:
            self._changed.clear()
            await self._changed.wait()


class PumpOwner(Protocol):
    """Who makes the call that a pump sends items for."""

    async def room(self, call: int) -> bool:
        """Waits until the upload may go on; False where its call is over."""
        ...

    def offer(self, call: int, item: bytes) -> None:
        """Sends an item."""
        ...

    def end_upload(self, call: int) -> None:
        """Sends the end, unless the call is over."""
        ...


class Pump:
    """Takes items from where a program has them and sends each before it asks for the next."""

    def __init__(self, source: Source[object], encode: Callable[[object], bytes]) -> None:
        """Takes nothing before it runs.

        Args:
            source: Any async iterable or iterable.
            encode: Encodes an item.
        """
        self._source = source
        self._encode = encode
        self._begun = False

    def check(self) -> None:
        """Looks whether the items are still there, for a call that is sent again.

        Raises:
            TypeError: Their source gives them once, and another call had them.
        """
        if self._begun and isinstance(self._source, (Iterator, AsyncIterator)):
            raise TypeError("an upload cannot be sent again: its items are gone")

    async def run(self, call: int, owner: PumpOwner) -> None:
        """Sends all items of a call and their end.

        Cancelling stops it, and closes the generator that the items came from. So does the end of
        the call, where a source takes no notice of the cancel.
        """
        self._begun = True
        items = _walk(self._source)
        try:
            async for item in items:
                encoded = self._encode(item)
                if not await owner.room(call):
                    return
                owner.offer(call, encoded)
            owner.end_upload(call)
        finally:
            await _close(items)


def _walk(source: Source[T]) -> AsyncIterator[T]:
    if isinstance(source, AsyncIterable):
        return aiter(source)
    return _walk_plain(source)


async def _walk_plain(source: Iterable[T]) -> AsyncIterator[T]:
    items = iter(source)
    try:
        for item in items:
            yield item
            # Items that are all there already must not keep the loop from everybody else.
            await asyncio.sleep(0)
    finally:
        close = getattr(items, "close", None)
        # Generators are closed; a file that somebody else opened is not.
        if inspect.isgenerator(items) and close is not None:
            close()


async def _close(items: AsyncIterator[T]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
