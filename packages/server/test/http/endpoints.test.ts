import { BREAKER_FIRST_PROBE_MS, CLOCK_JUMP_MAX_MS } from "@genhook/core";
import type { Endpoint } from "@genhook/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();
const P = "/platform/v1";
const OTHER = "other-shop.genmystore.com";
let app: Installed;
let twin: Installed;
let endpoint: Endpoint;
let status = 200;
let [first, second, elsewhere] = [0, 0, 0];

beforeAll(async () => {
  await h.start({ "retry-waits": "1s,1s,1s,1s,1s,1s,1s" });
  endpoint = await h.endpoint({ answer: () => status });
  app = await h.install({ name: "One" });
  twin = await h.install({ name: "Two" }, OTHER);
  first = await h.subscribe(app, "orders/create", `${endpoint.url}/hooks?tenant=1`);
  second = await h.subscribe(app, "products/delete", `${endpoint.url}/hooks?tenant=2`);
  elsewhere = await h.subscribe(twin, "orders/create", `${endpoint.url}/hooks`);
});
afterAll(() => h.stop());

const get = (path: string): Promise<Answer> => h.call("GET", P + path);
const endpointOf = async (webhook: number): Promise<string> => (await get(`/webhooks/${webhook}`)).body.webhook.endpointId as string;

describe("webhooks, as operators see them", () => {
  it("are all listed, by id, and narrowed by every filter", async () => {
    const list = async (query: string): Promise<number[]> =>
      ((await get(`/webhooks${query}`)).body.webhooks as { id: number }[]).map((each) => each.id);
    expect(await list("")).toEqual([first, second, elsewhere]);
    expect(await list(`?shop=${SHOP}`)).toEqual([first, second]);
    expect(await list(`?clientId=${twin.clientId}`)).toEqual([elsewhere]);
    expect(await list(`?shop=${SHOP}&clientId=${twin.clientId}`)).toEqual([]);
    expect(await list("?topic=products/delete")).toEqual([second]);
    expect(await list(`?shop=${SHOP}&topic=orders/create`)).toEqual([first]);
    expect(await list(`?endpointId=${await endpointOf(second)}`)).toEqual([first, second]);
    expect(await list(`?address=${encodeURIComponent(`${endpoint.url}/hooks`)}`)).toEqual([elsewhere]);
    expect(await list("?status=paused")).toEqual([]);
    expect(await list(`?clientId=${"e".repeat(32)}`)).toEqual([]);
    const page = await get("/webhooks?limit=2");
    const next = /<[^>]*(\?[^>]+)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
    const behind = await get(`/webhooks${next}`);
    expect(behind.body.webhooks).toHaveLength(1);
    const back = /<[^>]*(\?[^>]+)>; rel="previous"/.exec(behind.headers.get("link") ?? "")?.[1] ?? "";
    expect((await get(`/webhooks${back}`)).body.webhooks).toEqual(page.body.webhooks);
  });

  it("are shown with whose they are", async () => {
    const { body } = await get(`/webhooks/${first}`);
    expect(body.webhook).toMatchObject({ id: first, shop: SHOP, clientId: app.clientId, status: "active", held: null, declared: false });
    expect((await get(`/webhooks/${body.webhook.uuid}`)).body).toEqual(body);
    expect((await get("/webhooks/1")).status).toBe(404);
    expect((await get("/webhooks/x")).status).toBe(404);
  });

  it("are paused and made active; the audit says who, with before and after, and the app may lift the pause", async () => {
    const paused = await h.call("PATCH", `${P}/webhooks/${first}`, { status: "paused" });
    expect([paused.status, paused.body.webhook.status]).toEqual([200, "paused"]);
    const again = await h.call("PATCH", `${P}/webhooks/${first}`, { status: "paused" });
    expect(again.body).toEqual(paused.body);
    const records = (await get(`/audit?subject=${encodeURIComponent(`webhook ${app.clientId} ${SHOP} ${first}`)}`)).body.records;
    expect(records).toMatchObject([
      { action: "changeWebhook", before: { status: "active" }, after: { status: "paused" } },
      { action: "createWebhook", actor: `app ${app.clientId} ${SHOP}` },
    ]);
    expect(records[0].actor).toMatch(/^key /);
    const resumed = await h.call("POST", `/api/202412/app/webhooks/${first}/resume`, undefined, { token: app.token });
    expect(resumed.body.webhook.status).toBe("active");
    await h.call("POST", `/api/202412/app/webhooks/${first}/pause`, undefined, { token: app.token });
    expect((await h.call("PATCH", `${P}/webhooks/${first}`, { status: "active" })).body.webhook.status).toBe("active");
  });

  it("have their settings changed without their status", async () => {
    const changed = await h.call("PATCH", `${P}/webhooks/${first}`, { filter: "order.totalPrice > 1", fields: ["order.id"] });
    expect(changed.body.webhook).toMatchObject({ filter: "order.totalPrice > 1", fields: ["order.id"], status: "active" });
    const cleared = await h.call("PATCH", `${P}/webhooks/${first}`, { filter: null, fields: null });
    expect(cleared.body.webhook).not.toHaveProperty("filter");
  });

  it.each([
    [{}, 422, "invalid_member"],
    [{ status: "suspended" }, 422, "invalid_member"],
    [{ status: "active", topic: "orders/paid" }, 422, "unknown_member"],
    [{ filter: "order.totalPrice >" }, 422, "invalid_filter"],
  ])("refuse %j", async (body, expected, code) => {
    const answer = await h.call("PATCH", `${P}/webhooks/${first}`, body);
    expect([answer.status, answer.body.code]).toEqual([expected, code]);
  });

  it("of a lost scope become active with the scope alone, and what is stopped already is not paused", async () => {
    await h.call("PUT", `${P}/installations/${twin.clientId}/${OTHER}`, { scopes: ["read_products", "write_apps"] });
    const lost = await h.call("PATCH", `${P}/webhooks/${elsewhere}`, { status: "active" });
    expect([lost.status, lost.body.code]).toEqual([403, "topic_scope_missing"]);
    await h.call("PUT", `${P}/installations/${twin.clientId}/${OTHER}`, { scopes: ["read_orders", "read_products", "write_apps"] });
    expect((await get(`/webhooks/${elsewhere}`)).body.webhook.status).toBe("active");
    expect((await h.call("PATCH", `${P}/webhooks/1`, { status: "active" })).status).toBe(404);
  });
});

describe("endpoints", () => {
  it("are an app's address without its query; two apps at one address are two", async () => {
    const { body } = await get("/endpoints");
    const ids = [await endpointOf(first), await endpointOf(elsewhere)];
    expect((body.endpoints as { id: string }[]).map((each) => each.id)).toEqual(ids.toSorted());
    const one = (await get(`/endpoints/${ids[0]}`)).body.endpoint;
    expect(one).toMatchObject({
      clientId: app.clientId,
      address: `${endpoint.url}/hooks`,
      host: "127.0.0.1",
      webhooks: { active: 2, paused: 0, suspended: 0, disabled: 0, held: 0 },
      breaker: "closed",
      failingSince: null,
      backlog: { pending: 0, more: false, oldestPendingAt: null },
    });
    expect((await get(`/endpoints?clientId=${twin.clientId}`)).body.endpoints).toHaveLength(1);
    expect((await get("/endpoints?host=127.0.0.1&limit=1")).body.endpoints).toHaveLength(1);
    expect((await get("/endpoints?host=example.com")).body.endpoints).toEqual([]);
    expect((await get("/endpoints?state=held")).body.endpoints).toEqual([]);
    expect((await get("/endpoints/ep_000000000000000000000000")).status).toBe(404);
    const hold = await h.call("POST", `${P}/holds`, { scope: "topic", subject: "products/delete", reason: "r" });
    expect((await get("/endpoints?state=held")).body.endpoints).toMatchObject([{ id: ids[0], webhooks: { active: 2, held: 1 } }]);
    await h.call("DELETE", `${P}/holds/${hold.body.hold.id}`);
  });

  it("a probe is refused while the breaker is closed", async () => {
    const answer = await h.call("POST", `${P}/endpoints/${await endpointOf(first)}/probe`);
    expect([answer.status, answer.body.code]).toEqual([409, "nothing_to_probe"]);
    expect((await h.call("POST", `${P}/endpoints/ep_000000000000000000000000/probe`)).status).toBe(404);
  });

  it("whose breaker is open are shown so, over a restart too; a probe that is asked for goes at once, and lets the rest go", async () => {
    const id = await endpointOf(first);
    status = 503;
    await Promise.all(Array.from({ length: 14 }, () => h.publish("orders/create", ORDER)));
    const open = await h.until(`${P}/endpoints/${id}`, ({ body }) => body.endpoint.breaker === "open");
    expect(open.body.endpoint).toMatchObject({ lastStatus: 503, lastError: null });
    expect(Date.parse(open.body.endpoint.nextProbeAt) - Date.parse(open.body.endpoint.openedAt)).toBeGreaterThan(
      BREAKER_FIRST_PROBE_MS - 1_000,
    );
    expect((await get("/endpoints?state=open")).body.endpoints).toMatchObject([{ id }]);
    expect((await get("/endpoints?state=failing")).body.endpoints).toMatchObject([{ id }]);

    await h.restart();
    const kept = await h.until(`${P}/endpoints/${id}`, ({ body }) => body.endpoint.breaker === "open");
    // Where several processes share a store, its time is as exact as the answers that told it were quick.
    expect(Math.abs(Date.parse(kept.body.endpoint.openedAt) - Date.parse(open.body.endpoint.openedAt))).toBeLessThan(CLOCK_JUMP_MAX_MS);
    expect(kept.body.endpoint.backlog.pending).toBe(14);
    const arrived = endpoint.received.length;
    status = 200;
    // Something is due by now, or will be within a second: each has had at most one attempt.
    let asked = await h.call("POST", `${P}/endpoints/${id}/probe`);
    while (asked.status === 409) asked = await h.call("POST", `${P}/endpoints/${id}/probe`);
    expect(asked.status).toBe(202);
    await endpoint.waitFor(arrived + 14);
    const closed = await h.until(`${P}/endpoints/${id}`, ({ body }) => body.endpoint.backlog.pending === 0);
    expect(closed.body.endpoint).toMatchObject({ breaker: "closed", openedAt: null, failingSince: null });
    expect((await get(`/audit?subject=${encodeURIComponent(`endpoint ${id}`)}`)).body.records).toMatchObject([{ action: "probeEndpoint" }]);
    // Over a restart on PostgreSQL shards and waits of ten seconds add up.
  }, 60_000);
});
