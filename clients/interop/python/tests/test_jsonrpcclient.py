"""jsonrpcclient, which knows no transport, calls a wirecall server over websockets."""

import json
from collections.abc import AsyncIterator, Iterable
from typing import cast

import pytest_asyncio
from jsonrpcclient import Error, Ok, notification, parse_json, request
from websockets.asyncio.client import ClientConnection, connect


@pytest_asyncio.fixture
async def connection(desk: str) -> AsyncIterator[ClientConnection]:
    async with connect(desk) as connection:
        yield connection


async def ask(connection: ClientConnection, message: object) -> str:
    await connection.send(json.dumps(message))
    return await connection.recv(decode=True)


async def call(
    connection: ClientConnection, method: str, params: dict[str, object] | tuple[object, ...]
) -> Ok | Error:
    message = request(method, params=params)
    answer = parse_json(await ask(connection, message))
    assert isinstance(answer, Ok | Error)
    assert answer.id == message["id"]
    return answer


async def test_it_calls_by_name(connection: ClientConnection) -> None:
    answer = await call(connection, "desk.subtract", {"subtrahend": 23, "minuend": 42})
    assert isinstance(answer, Ok)
    assert answer.result == 19


async def test_it_calls_by_position(connection: ClientConnection) -> None:
    answer = await call(connection, "desk.subtract", (42, 23))
    assert isinstance(answer, Ok)
    assert answer.result == 19


async def test_it_sends_a_notification(connection: ClientConnection) -> None:
    await connection.send(json.dumps(notification("desk.note", params={"line": "from Python"})))
    answer = await call(connection, "desk.noted", ("from Python",))
    assert isinstance(answer, Ok)
    assert answer.result is True


async def test_it_reads_a_typed_error(connection: ClientConnection) -> None:
    answer = await call(connection, "desk.divide", (1.5, 0))
    assert isinstance(answer, Error)
    assert (answer.code, answer.message) == (1001, "Nothing can be divided by zero")
    details = {"dividend": 1.5}
    assert answer.data == {"kind": "division_by_zero", "retryable": False, "details": details}


async def test_it_reads_the_errors_of_the_protocol(connection: ClientConnection) -> None:
    unknown = await call(connection, "desk.multiply", (2, 3))
    assert isinstance(unknown, Error)
    assert unknown.code == -32601
    invalid = await call(connection, "desk.subtract", (2, "three"))
    assert isinstance(invalid, Error)
    assert invalid.code == -32602


async def test_it_sends_a_batch(connection: ClientConnection) -> None:
    batch = [
        request("desk.subtract", params=(42, 23)),
        notification("desk.note", params=("from a batch",)),
        request("desk.divide", params=(1, 0)),
        request("desk.subtract", params={"minuend": 1, "subtrahend": 2}),
    ]
    answers = cast("Iterable[Ok | Error]", parse_json(await ask(connection, batch)))
    outcomes = [it.result if isinstance(it, Ok) else it.code for it in answers]
    assert outcomes == [19, 1001, -1]
    noted = await call(connection, "desk.noted", ("from a batch",))
    assert isinstance(noted, Ok)


async def test_it_receives_an_event(connection: ClientConnection) -> None:
    first = await ask(connection, request("desk.announce", params=("closing soon",)))
    second = await connection.recv(decode=True)
    event = next(it for it in map(json.loads, (first, second)) if "method" in it)
    assert event == {
        "jsonrpc": "2.0",
        "method": "desk.announced",
        "params": {"text": "closing soon"},
    }
