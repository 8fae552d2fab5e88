// How conformance vectors compare: any value, members that may be absent, and names that stand for
// values.

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** What must come out: a list, or anything. */
export type Expected = readonly Json[] | "*";

const GROUPS: readonly (readonly string[])[] = [
  ["outcome", "item"],
  ["event", "serve", "abort", "chunk", "chunks_end"],
  ["hook"],
  ["drop", "opened", "ended"],
];

/** True for a JSON object. */
export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names of one vector and what they stand for. */
export class Names {
  private readonly bound = new Map<string, unknown>();

  /** Binds a name, if it stands for nothing yet. */
  bind(name: string, value: unknown): void {
    if (!this.bound.has(name)) this.bound.set(name, value);
  }

  /** It stands for nothing. */
  forget(name: string): void {
    this.bound.delete(name);
  }

  /** An input with its names replaced by what they stand for. */
  fill(value: unknown): unknown {
    if (typeof value === "string" && value.startsWith("$")) {
      if (!this.bound.has(value)) throw new Error(`${value} stands for nothing`);
      return this.bound.get(value);
    }
    if (Array.isArray(value)) return value.map((entry) => this.fill(entry));
    if (!isJson(value)) return value;
    const { $fill } = value;
    if (typeof $fill === "number") return "x".repeat($fill);
    const members = Object.entries(value).map(([name, member]) => [name, this.fill(member)]);
    return Object.fromEntries(members);
  }

  /** Messages with a number in order, and those without among themselves. */
  compareWrites(expected: Expected, written: readonly Json[], where: string): void {
    if (expected === "*") return;
    for (const isNumbered of [true, false]) {
      const of = (messages: readonly Json[]) =>
        messages.filter((message) => "seq" in message === isNumbered);
      this.compareLists(of(expected), of(written), `written, ${where}`, true);
    }
  }

  /** Tells in order within their groups. */
  compareTells(expected: Expected, told: readonly Json[], where: string): void {
    if (expected === "*") return;
    for (const group of GROUPS) {
      const of = (tells: readonly Json[]) =>
        tells.filter((tell) => group.some((name) => name in tell));
      this.compareLists(of(expected), of(told), `told, ${where}`, false);
    }
  }

  private compareLists(
    expected: readonly Json[],
    found: readonly Json[],
    where: string,
    isAnew: boolean,
  ): void {
    if (expected.length !== found.length) throw mismatch(where, expected, found);
    for (const [place, wanted] of expected.entries()) {
      const { id, method } = wanted;
      if (isAnew && method !== undefined && typeof id === "string") this.forget(id);
      if (!this.fits(wanted, found[place])) throw mismatch(where, wanted, found[place]);
    }
  }

  private fits(expected: unknown, found: unknown): boolean {
    if (expected === "*") return true;
    if (typeof expected === "string" && expected.startsWith("$")) {
      this.bind(expected, found);
      return this.bound.get(expected) === found;
    }
    if (Array.isArray(expected)) {
      if (!Array.isArray(found) || found.length !== expected.length) return false;
      return expected.every((entry, place) => this.fits(entry, found[place]));
    }
    if (!isJson(expected)) return expected === found;
    const { $fill } = expected;
    if (typeof $fill === "number") return found === "x".repeat($fill);
    return isJson(found) && this.membersFit(expected, found);
  }

  private membersFit(expected: Json, found: Json): boolean {
    const { "*": others, ...members } = expected;
    const names = new Set<string>();
    const doFit = Object.entries(members).every(([name, value]) => {
      const plain = name.replace(/\?$/, "");
      names.add(plain);
      return plain in found ? this.fits(value, found[plain]) : plain !== name;
    });
    return doFit && (others !== undefined || Object.keys(found).every((name) => names.has(name)));
  }
}

function mismatch(where: string, expected: unknown, found: unknown): Error {
  const lines = [where, `expected ${JSON.stringify(expected)}`, `found ${JSON.stringify(found)}`];
  return new Error(lines.map((line) => line.slice(0, 900)).join("\n"));
}
