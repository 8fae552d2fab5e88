"""The states of a client, as its listeners see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from wirecall.disconnect import Disconnect
from wirecall.errors import WirecallError
from wirecall.recovery import LostReason


@dataclass(frozen=True, slots=True)
class ConnectingState:
    """The first attempt is under way."""

    type: Literal["connecting"] = "connecting"


@dataclass(frozen=True, slots=True)
class OpenState:
    """Calls are sent as they are made.

    Attributes:
        session: The session's id; None for a plain peer.
        user: Who the server says is calling, if anyone.
        resumed: Whether it is the session of before, in which nothing was lost.
        reason: Why the session of before was lost, if there was one: it waited too long
            (`expired`), had to keep too much (`overflow`), the server does not know it (`unknown`),
            its numbers broke (`sequence`), it made no progress (`stalled`), or it belongs to
            somebody else (`denied`). Each lost session is told once.
    """

    session: str | None = None
    user: str | None = None
    resumed: bool = False
    reason: LostReason | None = None
    type: Literal["open"] = "open"


@dataclass(frozen=True, slots=True)
class ReconnectingState:
    """There is no connection; calls wait for the next one.

    Attributes:
        attempt: The number of the next attempt since the connection last held, from 1.
        last_error: What ended the last connection or attempt.
        next_try_at: When the next attempt starts.
    """

    attempt: int
    last_error: WirecallError
    next_try_at: datetime
    type: Literal["reconnecting"] = "reconnecting"


@dataclass(frozen=True, slots=True)
class ClosedState:
    """The client is done and does not come back.

    Attributes:
        gave_up: Whether it ran out of attempts, rather than being told to stay away or closed.
        disconnect: How the last connection ended, if there was one.
        error: What went wrong; None after `close()`.
    """

    gave_up: bool
    disconnect: Disconnect | None = None
    error: WirecallError | None = None
    type: Literal["closed"] = "closed"


State: TypeAlias = ConnectingState | OpenState | ReconnectingState | ClosedState
"""Every state; `state.type` tells them apart."""
