import { dayOf, type DeliveryKey, type EventId, type NewEvent, type Store } from "@genhook/core";
import { expect, it } from "vitest";
import { buildEvent, buildSubscription, DAY_MS, eventIdAt, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });

/** Running numbers of deliveries, and reading many events at once. */
export function describeSequences({ open, append }: Fixture): void {
  const key = (eventId: EventId, subscription = S.id): DeliveryKey => ({ eventId, subscription });
  const idsAt = (...days: number[]): EventId[] => days.map((day) => eventIdAt(NOW + day * DAY_MS));

  it("numbers deliveries of each subscription from 1 on, in the order asked for, and keeps what was given", async () => {
    const { sequences } = open();
    const [a, b, c] = idsAt(0, 0, 0) as [EventId, EventId, EventId];
    expect(await sequences.assign([key(b), key(a), key(a, T.id)])).toEqual([1, 2, 1]);
    expect(await sequences.assign([key(c), key(b), key(c), key(c, T.id)])).toEqual([3, 1, 3, 2]);
    expect(await sequences.numbersOf([key(a), key(eventIdAt(NOW)), key(c, T.id)])).toEqual([2, null, 2]);
    expect(await sequences.lastOf([T.id, 7, S.id])).toEqual([2, 0, 3]);
    expect([await sequences.assign([]), await sequences.numbersOf([]), await sequences.lastOf([])]).toEqual([[], [], []]);
  });

  it("reads numbers in pages, with the first and the last there is", async () => {
    const { sequences } = open();
    expect(await sequences.read(S.id, 0, 10)).toEqual({ entries: [], first: 1, last: 0 });
    const ids = idsAt(0, 0, 0, 0, 0);
    await sequences.assign([...ids.map((id) => key(id)), key(ids[0] as EventId, T.id)]);
    const entries = ids.map((eventId, index) => ({ n: index + 1, eventId }));
    expect(await sequences.read(S.id, 0, 2)).toEqual({ entries: entries.slice(0, 2), first: 1, last: 5 });
    expect(await sequences.read(S.id, 2, 10)).toEqual({ entries: entries.slice(2), first: 1, last: 5 });
    expect(await sequences.read(S.id, 9, 10)).toEqual({ entries: [], first: 1, last: 5 });
  });

  it("gives every number once when many ask at once, also for the same deliveries", async () => {
    const { sequences } = open();
    const ids = idsAt(...Array.from({ length: 60 }, () => 0));
    const asked = Array.from({ length: 12 }, (_, caller) => ids.filter((_each, index) => (index * 7 + caller * 5) % 12 < 6));
    const given = await Promise.all(
      asked.map((mine, caller) => sequences.assign((caller % 2 === 0 ? mine : mine.toReversed()).map((id) => key(id)))),
    );
    await expectDense(open(), ids);
    const known = await sequences.numbersOf(ids.map((id) => key(id)));
    for (const [caller, numbers] of given.entries()) {
      const mine = asked[caller] ?? [];
      const order = caller % 2 === 0 ? mine : mine.toReversed();
      expect(numbers).toEqual(order.map((id) => known[ids.indexOf(id)]));
    }
  });

  it("forgets numbers of old events from the beginning on, in steps, and never gives one again", async () => {
    const { sequences } = open();
    const [old, older, young, late, last] = idsAt(1, 0, 3, 1, 3) as [EventId, EventId, EventId, EventId, EventId];
    await sequences.assign([key(old), key(older), key(young), key(late), key(last), key(old, T.id)]);
    const through = dayOf(old);
    expect(await forgetAll(open(), through, 1)).toBe(3);
    expect(await sequences.read(S.id, 0, 10)).toEqual({
      entries: [
        { n: 3, eventId: young },
        { n: 4, eventId: late },
        { n: 5, eventId: last },
      ],
      first: 3,
      last: 5,
    });
    expect(await sequences.read(T.id, 0, 10)).toEqual({ entries: [], first: 2, last: 1 });
    expect(await sequences.numbersOf([key(old), key(late)])).toEqual([null, 4]);
    expect(await sequences.assign([key(last, T.id), key(last)])).toEqual([2, 5]);
    expect(await forgetAll(open(), dayOf(last), 100)).toBe(4);
    expect(await sequences.lastOf([S.id, T.id])).toEqual([5, 2]);
    expect(await sequences.assign([key(eventIdAt(NOW))])).toEqual([6]);
  });

  it("reads many events with their payloads, in order, as far as the bytes go", async () => {
    const sized = (bytes: number): NewEvent => buildEvent([S], { payload: new Uint8Array(bytes).fill(0x20) });
    const [a, b, c] = [sized(100), sized(100), sized(100)];
    await append(a, b, c);
    const { events } = open();
    const missing = eventIdAt(NOW);
    const read = await events.readMany([b.id, missing, a.id, c.id], 1_000);
    expect(read.map((event) => event?.id ?? null)).toEqual([b.id, null, a.id, c.id]);
    expect(read[0]).toEqual(await events.read(b.id));
    expect((await events.readMany([a.id, b.id, c.id], 150)).map((event) => event?.id)).toEqual([a.id, b.id]);
    expect((await events.readMany([a.id, b.id], 1)).map((event) => event?.id)).toEqual([a.id]);
    // Where nothing but what is missing is left, that is said and not held back.
    expect(await events.readMany([missing, eventIdAt(NOW + 90 * DAY_MS)], 10)).toEqual([null, null]);
    expect(await events.readMany([], 10)).toEqual([]);
  });
}

async function forgetAll({ sequences }: Store, day: number, limit: number): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const step = await sequences.forget(day, limit);
    expect(step).toBeLessThanOrEqual(limit);
    if (step === 0) return forgotten;
    forgotten += step;
  }
}

/** Each of these deliveries of `S` has one number, and the numbers have no gap. */
async function expectDense({ sequences }: Store, ids: readonly EventId[]): Promise<void> {
  const { entries, last } = await sequences.read(S.id, 0, ids.length + 1);
  expect(entries.map(({ n }) => n)).toEqual(ids.map((_, index) => index + 1));
  expect(new Set(entries.map(({ eventId }) => eventId))).toEqual(new Set(ids));
  expect(last).toBe(ids.length);
}

/** The same when two processes number at once: an owner, and one that was owner before and does not know. */
export function describeSharedSequences({ a, b }: { readonly a: () => Store; readonly b: () => Store }): void {
  it("numbers without gaps when two number the same subscriptions at once, and shows none to whoever reads meanwhile", async () => {
    const ids = Array.from({ length: 120 }, () => eventIdAt(NOW));
    const progress = { isDone: false };
    const number = async (store: Store, mine: readonly EventId[], subscriptions: readonly number[]): Promise<void> => {
      for (let from = 0; from < mine.length; from += 8) {
        const group = mine.slice(from, from + 8).flatMap((eventId) => subscriptions.map((subscription) => ({ eventId, subscription })));
        const numbers = await store.sequences.assign(group);
        expect(await store.sequences.assign(group)).toEqual(numbers);
      }
    };
    const watch = async (): Promise<number> => {
      let looks = 0;
      for (; !progress.isDone; looks += 1) {
        const { entries, last } = await b().sequences.read(S.id, 0, 200);
        expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
        expect(last).toBe(entries.length);
      }
      return looks;
    };
    const watching = watch();
    await Promise.all([number(a(), ids.slice(0, 80), [S.id, T.id]), number(b(), ids.slice(40).toReversed(), [T.id, S.id])]);
    progress.isDone = true;
    expect(await watching).toBeGreaterThan(0);
    await expectDense(a(), ids);
    expect(await a().sequences.lastOf([S.id, T.id])).toEqual([120, 120]);
  });
}
