"""Messages as JSON text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import cast

import msgspec

from wirecall.codec import MAX_DEPTH, Codec, Kind, decode_custom, encode_custom

# What could hide a value that JSON changes: a number of 16 digits, `null` (what NaN turns into), a
# time of day without an offset behind it. Looked for in the text with every digit turned into 0,
# which is ten times faster than a pattern.
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_NUMBERED = re.compile(rb'[,{]\s*"seq"\s*:\s*[^\s",{}\[\]]+\s*\}?\s*$')
_TAIL = 64
_LONGEST = len(str(2**63))

_KINDS = {
    **dict.fromkeys(b"-0123456789", Kind.NUMBER),
    ord("{"): Kind.OBJECT,
    ord("["): Kind.ARRAY,
    ord('"'): Kind.STRING,
    ord("n"): Kind.NULL,
}

_ENCODER = msgspec.json.Encoder(enc_hook=encode_custom)


def _decoder(expression: object) -> Callable[[bytes | str], object]:
    shape = cast("type[object]", expression)
    return msgspec.json.Decoder(shape, dec_hook=decode_custom).decode


_name = lru_cache(maxsize=1024)(_ENCODER.encode)


class JsonCodec(Codec):
    """JSON in text frames; bytes are base64."""

    subprotocol = "wirecall.1.json"
    text = True
    null = b"null"
    name = staticmethod(_name)
    number = staticmethod(_ENCODER.encode)

    def record(self, members: Sequence[tuple[str, bytes]]) -> bytes:
        """An object of encoded members."""
        return b"{%b}" % b",".join([b"%b:%b" % (_name(name), value) for name, value in members])

    def array(self, values: Sequence[bytes]) -> bytes:
        """An array of encoded values."""
        return b"[%b]" % b",".join(values)

    def seal(self, body: bytes, seq: int) -> bytes:
        """A message with its number as the last member."""
        return b'%b,"seq":%d}' % (body[:-1], seq)

    def kind(self, value: bytes) -> Kind:
        """What an encoded value is."""
        return _KINDS.get(value[0], Kind.OTHER) if value else Kind.OTHER

    def whole(self, value: bytes) -> int | None:
        """An encoded integer that is not negative and has 64 bits; None for anything else."""
        return int(value) if value.isdigit() and len(value) < _LONGEST else None

    def too_deep(self, data: bytes) -> bool:
        """Whether arrays and objects are nested more than `MAX_DEPTH` deep."""
        if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
            return False
        brackets = _STRINGS.sub(b"", data).translate(_BRACKETS, _NO_BRACKETS)
        for _ in range(MAX_DEPTH):
            if b"[]" not in brackets:
                break
            # Each round takes the innermost pairs away: there are as many rounds as levels.
            brackets = brackets.replace(b"[]", b"")
        return b"[]" in brackets or brackets.count(b"[") > MAX_DEPTH

    def looks_tracked(self, data: bytes) -> bool:
        """Whether what does not decode ends with a number, as tracked messages do."""
        return _NUMBERED.search(data[-_TAIL:]) is not None

    def _encode(self, value: object) -> bytes:
        return _ENCODER.encode(value)

    def _is_suspect(self, data: bytes) -> bool:
        digits = data.translate(_DIGITS)
        return (
            b"0000000000000000" in digits
            or b"null" in digits
            or b'00:00:00"' in digits
            or b'00:00:00.000000"' in digits
        )


JSON = JsonCodec(_decoder)
"""The codec of plain peers and, unless told otherwise, of sessions."""
