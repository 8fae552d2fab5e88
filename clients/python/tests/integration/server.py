"""A fixture server of a test's own: started on a free port, ended with the test."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from tests.peer import soon
from wirecall import Connecting

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

Join: TypeAlias = Callable[..., Connecting]
"""`connect` with the codec that a test is run with."""

ROOT = Path(__file__).parents[4]


def program() -> Path:
    """WIRECALL_FIXTURE, else where cargo builds it."""
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    path = Path(os.environ.get("WIRECALL_FIXTURE", f"{target}/debug/fixture-server"))
    if not path.exists():
        message = f"{path} is not there: cargo build --package fixture, or set WIRECALL_FIXTURE"
        raise FileNotFoundError(message)
    return path


class Server:
    """A server that listens while it is entered."""

    def __init__(self, *flags: str) -> None:
        """Keeps the flags; nothing happens before it is entered."""
        self._flags = flags
        self.url = ""

    @property
    def address(self) -> str:
        """For `--listen` of another one that takes its place."""
        return urlsplit(self.url).netloc

    async def kill(self) -> None:
        """Ends it without a word to anybody."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await soon(self._process.wait())

    async def ended(self) -> None:
        """Waits until it has ended by itself."""
        await soon(self._process.wait())

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            program(),
            *self._flags,
            stdout=asyncio.subprocess.PIPE,
            # A handler that panics on purpose need not show where.
            env={**os.environ, "RUST_BACKTRACE": "0"},
        )
        if self._process.stdout is None:
            raise RuntimeError("it has no output")
        line = await soon(self._process.stdout.readline())
        self.url = line.decode().removeprefix("listening on ").strip()
        if not self.url:
            raise RuntimeError("the fixture server ended before it listened")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.kill()
