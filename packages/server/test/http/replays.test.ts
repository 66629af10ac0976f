import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Installed } from "../harness.ts";

const harness = new Harness();
let installed: Installed;
let isUp = false;

beforeAll(async () => {
  await harness.start({ "retry-waits": "" });
  installed = await harness.install();
});
afterAll(() => harness.stop());

/** Fewer than make the breaker open. */
const EVENTS = 8;
const REPLAYS = "/platform/v1/replays";
const DELIVERIES = `/platform/v1/deliveries?shop=${SHOP}&limit=250`;

test("dead letters of an endpoint that was down are counted by a dry run, then sent again and arrive", async () => {
  const endpoint = await harness.endpoint({ answer: () => (isUp ? 200 : 500) });
  const webhookId = await harness.subscribe(installed, "orders/create", `${endpoint.url}/hooks`);
  for (let n = 0; n < EVENTS; n += 1) await harness.publish("orders/create", ORDER);
  await harness.until(`${DELIVERIES}&state=dead`, ({ body }) => body.deliveries.length === EVENTS);
  const filter = { webhookId: String(webhookId) };
  const dry = await harness.call("POST", REPLAYS, { filter, dryRun: true });
  expect(dry.status).toBe(202);
  expect(dry.body.replay).toMatchObject({ state: "running", dryRun: true, filter: { state: "dead", ...filter } });
  const counted = await harness.until(`${REPLAYS}/${dry.body.replay.id}`, ({ body }) => body.replay.state === "done");
  expect(counted.body.replay).toMatchObject({ matched: EVENTS, counted: true, done: 0, reopened: 0 });
  isUp = true;
  const { body } = await harness.call("POST", REPLAYS, { filter, ratePerSecond: 500 });
  const done = await harness.until(`${REPLAYS}/${body.replay.id}`, (answer) => answer.body.replay.state === "done");
  expect(done.body.replay).toMatchObject({ matched: EVENTS, done: EVENTS, reopened: EVENTS, ratePerSecond: 500 });
  const delivered = await harness.until(`${DELIVERIES}&state=delivered`, (answer) => answer.body.deliveries.length === EVENTS);
  expect(delivered.body.deliveries.every((each: { round: number }) => each.round === 2)).toBe(true);
});

test("a webhook's id may be given as the number that the API gives it as", async () => {
  const { body } = await harness.call("GET", DELIVERIES);
  const webhookId = body.deliveries[0].webhookId as number;
  const replay = await harness.call("POST", REPLAYS, { filter: { webhookId }, dryRun: true });
  expect([replay.status, replay.body.replay?.filter.webhookId]).toEqual([202, String(webhookId)]);
});

test("a replay is paused, resumed and cancelled; one that has ended says so", async () => {
  const { body } = await harness.call("POST", REPLAYS, { filter: { state: "delivered" }, ratePerSecond: 1 });
  const path = `${REPLAYS}/${body.replay.id}`;
  expect((await harness.call("POST", `${path}/pause`)).body.replay.state).toBe("paused");
  expect((await harness.call("POST", `${path}/resume`)).body.replay.state).toBe("running");
  expect((await harness.call("POST", `${path}/cancel`)).body.replay.state).toBe("cancelled");
  expect(await harness.call("POST", `${path}/resume`)).toMatchObject({ status: 409, body: { code: "replay_ended", member: "id" } });
  const audit = await harness.call("GET", `/platform/v1/audit?subject=replay%20${body.replay.id}`);
  expect(audit.body.records.map((record: { action: string }) => record.action)).toEqual([
    "cancelReplay",
    "resumeReplay",
    "pauseReplay",
    "createReplay",
  ]);
});

test("replays are listed newest first, and paged", async () => {
  const all = await harness.call("GET", REPLAYS);
  const ids = all.body.replays.map((replay: { id: string }) => replay.id) as string[];
  expect(ids.length).toBeGreaterThanOrEqual(3);
  expect(ids).toEqual(ids.toSorted().toReversed());
  const page = await harness.call("GET", `${REPLAYS}?limit=1`);
  const next = /<[^>]*(\/platform[^>]*)>; rel="next"/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
  expect((await harness.call("GET", next)).body.replays.map((replay: { id: string }) => replay.id)).toEqual([ids[1]]);
});

test.each([
  [{}, 422, "missing_member", "filter"],
  [{ filter: {}, dryRun: "yes" }, 422, "invalid_member", "dryRun"],
  [{ filter: { state: "pending" } }, 422, "invalid_member", "filter.state"],
  [{ filter: { stat: "dead" } }, 422, "unknown_member", "filter.stat"],
  [{ filter: {}, ratePerSecond: 0 }, 422, "invalid_member", "ratePerSecond"],
  [{ filter: {}, ratePerSecond: 1.5 }, 422, "invalid_member", "ratePerSecond"],
  [{ filter: { shop: "nobody.genmystore.com" } }, 422, "unknown_shop", "filter.shop"],
  [{ filter: { clientId: "0".repeat(32) } }, 422, "unknown_app", "filter.clientId"],
  [{ filter: { webhookId: "12" } }, 422, "invalid_member", "filter.webhookId"],
  [{ filter: { createTimeMin: "yesterday" } }, 422, "invalid_member", "filter.createTimeMin"],
])("%j is refused: %i %s %s", async (body, status, code, member) => {
  expect(await harness.call("POST", REPLAYS, body)).toMatchObject({ status, body: { code, member } });
});

test("an unknown replay is not found", async () => {
  for (const id of ["0193f0a0-b1c2-7000-8000-000000000000", "x"]) {
    expect(await harness.call("GET", `${REPLAYS}/${id}`)).toMatchObject({ status: 404, body: { code: "not_found" } });
  }
});
