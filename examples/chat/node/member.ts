// One session in the chat, and everything it has heard.

import { type Client, connect } from "@wirecall/client";
import { WebSocket } from "ws";
import {
  type Chat,
  ChatClient,
  type Notification,
  type System,
  type UserJoined,
  type UserLeft,
  type UserList,
} from "./rpc/chat.ts";

/** Everything the chat tells, with the type that a hand-written hub would have put into the message. */
export type ChatEvent =
  | ({ readonly type: "chat" } & Chat)
  | ({ readonly type: "notification" } & Notification)
  | ({ readonly type: "system" } & System)
  | ({ readonly type: "user_joined" } & UserJoined)
  | ({ readonly type: "user_left" } & UserLeft)
  | ({ readonly type: "user_list" } & UserList);

export class Member {
  readonly chat: ChatClient;
  readonly #client: Client;
  readonly #heard: ChatEvent[] = [];
  readonly #waiting = new Set<() => void>();

  static async connect(url: string, name: string): Promise<Member> {
    // Node 20 has no WebSocket of its own.
    return new Member(await connect(url, { token: name, webSocket: WebSocket }), name);
  }

  private constructor(client: Client, name: string) {
    this.#client = client;
    this.chat = new ChatClient(client);
    // Before the join, so that nothing is missed.
    this.chat.onChat((event) => this.#hear({ type: "chat", ...event }));
    this.chat.onNotification((event) => this.#hear({ type: "notification", ...event }));
    this.chat.onSystem((event) => this.#hear({ type: "system", ...event }));
    this.chat.onUserJoined((event) => this.#hear({ type: "user_joined", ...event }));
    this.chat.onUserLeft((event) => this.#hear({ type: "user_left", ...event }));
    this.chat.onUserList((event) => this.#hear({ type: "user_list", ...event }));
    this.chat.serveUi({ answer: ({ question }) => `${name} does not know ${question}` });
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Waits until such an event has been heard. */
  async hears(what: string, isIt: (event: ChatEvent) => boolean): Promise<void> {
    await this.#until(() => this.#heard.some(isIt));
    console.log(`heard ${what}`);
  }

  /** Waits until that many bots have been seen, and gives their names. */
  async seesBots(count: number): Promise<string[]> {
    await this.#until(() => this.#bots().length >= count);
    return this.#bots();
  }

  #bots(): string[] {
    const users = this.#heard.flatMap((event) => {
      if (event.type === "user_joined") return [event.user];
      return event.type === "user_list" ? event.users : [];
    });
    return [...new Set(users)].filter((user) => !user.endsWith("-guest"));
  }

  #hear(event: ChatEvent): void {
    this.#heard.push(event);
    for (const wake of this.#waiting) wake();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
