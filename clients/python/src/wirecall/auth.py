"""The token of a live connection: when to ask for a fresh one, and how the server gets it."""

from __future__ import annotations

import math

import msgspec

from wirecall.backoff import Backoff
from wirecall.codec import Codec
from wirecall.message import call_message

REFRESH_AHEAD = 60.0
"""Seconds before a token's end at which a fresh one is asked for, or a quarter of its time."""


class AuthAnswer(msgspec.Struct, frozen=True):
    """The result of `rpc.auth`.

    Attributes:
        auth_expires_in_ms: How long the new token is good for.
    """

    auth_expires_in_ms: float | None = None


def auth_message(codec: Codec, call: int, token: str) -> bytes:
    """The call that refreshes the token of a live connection."""
    return call_message(codec, call, "rpc.auth", codec.encode({"token": token}))


class Auth:
    """The one token of one connection. No clock of its own."""

    def __init__(self, backoff: Backoff) -> None:
        """Knows of no end.

        Args:
            backoff: The pauses between attempts to get a fresh token, while the old one lasts.
        """
        self._backoff = backoff
        self._call: int | None = None
        self._expires_at = math.inf
        self.refresh_at = math.inf
        """When to ask for a fresh token; infinite for never."""

    def told(self, expires_in_ms: float | None, now: float) -> None:
        """The server says how long the token is good for."""
        self._backoff.failures = 0
        if expires_in_ms is None or not 1 <= expires_in_ms < math.inf:
            self.refresh_at = math.inf
            return
        lasts = expires_in_ms / 1000
        self._expires_at = now + lasts
        self.refresh_at = self._expires_at - min(REFRESH_AHEAD, lasts / 4)

    def is_due(self, now: float) -> bool:
        """Whether to ask for a fresh token now; told once."""
        if now < self.refresh_at:
            return False
        self.refresh_at = math.inf
        return True

    def failed(self, now: float) -> None:
        """There is no fresh token yet: it is asked for again, as long as the old one lasts."""
        self._backoff.failed(now)
        again = now + self._backoff.delay()
        self.refresh_at = again if again < self._expires_at else math.inf

    def asked(self, call: int) -> None:
        """The server was given a fresh token, with this call."""
        self._call = call

    def answered(self, call: int | None) -> bool:
        """Whether that is the call which is answered."""
        if call is None or call != self._call:
            return False
        self._call = None
        return True

    def stop(self) -> None:
        """The connection is over."""
        self._call = None
        self.refresh_at = math.inf
