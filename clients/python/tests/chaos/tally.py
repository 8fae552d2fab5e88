"""What the client of a chaos run counts, in the form in which it is compared with the server's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from tests.chaos.generated.chaos import Added
from wirecall import ConnectionLostError, WirecallError


class Numbers(msgspec.Struct):
    """Numbers from 1 on, as they were received."""

    received: int = 0
    last: int = 0
    duplicated: int = 0
    reordered: int = 0

    def take(self, number: int) -> None:
        """Takes the next one."""
        self.received += 1
        if number <= self.last:
            self.duplicated += 1
        elif number > self.last + 1:
            self.reordered += 1
        self.last = max(self.last, number)


class Heard(msgspec.Struct):
    """What came in one session."""

    ticks: Numbers = msgspec.field(default_factory=Numbers)
    asks: Numbers = msgspec.field(default_factory=Numbers)
    asked: set[int] = msgspec.field(default_factory=set[int])
    """Which of the server's calls came; they are made at once, so any order will do."""

    def ask(self, number: int) -> None:
        """Takes one of the server's calls."""
        self.asks.received += 1
        self.asks.duplicated += number in self.asked
        self.asked.add(number)
        self.asks.last = max(self.asks.last, number)


class Calls(msgspec.Struct):
    """The calls of one kind. Every failure but a lost session is a fault."""

    made: int = 0
    results: int = 0
    unknown: list[int] = msgspec.field(default_factory=list[int])
    failed: list[str] = msgspec.field(default_factory=list[str])

    async def outcome(self, call: Callable[[int], Awaitable[Added]]) -> None:
        """Makes the next call and notes what becomes of it."""
        self.made += 1
        number = self.made
        try:
            added = await call(number)
        except ConnectionLostError:
            self.unknown.append(number)
        except WirecallError as error:
            self.failed.append(f"{number}: {error!r}")
        else:
            if added.number == number:
                self.results += 1
            else:
                self.failed.append(f"{number} was answered {added.number}")


class Items(msgspec.Struct):
    """The items of the streams of one kind, each 1, 2, 3 …, as this end counts them."""

    sent: int = 0
    received: int = 0
    duplicated: int = 0
    reordered: int = 0

    def take(self, last: int, item: int) -> int:
        """Takes the item after ``last`` of the same stream, and tells what its last one is now."""
        self.received += 1
        if item <= last:
            self.duplicated += 1
        elif item > last + 1:
            self.reordered += 1
        return max(last, item)


class Streams(msgspec.Struct):
    """The streams of one kind. Every failure but a lost session is a fault."""

    made: int = 0
    complete: int = 0
    unknown: int = 0
    items: Items = msgspec.field(default_factory=Items)
    failed: list[str] = msgspec.field(default_factory=list[str])

    async def outcome(self, run: Callable[[int], Awaitable[str | None]]) -> None:
        """Runs the next stream, which is given its number, and notes what becomes of it."""
        self.made += 1
        try:
            fault = await run(self.made)
        except ConnectionLostError:
            self.unknown += 1
        except WirecallError as error:
            self.failed.append(repr(error))
        else:
            if fault is None:
                self.complete += 1
            else:
                self.failed.append(fault)


class Tally(msgspec.Struct):
    """All that is counted."""

    adds: Calls = msgspec.field(default_factory=Calls)
    looks: Calls = msgspec.field(default_factory=Calls)
    notes: int = 0
    notes_failed: list[str] = msgspec.field(default_factory=list[str])
    counts: Streams = msgspec.field(default_factory=Streams)
    sums: Streams = msgspec.field(default_factory=Streams)
    heard: dict[str, Heard] = msgspec.field(default_factory=dict[str, Heard])
    opened: set[str] = msgspec.field(default_factory=set[str])
    lost: dict[str, int] = msgspec.field(default_factory=dict[str, int])
