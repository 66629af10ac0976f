import { DirectoryService, GroupCommit, MATCHES_MAX, Publisher, type Subscription } from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, buildSubscription, eventIdAt, NOW } from "@genhook/testkit";
import { expect, test } from "vitest";
import { makePayloads } from "../payload/fixtures.ts";
import { TOPICS } from "../directory/fixtures.ts";

/** A publisher on a store in which this many webhooks of one shop have the topic. */
async function publisherFor(count: number): Promise<Publisher> {
  const store = openMemoryStore();
  const subscriptions = Array.from({ length: count }, (_, index): Subscription => buildSubscription(index + 1, 1, 1));
  await store.directory.commit(
    buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions }),
    1,
  );
  const directory = new DirectoryService({ store, now: () => NOW, onChange: () => undefined });
  await directory.load();
  const timers = {
    after: (delayMs: number, fire: () => void) => {
      const timer = setTimeout(fire, delayMs);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  return new Publisher({
    directory,
    clock: { doubt: null },
    groups: new GroupCommit({ events: store.events, timers, catchUp: (version) => directory.catchUp(version) }),
    topics: TOPICS,
    newEventId: () => eventIdAt(NOW),
    apiVersion: "202412",
    retentionMs: 1_000,
    payloads: makePayloads(),
    digest: () => "0".repeat(32),
    checkPayload: () => null,
    subjectsOf: (_, __, payload) => {
      if (payload === MISTAKE) throw new Error("our mistake");
      return [];
    },
    handOver: () => undefined,
  });
}

/** A payload that we fail on ourselves. */
const MISTAKE = {};
const EVENT = { shop: "shop-1.genmystore.com", topic: "orders/create", payload: new TextEncoder().encode("{}"), payloadValue: {} };

test("an event may match as many webhooks as fit into its transaction, and one more is refused", async () => {
  expect(await (await publisherFor(MATCHES_MAX)).publish(EVENT)).toMatchObject({ ok: true, value: { deliveries: MATCHES_MAX } });
  expect(await (await publisherFor(MATCHES_MAX + 1)).publish(EVENT)).toEqual({
    ok: false,
    refusal: { code: "too_many_matches", message: "The event matches more than 1000 webhooks.", member: "topic" },
  });
});

test("a test event is owed to its webhook alone, and refused where it could not be sent", async () => {
  const publisher = await publisherFor(3);
  const one = buildSubscription(2, 1, 1);
  expect(await publisher.test(one, EVENT.payload)).toMatchObject({ ok: true, value: { deliveries: 1 } });
  for (const status of ["paused", "suspended", "disabled"] as const) {
    expect(await publisher.test({ ...one, status }, EVENT.payload)).toMatchObject({ ok: false, refusal: { code: "webhook_not_active" } });
  }
  const gone = buildSubscription(99, 1, 1);
  expect(await publisher.test(gone, EVENT.payload)).toMatchObject({ ok: true, value: { deliveries: 0 } });
  expect(await publisher.test({ ...one, topic: "orders/unknown" }, EVENT.payload)).toMatchObject({
    ok: false,
    refusal: { code: "unknown_topic" },
  });
});

test("an event that we fail on is told so itself; what was taken before and behind it in the same request is published", async () => {
  const publisher = await publisherFor(1);
  const taken = (payloadValue: unknown): Promise<string> =>
    new Promise((resolve) => {
      publisher.take(
        { ...EVENT, payloadValue },
        { published: ({ ok }) => resolve(ok ? "published" : "refused"), failed: (error) => resolve(String(error)) },
      );
    });
  expect(await Promise.all([taken({}), taken(MISTAKE), taken({})])).toEqual(["published", "Error: our mistake", "published"]);
  await expect(publisher.publish({ ...EVENT, payloadValue: MISTAKE })).rejects.toThrow("our mistake");
});
