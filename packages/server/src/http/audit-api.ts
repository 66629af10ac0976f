import type { Store } from "@genhook/core";
import { readTime } from "./deliveries-routes.ts";
import type { Handler } from "./directory-api.ts";
import { pageLinks, readPaging, readStoredPage } from "./paging.ts";
import { auditView } from "./views.ts";

/** Who did what: newest first, narrowed by what actor and subject begin with. */
export function auditHandlers(options: { readonly store: Pick<Store, "directory"> }): Readonly<Record<string, Handler>> {
  return {
    listAudit: async (call) => {
      const paging = readPaging(call);
      const { filters } = paging;
      const { page, ...turns } = await readStoredPage(
        paging,
        (key): key is number => Number.isSafeInteger(key),
        (turn, count) =>
          options.store.directory.readAudit({
            actor: filters["actor"] ?? null,
            subject: filters["subject"] ?? null,
            action: filters["action"] ?? null,
            requestId: filters["requestId"] ?? null,
            from: readTime(filters, "createTimeMin"),
            to: readTime(filters, "createTimeMax"),
            turn,
            limit: count,
          }),
        (record) => record.id,
      );
      return { headers: pageLinks(call, paging, turns), body: { records: page.map(auditView) } };
    },
  };
}
