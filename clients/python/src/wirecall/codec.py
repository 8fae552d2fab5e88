"""Values to JSON text and back, with what JSON cannot carry refused instead of changed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
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

# Encoding is fast and checking slow, so only text that could hide a value JSON changes is checked:
# a number of 16 digits, `null` (what NaN turns into), a time of day without an offset behind it.
# Looked for in the text with every digit turned into 0, which is ten times faster than a pattern.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_DECIMAL = re.compile(r"-?\d{1,40}")


def _encode_custom(value: object) -> object:
    if isinstance(value, StringInt):
        return str(int(value))
    raise TypeError(f"a {type(value).__name__} is no value of a message")


def _decode_custom(cls: type, value: object) -> object:
    if cls is object:
        return value
    if cls is not StringInt:
        raise TypeError(f"{cls!r} is no type of a message")
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return StringInt(value)
    raise ValueError("Expected an integer in a string")


_ENCODER = msgspec.json.Encoder(enc_hook=_encode_custom)


def encode(value: object) -> bytes:
    """Encodes a value as JSON.

    Raises:
        EncodeError: An integer outside ±(2^53 - 1), a number that is not finite, a time without an
            offset, or a value of no message type. The message names the field.
    """
    try:
        text = _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise EncodeError(f"the value cannot be encoded: {error}") from error
    if _is_suspect(text.translate(_DIGITS)):
        _check(value, "")
    return text


def _is_suspect(digits: bytes) -> bool:
    return (
        b"0000000000000000" in digits
        or b"null" in digits
        or b'00:00:00"' in digits
        or b'00:00:00.000000"' in digits
    )


def _check(value: object, path: str) -> None:
    """Walks through a value to find what JSON would change, and names its place."""
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
            return f"{value} is not a number that JSON can carry"
    elif isinstance(value, datetime) and value.tzinfo is None:
        return "a datetime needs a time zone: datetime.now(timezone.utc)"
    return None


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


@overload
def decode(text: bytes | str | msgspec.Raw, shape: type[T] | TypeExpr[T]) -> T: ...
@overload
def decode(text: bytes | str | msgspec.Raw, shape: None) -> None: ...
def decode(text: bytes | str | msgspec.Raw, shape: type[T] | TypeExpr[T] | None) -> T | None:
    """Decodes JSON into a type.

    Raises:
        DecodeError: The text is not JSON, too deep, or does not fit the type.
    """
    expression = shape.resolve() if isinstance(shape, TypeExpr) else shape
    try:
        decoder = _cached_decoder(expression)
    except TypeError:
        # A type whose annotations hold a list cannot be looked up.
        decoder = _decoder(expression)
    try:
        return cast("T | None", decoder.decode(text))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DecodeError(str(error)) from error
    except RecursionError as error:
        raise DecodeError("nested too deeply") from error


def _decoder(expression: object) -> msgspec.json.Decoder[object]:
    return msgspec.json.Decoder(cast("type[object]", expression), dec_hook=_decode_custom)


_cached_decoder = lru_cache(maxsize=4096)(_decoder)


def too_deep(text: bytes) -> bool:
    """Whether arrays and objects are nested more than `MAX_DEPTH` deep."""
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return False
    brackets = _STRINGS.sub(b"", text).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if b"[]" not in brackets:
            break
        # Each round takes the innermost pairs away, so there are as many rounds as levels.
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH
