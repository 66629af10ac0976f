import { JSON_DEPTH_MAX } from "@genhook/contract";
import type { Turns } from "./turns.ts";

/** A stretch of bytes that holds one JSON value. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** A member of an object with the stretch that its value takes. */
export interface MemberSlice extends Slice {
  readonly name: string;
}

/** Text that is not JSON, or nested deeper than allowed. */
export class JsonError extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** How far the end of a text is looked for one byte after the other. */
const NEAR_BYTES = 64;
/** Bytes that are looked at in one go; a few milliseconds. */
const STEP_BYTES = 1_048_576;

/**
 * Finds where values begin and end without decoding them, so that a payload goes on exactly as it came. It looks at strings and brackets
 * alone: whether a slice is JSON is for `JSON.parse` to say, which every caller asks as well. One pass, no recursion, bounded depth.
 */
export function valueEnd(bytes: Uint8Array, start: number, depthMax = JSON_DEPTH_MAX): number {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first !== OPEN_OBJECT && first !== OPEN_LIST) return scalarEnd(bytes, start);
  const scan = { at: start, depth: 0, isText: false };
  if (goOn(bytes, scan, bytes.length, depthMax)) return scan.at;
  throw new JsonError("The JSON ends in the middle of a value.");
}

/** The same for what may be very long: lets others go on in between. */
async function valueEndInTurns(bytes: Uint8Array, start: number, turns: Turns): Promise<number> {
  if (bytes.length - start <= STEP_BYTES) return valueEnd(bytes, start);
  const first = bytes[start];
  if (first !== QUOTE && first !== OPEN_OBJECT && first !== OPEN_LIST) return scalarEnd(bytes, start);
  const scan = { at: start, depth: 0, isText: false };
  while (!goOn(bytes, scan, Math.min(scan.at + STEP_BYTES, bytes.length), JSON_DEPTH_MAX)) {
    if (scan.at >= bytes.length) throw new JsonError("The JSON ends in the middle of a value.");
    await turns.pause();
  }
  return scan.at;
}

interface Scan {
  at: number;
  depth: number;
  isText: boolean;
}

/** Goes on with an object, a list or a text up to `until`, or somewhat further; true when its end was found, which is then `at`. */
function goOn(bytes: Uint8Array, scan: Scan, until: number, depthMax: number): boolean {
  let { at, depth, isText } = scan;
  while (at < until) {
    if (isText) {
      at = quoteFrom(bytes, at, until);
      if (at >= until) break;
      isText = false;
      at += 1;
      if (depth > 0) continue;
      scan.at = at;
      return true;
    }
    const byte = bytes[at];
    at += 1;
    if (byte === QUOTE) {
      isText = true;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth += 1;
      if (depth > depthMax) throw new JsonError(`The JSON is nested deeper than ${JSON_DEPTH_MAX} levels.`);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth -= 1;
      if (depth > 0) continue;
      scan.at = at;
      return true;
    }
  }
  scan.at = at;
  scan.depth = depth;
  scan.isText = isText;
  return false;
}

/**
 * Within a text: where its quote stands, or a place behind `until` from which to go on. Most texts are short; of a long one the engine looks for
 * the quote, ten bytes in the time of one.
 */
function quoteFrom(bytes: Uint8Array, start: number, until: number): number {
  let at = start;
  while (at < until) {
    for (const near = Math.min(at + NEAR_BYTES, until); at < near; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) at += 1;
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let first = quote;
    while (first > at && bytes[first - 1] === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote;
    at = quote + 1;
  }
  return at;
}

/** The members of the object that begins at `start`, in order, repeated names included. Fails where one is nested too deep. */
export function membersOf(bytes: Buffer, start: number): MemberSlice[] {
  const members: MemberSlice[] = [];
  let at = skipSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const nameEnd = stringEnd(bytes, at);
    const name = nameOf(bytes, at, nameEnd);
    at = skipSpace(bytes, nameEnd);
    if (bytes[at] !== COLON) throw new JsonError("A colon is missing in the JSON.");
    at = skipSpace(bytes, at + 1);
    const end = valueEnd(bytes, at, JSON_DEPTH_MAX - 1);
    members.push({ name, start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] !== COMMA) break;
    at = skipSpace(bytes, at + 1);
  }
  return members;
}

/** The elements of the list that begins at `start`, and where the list ends; only separators are checked. */
export function elementsOf(bytes: Uint8Array, start: number): { readonly elements: readonly Slice[]; readonly end: number } {
  const elements: Slice[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_LIST) return { elements, end: at + 1 };
  for (;;) {
    const end = valueEnd(bytes, at);
    if (end === at) throw new JsonError("A value is missing in the JSON.");
    elements.push({ start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_LIST) return { elements, end: at + 1 };
    if (bytes[at] !== COMMA) throw new JsonError("The JSON ends in the middle of a list, or a comma is missing.");
    at = skipSpace(bytes, at + 1);
  }
}

/**
 * The elements of a list that may be very long, and where it ends; lets others go on in between. Stops behind one more than `elementsMax`:
 * a list of millions is not worth its memory.
 */
export async function cutList(
  bytes: Uint8Array,
  start: number,
  elementsMax: number,
  turns: Turns,
): Promise<{ readonly elements: readonly Slice[]; readonly end: number }> {
  const elements: Slice[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_LIST) return { elements, end: at + 1 };
  for (;;) {
    const end = await valueEndInTurns(bytes, at, turns);
    if (end === at) throw new JsonError("A value is missing in the JSON.");
    elements.push({ start: at, end });
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE_LIST || elements.length > elementsMax) return { elements, end: at + 1 };
    if (bytes[at] !== COMMA) throw new JsonError("The JSON ends in the middle of a list, or a comma is missing.");
    at = skipSpace(bytes, at + 1);
    await turns.pause();
  }
}

/** The first member that stands twice in one object, as a path (`webhook.topic`); null when none does. The bytes must be JSON. */
export function findDuplicate(bytes: Buffer, start = skipSpace(bytes, 0), path = ""): string | null {
  if (bytes[start] === OPEN_LIST) {
    for (const [index, element] of elementsOf(bytes, start).elements.entries()) {
      const found = findDuplicate(bytes, element.start, `${path}[${index}]`);
      if (found !== null) return found;
    }
  }
  if (bytes[start] !== OPEN_OBJECT) return null;
  const names = new Set<string>();
  for (const member of membersOf(bytes, start)) {
    const at = path === "" ? member.name : `${path}.${member.name}`;
    if (names.has(member.name)) return at.slice(0, 200);
    names.add(member.name);
    const found = findDuplicate(bytes, member.start, at);
    if (found !== null) return found;
  }
  return null;
}

/** Where white space ends. Fails where there is a megabyte of it in a row. */
export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at += 1;
    if (at - start > STEP_BYTES) throw new JsonError("The JSON has more than 1 MiB of white space in a row.");
  }
}

function stringEnd(bytes: Uint8Array, start: number): number {
  const quote = quoteFrom(bytes, start + 1, bytes.length);
  if (quote < bytes.length) return quote + 1;
  throw new JsonError("The JSON ends in the middle of a text.");
}

function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT || byte <= 0x20) break;
    at += 1;
  }
  return at;
}

function nameOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
}
