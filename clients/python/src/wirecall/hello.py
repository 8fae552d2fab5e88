"""The first exchange of a session: what this side says of itself and what the server answers."""

from __future__ import annotations

import math
from typing import cast

import msgspec
from msgspec import Raw

from wirecall.codec import MAX_SAFE_INTEGER, Codec
from wirecall.errors import DecodeError
from wirecall.message import HELLO_ID, call_message
from wirecall.options import SessionOptions

_LONGEST_PING_MS = 86_400_000.0
"""*A `ping_ms` is taken for a day at most.*"""


class PeerLimits(msgspec.Struct, frozen=True):
    """The server's limits, as far as a client keeps them."""

    max_message_bytes: int = 1024 * 1024
    max_calls: int = 64
    max_streams: int = 128
    buffer_bytes: int = 4 * 1024 * 1024


class HelloAnswer(msgspec.Struct, frozen=True):
    """The result of `rpc.hello`; members that this version does not know are ignored.

    Attributes:
        session: The session's id.
        secret: What opens it again.
        resumed: Whether it is the one that was asked for.
        reason: Why it is not.
        received: The last message that the server has of this side; 0 in a new session.
        sent: The last number that the server gave in it, where it is resumed.
        ended_received: The last one that the session which was asked for received before it ended.
        user: Who the session belongs to, if anyone.
        contract: What the server thinks of each service's fingerprint.
        auth_expires_in_ms: How long the token is good for.
        ping_ms: How long the server lets the line be silent before it pings.
        limits: What the server takes.
    """

    session: str
    secret: str = ""
    resumed: bool = False
    reason: str | None = None
    received: int = 0
    sent: int | None = None
    ended_received: int | None = None
    user: str | None = None
    auth_expires_in_ms: float | None = None
    contract: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    ping_ms: float = 25_000.0
    limits: PeerLimits = PeerLimits()

    def __repr__(self) -> str:
        """Without the secret."""
        return f"HelloAnswer(session={self.session!r}, resumed={self.resumed!r})"


def read_hello(codec: Codec, result: Raw) -> HelloAnswer:
    """Reads the answer to a hello; what is of another type than it should be counts as absent.

    Raises:
        DecodeError: It names no session.
    """
    told = codec.decode(result, dict[str, object])
    session = told.get("session")
    if not isinstance(session, str):
        raise DecodeError("it names no session")
    limits = told.get("limits")
    limited = cast("dict[str, object]", limits) if isinstance(limits, dict) else {}
    contract = told.get("contract")
    known = cast("dict[str, object]", contract) if isinstance(contract, dict) else {}
    return HelloAnswer(
        session=session,
        secret=_text(told.get("secret")) or "",
        resumed=told.get("resumed") is True,
        reason=_text(told.get("reason")),
        received=_count(told.get("received")) or 0,
        sent=_count(told.get("sent")),
        ended_received=_count(told.get("ended_received")),
        user=_text(told.get("user")),
        contract={name: verdict for name, verdict in known.items() if isinstance(verdict, str)},
        auth_expires_in_ms=_positive(told.get("auth_expires_in_ms")),
        ping_ms=min(_positive(told.get("ping_ms")) or 25_000.0, _LONGEST_PING_MS),
        limits=PeerLimits(
            **{
                name: int(limit)
                for name in PeerLimits.__struct_fields__
                if (limit := _positive(limited.get(name))) is not None
            }
        ),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    """A number of messages."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_SAFE_INTEGER else None


def _positive(value: object) -> float | None:
    """A limit of zero or of another type would stop everything, so it is none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if 1 <= value < math.inf else None


class ResumeParams(msgspec.Struct, frozen=True):
    """The session that a hello asks for.

    Attributes:
        session: Its id.
        secret: What opens it.
        attempt: Counts up with every try, so that a late one changes nothing.
        received: The last message that this side has of the server.
    """

    session: str
    secret: str
    attempt: int
    received: int

    def __repr__(self) -> str:
        """Without the secret."""
        return f"ResumeParams(session={self.session!r}, attempt={self.attempt!r})"


def hello_message(
    codec: Codec,
    options: SessionOptions,
    token: str | None,
    contract: dict[str, str],
    resume: ResumeParams | None,
) -> bytes:
    """The call that opens a session, or takes one up again."""
    params: dict[str, object] = {"client": {"name": options.name, "version": options.version}}
    if token is not None:
        params["token"] = token
    params["limits"] = {
        "max_message_bytes": options.max_message_bytes,
        "buffer_bytes": options.buffer_bytes,
    }
    params["contract"] = contract
    if resume is not None:
        params["resume"] = resume
    return call_message(codec, HELLO_ID, "rpc.hello", codec.encode(params))
