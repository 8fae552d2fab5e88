"""What JSON can carry, and what is refused rather than changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Annotated

import pytest
from msgspec import Meta, field

from wirecall import DecodeError, EncodeError, Record, StringInt, TypeExpr
from wirecall.codec_json import JSON

BIG = 2**53


def make(kind: Callable[..., object], *values: object) -> object:
    """Calls what type checkers would not let a test call so."""
    return kind(*values)


class Item(Record):
    """One of several."""

    count: int
    ratio: float = 0.0
    note: str | None = None


class Order(Record):
    """Holds items in every way."""

    items: list[Item] = field(default_factory=list[Item])
    by_name: dict[str, Item] = field(default_factory=dict[str, Item])
    at: datetime | None = None
    total: StringInt | None = None
    payload: bytes | None = None


class Level(IntEnum):
    """An integer that is none."""

    HIGH = BIG


@pytest.mark.parametrize("value", [BIG - 1, -BIG + 1])
def test_the_largest_safe_integers_pass(value: int) -> None:
    assert JSON.decode(JSON.encode(Item(count=value)), Item).count == value


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (Item(count=BIG), "/count"),
        (Item(count=-BIG), "/count"),
        (Item(count=2**70), "/count"),
        (Order(items=[Item(count=1), Item(count=BIG)]), "/items/1/count"),
        (Order(by_name={"a/b": Item(count=BIG)}), "/by_name/a~1b/count"),
        ({"level": Level.HIGH}, "/level"),
        ([BIG], "/0"),
        (BIG, "the value"),
    ],
)
def test_an_integer_beyond_the_safe_ones_names_its_field(value: object, place: str) -> None:
    with pytest.raises(EncodeError, match=rf"^{place}: the integer"):
        JSON.encode(value)


@pytest.mark.parametrize("ratio", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_with_its_field(ratio: float) -> None:
    with pytest.raises(EncodeError, match=r"^/items/0/ratio"):
        JSON.encode(Order(items=[Item(count=1, ratio=ratio)]))


def test_floats_with_many_digits_pass() -> None:
    assert JSON.decode(JSON.encode(Item(count=1, ratio=0.1 + 0.2)), Item).ratio == 0.1 + 0.2


def test_a_string_that_looks_like_trouble_passes() -> None:
    note = "null 12345678901234567890 12:00:00"
    assert JSON.decode(JSON.encode(Item(count=1, note=note)), Item).note == note


def test_a_datetime_is_rfc_3339_both_ways() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=2)))
    text = JSON.encode(Order(at=at))
    assert b'"at":"2026-01-02T03:04:05.678901+02:00"' in text
    assert JSON.decode(text, Order).at == at


@pytest.mark.parametrize("microsecond", [0, 5, 123456])
def test_a_datetime_without_a_zone_is_refused_with_its_field(microsecond: int) -> None:
    naive = datetime(2026, 1, 2, 3, 4, 5, microsecond, timezone.utc).replace(tzinfo=None)
    with pytest.raises(EncodeError, match=r"^/at: a datetime needs a time zone"):
        JSON.encode(Order(at=naive))


def test_a_string_integer_has_no_bounds() -> None:
    text = JSON.encode(Order(total=StringInt(2**64)))
    assert b'"total":"18446744073709551616"' in text
    assert JSON.decode(text, Order).total == 2**64


@pytest.mark.parametrize("wire", [b"1", b'"1.5"', b'"x"', b'""', b'"' + b"9" * 50 + b'"'])
def test_a_string_integer_is_nothing_but_digits(wire: bytes) -> None:
    with pytest.raises(DecodeError):
        JSON.decode(wire, StringInt)


def test_bytes_are_base64() -> None:
    assert b'"payload":"AP8="' in JSON.encode(Order(payload=b"\x00\xff"))
    assert JSON.decode(b'{"payload":"AP8="}', Order).payload == b"\x00\xff"


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(EncodeError, match="object is no value of a message"):
        JSON.encode({"a": object()})


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(EncodeError):
        JSON.encode(value)


def test_text_that_does_not_fit_names_the_place() -> None:
    with pytest.raises(DecodeError, match=r"\$\.items\[0\]\.count"):
        JSON.decode(b'{"items":[{"count":"x"}]}', Order)


def test_a_type_expression_decodes_what_no_class_can_say() -> None:
    assert JSON.decode(b"null", TypeExpr[str | None]()) is None
    assert JSON.decode(b'"x"', TypeExpr[str | None]()) == "x"


def test_a_type_that_cannot_be_hashed_is_decoded_all_the_same() -> None:
    shape = TypeExpr[Annotated[int, Meta(examples=[1])]]()
    assert JSON.decode(b"1", shape) == 1


def test_a_type_expression_without_brackets_says_how_to_write_it() -> None:
    bare: TypeExpr[object] = TypeExpr()
    with pytest.raises(TypeError, match="brackets"):
        JSON.decode(b"null", bare)


def test_nesting_is_counted_outside_of_strings() -> None:
    assert not JSON.too_deep(b"[" * 128 + b"]" * 128)
    assert JSON.too_deep(b"[" * 129 + b"]" * 129)
    assert not JSON.too_deep(b'["' + b"[" * 1000 + b'"]')
    assert not JSON.too_deep(b"[" + b"[]," * 1000 + b"[]]")


def test_a_record_is_read_only_and_given_by_name() -> None:
    item = Item(count=1)
    name = "count"
    with pytest.raises(AttributeError):
        setattr(item, name, 2)
    with pytest.raises(TypeError):
        make(Item, 1)
