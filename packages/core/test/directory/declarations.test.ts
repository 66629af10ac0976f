import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  diffDeclaration,
  Directory,
  followDeclaration,
  putApp,
  SUBSCRIPTIONS_PER_INSTALLATION_MAX,
  type App,
  type Change,
  type CheckedAddress,
  type DeclaredWebhook,
  type DeclarationTools,
  type Subscription,
  type SubscriptionSettings,
} from "@genhook/core";
import { makeApp, makeInstallation, makeShop, makeSubscription, makeTools, NOW, sha256 } from "./fixtures.ts";

const checked = (text: string): CheckedAddress => {
  const url = new URL(text);
  return { text, origin: url.origin, pathname: url.pathname };
};
const TOOLS: DeclarationTools = {
  ...makeTools(),
  readAddress: (text) => (text.includes("refused") ? null : checked(text)),
};
const at = (name: string): string => `https://app.example.com/${name}`;
const orders = (name: string): DeclaredWebhook => ({ topic: "orders/create", address: at(name) });
const products = (name: string): DeclaredWebhook => ({ topic: "products/update", address: at(name) });

function world(app: Partial<App>, subscriptions: readonly Subscription[] = [], shops = 1): Directory {
  const directory = new Directory();
  const ids = Array.from({ length: shops }, (_, index) => index + 1);
  directory.apply({
    version: 1,
    counters: { shop: shops + 1, app: 2, subscription: 1_000 },
    shops: ids.map((id) => makeShop(id)),
    apps: [makeApp(1, app)],
    installations: ids.map((id) => makeInstallation(1, id, ["read_orders"])),
    subscriptions,
    holds: [],
  });
  return directory;
}

const declared = (id: number, { topic, address }: DeclaredWebhook, more: Partial<Subscription> = {}): Subscription =>
  makeSubscription(id, 1, 1, topic, { address, isDeclared: true, ...more });

function diff(app: Partial<App>, subscriptions: readonly Subscription[] = []): ReturnType<typeof diffDeclaration> {
  const directory = world(app, subscriptions);
  const [one, shop, installation] = [directory.app(1), directory.shop(1), directory.installation(1, 1)];
  if (one === undefined || shop === undefined || installation === undefined) throw new Error("the world is empty");
  return diffDeclaration(TOOLS, directory, { app: one, shop, installation }, 1_000, NOW + 5);
}

describe("what an installation lacks of its app's declaration", () => {
  it("is made, without the scope as suspended", () => {
    const { made, moved, ended, missing } = diff({ webhooks: [orders("a"), products("b")] });
    expect(made.map(({ id, topic, status, statusReason, isDeclared }) => [id, topic, status, statusReason, isDeclared])).toEqual([
      [1_000, "orders/create", "active", null, true],
      [1_001, "products/update", "suspended", "scope_lost", true],
    ]);
    expect([moved, ended, missing]).toEqual([[], [], 0]);
  });

  it("is moved to its new address, with its id and what it is owed", () => {
    const before = declared(5, orders("old"));
    const { made, moved, ended } = diff({ webhooks: [orders("new")] }, [before]);
    expect(moved).toMatchObject([{ id: 5, uuid: before.uuid, address: at("new"), status: "active", createdAt: NOW, updatedAt: NOW + 5 }]);
    expect(moved[0]?.endpoint).not.toBe(before.endpoint);
    expect(diff({ webhooks: [{ topic: "orders/create", address: "https://elsewhere.example.com/new" }] }, [before]).moved).toMatchObject([
      { host: "elsewhere.example.com" },
    ]);
    expect([made, ended]).toEqual([[], []]);
  });

  it("begins anew at another address where the old one failed, but a pause and a lost scope stay", () => {
    const statusAfter = (more: Partial<Subscription>): unknown => {
      const [moved] = diff({ webhooks: [orders("new")] }, [declared(5, orders("old"), more)]).moved;
      return [moved?.status, moved?.statusReason];
    };
    expect(statusAfter({ status: "disabled", statusReason: "gone" })).toEqual(["active", null]);
    expect(statusAfter({ status: "suspended", statusReason: "endpoint_failing" })).toEqual(["active", null]);
    expect(statusAfter({ status: "paused" })).toEqual(["paused", null]);
    expect(statusAfter({ status: "suspended", statusReason: "scope_lost" })).toEqual(["suspended", "scope_lost"]);
  });

  it("is ended where it is declared no more", () => {
    const { ended, moved } = diff({ webhooks: [] }, [declared(5, orders("a"))]);
    expect(ended).toMatchObject([{ id: 5, endedAt: NOW + 5, endReason: "unsubscribed" }]);
    expect(moved).toEqual([]);
  });

  it("leaves alone what the app made itself, and does not make a twin of it", () => {
    const own = [declared(5, orders("own"), { isDeclared: false }), declared(6, orders("a"), { isDeclared: false })];
    expect(diff({ webhooks: [orders("a")] }, own)).toEqual({ made: [], moved: [], changed: [], ended: [], missing: 0, next: 1_000 });
  });

  it("counts as missing what the guard refuses today and what there is no room for", () => {
    expect(diff({ webhooks: [orders("refused"), orders("a")] })).toMatchObject({ missing: 1, made: [{ address: at("a") }] });
    const full = Array.from({ length: SUBSCRIPTIONS_PER_INSTALLATION_MAX }, (_, index) =>
      declared(index + 1, orders(`own-${index}`), { isDeclared: false }),
    );
    expect(diff({ webhooks: [orders("a")] }, full)).toMatchObject({ missing: 1, made: [] });
  });

  it("comes with its settings, ordered ones in one lane, and each follows what is declared later until the app or an operator changes it", () => {
    const first: SubscriptionSettings = { filter: "order.id > 1", ratePerSecond: 20 };
    const [made] = diff({ webhooks: [{ ...orders("a"), settings: first }] }).made;
    expect(made).toMatchObject({ settings: first, declaredSettings: first, isDeclared: true });
    if (made === undefined) throw new Error("nothing was made");
    const after = (settings: SubscriptionSettings, own: SubscriptionSettings = made.settings): unknown => {
      const { changed, missing } = diff({ webhooks: [{ ...orders("a"), settings }] }, [{ ...made, settings: own }]);
      return [changed[0]?.settings, missing];
    };
    expect(after(first)).toEqual([undefined, 0]);
    expect(after({ filter: "order.id > 2", ratePerSecond: 5 })).toEqual([{ filter: "order.id > 2", ratePerSecond: 5 }, 0]);
    expect(after({ fields: ["order.id"] })).toEqual([{ fields: ["order.id"] }, 0]);
    expect(after({})).toEqual([{}, 0]);
    // The operator has slowed it down: that stays, and so does what the app has added.
    const own: SubscriptionSettings = { filter: "order.id > 1", ratePerSecond: 1, changed: ["order.id"] };
    expect(after({ ratePerSecond: 5 }, own)).toEqual([{ ratePerSecond: 1, changed: ["order.id"] }, 0]);
    // The app has numbered it, which an ordered webhook cannot be.
    expect(after({ ordered: true, onDead: "block" }, { sequence: true })).toEqual([undefined, 1]);

    const ordered = { settings: { ordered: true, onDead: "skip" } } as const;
    const pair = diff({ webhooks: [orders("o"), products("o")].map((each) => ({ ...each, ...ordered })) });
    expect(pair.made.map(({ id, order }) => [id, order?.lane])).toEqual([
      [1_000, 1_001],
      [1_002, 1_001],
    ]);
    expect(pair.next).toBe(1_003);
  });

  it("whatever there was before: afterwards it is exactly what is declared and what is the app's own, and a second look finds nothing", () => {
    const webhook = fc.record({
      topic: fc.constantFrom("orders/create", "products/update"),
      address: fc.constantFrom("a", "b", "c", "d").map(at),
      settings: fc.constantFrom<SubscriptionSettings>({}, { ratePerSecond: 5 }, { ordered: true, onDead: "block" }, { sequence: true }),
    });
    const list = fc.uniqueArray(webhook, { selector: ({ topic, address }) => `${topic} ${address}`, maxLength: 6 });
    fc.assert(
      fc.property(list, list, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (wanted, has, isDeclared) => {
        const own = has.map((each, index) => declared(index + 1, each, { isDeclared: isDeclared[index] === true }));
        const directory = world({ webhooks: wanted, declaration: { version: 2, changedAt: NOW } }, own);
        const step = followDeclaration(TOOLS, 1)(directory, NOW + 5);
        if (!step.ok) throw new Error(step.refusal.message);
        const { subscriptions = [], installations = [], counters = directory.counters } = step.value;
        directory.apply({ version: 2, counters, shops: [], apps: [], installations, subscriptions, holds: [] });
        const key = ({ topic, address }: DeclaredWebhook): string => `${topic} ${address}`;
        const kept = own.filter((each) => !each.isDeclared).map(key);
        const after = directory.subscriptionsOf(1, 1).map(key);
        expect(after.toSorted()).toEqual([...new Set([...kept, ...wanted.map(key)])].toSorted());
        for (const each of directory.subscriptionsOf(1, 1)) {
          const asked = wanted.find((one) => key(one) === key(each));
          if (each.isDeclared && asked !== undefined) expect(each.settings).toEqual(asked.settings);
        }
        expect(followDeclaration(TOOLS, 1)(directory, NOW + 6)).toEqual({ ok: true, value: { value: null } });
      }),
    );
  });
});

describe("the way to all installations", () => {
  const LIMITS = 120;

  it("goes in steps; progress follows from the directory alone, also after a fresh start", () => {
    let directory = world({ webhooks: [] }, [], LIMITS);
    const webhooks = [{ topic: "orders/create", address: checked(at("a")) }];
    const put = putApp(TOOLS, { clientId: makeApp(1).clientId, webhooks, secrets: [] }, "202412")(directory, NOW);
    if (!put.ok) throw new Error(put.refusal.message);
    let version = 2;
    const apply = ({ apps = [], installations = [], subscriptions = [], counters = directory.counters }: Change<unknown>): void => {
      directory.apply({ version, counters, shops: [], apps, installations, subscriptions, holds: [] });
      version += 1;
    };
    apply(put.value);
    expect(directory.declarations.progress(1)).toEqual({ installations: LIMITS, done: 0, missing: 0 });
    const done: number[] = [];
    while (directory.declarations.appsBehind().size > 0) {
      const step = followDeclaration(TOOLS, 1)(directory, NOW);
      if (!step.ok) throw new Error(step.refusal.message);
      apply(step.value);
      done.push(directory.declarations.progress(1).done);
      const fresh = new Directory();
      fresh.apply({
        version,
        counters: directory.counters,
        shops: [...directory.shops()],
        apps: [...directory.apps()],
        installations: [...directory.installations()],
        subscriptions: [...directory.subscriptions()],
        holds: [],
      });
      expect(fresh.declarations.progress(1)).toEqual(directory.declarations.progress(1));
      directory = fresh;
    }
    expect(done).toEqual([50, 100, 120]);
    expect([...directory.subscriptions()]).toHaveLength(LIMITS);
    expect(new Set([...directory.subscriptions()].map((each) => each.id)).size).toBe(LIMITS);
  });

  it("is not gone again for a PUT that declares the same in another order, nor for one that changes nothing", () => {
    const webhooks = [orders("a"), orders("b")];
    const directory = world({ webhooks });
    const clientId = makeApp(1).clientId;
    const given = webhooks.map(({ topic, address }) => ({ topic, address: checked(address) }));
    const again = putApp(TOOLS, { clientId, webhooks: given.toReversed(), secrets: [] }, "202412")(directory, NOW);
    expect(again).toMatchObject({ ok: true, value: { apps: [{ declaration: { version: 1 } }] } });
    const same = putApp(TOOLS, { clientId, webhooks: given, secrets: [] }, "202412")(directory, NOW + 9);
    expect(same).toMatchObject({ ok: true, value: { value: { isNew: false } } });
    expect(same.ok && same.value.apps).toBeUndefined();
    expect(sha256("")).toHaveLength(64);
  });
});
