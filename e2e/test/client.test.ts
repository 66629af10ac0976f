import { GenhookClient } from "@genhook/client";
import { freePort, startEndpoint } from "@genhook/testkit";
import { expect, test } from "vitest";
import { KEY, makeFolder, ServerProcess, setUp, SHOP } from "../src/server-process.ts";

const EVENTS = 400;
const KILLS = 2;

test("a publisher whose server is killed again and again loses nothing, and nothing comes twice", async () => {
  const folder = makeFolder();
  const endpoint = await startEndpoint();
  const port = await freePort();
  const serve = (): ServerProcess =>
    new ServerProcess(["serve", "--port", String(port), "--data", folder.path, "--allow-private-addresses", "--log-level", "error"]);
  let server = serve();
  const origin = await server.listening();
  await setUp(origin, [endpoint.url]);
  const killAt = Array.from({ length: KILLS }, (_, n) => Math.floor(((n + 1) * EVENTS) / (KILLS + 1)));
  let kills: Promise<void> = Promise.resolve();
  /** In the middle of a batch: while requests are under way. */
  const killAndStart = async (): Promise<void> => {
    server.kill("SIGKILL");
    await server.exited;
    server = serve();
    await server.listening();
  };
  const publisher = new GenhookClient({ origin, key: KEY }).publisher({
    batchEventsMax: 20,
    queueEventsMax: 100,
    onProgress: ({ published }) => {
      if (published < (killAt[0] ?? Number.POSITIVE_INFINITY)) return;
      killAt.shift();
      kills = kills.then(killAndStart);
    },
  });
  const ids: Promise<string>[] = [];
  for (let n = 0; n < EVENTS; n += 1) {
    const { published } = await publisher.add({ shop: SHOP, topic: "orders/create", payload: { order: { id: n + 1 } } });
    ids.push(published.then(({ id }) => id));
  }
  await publisher.close();
  await kills;
  const published = await Promise.all(ids);
  expect(killAt).toEqual([]);
  expect(new Set(published).size).toBe(EVENTS);
  expect(publisher.progress).toMatchObject({ published: EVENTS, failed: 0 });
  expect(publisher.progress.retries).toBeGreaterThanOrEqual(1);
  // At least once: a kill repeats deliveries, but every event arrives and each order is one event.
  const eventsOf = new Map<number, Set<string>>();
  for (let read = 0; eventsOf.size < EVENTS;) {
    await endpoint.waitFor(read + 1);
    for (const { headers, body } of endpoint.received.slice(read)) {
      const { order } = JSON.parse(body.toString()) as { order: { id: number } };
      eventsOf.set(order.id, (eventsOf.get(order.id) ?? new Set()).add(String(headers["x-genstore-event-id"])));
      read += 1;
    }
  }
  expect([...eventsOf.values()].filter((events) => events.size > 1)).toEqual([]);
  server.kill("SIGTERM");
  await server.exited;
  await endpoint.close();
  folder.remove();
});
