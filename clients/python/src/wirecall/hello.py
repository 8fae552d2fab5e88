"""The first exchange of a session: what this side says of itself and what the server answers."""

from __future__ import annotations

import msgspec

from wirecall.codec import Codec
from wirecall.message import HELLO_ID, call_message
from wirecall.options import SessionOptions


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
