"""Every test over a real server is run with both codecs."""

from __future__ import annotations

from functools import partial

import pytest

from tests.integration.server import Join
from wirecall import connect


@pytest.fixture(params=["json", "msgpack"])
def join(request: pytest.FixtureRequest) -> Join:
    """Connects with the codec of this run."""
    return partial(connect, codec=request.param)
