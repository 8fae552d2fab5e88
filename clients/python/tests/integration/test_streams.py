"""Streams of the generated client: down, up, both ways, left, failing, and bytes in all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.generated.fixture import (
    Bare,
    CoverParcel,
    FixtureClient,
    GoneError,
    Paper,
    Parcel,
)
from tests.integration.server import Join, Server
from tests.integration.told import Told
from wirecall import ValidationError

PARCEL = Parcel(
    content=bytes(range(256)),
    pieces=[b"", b"\x00\xff"],
    seal=None,
    labels={"__proto__": b"p", "a b": b"q"},
    cover=Paper(print=b"dots"),
)


async def numbers(count: int) -> AsyncIterator[int]:
    """Numbers from 1 on."""
    for number in range(1, count + 1):
        yield number


async def test_items_come_in_order_and_the_result_after_them(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        stream = FixtureClient(client).numbers(from_=5, count=1000)
        assert [number async for number in stream] == list(range(5, 1005))
        assert await stream.result() == sum(range(5, 1005))


async def test_what_others_subscribe_to_is_an_ordinary_stream(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        numbered = FixtureClient(client).subscribe(from_=7)
        assert [await anext(numbered) for _ in range(3)] == [7, 8, 9]
        await numbered.aclose()


async def test_leaving_a_stream_ends_its_handler(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        told = Told(fixture, "left")
        async with fixture.clock(key="left", ms=1) as clock:
            async for number in clock:
                if number == 3:
                    break
        assert (await told.over()).dropped


async def test_a_stream_fails_with_the_service_s_error_after_its_items(join: Join) -> None:
    seen = 0

    async def take(fixture: FixtureClient) -> None:
        nonlocal seen
        async for number in fixture.breaks(after=3):
            assert number == seen
            seen += 1

    async with Server() as server, join(server.url) as client:
        with pytest.raises(GoneError) as caught:
            await take(FixtureClient(client))
    assert (seen, caught.value.what) == (3, "the rest")


async def test_an_upload_takes_any_iterable_and_the_server_may_want_no_more(
    join: Join,
) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        assert await fixture.total(numbers(500)) == sum(range(501))
        assert await fixture.total([]) == 0
        assert await fixture.first(numbers(1_000_000), items=3) == 6


async def test_items_go_both_ways_at_once(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        doubled = FixtureClient(client).doubled(numbers(200))
        assert [number async for number in doubled] == [2 * n for n in range(1, 201)]
        assert await doubled.result() == 200


async def test_another_call_is_answered_while_a_stream_floods(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        async with fixture.flood(bytes=50_000) as flood:
            async for text in flood:
                assert len(text) == 50_000
                break
            assert await fixture.echo_text(text="beside it") == "beside it"


async def test_bytes_come_back_from_every_place(join: Join) -> None:
    inner = CoverParcel(content=b"in", pieces=[], seal=b"", labels={}, cover=Bare())
    outer = Parcel(content=b"", pieces=[], seal=b"\n", labels={}, cover=inner)
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        assert await fixture.echo_bytes(parcel=PARCEL) == PARCEL
        assert await fixture.echo_bytes(parcel=outer) == outer
        pieces = [b"", b"one", bytes(70_000)]
        assert [piece async for piece in fixture.echo_pieces(pieces)] == pieces


async def test_too_many_bytes_are_refused(join: Join) -> None:
    parcel = Parcel(content=bytes(1_000_001), pieces=[], seal=None, labels={}, cover=Bare())
    async with (
        Server("--max-message-bytes", "4000000") as server,
        join(server.url) as client,
    ):
        with pytest.raises(ValidationError) as caught:
            await FixtureClient(client).echo_bytes(parcel=parcel)
    assert caught.value.errors[0].path == "/parcel/content"
