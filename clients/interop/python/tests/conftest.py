"""Compiles the servers once, and starts one for the tests of a module."""

import json
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
BUILD = "cargo build --quiet --package interop --package ethereum --bins --message-format=json"
LISTENING = "listening on "


@pytest.fixture(scope="session")
def programs() -> dict[str, str]:
    """Where cargo put each server's program, by its name."""
    built = subprocess.run(BUILD.split(), cwd=ROOT, check=True, capture_output=True, text=True)
    artifacts = [json.loads(line) for line in built.stdout.splitlines()]
    return {it["target"]["name"]: it["executable"] for it in artifacts if it.get("executable")}


@contextmanager
def serving(program: str, *args: str) -> Generator[str, None, None]:
    """Runs a server; the value is its URL."""
    with subprocess.Popen([program, *args], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline().strip()
            assert line.startswith(LISTENING), f"{program} ended without saying where it listens"
            yield line.removeprefix(LISTENING)
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def desk(programs: dict[str, str]) -> Iterator[str]:
    """The URL of a desk."""
    with serving(programs["interop-server"]) as url:
        yield url


@pytest.fixture(scope="module")
def node(programs: dict[str, str]) -> Iterator[str]:
    """The URL of an Ethereum node."""
    with serving(programs["ethereum-server"], "127.0.0.1:0") as url:
        yield url
