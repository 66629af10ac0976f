import { describe, expect, it } from "vitest";
import { EndpointRates } from "../../src/directory/endpoint-rates.ts";
import type { SubscriptionSettings } from "../../src/domain/directory-entries.ts";
import { buildApp, buildSubscription } from "@genhook/testkit";

const E = "ep_0123456789abcdef01234567";
const OTHER = "ep_fedcba987654321001234567";

const asks = (id: number, settings: SubscriptionSettings, endpoint = E) => buildSubscription(id, 1, 1, { endpoint, settings });

describe("the rate of an endpoint", () => {
  it("is the lowest that one of its webhooks asks for, or the operator has set", () => {
    const rates = new EndpointRates();
    expect(rates.of(E)).toBeNull();
    rates.add(asks(1, {}));
    expect([rates.of(E), rates.revision]).toEqual([null, 0]);
    rates.add(asks(2, { ratePerSecond: 5 }));
    rates.add(asks(3, { ratePerSecond: 2 }));
    rates.add(asks(4, { ratePerSecond: 2 }));
    expect(rates.of(E)).toBe(2);
    const app = buildApp(1, { endpointRates: { [E]: 1, [OTHER]: 7 } });
    rates.putApp(undefined, app);
    expect([rates.of(E), rates.ofOperator(E), rates.of(OTHER)]).toEqual([1, 1, 7]);
    const without = buildApp(1);
    rates.putApp(app, without);
    expect([rates.of(E), rates.ofOperator(E), rates.of(OTHER)]).toEqual([2, null, null]);
    rates.putApp(without, app);
    rates.putApp(app, { ...app, endedAt: 1 });
    expect([rates.of(E), rates.of(OTHER)]).toEqual([2, null]);
    rates.remove(asks(3, { ratePerSecond: 2 }));
    expect(rates.of(E)).toBe(2);
    rates.remove(asks(4, { ratePerSecond: 2 }));
    expect(rates.of(E)).toBe(5);
    rates.remove(asks(2, { ratePerSecond: 5 }));
    expect(rates.of(E)).toBeNull();
  });

  it("is said to be new only when it is: a hundred thousand shops with the same rate change it once", () => {
    const rates = new EndpointRates();
    rates.add(asks(1, { ratePerSecond: 5 }));
    const { revision } = rates;
    for (let id = 2; id < 1_000; id += 1) rates.add(asks(id, { ratePerSecond: 5 }));
    rates.add(asks(1_000, { ratePerSecond: 50 }));
    expect(rates.revision).toBe(revision);
    rates.add(asks(1_001, { ratePerSecond: 4 }));
    expect(rates.revision).toBe(revision + 1);
  });
});
