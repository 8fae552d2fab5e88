// A bot in TypeScript: `node bot.js URL [BOTS]` tries everything the chat offers, says what it sees, and fails when
// something is off. With BOTS, it also waits for that many bots to be there and greets them.

import assert from "node:assert/strict";
import { ValidationError } from "@wirecall/client";
import { Member } from "./member.ts";
import { type ChatClient, NotHereError } from "./rpc/chat.ts";

const NAME = "node";
const GUEST = "node-guest";
/** Longer than anything here takes. */
const LIMIT_MS = 30_000;

async function main(url: string, bots: number): Promise<void> {
  const me = await Member.connect(url, NAME);
  const users = await me.chat.join();
  console.log(`joined: ${users.length} here`);
  assert(users.includes(NAME), "the list has me");
  await me.hears("a welcome", (event) => event.type === "system" && event.text.includes(NAME));
  await me.hears("who is here", (event) => event.type === "user_list");

  const said = await me.chat.say({ text: "hello from Node" });
  await me.hears("my own words", (event) => event.type === "chat" && event.id === said.id);
  console.log(`said "${said.text}" as number ${said.id}`);

  for await (const found of me.chat.search({ words: said.text })) {
    assert.equal(found.id, said.id, "the newest is found first");
    console.log(`found "${found.text}" again`);
    break;
  }

  await withGuest(url, me);
  await mistakes(me.chat);

  await me.chat.notify({ severity: "info", text: "Node is about to leave" });
  await me.hears(
    "the notification",
    (event) => event.type === "notification" && event.text.startsWith("Node"),
  );

  await greet(me, bots);
  await me.close();
  console.log("done");
}

/** A second session: it is seen coming, whispered to, asked, counted, and seen going. */
async function withGuest(url: string, me: Member): Promise<void> {
  const guest = await Member.connect(url, GUEST);
  await guest.chat.join();
  await me.hears(
    "the guest coming",
    (event) => event.type === "user_joined" && event.user === GUEST,
  );

  await me.chat.whisper({ to: GUEST, text: "psst" });
  await guest.hears("a whisper", (event) => event.type === "chat" && event.direct);

  const answer = await me.chat.ask({ user: GUEST, question: "2 + 2?" }, { timeoutMs: 5_000 });
  assert.equal(answer, "node-guest does not know 2 + 2?");
  console.log(`asked the guest: "${answer}"`);

  const counts = await me.chat.counts();
  console.log(
    `${counts.connections} connections, ${counts.sessions} sessions, ${counts.users} users`,
  );
  assert(counts.sessions >= 2 && counts.users >= 2, "both of mine are counted");

  await guest.close();
  await me.hears("the guest going", (event) => event.type === "user_left" && event.user === GUEST);
}

/** What goes wrong arrives as a typed error. */
async function mistakes(chat: ChatClient): Promise<void> {
  await assert.rejects(chat.whisper({ to: "nobody", text: "are you there?" }), (error) => {
    assert(error instanceof NotHereError);
    console.log(`as it should be: ${error.details.user} is not here`);
    return true;
  });
  await assert.rejects(chat.say({ text: "" }), (error) => {
    assert(error instanceof ValidationError);
    const [first] = error.errors;
    console.log(`as it should be: ${first?.path} ${first?.message}`);
    return first?.path === "/text";
  });
}

/** Waits for the other bots, whispers to each, and is whispered to by each. */
async function greet(me: Member, bots: number): Promise<void> {
  const others = (await me.seesBots(bots)).filter((user) => user !== NAME);
  for (const user of others) await me.chat.whisper({ to: user, text: `hello, ${user}` });
  for (const user of others) {
    await me.hears(
      `${user} greeting me`,
      (event) => event.type === "chat" && event.direct && event.from === user,
    );
  }
}

const [url, bots = "0"] = process.argv.slice(2);
assert(url, "usage: node bot.js URL [BOTS]");
const late = setTimeout(() => {
  console.error("it took too long");
  process.exit(1);
}, LIMIT_MS);
await main(url, Number(bots));
clearTimeout(late);
