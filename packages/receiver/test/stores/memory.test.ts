import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/index.ts";
import { memoryPositions } from "../../src/sequence/index.ts";
import { describeDeliveryStore, describePositionStore, type StoreCase } from "./store-conformance.ts";

/** What is remembered is bounded by number, not by time: the last one is what is left of a store of one. */
let at = 0;
const shared: StoreCase = {
  open: ({ rememberMs }) => {
    const store = memoryStore({ now: () => at, ...(rememberMs === undefined ? {} : { deliveriesMax: 1 }) });
    return [store, store];
  },
  positions: () => {
    const store = memoryPositions();
    return [store, store];
  },
  count: () => Promise.resolve(1),
  passTime: (ms) => {
    at += ms;
  },
};

describe("deliveries", () => {
  describeDeliveryStore(shared);
});
describe("positions", () => {
  describePositionStore(shared);
});

test("it is bounded, in deliveries and in claims, and forgets the oldest first", async () => {
  const store = memoryStore({ deliveriesMax: 2 });
  for (const id of ["a", "b", "c"]) await store.complete(id, "t");
  expect(await store.claim("b", "t", 1_000, false)).toBe("processed");
  expect(await store.claim("a", "t", 1_000, false)).toBe("claimed");
  for (const id of ["x", "y"]) await store.claim(id, "t", 1_000, false);
  // Three claims do not fit: the oldest is forgotten, so that its delivery may be processed twice, and never not at all.
  expect(await store.claim("a", "u", 1_000, false)).toBe("claimed");
});
