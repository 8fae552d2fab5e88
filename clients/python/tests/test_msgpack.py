"""MessagePack: the same values as in JSON, and bytes as they are."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime, timezone
from typing import cast

import msgspec
import pytest

from tests.integration.everything import EVERYTHING
from tests.integration.generated.fixture import Everything
from tests.peer import listen, soon
from wirecall import ConnectError, DecodeError, EncodeError, Record, StringInt, connect, handle
from wirecall.codec import Codec, Kind
from wirecall.codec_json import JSON
from wirecall.codec_msgpack import MSGPACK
from wirecall.options import ConnectOptions, SessionOptions
from wirecall.serving import ServedCall

BOTH = pytest.mark.parametrize("codec", [JSON, MSGPACK])


class Blob(Record):
    """Something with bytes in it."""

    name: str
    data: bytes


@BOTH
def test_a_value_of_every_form_survives(codec: Codec) -> None:
    assert codec.decode(codec.encode(EVERYTHING), Everything) == EVERYTHING


def test_times_and_large_integers_are_the_texts_that_they_are_in_json() -> None:
    value = {"at": datetime(2026, 1, 31, tzinfo=timezone.utc), "large": StringInt(2**70)}
    plain = msgspec.msgpack.decode(MSGPACK.encode(value))
    assert plain == {"at": "2026-01-31T00:00:00Z", "large": str(2**70)}
    assert plain == msgspec.json.decode(JSON.encode(value))


def test_bytes_are_base64_in_json_and_bytes_in_messagepack() -> None:
    blob = Blob(name="a", data=b"\x00\xff")
    assert JSON.encode(blob) == b'{"name":"a","data":"AP8="}'
    assert msgspec.msgpack.decode(MSGPACK.encode(blob)) == {"name": "a", "data": b"\x00\xff"}
    for codec in (JSON, MSGPACK):
        assert codec.decode(codec.encode(blob), Blob) == blob


@BOTH
@pytest.mark.parametrize("value", [2**53, -(2**53), 2**64 - 1, math.nan, math.inf, -math.inf])
def test_what_some_peer_would_change_is_refused_with_the_name_of_its_field(
    codec: Codec, value: float
) -> None:
    with pytest.raises(EncodeError, match=r"^/a/1: "):
        codec.encode({"a": [0, value]})


@BOTH
@pytest.mark.parametrize("micro", [0, 123456])
def test_a_time_without_a_zone_is_refused(codec: Codec, micro: int) -> None:
    naive = datetime(2026, 1, 31, 1, 2, 3, micro, timezone.utc).replace(tzinfo=None)
    with pytest.raises(EncodeError, match=r"^/at: a datetime needs a time zone"):
        codec.encode({"at": naive, "b": 1})


@BOTH
def test_the_edges_of_exact_integers_pass(codec: Codec) -> None:
    value = {"large": 2**53 - 1, "small": -(2**53 - 1), "text": "\u03c0\u4e2d" * 20}
    assert codec.decode(codec.encode(value), dict[str, object]) == value


@BOTH
@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({}, Kind.OBJECT),
        (dict.fromkeys(map(str, range(20))), Kind.OBJECT),
        ([], Kind.ARRAY),
        ([0] * 20, Kind.ARRAY),
        ([0] * 70_000, Kind.ARRAY),
        ("", Kind.STRING),
        ("x" * 300, Kind.STRING),
        (0, Kind.NUMBER),
        (-1, Kind.NUMBER),
        (-1000, Kind.NUMBER),
        (2**40, Kind.NUMBER),
        (1.5, Kind.NUMBER),
        (None, Kind.NULL),
        (True, Kind.OTHER),
    ],
)
def test_an_encoded_value_tells_what_it_is(codec: Codec, value: object, kind: Kind) -> None:
    assert codec.kind(codec.encode(value)) is kind


@BOTH
@pytest.mark.parametrize("count", [0, 1, 15, 16, 70_000])
def test_objects_and_arrays_are_put_together_from_encoded_values(codec: Codec, count: int) -> None:
    names = [f'n"{number}' for number in range(count)]
    values = [codec.encode(number) for number in range(count)]
    made = codec.record(list(zip(names, values, strict=True)))
    assert codec.decode(made, dict[str, int]) == {name: at for at, name in enumerate(names)}
    assert codec.decode(codec.array(values), list[int]) == list(range(count))


@BOTH
@pytest.mark.parametrize("seq", [1, 200, 70_000, 2**53 - 2])
def test_a_sealed_message_ends_with_its_number(codec: Codec, seq: int) -> None:
    sealed = codec.seal(codec.record([("method", codec.encode("a"))]), seq)
    assert codec.decode(sealed, dict[str, object]) == {"method": "a", "seq": seq}
    assert codec.looks_tracked(sealed)


@BOTH
def test_nesting_is_bounded_whatever_lies_between(codec: Codec) -> None:
    filling: list[object] = ["\u03c0" * 300, b"x" * 300, 1.5, 2**40, -5, None, True, "x" * 70_000]
    deep: object = 0
    for depth in range(128):
        deep = [*filling, deep] if depth % 2 else {"a": deep, "b": filling[depth % 8]}
    assert not codec.too_deep(codec.encode(deep))
    assert codec.too_deep(codec.encode([deep]))
    shallow: list[list[int]] = [[1]] * 500
    assert not codec.too_deep(codec.encode(shallow))


def test_an_empty_array_is_a_level_of_nesting_too() -> None:
    assert MSGPACK.too_deep(b"\x91" * 128 + b"\x90")
    assert not MSGPACK.too_deep(b"\x91" * 127 + b"\x90")


@pytest.mark.parametrize("data", [b"", b"\x81", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xa5ab"])
def test_bytes_that_make_no_sense_are_told(data: bytes) -> None:
    with pytest.raises(DecodeError):
        MSGPACK.decode(data, object)
    MSGPACK.too_deep(data * 200)


async def test_a_client_of_messagepack_calls_and_is_called() -> None:
    async def echo(blob: Blob, _: ServedCall) -> Blob:
        return blob

    async with (
        listen(subprotocol=MSGPACK.subprotocol) as peer,
        connect(peer.url, codec="msgpack") as client,
    ):
        connection = await peer.accept()
        service = client.service("files")
        service.serve({"ui.echo": handle(Blob, Blob, echo)})
        result = asyncio.ensure_future(service.call("files.put", Blob(name="a", data=b"x"), Blob))
        call = await connection.receive()
        assert call["params"] == {"name": "a", "data": b"x"}
        await connection.result(call, {"name": "b", "data": b"y"})
        assert await soon(result) == Blob(name="b", data=b"y")
        await connection.send({"id": 5, "method": "ui.echo", "params": ["c", b"z"]})
        assert (await connection.receive())["result"] == {"name": "c", "data": b"z"}


async def test_text_in_a_session_of_messagepack_ends_the_connection() -> None:
    async with (
        listen(subprotocol=MSGPACK.subprotocol) as peer,
        connect(peer.url, codec="msgpack") as client,
    ):
        connection = await peer.accept()
        await connection.send_raw('{"jsonrpc":"2.0","method":"rpc.ping"}')
        assert (await connection.closed())[0] == 1003
        await client.close()


async def test_a_server_without_messagepack_is_told_apart() -> None:
    async with listen() as peer:
        with pytest.raises(ConnectError):
            await connect(peer.url, codec="msgpack")


async def test_a_codec_that_there_is_not_and_one_of_a_plain_peer_are_refused() -> None:
    with pytest.raises(ValueError, match="codec: 'xml' is none of json, msgpack"):
        SessionOptions.of(cast("ConnectOptions", {"codec": "xml"}))
    with pytest.raises(ValueError, match="plain peer"):
        await connect("ws://localhost", codec="msgpack", plain=True)
