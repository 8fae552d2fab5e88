// What is shipped: it builds, its types hold for a strict user, and a process that uses it ends.

import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { CLIENT } from "../src/version.ts";
import { Peer } from "./support/peer.ts";
import { folder, ROOT, run, tsc } from "./support/programs.ts";

let user = "";

/** A user's folder with the package installed as npm would, built from the sources. */
beforeAll(async () => {
  user = await folder("user");
  const installed = await folder("user/node_modules/@wirecall/client");
  const built = await tsc("-p", "tsconfig.build.json", "--outDir", `${installed}/dist`);
  expect(built).toEqual({ code: 0, output: "" });
  await copyFile(`${ROOT}/package.json`, `${installed}/package.json`);
  await writeFile(`${user}/package.json`, '{"type":"module"}');
}, 30_000);

test("the version told in hello is that of the package", async () => {
  const { name, version } = JSON.parse(await readFile(`${ROOT}/package.json`, "utf8"));
  expect(CLIENT).toEqual({ name, version });
});

test("only what is built, the README and the licences are shipped", async () => {
  const { output } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"]);
  const text = output.slice(output.search(/^[[{]/m), output.search(/^[\]}]/m) + 1);
  const packed: unknown = JSON.parse(text);
  const names = [...JSON.stringify(packed).matchAll(/"path":"([^"]+)"/g)].map(([, path]) => path);
  const others = names.filter((path) => !path?.startsWith("dist/")).sort();
  expect(others).toEqual(["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"]);
}, 30_000);

test("no declaration has a form that TypeScript 5.4 does not know, which it would read as any", async () => {
  const dist = `${user}/node_modules/@wirecall/client/dist`;
  const files = (await readdir(dist)).filter((name) => name.endsWith(".d.ts"));
  expect(files).toContain("stream.d.ts");
  // The parameters of arrays of bytes came with 5.7, the further ones of iterators with 5.6.
  const later = /Uint8Array<|ArrayBufferView<|Iterable(Iterator)?<[^<>]*,|IteratorObject/;
  for (const file of files) {
    expect((await readFile(`${dist}/${file}`, "utf8")).match(later), file).toBe(null);
  }
});

test("generated code is correct for a user of the built package", async () => {
  await copyFile(`${ROOT}/tests/fixtures/chat.ts`, `${user}/chat.ts`);
  const settings = { extends: `${ROOT}/tsconfig.json`, compilerOptions: { paths: {}, types: [] } };
  await writeFile(`${user}/tsconfig.json`, JSON.stringify({ ...settings, include: ["chat.ts"] }));
  expect(await tsc("-p", user)).toEqual({ code: 0, output: "" });
}, 30_000);

test("a wrong use of generated code is an error of the compiler", async () => {
  await copyFile(`${ROOT}/tests/fixtures/chat.ts`, `${user}/chat.ts`);
  const wrong = [
    "chat.post({ room: 'a' });",
    "chat.post({ room: 'a', text: 1 });",
    "chat.count({ room: 'a' }, { timeout: 5 });",
    "const text: string = await chat.count({ room: 'a' });",
    "new RoomNotFoundError({ details: { room: 7 } });",
    "chat.serveUi({ confirm: () => 'yes', pickSize: () => 1n });",
    "chat.onAnnouncement(({ texts }) => texts);",
  ];
  const head = [
    'import { ChatClient, RoomNotFoundError } from "./chat.ts";',
    "declare const chat: ChatClient;",
  ];
  await writeFile(`${user}/wrong.ts`, [...head, ...wrong].join("\n"));
  const settings = {
    extends: `${ROOT}/tsconfig.json`,
    compilerOptions: { paths: {}, types: [], noUnusedLocals: false },
    include: ["wrong.ts"],
  };
  await writeFile(`${user}/tsconfig.json`, JSON.stringify(settings));
  const { code, output } = await tsc("-p", user, "--pretty", "false");
  expect(code).not.toBe(0);
  const lines = new Set([...output.matchAll(/wrong\.ts\((\d+),/g)].map(([, line]) => Number(line)));
  expect([...lines]).toEqual(wrong.map((_, index) => index + 1 + head.length));
}, 30_000);

test("a process ends when its client is closed", async () => {
  const peer = await Peer.listen();
  const program = `
    import { connect } from "@wirecall/client";
    import { WebSocket } from "ws";
    const client = await connect(process.argv[2], { webSocket: WebSocket });
    const service = client.service({ name: "a" });
    console.log(await service.call("a.b", {}));
    await client.close();
    await service.call("a.b", {}).catch((error) => console.log(error.name));
  `;
  await writeFile(`${user}/exit.mjs`, program);
  const ended = run(process.execPath, ["exit.mjs", peer.url], user);
  const connection = await peer.next();
  await connection.greet();
  connection.answer(await connection.next(), "done");
  expect(await ended).toEqual({ code: 0, output: "done\nClosedError\n" });
  await peer.close();
}, 30_000);

test("a process ends when its client cannot connect", async () => {
  const peer = await Peer.listen();
  await peer.close();
  const program = `
    import { connect } from "@wirecall/client";
    import { WebSocket } from "ws";
    await connect(process.argv[2], { webSocket: WebSocket }).catch((error) => console.log(error.name));
  `;
  await writeFile(`${user}/exit.mjs`, program);
  const ended = await run(process.execPath, ["exit.mjs", peer.url], user);
  expect(ended).toEqual({ code: 0, output: "ConnectError\n" });
}, 30_000);
