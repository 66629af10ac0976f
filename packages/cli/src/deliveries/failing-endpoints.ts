import type { ApiClient, DeliveryEntry, Entry } from "@genhook/contract/client";
import type { DeliveryCalls } from "./delivery-calls.ts";
import type { DeliveryQuery } from "./delivery-filter.ts";

export type FailingEndpoint = Entry<"listAppEndpoints">;

/** What failed at endpoints since the last look. */
export interface Failures {
  readonly deliveries: readonly DeliveryEntry[];
  /** Endpoints whose failed deliveries stand behind more that wait than is read. */
  readonly unread: readonly FailingEndpoint[];
}

const PAGE = 250;
/** Pages of endpoints that are looked through. */
const PAGES_MAX = 8;
/** Endpoints whose deliveries are read in one look: those that failed last. */
const ENDPOINTS_MAX = 10;

/**
 * Finds failed attempts where a list of all deliveries has final ones only: the endpoints say when they failed last, and those that did since the last look are
 * asked for their deliveries. An endpoint of another process may say so a little later.
 */
export class FailingEndpoints {
  readonly #client: ApiClient;
  readonly #list: NonNullable<DeliveryCalls["endpoints"]>;
  readonly #deliveries: DeliveryCalls["list"];
  /** When each one failed that was seen to. */
  #seen: ReadonlyMap<string, string> = new Map();

  constructor(client: ApiClient, list: NonNullable<DeliveryCalls["endpoints"]>, deliveries: DeliveryCalls["list"]) {
    this.#client = client;
    this.#list = list;
    this.#deliveries = deliveries;
  }

  /** `since`: what failed before is old news. */
  async read(query: DeliveryQuery, since: string, signal: AbortSignal): Promise<Failures> {
    const { state: _, ...filter } = query;
    const deliveries: DeliveryEntry[] = [];
    const unread: FailingEndpoint[] = [];
    for (const endpoint of await this.#failedSince(since, filter["clientId"], signal)) {
      const input = { query: { ...filter, endpointId: endpoint.id, createTimeMin: since, limit: PAGE } };
      const page = await this.#client.call(this.#deliveries, input, { signal });
      const attempted = page.deliveries.filter(({ attemptCount }) => attemptCount > 0);
      const isHidden = page.deliveries.length === PAGE && !attempted.some(({ state }) => state === "pending");
      deliveries.push(...attempted);
      if (isHidden) unread.push(endpoint);
    }
    return { deliveries, unread };
  }

  async #failedSince(since: string, clientId: string | undefined, signal: AbortSignal): Promise<readonly FailingEndpoint[]> {
    const failed: FailingEndpoint[] = [];
    const seen = new Map<string, string>();
    let pages = 0;
    const query = { limit: PAGE, ...(clientId === undefined || this.#list !== "listEndpoints" ? {} : { clientId }) };
    for await (const { endpoints } of this.#client.pages(this.#list, { query }, { signal })) {
      for (const endpoint of endpoints) {
        if (endpoint.lastFailureAt === null || endpoint.lastFailureAt < since) continue;
        if (this.#seen.get(endpoint.id) !== endpoint.lastFailureAt) failed.push(endpoint);
        seen.set(endpoint.id, endpoint.lastFailureAt);
      }
      pages += 1;
      if (pages >= PAGES_MAX) break;
    }
    this.#seen = seen;
    return failed.toSorted((a, b) => ((a.lastFailureAt ?? "") < (b.lastFailureAt ?? "") ? 1 : -1)).slice(0, ENDPOINTS_MAX);
  }
}
