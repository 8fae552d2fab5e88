"""The seam between values and bytes: what both codecs share, and what each has to say."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import lru_cache
from typing import TypeVar, cast, overload

import msgspec

from wirecall.errors import DecodeError, EncodeError
from wirecall.types import StringInt, TypeExpr

T = TypeVar("T")

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every language of the protocol holds exactly."""
MAX_DEPTH = 128
"""The deepest nesting of arrays and objects that a message may have."""
SEAL_BYTES = 23
"""The most that `seal` adds to a message, in either codec."""

_DECIMAL = re.compile(r"-?\d{1,40}")


class Kind(Enum):
    """What an encoded value is, told by its first byte."""

    OBJECT = auto()
    ARRAY = auto()
    STRING = auto()
    NUMBER = auto()
    NULL = auto()
    OTHER = auto()
    """A boolean, or what the other codec does not have."""


class Codec(ABC):
    """One way of writing messages; everything that differs between the two is here."""

    subprotocol: str
    """The name under which a WebSocket negotiates it."""
    text: bool
    """Whether its frames are text, rather than binary."""
    null: bytes
    """The encoded `null`."""
    name: Callable[[str], bytes]
    """Encodes a name, and remembers it: of a method, of a member."""
    number: Callable[[int], bytes]
    """Encodes an integer that this side counts."""

    def __init__(self, decoder: Callable[[object], Callable[[bytes | str], object]]) -> None:
        """Keeps a decoder for every type.

        Args:
            decoder: Makes the decoding function of a type.
        """
        self._decoder = decoder
        self._cached_decoder = lru_cache(maxsize=4096)(decoder)

    def encode(self, value: object) -> bytes:
        """Encodes a value.

        Raises:
            EncodeError: An integer outside ±(2^53 - 1), a number that is not finite, a time without
                an offset, or a value of no message type. The message names the field.
        """
        try:
            data = self._encode(value)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise EncodeError(f"the value cannot be encoded: {error}") from error
        # Encoding is fast and checking slow: only what may hide a value is walked through.
        if self._is_suspect(data):
            _check(value, "")
        return data

    @overload
    def decode(self, data: bytes | str | msgspec.Raw, shape: type[T] | TypeExpr[T]) -> T: ...
    @overload
    def decode(self, data: bytes | str | msgspec.Raw, shape: None) -> None: ...
    def decode(
        self, data: bytes | str | msgspec.Raw, shape: type[T] | TypeExpr[T] | None
    ) -> T | None:
        """Decodes bytes into a type.

        Raises:
            DecodeError: They are not of this codec, too deep, or do not fit the type.
        """
        expression = shape.resolve() if isinstance(shape, TypeExpr) else shape
        try:
            decoder = self._cached_decoder(expression)
        except TypeError:
            # A type whose annotations hold a list cannot be looked up.
            decoder = self._decoder(expression)
        try:
            return cast("T | None", decoder(cast("bytes", data)))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DecodeError(str(error)) from error
        except RecursionError as error:
            raise DecodeError("nested too deeply") from error

    @abstractmethod
    def record(self, members: Sequence[tuple[str, bytes]]) -> bytes:
        """An object of encoded members."""

    @abstractmethod
    def array(self, values: Sequence[bytes]) -> bytes:
        """An array of encoded values."""

    @abstractmethod
    def seal(self, body: bytes, seq: int) -> bytes:
        """A message with its number as the last member."""

    @abstractmethod
    def kind(self, value: bytes) -> Kind:
        """What an encoded value is."""

    @abstractmethod
    def whole(self, value: bytes) -> int | None:
        """An encoded integer that is not negative and has 64 bits; None for anything else."""

    @abstractmethod
    def too_deep(self, data: bytes) -> bool:
        """Whether arrays and objects are nested more than `MAX_DEPTH` deep."""

    @abstractmethod
    def looks_tracked(self, data: bytes) -> bool:
        """Whether what does not decode ends with a number, as tracked messages do."""

    @abstractmethod
    def _encode(self, value: object) -> bytes: ...

    @abstractmethod
    def _is_suspect(self, data: bytes) -> bool: ...


def encode_custom(value: object) -> object:
    """What msgspec asks for values that it does not know."""
    if isinstance(value, StringInt):
        return str(int(value))
    raise TypeError(f"a {type(value).__name__} is no value of a message")


def decode_custom(cls: type, value: object) -> object:
    """What msgspec asks for types that it does not know."""
    if cls is object:
        return value
    if cls is not StringInt:
        raise TypeError(f"{cls!r} is no type of a message")
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return StringInt(value)
    raise ValueError("Expected an integer in a string")


def _check(value: object, path: str) -> None:
    """Walks through a value to find what would arrive as another one, and names its place."""
    problem = _problem(value)
    if problem is not None:
        raise EncodeError(f"{path or 'the value'}: {problem}")
    if isinstance(value, msgspec.Struct):
        for entry in msgspec.structs.fields(value):
            _check(getattr(value, entry.name), f"{path}/{_escape(entry.encode_name)}")
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[object, object]", value).items():
            _check(item, f"{path}/{_escape(str(key))}")
    elif isinstance(value, (list, tuple, set, frozenset)):
        for index, item in enumerate(cast("list[object]", value)):
            _check(item, f"{path}/{index}")


def _problem(value: object) -> str | None:
    if isinstance(value, Enum):
        return _problem(cast("object", value.value))
    if isinstance(value, int) and not isinstance(value, StringInt):
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            return f"the integer {value} is outside ±(2^53 - 1) and would be rounded by some peers"
    elif isinstance(value, float):
        if not math.isfinite(value):
            return f"{value} is not a number that a message can carry"
    elif isinstance(value, datetime) and value.tzinfo is None:
        return "a datetime needs a time zone: datetime.now(timezone.utc)"
    return None


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
