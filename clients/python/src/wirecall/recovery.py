"""The session as the server knows it: what opens it again, and how it is known to be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from wirecall.hello import HelloAnswer, ResumeParams
from wirecall.replay import OutOfRangeError, Replay

LostReason: TypeAlias = Literal["expired", "overflow", "unknown", "sequence", "stalled", "denied"]
"""Why a session was not resumed.

It waited too long, it had to keep too much, the server does not know it, its numbers broke, it made
no progress, or it belongs to somebody else.
"""

FRUITLESS = 3
"""Resumes in a row without progress after which a client gives the session up."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A session that is lost.

    Attributes:
        reason: Why.
        received: The last message that the server received in it, if anybody knows.
        carries: Whether calls may go on into the next one.
    """

    reason: LostReason
    received: int | None
    carries: bool


class Recovery:
    """The session of one client, from hello to hello."""

    def __init__(self) -> None:
        """There is none yet."""
        self._session: HelloAnswer | None = None
        self._attempt = 0
        self._asked = False
        self._broken: LostReason | None = None
        self._told_received: int | None = None
        self._fruitless = 0
        self._progress: tuple[int, int] | None = None

    @property
    def told_received(self) -> int | None:
        """What the server said of the end: the last message that it received."""
        return self._told_received

    def ask(self, replay: Replay) -> ResumeParams | None:
        """What the next hello shows; None for a fresh session."""
        session = self._session
        if session is not None and self._broken is None and self._is_stalled(replay):
            self._broken = "stalled"
        self._asked = session is not None and self._broken is None
        if session is None or not self._asked:
            return None
        self._attempt += 1
        return ResumeParams(session.session, session.secret, self._attempt, replay.received)

    def give_up(self, reason: LostReason) -> None:
        """The session is lost already: hello does not ask for it."""
        if self._session is not None and self._broken is None:
            self._broken = reason

    def told(self, received: int | None) -> None:
        """`rpc.close` says how far the server had received."""
        if received is not None:
            self._told_received = received

    def resumed(self, hello: HelloAnswer, replay: Replay) -> bool:
        """Whether the answer takes the session up again, as it was asked to.

        Raises:
            OutOfRangeError: It does, and has received what cannot be: the session is given up.
        """
        if not hello.resumed or not self._asked:
            return False
        try:
            replay.resume(hello.received)
        except OutOfRangeError:
            self.give_up("sequence")
            raise
        self._told_received = None
        progress = (hello.received, replay.received)
        if progress != self._progress:
            self._fruitless = 0
        self._progress = progress
        # *With something to send again on either side*: what is kept here, or what is not here yet.
        if replay.pending or (hello.sent or 0) > replay.received:
            self._fruitless += 1
        return True

    def opened(self, hello: HelloAnswer) -> Lost | None:
        """A fresh session is open; tells of the one that was lost, once."""
        before, self._session = self._session, hello
        reason, told = self._broken, self._told_received
        self._attempt = self._fruitless = 0
        self._broken = self._told_received = self._progress = None
        if before is None:
            return None
        received = told if hello.ended_received is None else hello.ended_received
        why = reason or _reason(hello.reason)
        return Lost(why, received, carries=why != "denied" and before.user == hello.user)

    def _is_stalled(self, replay: Replay) -> bool:
        # An ack or a message since the last answer is progress, too.
        still = self._progress == (replay.peer_received, replay.received)
        return still and self._fruitless >= FRUITLESS


def _reason(told: str | None) -> LostReason:
    return cast("LostReason", told) if told in get_args(LostReason) else "unknown"
