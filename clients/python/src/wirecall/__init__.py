"""wirecall: typed RPC over WebSocket, the Python client.

Programs open a client with `connect` and hand it to the classes that `wirecall generate` wrote:

    async with connect("wss://example.org/ws", token=fetch_token) as client:
        chat = ChatClient(client)
        message = await chat.post(room="lobby", text="hi")

The client comes back when the connection goes away, keeps the heartbeat, and tells of every call
whether it ran, did not run, or may have.
"""

from wirecall.call_stream import CallStream
from wirecall.client import Client, Connecting, connect
from wirecall.disconnect import CloseCode, Disconnect
from wirecall.errors import (
    ClosedError,
    ConnectError,
    ConnectionLostError,
    DecodeError,
    EncodeError,
    WirecallError,
)
from wirecall.heartbeat import HeartbeatOptions
from wirecall.incoming import Unsubscribe
from wirecall.kinds import (
    CallCancelledError,
    DeadlineExceededError,
    FieldError,
    InternalError,
    InvalidRequestError,
    MethodNotFoundError,
    NotFoundError,
    ParseError,
    PermissionDeniedError,
    RateLimitedError,
    ResourceExhaustedError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
    ValidationError,
)
from wirecall.layers import Call, Layer, Next
from wirecall.options import (
    CallOptions,
    CodecName,
    ConnectOptions,
    ReconnectOptions,
    TokenProvider,
)
from wirecall.record import Record
from wirecall.recovery import LostReason
from wirecall.rpc_error import RpcError
from wirecall.service import ServiceClient
from wirecall.serving import CallHandler, ServedCall, handle
from wirecall.states import ClosedState, ConnectingState, OpenState, ReconnectingState, State
from wirecall.types import StringInt, TypeExpr
from wirecall.version import VERSION

__version__ = VERSION

__all__ = [
    "Call",
    "CallCancelledError",
    "CallHandler",
    "CallOptions",
    "CallStream",
    "Client",
    "CloseCode",
    "ClosedError",
    "ClosedState",
    "CodecName",
    "ConnectError",
    "ConnectOptions",
    "Connecting",
    "ConnectingState",
    "ConnectionLostError",
    "DeadlineExceededError",
    "DecodeError",
    "Disconnect",
    "EncodeError",
    "FieldError",
    "HeartbeatOptions",
    "InternalError",
    "InvalidRequestError",
    "Layer",
    "LostReason",
    "MethodNotFoundError",
    "Next",
    "NotFoundError",
    "OpenState",
    "ParseError",
    "PermissionDeniedError",
    "RateLimitedError",
    "ReconnectOptions",
    "ReconnectingState",
    "Record",
    "ResourceExhaustedError",
    "RpcError",
    "ServedCall",
    "ServiceClient",
    "State",
    "StringInt",
    "TokenProvider",
    "TooLargeError",
    "TypeExpr",
    "UnauthenticatedError",
    "UnavailableError",
    "Unsubscribe",
    "ValidationError",
    "WirecallError",
    "connect",
    "handle",
]
