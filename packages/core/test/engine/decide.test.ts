import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, DEFAULT_RETRY_POLICY, endpointSign, retryAfterUntil, retryWaitMs, type AttemptError, type Outcome } from "@genhook/core";

const NOW = 1_735_603_199_000;
const middle = (): number => 0.5;

function response(status: number, retryAfter: string | null = null): Outcome {
  return { kind: "response", status, durationMs: 12, retryAfter, responseHeaders: "", responseBody: new Uint8Array() };
}

function failure(error: AttemptError): Outcome {
  return { kind: "failure", error, detail: "why", durationMs: 12 };
}

describe("decide", () => {
  it.each([200, 201, 202, 204, 299])("%i is delivered, whatever came before", (status) => {
    for (const attempts of [0, 3, 7]) {
      expect(decide({ attempts }, response(status), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({ kind: "delivered" });
    }
  });

  it.each([100, 199, 300, 301, 304, 400, 401, 404, 429, 500, 502, 503, 504, 599])("%i is tried again while attempts are left", (status) => {
    expect(decide({ attempts: 0 }, response(status), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({
      kind: "retry",
      due: NOW + 10_000,
      pauseUntil: null,
    });
  });

  it("the eighth failure in a row is the last one made by itself", () => {
    expect(decide({ attempts: 6 }, response(500), DEFAULT_RETRY_POLICY, NOW, middle)).toMatchObject({
      kind: "retry",
      due: NOW + 7_200_000,
    });
    expect(decide({ attempts: 7 }, response(500), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({
      kind: "dead",
      reason: "attempts_exhausted",
      pauseUntil: null,
    });
  });

  it("410 ends the delivery and says that the subscription is gone, on any attempt", () => {
    for (const attempts of [0, 7]) {
      expect(decide({ attempts }, response(410), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({
        kind: "dead",
        reason: "gone",
        pauseUntil: null,
      });
    }
  });

  it("our own stop is not counted, even on the last attempt", () => {
    expect(decide({ attempts: 7 }, { kind: "aborted" }, DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({ kind: "uncounted" });
  });

  it.each([429, 503])("Retry-After on %i is honoured when it is later than the schedule, and pauses the endpoint", (status) => {
    expect(decide({ attempts: 0 }, response(status, "60"), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({
      kind: "retry",
      due: NOW + 60_000,
      pauseUntil: NOW + 60_000,
    });
    expect(decide({ attempts: 0 }, response(status, "3"), DEFAULT_RETRY_POLICY, NOW, middle)).toEqual({
      kind: "retry",
      due: NOW + 10_000,
      pauseUntil: NOW + 3_000,
    });
  });

  it("Retry-After on other statuses says nothing", () => {
    expect(decide({ attempts: 0 }, response(500, "600"), DEFAULT_RETRY_POLICY, NOW, middle)).toMatchObject({
      due: NOW + 10_000,
      pauseUntil: null,
    });
  });

  it("Retry-After is honoured to four hours", () => {
    expect(decide({ attempts: 0 }, response(503, "999999"), DEFAULT_RETRY_POLICY, NOW, middle)).toMatchObject({ due: NOW + 14_400_000 });
  });

  it("with no waits there is one attempt", () => {
    expect(decide({ attempts: 0 }, response(500), { waitsMs: [], jitter: 0.2 }, NOW, middle)).toMatchObject({ kind: "dead" });
  });

  it("property: a retry is always in the future of its wait's jitter, and rounds end", () => {
    fc.assert(
      fc.property(
        fc.nat(7),
        fc.integer({ min: 300, max: 599 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempts, status, random) => {
          const decision = decide({ attempts }, response(status), DEFAULT_RETRY_POLICY, NOW, () => random);
          if (status === 410 || attempts === 7) return decision.kind === "dead";
          const wait = DEFAULT_RETRY_POLICY.waitsMs[attempts] ?? 0;
          return decision.kind === "retry" && decision.due >= NOW + wait * 0.8 - 1 && decision.due <= NOW + wait * 1.2 + 1;
        },
      ),
    );
  });
});

describe("retryWaitMs", () => {
  it("varies by the jitter and no further", () => {
    expect(retryWaitMs(1, DEFAULT_RETRY_POLICY, () => 0)).toBe(8_000);
    expect(retryWaitMs(1, DEFAULT_RETRY_POLICY, () => 0.999999)).toBe(12_000);
    expect(retryWaitMs(8, DEFAULT_RETRY_POLICY, () => 0)).toBeNull();
  });
});

describe("endpointSign", () => {
  it.each<[Outcome, string]>([
    [response(200), "success"],
    [response(429), "overload"],
    [response(502), "overload"],
    [response(503), "overload"],
    [response(504), "overload"],
    [response(500), "refusal"],
    [response(404), "refusal"],
    [response(302), "refusal"],
    [failure("dns_failed"), "overload"],
    [failure("connect_failed"), "overload"],
    [failure("tls_failed"), "overload"],
    [failure("timeout"), "overload"],
    [failure("connection_lost"), "refusal"],
    [failure("malformed_response"), "refusal"],
    [failure("address_refused"), "refusal"],
    [failure("internal_error"), "none"],
    [{ kind: "aborted" }, "none"],
  ])("%j → %s", (outcome, sign) => {
    expect(endpointSign(outcome)).toBe(sign);
  });
});

describe("retryAfterUntil", () => {
  it.each<[string | null, number | null]>([
    [null, null],
    ["120", NOW + 120_000],
    [" 120 ", NOW + 120_000],
    ["0", null],
    ["-5", null],
    ["1.5", null],
    ["12abc", null],
    ["", null],
    ["soon", null],
    ["99999999999999999999", NOW + 14_400_000],
    ["Tue, 31 Dec 2024 00:00:59 GMT", NOW + 60_000],
    ["Tue, 31 Dec 2024 00:00:59 UTC", null],
    ["Mon, 30 Dec 2024 23:00:00 GMT", null],
    ["Tue, 31 Xxx 2024 00:00:59 GMT", null],
    ["Tuesday, 31-Dec-24 00:00:59 GMT", NOW + 60_000],
    ["Tuesday, 31-Dec-74 00:00:59 GMT", NOW + 14_400_000],
    ["Tuesday, 31-Dec-75 00:00:59 GMT", null],
    ["Tue Dec 31 00:00:59 2024", NOW + 60_000],
    ["Wed Jan  1 00:00:59 2025", NOW + 14_400_000],
    ["Fri, 31 Feb 2099 00:00:00 GMT", null],
    ["Fri, 01 Feb 2099 25:00:00 GMT", null],
  ])("%j", (text, until) => {
    expect(retryAfterUntil(text, NOW, 14_400_000)).toBe(until);
  });

  it("property: never throws, never exceeds the bound", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String)), (text) => {
        const until = retryAfterUntil(text, NOW, 14_400_000);
        return until === null || (until > NOW && until <= NOW + 14_400_000);
      }),
    );
  });
});
