"""The close code table."""

from __future__ import annotations

import pytest

from wirecall import Disconnect
from wirecall.disconnect import comes_back

COMES_BACK = [
    *(1001, 1005, 1006, 1011, 1012, 1013, 1014),
    *(4000, 4001, 4008, 4010, 4013, 4029, 4050),
]
STAYS_AWAY = [1000, 1002, 1003, 1007, 1008, 1009, 4501, 4502, 4503]


@pytest.mark.parametrize("code", COMES_BACK)
def test_these_codes_come_back(code: int) -> None:
    assert comes_back(code)


@pytest.mark.parametrize("code", STAYS_AWAY)
def test_these_codes_stay_away(code: int) -> None:
    assert not comes_back(code)


def test_the_range_decides_an_unknown_code() -> None:
    assert [comes_back(code) for code in (4400, 4499, 4500, 4999)] == [True, True, False, False]


def test_a_disconnect_carries_its_verdict() -> None:
    assert not Disconnect.of(4502, "revoked").come_back
    assert str(Disconnect.of(4000, "draining")) == "4000 draining"
