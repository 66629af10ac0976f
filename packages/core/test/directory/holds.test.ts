import { buildHold } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { Holds } from "../../src/directory/holds.ts";
import { hostOf, holdSubject, isInForce, type Hold, type Holdable } from "../../src/domain/hold.ts";
import { makeHold } from "../../src/directory/hold-changes.ts";
import { HOLDS_MAX } from "../../src/limits.ts";
import { makeDirectory, makeSubscription, NOW, TOPICS } from "./fixtures.ts";

const OF: Holdable = {
  shop: "shop-1.genmystore.com",
  clientId: "ABCDEF00000000000000000000000001",
  host: "app-1.example.com",
  topic: "orders/create",
};

function over(holds: readonly Hold[], of: Holdable = OF, now: number = NOW): string | null {
  const all = new Holds();
  for (const hold of holds) all.put(hold);
  return all.over(of, now)?.id ?? null;
}

describe("holds", () => {
  const hold = buildHold(1);
  const table: readonly (readonly [what: string, more: Partial<Hold>, of: Partial<Holdable>, isHeld: boolean])[] = [
    ["all covers everything", { scope: "all", subject: "" }, {}, true],
    ["all covers what belongs to no shop", { scope: "all", subject: "" }, { shop: null }, true],
    ["a shop's own", { scope: "shop" }, {}, true],
    ["another shop's", { scope: "shop" }, { shop: "shop-2.genmystore.com" }, false],
    ["what belongs to no shop is not a shop's", { scope: "shop" }, { shop: null }, false],
    ["an app, whatever the case", { scope: "app", subject: holdSubject("app", OF.clientId) }, {}, true],
    ["another app", { scope: "app", subject: "abcdef00000000000000000000000002" }, {}, false],
    ["a host, whatever the case", { scope: "host", subject: holdSubject("host", "App-1.Example.com") }, {}, true],
    ["a host's subdomain is another host", { scope: "host", subject: "example.com" }, {}, false],
    ["a topic", { scope: "topic", subject: "orders/create" }, {}, true],
    ["another topic", { scope: "topic", subject: "orders/paid" }, {}, false],
    ["a subject of another scope", { scope: "topic", subject: "app-1.example.com" }, {}, false],
    ["not one that was released", { endedAt: NOW - 1 }, {}, false],
    ["until its end", { endsAt: NOW + 1 }, {}, true],
    ["not from its end on", { endsAt: NOW }, {}, false],
  ];
  it.each(table)("%s", (_, more, of, isHeld) => {
    expect(over([{ ...hold, ...more }], { ...OF, ...of })).toBe(isHeld ? hold.id : null);
  });

  it("of several the one that lasts longest is named, and what one releases another may still cover", () => {
    const short = buildHold(1, { scope: "all", subject: "", endsAt: NOW + 5 });
    const long = buildHold(2, { endsAt: NOW + 9 });
    const open = buildHold(3, { scope: "topic", subject: "orders/create" });
    expect(over([short, long])).toBe(long.id);
    expect(over([long, short])).toBe(long.id);
    expect(over([open, short, long])).toBe(open.id);
    expect(over([short, long, open, { ...open, endedAt: NOW }])).toBe(long.id);
    expect(over([short, long], OF, NOW + 5)).toBe(long.id);
    expect(over([short, long], OF, NOW + 9)).toBeNull();
  });

  it("knows when the next one ends by itself, and which have", () => {
    const holds = new Holds();
    expect(holds.nextEnd(NOW)).toBeNull();
    for (const [n, endsAt] of [null, NOW + 9, NOW + 5].entries()) holds.put(buildHold(n, { endsAt }));
    expect(holds.nextEnd(NOW)).toBe(NOW + 5);
    expect(holds.nextEnd(NOW + 5)).toBe(NOW + 9);
    expect(holds.passed(NOW + 5).map((each) => each.endsAt)).toEqual([NOW + 5]);
    expect([...holds.all()].filter((each) => isInForce(each, NOW + 5))).toHaveLength(2);
  });

  it("a subscription is compared by its shop's domain, its app's client id, its host and its topic", () => {
    const [own, declared] = [makeSubscription(11, 1, 1, "orders/create"), makeSubscription(12, 1, null, "customers/redact")];
    const directory = makeDirectory([own, declared]);
    const held = (more: Partial<Hold>): readonly boolean[] => {
      const at = {
        version: directory.version + 1,
        counters: directory.counters,
        shops: [],
        apps: [],
        installations: [],
        subscriptions: [],
      };
      directory.apply({ ...at, holds: [{ ...hold, ...more }] });
      return [own, declared].map((each) => directory.holdOver(each, NOW) !== null);
    };
    expect(held({})).toEqual([true, false]);
    expect(held({ scope: "app", subject: `${"0".repeat(31)}1` })).toEqual([true, true]);
    expect(held({ scope: "host", subject: "app-1.example.com" })).toEqual([true, true]);
    expect(held({ scope: "topic", subject: "customers/redact" })).toEqual([false, true]);
    expect(held({ endedAt: NOW })).toEqual([false, false]);
  });

  it.each([
    ["https://app.example.com", "app.example.com"],
    ["https://app.example.com:8443", "app.example.com"],
    ["http://127.0.0.1:9000", "127.0.0.1"],
    ["https://[2001:db8::1]:8443", "[2001:db8::1]"],
    ["https://[2001:db8::1]", "[2001:db8::1]"],
  ])("the host of %s is %s", (origin, host) => {
    expect(hostOf(origin)).toBe(host);
  });
});

it("a thousand may be in force, and no more until one is released or has ended", () => {
  const directory = makeDirectory();
  const holds = Array.from({ length: HOLDS_MAX }, (_, index) => buildHold(index + 1));
  directory.apply({ version: 2, counters: directory.counters, shops: [], apps: [], installations: [], subscriptions: [], holds });
  const request = { scope: "all", subject: "", reason: "r", madeBy: "key a", endsAt: null } as const;
  const make = (): unknown => makeHold(request, "hold-new", TOPICS)(directory, NOW);
  expect(make()).toMatchObject({ ok: false, refusal: { code: "too_many_holds", member: "scope" } });
  const [first] = holds;
  if (first === undefined) throw new Error("there are no holds");
  directory.apply({
    version: 3,
    counters: directory.counters,
    shops: [],
    apps: [],
    installations: [],
    subscriptions: [],
    holds: [{ ...first, endedAt: NOW }],
  });
  expect(make()).toMatchObject({ ok: true, value: { holds: [{ id: "hold-new" }] } });
});
