"""The error that a peer answers a call with, and how a service's own errors get typed fields."""

from __future__ import annotations

from inspect import get_annotations
from typing import TYPE_CHECKING, ClassVar, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, field

from wirecall.codec import Codec
from wirecall.errors import DecodeError, WirecallError
from wirecall.message import ErrorBody, ErrorTraits

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Stands in for the typing function of Python 3.11, which does nothing at run time."""
        return lambda cls: cls


@dataclass_transform(kw_only_default=True, eq_default=False, field_specifiers=(field,))
class RpcError(WirecallError):
    """The peer answered a call with an error.

    A service's errors are subclasses: they set `code` and `kind` and annotate their details, which
    become attributes and keyword arguments. A handler of the server's calls sends one by raising
    it: `raise RoomNotFoundError(room="lobby")`.

    Attributes:
        code: The number on the wire.
        kind: The name to switch on, in snake_case.
        message: What happened, in a sentence.
        retryable: Whether the same call may succeed later.
        retry_after: Seconds to wait before that, where the server said so.
        details: The error's fields as plain values, or whatever a foreign server sent as `data`.
    """

    code: int = -32603
    kind: str = "unknown"
    message: str = ""
    retryable: bool = False
    retry_after: float | None = None
    details: object = None

    def __init__(
        self,
        message: str | None = None,
        *,
        code: int | None = None,
        kind: str | None = None,
        **details: object,
    ) -> None:
        """Makes an error to raise from a handler; subclasses take their fields by name.

        Args:
            message: What happened; the first line of the class's documentation when absent.
            code: The number on the wire; subclasses have theirs.
            kind: The name to switch on; subclasses have theirs.
            **details: The error's fields.

        Raises:
            TypeError: A field is missing or unknown.
        """
        self.message = _first_line(type(self).__doc__) if message is None else message
        super().__init__(self.message)
        if code is not None:
            self.code = code
        if kind is not None:
            self.kind = kind
        shape = details_type(type(self))
        if shape is None:
            self.details = details or None
        else:
            fields = shape(**details)
            self._take(fields)
            self.details = _plain(fields)

    @classmethod
    def with_message(cls, message: str, **details: object) -> Self:
        """Makes an error that says what happened in words of its own.

        Raises:
            TypeError: A field is missing or unknown.
        """
        return cls(message, code=None, kind=None, **details)

    @classmethod
    def from_wire(cls, codec: Codec, body: ErrorBody, data: ErrorTraits) -> Self:
        """Makes the error of a response.

        Raises:
            DecodeError: The details do not fit the class's fields.
        """
        shape = details_type(cls)
        given = bytes(data.details) or codec.null
        fields = None if shape is None else codec.decode(given, shape)
        error = cls.__new__(cls, body.message)
        error.message = body.message
        error.code = body.code
        error.kind = data.kind or cls.kind
        error.retryable = data.retryable or cls.retryable
        error.retry_after = None if data.retry_after_ms is None else data.retry_after_ms / 1000
        error.details = codec.decode(given, object)
        if isinstance(fields, msgspec.Struct):
            error._take(fields)
        return error

    def _take(self, fields: msgspec.Struct) -> None:
        """Turns decoded details into attributes."""
        for item in msgspec.structs.fields(fields):
            setattr(self, item.name, getattr(fields, item.name))


_DETAILS: dict[type[RpcError], type[msgspec.Struct] | None] = {}


def details_type(cls: type[RpcError]) -> type[msgspec.Struct] | None:
    """The struct that an error class's annotated fields describe; None where it has none.

    Built at first use, because annotations may name classes that stand further down in the module.
    """
    if cls not in _DETAILS:
        _DETAILS[cls] = _describe(cls)
    return _DETAILS[cls]


def _describe(cls: type[RpcError]) -> type[msgspec.Struct] | None:
    own: list[str] = []
    for parent in reversed(cls.__mro__):
        if issubclass(parent, RpcError) and parent is not RpcError:
            own.extend(name for name in get_annotations(parent) if name not in own)
    hints = get_type_hints(cls, include_extras=True) if own else {}
    fields: list[str | tuple[str, type] | tuple[str, type, object]] = [
        (name, hints[name], getattr(cls, name, msgspec.NODEFAULT))
        for name in own
        if get_origin(hints[name]) is not ClassVar
    ]
    if not fields:
        return None
    return msgspec.defstruct(f"{cls.__name__}Details", fields, kw_only=True, frozen=True)


def _plain(fields: msgspec.Struct) -> dict[str, object]:
    values = {
        item.encode_name: getattr(fields, item.name) for item in msgspec.structs.fields(fields)
    }
    return {name: value for name, value in values.items() if value is not UNSET}


def _first_line(doc: str | None) -> str:
    lines = (doc or "").strip().splitlines()
    return lines[0] if lines else ""


def read_error(codec: Codec, body: ErrorBody, classes: dict[int, type[RpcError]]) -> RpcError:
    """The error of a response as the class declared for its code, or as a plain `RpcError`.

    An error whose details do not fit is still an error: it comes as a plain `RpcError`.
    """
    data = _read_data(codec, body)
    cls = classes.get(body.code, RpcError)
    try:
        return cls.from_wire(codec, body, data)
    except DecodeError:
        return RpcError.from_wire(codec, body, data)


def _read_data(codec: Codec, body: ErrorBody) -> ErrorTraits:
    """`data` as wirecall fills it; what a foreign server put there is all details."""
    try:
        data = codec.decode(bytes(body.data) or codec.null, ErrorTraits)
    except DecodeError:
        return ErrorTraits(details=body.data)
    return data if data.kind else ErrorTraits(details=body.data)
