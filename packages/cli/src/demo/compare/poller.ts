import { API_HEADERS, CURRENT_VERSION, PAGE_LIMIT_MAX } from "@genhook/contract";
import { pause } from "../../pause.ts";

/** An order as the list shows it. */
export interface ListedOrder {
  readonly id: string;
  readonly createTime: string;
  readonly financialStatus: string;
  readonly fulfillmentStatus: string;
}

export interface PollerOptions {
  readonly origin: string;
  readonly accessToken: string;
  readonly onOrders: (orders: readonly ListedOrder[]) => void;
  readonly onCall: (status: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Polls as well as it can be done within the bucket: it reads from its oldest order that may still change, page by page, and begins anew at
 * once. It spends every call that the shop allows, first the whole bucket and then as fast as it fills up again.
 */
export async function poll(options: PollerOptions): Promise<void> {
  const open = new Map<string, string>();
  const newest: { createTime: string | null } = { createTime: null };
  while (!options.signal.aborted) {
    const oldestOpen: string | null = open.values().next().value ?? newest.createTime;
    let query = new URLSearchParams({ limit: String(PAGE_LIMIT_MAX), ...(oldestOpen === null ? {} : { createTimeMin: oldestOpen }) });
    for (;;) {
      const page = await getPage(options, query);
      if (page === null) return;
      options.onOrders(page.orders);
      for (const { id, createTime, fulfillmentStatus } of page.orders) {
        if (newest.createTime === null || createTime > newest.createTime) newest.createTime = createTime;
        if (fulfillmentStatus === "fulfilled") open.delete(id);
        else if (!open.has(id)) open.set(id, createTime);
      }
      if (page.next === null) break;
      query = new URLSearchParams({ limit: String(PAGE_LIMIT_MAX), pageToken: page.next });
    }
  }
}

interface Page {
  readonly orders: readonly ListedOrder[];
  readonly next: string | null;
  /** Calls that the bucket has left. */
  readonly left: number;
}

/** One page, however long the bucket makes it wait; null when it was told to stop. */
async function getPage(options: PollerOptions, query: URLSearchParams): Promise<Page | null> {
  const { origin, accessToken, onCall, signal } = options;
  while (!signal.aborted) {
    let response: Response;
    try {
      response = await fetch(`${origin}/api/${CURRENT_VERSION}/orders?${query.toString()}`, {
        headers: { [API_HEADERS.accessToken]: accessToken },
        signal,
      });
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
    onCall(response.status);
    if (response.status === 429) {
      await response.body?.cancel();
      await pause(Number(response.headers.get("Retry-After") ?? 1) * 1_000, signal);
      continue;
    }
    const { orders } = (await response.json()) as { orders: readonly ListedOrder[] };
    const [used = 0, size = 0] = (response.headers.get(API_HEADERS.rateLimit) ?? "").split("/").map(Number);
    const page = { orders, next: /pageToken=([^&>]+)/.exec(response.headers.get("Link") ?? "")?.[1] ?? null, left: size - used };
    // With an empty bucket the next call would be refused: a good client waits for its next token instead.
    if (page.left <= 0) await pause(TOKEN_EVERY_MS, signal);
    return page;
  }
  return null;
}

/** Two a second. */
const TOKEN_EVERY_MS = 500;
