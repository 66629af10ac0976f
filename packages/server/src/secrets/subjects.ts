import type { Topic } from "@genhook/contract";

const NONE: readonly string[] = [];

interface PathPart {
  readonly name: string;
  readonly isList: boolean;
}

/** By the topics' own lists of paths, which live as long as they do. */
const PARTS = new WeakMap<readonly string[], readonly (readonly PathPart[])[]>();

/** Ids of the customers that a payload speaks of, found at its topic's `subjects` paths, as text; each once. */
export function subjectIds(topic: Pick<Topic, "subjects"> | undefined, payload: unknown): readonly string[] {
  const paths = topic?.subjects;
  if (paths === undefined || paths.length === 0) return NONE;
  const ids: string[] = [];
  for (const parts of partsOf(paths)) {
    for (const value of valuesAlong(payload, parts)) {
      if (typeof value === "string" || typeof value === "number") ids.push(String(value));
    }
  }
  return ids.length > 1 ? [...new Set(ids)] : ids;
}

/** The values at a path; `[]` behind a name goes through a list. */
export function valuesAt(payload: unknown, path: string): readonly unknown[] {
  return valuesAlong(payload, cut(path));
}

function partsOf(paths: readonly string[]): readonly (readonly PathPart[])[] {
  let parts = PARTS.get(paths);
  if (parts === undefined) {
    parts = paths.map(cut);
    PARTS.set(paths, parts);
  }
  return parts;
}

function cut(path: string): readonly PathPart[] {
  return path.split(".").map((part) => (part.endsWith("[]") ? { name: part.slice(0, -2), isList: true } : { name: part, isList: false }));
}

function valuesAlong(payload: unknown, parts: readonly PathPart[]): readonly unknown[] {
  let values: readonly unknown[] = [payload];
  for (const { name, isList } of parts) {
    const next: unknown[] = [];
    for (const value of values) {
      const member: unknown =
        typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
      if (!isList || !Array.isArray(member)) next.push(member);
      else for (const element of member) next.push(element);
    }
    values = next;
  }
  return values;
}
