import type { Credentials, PlatformKey } from "@genhook/core";
import { TokenBuckets } from "../token-buckets.ts";
import type { MemoryDirectory } from "./memory-directory.ts";

/** Keys, buckets and notes in memory; the audit goes to the directory's. */
export function memoryCredentials(directory: MemoryDirectory): Credentials {
  const keys = new Map<string, PlatformKey>();
  const notes = new Map<string, string>();
  const buckets = new TokenBuckets();
  return {
    putKey: (key, audit) => {
      keys.set(key.id, key);
      return audit === null ? Promise.resolve() : directory.record(audit);
    },
    findKey: (hash) => Promise.resolve({ key: [...keys.values()].find((key) => key.hash === hash) ?? null, version: directory.current }),
    listKeys: () => Promise.resolve([...keys.values()].sort((a, b) => a.createdAt - b.createdAt)),
    takeToken: (app, shop, size, perSecond, at) => Promise.resolve(buckets.take(`${app} ${shop}`, size, perSecond, at)),
    replaceNote: (name, before, after) => {
      if (notes.get(name) !== before) return Promise.resolve(false);
      notes.set(name, after);
      return Promise.resolve(true);
    },
    findNote: (name) => Promise.resolve(notes.get(name) ?? null),
    putIfAbsent: (name, value) => {
      if (!notes.has(name)) notes.set(name, value);
      return Promise.resolve(notes.get(name) ?? value);
    },
  };
}
