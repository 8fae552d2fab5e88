// Tokens that a test tells apart.

/** A source of tokens that gives `t-1`, `t-2`, and so on. */
export function counted(): () => Promise<string> {
  let asked = 0;
  return async () => {
    asked += 1;
    return `t-${asked}`;
  };
}
