import { openTestDatabases, type TestDatabases } from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ClusterScene } from "../src/cluster-scene.ts";
import { call, publish, settled } from "../src/server-process.ts";

const RATE = 10;
const EVENTS = 60;
/** By how much the first arrival of a span may be late on a busy machine, and make the span look shorter. */
const LATE_MS = 1_000;

let databases: TestDatabases;
let scene: ClusterScene;

beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);
beforeEach(async () => {
  scene = await ClusterScene.open(databases);
});
afterEach(() => scene.close());

test("a rate holds over all processes: whoever takes the events, and whoever comes to own the endpoint while they wait", async () => {
  const [a, b] = [await scene.start(), await scene.start()];
  await scene.shared(a, b);
  const app = await scene.install(a.origin);
  const arrivedAt: number[] = [];
  const endpoint = await scene.endpoint({
    answer: () => {
      arrivedAt.push(performance.now());
      return 200;
    },
  });
  const address = await scene.pathOwnedBy(a, app, endpoint.url);
  const webhook = await scene.subscribe(b.origin, app, address, { ratePerSecond: 100 });
  const { webhook: shown } = await call<{ webhook: { endpointId: string } }>(b.origin, "GET", `/platform/v1/webhooks/${webhook}`);
  const path = `/platform/v1/endpoints/${shown.endpointId}`;
  await call(b.origin, "PATCH", path, { ratePerSecond: RATE });
  // A change binds every process within two seconds; it is seen where it is asked for once it does.
  for (;;) {
    const { endpoint: seen } = await call<{ endpoint: { effectiveRatePerSecond: number } }>(a.origin, "GET", path);
    if (seen.effectiveRatePerSecond === RATE) break;
  }
  const ids = await Promise.all(Array.from({ length: EVENTS }, (_, n) => publish(n % 2 === 0 ? a.origin : b.origin, n)));
  expect(ids.filter((id) => id !== null)).toHaveLength(EVENTS);
  await endpoint.waitFor(EVENTS / 3);
  a.process.kill("SIGTERM");
  await a.process.exited;
  await endpoint.waitFor(EVENTS);
  await settled(b.origin);
  expect(new Set(endpoint.received.map(({ headers }) => headers["webhook-id"])).size).toBe(EVENTS);
  const spanMs = (arrivedAt.at(-1) ?? 0) - (arrivedAt[0] ?? 0);
  expect(arrivedAt).toHaveLength(EVENTS);
  expect(spanMs + LATE_MS).toBeGreaterThanOrEqual(((EVENTS - 1) * 1_000) / RATE);
}, 120_000);
