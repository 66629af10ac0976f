import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint } from "@genhook/testkit";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();
const P = "/platform/v1";
const APP = "/api/202412/app";
let app: Installed;
let endpoint: Endpoint;
let created = 0;
let updated = 0;
/** Marks of events that the endpoint has no good answer to, at the first attempt or at all. */
const refusedOnce = new Set<string>();
const refused = new Set<string>();

beforeAll(async () => {
  await h.start({ "attempt-timeout": "1s", "retry-waits": "20ms" });
  app = await h.install();
  endpoint = await h.endpoint({
    answer: ({ body }) => {
      const { mark } = (JSON.parse(body.toString("utf8")) as { order: { mark: string } }).order;
      return refused.has(mark) || refusedOnce.delete(mark) ? 500 : 200;
    },
  });
  created = await subscribe({ topic: "orders/create", ordered: true });
  updated = await subscribe({ topic: "orders/update", ordered: true, onDead: "block" });
});
afterAll(() => h.stop());

const own = (method: string, path: string, body?: unknown): Promise<Answer> => h.call(method, `${APP}${path}`, body, { token: app.token });

async function subscribe(webhook: Readonly<Record<string, unknown>>): Promise<number> {
  const answer = await own("POST", "/webhooks", {
    webhook: { address: `${endpoint.url}/hooks?of=${String(webhook["topic"])}`, ...webhook },
  });
  expect([answer.status, answer.body.webhook.ordered, answer.body.webhook.onDead]).toEqual([201, true, "block"]);
  return answer.body.webhook.id as number;
}

/** An order that the endpoint knows by its order key and number. */
const orderOf = (orderKey: string, n: number): unknown => ({ order: { ...ORDER.order, mark: `${orderKey}, ${n}` } });

/** Publishes events of one key in one request, turns about to the two webhooks; answers their ids. */
async function publish(orderKey: string, count: number): Promise<readonly string[]> {
  const events = Array.from({ length: count }, (_, n) => ({
    shop: SHOP,
    topic: n % 2 === 0 ? "orders/create" : "orders/update",
    payload: orderOf(orderKey, n),
    orderKey,
  }));
  const answer = await h.call("POST", `${P}/events`, events);
  expect(answer.status).toBe(202);
  return (answer.body.events as { id: string }[]).map(({ id }) => id);
}

const arrived = (ids: readonly string[]): readonly string[] =>
  endpoint.received.map(({ headers }) => headers["x-genstore-event-id"] ?? "").filter((id) => ids.includes(id));
const deliveryOf = async (eventId: string): Promise<{ readonly id: string; readonly state: string; readonly reason: string | null }> => {
  const { body } = await h.call("GET", `${P}/events/${eventId}`);
  return body.event.deliveries[0];
};
const final = (eventId: string, state: string): Promise<Answer> =>
  h.until(`${P}/events/${eventId}`, ({ body }) => body.event.deliveries[0].state === state);

describe("ordered webhooks", () => {
  it("of one endpoint get the events of a key one after the other, in the order of one request, over a failure", async () => {
    refusedOnce.add("order 1, 3").add("order 1, 11");
    const ids = await publish("order 1", 12);
    await final(ids.at(-1) ?? "", "delivered");
    const twice = (n: number): readonly string[] => [ids[n] ?? "", ids[n] ?? ""];
    expect(arrived(ids)).toEqual([...ids.slice(0, 3), ...twice(3), ...ids.slice(4, 11), ...twice(11)]);
  });

  it("wait behind a dead letter, say so, and nobody else does; skipped, the key goes on", async () => {
    refused.add("order 2, 1");
    const [first = "", dead = "", ...behind] = await publish("order 2", 30);
    await final(first, "delivered");
    await final(dead, "dead");
    const others = await publish("order 3", 4);
    await final(others.at(-1) ?? "", "delivered");
    const letter = await deliveryOf(dead);
    const { body } = await h.until(
      `${P}/blocked-keys?webhookId=${updated}`,
      (answer) => answer.body.blockedKeys[0]?.pending === behind.length,
    );
    expect(body.blockedKeys).toMatchObject([
      { orderKey: "order 2", deliveryId: letter.id, shop: SHOP, clientId: app.clientId, more: false },
    ]);
    expect((await own("GET", "/blocked-keys")).body).toEqual(body);
    expect((await own("GET", `/blocked-keys?webhookId=${created}`)).body).toEqual({ blockedKeys: [] });
    expect(arrived(behind)).toEqual([]);
    const at = await h.call("GET", `${P}/endpoints/${body.blockedKeys[0].endpointId}`);
    expect(at.body.endpoint.backlog).toMatchObject({ pending: behind.length, more: false });
    const headers = { Authorization: `Bearer ${await h.signIn(app)}` };
    expect((await h.call("GET", "/apps/v1/stats", undefined, { key: null, headers })).body.now.pending).toBe(behind.length);

    const waiting = await h.call("GET", `${P}/deliveries?state=pending&webhookId=${created}&limit=3`);
    expect(waiting.body.deliveries).toHaveLength(3);
    for (const delivery of waiting.body.deliveries)
      expect(delivery).toMatchObject({ reason: "waiting_for_key", nextAttemptAt: null, attemptCount: 0 });
    expect(waiting.headers.get("link")).toContain('rel="next"');
    const one = await own("GET", `/deliveries/${waiting.body.deliveries[0].id}`);
    expect(one.body.delivery).toMatchObject({ state: "pending", reason: "waiting_for_key", waitsFor: letter.id });

    expect((await own("POST", `/deliveries/${waiting.body.deliveries[0].id}/skip`)).body).toMatchObject({ code: "not_blocking" });
    const skipped = await own("POST", `/deliveries/${letter.id}/skip`);
    expect([skipped.status, skipped.body.delivery.state]).toEqual([200, "dead"]);
    await final(behind.at(-1) ?? "", "delivered");
    expect(arrived(behind)).toEqual(behind);
    expect((await h.call("GET", `${P}/blocked-keys`)).body).toEqual({ blockedKeys: [] });
    expect((await h.call("POST", `${P}/deliveries/${letter.id}/skip`)).status).toBe(409);
    const audit = await h.call("GET", `${P}/audit?subject=${encodeURIComponent(`delivery ${letter.id}`)}`);
    expect(audit.body.records[0]).toMatchObject({ action: "skipOwnDelivery", after: { skipped: true } });
  });

  it("go on once the dead letter was replayed with success, and stay as they are when it dies again", async () => {
    refused.add("order 4, 0");
    const [dead = "", ...behind] = await publish("order 4", 6);
    await final(dead, "dead");
    const letter = await deliveryOf(dead);
    expect((await own("POST", `/deliveries/${letter.id}/replay`)).status).toBe(202);
    await h.until(`${P}/events/${dead}`, ({ body }) => body.event.deliveries[0].state === "dead" && body.event.deliveries[0].round === 2);
    expect(arrived(behind)).toEqual([]);
    refused.clear();
    expect((await h.call("POST", `${P}/deliveries/${letter.id}/replay`)).status).toBe(202);
    await final(behind.at(-1) ?? "", "delivered");
    expect(arrived([dead, ...behind]).slice(-6)).toEqual([dead, ...behind]);
  });

  it("stop blocking when nothing asks for it any more: onDead skip, no order, or no webhook", async () => {
    for (const [n, change] of [{ onDead: "skip" }, { ordered: null }, null].entries()) {
      const webhook = await subscribe({ topic: "orders/paid", ordered: true });
      const orderKey = `change ${n}`;
      refused.add(`${orderKey}, 100`);
      const blocked = await h.publish("orders/paid", orderOf(orderKey, 100), { orderKey });
      await final(blocked.body.event.id, "dead");
      const behind = await publish(orderKey, 2);
      await h.until(`${P}/blocked-keys`, ({ body }) => body.blockedKeys[0]?.pending === 2);
      if (change !== null) await h.call("PATCH", `${P}/webhooks/${webhook}`, change);
      else await own("DELETE", `/webhooks/${webhook}`);
      await final(behind.at(-1) ?? "", "delivered");
      await h.until(`${P}/blocked-keys`, ({ body }) => body.blockedKeys.length === 0);
      expect(arrived(behind)).toEqual(behind);
      if (change !== null) await own("DELETE", `/webhooks/${webhook}`);
    }
    refused.clear();
  });

  it("have what they are owed cancelled with them, also what is set aside, and leave the others of their lane alone", async () => {
    refused.add("order 5, 0");
    const [dead = "", ...behind] = await publish("order 5", 5);
    await final(dead, "dead");
    await h.until(`${P}/blocked-keys`, ({ body }) => body.blockedKeys[0]?.pending === 4);
    await own("DELETE", `/webhooks/${updated}`);
    for (const [n, id] of behind.entries()) if (n % 2 === 0) await final(id, "cancelled");
    expect(await deliveryOf(behind[1] ?? "")).toMatchObject({ state: "pending" });
    const letter = await deliveryOf(dead);
    await own("POST", `/deliveries/${letter.id}/skip`);
    await final(behind[3] ?? "", "delivered");
    expect(arrived(behind)).toEqual([behind[1], behind[3]]);
  });

  it("are refused where they make no sense, by the member that is wrong", async () => {
    const webhook = { topic: "orders/paid", address: `${endpoint.url}/other` };
    const wrong = async (more: unknown): Promise<unknown> => {
      const { status, body } = await own("POST", "/webhooks", { webhook: { ...webhook, ...(more as object) } });
      return [status, body.member];
    };
    expect(await wrong({ onDead: "skip" })).toEqual([422, "webhook.onDead"]);
    expect(await wrong({ ordered: "yes" })).toEqual([422, "webhook.ordered"]);
    expect(await wrong({ ordered: true, onDead: "retry" })).toEqual([422, "webhook.onDead"]);
  });
});
