import type { Decimal, Flag, Id, TextList } from "./generated/topics.ts";

/** An id as text, the form to compare and to store: 64 bits do not fit a number. */
export function readId(id: Id): string {
  return String(id);
}

/** A count or an amount as a number. Throws `TypeError` where it is none. For money keep the text. */
export function readNumber(value: Decimal): number {
  const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
  if (Number.isNaN(number)) throw new TypeError(`${JSON.stringify(value)} is no number`);
  return number;
}

/** A boolean, also from its text. */
export function readFlag(value: Flag): boolean {
  return value === true || value === "true";
}

/** A list of texts, also from its text forms: JSON, or names in brackets with commas between. */
export function readTexts(list: TextList): readonly string[] {
  if (typeof list !== "string") return list;
  try {
    const parsed: unknown = JSON.parse(list);
    if (Array.isArray(parsed)) return parsed.map(String);
  } catch {
    // Not JSON: the public pages also print `[read_orders,write_orders]`.
  }
  return list
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "");
}
