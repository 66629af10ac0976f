import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { momentMs, momentOf, normaliseMoment } from "@genhook/core";

describe("normaliseMoment", () => {
  it.each<[string, string | null]>([
    ["2024-12-30T23:59:59.888889999Z", "2024-12-30T23:59:59.888889999Z"],
    ["2024-12-30T23:59:59Z", "2024-12-30T23:59:59.000000000Z"],
    ["2024-12-30t23:59:59.5z", "2024-12-30T23:59:59.500000000Z"],
    ["2024-10-31T10:55:12+08:00", "2024-10-31T02:55:12.000000000Z"],
    ["2024-12-31T23:30:00.123456789-01:00", "2025-01-01T00:30:00.123456789Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000000Z"],
    ["2023-02-29T00:00:00Z", null],
    ["2024-13-01T00:00:00Z", null],
    ["2024-18-12T08:18:49", null],
    ["2024-12-30T24:00:00Z", null],
    ["2024-12-30T23:59:59.0000000001Z", null],
    ["2024-12-30 23:59:59Z", null],
    ["2024-12-30T23:59:59+25:00", null],
    ["2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000000Z"],
    ["0000-01-01T00:00:00+01:00", null],
    ["1732864257361", null],
    ["", null],
  ])("%s → %s", (text, normal) => {
    expect(normaliseMoment(text)).toBe(normal);
  });

  it("agrees with Date on milliseconds, and is stable", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true }), (date) => {
        const normal = normaliseMoment(date.toISOString());
        expect(normal).toBe(momentOf(date.getTime()));
        expect(normaliseMoment(normal ?? "")).toBe(normal);
        expect(momentMs(normal ?? "")).toBe(date.getTime());
      }),
    );
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => normaliseMoment(text) === null || text.length >= 20));
  });
});
