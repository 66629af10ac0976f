import type { EndpointState, Failing } from "@genhook/core";
import { verifySignature } from "@genhook/receiver";
import { openSqliteStore } from "@genhook/storage";
import type { Endpoint, Received } from "@genhook/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";
import { startMailServer, type MailServer } from "./mail-server.ts";

const h = new Harness();
const P = "/platform/v1";
const HOUR = 3_600_000;
const FLAGS = { "retry-waits": "200ms,200ms,200ms,200ms,200ms,200ms,200ms", "mail-from": "Hooks <hooks@example.com>" };
let mail: MailServer;
let contact: Endpoint;
let endpoint: Endpoint;
let status = 500;
let app: Installed;
let webhooks: number[] = [];
let id = "";

beforeAll(async () => {
  mail = await startMailServer();
  await h.start();
  contact = await h.endpoint();
  endpoint = await h.endpoint({ answer: () => status });
  app = await h.install({ name: "Shipping", contact: { url: `${contact.url}/notices`, email: "dev@example.com" } });
  webhooks = [
    await h.subscribe(app, "orders/create", `${endpoint.url}/hooks?a=1`),
    await h.subscribe(app, "orders/paid", `${endpoint.url}/hooks?a=2`),
  ];
  id = (await get(`/webhooks/${webhooks[0]}`)).body.webhook.endpointId as string;
});
afterAll(async () => {
  await h.stop();
  await mail.close();
});

const get = (path: string): Promise<Answer> => h.call("GET", P + path);
const start = (): Promise<Harness> => h.start({ ...FLAGS, "smtp-url": `smtp://127.0.0.1:${mail.port}` });

/** The server as it would be after the endpoint has failed for so long: what its owner had written down by then. */
async function afterFailingFor(hours: number, more: Partial<Failing>): Promise<void> {
  await h.genhook?.stop();
  const store = await openSqliteStore({ folder: h.folder });
  const now = Date.now();
  const failing: Failing = { since: now - hours * HOUR, attempts: 300, lastAt: now - HOUR, warnedPercent: 0, warnedAt: null, ...more };
  const state: EndpointState = {
    endpoint: id,
    breaker: "closed",
    openedAt: null,
    nextProbeAt: null,
    probeWaitMs: null,
    pausedUntil: null,
    concurrency: 1,
    failing,
    suspendedAt: null,
    lastSuccessAt: null,
    lastFailureAt: failing.lastAt,
    lastStatus: 500,
    lastError: null,
    updatedAt: now,
  };
  await store.endpoints.save([state]);
  await store.close();
  await start();
}

interface Shown {
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What arrived at the contact address, once its signature was checked with the app's signing secret. */
async function read(received: Received | undefined): Promise<Shown> {
  if (received === undefined) throw new Error("nothing arrived");
  expect(received.headers["x-genstore-topic"]).toBeUndefined();
  expect((await verifySignature(received.body, received.headers, app.signingSecret)).id).toMatch(/^ntc_/);
  return JSON.parse(received.body.toString("utf8")) as Shown;
}

it("an app is warned once per step, over restarts, with a signed notice and by e-mail", { timeout: 60_000 }, async () => {
  await afterFailingFor(31, {});
  await h.publish("orders/create", ORDER);
  await Promise.all([contact.waitFor(1), mail.waitFor(1)]);
  const notice = await read(contact.received[0]);
  expect(notice).toMatchObject({
    type: "endpoint.failing",
    data: { clientId: app.clientId, endpointId: id, address: `${endpoint.url}/hooks`, webhooks: 2, percent: 25 },
  });
  expect(Date.parse(notice.data["suspendsAt"] as string)).toBeGreaterThan(Date.now() + 80 * HOUR);
  expect(mail.mails[0]).toMatchObject({ from: "hooks@example.com", to: ["dev@example.com"] });
  expect(mail.mails[0]?.text).toContain("Subject: Webhooks of Shipping are failing");
  expect((await get(`/endpoints/${id}`)).body.endpoint).toMatchObject({ warnedPercent: 25, lastStatus: 500 });

  // The same eight attempts go on failing, here and after another start: nothing is said twice.
  await h.until(`${P}/deliveries?state=dead&webhookId=${webhooks[0]}`, ({ body }) => body.deliveries.length === 1);
  await h.genhook?.stop();
  await start();
  await h.publish("orders/create", ORDER);
  await h.until(`${P}/deliveries?state=dead&webhookId=${webhooks[0]}`, ({ body }) => body.deliveries.length === 2);
  expect((await get(`/endpoints/${id}`)).body.endpoint).toMatchObject({ warnedPercent: 25, failingSince: expect.any(String) as string });
  expect([contact.received.length, mail.mails.length]).toEqual([1, 1]);
});

it(
  "after five days its webhooks are suspended together; what comes is held, and resuming one says so and lets it go",
  { timeout: 60_000 },
  async () => {
    await afterFailingFor(121, { warnedPercent: 75, warnedAt: Date.now() - 30 * HOUR });
    await h.publish("orders/create", ORDER);
    await Promise.all([contact.waitFor(2), mail.waitFor(2)]);
    expect(await read(contact.received[1])).toMatchObject({ type: "endpoint.suspended", data: { endpointId: id, webhooks: 2 } });
    expect(mail.mails[1]?.text).toContain("Subject: Webhooks of Shipping are suspended");
    for (const webhook of webhooks) {
      const { body } = await h.call("GET", `/api/202412/app/webhooks/${webhook}`, undefined, { token: app.token });
      expect(body.webhook).toMatchObject({ status: "suspended", statusReason: "endpoint_failing" });
    }
    const [record] = (await get(`/audit?subject=${encodeURIComponent(`endpoint ${id}`)}`)).body.records;
    expect(record).toMatchObject({ actor: "genhook", action: "suspendEndpoint", after: { webhooks } });
    expect((await get("/endpoints?state=suspended")).body.endpoints).toMatchObject([{ id, webhooks: { suspended: 2 }, suspendsAt: null }]);

    const arrived = endpoint.received.length;
    status = 200;
    const held = await h.publish("orders/create", ORDER);
    const other = await h.publish("orders/paid", ORDER);
    expect((await get("/stats")).body.now.held).toBe(3);
    expect(endpoint.received).toHaveLength(arrived);
    await h.call("POST", `/api/202412/app/webhooks/${webhooks[0]}/resume`, undefined, { token: app.token });
    // The event that was being tried when it was suspended, and the one that came later.
    await endpoint.waitFor(arrived + 2);
    await Promise.all([contact.waitFor(3), mail.waitFor(3)]);
    expect(await read(contact.received[2])).toMatchObject({ type: "endpoint.resumed", data: { endpointId: id } });
    await h.until(`${P}/events/${held.body.event.id}`, ({ body }) => body.event.deliveries[0].state === "delivered");
    const still = await get(`/events/${other.body.event.id}`);
    expect(still.body.event.deliveries[0]).toMatchObject({ state: "pending", attemptCount: 0 });

    const resumed = await h.call("POST", `${P}/endpoints/${id}/resume`);
    expect(resumed.body.endpoint.webhooks).toMatchObject({ active: 2, suspended: 0 });
    await h.until(`${P}/events/${other.body.event.id}`, ({ body }) => body.event.deliveries[0].state === "delivered");
    const metrics = await h.call("GET", "/metrics");
    expect(metrics.text).toContain("genhook_endpoints_suspended 0");
    expect(metrics.text).toContain('genhook_notices_total{channel="email",result="sent"} 2');
    expect([contact.received.length, mail.mails.length]).toEqual([3, 3]);
    expect((await get(`/endpoints/${id}`)).body.endpoint).toMatchObject({ failingSince: null, failedAttempts: 0 });
  },
);

it("without a mail server nobody is mailed, and an app without a contact is suspended all the same", { timeout: 60_000 }, async () => {
  expect((await h.call("PUT", `${P}/apps/${app.clientId}`, { contact: {} })).status).toBe(200);
  status = 500;
  await afterFailingFor(121, { warnedPercent: 75, warnedAt: Date.now() - 30 * HOUR });
  await h.publish("orders/create", ORDER);
  await h.until(`${P}/webhooks/${webhooks[0]}`, ({ body }) => body.webhook.status === "suspended");
  expect((await get(`/webhooks/${webhooks[0]}`)).body.webhook.shop).toBe(SHOP);
  expect([contact.received.length, mail.mails.length]).toEqual([3, 3]);
});
