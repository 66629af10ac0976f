import type { Endpoint } from "@genhook/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();
const P = "/platform/v1";
/** Moments are shown in whole milliseconds. */
const ROUNDING_MS = 1;
let app: Installed;
let endpoint: Endpoint;
let webhook = 0;
let endpointId = "";

beforeAll(async () => {
  await h.start();
  endpoint = await h.endpoint();
  app = await h.install({ name: "Slow" });
  webhook = await h.subscribe(app, "orders/create", `${endpoint.url}/hooks`);
  endpointId = (await h.call("GET", `${P}/webhooks/${webhook}`)).body.webhook.endpointId as string;
});
afterAll(() => h.stop());

const put = (settings: object): Promise<Answer> =>
  h.call("PUT", `/api/202412/app/webhooks/${webhook}`, { webhook: settings }, { token: app.token });
const limit = (body: unknown): Promise<Answer> => h.call("PATCH", `${P}/endpoints/${endpointId}`, body);
const shown = async (): Promise<unknown[]> => {
  const { endpoint: one } = (await h.call("GET", `${P}/endpoints/${endpointId}`)).body;
  return [one.ratePerSecond, one.effectiveRatePerSecond];
};

/** Publishes so many, waits until they are delivered, and answers when their attempts started. */
async function startsOf(count: number): Promise<number[]> {
  const arrived = endpoint.received.length;
  for (let n = 0; n < count; n += 1) await h.publish("orders/create", ORDER);
  await endpoint.waitFor(arrived + count);
  await h.until(`${P}/endpoints/${endpointId}`, ({ body }) => body.endpoint.backlog.pending === 0);
  const { deliveries } = (await h.call("GET", `${P}/deliveries?webhookId=${webhook}&limit=${count}`)).body;
  const details = await Promise.all((deliveries as { id: string }[]).map(({ id }) => h.call("GET", `${P}/deliveries/${id}`)));
  return details.map(({ body }) => Date.parse(body.delivery.attempts[0].at as string)).toSorted((a, b) => a - b);
}

/** The shortest time between two starts. */
function shortestGap(starts: readonly number[]): number {
  return Math.min(...starts.slice(1).map((at, index) => at - (starts[index] ?? 0)));
}

describe("a rate", () => {
  it("that a webhook asks for holds for its endpoint: attempts start no sooner one after the other", async () => {
    const answer = await put({ ratePerSecond: 10 });
    expect([answer.status, answer.body.webhook.ratePerSecond]).toEqual([200, 10]);
    expect(await shown()).toEqual([null, 10]);
    const starts = await startsOf(8);
    expect(starts).toHaveLength(8);
    expect(shortestGap(starts)).toBeGreaterThanOrEqual(100 - ROUNDING_MS);
  });

  it("that the operator sets for the endpoint holds where it is the lower one; the audit has it, and a restart does not end it", async () => {
    const answer = await limit({ ratePerSecond: 5 });
    expect([answer.status, answer.body.endpoint.ratePerSecond, answer.body.endpoint.effectiveRatePerSecond]).toEqual([200, 5, 5]);
    await limit({ ratePerSecond: 5 });
    const { records } = (await h.call("GET", `${P}/audit?subject=${encodeURIComponent(`endpoint ${endpointId}`)}`)).body;
    expect(records).toMatchObject([{ action: "changeEndpoint", before: { ratePerSecond: null }, after: { ratePerSecond: 5 } }]);
    await h.restart();
    expect(await shown()).toEqual([5, 5]);
    expect(shortestGap(await startsOf(4))).toBeGreaterThanOrEqual(200 - ROUNDING_MS);
    expect((await limit({ ratePerSecond: 5_000 })).body.endpoint.effectiveRatePerSecond).toBe(10);
    expect((await limit({ ratePerSecond: null })).body.endpoint.ratePerSecond).toBeNull();
  });

  it("is shown to the app's developers, who set it with app-wide access as well", async () => {
    const token = await h.call("POST", "/apps/v1/token", { clientId: app.clientId, clientSecret: app.clientSecret }, { key: null });
    const key = token.body.token.token as string;
    await limit({ ratePerSecond: 3 });
    const own = await h.call("GET", `/apps/v1/endpoints/${endpointId}`, undefined, { key });
    expect(own.body.endpoint).toMatchObject({ ratePerSecond: 3, effectiveRatePerSecond: 3 });
    const changed = await h.call("PATCH", `/apps/v1/webhooks/${webhook}`, { ratePerSecond: 0.5 }, { key });
    expect(changed.body.webhook).toMatchObject({ ratePerSecond: 0.5, shop: SHOP });
    expect(await shown()).toEqual([3, 0.5]);
    await limit({ ratePerSecond: null });
    const cleared = await h.call("PATCH", `${P}/webhooks/${webhook}`, { ratePerSecond: null });
    expect(cleared.body.webhook).not.toHaveProperty("ratePerSecond");
    expect(await shown()).toEqual([null, null]);
  });

  it.each([0, 0.09, 10_001, -1, "5", true])("of %j is refused, and the member named", async (ratePerSecond) => {
    const inWebhook = await put({ ratePerSecond });
    expect([inWebhook.status, inWebhook.body.code, inWebhook.body.member]).toEqual([422, "invalid_member", "webhook.ratePerSecond"]);
    const ofEndpoint = await limit({ ratePerSecond });
    expect([ofEndpoint.status, ofEndpoint.body.code, ofEndpoint.body.member]).toEqual([422, "invalid_member", "ratePerSecond"]);
    expect(ofEndpoint.body.error).toContain("0.1 to 10000");
  });

  it("is refused where it says nothing: of no endpoint, in pull mode, or beside what is not known", async () => {
    expect((await limit({})).body).toMatchObject({ code: "missing_member", member: "ratePerSecond" });
    expect((await limit({ ratePerSecond: 5, burst: 10 })).body).toMatchObject({ code: "unknown_member", member: "burst" });
    const nobody = await h.call("PATCH", `${P}/endpoints/ep_000000000000000000000000`, { ratePerSecond: 5 });
    expect([nobody.status, nobody.body.code]).toEqual([404, "not_found"]);
    const pull = { topic: "orders/paid", mode: "pull", ratePerSecond: 5 };
    const refused = await h.call("POST", "/api/202412/app/webhooks", { webhook: pull }, { token: app.token });
    expect([refused.status, refused.body.code, refused.body.member]).toEqual([422, "invalid_member", "webhook.ratePerSecond"]);
  });

  it("goes with the address when the webhook is pulled instead, and is not kept for later", async () => {
    await put({ ratePerSecond: 7, sequence: true });
    const pulled = await put({ mode: "pull" });
    expect(pulled.status).toBe(200);
    expect(pulled.body.webhook).not.toHaveProperty("ratePerSecond");
    const back = await put({ mode: "push", address: `${endpoint.url}/hooks` });
    expect(back.body.webhook).not.toHaveProperty("ratePerSecond");
    expect(await shown()).toEqual([null, null]);
  });
});
