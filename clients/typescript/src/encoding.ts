// What applications give, on its way onto the wire: types end where plain JavaScript or an `any` calls, so
// what cannot be sent is told with the place where it was given.

/** What a value is, for messages that say what was given. */
export function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  const { constructor: Class }: { readonly constructor?: unknown } = value;
  return (typeof Class === "function" && Class.name) || "object";
}

/** Encodes, and says what of, when it does not work. */
export function encodeOr<Value>(
  what: string,
  value: Value,
  encode: ((value: Value) => unknown) | undefined,
): unknown {
  if (!encode) return value;
  try {
    return encode(value);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${what} cannot be encoded: ${why}`, { cause });
  }
}
