/**
 * Where values begin and end in a JSON text, without decoding them: what is taken from a payload keeps its digits, escapes and order exactly.
 * The text is known to be JSON (it was checked when it was published); on anything else these functions throw `JsonTextError`, and always end.
 */
export class JsonTextError extends Error {}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Calls `visit` for each member of the object at `start`, in order, names that repeat included; answers where the object ends. */
export function eachMember(
  source: string,
  start: number,
  visit: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void,
): number {
  let at = skipSpace(source, start + 1);
  if (source.charCodeAt(at) === CLOSE_OBJECT) return at + 1;
  for (;;) {
    if (source.charCodeAt(at) !== QUOTE) throw new JsonTextError(`a name was expected at ${at}`);
    const nameEnd = stringEnd(source, at);
    const colon = skipSpace(source, nameEnd);
    if (source.charCodeAt(colon) !== COLON) throw new JsonTextError(`a colon was expected at ${colon}`);
    const valueStart = skipSpace(source, colon + 1);
    const end = valueEnd(source, valueStart);
    visit(at, nameEnd, valueStart, end);
    at = skipSpace(source, end);
    if (source.charCodeAt(at) === CLOSE_OBJECT) return at + 1;
    if (source.charCodeAt(at) !== COMMA) throw new JsonTextError(`a comma was expected at ${at}`);
    at = skipSpace(source, at + 1);
  }
}

/** The same for the elements of the list at `start`; `visit` answers false to stop early. */
export function eachElement(source: string, start: number, visit: (start: number, end: number) => boolean): void {
  let at = skipSpace(source, start + 1);
  if (source.charCodeAt(at) === CLOSE_LIST) return;
  for (;;) {
    const end = valueEnd(source, at);
    if (!visit(at, end)) return;
    at = skipSpace(source, end);
    if (source.charCodeAt(at) === CLOSE_LIST) return;
    if (source.charCodeAt(at) !== COMMA) throw new JsonTextError(`a comma was expected at ${at}`);
    at = skipSpace(source, at + 1);
  }
}

/** Just behind the value that begins at `start`. One pass, no recursion. */
export function valueEnd(source: string, start: number): number {
  const first = source.charCodeAt(start);
  if (first === QUOTE) return stringEnd(source, start);
  if (first !== OPEN_OBJECT && first !== OPEN_LIST) return scalarEnd(source, start);
  let depth = 0;
  let at = start;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(source, at);
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
    at += 1;
  }
  throw new JsonTextError("the text ends in the middle of a value");
}

export function skipSpace(source: string, start: number): number {
  let at = start;
  for (;;) {
    const code = source.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

/** The text that a JSON string stands for; `start` and `end` include its quotes. */
export function textOf(source: string, start: number, end: number): string {
  const raw = source.slice(start, end);
  return raw.includes("\\") ? (JSON.parse(raw) as string) : raw.slice(1, -1);
}

function stringEnd(source: string, start: number): number {
  for (let quote = source.indexOf('"', start + 1); quote >= 0; quote = source.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (source.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
  }
  throw new JsonTextError("the text ends in the middle of a string");
}

function scalarEnd(source: string, start: number): number {
  let at = start;
  while (at < source.length) {
    const code = source.charCodeAt(at);
    if (code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT || code <= 0x20) break;
    at += 1;
  }
  if (at === start) throw new JsonTextError(`a value was expected at ${start}`);
  return at;
}
