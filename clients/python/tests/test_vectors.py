"""The conformance vectors of the client's side, each in both codecs."""

from __future__ import annotations

import pytest

from tests.peer import Json
from tests.vectors import Player, load
from wirecall.codec import Codec
from wirecall.codec_json import JSON
from wirecall.codec_msgpack import MSGPACK

FOUND = load()


@pytest.fixture(autouse=True)
def impatient_close() -> None:
    """Nothing is cut short: the vectors have a clock of their own."""


def is_text(vector: Json) -> bool:
    """Whether a vector holds texts that only JSON can carry."""
    return any("receive_raw" in step for step in vector["steps"])


@pytest.mark.parametrize("vector", [v for _, v in FOUND], ids=[name for name, _ in FOUND])
def test_json(vector: Json) -> None:
    Player(vector, JSON).play(vector["steps"])


@pytest.mark.parametrize(
    "vector",
    [v for _, v in FOUND if not is_text(v)],
    ids=[name for name, v in FOUND if not is_text(v)],
)
def test_msgpack(vector: Json) -> None:
    codec: Codec = MSGPACK
    Player(vector, codec).play(vector["steps"])


def test_all_of_them_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    sides = [vector["side"] for _, vector in FOUND]
    with capsys.disabled():
        print(f"vectors: python client={sides.count('client')} both={sides.count('both')}")
    assert sides.count("client") > 0
    assert sides.count("both") > 0
