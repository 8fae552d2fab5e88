"""The protocol's own notifications, as far as their parameters are read here."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Raw

from wirecall.codec import Codec
from wirecall.errors import DecodeError
from wirecall.message import NotificationMessage

T = TypeVar("T")


class CloseNotice(msgspec.Struct, frozen=True):
    """`rpc.close`: how the connection will end and, in a drain, when."""

    code: int
    reason: str = ""
    in_ms: float | None = None
    retry_within_ms: float | None = None
    received: int | None = None


class AckNotice(msgspec.Struct, frozen=True):
    """`rpc.ack`: everything up to this number was received."""

    seq: int


class CancelNotice(msgspec.Struct, frozen=True):
    """`rpc.cancel`: the server takes a call back; its id is compared as it came."""

    id: Raw


class ItemNotice(msgspec.Struct, frozen=True):
    """`rpc.item`: items of a call that this side made."""

    id: int
    items: list[Raw]


class CreditNotice(msgspec.Struct, frozen=True):
    """`rpc.upload_credit`: the server takes so many items more."""

    id: int
    credit: int


def read_notice(codec: Codec, message: NotificationMessage, shape: type[T]) -> T | None:
    """The parameters of a notice; None where they do not fit."""
    try:
        return codec.decode(message.params or codec.null, shape)
    except DecodeError:
        return None
