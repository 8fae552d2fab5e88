"""What the session wants done: the values that its driver takes and acts on, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from msgspec import Raw

from wirecall.errors import WirecallError
from wirecall.hello import HelloAnswer
from wirecall.message import ErrorBody
from wirecall.recovery import LostReason
from wirecall.served import Served


@dataclass(frozen=True, slots=True)
class Answered:
    """A call has its result."""

    call: int
    result: Raw


@dataclass(frozen=True, slots=True)
class Refused:
    """A call was answered with an error."""

    call: int
    error: ErrorBody


@dataclass(frozen=True, slots=True)
class Failed:
    """A call or notification ended without an answer."""

    call: int
    error: WirecallError


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification is handed to the socket."""

    call: int


@dataclass(frozen=True, slots=True)
class Items:
    """Items of a stream arrived."""

    call: int
    items: list[Raw]


@dataclass(frozen=True, slots=True)
class Room:
    """The producer of an upload may go on."""

    call: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The session is open; a plain peer's has no hello.

    Attributes:
        hello: What the server answered.
        resumed: Whether it is the session of before, with nothing lost.
        reason: Why the session of before was lost, if it was.
    """

    hello: HelloAnswer | None
    resumed: bool = False
    reason: LostReason | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Ask for a fresh token and give it to `refresh`: the present one runs out soon."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event arrived."""

    method: str
    params: Raw | None


@dataclass(frozen=True, slots=True)
class Serve:
    """Run the handler of the server's call."""

    call: Served


@dataclass(frozen=True, slots=True)
class Abort:
    """Stop a handler: its answer is given, or nobody waits for it any more."""

    call: Served


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection, abruptly where it is dead anyway; the driver then says `disconnected`."""

    code: int
    reason: str
    abrupt: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something arrived that makes no sense and was ignored.

    Attributes:
        message: What it was.
        error: What the server says is wrong, which no caller hears of.
    """

    message: str
    error: ErrorBody | None = None


Output: TypeAlias = (
    Answered
    | Refused
    | Failed
    | Sent
    | Items
    | Room
    | Opened
    | Refresh
    | Event
    | Serve
    | Abort
    | Drop
    | Fault
)
"""Everything that the session can want."""
