"""A generated Python client, as a plain peer, calls a server of jsonrpcserver's."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import wirecall
from ethereum import EthereumClient
from jsonrpcserver import Error, Result, Success, async_dispatch
from websockets.asyncio.server import ServerConnection, serve

ALICE = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"


async def chain_id() -> Result:
    return Success("0x539")


async def balance(address: str, block: str | None = "not given") -> Result:
    return Success(f"{address} {block}")


async def block_by_number(block: str, full: bool) -> Result:
    return Error(-32000, "header not found", f"{block} {full}")


METHODS: dict[str, Any] = {
    "eth_chainId": chain_id,
    "eth_getBalance": balance,
    "eth_getBlockByNumber": block_by_number,
}


async def answer(connection: ServerConnection) -> None:
    async for message in connection:
        text = message if isinstance(message, str) else message.decode()
        await connection.send(await async_dispatch(text, METHODS))


@pytest_asyncio.fixture
async def ethereum() -> AsyncIterator[EthereumClient]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = "ws://{}:{}".format(*listener.getsockname())
    async with serve(answer, sock=listener), wirecall.connect(url, plain=True) as client:
        yield EthereumClient(client)


async def test_it_calls_without_parameters(ethereum: EthereumClient) -> None:
    assert await ethereum.chain_id() == "0x539"


async def test_it_calls_by_position(ethereum: EthereumClient) -> None:
    assert await ethereum.balance(address=ALICE, block="latest") == f"{ALICE} latest"


async def test_it_leaves_out_what_is_not_given_at_the_end(ethereum: EthereumClient) -> None:
    assert await ethereum.balance(address=ALICE) == f"{ALICE} not given"


async def test_it_reads_an_error_that_knows_nothing_of_wirecall(ethereum: EthereumClient) -> None:
    with pytest.raises(wirecall.RpcError, match="header not found") as raised:
        await ethereum.block_by_number(block="0x1", full=True)
    assert (raised.value.code, raised.value.details) == (-32000, "0x1 True")


async def test_it_reads_that_a_method_is_not_there(ethereum: EthereumClient) -> None:
    with pytest.raises(wirecall.MethodNotFoundError):
        await ethereum.net_version()
