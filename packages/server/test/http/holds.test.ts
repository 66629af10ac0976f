import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint } from "@genhook/testkit";
import { Harness, ORDER, SHOP, type Installed } from "../harness.ts";

const h = new Harness();
const P = "/platform/v1";
const OTHER = "other-shop.genmystore.com";
let app: Installed;
let endpoint: Endpoint;
let witness: Endpoint;
let webhook = 0;

beforeAll(async () => {
  await h.start();
  app = await h.install();
  endpoint = await h.endpoint();
  witness = await h.endpoint();
  webhook = await h.subscribe(app, "orders/create", `${endpoint.url}/hooks`);
  // Another app's webhook of another topic, which no hold of these tests covers: what it receives says that sending goes on.
  const bystander = await h.install({ name: "Bystander" }, OTHER);
  await h.subscribe(bystander, "products/delete", `${witness.url.replace("127.0.0.1", "localhost")}/witness`);
});
afterEach(async () => {
  const { body } = await h.call("GET", `${P}/holds?limit=250`);
  for (const { id } of body.holds as { id: string }[]) await h.call("DELETE", `${P}/holds/${id}`);
});
afterAll(() => h.stop());

const hold = (body: unknown): Promise<Awaited<ReturnType<Harness["call"]>>> => h.call("POST", `${P}/holds`, body);
const ids = (at: Endpoint): readonly string[] => at.received.map(({ headers }) => headers["x-genstore-event-id"] ?? "");

/** Resolves once an event that was published after all others so far has arrived elsewhere. */
async function passOthers(): Promise<void> {
  const before = witness.received.length;
  const product = { product: { productId: "1" } };
  expect((await h.publish("products/delete", product, { shop: OTHER })).status).toBe(202);
  await witness.waitFor(before + 1);
}

describe("a hold", () => {
  it.each([
    ["a shop", { scope: "shop", subject: SHOP }],
    ["an app", (): object => ({ scope: "app", subject: app.clientId.toUpperCase() })],
    ["a host", { scope: "host", subject: "127.0.0.1" }],
    ["a topic", { scope: "topic", subject: "orders/create" }],
  ])("of %s: nothing starts after its answer, nothing is lost, and its end lets go what waited", async (_, named) => {
    const warm = await h.publish("orders/create", ORDER);
    await h.until(`${P}/events/${warm.body.event.id}`, ({ body }) => body.event.deliveries[0].state === "delivered");
    const made = await hold({ ...(typeof named === "function" ? named() : named), reason: "the incident of today" });
    expect(made.status).toBe(201);
    const arrived = endpoint.received.length;
    const published = await Promise.all(Array.from({ length: 12 }, () => h.publish("orders/create", ORDER)));
    await passOthers();
    expect(endpoint.received).toHaveLength(arrived);
    const { body } = await h.call("GET", `${P}/deliveries?state=pending&webhookId=${webhook}`);
    expect(body.deliveries).toHaveLength(12);
    expect(body.deliveries[0]).toMatchObject({ attemptCount: 0 });
    expect((await h.call("GET", `${P}/stats`)).body.now).toMatchObject({ held: 12 });

    expect((await h.call("DELETE", `${P}/holds/${made.body.hold.id}`)).status).toBe(200);
    await endpoint.waitFor(arrived + 12);
    expect(new Set(ids(endpoint).slice(arrived))).toEqual(new Set(published.map((each) => each.body.event.id)));
    await h.until(`${P}/deliveries?state=pending&webhookId=${webhook}`, (answer) => answer.body.deliveries.length === 0);
  });

  it("of all ends by itself, and is written down as ended by Genhook", async () => {
    const endsAt = new Date(Date.now() + 1_500).toISOString();
    const made = await hold({ scope: "all", reason: "a migration", endsAt });
    expect(made.body.hold).toMatchObject({ scope: "all", subject: null, endsAt, reason: "a migration" });
    const arrived = endpoint.received.length;
    await h.publish("orders/create", ORDER);
    await endpoint.waitFor(arrived + 1);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(endsAt));
    const { id } = made.body.hold as { id: string };
    const ended = await h.until(`${P}/audit?subject=${encodeURIComponent(`hold ${id}`)}`, ({ body }) => body.records.length === 2);
    expect(ended.body.records[0]).toMatchObject({ actor: "genhook", action: "endHold", after: null });
    expect((await h.call("GET", `${P}/holds/${id}`)).status).toBe(404);
    expect((await h.call("DELETE", `${P}/holds/${id}`)).status).toBe(404);
  });

  it("is seen by the app in general words, and by operators with its reason; a test is refused meanwhile", async () => {
    const made = await hold({ scope: "host", subject: "127.0.0.1", reason: "competitor.example complained" });
    const own = await h.call("GET", `/api/202412/app/webhooks/${webhook}`, undefined, { token: app.token });
    expect(own.body.webhook).toMatchObject({ status: "active", held: { endsAt: null } });
    expect(own.text).not.toContain("complained");
    expect(own.body.webhook.held.reason).toMatch(/operator/);
    const tried = await h.call("POST", `/api/202412/app/webhooks/${webhook}/test`, undefined, { token: app.token });
    expect([tried.status, tried.body.code]).toEqual([409, "webhook_not_active"]);
    const shown = await h.call("GET", `${P}/webhooks/${webhook}`);
    expect(shown.body.webhook.held).toMatchObject({ id: made.body.hold.id, reason: "competitor.example complained", scope: "host" });
    await h.call("DELETE", `${P}/holds/${made.body.hold.id}`);
    const after = await h.call("GET", `/api/202412/app/webhooks/${webhook}`, undefined, { token: app.token });
    expect(after.body.webhook).not.toHaveProperty("held");
  });

  it("of several on the same, each has to go before anything is sent", async () => {
    const [a, b] = [await hold({ scope: "shop", subject: SHOP, reason: "a" }), await hold({ scope: "all", reason: "b" })];
    const arrived = endpoint.received.length;
    const event = await h.publish("orders/create", ORDER);
    await h.call("DELETE", `${P}/holds/${a.body.hold.id}`);
    const still = await h.call("GET", `${P}/webhooks/${webhook}`);
    expect(still.body.webhook.held.id).toBe(b.body.hold.id);
    expect(endpoint.received).toHaveLength(arrived);
    await h.call("DELETE", `${P}/holds/${b.body.hold.id}`);
    await endpoint.waitFor(arrived + 1);
    expect(ids(endpoint).at(-1)).toBe(event.body.event.id);
  });

  it("outlives a restart, with what it holds", async () => {
    const made = await hold({ scope: "app", subject: app.clientId, reason: "over night" });
    const event = await h.publish("orders/create", ORDER);
    const arrived = endpoint.received.length;
    await h.restart();
    await passOthers();
    expect(endpoint.received).toHaveLength(arrived);
    expect((await h.call("GET", `${P}/holds`)).body.holds).toMatchObject([{ id: made.body.hold.id, subject: app.clientId.toLowerCase() }]);
    await h.call("DELETE", `${P}/holds/${made.body.hold.id}`);
    await endpoint.waitFor(arrived + 1);
    expect(ids(endpoint).at(-1)).toBe(event.body.event.id);
  });

  it("is listed in order, both ways, narrowed by scope and subject", async () => {
    const made: string[] = [];
    for (const subject of ["a.example.com", "B.example.com", "a.example.com"]) {
      made.push((await hold({ scope: "host", subject, reason: "r" })).body.hold.id as string);
    }
    const list = async (query: string): Promise<string[]> =>
      ((await h.call("GET", `${P}/holds${query}`)).body.holds as { id: string }[]).map((each) => each.id);
    expect(new Set(await list("?scope=host"))).toEqual(new Set(made));
    expect(await list("?scope=host&subject=b.EXAMPLE.com")).toEqual([made[1]]);
    expect(await list("?scope=topic")).toEqual([]);
    const first = await h.call("GET", `${P}/holds?limit=2`);
    const next = /<[^>]*(\?[^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    const second = await h.call("GET", `${P}/holds${next}`);
    expect([...first.body.holds, ...second.body.holds]).toHaveLength(3);
    expect(second.headers.get("link")).toContain('rel="previous"');
    for (const id of made) expect((await h.call("DELETE", `${P}/holds/${id}`)).status).toBe(200);
  });

  it.each([
    [{}, 422, "missing_member", "scope"],
    [{ scope: "all" }, 422, "missing_member", "reason"],
    [{ scope: "all", reason: "" }, 422, "invalid_member", "reason"],
    [{ scope: "planet", reason: "r" }, 422, "invalid_member", "scope"],
    [{ scope: "all", reason: "r", subject: "x" }, 422, "invalid_member", "subject"],
    [{ scope: "shop", reason: "r" }, 422, "missing_member", "subject"],
    [{ scope: "shop", reason: "r", subject: "nobody.genmystore.com" }, 422, "unknown_shop", "subject"],
    [{ scope: "app", reason: "r", subject: "f".repeat(32) }, 422, "unknown_app", "subject"],
    [{ scope: "topic", reason: "r", subject: "orders/erased" }, 422, "unknown_topic", "subject"],
    [{ scope: "host", reason: "r", subject: "https://a.example.com" }, 422, "invalid_member", "subject"],
    [{ scope: "host", reason: "r", subject: "a.example.com:8443" }, 422, "invalid_member", "subject"],
    [{ scope: "host", reason: "r", subject: "a.example.com:443" }, 422, "invalid_member", "subject"],
    [{ scope: "all", reason: "r", endsAt: "tomorrow" }, 422, "invalid_member", "endsAt"],
    [{ scope: "all", reason: "r", endsAt: "2020-01-01T00:00:00Z" }, 422, "invalid_member", "endsAt"],
    [{ scope: "all", reason: "r", until: "x" }, 422, "unknown_member", "until"],
  ])("refuses %j", async (body, status, code, member) => {
    const answer = await hold(body);
    expect([answer.status, answer.body.code, answer.body.member]).toEqual([status, code, member]);
  });

  it("is an admin's to make; readers list", async () => {
    const made = await h.call("POST", `${P}/keys`, { name: "reader", role: "read" });
    const key = made.body.key.key as string;
    expect((await h.call("POST", `${P}/holds`, { scope: "all", reason: "r" }, { key })).status).toBe(403);
    expect((await h.call("GET", `${P}/holds`, undefined, { key })).body.holds).toEqual([]);
  });
});
