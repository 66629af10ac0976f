import { expect, test } from "vitest";
import { laneFor, laneOf } from "../../src/directory/directory.ts";
import { completeOrder, placeInOrder, refuseOrder } from "../../src/directory/ordering.ts";
import type { Subscription } from "../../src/domain/directory-entries.ts";
import { asideDue, isAside, isWallTime, keyLaneOf, placeOf } from "../../src/domain/order.ts";
import { makeDirectory, makeSubscription } from "./fixtures.ts";

const ORDERED = { settings: { ordered: true, onDead: "block" } } as const;
const one = makeSubscription(11, 1, 1, "orders/create", ORDERED);
const place = (
  before: Subscription | null,
  after: Subscription,
  others: readonly Subscription[] = [],
  placed: readonly Subscription[] = [],
) => placeInOrder(makeDirectory([...others]), before, after, 100, placed);

test("the ordered webhooks that one app has on one shop at one endpoint share a lane, and nobody else does", () => {
  const first = place(null, one);
  expect([first.subscription.order, first.next]).toEqual([{ lane: 100, left: [] }, 101]);
  const update = makeSubscription(12, 1, 1, "orders/update", { ...ORDERED, endpoint: one.endpoint });
  const second = placeInOrder(makeDirectory([first.subscription]), null, update, 200);
  expect([second.subscription.order?.lane, second.next]).toEqual([100, 200]);
  const together = place(
    null,
    makeSubscription(12, 1, 1, "orders/update", { ...ORDERED, endpoint: one.endpoint }),
    [],
    [{ ...first.subscription, order: { lane: 90, left: [] } }],
  );
  expect(together.subscription.order?.lane).toBe(90);
  const elsewhere = makeSubscription(13, 1, 2, "orders/update", { ...ORDERED, endpoint: one.endpoint });
  expect(placeInOrder(makeDirectory([first.subscription]), null, elsewhere, 200)).toMatchObject({
    subscription: { order: { lane: 200 } },
    next: 201,
  });
  expect(place(null, makeSubscription(14, 1, 1, "orders/paid"))).toMatchObject({ next: 100 });
});

test("only events with an order key queue in it, and only while the webhook is ordered", () => {
  const { subscription } = place(null, one);
  expect(laneFor(subscription, "k")).toEqual({ ...laneOf(one), lane: 100 });
  expect(laneFor(subscription, null)).toEqual(laneOf(one));
  expect(laneFor({ ...subscription, settings: {} }, "k")).toEqual(laneOf(one));
});

test("a new address means a new lane, and the old one is remembered", () => {
  const { subscription } = place(null, one);
  expect(place(subscription, { ...subscription, topic: "orders/paid" }).subscription.order).toEqual(subscription.order);
  const moved = place(subscription, { ...subscription, endpoint: "ep_77aaaaaaaaaaaaaaaaaaaaaa", settings: {} }, [subscription]);
  expect(moved.subscription.order).toEqual({ lane: 100, left: [] });
  const others = placeInOrder(
    makeDirectory([subscription]),
    subscription,
    { ...subscription, endpoint: "ep_77aaaaaaaaaaaaaaaaaaaaaa" },
    200,
  );
  expect(others.subscription.order).toEqual({ lane: 200, left: [{ ...laneOf(one), lane: 100 }] });
  expect(others.next).toBe(201);
});

test("what dead letters mean goes with the order", () => {
  expect(completeOrder({ ordered: true }, {})).toEqual({ ordered: true, onDead: "block" });
  expect(completeOrder({ ordered: true, onDead: "skip" }, {})).toEqual({ ordered: true, onDead: "skip" });
  expect(completeOrder({ onDead: "skip", filter: "a = 1" }, { ordered: null })).toEqual({ filter: "a = 1" });
  expect(completeOrder({ ordered: false, onDead: "skip" }, { ordered: false })).toEqual({});
  expect(refuseOrder({ ordered: true, onDead: "block" }, 1, "webhook.")).toBeNull();
  expect(refuseOrder(completeOrder({ onDead: "skip" }, { onDead: "skip" }), 1, "webhook.")).toMatchObject({ member: "webhook.onDead" });
  expect(refuseOrder({ ordered: true, mode: "pull" }, 1, "")).toMatchObject({ member: "ordered" });
  expect(refuseOrder({ ordered: true, sequence: true }, 1, "")).toMatchObject({ member: "ordered" });
  expect(refuseOrder({ ordered: true }, null, "")).toMatchObject({ member: "ordered" });
});

test("a place, a wall time and what is set aside are told apart, and sort in this order within each lane", () => {
  expect([0, 1, 999_999_999].map((place) => [isWallTime(place), isAside(place), placeOf(place)])).toEqual([
    [false, false, 0],
    [false, false, 1],
    [false, false, 999_999_999],
  ]);
  expect(isWallTime(Date.UTC(2010, 0))).toBe(true);
  expect(isWallTime(Date.UTC(2300, 0))).toBe(true);
  expect(placeOf(Date.UTC(2026, 0))).toBe(0);
  expect([isAside(asideDue(7)), isWallTime(asideDue(7)), placeOf(asideDue(7))]).toEqual([true, false, 7]);
  expect(asideDue(1)).toBeGreaterThan(Date.UTC(9_999, 0));
});

test("order keys have lanes of their own, below 0, different for different keys and lanes", () => {
  const seen = new Set<number>();
  for (let key = 0; key < 20_000; key += 1) {
    seen.add(keyLaneOf(8_589_934_990, `order-${key}`));
    seen.add(keyLaneOf(8_589_934_991, `order-${key}`));
    seen.add(keyLaneOf(8_589_934_990 + 2 ** 32, `order-${key}`));
  }
  expect(seen.size).toBe(60_000);
  for (const lane of seen) if (!Number.isSafeInteger(lane) || lane >= 0) throw new Error(`${lane} is no lane of a key`);
  expect(keyLaneOf(7, "a")).toBe(keyLaneOf(7, "a"));
});
