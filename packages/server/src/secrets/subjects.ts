import type { Topic } from "@genhook/contract";

/** Ids of the customers that a payload speaks of, found at its topic's `subjects` paths, as text; each once. */
export function subjectIds(topic: Pick<Topic, "subjects"> | undefined, payload: unknown): readonly string[] {
  const paths = topic?.subjects ?? [];
  const ids = new Set<string>();
  for (const path of paths) {
    for (const value of valuesAt(payload, path)) {
      if (typeof value === "string" || typeof value === "number") ids.add(String(value));
    }
  }
  return [...ids];
}

/** The values at a path; `[]` behind a name goes through a list. */
export function valuesAt(payload: unknown, path: string): readonly unknown[] {
  let values: readonly unknown[] = [payload];
  for (const part of path.split(".")) {
    const isList = part.endsWith("[]");
    const name = isList ? part.slice(0, -2) : part;
    values = values.flatMap((value) => {
      const member: unknown =
        typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
      return isList && Array.isArray(member) ? (member as unknown[]) : [member];
    });
  }
  return values;
}
