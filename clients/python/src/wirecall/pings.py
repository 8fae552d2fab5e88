"""The pings of one connection, and what the answer to one of them proves."""

from __future__ import annotations


class Pings:
    """Counts them, since a pong does not say which ping it answers."""

    def __init__(self) -> None:
        """None was sent."""
        self.sent = 0
        """How many were sent, the one that asks included."""
        self._answered = 0
        self._asking: tuple[int, int] | None = None

    def ask(self, seq: int) -> bool:
        """Whether the next ping is to prove that the server has everything up to this number.

        One asks at a time: the next one when it is answered, if more was written meanwhile.
        """
        if self._asking is not None:
            return False
        self._asking = (self.sent + 1, seq)
        return True

    def answered(self) -> int:
        """A pong came; gives the number up to which the server has everything, or 0."""
        self._answered = min(self._answered + 1, self.sent)
        if self._asking is None or self._answered < self._asking[0]:
            return 0
        _, seq = self._asking
        self._asking = None
        return seq
