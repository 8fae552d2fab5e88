"""web3.py, which sends its JSON in binary frames, takes the example for an Ethereum node."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from web3 import AsyncWeb3, WebSocketProvider
from web3.exceptions import BlockNotFound, MethodUnavailable, Web3RPCError
from web3.types import BlockIdentifier, RPCEndpoint, Wei

Web3: TypeAlias = AsyncWeb3[WebSocketProvider]

ALICE = AsyncWeb3.to_checksum_address("0x70997970c51812dc3a010c7d01b50e0d17dc79c8")
BOB = AsyncWeb3.to_checksum_address("0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc")


def ether(amount: float) -> Wei:
    return AsyncWeb3.to_wei(amount, "ether")


@pytest_asyncio.fixture(params=[False, True], ids=["binary", "text"])
async def web3(node: str, request: pytest.FixtureRequest) -> AsyncIterator[Web3]:
    web3: Web3 = AsyncWeb3(WebSocketProvider(node, use_text_frames=request.param))
    async with web3:
        yield web3


async def block_at(web3: Web3, place: BlockIdentifier, *, full: bool = False) -> dict[str, Any]:
    return dict(await web3.eth.get_block(place, full_transactions=full))


async def test_it_is_connected(web3: Web3) -> None:
    assert await web3.is_connected()
    assert (await web3.client_version).startswith("wirecall/")


async def test_it_asks_which_chain_this_is(web3: Web3) -> None:
    assert await web3.eth.chain_id == 1337
    assert await web3.net.version == "1337"


async def test_it_reads_a_balance_of_now_and_of_then(web3: Web3) -> None:
    assert await web3.eth.get_balance(ALICE) == ether(98.5)
    assert await web3.eth.get_balance(BOB, "latest") == ether(101.5)
    assert await web3.eth.get_balance(ALICE, 0) == ether(100)
    assert await web3.eth.get_balance(BOB, "earliest") == ether(100)


async def test_it_reads_a_block_with_the_hashes_of_its_transactions(web3: Web3) -> None:
    block = await block_at(web3, 1)
    assert (block["number"], block["timestamp"]) == (1, 1_700_000_012)
    assert block["parentHash"] == (await block_at(web3, "earliest"))["hash"]
    assert [len(bytes(it)) for it in block["transactions"]] == [32, 32]


async def test_it_reads_a_block_with_its_transactions_in_full(web3: Web3) -> None:
    block = await block_at(web3, 1, full=True)
    first, second = block["transactions"]
    assert (first["from"], first["to"], first["value"]) == (ALICE, BOB, ether(1))
    assert (second["transactionIndex"], second["chainId"]) == (1, 1337)
    assert second["blockHash"] == block["hash"]


async def test_it_reads_a_block_by_the_name_of_its_place(web3: Web3) -> None:
    number = await web3.eth.block_number
    assert (await block_at(web3, "latest"))["number"] == number
    assert (await block_at(web3, "safe"))["number"] == number


async def test_it_sees_a_new_block(web3: Web3) -> None:
    before = await web3.eth.block_number
    await web3.provider.make_request(RPCEndpoint("evm_mine"), [])
    assert await web3.eth.block_number == before + 1


async def test_it_follows_the_new_blocks(web3: Web3) -> None:
    before = await web3.eth.block_number
    subscription = await web3.eth.subscribe("newHeads")
    assert isinstance(subscription, str)
    for _ in range(3):
        await web3.provider.make_request(RPCEndpoint("evm_mine"), [])
    heads: list[Any] = []
    async for message in web3.socket.process_subscriptions():
        assert message["subscription"] == subscription
        heads.append(message["result"])
        if len(heads) == 3:
            break
    assert [head["number"] for head in heads] == [before + 1, before + 2, before + 3]
    assert heads[2]["parentHash"] == heads[1]["hash"]
    assert await web3.eth.unsubscribe(subscription)


async def test_it_reads_a_block_that_is_not_there_yet_as_not_found(web3: Web3) -> None:
    with pytest.raises(BlockNotFound):
        await web3.eth.get_block(1_000_000)


async def test_it_reads_an_error_of_the_node(web3: Web3) -> None:
    with pytest.raises(Web3RPCError, match="header not found") as raised:
        await web3.eth.get_balance(ALICE, 1_000_000)
    answer = raised.value.rpc_response or {}
    assert answer.get("error") == {"code": -32000, "message": "header not found"}


async def test_it_reads_that_a_method_is_not_there(web3: Web3) -> None:
    with pytest.raises(MethodUnavailable):
        await web3.eth.syncing


async def test_it_sends_a_batch(web3: Web3) -> None:
    async with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block(1))
        batch.add(web3.eth.get_balance(ALICE))
        answers: list[Any] = await batch.async_execute()
    block, balance = answers
    assert (block["number"], balance) == (1, ether(98.5))


async def test_it_asks_many_things_at_once(web3: Web3) -> None:
    balances = await asyncio.gather(*(web3.eth.get_balance(ALICE) for _ in range(100)))
    assert set(balances) == {ether(98.5)}
