// What this client calls itself in hello.

/** The name and version of this package; a test compares them with package.json. */
export const CLIENT = { name: "@wirecall/client", version: "0.1.0" } as const;
