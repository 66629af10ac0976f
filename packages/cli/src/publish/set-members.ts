import { usage } from "../cli-error.ts";
import { nearest } from "../did-you-mean.ts";
import { parseExact } from "../exact-json.ts";

type Json = Record<string, unknown>;

/** Something that looks like a slip, to be said and not to be refused. */
export type Warn = (text: string) => void;

/**
 * Carries out `--set PATH=TEXT` and `--set PATH:=JSON` on a payload: `order.totalPrice=12.00`, `order.lineItems[0].quantity:=3`. With `=` the
 * member keeps its kind where it had one (a number stays a number); with `:=` it becomes exactly that JSON. The payload is changed in place.
 */
export function setMembers(payload: unknown, assignments: readonly string[], warn: Warn): void {
  for (const assignment of assignments) setMember(payload, assignment, warn);
}

function setMember(payload: unknown, assignment: string, warn: Warn): void {
  const match = /^([^=]*?)(:?=)(.*)$/s.exec(assignment);
  const steps = stepsOf(match?.[1] ?? "");
  const last = steps?.at(-1);
  if (match === null || steps === null || last === undefined) {
    throw usage(`--set must be PATH=TEXT or PATH:=JSON, such as order.totalPrice=12.00, not "${assignment}".`);
  }
  const [, path = "", operator, text = ""] = match;
  let at: unknown = payload;
  for (const [index, step] of steps.slice(0, -1).entries()) at = stepInto(at, step, steps[index + 1] ?? last, path);
  if (typeof at !== "object" || at === null) throw usage(`--set ${path}: there is nothing in the payload that could hold it.`);
  const holder = at as Json;
  const before = holder[last];
  if (before === undefined && !Array.isArray(holder)) warnOfSlip(holder, String(last), path, warn);
  holder[last] = operator === ":=" ? readJson(path, text) : likeBefore(before, text, path);
}

/** `a.b[0].c` → a, b, 0, c; null where it is no path. */
function stepsOf(path: string): readonly (string | number)[] | null {
  const steps: (string | number)[] = [];
  for (const part of path.split(".")) {
    const match = /^([^[\]]+)((?:\[\d{1,6}\])*)$/.exec(part);
    if (match === null) return null;
    steps.push(match[1] ?? "", ...[...(match[2] ?? "").matchAll(/\d+/g)].map(([digits]) => Number(digits)));
  }
  return steps.includes("__proto__") ? null : steps;
}

/** Makes what is missing on the way: a list where a number follows, an object otherwise. */
function stepInto(at: unknown, step: string | number, next: string | number, path: string): unknown {
  if (typeof at !== "object" || at === null) throw usage(`--set ${path}: there is nothing in the payload that could hold it.`);
  const holder = at as Json;
  return (holder[step] ??= typeof next === "number" ? [] : {});
}

function warnOfSlip(holder: Json, member: string, path: string, warn: Warn): void {
  const known = Object.keys(holder);
  const squashed = (text: string): string => text.replaceAll(/[_-]/g, "").toLowerCase();
  const meant = known.find((each) => squashed(each) === squashed(member)) ?? nearest(member, known)[0];
  if (meant !== undefined) warn(`--set ${path} adds a member; the payload has one that is called ${meant}.`);
}

function likeBefore(before: unknown, text: string, path: string): unknown {
  if (typeof before === "boolean") {
    if (text === "true" || text === "false") return text === "true";
    throw usage(`--set ${path} must be true or false, not "${text}"; ${path}:="${text}" puts a text in its place.`);
  }
  if (typeof before === "number") {
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return parseExact(text);
    throw usage(`--set ${path} must be a number, not "${text}"; ${path}:="${text}" puts a text in its place.`);
  }
  return text;
}

function readJson(path: string, text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    throw usage(`--set ${path}:= must be followed by JSON, not ${text}; ${path}=${text} sets a text.`);
  }
}
