"""What holds for every test: no task is left running and no error goes unheard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio


@pytest_asyncio.fixture(autouse=True)
async def nothing_left_behind() -> AsyncIterator[None]:
    """Fails a test that leaves a task, or an exception that nobody retrieved."""
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left or unheard:
        raise RuntimeError(f"left behind: {left} {unheard}")


@pytest.fixture(autouse=True)
def impatient_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peers of tests acknowledge only what they read: nobody waits seconds for the rest."""
    monkeypatch.setattr("wirecall.session.LEAVE_WAIT", 0.1)
