// Waiting for a client to come into a state.

import type { Client, State } from "../../src/index.ts";

/** The client's state as soon as it is one of `type`; the present one counts. */
export function until<Type extends State["type"]>(
  client: Client,
  type: Type,
): Promise<Extract<State, { type: Type }>> {
  return new Promise((resolve) => {
    const look = (state: State) => {
      if (state.type !== type) return;
      stop();
      resolve(state as Extract<State, { type: Type }>);
    };
    const stop = client.onState(look);
    look(client.state);
  });
}

/** What a promise rejects with. Fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("it did not fail with an error");
}
