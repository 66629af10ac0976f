import { compile, EmptyAnswer, errorCodesOf, EXAMPLES, pathParameters, ROUTES, type CallExample, type Route } from "@genhook/contract";
import { startEgressProxy, strictSchema, testCertificate, type EgressProxy } from "@genhook/testkit";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, type Answer, type CallOptions } from "../harness.ts";

/**
 * Every example of the documents is carried out against a running server: its body is taken, the answer has the status that the document
 * says, and no member that the document does not know. Only ids and tokens are put in, because the server gives them out.
 */
const h = new Harness();
const folder = mkdtempSync(join(tmpdir(), "genhook-examples-"));
const ids: Record<string, string> = {};
const done = new Set<string>();
let token = "";
/** Of app-wide access. */
let appToken = "";
/** What the endpoint answers. */
let status = 200;
let proxy: EgressProxy;
let flags: Readonly<Record<string, string>> = {};

beforeAll(async () => {
  const endpoint = await h.endpoint({ tls: true, answer: () => status });
  // So the address of the examples leads to an endpoint of this machine, and nothing leaves it.
  proxy = await startEgressProxy({
    names: { "app.example.com": endpoint.port },
    refuse: (to) => (to.startsWith("app.example.com:") ? null : 403),
  });
  const ca = join(folder, "ca.pem");
  writeFileSync(ca, testCertificate.ca);
  flags = { "egress-proxy": proxy.url, "ca-file": ca };
  await h.start(flags);
});
afterAll(async () => {
  await h.stop();
  await proxy.close();
  rmSync(folder, { recursive: true });
});

function routeOf(operation: string): Route {
  const route = ROUTES.find((each) => each.operation === operation);
  if (route === undefined) throw new Error(`there is no call ${operation}`);
  return route;
}

/** Makes the call of an example, with what is put in, and holds the answer against the documents. */
async function carryOut(operation: string, more: CallExample = {}): Promise<Answer> {
  const route = routeOf(operation);
  const example = { ...EXAMPLES[operation], ...more };
  let path = route.path.replace(":version", "202412");
  for (const { name } of pathParameters(route)) {
    const kind = new RegExp(`(\\w+)/:${name}`).exec(route.path)?.[1] ?? "";
    path = path.replace(`:${name}`, ids[kind] ?? example.params?.[name] ?? "");
  }
  const query = example.query === undefined ? "" : `?${new URLSearchParams(example.query).toString()}`;
  const credentials: Record<Route["api"], CallOptions> = { app: { token }, apps: { key: appToken }, platform: {}, open: { key: null } };
  const options = route.isSignIn === true ? { key: null } : credentials[route.api];
  const answer = await h.call(route.method, path + query, example.body, options);
  const statuses = [route.status, ...Object.keys(route.otherStatuses ?? {}).map(Number)];
  expect(statuses, `${operation}: ${answer.text}`).toContain(answer.status);
  expect(answer.headers.get("X-Request-Id"), operation).not.toBeNull();
  if (route.api === "app") expect(answer.headers.get("X-Genstore-Shop-Api-Rate-Limit"), operation).toMatch(/^\d+\/\d+$/);
  if (route.textType === undefined)
    expect([operation, compile(strictSchema(route.answer), "answer")(answer.body)]).toEqual([operation, null]);
  else expect(answer.headers.get("Content-Type")).toContain(route.textType);
  if (route.answer === EmptyAnswer && route.textType === undefined) expect([operation, answer.body]).toEqual([operation, {}]);
  done.add(operation);
  return answer;
}

const bodyOf = (operation: string, more: object): unknown => ({ ...(EXAMPLES[operation]?.body as object), ...more });
const delivered = async (): Promise<void> => {
  await h.until(`/platform/v1/deliveries/${ids["deliveries"]}`, (answer) => answer.body.delivery.state === "delivered");
};

test("the directory: shops, apps, secrets, installations", async () => {
  expect((await carryOut("createShop")).status).toBe(201);
  for (const operation of ["getShop", "putShop", "listShops"]) await carryOut(operation);
  await carryOut("putShop", { body: { plan: "advanced" } });
  await carryOut("createApp", { body: bodyOf("createApp", { clientId: EXAMPLES["getApp"]?.params?.["clientId"] }) });
  for (const operation of ["getApp", "putApp", "listApps", "rotateSecret"]) await carryOut(operation);
  await carryOut("putApp", { body: { name: "Order sync 2" } });
  await carryOut("rotateSecret", { body: { kind: "ed25519", step: "stage" } });
  await carryOut("rotateSecret", { body: { kind: "ed25519", step: "use" } });
  await carryOut("getPublicKeys");
  token = (await carryOut("createInstallation")).body.installation.accessToken as string;
  for (const operation of ["getInstallation", "putInstallation", "listInstallations"]) await carryOut(operation);
});

test("webhooks of an installation, their events and deliveries", async () => {
  ids["webhooks"] = String((await carryOut("createWebhook")).body.webhook.id);
  expect(ids["webhooks"]).toMatch(/^\d+$/);
  for (const operation of ["listWebhooks", "countWebhooks", "getWebhook", "getScopes", "testOwnFilter", "testFilter"])
    await carryOut(operation);
  const published = await carryOut("publishEvents");
  ids["events"] = published.body.event.id as string;
  for (const operation of ["getEvent", "getDecisions"]) await carryOut(operation);
  ids["deliveries"] = (await h.call("GET", `/platform/v1/events/${ids["events"]}`)).body.event.deliveries[0].id as string;
  await delivered();
  for (const operation of ["listDeliveries", "getDelivery", "listOwnDeliveries", "getOwnDelivery"])
    await carryOut(operation, { query: {} });
  await carryOut("listDeliveries");
  await carryOut("listOwnDeliveries");
  await carryOut("replayDelivery");
  await delivered();
  await carryOut("replayOwnDelivery");
  await delivered();
  for (const operation of ["updateWebhook", "pauseWebhook", "resumeWebhook", "testWebhook"]) await carryOut(operation);
  await carryOut("updateWebhook", { body: { webhook: { sequence: true } } });
  await carryOut("testWebhook");
  await carryOut("catchUp", { query: { wait: "30s" } });
});

test("app-wide access, and links", async () => {
  const clientId = EXAMPLES["getApp"]?.params?.["clientId"] ?? "";
  const clientSecret = "a-secret-of-the-examples";
  await h.call("PUT", `/platform/v1/apps/${clientId}`, { clientSecret });
  appToken = (await carryOut("createAppToken", { body: { clientId, clientSecret } })).body.token.token as string;
  for (const operation of ["getAppToken", "getOwnApp", "listAppInstallations", "listAppTopics", "testAppFilter"]) await carryOut(operation);
  const before = { ...ids };
  const made = await carryOut("createAppWebhook", {
    body: { webhook: { shop: EXAMPLES["getShop"]?.params?.["domain"], topic: "orders/create", address: "https://app.example.com/wide" } },
  });
  ids["webhooks"] = String(made.body.webhook.id);
  for (const operation of ["listAppWebhooks", "getAppWebhook", "changeAppWebhook", "pauseAppWebhook", "resumeAppWebhook", "testAppWebhook"])
    await carryOut(operation);
  await carryOut("changeAppWebhook", { body: { filter: null } });
  await carryOut("changeAppWebhook", { body: { sequence: true } });
  await carryOut("testAppWebhook");
  await carryOut("catchUpAppWebhook", { query: { wait: "30s" } });
  for (const operation of ["listAppDeliveries", "getAppDelivery", "getAppDeliveryPayload", "getAppDecisions", "getAppStats"])
    await carryOut(operation);
  await carryOut("listAppDeliveries", { query: {} });
  await delivered();
  await carryOut("replayAppDelivery");
  await delivered();
  await carryOut("createAppReplay");
  await h.call("DELETE", `/apps/v1/webhooks/${ids["webhooks"]}`, undefined, { key: appToken });
  const slow = await carryOut("createAppReplay", { body: { filter: { state: "delivered" }, ratePerSecond: 1 } });
  ids["replays"] = slow.body.replay.id as string;
  for (const operation of ["pauseAppReplay", "getAppReplay", "listAppReplays", "resumeAppReplay", "cancelAppReplay"])
    await carryOut(operation);
  Object.assign(ids, before);
  await carryOut("rotateAppSecret", { body: { kind: "client", step: "stage" } });
  await h.call("POST", "/apps/v1/secrets", { kind: "client", step: "revoke" }, { key: appToken });
  const link = await carryOut("createPortalLink");
  ids["links"] = link.body.id as string;
  await carryOut("listPortalLinks");
  await carryOut("openPortalLink", { body: { code: new URL(link.body.url as string).hash.slice(1) } });
  expect((await carryOut("revokePortalLink")).body).toEqual({});
});

test("order keys that wait for a dead letter", async () => {
  await h.restart({ ...flags, "retry-waits": "10ms", "attempt-timeout": "500ms" });
  status = 500;
  const before = { ...ids };
  const webhook = { topic: "orders/create", address: "https://app.example.com/in-order", ordered: true };
  const made = await h.call("POST", "/api/202412/app/webhooks", { webhook }, { token });
  const { id: ordered } = made.body.webhook as { id: number };
  const own = (event: { deliveries: { id: string; webhookId: number; state: string }[] }) =>
    event.deliveries.find((each) => each.webhookId === ordered);
  for (const skip of ["skipDelivery", "skipOwnDelivery", "skipAppDelivery"]) {
    const body = bodyOf("publishEvents", { idempotencyKey: skip, orderKey: skip });
    const { id } = (await h.call("POST", "/platform/v1/events", body)).body.event;
    const shown = await h.until(`/platform/v1/events/${id}`, ({ body: { event } }) => own(event)?.state === "dead");
    ids["deliveries"] = own(shown.body.event)?.id ?? "";
    for (const list of ["listBlockedKeys", "listOwnBlockedKeys", "listAppBlockedKeys"]) {
      expect((await carryOut(list, { query: {} })).body.blockedKeys, list).toHaveLength(1);
      await carryOut(list);
    }
    await carryOut(skip);
  }
  await h.call("DELETE", `/api/202412/app/webhooks/${ordered}`, undefined, { token });
  Object.assign(ids, before);
  status = 200;
  await h.restart(flags);
});

test("replays, statistics, the audit, keys, topics", async () => {
  expect((await carryOut("createReplay")).status).toBe(202);
  const slow = await carryOut("createReplay", { body: { filter: { state: "delivered" }, ratePerSecond: 1 } });
  ids["replays"] = slow.body.replay.id as string;
  for (const operation of ["pauseReplay", "getReplay", "listReplays", "resumeReplay", "cancelReplay"]) await carryOut(operation);
  ids["keys"] = (await carryOut("createKey")).body.key.id as string;
  for (const operation of ["getStats", "listAudit", "listTopics", "listKeys", "revokeKey"]) await carryOut(operation);
  await carryOut("listAudit", { query: {} });
});

test("operating: everybody's webhooks, endpoints, holds", async () => {
  for (const operation of ["listAllWebhooks", "getAnyWebhook", "changeWebhook", "resumeWebhook"]) await carryOut(operation);
  ids["endpoints"] = (await carryOut("getAnyWebhook")).body.webhook.endpointId as string;
  for (const operation of ["listEndpoints", "getEndpoint", "resumeEndpoint"]) await carryOut(operation, { query: {} });
  for (const body of [bodyOf("changeEndpoint", {}), { ratePerSecond: null }]) await carryOut("changeEndpoint", { body });
  ids["holds"] = (await carryOut("createHold", { body: bodyOf("createHold", { endsAt: "2125-01-02T18:00:00Z" }) })).body.hold.id as string;
  await carryOut("getAnyWebhook");
  await carryOut("getWebhook");
  for (const operation of ["listHolds", "getHold", "releaseHold"]) await carryOut(operation);
  await carryOut("updateWebhook", { body: { webhook: { filter: null } } });
  status = 503;
  const publish = (): Promise<Answer> => carryOut("publishEvents", { body: bodyOf("publishEvents", { idempotencyKey: undefined }) });
  await Promise.all(Array.from({ length: 12 }, publish));
  await h.until(`/platform/v1/endpoints/${ids["endpoints"]}`, (answer) => answer.body.endpoint.breaker === "open");
  await publish();
  expect((await carryOut("probeEndpoint")).status).toBe(202);
  expect((await carryOut("listEndpoints")).body.endpoints).toHaveLength(1);
  for (const operation of ["listAppEndpoints", "getAppEndpoint", "resumeAppEndpoint"]) await carryOut(operation, { query: {} });
  expect((await carryOut("listAppEndpoints")).body.endpoints).toHaveLength(1);
  await publish();
  expect((await carryOut("probeAppEndpoint")).status).toBe(202);
  status = 200;
});

test("what asks for no credentials", async () => {
  expect((await carryOut("getHealth")).body).toEqual({ alive: true });
  for (const operation of ["getReadiness", "getMetrics", "getOpenApi", "getAsyncApi", "getDocs"]) await carryOut(operation);
});

test("the end of everything", async () => {
  const made = await h.call("POST", "/apps/v1/webhooks", EXAMPLES["createAppWebhook"]?.body, { key: appToken });
  const before = ids["webhooks"] ?? "";
  ids["webhooks"] = String(made.body.webhook.id);
  await carryOut("deleteAppWebhook");
  ids["webhooks"] = before;
  await carryOut("revokeAppToken");
  for (const operation of ["deleteWebhook", "uninstall"]) expect((await carryOut(operation)).body).toEqual({});
  await h.call("PUT", `/platform/v1/installations/${EXAMPLES["getApp"]?.params?.["clientId"]}/${EXAMPLES["getShop"]?.params?.["domain"]}`, {
    scopes: [],
  });
  for (const operation of ["deleteInstallation", "deleteApp", "deleteShop"]) await carryOut(operation);
});

/** They change nothing that an operator set: they publish, only try something out, or find nothing to do here. */
const NO_CHANGES: ReadonlySet<string> = new Set([
  "publishEvents",
  "testWebhook",
  "testFilter",
  "testOwnFilter",
  "resumeEndpoint",
  "testAppWebhook",
  "testAppFilter",
  "resumeAppEndpoint",
]);

test("every call that changed something left a record", async () => {
  const changes = ROUTES.filter(({ method, operation }) => method !== "GET" && !NO_CHANGES.has(operation)).map(
    ({ operation }) => operation,
  );
  const without: string[] = [];
  for (const operation of changes) {
    const found = await h.call("GET", `/platform/v1/audit?action=${operation}&limit=1`);
    if ((found.body.records as unknown[]).length === 0) without.push(operation);
  }
  expect(without).toEqual([]);
});

test("no call was left out", () => {
  expect(ROUTES.map(({ operation }) => operation).filter((operation) => !done.has(operation))).toEqual([]);
  expect(errorCodesOf(routeOf("createWebhook")).length).toBeGreaterThan(10);
});
