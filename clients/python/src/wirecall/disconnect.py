"""How a connection ended and what to do about it: the close code table of all three languages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class CloseCode(IntEnum):
    """The WebSocket close codes that this protocol gives or meets."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005
    ABNORMAL = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    TOO_LARGE = 1009
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    DRAINING = 4000
    HELLO_TIMEOUT = 4001
    HEARTBEAT_TIMEOUT = 4008
    CREDENTIALS_EXPIRED = 4010
    TOO_SLOW = 4013
    RATE_LIMITED = 4029
    SEQUENCE_BROKEN = 4050
    FORBIDDEN = 4501
    REVOKED = 4502
    SUPERSEDED = 4503


_STAY_AWAY = frozenset(
    {
        CloseCode.NORMAL,
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_TEXT,
        CloseCode.POLICY_VIOLATION,
        CloseCode.TOO_LARGE,
    }
)
_FIRST_STAY_AWAY = 4500
_LAST_STAY_AWAY = 4999


def comes_back(code: int) -> bool:
    """Whether a client reconnects after a connection that ended with this code.

    4000-4499 come back and 4500-4999 stay away, so that a code of a later version has a verdict
    too. A code in no range of the table is an accident, not a verdict: come back.
    """
    return code not in _STAY_AWAY and not _FIRST_STAY_AWAY <= code <= _LAST_STAY_AWAY


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The end of a connection.

    Attributes:
        code: The close code; `rpc.close` counts more than the WebSocket's own.
        reason: Why, in the words of the side that closed.
        come_back: Whether the client reconnects.
        retry_within: Seconds to spread the next attempt over, where the server said so.
    """

    code: int
    reason: str
    come_back: bool
    retry_within: float | None = None

    @classmethod
    def of(cls, code: int, reason: str, retry_within: float | None = None) -> Disconnect:
        """The end with this code, its verdict looked up."""
        return cls(code, reason, comes_back(code), retry_within)

    def __str__(self) -> str:
        return f"{self.code} {self.reason}".rstrip()
