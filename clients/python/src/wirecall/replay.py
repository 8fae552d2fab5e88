"""Nothing lost, nothing twice: what was sent and is not acknowledged, and what was received.

The queue of a session *is* its replay buffer: a message is numbered where it enters, is written
when its turn comes, and stays until it is acknowledged. A connection that takes the session up
again only sets the place back from which messages are written.
"""

from __future__ import annotations

import math
from collections import deque
from enum import Enum, auto

from wirecall.codec import MAX_SAFE_INTEGER

LAST_SEQ = MAX_SAFE_INTEGER
"""*Integers 1 to 2^53-1*: what every language counts exactly. The last one is never given."""
ACK_MESSAGES = 64
"""*Each side sends `rpc.ack` after at most 64 messages,*"""
ACK_BYTES = 64 * 1024
"""*64 KiB*"""
ACK_DELAY = 1.0
"""*or 1 s.*"""


class ExhaustedError(Exception):
    """All numbers are used up, which ends the session (`sequence`)."""


class OutOfRangeError(Exception):
    """The other end claims to have received what cannot be: that ends the session too."""


class Receipt(Enum):
    """What a received number means."""

    NEW = auto()
    """The next one: its message is to be taken."""
    REPEATED = auto()
    """*`seq <= last` is dropped.*"""
    GAP = auto()
    """*`seq > last + 1` closes 4050, which ends the session at both ends.*"""


class Replay:
    """One side of a session's tracked messages, over all of its connections."""

    def __init__(self, bound: int, *, sent: int = 0, received: int = 0) -> None:
        """Both numberings start at 1.

        Args:
            bound: Bytes that are kept at most; an empty buffer takes any one message.
            sent: Where the numbering stands already, for tests of the end of all numbers.
            received: Likewise for the other direction.
        """
        self._bound = bound
        self._kept: deque[bytes] = deque()
        self._acked = sent
        self._written = sent
        self._told = received
        self._untold_bytes = 0
        self._untold_since: float | None = None
        self._ack_bytes = ACK_BYTES
        self.bytes = 0
        """Bytes that are kept."""
        self.sent = sent
        """The last number that some connection was given to write: what the other end may have
        received at most."""
        self.received = received
        """The last number that arrived: what hello tells the other end."""

    @property
    def numbered(self) -> int:
        """The last number given to a message."""
        return self._acked + len(self._kept)

    @property
    def peer_received(self) -> int:
        """The last number that the other end is known to have received."""
        return self._acked

    @property
    def pending(self) -> bool:
        """Whether the current connection has something to write."""
        return self._written < self.numbered

    def peer_keeps(self, size: int) -> None:
        """The other end keeps so many bytes.

        It is told *after ¼ of the peer's buffer*, so that it never stands still for want of an ack.
        """
        self._ack_bytes = min(ACK_BYTES, size // 4)

    def fits(self, size: int) -> bool:
        """Whether there is room for a message of that size.

        *Full, connected or not: new calls, answers and items wait at their source.*
        """
        # *An empty buffer takes any one message.*
        return not self._kept or self.bytes + size <= self._bound

    @property
    def excess(self) -> int:
        """Bytes above what may be kept; below zero while there is room."""
        first = len(self._kept[0]) if self._kept else 0
        # *An empty buffer takes any one message*, which is in nobody's way.
        return self.bytes - max(self._bound, first)

    def push(self, body: bytes) -> int:
        """Numbers and keeps a message, room or not: who could wait has asked `fits`.

        *Each side gives `seq` from 1, +1, in one place, where a message enters the session.*

        Raises:
            ExhaustedError: There is no number left.
        """
        seq = self.numbered + 1
        if seq >= LAST_SEQ:
            raise ExhaustedError
        self.bytes += len(body)
        self._kept.append(body)
        return seq

    def next(self) -> tuple[int, bytes] | None:
        """What the current connection is to write next, and its number.

        *Tracked messages leave in `seq` order. Both sides send again what the other has not
        received, in order, before anything new.*
        """
        if not self.pending:
            return None
        body = self._kept[self._written - self._acked]
        self._written += 1
        self.sent = max(self.sent, self._written)
        return self._written, body

    def receive(self, seq: int, size: int, now: float) -> Receipt:
        """Notes a number that arrived, before anybody reads the content."""
        if seq <= self.received:
            return Receipt.REPEATED
        if seq > self.received + 1:
            return Receipt.GAP
        # *Received means in the session's memory, not that a handler ran.*
        self.received = seq
        self._untold_bytes += size
        if self._untold_since is None:
            self._untold_since = now
        return Receipt.NEW

    def not_taken(self) -> None:
        """The message that arrived last was not taken: *the resume brings it again*."""
        self.received = max(self.received - 1, self._told)
        if self.received == self._told:
            self._note_told()

    def acked(self, seq: int) -> bool:
        """The other end has received everything up to `seq`. Gives whether room appeared.

        Raises:
            OutOfRangeError: *An ack above what was sent ends the session (`sequence`).*
        """
        if seq > self.sent:
            raise OutOfRangeError
        # *A lower ack than before is ignored.*
        return self._forget(seq)

    def take_ack(self, now: float) -> int | None:
        """The number to acknowledge now, if that is due; it counts as told."""
        if now < self.ack_at():
            return None
        self._note_told()
        return self.received

    def ack_at(self) -> float:
        """When an ack is due, as things are; infinite for never: nothing is new."""
        since = self._untold_since
        if since is None:
            return math.inf
        many = self.received - self._told >= ACK_MESSAGES or self._untold_bytes >= self._ack_bytes
        return since if many else since + ACK_DELAY

    def resume(self, peer_received: int) -> None:
        """A connection takes the session up again: the other end has told how far it had received.

        Hello told it the same of this side. What comes after that is written again. *It works when
        nothing was received yet, and any number of times.*

        Raises:
            OutOfRangeError: That cannot be; nothing is changed.
        """
        if not self._acked <= peer_received <= self.sent:
            raise OutOfRangeError
        self._forget(peer_received)
        self._written = peer_received
        self._note_told()

    def _forget(self, up_to: int) -> bool:
        before = self.bytes
        while self._acked < up_to and self._kept:
            self.bytes -= len(self._kept.popleft())
            self._acked += 1
        self._written = max(self._written, self._acked)
        return self.bytes < before

    def _note_told(self) -> None:
        self._told = self.received
        self._untold_bytes = 0
        self._untold_since = None
