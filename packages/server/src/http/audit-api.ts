import type { Store, Turn } from "@genhook/core";
import { readTime } from "./deliveries-routes.ts";
import type { Handler } from "./directory-api.ts";
import { invalidToken, pageLinks, readPaging } from "./paging.ts";
import { auditView } from "./views.ts";

/** Who did what: newest first, narrowed by what actor and subject begin with. */
export function auditHandlers(options: { readonly store: Pick<Store, "directory"> }): Readonly<Record<string, Handler>> {
  return {
    listAudit: async (call) => {
      const paging = readPaging(call);
      const { filters, limit } = paging;
      const turn = readTurn(paging.position);
      const isForward = "after" in turn;
      // One more than the page has says whether there is another one behind it.
      const found = await options.store.directory.readAudit({
        actor: filters["actor"] ?? null,
        subject: filters["subject"] ?? null,
        action: filters["action"] ?? null,
        requestId: filters["requestId"] ?? null,
        from: readTime(filters, "createTimeMin"),
        to: readTime(filters, "createTimeMax"),
        turn,
        limit: limit + 1,
      });
      const page = isForward ? found.slice(0, limit) : found.slice(-limit);
      const hasMore = found.length > limit;
      const [first, last] = [page[0]?.id ?? null, page.at(-1)?.id ?? null];
      const isFirst = isForward ? turn.after === null : !hasMore;
      const links = {
        previous: isFirst || first === null ? null : { before: first },
        next: (isForward ? hasMore : page.length > 0) ? { after: last } : null,
      };
      return { headers: pageLinks(call, paging, links), body: { records: page.map(auditView) } };
    },
  };
}

function readTurn(position: unknown): Turn<number> {
  if (position === null) return { after: null };
  if (typeof position === "object" && "after" in position && Number.isSafeInteger(position.after)) return { after: Number(position.after) };
  if (typeof position === "object" && "before" in position && Number.isSafeInteger(position.before)) {
    return { before: Number(position.before) };
  }
  return invalidToken();
}
