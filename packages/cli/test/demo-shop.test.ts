import { checkPayload } from "@genhook/contract";
import { afterEach, describe, expect, it } from "vitest";
import { OrderBook, type OrderChange } from "../src/demo/order-book.ts";
import type { LocalServer } from "../src/demo/local-server.ts";
import { startOrdersApi } from "../src/demo/orders-api.ts";
import { poll, type ListedOrder } from "../src/demo/compare/poller.ts";
import { plotComparison } from "../src/demo/compare/plot.ts";
import { quantile, Tally } from "../src/demo/compare/tally.ts";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { NOW } from "./harness.ts";

const TOKEN = "the-access-token";
let api: LocalServer | null = null;
afterEach(() => api?.close());

function bookOf(orders: number, everyMs: number = 1_000): OrderBook {
  const book = new OrderBook({ shopDomain: "linen.genmystore.com", seed: 7, firstId: 300_157_930_000_001 });
  for (let n = 0; n < orders; n += 1) book.place(NOW + n * everyMs);
  return book;
}

/** The API of a shop whose clock stands still, unless given. */
async function serve(
  book: OrderBook,
  now: () => number = () => NOW,
): Promise<(path: string, token?: string | null, method?: string) => Promise<Response>> {
  api = await startOrdersApi({ book, accessToken: TOKEN, now });
  const { origin } = api;
  return (path, token = TOKEN, method = "GET") =>
    fetch(`${origin}/api/202412${path}`, { method, headers: token === null ? {} : { "X-Genstore-Access-Token": token } });
}

const idsOf = async (response: Response): Promise<string[]> =>
  ((await response.json()) as { orders: { id: string }[] }).orders.map(({ id }) => id);

describe("the demo shop's orders", () => {
  it("go through their steps, and every change fits its topic", () => {
    const book = bookOf(1);
    const changes: (OrderChange | null)[] = [];
    const { id } = book.list(null, null, 1)[0] ?? expect.fail("there is no order");
    for (let step = 0; step < 3; step += 1) changes.push(book.advance(id, NOW + step));
    expect(changes.map((change) => [change?.topic, change?.version])).toEqual([
      ["orders/paid", 2],
      ["orders/fulfilled", 3],
      [undefined, undefined],
    ]);
    for (const change of changes) if (change !== null) expect(checkPayload(change.topic, "202412", change.payload)).toBeNull();
    expect(book.get(id)).toMatchObject({ financialStatus: "paid", fulfillmentStatus: "fulfilled" });
    expect(book.advance("1", NOW)).toBeNull();
  });

  it("are kept up to a bound: the oldest go, and their ids are no longer found", () => {
    const book = new OrderBook({ shopDomain: "linen.genmystore.com", seed: 7, firstId: 1_000_000_000, keptMax: 100 });
    const ids = Array.from({ length: 105 }, (_, n) => book.place(NOW + n).id);
    expect(book.count(null)).toBe(95);
    expect([book.get(ids[0] ?? ""), book.advance(ids[0] ?? "", NOW)]).toEqual([null, null]);
    expect(book.get(ids[50] ?? "")?.id).toBe(ids[50]);
    expect(book.advance(ids[104] ?? "", NOW)?.version).toBe(2);
  });
});

describe("the demo shop's API", () => {
  it("lists orders by id in pages, counts them and shows one", async () => {
    const get = await serve(bookOf(7));
    const first = await get("/orders?limit=3");
    const link = first.headers.get("Link") ?? "";
    const [, token = ""] = /pageToken=([^&>]+)/.exec(link) ?? [];
    const ids = await idsOf(first);
    const second = await idsOf(await get(`/orders?limit=3&pageToken=${token}`));
    const last = await get(`/orders?sinceId=${second[2] ?? ""}`);
    expect(last.headers.get("Link")).toBeNull();
    expect([...ids, ...second, ...(await idsOf(last))]).toEqual(Array.from({ length: 7 }, (_, n) => String(300_157_930_000_001 + n)));
    expect(await (await get("/orders/count")).json()).toEqual({ count: 7 });
    expect(await (await get(`/orders/${ids[0] ?? ""}`)).json()).toMatchObject({ order: { id: ids[0], financialStatus: "pending" } });
  });

  it("knows createTimeMin, also over pages", async () => {
    const get = await serve(bookOf(7));
    const from = encodeURIComponent(new Date(NOW + 4_000).toISOString());
    expect(await (await get(`/orders/count?createTimeMin=${from}`)).json()).toEqual({ count: 3 });
    const page = await get(`/orders?createTimeMin=${from}&limit=2`);
    const token = /pageToken=([^&>]+)/.exec(page.headers.get("Link") ?? "")?.[1] ?? "";
    expect([...(await idsOf(page)), ...(await idsOf(await get(`/orders?limit=2&pageToken=${token}`)))]).toHaveLength(3);
  });

  it("gives 40 calls, then 2 a second, and says how many are used", async () => {
    let now = NOW;
    const get = await serve(bookOf(1), () => now);
    const answers: [number, string | null][] = [];
    for (let call = 0; call < 41; call += 1) {
      const { status, headers } = await get("/orders/count");
      answers.push([status, headers.get("X-Genstore-Shop-Api-Rate-Limit")]);
    }
    expect([answers[0], answers[39], answers[40]]).toEqual([
      [200, "1/40"],
      [200, "40/40"],
      [429, "40/40"],
    ]);
    const refused = await get("/orders/count");
    expect([refused.headers.get("Retry-After"), await refused.json()]).toEqual(["1", expect.objectContaining({ code: "rate_limited" })]);
    now += 1_000;
    expect([(await get("/orders/count")).status, (await get("/orders/count")).status, (await get("/orders/count")).status]).toEqual([
      200, 200, 429,
    ]);
  });

  it.each([
    ["/orders", null, "GET", 401, "token_missing"],
    ["/orders", "another", "GET", 401, "token_invalid"],
    ["/orders", TOKEN, "POST", 405, "method_not_allowed"],
    ["/products", TOKEN, "GET", 404, "not_found"],
    ["/orders/5", TOKEN, "GET", 404, "not_found"],
    ["/orders?limit=0", TOKEN, "GET", 422, "invalid_member"],
    ["/orders?limit=251", TOKEN, "GET", 422, "invalid_member"],
    ["/orders?sinceId=x", TOKEN, "GET", 422, "invalid_member"],
    ["/orders?createTimeMin=soon", TOKEN, "GET", 422, "invalid_member"],
    ["/orders?pageToken=x", TOKEN, "GET", 400, "malformed_query"],
    ["/orders?pageToken=x&sinceId=1", TOKEN, "GET", 400, "malformed_query"],
  ])("answers %s with token %s by %s with %i %s", async (path, token, method, status, code) => {
    const get = await serve(bookOf(1));
    const response = await get(path, token, method);
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
  });
});

describe("polling", () => {
  it("sees every order, and of each the latest state, page by page and again", async () => {
    const book = bookOf(600);
    api = await startOrdersApi({ book, accessToken: TOKEN, now: () => NOW, bucket: { size: 1_000, perSecond: 1_000 } });
    const seen = new Map<string, ListedOrder>();
    const stop = new AbortController();
    let sweeps = 0;
    const first = book.list(null, null, 1)[0]?.id ?? "";
    await poll({
      origin: api.origin,
      accessToken: TOKEN,
      signal: stop.signal,
      onCall: () => undefined,
      onOrders: (orders) => {
        for (const order of orders) seen.set(order.id, order);
        if (orders[0]?.id !== first) return;
        sweeps += 1;
        if (sweeps === 1) book.advance(first, NOW);
        if (sweeps === 3) stop.abort();
      },
    });
    expect([seen.size, seen.get(first)?.financialStatus]).toEqual([600, "paid"]);
  });
});

describe("what is compared", () => {
  it("a change that was overwritten between two looks is missed; one that comes twice is no news", () => {
    const tally = new Tally();
    expect([tally.saw("a", 1, 10, 0), tally.saw("a", 1, 20, 0), tally.saw("a", 3, 30, 1), tally.saw("b", 2, 40, 1)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect([tally.ordersSeen, tally.changesSeen, tally.missed, tally.age(0.5), tally.age(0.99)]).toEqual([2, 3, 2, 30, 40]);
    expect(tally.seconds.map(({ ages, missed }) => [ages, missed])).toEqual([
      [[10], 0],
      [[30, 40], 2],
    ]);
  });

  it("events may come late and twice", () => {
    const tally = new Tally();
    const events = new Set<string>();
    for (const version of [2, 1, 1, 3]) tally.gotEvent("a", version, 5, 0, events);
    expect([tally.ordersSeen, tally.changesSeen, tally.missed]).toEqual([1, 3, 0]);
    expect(quantile([], 0.5)).toBeNull();
  });

  it("is drawn", () => {
    const polling = new Tally();
    const webhooks = new Tally();
    const events = new Set<string>();
    for (let second = 0; second < 60; second += 1) {
      for (let n = 0; n < 5; n += 1) {
        const id = `${second} ${n}`;
        polling.called(second);
        polling.saw(id, n === 4 ? 3 : 1, 400 + 37 * ((second * 5 + n) % 23), second);
        for (const version of [1, 2, 3]) webhooks.gotEvent(id, version, 4 + ((second + n) % 7), second, events);
      }
    }
    const svg = plotComparison({ polling, webhooks, orders: 300, changes: 900, rate: 5, durationMs: 60_000, elapsedMs: 60_000 });
    const path = fileURLToPath(new URL("golden/comparison.svg", import.meta.url));
    if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, svg);
    expect(svg).toBe(readFileSync(path, "utf8"));
    expect(svg).not.toContain("NaN");
  });
});
