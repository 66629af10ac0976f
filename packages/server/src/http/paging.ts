import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "@genhook/contract";
import type { Turn as StoredTurn } from "@genhook/core";
import { fail } from "./api-error.ts";
import type { Call } from "./call.ts";

/** What a page token carries: the filters of the first page, and where to go on. */
interface Token {
  readonly query: Readonly<Record<string, string>>;
  readonly position: unknown;
}

/** A list call with its filters, which come from the token where there is one. */
export interface Paging {
  readonly limit: number;
  readonly filters: Readonly<Record<string, string>>;
  /** Null on the first page; made by `pageLinks`, so its shape is the list's own, to be checked all the same. */
  readonly position: unknown;
}

export function readPaging(call: Call): Paging {
  const { limit: limitText, pageToken, ...filters } = call.query;
  const limit = readLimit(limitText);
  if (pageToken === undefined) return { limit, filters, position: null };
  const [other] = Object.keys(filters);
  if (other !== undefined) {
    fail("malformed_query", `With pageToken only limit may go along; ${other} is part of the token already.`);
  }
  const token = decode(pageToken);
  return { limit, filters: token.query, position: token.position };
}

/** The `Link` header (RFC 8288) for the pages before and behind; nothing where there is neither. */
export function pageLinks(
  call: Call,
  paging: Paging,
  positions: { readonly previous?: unknown; readonly next?: unknown },
): Record<string, string> {
  const links: string[] = [];
  for (const rel of ["previous", "next"] as const) {
    const position = positions[rel];
    if (position === undefined || position === null) continue;
    const pageToken = encode({ query: paging.filters, position });
    links.push(`<${call.url()}?limit=${paging.limit}&pageToken=${pageToken}>; rel="${rel}"`);
  }
  return links.length === 0 ? {} : { Link: links.join(", ") };
}

type Turn<Key> = { readonly after: Key } | { readonly before: Key };

/** A page of a list that memory holds, sorted by a key that grows. */
export function pageOf<Entry, Key extends number | string>(
  entries: readonly Entry[],
  keyOf: (entry: Entry) => Key,
  paging: Paging,
): { readonly page: readonly Entry[]; readonly previous?: Turn<Key>; readonly next?: Turn<Key> } {
  const turn = readTurn<Key>(paging.position);
  let from = 0;
  if (turn !== null && "after" in turn) {
    from = countWhile(entries, (entry) => keyOf(entry) <= turn.after);
  } else if (turn !== null) {
    from = Math.max(0, countWhile(entries, (entry) => keyOf(entry) < turn.before) - paging.limit);
  }
  const page = entries.slice(from, from + paging.limit);
  const [first] = page;
  const last = page.at(-1);
  return {
    page,
    ...(from > 0 && first !== undefined ? { previous: { before: keyOf(first) } } : {}),
    ...(from + page.length < entries.length && last !== undefined ? { next: { after: keyOf(last) } } : {}),
  };
}

/** A page of a list that the store keeps in the order that its ports promise. One entry more than wanted is read: it says whether there is another page. */
export async function readStoredPage<Entry, Key extends number | string>(
  paging: Paging,
  isKey: (key: unknown) => key is Key,
  read: (turn: StoredTurn<Key>, count: number) => Promise<readonly Entry[]>,
  keyOf: (entry: Entry) => Key,
): Promise<{ readonly page: readonly Entry[]; readonly previous: Turn<Key> | null; readonly next: Turn<Key> | null }> {
  const given = readTurn<Key>(paging.position);
  if (given !== null && !isKey("after" in given ? given.after : given.before)) return invalidToken();
  const turn: StoredTurn<Key> = given ?? { after: null };
  const isForward = "after" in turn;
  const found = await read(turn, paging.limit + 1);
  const page = isForward ? found.slice(0, paging.limit) : found.slice(-paging.limit);
  const hasMore = found.length > paging.limit;
  const [first, last] = [page[0], page.at(-1)];
  const hasPrevious = isForward ? turn.after !== null : hasMore;
  return {
    page,
    previous: hasPrevious && first !== undefined ? { before: keyOf(first) } : null,
    next: (isForward ? hasMore : true) && last !== undefined ? { after: keyOf(last) } : null,
  };
}

function readTurn<Key extends number | string>(position: unknown): Turn<Key> | null {
  if (position === null) return null;
  if (typeof position === "object" && ("after" in position || "before" in position)) {
    const key: unknown = "after" in position ? position.after : position.before;
    if (typeof key === "number" || typeof key === "string") return position as Turn<Key>;
  }
  return invalidToken();
}

export function invalidToken(): never {
  return fail("malformed_query", "The pageToken is not one that this list has given out; begin without one.");
}

function countWhile<Entry>(entries: readonly Entry[], test: (entry: Entry) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && test(entry)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return PAGE_LIMIT_DEFAULT;
  const limit = Number(text);
  if (limit < 1 || limit > PAGE_LIMIT_MAX) fail("invalid_member", `limit must be a whole number from 1 to ${PAGE_LIMIT_MAX}.`, "limit");
  return limit;
}

function encode(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString("base64url");
}

function decode(text: string): Token {
  try {
    const token: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (typeof token === "object" && token !== null && "query" in token && "position" in token && isTexts(token.query)) {
      return { query: token.query, position: token.position };
    }
  } catch {
    // Said below.
  }
  return invalidToken();
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}
