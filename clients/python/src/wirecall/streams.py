"""The credit of streams: how many items may still be sent, and when to allow more.

Who produces items keeps a `Credit`, who takes them a `Window`: a download has the first at the
callee and the second at the caller, an upload the other way round.
"""

from __future__ import annotations

MAX_CREDIT = 2**31 - 1
"""*Sums saturate at 2^31-1.*"""
STREAM_CREDIT = 64
"""How many items a caller of a stream, and the callee of an upload, allow ahead."""


class BeyondCreditError(Exception):
    """Items came beyond the credit, which cancels the call with `resource_exhausted`."""


class Credit:
    """How many items the producer may still send.

    *A producer out of credit waits; it never buffers without bound.*
    """

    def __init__(self, left: int | None) -> None:
        """Starts with that many; None is unlimited."""
        self._left = None if left is None else min(left, MAX_CREDIT)

    def grant(self, more: int) -> bool:
        """The other end allows more. *An integer >= 1*: gives whether it is one that counts."""
        if self._left is not None and more > 0:
            self._left = min(self._left + more, MAX_CREDIT)
        return more > 0

    def allows(self, wanted: int) -> int:
        """How many items may leave now, of `wanted`."""
        return wanted if self._left is None else min(wanted, self._left)

    def spend(self, count: int) -> None:
        """So many items leave, at most what it `allows`."""
        if self._left is not None:
            self._left -= count


class Window:
    """What the consumer allowed, received and took.

    More is granted when half of it was taken, so that a producer that is waited for never waits
    itself.
    """

    def __init__(self, size: int, *, opened: bool = True) -> None:
        """A window that was opened along with the call, or one of an upload, still closed."""
        self.size = max(1, min(size, MAX_CREDIT))
        """What may be in flight at most."""
        self._outstanding = self.size if opened else 0
        self._taken = 0

    def open(self) -> int:
        """Gives the first grant of an upload."""
        first = self.size - self._outstanding
        self._outstanding = self.size
        return first

    def receive(self, items: int) -> None:
        """Items arrived.

        Raises:
            BeyondCreditError: More than were allowed.
        """
        if items > self._outstanding:
            raise BeyondCreditError
        self._outstanding -= items

    def take(self, items: int = 1) -> int | None:
        """The application took items: what to grant now, if anything."""
        self._taken += items
        if self._taken < (self.size + 1) // 2:
            return None
        grant, self._taken = self._taken, 0
        self._outstanding = min(self._outstanding + grant, MAX_CREDIT)
        return grant
