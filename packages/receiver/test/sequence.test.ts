import { type IncomingMessage, type ServerResponse } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { memoryStore, processOnce, type WebhookEvent } from "../src/index.ts";
import {
  catchUp,
  CatchUpError,
  closeGaps,
  gapDetector,
  memoryPositions,
  type CaughtUp,
  type Finding,
  type PositionStore,
} from "../src/sequence/index.ts";
import { advance, formatPosition, GAPS_MAX, parsePosition, without, type Position } from "../src/sequence/position.ts";
import { serve, type Served } from "./adapters/serve.ts";

const seen = (...numbers: number[]): { position: Position | null; kinds: string[] } => {
  let position: Position | null = null;
  const kinds: string[] = [];
  for (const n of numbers) {
    const step: { position: Position; finding: Finding } = advance(position, n, n);
    position = step.position;
    kinds.push(step.finding.kind);
  }
  return { position, kinds };
};

const missingOf = (position: Position | null): number[] =>
  (position?.gaps ?? []).flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));

describe("position", () => {
  test("next, gap, late, duplicate, early", () => {
    expect(seen(5, 6, 9, 7, 7, 10, 4, 8)).toEqual({
      kinds: ["next", "next", "gap", "late", "duplicate", "next", "early", "late"],
      position: { first: 5, highest: 10, gaps: [] },
    });
    expect(seen(1, 5).position).toEqual({ first: 1, highest: 5, gaps: [{ from: 2, to: 4, noticedAt: 5 }] });
  });

  test("in whatever order numbers come, what is missing is exactly what has not come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (numbers) => {
        const { position } = seen(1, ...numbers);
        const highest = Math.max(1, ...numbers);
        const expected = Array.from({ length: highest }, (_, index) => index + 1).filter((n) => n !== 1 && !numbers.includes(n));
        expect(missingOf(position)).toEqual(expected);
        expect(parsePosition(position === null ? null : formatPosition(position))).toEqual(position);
      }),
    );
  });

  test("ranges are taken out exactly", () => {
    const gaps = [
      { from: 2, to: 9, noticedAt: 1 },
      { from: 20, to: 20, noticedAt: 2 },
    ];
    expect(without(gaps, { from: 4, to: 5 })).toEqual([
      { from: 2, to: 3, noticedAt: 1 },
      { from: 6, to: 9, noticedAt: 1 },
      { from: 20, to: 20, noticedAt: 2 },
    ]);
    expect(without(gaps, { from: 1, to: 100 })).toEqual([]);
    expect(without(gaps, { from: 10, to: 19 })).toEqual(gaps);
  });

  test("gaps are bounded: the nearest are joined, and nothing missing is forgotten", () => {
    const odd = Array.from({ length: GAPS_MAX + 5 }, (_, index) => 2 * index + 1);
    const { position } = seen(...odd, 100_000);
    expect(position?.gaps).toHaveLength(GAPS_MAX);
    const missing = new Set(missingOf(position));
    for (const n of odd.slice(1)) expect(missing.has(n - 1)).toBe(true);
    expect(missing.has(99_999)).toBe(true);
  });
});

describe("gap detector", () => {
  test("tells what is missing, per webhook, and for how long", async () => {
    let at = 1_000;
    const told: unknown[] = [];
    const detector = gapDetector({ now: () => at, onGap: (webhookId, missing) => told.push([webhookId, missing]) });
    expect(await detector.observe({ webhookId: "a", sequence: null })).toBeNull();
    expect(await detector.observe({ webhookId: "a", sequence: 10 })).toEqual({ kind: "next" });
    expect(await detector.observe({ webhookId: "b", sequence: 1 })).toEqual({ kind: "next" });
    expect(await detector.observe({ webhookId: "a", sequence: 13 })).toEqual({ kind: "gap", missing: { from: 11, to: 12 } });
    expect(told).toEqual([["a", { from: 11, to: 12 }]]);
    at = 2_000;
    expect(await detector.missing("a", 1_001)).toEqual([]);
    expect(await detector.missing("a", 1_000)).toEqual([{ from: 11, to: 12, noticedAt: 1_000 }]);
    expect(await detector.missing("b")).toEqual([]);
    expect(await detector.missing("c")).toEqual([]);
    await detector.settle("a", { from: 11, to: 11 });
    await detector.settle("a", { from: 14, to: 16 });
    await detector.settle("c", { from: 1, to: 2 });
    expect(await detector.missing("a")).toEqual([{ from: 12, to: 12, noticedAt: 1_000 }]);
    expect((await detector.read("a"))?.highest).toBe(16);
    expect(await detector.read("c")).toBeNull();
  });

  test("told where numbers begin, it misses the first ones too", async () => {
    const detector = gapDetector({ startAt: 1 });
    expect(await detector.observe({ webhookId: "a", sequence: 3 })).toEqual({ kind: "gap", missing: { from: 1, to: 2 } });
  });

  test("a restart goes on where it was", async () => {
    const positions = memoryPositions();
    await gapDetector({ positions }).observe({ webhookId: "a", sequence: 1 });
    await gapDetector({ positions }).observe({ webhookId: "a", sequence: 3 });
    expect(await gapDetector({ positions }).missing("a")).toMatchObject([{ from: 2, to: 2 }]);
  });

  test("a store that fails is reported, and the next number is noted all the same", async () => {
    const inner = memoryPositions();
    let fails = true;
    const positions: PositionStore = {
      read: (key) => (fails ? Promise.reject(new Error("down")) : inner.read(key)),
      swap: (...change) => inner.swap(...change),
    };
    const detector = gapDetector({ positions });
    await expect(detector.observe({ webhookId: "a", sequence: 1 })).rejects.toThrow("down");
    fails = false;
    expect(await detector.observe({ webhookId: "a", sequence: 2 })).toEqual({ kind: "next" });
    const never: PositionStore = { read: (key) => inner.read(key), swap: () => Promise.resolve(false) };
    await expect(gapDetector({ positions: never }).observe({ webhookId: "a", sequence: 9 })).rejects.toThrow("changed by others");
  });
});

/** A scripted App API: numbers 1 to `newest`, of which it keeps those from `oldest`. */
class ScriptedApi {
  oldest = 1;
  newest = 0;
  cancelled = new Set<number>();
  readonly asked: string[] = [];
  readonly tokens = new Set<string | undefined>();
  /** Answers that come instead, each once. */
  readonly instead: ((response: ServerResponse) => void)[] = [];
  #server: Served | null = null;

  async start(): Promise<string> {
    this.#server = await serve((request, response) => this.#answer(request, response));
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://a");
    this.asked.push(url.pathname + url.search);
    this.tokens.add(request.headers["x-genstore-access-token"] as string | undefined);
    const instead = this.instead.shift();
    if (instead !== undefined) return instead(response);
    const after = Number(url.searchParams.get("after"));
    const limit = Number(url.searchParams.get("limit"));
    if (after + 1 < this.oldest) return sendJson(response, 410, { error: "gone", code: "numbers_gone", oldest: this.oldest });
    const numbers = Array.from({ length: Math.max(0, Math.min(limit, this.newest - after)) }, (_, index) => after + 1 + index);
    sendJson(response, 200, { events: numbers.map((n) => this.#row(n)), last: this.newest });
  }

  #row(sequence: number): object {
    if (this.cancelled.has(sequence)) return { sequence, state: "cancelled", reason: "unsubscribed" };
    return {
      sequence,
      id: `e${sequence}`,
      deliveryId: `d${sequence}`,
      state: "available",
      topic: "orders/create",
      shop: "test-shop.genmystore.com",
      apiVersion: "202412",
      triggeredAt: "2024-12-30T23:59:59.000000000Z",
      payload: { order: { id: sequence } },
    };
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

const apis: ScriptedApi[] = [];
const startApi = async (settings: Partial<ScriptedApi> = {}): Promise<{ api: ScriptedApi; access: Access }> => {
  const api = Object.assign(new ScriptedApi(), settings);
  apis.push(api);
  const baseUrl = await api.start();
  const waits: number[] = [];
  const sleep = (delayMs: number): Promise<void> => {
    waits.push(delayMs);
    return Promise.resolve();
  };
  return {
    api,
    access: {
      baseUrl,
      shopDomain: "test-shop.genmystore.com",
      apiVersion: "202412",
      accessToken: "token",
      webhookId: "8589934859",
      sleep,
      waits,
    },
  };
};
type Access = Parameters<typeof catchUp<"202412">>[0] extends infer Options ? Omit<Options, "after"> & { waits: number[] } : never;
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
});

async function collect(entries: AsyncIterable<CaughtUp<"202412">>): Promise<CaughtUp<"202412">[]> {
  const all: CaughtUp<"202412">[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((thrown: unknown) => thrown);
  if (error instanceof CatchUpError) return error.code;
  throw error;
}

describe("catch-up", () => {
  test("a server that cannot be reached is named, with the reason why", async () => {
    const { api, access } = await startApi();
    await api.close();
    apis.length = 0;
    const failed: unknown = await collect(catchUp({ ...access, after: 0, failuresMax: 2 })).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "unavailable" });
    expect(String(failed)).toContain(`The call to ${access.baseUrl ?? ""} failed (connect ECONNREFUSED`);
  });

  test("every number after one, over pages, in order, typed", async () => {
    const { api, access } = await startApi({ newest: 25, cancelled: new Set([7]) });
    const entries = await collect(catchUp({ ...access, after: 3, limit: 10 }));
    expect(entries.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 22 }, (_, index) => index + 4));
    expect(entries[3]).toEqual({ sequence: 7, state: "cancelled", reason: "unsubscribed" });
    const [first] = entries;
    if (first?.state === "available") expectTypeOf(first.event).toEqualTypeOf<WebhookEvent<"202412">>();
    expect(first).toMatchObject({
      state: "available",
      event: {
        topic: "orders/create",
        deliveryId: "d4",
        eventId: "e4",
        webhookId: "8589934859",
        sequence: 4,
        attempt: 0,
        payload: { order: { id: 4 } },
      },
    });
    expect(api.asked).toEqual([3, 13, 23].map((after) => `/api/202412/app/webhooks/8589934859/events?after=${after}&limit=10`));
    expect(api.tokens).toEqual(new Set(["token"]));
  });

  test("following waits for the next event, until it is told to stop", async () => {
    const { api, access } = await startApi({ newest: 1 });
    const controller = new AbortController();
    const numbers: number[] = [];
    for await (const entry of catchUp({ ...access, after: 0, follow: true, signal: controller.signal })) {
      numbers.push(entry.sequence);
      if (api.newest < 3) api.newest += 1;
      else {
        // The next call hangs, as a long poll does; stopping ends it.
        api.instead.push(() => controller.abort());
      }
    }
    expect(numbers).toEqual([1, 2, 3]);
    expect(api.asked.at(-1)).toContain("&wait=30s");
  });

  test("failures are waited out: longer each time, or as long as Retry-After says; too many end it", async () => {
    const { api, access } = await startApi({ newest: 1 });
    api.instead.push(
      (response) => sendJson(response, 503, {}),
      (response) => response.destroy(),
      (response) => sendJson(response, 429, { error: "slow down", code: "rate_limited" }, { "Retry-After": "7" }),
    );
    expect(await collect(catchUp({ ...access, after: 0 }))).toHaveLength(1);
    expect(access.waits).toEqual([1_000, 2_000, 7_000]);
    for (let n = 0; n < 5; n += 1) api.instead.push((response) => sendJson(response, 500, {}));
    expect(await codeOf(collect(catchUp({ ...access, after: 0 })))).toBe("unavailable");
  });

  test("what trying again cannot help against ends it at once, with what the server said", async () => {
    const { api, access } = await startApi({ newest: 30, oldest: 20 });
    for (const status of [401, 403, 404, 422]) {
      api.instead.push((response) => sendJson(response, status, { error: "no", code: "token_invalid" }));
      const failing = collect(catchUp({ ...access, after: 0 }));
      await expect(failing).rejects.toThrow(`${status} (["token_invalid","no"])`);
      expect(await codeOf(failing)).toBe("refused");
    }
    const expired = collect(catchUp({ ...access, after: 5 }));
    await expect(expired).rejects.toMatchObject({ code: "expired", oldest: 20 });
    expect(access.waits).toEqual([]);
  });

  test("an answer that skips a number, repeats one, or is none is not taken", async () => {
    const { api, access } = await startApi();
    const named = { id: "e", deliveryId: "d", topic: "orders/create", shop: "s", apiVersion: "202412", triggeredAt: "x" };
    const good = { sequence: 1, state: "available", ...named, payload: {} };
    const bodies: unknown[] = [
      null,
      {},
      { events: {}, last: 1 },
      { events: [] },
      { events: [{ sequence: 2, state: "available", payload: {} }], last: 2 },
      {
        events: [
          { sequence: 1, state: "erased" },
          { sequence: 1, state: "erased" },
        ],
        last: 1,
      },
      { events: [{ ...good, state: "unheard of" }], last: 1 },
      { events: [{ ...good, state: undefined }], last: 1 },
      { events: [{ sequence: 1, state: "available" }], last: 1 },
      { events: [{ ...good, apiVersion: "202410" }], last: 1 },
      { events: [{ ...good, id: "" }], last: 1 },
    ];
    for (const body of bodies) {
      api.instead.push((response) => sendJson(response, 200, body));
      expect(await codeOf(collect(catchUp({ ...access, after: 0 })))).toBe("malformed");
    }
  });
});

describe("closing gaps", () => {
  test("what is missing is fetched, processed once, and off the list; the end is looked at too", async () => {
    const { api, access } = await startApi({ newest: 12, cancelled: new Set([6]) });
    const detector = gapDetector({ startAt: 1 });
    const store = memoryStore();
    const done: string[] = [];
    const process = (event: WebhookEvent<"202412">) => processOnce(event, store, () => done.push(event.deliveryId));
    for (const sequence of [1, 2, 4, 5, 9]) await detector.observe({ webhookId: access.webhookId, sequence });
    // Number 3 comes after all, while it is being fetched: it is a duplicate for one of the two.
    await store.complete("d3", "");
    expect(await closeGaps({ ...access, detector, process, graceMs: 0, limit: 2 })).toEqual({ processed: 6, lost: [] });
    expect(done).toEqual(["d7", "d8", "d10", "d11", "d12"]);
    expect(await detector.missing(access.webhookId)).toEqual([]);
    expect((await detector.read(access.webhookId))?.highest).toBe(12);
    expect(await closeGaps({ ...access, detector, process, graceMs: 0 })).toEqual({ processed: 0, lost: [] });
    api.newest = 13;
    expect(await closeGaps({ ...access, detector, process })).toEqual({ processed: 1, lost: [] });
  });

  test("a delivery that is being processed at the moment is passed over, and looked at again next time", async () => {
    const { access } = await startApi({ newest: 3 });
    const detector = gapDetector({ startAt: 1 });
    const store = memoryStore();
    const done: string[] = [];
    const process = (event: WebhookEvent<"202412">) => processOnce(event, store, () => done.push(event.deliveryId));
    await store.claim("d2", "another attempt", 60_000, false);
    expect(await closeGaps({ ...access, detector, process })).toEqual({ processed: 2, lost: [] });
    expect(await detector.missing(access.webhookId)).toMatchObject([{ from: 2, to: 2 }]);
    await store.release("d2", "another attempt");
    expect(await closeGaps({ ...access, detector, process, graceMs: 0 })).toEqual({ processed: 1, lost: [] });
    expect([done, await detector.missing(access.webhookId)]).toEqual([["d1", "d3", "d2"], []]);
  });

  test("young gaps are left alone: deliveries overtake each other", async () => {
    const { access } = await startApi({ newest: 3 });
    const detector = gapDetector({ startAt: 1 });
    await detector.observe({ webhookId: access.webhookId, sequence: 3 });
    expect(await closeGaps({ ...access, detector, process: () => undefined })).toEqual({ processed: 0, lost: [] });
    expect(await detector.missing(access.webhookId)).toHaveLength(1);
  });

  test("what the sender keeps no more is said to be lost, once, and the rest is fetched", async () => {
    const { access } = await startApi({ newest: 9, oldest: 5 });
    const detector = gapDetector({ startAt: 1 });
    for (const sequence of [4, 8]) await detector.observe({ webhookId: access.webhookId, sequence });
    const numbers: (number | null)[] = [];
    const process = (event: WebhookEvent): unknown => numbers.push(event.sequence);
    expect(await closeGaps({ ...access, detector, process, graceMs: 0 })).toEqual({ processed: 4, lost: [{ from: 1, to: 3 }] });
    expect(numbers).toEqual([5, 6, 7, 9]);
    expect(await closeGaps({ ...access, detector, process, graceMs: 0 })).toEqual({ processed: 0, lost: [] });
  });

  test("nothing at all was kept of a long absence: the tail's beginning is lost", async () => {
    const { access } = await startApi({ newest: 30, oldest: 28 });
    const detector = gapDetector();
    await detector.observe({ webhookId: access.webhookId, sequence: 10 });
    const result = await closeGaps({ ...access, detector, process: () => undefined });
    expect(result).toEqual({ processed: 3, lost: [{ from: 11, to: 27 }] });
    expect((await detector.read(access.webhookId))?.highest).toBe(30);
  });

  test("stopped by its own process in the middle, it goes on where it was", async () => {
    const { access } = await startApi({ newest: 4 });
    const detector = gapDetector({ startAt: 1 });
    const process = (event: WebhookEvent): void => {
      if (event.sequence === 3) throw new Error("the database is down");
    };
    await expect(closeGaps({ ...access, detector, process })).rejects.toThrow("the database is down");
    expect((await detector.read(access.webhookId))?.highest).toBe(2);
    expect(await closeGaps({ ...access, detector, process: () => undefined })).toEqual({ processed: 2, lost: [] });
  });
});

test("the receiver shows processed events to the detector, duplicates too, and a detector that fails costs nothing", async () => {
  const { fetchReceiver } = await import("../src/index.ts");
  const { signedRequest } = await import("../src/testing/index.ts");
  const detector = gapDetector();
  const errors: unknown[] = [];
  const options = {
    signingSecret: "whsec_AAAA",
    store: memoryStore(),
    onEvent: () => undefined,
    onError: (error: unknown) => errors.push(error),
  };
  const send = async (gaps: { observe(): Promise<unknown> }, sequence: number): Promise<number> => {
    const request = await signedRequest("https://a.example.com/", {
      topic: "orders/create",
      signingSecret: "whsec_AAAA",
      sequence,
      deliveryId: `d${sequence}`,
    });
    return (await fetchReceiver({ ...options, gaps })(request)).status;
  };
  for (const sequence of [1, 2, 4, 4]) expect(await send(detector as never, sequence)).toBe(200);
  expect(await detector.missing("1")).toMatchObject([{ from: 3, to: 3 }]);
  expect(await send({ observe: () => Promise.reject(new Error("down")) }, 5)).toBe(200);
  expect(errors.map(String)).toEqual(["Error: down"]);
});
