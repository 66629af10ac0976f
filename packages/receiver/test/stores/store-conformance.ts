import { beforeAll, expect, test } from "vitest";
import { processOnce, type DeliveryStore, type EventFields, type ReceiverError } from "../../src/index.ts";
import type { PositionStore } from "../../src/sequence/index.ts";
import { gapDetector } from "../../src/sequence/index.ts";
import { refusal, signal } from "../fixtures.ts";

export interface StoreCase {
  /** Two doors to the same memory, as two processes would have; `rememberMs` for forgetting. */
  readonly open: (options: { readonly rememberMs?: number; readonly prefix?: string }) => readonly [DeliveryStore, DeliveryStore];
  readonly positions: () => readonly [PositionStore, PositionStore];
  /** Deliveries that are remembered under a prefix. */
  readonly count: (prefix: string) => Promise<number>;
  /** Lets time pass where the store reads a clock that can be turned; elsewhere real time passes by itself. */
  readonly passTime: (ms: number) => void;
}

let next = 0;

/** An event with a delivery id that nobody had before. */
export function eventOf(more: Partial<EventFields> = {}): EventFields {
  next += 1;
  return {
    shopDomain: "test-shop.genmystore.com",
    eventId: `e${next}`,
    deliveryId: `d${next}-${process.pid}`,
    webhookId: "1",
    triggeredAt: "2024-12-30T23:59:59.000000000Z",
    attempt: 1,
    isReplay: false,
    isTest: false,
    sequence: null,
    ...more,
  };
}

const down = (): never => {
  throw new Error("down");
};

/** Keeps asking until the answer is the wanted one: how a test waits for a lease that a server counts. */
async function until<T>(wanted: T, ask: () => Promise<T>, passTime: () => void): Promise<void> {
  for (;;) {
    if ((await ask()) === wanted) return;
    passTime();
  }
}

/** What every store promises; `processOnce` is tried on each. */
export function describeDeliveryStore({ open, count, passTime }: StoreCase): void {
  let a: DeliveryStore;
  let b: DeliveryStore;
  beforeAll(() => {
    [a, b] = open({});
  });

  test("work is done once, and a duplicate is dropped in every process", async () => {
    const event = eventOf();
    let done = 0;
    expect(await processOnce(event, a, () => (done += 1))).toBe("processed");
    expect(await processOnce(event, a, () => (done += 1))).toBe("duplicate");
    expect(await processOnce({ ...event, attempt: 2 }, b, () => (done += 1))).toBe("duplicate");
    expect(done).toBe(1);
  });

  test("work that failed is done by the next attempt, at once", async () => {
    const event = eventOf();
    await expect(processOnce(event, a, down)).rejects.toThrow("down");
    expect(await processOnce(event, b, () => undefined)).toBe("processed");
    expect(await processOnce(event, a, down)).toBe("duplicate");
  });

  test("of many attempts at once one works; the others are told to come again, and not that it was done", async () => {
    const event = eventOf();
    const working = signal();
    const go = signal();
    const first = processOnce(event, a, () => {
      working.fire();
      return go.promise;
    });
    await working.promise;
    const errors: ReceiverError[] = await Promise.all(
      Array.from({ length: 10 }, (_, index) => refusal(processOnce(event, index % 2 === 0 ? a : b, down))),
    );
    expect(new Set(errors.map(({ reason, status }) => `${reason} ${status}`))).toEqual(new Set(["delivery_in_progress 409"]));
    go.fire();
    expect(await first).toBe("processed");
    expect(await processOnce(event, b, down)).toBe("duplicate");
  });

  test("twenty processes that claim in the same moment: one gets it", async () => {
    const event = eventOf();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a : b).claim(event.deliveryId, `t${index}`, 60_000, false)),
    );
    expect(claims.filter((claim) => claim === "claimed")).toHaveLength(1);
    expect(claims.filter((claim) => claim === "in_progress")).toHaveLength(19);
  });

  test("a process that died in the middle: when its lease ends the delivery is processed again", async () => {
    const event = eventOf();
    expect(await a.claim(event.deliveryId, "dead", 30, false)).toBe("claimed");
    await until(
      "claimed",
      () => b.claim(event.deliveryId, "alive", 60_000, false),
      () => passTime(10),
    );
    // The dead one was only frozen: what it gives up is not its own any more, and what it finished is finished.
    await a.release(event.deliveryId, "dead");
    expect(await a.claim(event.deliveryId, "third", 60_000, false)).toBe("in_progress");
    await a.complete(event.deliveryId, "dead");
    expect(await a.claim(event.deliveryId, "third", 60_000, false)).toBe("processed");
    await b.release(event.deliveryId, "alive");
    expect(await a.claim(event.deliveryId, "third", 60_000, false)).toBe("processed");
  });

  test("a replay is dropped, unless replays are wanted; it is claimed like anything else then", async () => {
    const event = eventOf();
    const replay = { ...event, isReplay: true };
    const accept = { acceptReplays: true };
    let done = 0;
    await processOnce(event, a, () => (done += 1), accept);
    expect(await processOnce(replay, a, () => (done += 1))).toBe("duplicate");
    expect(await processOnce(event, a, () => (done += 1), accept)).toBe("duplicate");
    await expect(processOnce(replay, a, down, accept)).rejects.toThrow("down");
    expect(await processOnce(event, b, () => (done += 1), accept)).toBe("duplicate");
    expect(await processOnce(replay, b, () => (done += 1), accept)).toBe("processed");
    expect(done).toBe(2);
    expect(await a.claim(event.deliveryId, "t", 60_000, true)).toBe("claimed");
    expect((await refusal(processOnce(replay, b, down, accept))).reason).toBe("delivery_in_progress");
  });

  test("a replay of what was never processed is processed", async () => {
    expect(await processOnce(eventOf({ isReplay: true }), a, () => undefined)).toBe("processed");
  });

  test("what is older than it is to remember goes by itself, and is processed again", async () => {
    const [store] = open({ rememberMs: 30, prefix: "short_" });
    const old = Array.from({ length: 6 }, () => eventOf());
    for (const event of old) await processOnce(event, store, () => undefined);
    await until(
      true,
      async () => {
        await processOnce(eventOf(), store, () => undefined);
        return (await count("short_")) < old.length;
      },
      () => passTime(20),
    );
    expect(await processOnce(old[0] as EventFields, store, () => undefined)).toBe("processed");
  });
}

/** What every position store promises. */
export function describePositionStore({ positions }: StoreCase): void {
  test("a text is changed only where it is still the one that was read", async () => {
    const [a, b] = positions();
    const key = `k${next++}`;
    expect(await a.read(key)).toBeNull();
    expect(await a.swap(key, "x", "y")).toBe(false);
    expect(await a.swap(key, null, "one")).toBe(true);
    expect(await b.swap(key, null, "two")).toBe(false);
    expect(await b.read(key)).toBe("one");
    expect(await b.swap(key, "one", "two")).toBe(true);
    expect(await a.swap(key, "one", "three")).toBe(false);
    expect(await a.read(key)).toBe("two");
  });

  test("two processes that see the numbers of one webhook in any order miss none", async () => {
    const [a, b] = positions();
    const webhookId = `w${next++}`;
    const detectors = [gapDetector({ positions: a, startAt: 1 }), gapDetector({ positions: b, startAt: 1 })];
    const numbers = Array.from({ length: 40 }, (_, index) => index + 1).filter((n) => n !== 7 && n !== 30);
    const order = numbers.map((n) => ({ n, at: (n * 17) % 41 })).sort((x, y) => x.at - y.at);
    await Promise.all(order.map(async ({ n }, index) => detectors[index % 2]?.observe({ webhookId, sequence: n })));
    expect((await detectors[0]?.missing(webhookId))?.map(({ from, to }) => [from, to])).toEqual([
      [7, 7],
      [30, 30],
    ]);
    expect((await detectors[1]?.read(webhookId))?.highest).toBe(40);
  });
}
