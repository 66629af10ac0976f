import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveSettings, startGenhook, type Genhook } from "@genhook/server";
import { startEndpoint } from "@genhook/testkit";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from "vitest";
import { ApiError, GenhookClient, PublishError, type EventToPublish } from "../src/index.ts";

const KEY = "test-platform-key-with-32-characters";
const SHOP = "suns-shop.genmystore.com";
const folder = mkdtempSync(join(tmpdir(), "genhook-client-"));
let genhook: Genhook | null = null;
let client = new GenhookClient({ origin: "http://127.0.0.1:1", key: KEY });

beforeAll(async () => {
  const flags = { port: "0", data: folder, "allow-private-addresses": true, "platform-key": KEY, "log-level": "silent" };
  const resolved = resolveSettings(flags, {});
  if (!resolved.ok) throw new Error(resolved.errors.join("\n"));
  const onFatal = (error: Error): never => {
    throw error;
  };
  genhook = await startGenhook(resolved.settings, pino({ level: "silent" }), onFatal, null);
  client = new GenhookClient({ origin: genhook.origin, key: KEY });
  await client.call("createShop", { body: { domain: SHOP } });
});
afterAll(async () => {
  await genhook?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const order = (n: number, more: Partial<EventToPublish> = {}): EventToPublish =>
  ({ shop: SHOP, topic: "orders/create", payload: { order: { id: n + 1 } }, ...more }) as EventToPublish;

describe("calls", () => {
  test("are typed by operation, and lists are iterated over page by page", async () => {
    for (let n = 0; n < 5; n += 1) await client.call("putShop", { params: { domain: `shop-${n}.example.com` }, body: { plan: "basic" } });
    const domains: string[] = [];
    for await (const shop of client.entries("listShops", { query: { limit: 2 } })) {
      expectTypeOf(shop.plan).toEqualTypeOf<"none" | "basic" | "standard" | "advanced">();
      domains.push(shop.domain);
    }
    expect(domains.length).toBe(6);
    expect(new Set(domains).size).toBe(6);
    let pages = 0;
    for await (const { shops } of client.pages("listShops", { query: { limit: 4 } })) pages += shops.length > 0 ? 1 : 0;
    expect(pages).toBe(2);
  });

  test("of an app go with its token", async () => {
    const endpoint = await startEndpoint();
    const { app } = await client.call("createApp", { body: { name: "Stock sync" } });
    const scopes = ["read_orders", "write_apps"];
    const { installation } = await client.call("createInstallation", { body: { clientId: app.clientId, shop: SHOP, scopes } });
    const own = new GenhookClient({ origin: client.origin, accessToken: installation.accessToken ?? "" });
    const { webhook } = await own.call("createWebhook", { body: { webhook: { topic: "orders/create", address: endpoint.url } } });
    const { deliveries } = await client.publish(order(1));
    expect(deliveries).toBe(1);
    await endpoint.waitFor(1);
    await own.call("deleteWebhook", { params: { id: webhook.id } });
    await endpoint.close();
  });

  test("without credentials are refused before they are made; an error has code, status and member", async () => {
    expect(() => new GenhookClient({ origin: client.origin, key: "" })).toThrow(/key: it is empty/);
    expect(() => new GenhookClient({ origin: client.origin } as never)).toThrow(/accessToken: it is empty or missing/);
    expect(() => new GenhookClient({ origin: client.origin, key: `${KEY}\n` })).toThrow(/a line break/);
    for (const origin of ["127.0.0.1:8080", "localhost:8080", "ftp://a.example", "https://a.example/platform/v1", "https://a.example/?x"])
      expect(() => new GenhookClient({ origin, key: KEY })).toThrow(/origin must be/);
    const error = await client.call("createShop", { body: { domain: "not a domain" } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: "invalid_member", status: 422, member: "domain" });
  });
});

describe("publishing", () => {
  test("one event; under the same key it is the same event", async () => {
    const first = await client.publish(order(2, { idempotencyKey: "order 2" }));
    expect(first).toMatchObject({ duplicate: false, idempotencyKey: "order 2" });
    expect(await client.publish(order(2, { idempotencyKey: "order 2" }))).toEqual({ ...first, duplicate: true });
    const { event } = await client.call("getEvent", { params: { id: first.id } });
    expect(event.payload).toEqual({ order: { id: 3 } });
    const error = await client.publish(order(3, { idempotencyKey: "order 2" })).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ code: "idempotency_key_reused", isKnown: true, idempotencyKey: "order 2" });
  });

  test("digits beyond 2^53 arrive as they were given", async () => {
    const { id } = await client.publish({
      shop: SHOP,
      topic: "orders/create",
      payloadJson: '{"order":{"id":1,"totalPrice":9007199254740993.10}}',
    });
    const response = await fetch(`${client.origin}/platform/v1/events/${id}`, { headers: { Authorization: `Bearer ${KEY}` } });
    expect(await response.text()).toContain('"totalPrice":9007199254740993.10');
  });

  test("thousands, some of them wrong: each promise has its own answer", async () => {
    const publisher = client.publisher();
    const results = await Promise.allSettled(
      Array.from({ length: 2_000 }, (_, n) =>
        publisher.publish(order(n, n % 100 === 7 ? { topic: "not/there" } : { idempotencyKey: `many ${n}` })),
      ),
    );
    await publisher.close();
    for (const [n, result] of results.entries()) {
      if (n % 100 === 7) expect(result).toMatchObject({ status: "rejected", reason: { code: "unknown_topic", member: "topic" } });
      else expect(result).toMatchObject({ status: "fulfilled", value: { idempotencyKey: `many ${n}`, duplicate: false } });
    }
    expect(publisher.progress).toMatchObject({ published: 1_980, failed: 20, retries: 0, queued: 0 });
  });

  test("an answer that is lost on the way: the same event, once", async () => {
    const proxy = await proxyThatLosesAnswers(new URL(client.origin).port);
    proxy.loseNext();
    const behind = new GenhookClient({ origin: proxy.origin, key: KEY });
    expect(await behind.publish(order(4))).toMatchObject({ duplicate: true });
    const publisher = behind.publisher();
    proxy.loseNext();
    const published = await Promise.all(Array.from({ length: 50 }, (_, n) => publisher.publish(order(n))));
    expect(new Set(published.map(({ id }) => id)).size).toBe(50);
    expect(publisher.progress).toMatchObject({ published: 50, duplicates: 50, retries: 1 });
    await publisher.close();
    await proxy.close();
  });
});

interface LosingProxy {
  readonly origin: string;
  /** Cuts the connection when the first bytes of the next answer arrive. */
  loseNext(): void;
  close(): Promise<void>;
}

async function proxyThatLosesAnswers(port: string): Promise<LosingProxy> {
  let isNextLost = false;
  const open = new Set<Socket>();
  const server: Server = createServer((downstream) => {
    const upstream = connect(Number(port), "127.0.0.1");
    downstream.pipe(upstream);
    upstream.on("data", (chunk) => {
      if (!isNextLost) return downstream.write(chunk);
      isNextLost = false;
      upstream.destroy();
      return downstream.destroy();
    });
    for (const socket of [upstream, downstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
    }
    downstream.on("close", () => upstream.destroy());
    upstream.on("close", () => downstream.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNext: () => {
      isNextLost = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
