import {
  Decisions,
  disableSubscription,
  DirectoryService,
  install,
  makeEvent,
  match,
  pauseSubscription,
  putInstallation,
  resumeSubscription,
  subscribe,
  uninstall,
  unsubscribe,
  updateSubscription,
  type DecideChange,
  type EventDecision,
  type EventDraft,
  type InstallationTools,
  type MatchDecision,
  type NewEvent,
  type Result,
  type Store,
  type SubscriptionSettings,
  type TopicRule,
} from "@genhook/core";
import { openMemoryStore } from "@genhook/storage";
import {
  buildApp,
  buildCommit,
  buildInstallation,
  buildShop,
  buildSubscription,
  DAY_MS,
  eventIdAt,
  NOW,
  seededRandom,
  sha256,
} from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { makeTools, TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";

const RETENTION_MS = 30 * DAY_MS;
const ORDERS = TOPICS.get("orders/create") as TopicRule;

/** A directory with three apps on one shop, and what decides and publishes on it. */
class Scene {
  readonly store: Store = openMemoryStore();
  readonly payloads = makePayloads();
  /** Ids of events that directory changes made. */
  readonly madeEvents: string[] = [];
  now = NOW;
  readonly directory: DirectoryService = new DirectoryService({
    store: this.store,
    now: () => this.now,
    onChange: () => undefined,
  });
  readonly decisions: Decisions = new Decisions({
    store: this.store,
    directory: this.directory.directory,
    topics: TOPICS,
    payloads: this.payloads,
    retentionMs: RETENTION_MS,
    now: () => this.now,
  });
  readonly tools: InstallationTools = {
    ...makeTools(),
    newEventId: () => {
      this.madeEvents.push(eventIdAt(this.now));
      return this.madeEvents.at(-1) ?? "";
    },
    encode: (text) => new TextEncoder().encode(text),
    apiVersion: "202412",
    retentionMs: RETENTION_MS,
    payloads: this.payloads,
    readAddress: () => null,
  };

  async begin(): Promise<this> {
    const apps = [1, 2, 3].map((id) => buildApp(id));
    const installations = apps.map((app) => buildInstallation(app.id, 1, { scopes: ["read_orders", "write_apps"] }));
    await this.store.directory.commit(buildCommit({ shops: [buildShop(1)], apps, installations }), 1);
    await this.directory.load();
    return this;
  }

  async change<Value>(decide: DecideChange<Value>): Promise<Value> {
    this.now += 1;
    const result = await this.directory.change(decide);
    if (!result.ok) throw new Error(result.refusal.message);
    return result.value;
  }

  async subscribe(app: number, settings: SubscriptionSettings = {}, topic = "orders/create"): Promise<number> {
    const path = `/${this.directory.directory.counters.subscription}`;
    const address = { text: `https://app-${app}.example.com${path}`, origin: `https://app-${app}.example.com`, pathname: path };
    return (await this.change(subscribe(this.tools, { app, shop: 1 }, { topic, address, settings }))).id;
  }

  draft(payload: string, more: Partial<EventDraft> = {}): EventDraft {
    this.now += 1;
    return {
      id: eventIdAt(this.now),
      shop: buildShop(1),
      app: null,
      topic: ORDERS,
      apiVersion: "202412",
      triggeredAt: "2024-12-30T23:59:59.000000000Z",
      orderKey: null,
      traceparent: null,
      changed: null,
      testOf: null,
      payload: new TextEncoder().encode(payload),
      subjects: [],
      idempotency: null,
      ...more,
    };
  }

  async publish(payload: string, more: Partial<EventDraft> = {}): Promise<NewEvent> {
    const draft = this.draft(payload, more);
    const selection = this.payloads.selectionOf({ ...draft, topic: draft.topic.name });
    const event = makeEvent(this.directory.directory, draft, { retentionMs: RETENTION_MS, selection });
    const { kind } = await this.store.events.append([event], this.directory.directory.version);
    if (kind !== "committed") throw new Error(kind);
    return event;
  }

  async explain(event: Pick<NewEvent, "id">, app: number | null = null): Promise<Record<number, string>> {
    return Object.fromEntries(
      valueOf(await this.decisions.explain(event.id, app)).map((each) => [each.subscription.id, `${each.decision} ${each.reason}`]),
    );
  }
}

function valueOf(result: Result<readonly EventDecision[]>): readonly EventDecision[] {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
  return result.value;
}

describe("decisions", () => {
  it("say for every webhook with the topic why it was owed the event or not, by what held then", async () => {
    const scene = await new Scene().begin();
    const all = await scene.subscribe(1);
    const filtered = await scene.subscribe(1, { filter: "order.total > 100" });
    const unchanged = await scene.subscribe(1, { changed: ["order.note"] });
    const paused = await scene.subscribe(1);
    await scene.change(pauseSubscription({ app: 1, shop: 1 }, paused));
    const disabled = await scene.subscribe(1);
    await scene.change(disableSubscription(disabled));
    const lost = await scene.subscribe(2);
    await scene.change(
      putInstallation(scene.tools, { clientId: buildApp(2).clientId, shop: buildShop(1).domain, scopes: ["write_apps"], tokenHash: null }),
    );
    const costly = await scene.subscribe(3, { filter: "order.a[*] = 1" });
    const event = await scene.publish(`{"order":{"total":"99.50","a":[${"0,".repeat(11_000)}0]}}`, { changed: ["order.total"] });
    const then = {
      [all]: "owed matched",
      [filtered]: "not_owed filter_not_matched",
      [unchanged]: "not_owed not_changed",
      [paused]: "held paused",
      [disabled]: "not_owed disabled",
      [lost]: "not_owed scope_lost",
      [costly]: "owed filter_failed",
    };
    expect(await scene.explain(event)).toEqual(then);
    const details = Object.fromEntries(
      valueOf(await scene.decisions.explain(event.id, null)).map((each) => [each.subscription.id, each.detail]),
    );
    expect(details[filtered]).toBe('order.total > 100 does not hold: it is "99.50"');
    expect(details[unchanged]).toBe("changed was only order.total");
    expect(details[lost]).toBe("one of read_orders, write_orders is needed; granted were write_apps");
    expect(details[costly]).toContain("could not be decided");

    await scene.change(unsubscribe({ app: 1, shop: 1 }, all));
    await scene.change(resumeSubscription({ app: 1, shop: 1 }, paused));
    await scene.change(updateSubscription(scene.tools, { app: 1, shop: 1 }, filtered, { settings: { filter: null } }));
    await scene.change(uninstall(scene.tools, 3, 1));
    const later = await scene.subscribe(1);
    expect(await scene.explain(event)).toEqual({ ...then, [later]: "not_owed subscribed_later" });
    expect(Object.keys(await scene.explain(event, 3))).toEqual([String(costly)]);
  });

  it("an event for one app: another app's webhook is told apart", async () => {
    const scene = await new Scene().begin();
    const topic = TOPICS.get("appSubscriptions/update") as TopicRule;
    const own = await scene.subscribe(1, {}, topic.name);
    const other = await scene.subscribe(2, {}, topic.name);
    const event = await scene.publish('{"recurringApplicationCharge":{"id":1}}', { topic, app: buildApp(1) });
    expect(await scene.explain(event)).toEqual({ [own]: "owed matched", [other]: "not_owed other_app" });
  });

  it("an event that an uninstall makes is told by what held before it; one that a scope change makes, by what that took away", async () => {
    const scene = await new Scene().begin();
    const uninstalled = [await scene.subscribe(1, {}, "app/uninstalled"), await scene.subscribe(2, {}, "app/uninstalled")];
    const updated = await scene.subscribe(1, {}, "app/scopesUpdate");
    const { clientId } = buildApp(1);
    await scene.change(putInstallation(scene.tools, { clientId, shop: buildShop(1).domain, scopes: ["read_orders"], tokenHash: null }));
    expect(await scene.explain({ id: scene.madeEvents.at(-1) ?? "" })).toEqual({ [updated]: "not_owed scope_lost" });
    await scene.change(putInstallation(scene.tools, { clientId, shop: buildShop(1).domain, scopes: ["read_apps"], tokenHash: null }));
    await scene.change(uninstall(scene.tools, 1, 1));
    const [own = 0, other = 0] = uninstalled;
    expect(await scene.explain({ id: scene.madeEvents.at(-1) ?? "" })).toEqual({ [own]: "owed matched", [other]: "not_owed other_app" });
  });

  it("a webhook that is made together with its event is owed it", async () => {
    const scene = await new Scene().begin();
    const subscription = buildSubscription(8_589_999_999, 1, 1);
    const event: NewEvent = {
      ...(await scene.publish("{}")),
      id: eventIdAt(NOW + 50),
      owes: [{ subscription: subscription.id, lane: subscription.id, shard: 1 }],
    };
    const commit = { ...buildCommit({ subscriptions: [subscription], events: [event] }), counters: scene.directory.directory.counters };
    expect((await scene.store.directory.commit(commit, scene.directory.directory.version)).kind).toBe("committed");
    await scene.directory.catchUp(scene.directory.directory.version + 1);
    expect(await scene.explain(event)).toEqual({ [subscription.id]: "owed matched" });
  });

  it("a test event is for the webhook that asked for it", async () => {
    const scene = await new Scene().begin();
    const asking = await scene.subscribe(1);
    const other = await scene.subscribe(1);
    const missing = await scene.subscribe(1, { filter: "order.id = 1" });
    const event = await scene.publish("{}", { testOf: asking });
    expect(await scene.explain(event)).toEqual({
      [asking]: "owed matched",
      [other]: "not_owed test_event",
      [missing]: "not_owed test_event",
    });
  });

  it("what a filter said of an erased payload is not guessed", async () => {
    const scene = await new Scene().begin();
    const passes = await scene.subscribe(1, { filter: "order.id = 1" });
    const fails = await scene.subscribe(1, { filter: "order.id = 2" });
    const unchanged = await scene.subscribe(1, { filter: "order.id = 1", changed: ["order.note"] });
    const event = await scene.publish('{"order":{"id":1}}', { changed: ["order.id"] });
    await scene.store.erasures.erase([event.id], scene.now);
    expect(await scene.explain(event)).toEqual({
      [passes]: "owed matched",
      [fails]: "not_owed erased",
      [unchanged]: "not_owed not_changed",
    });
  });

  it("says when the event, or what it was matched against, is past retention, and knows no event that never was", async () => {
    const scene = await new Scene().begin();
    await scene.subscribe(1);
    const event = await scene.publish("{}");
    const code = async (id: string): Promise<string> => {
      const result = await scene.decisions.explain(id, null);
      return result.ok ? "ok" : result.refusal.code;
    };
    expect([await code(event.id), await code(eventIdAt(NOW))]).toEqual(["ok", "not_found"]);
    await scene.subscribe(2);
    await scene.change(
      putInstallation(scene.tools, { clientId: buildApp(1).clientId, shop: buildShop(1).domain, scopes: ["read_orders"], tokenHash: null }),
    );
    await scene.store.retention.forgetHistory(scene.now + 1, 9);
    expect(await code(event.id)).toBe("history_gone");
    scene.now += RETENTION_MS + 2 * DAY_MS;
    expect(await code(eventIdAt(NOW))).toBe("history_gone");
  });

  it("whatever happened since: they are the decisions that the matcher made at the publish, and owe what the event owes", async () => {
    const random = seededRandom(7);
    const scene = await new Scene().begin();
    const published: { event: NewEvent; matched: Record<number, MatchDecision> }[] = [];
    const filters = ["order.id = 1", "order.id != 1", "exists order.note", 'order.note starts_with "x"'];
    for (let step = 0; step < 300; step += 1) {
      const app = 1 + Math.floor(random() * 3);
      const who = { app, shop: 1 };
      const own = scene.directory.directory.subscriptionsOf(app, 1);
      const one = own[Math.floor(random() * own.length)];
      const isInstalled = scene.directory.directory.installation(app, 1) !== undefined;
      const request = { clientId: buildApp(app).clientId, shop: buildShop(1).domain, tokenHash: sha256(`${app}`) };
      const filter = filters[Math.floor(random() * filters.length)] ?? "";
      const dice = random();
      if (!isInstalled) await scene.change(install(scene.tools, { ...request, scopes: ["read_orders"] }));
      else if (dice < 0.05) await scene.change(uninstall(scene.tools, app, 1));
      else if (dice < 0.15) await scene.change(putInstallation(scene.tools, { ...request, scopes: random() < 0.5 ? [] : ["read_orders"] }));
      else if (one === undefined || dice < 0.25) await scene.subscribe(app, random() < 0.5 ? { filter } : {}).catch(() => undefined);
      else if (dice < 0.35) await scene.change(pauseSubscription(who, one.id));
      else if (dice < 0.45) await scene.change(resumeSubscription(who, one.id));
      else if (dice < 0.55)
        await scene.change(updateSubscription(scene.tools, who, one.id, { settings: { filter } })).catch(() => undefined);
      else if (dice < 0.6) await scene.change(unsubscribe(who, one.id));
      else
        published.push(await publishAndNote(scene, `{"order":{"id":${Math.floor(random() * 2)}${random() < 0.5 ? ',"note":"xy"' : ""}}}`));
    }
    const reasons = new Set<string>();
    for (const { event, matched } of published) {
      const decisions = valueOf(await scene.decisions.explain(event.id, null));
      const now = decisions.filter((each) => each.reason !== "subscribed_later");
      expect(now.map((each) => each.subscription.id)).toEqual(Object.keys(matched).map(Number));
      for (const each of now) expect(reasonOf(matched[each.subscription.id])).toContain(each.reason);
      expect(now.filter((each) => each.deliveryId !== null).map((each) => each.subscription.id)).toEqual(
        event.owes.map((owed) => owed.subscription),
      );
      for (const each of decisions) reasons.add(each.reason);
    }
    expect([...reasons].sort()).toEqual(["filter_not_matched", "matched", "paused", "scope_lost", "subscribed_later"]);
    expect(published.length).toBeGreaterThan(50);
  });
});

async function publishAndNote(scene: Scene, payload: string): Promise<{ event: NewEvent; matched: Record<number, MatchDecision> }> {
  const event = await scene.publish(payload);
  const selection = scene.payloads.selectionOf(event);
  const matched: Record<number, MatchDecision> = {};
  const query = { shop: 1, topic: ORDERS, app: null, now: event.acceptedAt, retentionMs: RETENTION_MS };
  match(scene.directory.directory, { ...query, selection }, (subscription, decision) => {
    matched[subscription.id] = decision;
  });
  return { event, matched };
}

function reasonOf(decision: MatchDecision | undefined): readonly string[] {
  if (decision === "owed") return ["matched"];
  return decision === "held" ? ["paused", "suspended"] : [decision ?? "none"];
}
