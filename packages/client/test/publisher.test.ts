import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GenhookClient, PublishError, type Publisher, type PublisherOptions } from "../src/index.ts";
import { ModelServer, order, type Fate } from "./model-server.ts";

function publisherOf(server: ModelServer, options: PublisherOptions = {}): Publisher {
  return new GenhookClient({ origin: "http://model.example", key: "a-key", fetch: server.fetch }).publisher({ lingerMs: 0, ...options });
}

const errorOf = (work: Promise<unknown>): Promise<PublishError> =>
  work.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error as PublishError,
  );

/** A gate that lets nothing through until it is opened. */
function gate(): { readonly promise: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

/** The same, with the waits in it left out. */
async function inNoTime<Value>(work: Promise<Value>): Promise<Value> {
  const state = { isOver: false };
  const over = (): void => {
    state.isOver = true;
  };
  work.then(over, over);
  while (!state.isOver) await vi.advanceTimersByTimeAsync(100);
  return work;
}

/** Lets everything that is due now happen. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Waits are told to `onRetry` and tried with a real server; here they would only make the tests slow. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], shouldAdvanceTime: true });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("batches", () => {
  test("a thousand events go in a few requests, and each promise gets its own answer", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server, { batchEventsMax: 250, inFlightMax: 2 });
    const published = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => publisher.publish(order(n, { idempotencyKey: `order ${n}` }))),
    );
    expect(published.map(({ idempotencyKey }) => idempotencyKey)).toEqual(Array.from({ length: 1_000 }, (_, n) => `order ${n}`));
    for (const { id, idempotencyKey } of published) expect(server.events.get(idempotencyKey)).toBe(id);
    expect(server.requests.length).toBeLessThanOrEqual(5);
    expect(server.underWayMax).toBe(2);
    expect(publisher.progress).toMatchObject({
      queued: 0,
      queuedBytes: 0,
      inFlight: 0,
      published: 1_000,
      duplicates: 0,
      deliveries: 2_000,
    });
  });

  test("are within their bytes, and a larger event goes alone", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server, { batchBytesMax: 1_000, inFlightMax: 1 });
    const large = order(0, { payload: { order: { note: "x".repeat(2_000) } } });
    await Promise.all([order(1), order(2), large, order(3)].map((event) => publisher.publish(event)));
    expect(server.requests.filter(({ bytes }) => bytes > 1_000).map(({ keys }) => keys.length)).toEqual([1]);
    expect(server.events.size).toBe(4);
  });

  test("wait for company, but not when somebody flushes", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server, { lingerMs: 60_000 });
    const added = await Promise.all([publisher.add(order(1)), publisher.add(order(2))]);
    await turn();
    expect(server.requests).toEqual([]);
    await publisher.flush();
    expect(server.requests.map(({ keys }) => keys)).toEqual([added.map(({ idempotencyKey }) => idempotencyKey)]);
    await publisher.close();
  });

  test("digits, order and spaces of a payload given as text arrive as they are", async () => {
    const bodies: string[] = [];
    const client = new GenhookClient({
      origin: "http://model.example",
      key: "a-key",
      fetch: (_, init) => {
        bodies.push(new TextDecoder().decode(init?.body as Uint8Array));
        return Promise.resolve(Response.json({ events: [{ id: "1", deliveries: 0, duplicate: false }] }, { status: 202 }));
      },
    });
    const payloadJson = '{"order": {"total":1.10,\n"id":9007199254740993, "note":"a\\nb"}}';
    await client.publisher({ lingerMs: 0 }).publish({ shop: "a.example", topic: "orders/create", payloadJson, idempotencyKey: "k" });
    expect(bodies[0]).toContain('"payload":{"order": {"total":1.10, "id":9007199254740993, "note":"a\\nb"}}');
    expect(bodies[0]?.trimEnd()).not.toContain("\n");
  });
});

describe("back-pressure", () => {
  test("an event is taken over when there is room, first come first served; what is held is bounded", async () => {
    const server = new ModelServer();
    const { promise, open } = gate();
    server.gate = promise;
    const publisher = publisherOf(server, { queueEventsMax: 3, batchEventsMax: 1, inFlightMax: 1 });
    const entered: number[] = [];
    const adding = [1, 2, 3, 4, 5].map((n) => publisher.add(order(n)).then(() => entered.push(n)));
    await turn();
    expect(entered).toEqual([1, 2, 3]);
    expect(publisher.progress).toMatchObject({ queued: 3, inFlight: 1 });
    open();
    await Promise.all(adding);
    expect(entered).toEqual([1, 2, 3, 4, 5]);
    await publisher.flush();
    expect(server.events.size).toBe(5);
  });

  test("counts bytes as well", async () => {
    const server = new ModelServer();
    const { promise, open } = gate();
    server.gate = promise;
    const publisher = publisherOf(server, { queueBytesMax: 2_000 });
    const large = { payload: { order: { note: "x".repeat(1_500) } } };
    await publisher.add(order(1, large));
    let hasEntered = false;
    const second = publisher.add(order(2, large)).then(() => (hasEntered = true));
    await turn();
    expect(hasEntered).toBe(false);
    open();
    await second;
    await publisher.close();
    expect(server.events.size).toBe(2);
  });

  test("a signal ends the waiting for room, and takes an event back that waits for its turn", async () => {
    const server = new ModelServer();
    const { promise, open } = gate();
    server.gate = promise;
    const publisher = publisherOf(server, { queueEventsMax: 2, batchEventsMax: 1, inFlightMax: 1 });
    await publisher.add(order(1));
    const aborter = new AbortController();
    const reason = new Error("not any more");
    const second = await publisher.add(order(2), { signal: aborter.signal });
    const third = publisher.add(order(3), { signal: aborter.signal });
    const fourth = publisher.add(order(4));
    aborter.abort(reason);
    await expect(second.published).rejects.toBe(reason);
    await expect(third).rejects.toBe(reason);
    await expect(publisher.add(order(5), { signal: aborter.signal })).rejects.toBe(reason);
    open();
    await fourth;
    await publisher.close();
    expect(server.events.size).toBe(2);
    expect(publisher.progress).toMatchObject({ queued: 0, queuedBytes: 0, published: 2, failed: 2 });
  });
});

describe("when it does not work at once", () => {
  test.each<Fate>([
    "lost",
    "answer lost",
    "half done",
    "overloaded",
    "partly overloaded",
    "gateway",
    "empty answers",
    "someone else's page",
    "too large",
  ])("%s: it is sent again under its key, and published once", async (fate) => {
    const server = new ModelServer();
    server.fates = [fate];
    const publisher = publisherOf(server, { inFlightMax: 1, batchEventsMax: 4 });
    const published = await inNoTime(Promise.all([1, 2, 3, 4].map((n) => publisher.publish(order(n)))));
    expect(new Set(published.map(({ id }) => id))).toEqual(new Set(server.events.values()));
    expect(server.events.size).toBe(4);
    expect(publisher.progress).toMatchObject({ published: 4, failed: 0, retries: fate === "too large" ? 0 : 1 });
    expect(publisher.progress.duplicates).toBe(fate === "answer lost" ? 4 : fate === "half done" ? 2 : 0);
  });

  test("one request at a time tries until it works, and the first failure counts once", async () => {
    const server = new ModelServer();
    server.fates = ["overloaded", "overloaded", "overloaded", "overloaded", "overloaded"];
    const waits: number[] = [];
    const underWay: number[] = [];
    const publisher = publisherOf(server, {
      batchEventsMax: 1,
      onRetry: (error, waitMs) => {
        waits.push(waitMs);
        underWay.push(publisher.progress.inFlight);
        expect(error.code).toBe("overloaded");
      },
    });
    await Promise.all(Array.from({ length: 8 }, (_, n) => publisher.publish(order(n))));
    expect(waits).toEqual([0, 0, 0, 0, 0]);
    expect(underWay.slice(4)).toEqual([0]);
    expect(server.events.size).toBe(8);
  });

  test("an event that the store alone refuses is given up after three times; its neighbours are published", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server);
    const [bad, good] = await Promise.allSettled([publisher.publish(order(1, { topic: "not/storable" })), publisher.publish(order(2))]);
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "internal_error", status: 500 } });
    expect(good.status).toBe("fulfilled");
    expect(server.requests).toHaveLength(3);
  });

  test("what is wrong with an event is told to its own promise, once", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server);
    const [bad, good] = await Promise.allSettled([publisher.publish(order(1, { topic: "not/there" })), publisher.publish(order(2))]);
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "unknown_topic", member: "topic", isKnown: true } });
    expect(good.status).toBe("fulfilled");
    expect(server.requests).toHaveLength(1);
  });

  test("a refusal of the whole request (4xx) is never repeated", async () => {
    let requests = 0;
    const fetchRefused: typeof fetch = () => {
      requests += 1;
      return Promise.resolve(Response.json({ error: "no", code: "token_invalid" }, { status: 401 }));
    };
    const publisher = new GenhookClient({ origin: "http://model.example", key: "wrong", fetch: fetchRefused }).publisher({ lingerMs: 0 });
    const errors = await Promise.all([1, 2].map((n) => errorOf(publisher.publish(order(n)))));
    expect(errors.map(({ code, status, isKnown }) => ({ code, status, isKnown }))).toEqual(
      [1, 2].map(() => ({ code: "token_invalid", status: 401, isKnown: true })),
    );
    expect(requests).toBe(1);
  });

  test("is given up in the end, with what is known about it", async () => {
    const server = new ModelServer();
    server.fates = Array.from({ length: 1_000 }, () => "lost");
    const publisher = publisherOf(server, { giveUpAfterMs: 30 });
    const error = await errorOf(publisher.publish(order(1, { idempotencyKey: "k" })));
    expect(error).toBeInstanceOf(PublishError);
    expect(error).toMatchObject({ code: "unreachable", idempotencyKey: "k", isKnown: false });
    expect(error.message).toContain("Given up after 0.03 s");
    await publisher.close();
  });
});

describe("events that cannot be sent", () => {
  test.each([
    [order(1, { payload: { note: "x".repeat(1_100_000) } }), "body_too_large"],
    [{ shop: "a.example", topic: "orders/create", payloadJson: "{" }, "malformed_json"],
    [{ shop: "a.example", topic: "orders/create" } as never, "missing_member"],
  ])("are refused before they are taken over %#", async (event, code) => {
    const server = new ModelServer();
    const publisher = publisherOf(server);
    expect(await errorOf(publisher.add(event))).toMatchObject({ code, member: "payload", isKnown: true });
    await publisher.close();
    expect(server.requests).toEqual([]);
  });

  test.each([
    ["batchEventsMax", 0],
    ["batchBytesMax", 40_000_000],
    ["inFlightMax", 1.5],
    ["giveUpAfterMs", 86_400_000],
  ])("%s of %d is out of range", (name, value) => {
    expect(() => publisherOf(new ModelServer(), { [name]: value })).toThrow(new RegExp(`${name} must be a whole number`));
  });
});

describe("the end", () => {
  test("close takes nothing more and waits for what was added, also for what waits for room", async () => {
    const server = new ModelServer();
    const publisher = publisherOf(server, { queueEventsMax: 2, lingerMs: 60_000 });
    const publishing = [1, 2, 3, 4, 5].map((n) => publisher.publish(order(n)));
    await publisher.close();
    expect((await Promise.all(publishing)).length).toBe(5);
    expect(await errorOf(publisher.add(order(6)))).toMatchObject({ code: "closed" });
  });

  test("its signal ends what is left, and says of each whether it may have been published", async () => {
    const server = new ModelServer();
    server.gate = new Promise(() => undefined);
    const publisher = publisherOf(server, { queueEventsMax: 2, batchEventsMax: 1, inFlightMax: 1 });
    const publishing = [1, 2, 3].map((n) => errorOf(publisher.publish(order(n))));
    await turn();
    await publisher.close({ signal: AbortSignal.abort() });
    expect((await Promise.all(publishing)).map(({ code, isKnown }) => [code, isKnown])).toEqual([
      ["closed", false],
      ["closed", true],
      ["closed", true],
    ]);
    expect(publisher.progress).toMatchObject({ queued: 0, failed: 3 });
  });

  test("a block that ends closes it", async () => {
    const server = new ModelServer();
    {
      await using publisher = publisherOf(server, { lingerMs: 60_000 });
      await publisher.add(order(1));
    }
    expect(server.events.size).toBe(1);
  });
});

test("publishAll goes through whatever yields events, tells of what failed, and goes on", async () => {
  const server = new ModelServer();
  const publisher = publisherOf(server, { queueEventsMax: 10, batchEventsMax: 5 });
  async function* events(): AsyncGenerator<ReturnType<typeof order>> {
    for (let n = 0; n < 100; n += 1) {
      await turn();
      yield order(n, n % 25 === 3 ? { topic: "not/there" } : n === 50 ? { payload: { note: "x".repeat(1_100_000) } } : {});
    }
  }
  const failed: string[] = [];
  const seen: number[] = [];
  const watched = publisherOf(server, { onProgress: ({ queued }) => seen.push(queued) });
  await watched.publishAll([order(1), order(2)]);
  expect(seen.at(-1)).toBe(0);
  const progress = await publisher.publishAll(events(), { onFailed: ({ code }, event) => failed.push(`${event.topic} ${code}`) });
  expect(progress).toMatchObject({ published: 95, failed: 5, queued: 0 });
  expect(failed.sort()).toEqual([...Array.from({ length: 4 }, () => "not/there unknown_topic"), "orders/create body_too_large"]);
  const aborted = publisher.publishAll([order(1)], { signal: AbortSignal.abort(new Error("stop")) });
  await expect(aborted).rejects.toThrow("stop");
});

const FATES: readonly Fate[] = [
  "taken",
  "lost",
  "answer lost",
  "half done",
  "overloaded",
  "partly overloaded",
  "too large",
  "gateway",
  "empty answers",
  "someone else's page",
];

test("whatever happens to requests, every event is published once and every promise says so", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...FATES), { maxLength: 25 }),
      fc.record({
        batchEventsMax: fc.integer({ min: 1, max: 12 }),
        inFlightMax: fc.integer({ min: 1, max: 4 }),
        queueEventsMax: fc.integer({ min: 1, max: 20 }),
        queueBytesMax: fc.integer({ min: 1, max: 4_000 }),
      }),
      fc.integer({ min: 1, max: 40 }),
      async (fates, options, amount) => {
        const server = new ModelServer();
        server.fates = [...fates];
        const publisher = publisherOf(server, options);
        const published = await inNoTime(
          Promise.all(Array.from({ length: amount }, (_, n) => publisher.publish(order(n, { idempotencyKey: `order ${n}` })))),
        );
        for (const { id, idempotencyKey } of published) expect(server.events.get(idempotencyKey)).toBe(id);
        expect(server.events.size).toBe(amount);
        expect(server.underWayMax).toBeLessThanOrEqual(options.inFlightMax);
        expect(publisher.progress).toMatchObject({ queued: 0, queuedBytes: 0, inFlight: 0, published: amount, failed: 0 });
      },
    ),
    { numRuns: 100 },
  );
});
