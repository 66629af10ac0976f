import type { Route } from "@genhook/contract";
import fc from "fast-check";

type Schema = Readonly<Record<string, unknown>>;

/** Texts that have hurt servers before. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\u202e",
    "__proto__",
    "constructor",
    "toString",
    "null",
    "undefined",
    "NaN",
    "-1",
    "0",
    "9007199254740993",
    "99999999999999999999",
    "1e309",
    "0x10",
    "' OR 1=1 --",
    "%00",
    "%",
    "../../etc/passwd",
    "{{7*7}}",
    "\r\nX-Injected: 1",
    "a".repeat(300),
    "é".repeat(300),
    "(((((((((((((((((((((((((((((((",
    "2024-12-30T23:59:59Z",
    "9999-12-31T23:59:59.999999999+23:59",
    "0000-00-00T00:00:00Z",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);

/** Any JSON, with what JavaScript treats in its own way. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    1.5,
    -1,
    2 ** 53,
    1e308,
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    { toString: 1 },
    { length: 5 },
  ),
  fc.constant(JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}') as unknown),
);

/** Values that the schema takes; `pool` offers what exists in the store, by the member's name. */
export function valuesOf(schema: NonNullable<Route["body"]>, pool: Pool): fc.Arbitrary<unknown> {
  return madeOf(schema as unknown as Schema, pool);
}

function memberOf(schema: Schema, pool: Pool, name: string): fc.Arbitrary<unknown> {
  const known = pool[name];
  const made = madeOf(schema, pool);
  return known === undefined || known.length === 0
    ? made
    : fc.oneof({ weight: 3, arbitrary: fc.constantFrom<unknown>(...known) }, { weight: 1, arbitrary: made });
}

export type Pool = Readonly<Record<string, readonly unknown[] | undefined>>;

function madeOf(schema: Schema, pool: Pool): fc.Arbitrary<unknown> {
  const options = schema["anyOf"] as readonly Schema[] | undefined;
  if (options !== undefined) return fc.oneof(...options.map((each) => madeOf(each, pool)));
  if ("const" in schema) return fc.constant(schema["const"]);
  switch (schema["type"]) {
    case "string":
      return textOf(schema);
    case "integer":
      return fc.integer({ min: Number(schema["minimum"] ?? -1_000), max: Number(schema["maximum"] ?? 1_000_000) });
    case "number":
      return fc.double({ noNaN: true, min: Number(schema["minimum"] ?? -1e300), max: Number(schema["maximum"] ?? 1e300) });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return arrayOf(schema, pool);
    default:
      return objectOf(schema, pool);
  }
}

function arrayOf(schema: Schema, pool: Pool): fc.Arbitrary<unknown[]> {
  const each = madeOf(schema["items"] as Schema, pool);
  const length = { minLength: Number(schema["minItems"] ?? 0), maxLength: Math.min(Number(schema["maxItems"] ?? 5), 5) };
  return schema["uniqueItems"] === true ? fc.uniqueArray(each, length) : fc.array(each, length);
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  const { pattern, minLength, maxLength } = schema as {
    readonly pattern?: string;
    readonly minLength?: number;
    readonly maxLength?: number;
  };
  // fast-check makes no texts from patterns that look ahead: those that forbid are taken without it, as nearly all of these are right; the
  // others' come from the pool.
  if (pattern?.includes("(?=") === true) return fc.constant("made-up.genmystore.com");
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?![^)]*\)/g, "")));
  return fc.string({ minLength: minLength ?? 0, maxLength: Math.min(maxLength ?? 60, 300) });
}

/** All members that are asked for, and of the others any, or a few: of many, one is soon wrong for another reason, and hides what comes behind. */
function objectOf(schema: Schema, pool: Pool): fc.Arbitrary<unknown> {
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  const required = new Set((schema["required"] ?? []) as readonly string[]);
  const model = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, memberOf(each, pool, name)]));
  const needed = [...required].filter((name) => name in model);
  const others = Object.keys(model).filter((name) => !required.has(name));
  const least = Math.min(Number(schema["minProperties"] ?? 0), others.length);
  const few = fc.subarray(others, { minLength: least, maxLength: Math.min(Math.max(2, least), others.length) });
  // What the store has something for is named more often: without it, much is refused before it is carried out.
  const known = fc.subarray(others.filter((name) => pool[name] !== undefined));
  const made = (names: readonly string[]): fc.Arbitrary<unknown> =>
    fc.record(Object.fromEntries(names.map((name) => [name, model[name] as fc.Arbitrary<unknown>])));
  return fc.oneof(
    fc.record(model, { requiredKeys: needed }),
    fc.tuple(few, known).chain(([some, more]) => made([...new Set([...needed, ...some, ...more])])),
  );
}

/** A value that was right, but for one change: a member gone, replaced, doubled in depth, or one more. */
export function almost(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(values, fc.constantFrom("drop", "replace", "add", "wrap"), fc.nat(), hostileValue, hostileText)
    .map(([value, kind, at, other, name]) => {
      if (kind === "wrap") return [value];
      if (typeof value !== "object" || value === null || Array.isArray(value)) return other;
      const entries = Object.entries(value);
      if (kind === "add" || entries.length === 0) return Object.fromEntries([...entries, [name, other]]);
      const index = at % entries.length;
      const chosen = entries[index];
      if (chosen === undefined) return other;
      const deeper = typeof chosen[1] === "object" && chosen[1] !== null && !Array.isArray(chosen[1]) && kind === "replace";
      const replaced = deeper ? { ...chosen[1], [name]: other } : other;
      return Object.fromEntries(
        entries.flatMap((entry, each) => (each !== index ? [entry] : kind === "drop" ? [] : [[chosen[0], replaced]])),
      );
    });
}
