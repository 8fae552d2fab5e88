"""The code of the README is run as it stands there."""

from __future__ import annotations

import asyncio
import re
import runpy
import sys
from base64 import b64decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures import chat
from tests.peer import Peer, listen, silence
from tests.test_call import MESSAGE
from wirecall import connect

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """What the README defines, with the generated module under the name that it uses."""
    monkeypatch.setitem(sys.modules, "chat", chat)
    blocks: list[str] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    script = tmp_path / "readme.py"
    script.write_text("\n\n".join(blocks))
    return runpy.run_path(str(script))


async def serve(peer: Peer) -> str:
    """Plays the chat server of the README; gives the token that it was shown."""
    connection = await peer.accept()
    notice = {"severity": "info", "text": "maintenance at noon"}
    await connection.send({"method": "chat.announcement", "params": notice})
    await connection.result(await connection.receive(), MESSAGE)
    details = {"room": "attic"}
    await connection.error(await connection.receive(), 1001, "room_not_found", details=details)
    token: str = connection.hello["params"]["token"]
    return token


async def test_the_first_example_runs(
    code: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    main: Callable[[str], Awaitable[None]] = code["main"]
    async with listen() as peer:
        token, _ = await asyncio.gather(serve(peer), main(peer.url))
    assert token == "t-1"
    assert capsys.readouterr().out.splitlines() == [
        "notice: maintenance at noon",
        "ann 2026-01-02T03:04:05+00:00",
        "no such room: attic",
    ]


async def test_the_plain_example_runs(code: dict[str, Any]) -> None:
    block_number: Callable[[str], Awaitable[int]] = code["block_number"]

    async def serve_plainly(peer: Peer) -> None:
        connection = await peer.accept()
        await connection.result(await connection.receive(), "0x10")

    async with listen(silence, subprotocol=None) as peer:
        _, number = await asyncio.gather(serve_plainly(peer), block_number(peer.url))
    assert number == 16


async def test_the_streaming_example_runs(code: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"x" * 100_000)

    async def serve_streams(peer: Peer) -> list[int]:
        connection = await peer.accept()
        search = await connection.receive()
        found = {"id": search["id"], "items": [MESSAGE]}
        await connection.send({"method": "rpc.item", "params": found})
        await connection.result(search, {"searched": 7})
        upload = await connection.receive()
        credit = {"id": upload["id"], "credit": 8}
        await connection.send({"method": "rpc.upload_credit", "params": credit})
        sizes: list[int] = []
        while (message := await connection.receive())["method"] == "rpc.upload":
            sizes += [len(b64decode(item["data"])) for item in message["params"]["items"]]
        await connection.result(upload, "file-1")
        return sizes

    async def use(peer: Peer) -> tuple[int, str]:
        async with connect(peer.url) as client:
            searched = await code["find"](client, "hi")
            return searched, await code["attach"](client, "lobby", path)

    async with listen() as peer:
        sizes, results = await asyncio.gather(serve_streams(peer), use(peer))
    assert sizes == [65_536, 34_464]
    assert results == (7, "file-1")
