"""What one call of this side streams: the items that it receives and those that it sends."""

from __future__ import annotations

from collections import deque

from wirecall.streams import Credit, Window


class Download:
    """The items that answer a call before its result."""

    def __init__(self, credit: int | None) -> None:
        """Starts with none.

        Args:
            credit: What the call opens with; None for no limit.
        """
        self._window = None if credit is None else Window(credit)
        self.delivered = 0
        """Items that came."""

    def receive(self, items: int) -> None:
        """Items came.

        Raises:
            BeyondCreditError: More than were allowed.
        """
        if self._window is not None:
            self._window.receive(items)
        self.delivered += items

    def take(self, items: int) -> int | None:
        """The consumer took items: what to grant now, if anything."""
        return None if self._window is None else self._window.take(items)


class Upload:
    """The items that follow a call.

    An item waits here only for room in the replay buffer, or where credit was taken back with the
    session that gave it; its producer is asked for the next one when it has left.
    """

    def __init__(self) -> None:
        """Starts with no credit: the callee grants it."""
        self.waiting: deque[bytes] = deque()
        """Encoded items that have yet to leave."""
        self.ended = False
        """Whether the producer has no more."""
        self.wanted = False
        """Whether the producer waits to be told that there is room."""
        self.sent = 0
        """Items that left in the present session."""
        self._credit = Credit(0)
        self._end_left = False

    @property
    def room(self) -> bool:
        """Whether the producer may go on."""
        return not self.waiting and self._credit.allows(1) > 0

    @property
    def ready(self) -> bool:
        """Whether something can leave."""
        if self.waiting:
            return self._credit.allows(1) > 0
        return self.ended and not self._end_left

    def grant(self, more: int) -> None:
        """The callee takes more items."""
        self._credit.grant(more)

    def leave(self) -> None:
        """The next item goes, or the end."""
        if not self.waiting:
            self._end_left = True
            return
        self._credit.spend(1)
        self.sent += 1
        self.waiting.popleft()

    def start_over(self) -> None:
        """Another session carries the call: nothing was sent there, and nothing granted."""
        self.sent = 0
        self._credit = Credit(0)
        self._end_left = False
