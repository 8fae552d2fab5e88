"""Errors as the generated client raises them."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tests.integration.generated.fixture import (
    BusyError,
    FixtureClient,
    GoneError,
    SulkingError,
)
from tests.integration.server import Join, Server
from wirecall import (
    InternalError,
    PermissionDeniedError,
    UnauthenticatedError,
    ValidationError,
)


async def test_a_service_s_errors_are_its_classes_with_their_fields(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        with pytest.raises(GoneError) as gone:
            await fixture.fail(way="gone")
        assert (gone.value.what, gone.value.since) == ("the attic", 7)
        with pytest.raises(BusyError) as busy:
            await fixture.fail(way="busy")
        assert busy.value.retryable
        with pytest.raises(SulkingError) as sulking:
            await fixture.sulk()
        assert sulking.value.degree == 9


async def test_the_protocol_s_errors_are_classes_and_nothing_of_the_inside_is_told(
    join: Join,
) -> None:
    async with Server() as server, join(server.url) as client:
        fixture = FixtureClient(client)
        with pytest.raises(PermissionDeniedError):
            await fixture.fail(way="denied")
        with pytest.raises(UnauthenticatedError):
            await fixture.must_be_somebody()
        for way in ("panic", "internal"):
            with pytest.raises(InternalError) as internal:
                await fixture.fail(way=way)
            assert internal.value.incident is not None
            assert "inside" not in f"{internal.value} {internal.value!r}"


async def test_all_broken_checks_are_told_at_once_by_their_paths(join: Join) -> None:
    async with Server() as server, join(server.url) as client:
        with pytest.raises(ValidationError) as broken:
            await FixtureClient(client).check(name="x", count=11, tags=["long", "b", "c"])
        assert sorted((error.path, error.rule) for error in broken.value.errors) == [
            ("/count", "range"),
            ("/name", "length"),
            ("/tags", "length"),
            ("/tags/0", "length"),
        ]


async def test_a_value_of_a_wrong_type_is_told_by_its_path_without_the_value(join: Join) -> None:
    wrong = cast("Any", 12_345)
    async with Server() as server, join(server.url) as client:
        with pytest.raises(ValidationError) as broken:
            await FixtureClient(client).check(name=wrong, count=1, tags=[])
        assert [error.path for error in broken.value.errors] == ["/name"]
        assert "12345" not in str(broken.value.errors)
