import { describe, expect, it } from "vitest";
import { EndpointGate } from "../../src/engine/endpoint-gate.ts";

function gateAfter(outcomes: readonly (readonly ["success" | "refusal", number])[]): EndpointGate<never> {
  const gate = new EndpointGate<never>("one", 10);
  for (const [index, [sign, durationMs]] of outcomes.entries()) {
    gate.started(0);
    gate.finished(sign, `event ${index}`, false, durationMs, 0);
  }
  return gate;
}

describe("what a gate has learned of its endpoint", () => {
  it("is nothing before the first outcome", () => {
    expect(gateAfter([]).isUnknown).toBe(true);
    expect(gateAfter([["success", 10]]).isUnknown).toBe(false);
  });

  it("a first answer that is a failure does not stand for long", () => {
    expect(gateAfter([["refusal", 10]]).isSlow(0)).toBe(true);
    expect(
      gateAfter([
        ["refusal", 10],
        ["success", 10],
      ]).isSlow(0),
    ).toBe(false);
  });

  it("a first answer that is slow counts until others were quick as often as it takes for the mean", () => {
    const quick = (times: number): (readonly ["success", number])[] => Array.from({ length: times }, () => ["success", 0]);
    expect(gateAfter([["success", 6_100], ...quick(2)]).isSlow(0)).toBe(true);
    expect(gateAfter([["success", 6_100], ...quick(3)]).isSlow(0)).toBe(false);
  });

  it("after ten outcomes the newest counts for a tenth", () => {
    const outcomes = Array.from({ length: 100 }, () => ["success", 100] as const);
    expect(gateAfter([...outcomes, ["success", 1_100]]).serviceMs).toBeCloseTo(200);
  });
});
