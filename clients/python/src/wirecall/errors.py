"""The errors that no server sent: each says what happened to the call and what to do now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wirecall.disconnect import Disconnect


class WirecallError(Exception):
    """The base of every error that this library raises."""


class ConnectError(WirecallError):
    """An attempt to connect failed; the message names the URL, the cause and what to check.

    The cause, where there is one, is `__cause__`: an `OSError`, what the token function raised, or
    the `RpcError` with which the server refused the hello.

    Attributes:
        permanent: Whether trying again would meet the same fault, such as a URL that is none.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class _EndedError(WirecallError):
    def __init__(self, message: str, disconnect: Disconnect | None = None) -> None:
        super().__init__(message)
        self.disconnect = disconnect


class ClosedError(_EndedError):
    """The client is closed and the call was never written: the server has not seen it.

    Attributes:
        disconnect: How the last connection ended, if there was one.
    """


class ConnectionLostError(_EndedError):
    """The session was lost after the call was written: its outcome is unknown.

    The server may or may not have run it. Find out before making it again, or declare the call
    `idempotent`, and the client sends it again by itself. A plain peer's session ends with its
    connection.

    Attributes:
        disconnect: How the connection ended.
    """


class EncodeError(WirecallError):
    """A value cannot be sent as it is; the message names the field. Nothing was sent."""


class DecodeError(WirecallError):
    """A reply or an event does not fit its declared type: the two sides' contracts differ."""
