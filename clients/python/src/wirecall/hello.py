"""The first exchange of a session: what this side says of itself and what the server answers."""

from __future__ import annotations

import msgspec

from wirecall.codec import encode
from wirecall.message import HELLO_ID, call_message
from wirecall.options import SessionOptions


class PeerLimits(msgspec.Struct, frozen=True):
    """The server's limits, as far as a client keeps them."""

    max_message_bytes: int = 1024 * 1024
    max_calls: int = 64


class HelloAnswer(msgspec.Struct, frozen=True):
    """The result of `rpc.hello`; members that this version does not know are ignored.

    Attributes:
        session: The session's id.
        user: Who the session belongs to, if anyone.
        contract: What the server thinks of each service's fingerprint.
        ping_ms: How long the server lets the line be silent before it pings.
        limits: What the server takes.
    """

    session: str
    user: str | None = None
    contract: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    ping_ms: float = 25_000.0
    limits: PeerLimits = PeerLimits()


def hello_message(options: SessionOptions, token: str | None, contract: dict[str, str]) -> bytes:
    """The call that opens a session."""
    params: dict[str, object] = {"client": {"name": options.name, "version": options.version}}
    if token is not None:
        params["token"] = token
    params["limits"] = {
        "max_message_bytes": options.max_message_bytes,
        "buffer_bytes": 4 * options.max_message_bytes,
    }
    params["contract"] = contract
    return call_message(HELLO_ID, "rpc.hello", encode(params))
