import fc from "fast-check";

/** White space that JSON allows, and none most of the time. */
const gap = fc.oneof({ weight: 4, arbitrary: fc.constant("") }, { weight: 1, arbitrary: fc.stringMatching(/^[ \t\r\n]{1,3}$/) });

/** A text's character as JSON may write it: plain, short escape, or \u, surrogates in pairs or alone. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }).map((text) => JSON.stringify(text).slice(1, -1)) },
  { weight: 2, arbitrary: fc.constantFrom('\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t") },
  { weight: 2, arbitrary: fc.nat(0xffff).map((code) => `\\u${code.toString(16).padStart(4, "0")}`) },
  { weight: 1, arbitrary: fc.constantFrom("\\ud83d\\ude00", "\\ud800", "\\udc00", "\u2028", "{", "}", "[", "]", ",", ":") },
);
export const jsonString: fc.Arbitrary<string> = fc.array(character, { maxLength: 8 }).map((parts) => `"${parts.join("")}"`);

/** Names: some that recur, some that other code stumbles over, spelled in more than one way. */
const memberName = fc.oneof(
  jsonString,
  fc.constantFrom(
    '"a"',
    '"\\u0061"',
    '"payload"',
    '"pay\\u006coad"',
    '"topic"',
    '"shop"',
    '"__proto__"',
    '"constructor"',
    '""',
    '"0"',
    '"length"',
  ),
);

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt().map(String),
  fc.constantFrom("0", "-0", "1e400", "-1E+3", "0.1e-7", "12345678901234567890", "1.0000000000000000000001", "9007199254740993"),
);
const scalar = fc.oneof(jsonString, number, fc.constantFrom("true", "false", "null"));

/** Valid JSON in every form that it may have; members may stand twice. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, tie("list"), tie("object")),
  list: fc
    .tuple(fc.array(fc.tuple(gap, tie("value"), gap), { maxLength: 4 }), gap)
    .map(([elements, space]) => (elements.length === 0 ? `[${space}]` : `[${elements.map((parts) => parts.join("")).join(",")}]`)),
  object: fc
    .tuple(fc.array(fc.tuple(gap, memberName, gap, fc.constant(":"), gap, tie("value"), gap), { maxLength: 5 }), gap)
    .map(([members, space]) => (members.length === 0 ? `{${space}}` : `{${members.map((parts) => parts.join("")).join(",")}}`)),
})).value;

/** Text that is JSON up to a few bytes: cut, repeated, overwritten, or with something put in. */
export const almostJson: fc.Arbitrary<Buffer> = fc
  .tuple(
    jsonText,
    fc.array(
      fc.tuple(
        fc.constantFrom("cut", "put", "drop", "repeat"),
        fc.nat(1_000),
        fc.oneof(
          fc.constantFrom(
            "\\",
            '"',
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\0",
            "\u0001",
            "\ufeff",
            "'",
            "/*",
            "//",
            "+1",
            "01",
            ".5",
            "NaN",
            "\\x",
            "\\u12",
          ),
          fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
        ),
      ),
      { maxLength: 3 },
    ),
    gap,
  )
  .map(([text, changes, space]) => changes.reduce<Buffer>((bytes, change) => changed(bytes, change), Buffer.from(space + text + space)));

function changed(bytes: Buffer, [kind, where, what]: readonly [string, number, string]): Buffer {
  const at = bytes.length === 0 ? 0 : where % bytes.length;
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind === "cut") return before;
  if (kind === "drop") return Buffer.concat([before, bytes.subarray(at + 1)]);
  return Buffer.concat([before, kind === "put" ? Buffer.from(what, "latin1") : before, behind]);
}

/** A reader of JSON that keeps repeated members and every number as text: the oracle for what JSON.parse forgets. */
export type Read =
  | { readonly kind: "object"; readonly members: readonly (readonly [string, Read])[] }
  | { readonly kind: "list"; readonly elements: readonly Read[] }
  | { readonly kind: "scalar" };

/** Reads text that JSON.parse has taken. */
export function readJson(text: string): Read {
  const at = { index: 0 };
  return readValue(text, at);
}

function readValue(text: string, at: { index: number }): Read {
  skip(text, at);
  const first = text[at.index];
  if (first === "{") {
    const members: [string, Read][] = [];
    at.index += 1;
    for (skip(text, at); text[at.index] !== "}"; skip(text, at)) {
      if (text[at.index] === ",") at.index += 1;
      skip(text, at);
      const name = JSON.parse(readString(text, at)) as string;
      skip(text, at);
      at.index += 1;
      members.push([name, readValue(text, at)]);
    }
    at.index += 1;
    return { kind: "object", members };
  }
  if (first === "[") {
    const elements: Read[] = [];
    at.index += 1;
    for (skip(text, at); text[at.index] !== "]"; skip(text, at)) {
      if (text[at.index] === ",") at.index += 1;
      elements.push(readValue(text, at));
    }
    at.index += 1;
    return { kind: "list", elements };
  }
  if (first === '"') readString(text, at);
  else while (at.index < text.length && !/[\s,\]}]/.test(text[at.index] ?? "")) at.index += 1;
  return { kind: "scalar" };
}

function readString(text: string, at: { index: number }): string {
  const start = at.index;
  at.index += 1;
  while (text[at.index] !== '"') at.index += text[at.index] === "\\" ? 2 : 1;
  at.index += 1;
  return text.slice(start, at.index);
}

function skip(text: string, at: { index: number }): void {
  while (/[ \t\r\n]/.test(text[at.index] ?? "")) at.index += 1;
}

export function hasDuplicate(read: Read): boolean {
  if (read.kind === "scalar") return false;
  if (read.kind === "list") return read.elements.some(hasDuplicate);
  return new Set(read.members.map(([name]) => name)).size < read.members.length || read.members.some(([, value]) => hasDuplicate(value));
}
