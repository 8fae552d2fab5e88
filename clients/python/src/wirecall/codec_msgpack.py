"""Messages as MessagePack: the same maps with the same keys as in JSON, and bytes as `bin`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, cast

import msgspec

from wirecall.codec import MAX_DEPTH, Codec, Kind, decode_custom, encode_custom

_BYTES = (bytes, bytearray, memoryview)
_SEQ = b"\xa3seq"
_TAIL = 9
_UNSIGNED = (b"\xcc", b"\xcd", b"\xce", b"\xcf")
_FIRST_BEYOND_INTEGERS = 0x80
_CONTAINERS = bytes([*range(0x80, 0xA0), *range(0xDC, 0xE0)])
# A time of day that ends without an offset. 64-bit integers and floats that are not finite are
# told by their first bytes; a text that happens to hold them costs a walk, no more.
_NAIVE = re.compile(rb"T\d\d:\d\d:\d\d(?:\.\d{6})?(?![\d.Z+-])")
_WIDE = re.compile(rb"[\xcf\xd3]|\xcb[\x7f\xff][\xf0-\xff]")

_ENCODER = msgspec.msgpack.Encoder(enc_hook=encode_custom)


def _decoder(expression: object) -> Callable[[bytes | str], object]:
    shape = cast("type[object]", expression)
    decoder = msgspec.msgpack.Decoder(shape, dec_hook=decode_custom)
    return lambda data: decoder.decode(cast("bytes", data))


_name = lru_cache(maxsize=1024)(_ENCODER.encode)


def _head(short: int, long: int, count: int) -> bytes:
    """The first bytes of a map or an array."""
    if count < 2**4:
        return bytes([short | count])
    if count < 2**16:
        return bytes([long]) + count.to_bytes(2, "big")
    return bytes([long + 1]) + count.to_bytes(4, "big")


class MsgpackCodec(Codec):
    """MessagePack in binary frames; bytes are `bin`."""

    subprotocol = "wirecall.1.msgpack"
    text = False
    null = b"\xc0"
    name = staticmethod(_name)
    number = staticmethod(_ENCODER.encode)

    def record(self, members: Sequence[tuple[str, bytes]]) -> bytes:
        """An object of encoded members."""
        parts = [_head(0x80, 0xDE, len(members))]
        for name, value in members:
            parts += (_name(name), value)
        return b"".join(parts)

    def array(self, values: Sequence[bytes]) -> bytes:
        """An array of encoded values."""
        return _head(0x90, 0xDC, len(values)) + b"".join(values)

    def seal(self, body: bytes, seq: int) -> bytes:
        """A message with its number as the last member."""
        return bytes([body[0] + 1]) + body[1:] + _SEQ + _ENCODER.encode(seq)

    def kind(self, value: bytes) -> Kind:
        """What an encoded value is."""
        return _KINDS[value[0]] if value else Kind.OTHER

    def whole(self, value: bytes) -> int | None:
        """An encoded integer that is not negative and has 64 bits; None for anything else."""
        if value[:1] in _UNSIGNED:
            return int.from_bytes(value[1:], "big")
        return value[0] if len(value) == 1 and value[0] < _FIRST_BEYOND_INTEGERS else None

    def too_deep(self, data: bytes) -> bool:
        """Whether arrays and objects are nested more than `MAX_DEPTH` deep."""
        if len(data) - len(data.translate(None, _CONTAINERS)) <= MAX_DEPTH:
            return False
        return _depth(data) > MAX_DEPTH

    def looks_tracked(self, data: bytes) -> bool:
        """Whether what does not decode ends with a number, as tracked messages do."""
        return any(data[-end - len(_SEQ) : -end] == _SEQ for end in range(1, _TAIL + 1))

    def _encode(self, value: object) -> bytes:
        # Times and the like are texts in both codecs; msgspec has forms of its own for them here.
        plain: object = msgspec.to_builtins(value, builtin_types=_BYTES, enc_hook=encode_custom)
        return _ENCODER.encode(plain)

    def _is_suspect(self, data: bytes) -> bool:
        return _WIDE.search(data) is not None or _NAIVE.search(data) is not None


_RANGES = (
    (range(0x80), Kind.NUMBER),
    (range(0x80, 0x90), Kind.OBJECT),
    (range(0x90, 0xA0), Kind.ARRAY),
    (range(0xA0, 0xC0), Kind.STRING),
    (range(0xC0, 0xC1), Kind.NULL),
    (range(0xC1, 0xCA), Kind.OTHER),
    (range(0xCA, 0xD4), Kind.NUMBER),
    (range(0xD4, 0xD9), Kind.OTHER),
    (range(0xD9, 0xDC), Kind.STRING),
    (range(0xDC, 0xDE), Kind.ARRAY),
    (range(0xDE, 0xE0), Kind.OBJECT),
    (range(0xE0, 0x100), Kind.NUMBER),
)
_KINDS = {first: kind for firsts, kind in _RANGES for first in firsts}


class _Form(NamedTuple):
    """How a value goes on after its first byte."""

    width: int = 1
    """Its bytes, without those that are counted and those of values inside."""
    values: int = 0
    """The values inside, where the first byte says how many."""
    counted_by: int = 0
    """How many bytes after the first hold a count,"""
    unit: int = 0
    """and how many values each of it stands for; none for bytes."""


_FORMS = (
    dict.fromkeys(range(0x100), _Form())
    | {0x80 + entries: _Form(values=2 * entries) for entries in range(16)}
    | {0x90 + values: _Form(values=values) for values in range(16)}
    | {0xA0 + length: _Form(1 + length) for length in range(32)}
    | {
        first + power: _Form(1 + 2**power, counted_by=2**power)
        for first in (0xC4, 0xD9)
        for power in range(3)
    }
    | {0xC7 + power: _Form(2 + 2**power, counted_by=2**power) for power in range(3)}
    | {0xD4 + power: _Form(2 + 2**power) for power in range(5)}
    | {first + power: _Form(1 + 2**power) for first in (0xCC, 0xD0) for power in range(4)}
    | {0xCA: _Form(5), 0xCB: _Form(9)}
    | {0xDC + wide: _Form(3 + 2 * wide, counted_by=2 + 2 * wide, unit=1) for wide in range(2)}
    | {0xDE + wide: _Form(3 + 2 * wide, counted_by=2 + 2 * wide, unit=2) for wide in range(2)}
)


def _depth(data: bytes) -> int:
    """The deepest nesting, as far as the bytes make sense; `decode` says where they do not."""
    deepest, place = 0, 0
    open_ends: list[int] = []
    while place < len(data) and deepest <= MAX_DEPTH:
        container = data[place] in _CONTAINERS
        width, values = _step(data, place)
        place += width
        if open_ends:
            open_ends[-1] -= 1
        if container:
            deepest = max(deepest, len(open_ends) + 1)
        if values:
            open_ends.append(values)
        while open_ends and open_ends[-1] == 0:
            open_ends.pop()
    return deepest


def _step(data: bytes, place: int) -> tuple[int, int]:
    """The bytes of a value without those inside of it, and how many values are inside."""
    width, values, count, unit = _FORMS[data[place]]
    if not count:
        return width, values
    counted = int.from_bytes(data[place + 1 : place + 1 + count], "big")
    return (width, counted * unit) if unit else (width + counted, 0)


MSGPACK = MsgpackCodec(_decoder)
"""The codec that is smaller and faster for bytes; sessions only."""
