// A generated TypeScript client, as a plain peer, calls a server of rpc-websockets.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type Client, connect, MethodNotFoundError, RpcError } from "@wirecall/client";
import { Server } from "rpc-websockets";
import { beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { EthereumClient } from "../../../../examples/ethereum/clients/typescript/ethereum.ts";

const ALICE = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";

let server: Server;
let client: Client;
let ethereum: EthereumClient;
/** What the server was called with, the newest last. */
const seen: unknown[] = [];

beforeAll(async () => {
  server = new Server({ host: "127.0.0.1", port: 0 });
  await once(server.wss, "listening");
  server.register("eth_chainId", () => "0x539");
  server.register("eth_getBalance", (params) => {
    seen.push(params);
    return "0x400";
  });
  server.register("eth_getBlockByNumber", () => {
    throw server.createError(-32000, "header not found", "0x");
  });
  const { port } = server.wss.address() as AddressInfo;
  client = await connect(`ws://127.0.0.1:${port}`, { plain: true, webSocket: WebSocket });
  ethereum = new EthereumClient(client);
  return async () => {
    await client.close();
    await server.close();
  };
});

test("it calls without parameters", async () => {
  expect(await ethereum.chainId()).toBe("0x539");
});

test("it calls by position, and leaves out what is not given at the end", async () => {
  expect(await ethereum.balance({ address: ALICE, block: "latest" })).toBe("0x400");
  expect(await ethereum.balance({ address: ALICE })).toBe("0x400");
  expect(seen).toEqual([[ALICE, "latest"], [ALICE]]);
});

test("it reads an error that knows nothing of wirecall", async () => {
  const error = await ethereum
    .blockByNumber({ block: "latest", full: false })
    .catch((error: unknown) => error);
  expect(error).toBeInstanceOf(RpcError);
  expect(error).toMatchObject({ code: -32000, message: "header not found", data: "0x" });
});

test("it reads that a method is not there", async () => {
  await expect(ethereum.netVersion()).rejects.toBeInstanceOf(MethodNotFoundError);
});
