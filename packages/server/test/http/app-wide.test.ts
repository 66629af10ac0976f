import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";
import type { Endpoint } from "@genhook/testkit";

/** App-wide access, as an app's developer uses it: over all shops of the app, and over nothing else. */
const h = new Harness();
const OTHER_SHOP = "moons-shop.genmystore.com";
const FAR_SHOP = "far-shop.genmystore.com";
const NOBODY = "0".repeat(32);
let endpoint: Endpoint;
let app: Installed;
/** Another app, on a shop that the first one is on, and on one that it is not. */
let rival: Installed;
let token = "";

beforeAll(async () => {
  endpoint = await h.endpoint();
  await h.start({ "trust-proxy": "loopback" });
  app = await h.install();
  await h.call("PUT", `/platform/v1/shops/${OTHER_SHOP}`, { plan: "advanced" });
  await h.call("PUT", `/platform/v1/shops/${FAR_SHOP}`, { plan: "advanced" });
  await h.call("PUT", `/platform/v1/installations/${app.clientId}/${OTHER_SHOP}`, { scopes: ["read_orders"] });
  rival = await h.installOn(SHOP);
  await h.call("PUT", `/platform/v1/installations/${rival.clientId}/${FAR_SHOP}`, { scopes: ["read_orders"] });
  token = await signIn(app);
});
afterAll(() => h.stop());

async function exchange({ clientId, clientSecret }: Pick<Installed, "clientId" | "clientSecret">, from = "198.18.0.1"): Promise<Answer> {
  return h.call("POST", "/apps/v1/token", { clientId, clientSecret }, { key: null, headers: { "X-Forwarded-For": from } });
}
const signIn = async (of: Installed): Promise<string> => (await exchange(of)).body.token.token as string;
const call = (method: string, path: string, body?: unknown, key: string = token): Promise<Answer> =>
  h.call(method, `/apps/v1${path}`, body, { key });
const subscribe = (shop: string, path: string, more: object = {}): Promise<Answer> =>
  call("POST", "/webhooks", { webhook: { shop, topic: "orders/create", address: `${endpoint.url}/${path}`, ...more } });

async function makeLink(more: object = {}): Promise<{ readonly id: string; readonly code: string; readonly url: URL }> {
  const made = await h.call("POST", "/platform/v1/portal-links", { clientId: app.clientId, can: ["read"], minutes: 5, ...more });
  expect(made.status).toBe(201);
  const url = new URL(made.body.url as string);
  return { id: made.body.id as string, code: url.hash.slice(1), url };
}
const openLink = ({ id, code }: { readonly id: string; readonly code: string }): Promise<Answer> =>
  h.call("POST", `/apps/v1/portal-links/${id}/token`, { code }, { key: null, headers: { "X-Forwarded-For": `198.18.9.${id.length}` } });

describe("a token", () => {
  test("is given for client id and secret, in any case of the id, for an hour, and says what it may do", async () => {
    const answer = await exchange({ ...app, clientId: app.clientId.toLowerCase() });
    expect(answer).toMatchObject({ status: 201, body: { token: { clientId: app.clientId, shop: null, can: ["read", "replay", "edit"] } } });
    const leftMs = Date.parse(answer.body.token.expiresAt as string) - Date.now();
    expect(leftMs).toBeGreaterThan(3_500_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
    const { token: text, ...rest } = answer.body.token as { token: string };
    expect((await call("GET", "/token", undefined, text)).body).toEqual({ token: rest });
    expect((await call("GET", "/app", undefined, text)).body.app).toMatchObject({ clientId: app.clientId, name: "An app" });
  });

  test("is refused alike for a wrong secret, an unknown app, and a secret that is not in use yet; who guesses has to wait", async () => {
    const staged = await h.call("POST", `/platform/v1/apps/${rival.clientId}/secrets`, { kind: "client", step: "stage" });
    const wrong = [
      { clientId: app.clientId, clientSecret: rival.clientSecret },
      { clientId: NOBODY, clientSecret: app.clientSecret },
      { clientId: rival.clientId, clientSecret: staged.body.secret.secret as string },
      { clientId: app.clientId, clientSecret: app.signingSecret },
    ];
    const bodies = await Promise.all(wrong.map(async (each) => [(await exchange(each)).status, (await exchange(each)).body]));
    for (const each of bodies)
      expect(each).toEqual([401, { error: "The client id or the client secret is wrong.", code: "token_invalid" }]);
    await h.call("POST", `/platform/v1/apps/${rival.clientId}/secrets`, { kind: "client", step: "revoke" });
    const statuses: number[] = [];
    for (let n = 0; n < 22; n += 1) statuses.push((await exchange({ ...app, clientSecret: `guess-${n}` }, "198.18.1.1")).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([401, 429]);
    expect((await exchange(app, "198.18.1.2")).status).toBe(201);
  });

  test("lives on while its secret is being replaced, and ends with it, with a sign-out, and with the app", async () => {
    const own = await h.installOn(SHOP);
    const [first, second] = [await signIn(own), await signIn(own)];
    const status = async (of: string): Promise<number> => (await call("GET", "/webhooks", undefined, of)).status;
    expect(await call("DELETE", "/token", undefined, second)).toMatchObject({ status: 200, body: {} });
    expect([await status(first), await status(second)]).toEqual([200, 401]);
    // The developer does it alone: the secret that is used from now on signs in, and the one before it still does.
    const staged = await call("POST", "/secrets", { kind: "client", step: "stage" }, first);
    expect((await call("POST", "/secrets", { kind: "client", step: "use" }, first)).status).toBe(200);
    const next = await signIn({ ...own, clientSecret: staged.body.secret.secret as string });
    expect((await exchange(own)).status).toBe(201);
    expect((await call("POST", "/secrets", { kind: "client", step: "revoke" }, first)).status).toBe(200);
    expect([await status(first), await status(next), (await exchange(own)).status]).toEqual([401, 200, 401]);
    await h.call("DELETE", `/platform/v1/apps/${own.clientId}`);
    expect(await status(next)).toBe(401);
    // The same client id again is another app.
    const again = await h.call("PUT", `/platform/v1/apps/${own.clientId}`, { name: "Again", clientSecret: staged.body.secret.secret });
    expect([again.status, await status(next)]).toEqual([201, 401]);
  });

  test("is kept as a hash alone, and each one given stands in the audit with the app's name", async () => {
    const { body } = await h.call("GET", `/platform/v1/audit?action=createAppToken&subject=app ${app.clientId}`);
    expect(body.records[0]).toMatchObject({ actor: expect.stringMatching(`^app ${app.clientId} token `) as string, before: null });
    expect(JSON.stringify(body)).not.toContain("gap_");
  });
});

describe("everything of the app, on all its shops", () => {
  let delivery = "";
  let webhooks: { id: number; shop: string; endpointId: string }[] = [];

  test("webhooks are made, seen, changed, paused, tried and ended", async () => {
    for (const shop of [SHOP, OTHER_SHOP]) expect((await subscribe(shop, "own")).status).toBe(201);
    const spare = (await subscribe(SHOP, "spare")).body.webhook as { id: number };
    const list = await call("GET", "/webhooks?limit=2");
    expect(list.body.webhooks).toHaveLength(2);
    expect(list.headers.get("Link")).toContain("/apps/v1/webhooks?limit=2&pageToken=");
    webhooks = (await call("GET", "/webhooks?topic=orders/create")).body.webhooks as typeof webhooks;
    expect(webhooks.map(({ shop }) => shop)).toEqual([SHOP, OTHER_SHOP, SHOP]);
    const path = `/webhooks/${spare.id}`;
    expect((await call("PATCH", path, { filter: "order.totalPrice > 100", fields: ["order.id"] })).body.webhook).toMatchObject({
      filter: "order.totalPrice > 100",
      fields: ["order.id"],
      shop: SHOP,
      clientId: app.clientId,
      held: null,
    });
    expect((await call("POST", `${path}/pause`)).body.webhook.status).toBe("paused");
    expect(await call("POST", `${path}/test`)).toMatchObject({ status: 409, body: { code: "webhook_not_active" } });
    const moved = await call("PATCH", path, { address: `${endpoint.url}/moved`, filter: null });
    expect(moved.body.webhook).toMatchObject({ status: "active", address: `${endpoint.url}/moved` });
    expect(moved.body.webhook.filter).toBeUndefined();
    expect(await call("PATCH", path, { status: "paused", topic: "orders/paid" })).toMatchObject({
      status: 422,
      body: { member: "status" },
    });
    const tried = await call("POST", `${path}/test`);
    expect(tried.status).toBe(202);
    await endpoint.waitFor(1);
    expect(await call("DELETE", path)).toMatchObject({ status: 200, body: {} });
    expect((await call("GET", path)).status).toBe(404);
    const { records } = (await h.call("GET", `/platform/v1/audit?subject=webhook ${app.clientId} ${SHOP} ${spare.id}`)).body;
    const found = records as { action: string; actor: string }[];
    expect(found.map(({ action }) => action)).toEqual([
      "deleteAppWebhook",
      "changeAppWebhook",
      "pauseAppWebhook",
      "changeAppWebhook",
      "createAppWebhook",
    ]);
    for (const { actor } of found) expect(actor).toMatch(new RegExp(`^app ${app.clientId} token `));
  });

  test("what a shop did not grant, or an address that is refused, is said with its member", async () => {
    expect(await subscribe(OTHER_SHOP, "x", { topic: "products/create" })).toMatchObject({
      status: 403,
      body: { code: "topic_scope_missing" },
    });
    expect(await subscribe(SHOP, "x", { address: "nowhere" })).toMatchObject({ status: 422, body: { member: "webhook.address" } });
    expect(await subscribe(SHOP, "x", { filter: "order. >" })).toMatchObject({ status: 422, body: { code: "invalid_filter" } });
  });

  test("deliveries of all shops are listed, read with what they carry, and sent again", async () => {
    for (const shop of [SHOP, OTHER_SHOP]) await h.publish("orders/create", ORDER, { shop });
    const shopsOf = (answer: Answer): Set<string> => new Set((answer.body.deliveries as { shop: string }[]).map(({ shop }) => shop));
    const both = await h.until("/apps/v1/deliveries?state=delivered", (answer) => shopsOf(answer).size >= 2, { key: token });
    expect(shopsOf(both)).toEqual(new Set([SHOP, OTHER_SHOP]));
    const [{ id }] = (await call("GET", `/deliveries?shop=${OTHER_SHOP}`)).body.deliveries as [{ id: string }];
    delivery = id;
    const full = await call("GET", `/deliveries/${id}`);
    expect(full.body.delivery).toMatchObject({ shop: OTHER_SHOP, state: "delivered", attempts: [{ status: 200 }] });
    expect((await call("GET", `/deliveries/${id}/payload`)).text).toBe(`{"payload":${JSON.stringify(ORDER)}}`);
    expect((await call("GET", "/deliveries?state=pending")).status).toBe(200);
    expect((await call("GET", `/deliveries?state=pending&shop=${SHOP}`)).status).toBe(200);
    expect((await call("POST", `/deliveries/${id}/replay`)).status).toBe(202);
    await h.until(`/apps/v1/deliveries/${id}`, (answer) => answer.body.delivery.state === "delivered", { key: token });
  });

  test("a replay, the reasons, endpoints, shops, topics and counts are the app's own", async () => {
    const job = await call("POST", "/replays", { filter: { state: "delivered", shop: OTHER_SHOP }, dryRun: true });
    expect(job.body.replay).toMatchObject({ filter: { clientId: app.clientId, shop: OTHER_SHOP } });
    const done = await h.until(`/apps/v1/replays/${job.body.replay.id}`, (answer) => answer.body.replay.state === "done", { key: token });
    expect(done.body.replay.matched).toBe(1);
    const operators = await h.call("POST", "/platform/v1/replays", { filter: { clientId: app.clientId }, dryRun: true });
    expect((await call("GET", "/replays")).body.replays.map(({ id }: { id: string }) => id)).toEqual([job.body.replay.id]);
    expect((await call("GET", `/replays/${operators.body.replay.id}`)).status).toBe(404);
    const event = (await call("GET", `/deliveries/${delivery}`)).body.delivery.eventId as string;
    expect((await call("GET", `/events/${event}/decisions`)).body.decisions).toMatchObject([{ reason: "matched", deliveryId: delivery }]);
    const { endpoints } = (await call("GET", "/endpoints")).body;
    expect(endpoints).toMatchObject([{ clientId: app.clientId, webhooks: { active: 2 }, held: null }]);
    expect((await call("GET", `/endpoints/${endpoints[0].id}`)).body.endpoint.backlog).toMatchObject({ pending: 0 });
    expect(await call("POST", `/endpoints/${endpoints[0].id}/probe`)).toMatchObject({ status: 409, body: { code: "nothing_to_probe" } });
    expect((await call("GET", "/installations")).body.installations.map(({ shop }: { shop: string }) => shop)).toEqual([SHOP, OTHER_SHOP]);
    expect((await call("GET", "/topics")).body.topics.length).toBeGreaterThan(10);
    const stats = await call("GET", "/stats?step=1h");
    const delivered = (stats.body.series as { delivered: number }[]).reduce((sum, each) => sum + each.delivered, 0);
    expect([delivered, stats.body.now]).toEqual([3, { pending: 0, held: 0, oldestPendingAt: null }]);
  });

  test("what is tried again is in the list of all shops, with the reason, and the state asks for it alone", async () => {
    const failing = await h.endpoint({ answer: () => 401 });
    const lost = await h.installOn(SHOP, { name: "Lost" });
    const own = { key: await signIn(lost) };
    const webhook = { shop: SHOP, topic: "orders/create", address: `${failing.url}/hooks` };
    expect((await h.call("POST", "/apps/v1/webhooks", { webhook }, own)).status).toBe(201);
    const { body } = await h.publish("orders/create", ORDER);
    await failing.waitFor(1);
    for (const query of ["", "?state=pending"]) {
      const { body: listed } = await h.until(`/apps/v1/deliveries${query}`, (answer) => answer.body.deliveries[0]?.lastStatus === 401, own);
      expect(listed.deliveries).toMatchObject([{ eventId: body.event.id, state: "pending", attemptCount: 1 }]);
    }
    const path = `/platform/v1/deliveries?clientId=${lost.clientId}`;
    expect((await h.call("GET", path)).body.deliveries).toMatchObject([{ eventId: body.event.id, state: "pending" }]);
  });

  test("a quiet app's delivery is on the first page, also of its deleted webhook, however much others got since", async () => {
    const quiet = await h.installOn(SHOP, { name: "Quiet" }, ["read_customers", "write_apps"]);
    const own = { key: await signIn(quiet) };
    const pull = (topic: string, of: string): Promise<Answer> =>
      h.call("POST", "/apps/v1/webhooks", { webhook: { shop: SHOP, topic, mode: "pull" } }, { key: of });
    const made = await pull("customers/create", own.key);
    const { body: owed } = await h.publish("customers/create", { customer: { id: "7", createdAt: "2024-12-30T23:59:59Z" } });
    expect(owed.event.deliveries).toBe(1);
    const { body: loud } = await pull("orders/update", token);
    // More than one page looks through.
    const events = Array.from({ length: 1_000 }, () => ({ shop: SHOP, topic: "orders/update", payload: ORDER }));
    for (let n = 0; n < 3; n += 1) await h.call("POST", "/platform/v1/events", events);
    const states = `/platform/v1/deliveries?webhookId=${loud.webhook.id}&limit=1`;
    await h.until(`${states}&state=delivered`, ({ body }) => body.deliveries.length === 1);
    await h.until(`${states}&state=pending`, ({ body }) => body.deliveries.length === 0);
    await h.call("DELETE", `/apps/v1/webhooks/${made.body.webhook.id}`, undefined, own);
    for (const path of ["/apps/v1/deliveries", `/platform/v1/deliveries?clientId=${quiet.clientId}`]) {
      const listed = await h.call("GET", path, undefined, path.startsWith("/apps") ? own : {});
      expect(listed.body.deliveries.map((each: { eventId: string }) => each.eventId)).toEqual([owed.event.id]);
      expect(listed.headers.get("link")).toBeNull();
    }
  });

  test("a delivery is listed under the topic that its webhook had then, however much the app's others got since", async () => {
    const lost = await h.installOn(SHOP, { name: "Of two topics" }, ["read_orders", "read_customers", "write_apps"]);
    const own = { key: await signIn(lost) };
    const pull = { shop: SHOP, topic: "customers/create", mode: "pull" };
    const made = await h.call("POST", "/apps/v1/webhooks", { webhook: pull }, own);
    const { body: owed } = await h.publish("customers/create", { customer: { id: "8", createdAt: "2024-12-30T23:59:59Z" } });
    const moved = await h.call("PATCH", `/apps/v1/webhooks/${made.body.webhook.id}`, { topic: "customers/update" }, own);
    expect([moved.status, moved.body.webhook.topic]).toEqual([200, "customers/update"]);
    const loud = await h.call("POST", "/apps/v1/webhooks", { webhook: { ...pull, topic: "orders/update" } }, own);
    for (let n = 0; n < 2; n += 1) {
      const events = Array.from({ length: 1_000 }, () => ({ shop: SHOP, topic: "orders/update", payload: ORDER }));
      expect((await h.call("POST", "/platform/v1/events", events)).status).toBe(202);
    }
    const of = `/platform/v1/deliveries?webhookId=${loud.body.webhook.id}&limit=1`;
    await h.until(`${of}&state=delivered`, ({ body }) => body.deliveries[0]?.state === "delivered");
    await h.until(`${of}&state=pending`, ({ body }) => body.deliveries.length === 0);
    const listed = await h.call("GET", "/apps/v1/deliveries?topic=customers/create", undefined, own);
    expect(listed.body.deliveries.map((each: { eventId: string }) => each.eventId)).toEqual([owed.event.id]);
    const none = await h.call("GET", "/apps/v1/deliveries?topic=products/create", undefined, own);
    expect([none.body.deliveries, none.headers.get("link")]).toEqual([[], null]);
  });

  test("a hold is told in general words", async () => {
    const hold = await h.call("POST", "/platform/v1/holds", { scope: "app", subject: app.clientId, reason: "INC-7: they do not pay" });
    const answers = [await call("GET", `/webhooks/${webhooks[0]?.id}`), await call("GET", `/endpoints/${webhooks[0]?.endpointId}`)];
    for (const { text } of answers) {
      expect(text).toContain("The operator has this app's deliveries stopped for now.");
      expect(text).not.toContain("INC-7");
    }
    await h.call("DELETE", `/platform/v1/holds/${hold.body.hold.id}`);
  });
});

describe("events of a numbered webhook", () => {
  const read = (id: number, query: string, key = token): Promise<Answer> => call("GET", `/webhooks/${id}/events${query}`, undefined, key);

  test("are read over any shop, and waited for; whoever may not any more is told so in the middle of the waiting", async () => {
    const pull = { webhook: { shop: OTHER_SHOP, topic: "orders/cancelled", mode: "pull" } };
    const { id } = (await call("POST", "/webhooks", pull)).body.webhook as { id: number };
    const waiting = read(id, "?after=0&wait=60s");
    const { body } = await h.publish("orders/cancelled", ORDER, { shop: OTHER_SHOP });
    const page = await waiting;
    expect(page).toMatchObject({ status: 200, body: { last: 1, events: [{ sequence: 1, id: body.event.id, shop: OTHER_SHOP }] } });
    expect(page.text).toContain(`"payload":${JSON.stringify(ORDER)}`);

    const narrow = (await openLink(await makeLink({ shop: SHOP }))).body.token.token as string;
    expect((await read(id, "?after=0", narrow)).status).toBe(404);
    expect((await read(id, "?after=0", await signIn(rival))).status).toBe(404);
    expect((await read(id, "?after=x")).body).toMatchObject({ code: "invalid_member", member: "after" });

    const other = await signIn(app);
    const [ended, lost] = [read(id, "?after=1&wait=60s", other), read(id, "?after=1&wait=60s")];
    // It is only ended once both wait.
    await h.until("/metrics", ({ text }) => text.includes("\ngenhook_catch_up_waiting 2\n"), { key: null });
    await call("DELETE", "/token", undefined, other);
    await call("DELETE", `/webhooks/${id}`);
    expect((await ended).body).toMatchObject({ code: "token_invalid" });
    expect((await lost).status).toBe(404);
  });

  test("are none of a webhook without numbers, or of one that belongs to the app itself", async () => {
    const { id } = (await subscribe(SHOP, "unnumbered")).body.webhook as { id: number };
    expect(await read(id, "?after=0")).toMatchObject({ status: 409, body: { code: "webhook_not_numbered" } });
    await call("DELETE", `/webhooks/${id}`);
    const webhooks = [{ topic: "app/uninstalled", address: `${endpoint.url}/own` }];
    await h.call("PUT", `/platform/v1/apps/${app.clientId}`, { webhooks });
    const listed = (await call("GET", "/webhooks?limit=250")).body.webhooks as { id: number; shop: string | null }[];
    const declared = listed.find(({ shop }) => shop === null);
    expect(await read(declared?.id ?? 0, "?after=0")).toMatchObject({ status: 422, body: { code: "not_installed" } });
    await h.call("PUT", `/platform/v1/apps/${app.clientId}`, { webhooks: [] });
  });
});

describe("what is another app's", () => {
  test("is not told apart from what there never was", async () => {
    const theirs = await h.subscribe(rival, "orders/create", `${endpoint.url}/rival`);
    const far = (
      await h.call(
        "POST",
        "/apps/v1/webhooks",
        { webhook: { shop: FAR_SHOP, topic: "orders/create", address: `${endpoint.url}/far` } },
        { key: await signIn(rival) },
      )
    ).body.webhook as { id: number; endpointId: string };
    const published = await h.publish("orders/create", ORDER, { shop: FAR_SHOP });
    const event = published.body.event.id as string;
    const shown = await h.until(`/platform/v1/events/${event}`, (answer) => answer.body.event.deliveries[0]?.state === "delivered");
    const rivalJob = await h.call("POST", "/apps/v1/replays", { filter: {}, dryRun: true }, { key: await signIn(rival) });
    const unknownEvent = "0193f5e2-8c1f-7abc-9def-0123456789ab".replace("0193f5e2", event.slice(0, 8));
    const unknownDelivery = `dlv_${unknownEvent.replaceAll("-", "")}_8589999999`;
    const pairs: [method: string, theirs: string, none: string, body?: unknown][] = [];
    for (const id of [theirs, far.id].map(String)) {
      pairs.push(["GET", `/webhooks/${id}`, "/webhooks/8589999999"], ["DELETE", `/webhooks/${id}`, "/webhooks/8589999999"]);
      pairs.push(["PATCH", `/webhooks/${id}`, "/webhooks/8589999999", { status: "paused" }]);
      pairs.push(
        ...["pause", "resume", "test"].map((step): [string, string, string] => [
          "POST",
          `/webhooks/${id}/${step}`,
          `/webhooks/8589999999/${step}`,
        ]),
      );
      pairs.push(["GET", `/deliveries?webhookId=${id}`, "/deliveries?webhookId=8589999999"]);
    }
    const { id } = shown.body.event.deliveries[0] as { id: string };
    for (const [method, end] of [
      ["GET", ""],
      ["GET", "/payload"],
      ["POST", "/replay"],
    ] as const)
      pairs.push([method, `/deliveries/${id}${end}`, `/deliveries/${unknownDelivery}${end}`]);
    pairs.push(["GET", `/events/${event}/decisions`, `/events/${unknownEvent}/decisions`]);
    pairs.push(["GET", `/deliveries?eventId=${event}`, `/deliveries?eventId=${unknownEvent}`]);
    pairs.push(["GET", `/deliveries?shop=${FAR_SHOP}`, "/deliveries?shop=nobody.genmystore.com"]);
    pairs.push(["GET", `/webhooks?shop=${FAR_SHOP}`, "/webhooks?shop=nobody.genmystore.com"]);
    pairs.push(["GET", `/installations?clientId=${rival.clientId}`, `/installations?clientId=${NOBODY}`]);
    pairs.push(["GET", `/endpoints?clientId=${rival.clientId}`, `/endpoints?clientId=${NOBODY}`]);
    const noEndpoint = `ep_${"0".repeat(24)}`;
    for (const [method, end] of [
      ["GET", ""],
      ["POST", "/probe"],
      ["POST", "/resume"],
    ] as const)
      pairs.push([method, `/endpoints/${far.endpointId}${end}`, `/endpoints/${noEndpoint}${end}`]);
    const job = rivalJob.body.replay.id as string;
    for (const end of ["", "/pause", "/resume", "/cancel"])
      pairs.push([end === "" ? "GET" : "POST", `/replays/${job}${end}`, `/replays/${unknownEvent}${end}`]);
    for (const [method, own, none, body] of pairs) {
      const [a, b] = [await call(method, own, body), await call(method, none, body)];
      expect([method, own, a.status, a.text]).toEqual([method, own, b.status, b.text]);
    }
    const makes: readonly (readonly [string, object, object])[] = [
      ["/replays", { filter: { shop: FAR_SHOP } }, { filter: { shop: "nobody.genmystore.com" } }],
      ["/replays", { filter: { clientId: rival.clientId } }, { filter: { clientId: NOBODY } }],
      ["/replays", { filter: { webhookId: far.id } }, { filter: { webhookId: 8_589_999_999 } }],
      ...["shop"].map((member) => {
        const of = (shop: string): object => ({ webhook: { [member]: shop, topic: "orders/create", address: `${endpoint.url}/x` } });
        return ["/webhooks", of(FAR_SHOP), of("nobody.genmystore.com")] as const;
      }),
    ];
    for (const [path, own, none] of makes) {
      const [a, b] = [await call("POST", path, own), await call("POST", path, none)];
      const bare = ({ status, body }: Answer): unknown => [path, status, body.code, body.member];
      expect(bare(a)).toEqual(bare(b));
      expect(a.status).toBe(422);
    }
    // Nothing of theirs was touched.
    expect((await h.call("GET", `/platform/v1/webhooks/${far.id}`)).body.webhook.status).toBe("active");
  });
});

describe("a portal link", () => {
  test("opens once, with its code alone, and gives what it says and no more", async () => {
    const link = await makeLink({ shop: SHOP, can: ["replay"] });
    expect(link.url.pathname).toBe(`/portal-links/${link.id}`);
    expect((await openLink({ ...link, code: "another" })).status).toBe(401);
    const opened = await openLink(link);
    expect(opened).toMatchObject({ status: 201, body: { token: { shop: SHOP, can: ["read", "replay"] } } });
    expect(await openLink(link)).toMatchObject({ status: 401, body: { code: "token_invalid" } });
    const own = opened.body.token.token as string;
    const seen = (await call("GET", "/webhooks", undefined, own)).body.webhooks as { shop: string }[];
    expect(new Set(seen.map(({ shop }) => shop))).toEqual(new Set([SHOP]));
    expect((await call("GET", `/deliveries?shop=${OTHER_SHOP}`, undefined, own)).body.deliveries).toEqual([]);
    expect((await call("GET", "/app", undefined, own)).body.app).toMatchObject({ secrets: [], contact: {} });
    expect(await call("POST", "/secrets", { kind: "client", step: "stage" }, own)).toMatchObject({
      status: 403,
      body: { code: "scope_missing" },
    });
    expect((await call("POST", "/webhooks", { webhook: {} }, own)).status).toBe(403);
    const all = (await call("GET", `/deliveries?shop=${OTHER_SHOP}`)).body.deliveries as { id: string }[];
    expect((await call("GET", `/deliveries/${all[0]?.id}`, undefined, own)).status).toBe(404);
  });

  test("is opened by one of two who open it at once", async () => {
    const link = await makeLink();
    const answers = await Promise.all([openLink(link), openLink(link)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201, 401]));
  });

  test("ends, and what was opened with it, when it is revoked; lists show its state and never its code", async () => {
    const [opened, unopened] = [await makeLink(), await makeLink({ frameAncestors: ["https://partners.example.com"] })];
    const own = (await openLink(opened)).body.token.token as string;
    const states = async (): Promise<string[]> => {
      const list = await h.call("GET", `/platform/v1/portal-links?clientId=${app.clientId}&limit=2`);
      expect(list.text).not.toContain(unopened.code);
      return (list.body.portalLinks as { state: string }[]).map(({ state }) => state);
    };
    expect(await states()).toEqual(["unopened", "open"]);
    for (const { id } of [opened, unopened]) expect((await h.call("DELETE", `/platform/v1/portal-links/${id}`)).status).toBe(200);
    expect(await states()).toEqual(["revoked", "revoked"]);
    expect((await call("GET", "/webhooks", undefined, own)).status).toBe(401);
    expect((await openLink(unopened)).status).toBe(401);
    expect((await h.call("DELETE", "/platform/v1/portal-links/01942a7e-5d10-7c3a-9b1f-2f3e4d5c6b7a")).status).toBe(404);
  });

  test("takes only what is an app, a shop that it is on, an hour at most, and origins as frame ancestors", async () => {
    const refused = async (more: object): Promise<unknown> => {
      const answer = await h.call("POST", "/platform/v1/portal-links", { clientId: app.clientId, can: ["read"], minutes: 5, ...more });
      return [answer.status, answer.body.code, answer.body.member];
    };
    expect(await refused({ clientId: NOBODY })).toEqual([422, "unknown_app", "clientId"]);
    expect(await refused({ shop: "nobody.genmystore.com" })).toEqual([422, "unknown_shop", "shop"]);
    expect(await refused({ shop: FAR_SHOP })).toEqual([422, "not_installed", "shop"]);
    expect(await refused({ minutes: 61 })).toEqual([422, "invalid_member", "minutes"]);
    expect(await refused({ can: [] })).toEqual([422, "invalid_member", "can"]);
    for (const origin of ["'self'", "https:", "*", "https://a.example.com; script-src *", "https://a.example.com/path", "data:"])
      expect(await refused({ frameAncestors: [origin] })).toEqual([422, "invalid_member", "frameAncestors[0]"]);
    expect(await refused({ minutes: undefined })).toEqual([422, "missing_member", "minutes"]);
  });
});
