// ethers takes the example for an Ethereum node.
import { type ErrorCode, isError, parseEther, WebSocketProvider } from "ethers";
import { beforeAll, expect, test } from "vitest";
import { serve } from "./server.ts";

const ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const BOB = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const STRANGER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";

let provider: WebSocketProvider;

beforeAll(async () => {
  const server = await serve("ethereum-server", ["127.0.0.1:0"]);
  // Without its cache, so that every question is a call.
  provider = new WebSocketProvider(server.url, undefined, { cacheTimeout: -1 });
  await provider.getNetwork();
  return async () => {
    await provider.destroy();
    await server.stop();
  };
});

const mine = (): Promise<string> => provider.send("evm_mine", []);

test("it asks which chain this is", async () => {
  expect((await provider.getNetwork()).chainId).toBe(1337n);
  expect(await provider.send("net_version", [])).toBe("1337");
});

test("it reads a balance, of now and of then", async () => {
  expect(await provider.getBalance(ALICE)).toBe(parseEther("98.5"));
  expect(await provider.getBalance(BOB, "latest")).toBe(parseEther("101.5"));
  expect(await provider.getBalance(ALICE, 0)).toBe(parseEther("100"));
  expect(await provider.getBalance(BOB, "earliest")).toBe(parseEther("100"));
  expect(await provider.getBalance(STRANGER)).toBe(0n);
});

test("it reads a block with the hashes of its transactions", async () => {
  const block = await provider.getBlock(1);
  expect(block?.number).toBe(1);
  expect(block?.timestamp).toBe(1_700_000_012);
  expect(block?.parentHash).toBe((await provider.getBlock("earliest"))?.hash);
  expect(block?.transactions).toHaveLength(2);
  expect(block?.transactions[0]).toMatch(/^0x[0-9a-f]{64}$/);
  expect(() => block?.prefetchedTransactions).toThrow("transactions were not prefetched");
});

test("it reads a block with its transactions in full", async () => {
  const block = await provider.getBlock(1, true);
  const [first, second] = block?.prefetchedTransactions ?? [];
  expect([first?.from, first?.to, first?.value]).toEqual([ALICE, BOB, parseEther("1")]);
  expect([second?.index, second?.type, second?.chainId]).toEqual([1, 2, 1337n]);
  expect([second?.hash, second?.blockHash]).toEqual([block?.transactions[1], block?.hash]);
});

test("it reads a block by the name of its place", async () => {
  for (const tag of ["latest", "pending", "safe", "finalized"]) {
    expect((await provider.getBlock(tag))?.number).toBe(await provider.getBlockNumber());
  }
});

test("it sees a new block", async () => {
  const before = await provider.getBlockNumber();
  expect(await provider.send("evm_mine", [])).toBe(`0x${(before + 1).toString(16)}`);
  expect(await provider.getBlockNumber()).toBe(before + 1);
});

test("it follows the new blocks", async () => {
  const seen: number[] = [];
  const follow = (number: number): number => seen.push(number);
  await provider.on("block", follow);
  // It says nothing of when it is subscribed.
  await expect.poll(() => mine().then(() => seen.length)).toBeGreaterThan(2);
  const [first = 0] = seen;
  expect(seen).toEqual(seen.map((_, index) => first + index));
  await provider.off("block", follow);
  // The subscription is ended: from here on nothing is told.
  await provider.send("net_version", []);
  const told = seen.length;
  await mine();
  await provider.send("net_version", []);
  expect(seen).toHaveLength(told);
});

test("a subscription is answered with its id, and ended by it once", async () => {
  const id = await provider.send("eth_subscribe", ["newHeads"]);
  expect(id).toMatch(/^0x[0-9a-f]{32}$/);
  expect(await provider.send("eth_unsubscribe", [id])).toBe(true);
  expect(await provider.send("eth_unsubscribe", [id])).toBe(false);
});

test("it reads a block that is not there yet as null", async () => {
  expect(await provider.getBlock(1_000_000)).toBe(null);
});

test("it reads a node's own error", async () => {
  const error = await provider.getBalance(ALICE, 1_000_000).catch((error) => error);
  expect(isError(error, "UNKNOWN_ERROR" satisfies ErrorCode)).toBe(true);
  expect(error.error).toEqual({ code: -32000, message: "header not found" });
});

test("it reads what a method or a parameter is refused with", async () => {
  const unknown = await provider.send("eth_mining", []).catch((error) => error);
  expect(unknown.code).toBe("UNSUPPORTED_OPERATION");
  const invalid = await provider.send("eth_getBalance", ["0x12"]).catch((error) => error);
  expect(invalid.error.code).toBe(-32602);
});

test("it asks many things at once", async () => {
  const [network, number, ...balances] = await Promise.all([
    provider.getNetwork(),
    provider.getBlockNumber(),
    ...Array.from({ length: 100 }, () => provider.getBalance(ALICE)),
  ]);
  expect(network.chainId).toBe(1337n);
  expect(number).toBeGreaterThanOrEqual(2);
  expect(new Set(balances)).toEqual(new Set([parseEther("98.5")]));
});
