import { hash } from "node:crypto";
import { storable } from "../postgres/rows.ts";
import { toHex, toUuid } from "../sqlite/uuid-bytes.ts";

/** A value as it is sent to PostgreSQL, and as it comes back. Lists are in its own notation, `{1,2}`. */
export type MovedValue = null | boolean | number | string | Buffer;

/** From a column of the file to one of these types (`format_type`). */
const CONVERSIONS: Readonly<Record<string, (value: unknown) => MovedValue>> = {
  bigint: asNumber,
  integer: asNumber,
  smallint: asNumber,
  boolean: (value) => value === 1,
  // What is kept as text is for people, or JSON, which has escapes for what PostgreSQL's text cannot hold.
  text: (value) => storable(asText(value)),
  uuid: (value) => (typeof value === "string" ? value : toUuid(value)),
  bytea: (value) => Buffer.from(value as Uint8Array),
  "bigint[]": (value) => `{${(JSON.parse(asText(value)) as number[]).join(",")}}`,
  "bytea[]": (value) => `{${(JSON.parse(asText(value)) as string[]).map((hex) => `"\\\\x${hex}"`).join(",")}}`,
  // Counts of latency classes: numbers with spaces between them, or nothing.
  "integer[]": (value) => (value === "" ? null : `{${asText(value).replaceAll(" ", ",")}}`),
};

export function canConvert(type: string): boolean {
  return Object.hasOwn(CONVERSIONS, type);
}

/** `value` as `node:sqlite` hands it out. */
export function convert(type: string, value: unknown): MovedValue {
  if (value === null) return null;
  const conversion = CONVERSIONS[type];
  if (conversion === undefined) throw new TypeError(`nothing in a file becomes ${type}`);
  return conversion(value);
}

/** The type that a whole column is sent as: `unnest` would flatten lists within a list, so they cross as text. */
export function columnType(type: string): string {
  return type.endsWith("[]") ? "text[]" : `${type}[]`;
}

/** How much room a row takes on its way, roughly. */
export function sizeOf(row: readonly MovedValue[]): number {
  let size = 0;
  for (const value of row) size += typeof value === "string" || Buffer.isBuffer(value) ? value.length : 8;
  return size;
}

const DIGEST_BITS = 128n;

/**
 * Rows counted and hashed whatever their order: each row's SHA-256, cut to 128 bits and added up. Two sets of rows with the same sum and count
 * are the same rows. A sum, because an exclusive or would not notice a row that is there twice.
 */
export class RowDigest {
  rows = 0;
  #sum = 0n;

  add(row: readonly MovedValue[]): void {
    this.rows += 1;
    this.#sum = (this.#sum + BigInt(`0x${hash("sha256", encode(row), "hex").slice(0, 32)}`)) & ((1n << DIGEST_BITS) - 1n);
  }

  get hex(): string {
    return this.#sum.toString(16).padStart(32, "0");
  }
}

/** Each value with its length before it: no two rows read the same. */
function encode(row: readonly MovedValue[]): Buffer {
  const parts: Buffer[] = [];
  for (const value of row) {
    const bytes = value === null ? null : Buffer.isBuffer(value) ? value : Buffer.from(String(value));
    parts.push(Buffer.from(bytes === null ? "-;" : `${bytes.length};`));
    if (bytes !== null) parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function asNumber(value: unknown): number {
  if (typeof value !== "number") throw new TypeError(`a number was expected in a column, not ${typeof value}`);
  return value;
}

function asText(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`a text was expected in a column, not ${typeof value}`);
  return value;
}

/** A key of the file's own as JSON and back: where a table goes on after an interruption. */
export function packKey(key: readonly unknown[]): readonly (number | string)[] {
  return key.map((part) => (part instanceof Uint8Array ? `x${toHex(part)}` : typeof part === "number" ? part : `t${asText(part)}`));
}

export function unpackKey(key: readonly (number | string)[]): (number | string | Uint8Array)[] {
  return key.map((part) => {
    if (typeof part === "number") return part;
    return part.startsWith("x") ? Buffer.from(part.slice(1), "hex") : part.slice(1);
  });
}
