import type { AppAccess, AppAccesses, FoundAccess } from "@genhook/core";
import type { MemoryDirectory } from "./memory-directory.ts";
import { pageOf } from "./page-of.ts";

/** App-wide access in a map; the audit goes to the directory's. */
export function memoryAppAccesses(directory: MemoryDirectory): AppAccesses {
  const kept = new Map<string, AppAccess>();
  const found = (access: AppAccess | undefined): Promise<FoundAccess> =>
    Promise.resolve({ access: access ?? null, version: directory.current });
  return {
    add: (access, audit, forgetBefore) => {
      for (const each of kept.values()) if (each.expiresAt < forgetBefore) kept.delete(each.id);
      kept.set(access.id, access);
      return directory.record(audit);
    },
    replace: async (access, expectedRevision, audit) => {
      if (kept.get(access.id)?.revision !== expectedRevision) return false;
      kept.set(access.id, { ...access, revision: expectedRevision + 1 });
      await directory.record(audit);
      return true;
    },
    find: (id) => found(kept.get(id)),
    findByToken: (tokenHash) => found([...kept.values()].find((each) => each.tokenHash === tokenHash)),
    listLinks: (app, turn, limit) => {
      const links = [...kept.values()].filter((each) => each.kind === "link" && (app === null || each.app === app));
      const newestFirst = links.sort((a, b) => (a.id < b.id ? 1 : -1));
      return Promise.resolve(pageOf(newestFirst, turn, limit, (id, each) => (each.id === id ? 0 : each.id < id ? -1 : 1)));
    },
  };
}
