import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayOf, deliveryId, eventIdSource, isUuid, millisecondsOf, parseDeliveryId } from "@genhook/core";

const bits = (): number => 0xdeadbeef;

describe("eventIdSource", () => {
  it("makes UUIDv7 with the time inside", () => {
    const id = eventIdSource({ now: () => 1_735_603_199_888 }, bits)();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
    expect(millisecondsOf(id)).toBe(1_735_603_199_888);
    expect(dayOf(id)).toBe(20_087);
  });

  it("grows strictly, also over ten thousand in one millisecond and when the clock steps back", () => {
    let now = 1_000_000;
    const next = eventIdSource({ now: () => now }, bits);
    let last = next();
    for (let index = 0; index < 30_000; index += 1) {
      if (index === 15_000) now -= 60_000;
      const id = next();
      expect(id > last).toBe(true);
      last = id;
    }
  });
});

it("ids follow a clock that was set back by an hour: they do not claim to be of the hour before", () => {
  let now = 10_000_000;
  const next = eventIdSource({ now: () => now }, bits);
  next();
  now -= 3_600_000;
  expect(millisecondsOf(next())).toBe(now);
  now += 1;
  expect(millisecondsOf(next())).toBe(now);
});

describe("delivery ids", () => {
  it("are read back, and carry no full stop", () => {
    const next = eventIdSource({ now: () => 1_735_603_199_888 }, bits);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (subscription) => {
        const key = { eventId: next(), subscription };
        const id = deliveryId(key);
        expect(id).not.toContain(".");
        expect(parseDeliveryId(id)).toEqual(key);
      }),
    );
  });

  it.each(["", "dlv_", "dlv_0_1", "dlv_0193f2a1b2c37def8123456789abcdef_0", "dlv_0193f2a1b2c37def8123456789abcdef_99999999999999999", "x"])(
    "%j is none",
    (text) => {
      expect(parseDeliveryId(text)).toBeNull();
    },
  );

  it("any text either fails or reads back to itself", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const key = parseDeliveryId(text);
        expect(key === null || deliveryId(key) === text).toBe(true);
      }),
    );
  });
});
