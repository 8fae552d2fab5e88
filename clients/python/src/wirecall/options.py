"""Everything that can be set, with its default and the reason for it."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from wirecall.codec import Codec
from wirecall.codec_json import JSON
from wirecall.codec_msgpack import MSGPACK
from wirecall.heartbeat import HeartbeatOptions
from wirecall.streams import STREAM_CREDIT
from wirecall.version import NAME, VERSION

if TYPE_CHECKING:
    from wirecall.layers import Layer
    from wirecall.rpc_error import RpcError

MIN_BUFFER_BYTES = 256 * 1024
"""The least that a session keeps, so that small limits do not stop it."""

CodecName: TypeAlias = Literal["json", "msgpack"]
"""A codec as `connect` takes it: what to annotate a setting with that comes from elsewhere."""
TokenProvider: TypeAlias = str | Callable[[], str | None] | Callable[[], Awaitable[str | None]]
"""A token, or a plain or async function that gives one before each attempt."""
ErrorListener: TypeAlias = Callable[[Exception, str], None]
"""Hears of errors that no caller awaits, and where each happened."""


@dataclass(frozen=True, slots=True)
class ReconnectOptions:
    """How to come back, all times in seconds.

    Attributes:
        attempts: Attempts in a row before giving up; None never gives up, because a server that is
            down for an hour should find its clients again.
        base: Upper bound of the first delay: short, as most cuts are.
        cap: Upper bound of every delay: a server that is back is found within it.
        connect_timeout: Limit of one attempt, which covers the token, connecting and hello.
        reset_after: How long a connection must last before the delays start over, so that a server
            that accepts and crashes is not hammered.
    """

    attempts: int | None = None
    base: float = 0.25
    cap: float = 20.0
    connect_timeout: float = 10.0
    reset_after: float = 10.0


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What one call may set. To cancel a call, cancel its task.

    Attributes:
        timeout: Seconds until the call fails with `DeadlineExceededError`, at both ends; None takes
            the call's declared limit or the client's. With `math.inf` the server is told none, and
            only its own holds: the declared one, or its 30 s.
        meta: Members for the message's `meta`, such as `traceparent`.
        credit: How many items of a stream the server may be ahead of the loop: enough that neither
            waits for the other on a fast network, few enough to be kept.
    """

    timeout: float | None = None
    meta: Mapping[str, object] = field(default_factory=dict[str, object])
    credit: int = STREAM_CREDIT

    def __post_init__(self) -> None:
        """Looks at the values.

        Raises:
            ValueError: One makes no sense; the message says which.
        """
        _check_timeout(self.timeout)
        if self.credit < 1:
            raise ValueError("credit: a stream needs at least 1 to begin")


class CallDeclaration(TypedDict, total=False):
    """What the contract says of a call; generated code fills it in.

    Attributes:
        idempotent: Whether the call may be sent again when its session is lost.
        timeout: The declared time limit in seconds.
        errors: Error classes of this call alone, beside the service's.
        positional: Whether the params leave as an array, in the order of their fields.
    """

    idempotent: bool
    timeout: float
    errors: Sequence[type[RpcError]]
    positional: bool


class ConnectOptions(TypedDict, total=False):
    """The keyword arguments of `connect`, all times in seconds.

    Attributes:
        token: Who is calling: a string, or a plain or async function that is asked before each
            attempt, so that a token which expired is replaced. None by default.
        reconnect: How to come back; False gives up when the first connection ends.
        heartbeat: When a silent connection counts as dead.
        queue: Calls and notifications that may wait while there is no session, or no room in it
            (`buffer_bytes`); one more fails at once with `ResourceExhaustedError`. 256 by default:
            enough for a pause, too few to hide an outage.
        timeout: Time limit of calls that have no other, 30 by default. With `math.inf` the server's
            own holds, as in `CallOptions`.
        plain: Be a plain peer of any JSON-RPC 2.0 server: no subprotocol, no hello, no token.
        lazy: Return at once and keep trying in the background; False by default, so that a wrong
            URL is an error where it was written.
        layers: Interceptors around every call, the first one outermost.
        headers: Headers of the HTTP upgrade.
        ssl: TLS settings for `wss://`; the system's trust by default.
        codec: How messages cross the wire, a `CodecName`: "json", or "msgpack", which is smaller,
            faster and carries bytes as they are. JSON by default, because anything can read it.
        max_message_bytes: The largest message to accept, 1 MiB by default, told to the server.
        buffer_bytes: What is kept to be sent again after a cut; calls wait while it is full. Four
            times `max_message_bytes` by default, and at least 256 KiB, told to the server.
        name: The program's name, told to the server; this package by default.
        version: Its version.
        on_error: Hears of errors that no caller awaits: a listener that raised, a handler that
            failed, an event that does not decode. Logged by default.
    """

    token: TokenProvider
    reconnect: ReconnectOptions | bool
    heartbeat: HeartbeatOptions
    queue: int
    timeout: float
    plain: bool
    lazy: bool
    layers: Sequence[Layer]
    headers: Mapping[str, str]
    ssl: SSLContext
    codec: CodecName
    max_message_bytes: int
    buffer_bytes: int
    name: str
    version: str
    on_error: ErrorListener


def boot_clock() -> float:
    """Seconds from a clock that goes on while the machine sleeps, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None and sys.platform == "darwin":
        # There it is this one, and what `time.monotonic` reads stands still.
        clock = time.CLOCK_MONOTONIC
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """The settings of the session machine, with every default filled in."""

    reconnect: ReconnectOptions | None = field(default_factory=ReconnectOptions)
    attempt_timeout: float = 10.0
    heartbeat: HeartbeatOptions = field(default_factory=HeartbeatOptions)
    queue: int = 256
    plain: bool = False
    lazy: bool = False
    codec: Codec = JSON
    max_message_bytes: int = 1024 * 1024
    buffer_bytes: int = 4 * 1024 * 1024
    first_seq: int = 1
    name: str = NAME
    version: str = VERSION
    random: Callable[[], float] = random.random

    @classmethod
    def of(cls, options: ConnectOptions) -> SessionOptions:
        """Fills in the defaults.

        Raises:
            ValueError: A value makes no sense; the message says which.
        """
        default = cls()
        reconnect = _reconnect(options.get("reconnect", True))
        max_message_bytes = options.get("max_message_bytes", default.max_message_bytes)
        settings = cls(
            reconnect=reconnect,
            attempt_timeout=(reconnect or ReconnectOptions()).connect_timeout,
            heartbeat=options.get("heartbeat", default.heartbeat),
            queue=options.get("queue", default.queue),
            plain=options.get("plain", False),
            lazy=options.get("lazy", False),
            codec=_codec(options.get("codec", "json")),
            max_message_bytes=max_message_bytes,
            buffer_bytes=max(options.get("buffer_bytes", 4 * max_message_bytes), MIN_BUFFER_BYTES),
            name=options.get("name", default.name),
            version=options.get("version", default.version),
        )
        _check_timeout(options.get("timeout"))
        if settings.queue < 0:
            raise ValueError("queue: the number of calls that may wait cannot be negative")
        if settings.plain and "token" in options:
            raise ValueError(
                "a plain peer says no hello, so it has no place for a token: pass it in headers"
            )
        if settings.plain and settings.codec is not JSON:
            raise ValueError("a plain peer negotiates no codec, so it speaks JSON")
        return settings


def _check_timeout(seconds: float | None) -> None:
    # Also NaN is none.
    if seconds is not None and not seconds > 0:
        raise ValueError("timeout: the seconds that a call may take must be above 0")


def _reconnect(value: ReconnectOptions | bool) -> ReconnectOptions | None:
    if isinstance(value, bool):
        return ReconnectOptions() if value else None
    return value


def _codec(name: str) -> Codec:
    if name not in _CODECS:
        raise ValueError(f"codec: {name!r} is none of {', '.join(_CODECS)}")
    return _CODECS[name]


_CODECS: dict[str, Codec] = {"json": JSON, "msgpack": MSGPACK}
