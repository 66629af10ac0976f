import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Breaker, BREAKER_FIRST_PROBE_MS, type EndpointSign } from "@genhook/core";

function failing(breaker: Breaker, sign: EndpointSign, count: number, from = 0, step = 10): number {
  let now = from;
  for (let index = 0; index < count; index += 1) {
    breaker.record(sign, `delivery ${index}`, false, now);
    now += step;
  }
  return now;
}

describe("Breaker", () => {
  it("opens after ten signs of overload in a row", () => {
    const breaker = new Breaker();
    for (let index = 0; index < 40; index += 1) breaker.record("success", `ok ${index}`, false, 0);
    failing(breaker, "overload", 9, 100);
    expect(breaker.state).toBe("closed");
    failing(breaker, "overload", 1, 300);
    expect(breaker.state).toBe("open");
    expect(breaker.mayStart(300, 0)).toBe(false);
  });

  it("opens when half of at least ten outcomes within a minute are overload", () => {
    const breaker = new Breaker();
    for (let index = 0; index < 5; index += 1) {
      breaker.record("overload", `bad ${index}`, false, index);
      expect(breaker.state).toBe("closed");
      breaker.record("success", `ok ${index}`, false, index);
    }
    breaker.record("overload", "one more", false, 10);
    expect(breaker.state).toBe("open");
  });

  it("outcomes of more than a minute ago do not count", () => {
    const breaker = new Breaker();
    failing(breaker, "overload", 5, 0);
    for (let index = 0; index < 5; index += 1) breaker.record("success", `ok ${index}`, false, 70_000);
    failing(breaker, "overload", 4, 70_010);
    expect(breaker.state).toBe("closed");
  });

  it("refusals open it only when ten different deliveries failed within a minute and none succeeded", () => {
    const same = new Breaker();
    for (let index = 0; index < 50; index += 1) same.record("refusal", "one poison delivery", false, index);
    expect(same.state).toBe("closed");
    const mixed = new Breaker();
    mixed.record("success", "ok", false, 0);
    failing(mixed, "refusal", 30, 1);
    expect(mixed.state).toBe("closed");
    const all = new Breaker();
    failing(all, "refusal", 9);
    expect(all.state).toBe("closed");
    failing(all, "refusal", 10, 200);
    expect(all.state).toBe("open");
  });

  it("failures of any kind count as different deliveries that failed, where none succeeded", () => {
    const breaker = new Breaker();
    failing(breaker, "overload", 4);
    for (let index = 4; index < 9; index += 1) breaker.record("refusal", `delivery ${index}`, false, 100);
    expect(breaker.state).toBe("closed");
    breaker.record("refusal", "delivery 9", false, 200);
    expect(breaker.state).toBe("open");
    const slow = new Breaker();
    failing(slow, "refusal", 10, 0, 7_000);
    expect(slow.state, "ten deliveries in more than a minute").toBe("closed");
  });

  it("a probe that is asked for is due at once, once, and its failure doubles the wait as ever", () => {
    const breaker = new Breaker();
    expect(breaker.probeNow(0)).toBe(false);
    const now = failing(breaker, "overload", 10);
    expect(breaker.mayStart(now, 0)).toBe(false);
    expect(breaker.probeNow(now)).toBe(true);
    expect(breaker.mayStart(now, 0)).toBe(true);
    breaker.started();
    expect(breaker.probeNow(now), "one is under way").toBe(true);
    expect(breaker.mayStart(now, 0)).toBe(false);
    breaker.record("overload", "probe", true, now);
    expect(breaker.probeAt).toBe(now + 2 * BREAKER_FIRST_PROBE_MS);
  });

  it("goes on as a former owner left it", () => {
    const breaker = new Breaker();
    breaker.restore(5_000, 80_000);
    expect([breaker.state, breaker.probeAt, breaker.probeWaitMs]).toEqual(["open", 5_000, 80_000]);
    expect(breaker.mayStart(4_999, 0)).toBe(false);
    expect(breaker.mayStart(5_000, 0)).toBe(true);
    breaker.started();
    breaker.record("overload", "probe", true, 5_000);
    expect(breaker.probeAt).toBe(165_000);
  });

  it("what was held is let go slowly; asked again, it goes on where it is", () => {
    const breaker = new Breaker();
    breaker.startSlowly();
    expect([breaker.mayStart(0, 0), breaker.mayStart(0, 1)]).toEqual([true, false]);
    breaker.record("success", "ok", false, 0);
    breaker.startSlowly();
    expect([breaker.mayStart(0, 1), breaker.mayStart(0, 2)]).toEqual([true, false]);
    failing(breaker, "overload", 10);
    breaker.startSlowly();
    expect(breaker.state).toBe("open");
  });

  it("probes 10 s after opening, doubling to ten minutes, one at a time", () => {
    const breaker = new Breaker();
    let now = failing(breaker, "overload", 10);
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const openedAt = now - (round === 0 ? 10 : 0);
      waits.push(breaker.probeAt - openedAt);
      now = breaker.probeAt;
      expect(breaker.mayStart(now - 1, 0)).toBe(false);
      expect(breaker.mayStart(now, 1)).toBe(false);
      expect(breaker.mayStart(now, 0)).toBe(true);
      expect(breaker.started()).toBe(true);
      expect(breaker.mayStart(now, 0)).toBe(false);
      breaker.record("overload", "probe", true, now);
    }
    expect(waits).toEqual([BREAKER_FIRST_PROBE_MS, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000, 600_000]);
  });

  it("closes on a successful probe and starts slowly: 1, 2, 4 …", () => {
    const breaker = new Breaker();
    failing(breaker, "overload", 10);
    const now = breaker.probeAt;
    breaker.started();
    breaker.record("success", "probe", true, now);
    expect(breaker.state).toBe("closed");
    const allowed = (): number => {
      let inFlight = 0;
      while (breaker.mayStart(now, inFlight) && inFlight < 1_000) inFlight += 1;
      return inFlight;
    };
    const steps: number[] = [];
    for (let step = 0; step < 8; step += 1) {
      const window = allowed();
      steps.push(window);
      for (let index = 0; index < window; index += 1) breaker.record("success", `ok ${step} ${index}`, false, now);
    }
    expect(steps).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(allowed()).toBe(1_000);
  });

  it("a probe cut off by our own stop says nothing", () => {
    const breaker = new Breaker();
    failing(breaker, "overload", 10);
    const now = breaker.probeAt;
    breaker.started();
    breaker.record("none", "probe", true, now);
    expect(breaker.state).toBe("open");
    expect(breaker.probeAt).toBe(now + BREAKER_FIRST_PROBE_MS);
  });

  it("property: open means shut until the probe, and a shut breaker always names its probe", () => {
    const signs = fc.constantFrom<EndpointSign>("success", "overload", "refusal", "none");
    fc.assert(
      fc.property(fc.array(fc.tuple(signs, fc.nat(20_000))), (outcomes) => {
        const breaker = new Breaker();
        let now = 0;
        for (const [index, [sign, step]] of outcomes.entries()) {
          now += step;
          const wasProbe = breaker.mayStart(now, 0) ? breaker.started() : false;
          breaker.record(sign, `${index}`, wasProbe, now);
          if (breaker.state === "open") expect(breaker.probeAt).toBeGreaterThan(now - 1);
          if (breaker.state === "open" && breaker.probeAt > now) expect(breaker.mayStart(now, 0)).toBe(false);
          expect(breaker.state).not.toBe(wasProbe ? "probing" : "");
        }
      }),
    );
  });
});
