import { firstTask, laneOf, type DeliveryCursor, type FinalDeliveriesQuery, type NewEvent, type Subscription } from "@genhook/core";
import { expect, it } from "vitest";
import { seededRandom } from "../seeded.ts";
import { buildApp, buildCommit, buildEvent, buildSettlement, buildShop, buildSubscription, DAY_MS, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const WEBHOOKS = 40;
const EVENTS = 90;
const DAYS = 3;

type State = FinalDeliveriesQuery["states"][number];

/** A delivery as a list gives it; pending ones are no part of it. */
interface Listed extends DeliveryCursor {
  readonly state: State | "pending";
}

/** Lists of what is final, and of the subscriptions that they are about. */
export function describeLists({ open, version }: Fixture): void {
  it("lists what is final exactly, of all or some, by state and time, in both directions, over days and replays", async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const random = seededRandom(seed);
    const upTo = (count: number): number => Math.floor(random() * count);
    const webhooks = Array.from({ length: WEBHOOKS }, (_, n) => buildSubscription(8_589_935_000 + n, 1, 1));
    const committed = await open().directory.commit(buildCommit({ subscriptions: webhooks }), version());
    const now = committed.kind === "committed" ? committed.version : 0;
    // A few hear much and most hear little, as it is in life.
    const pick = (): Subscription => webhooks[Math.floor(random() ** 3 * WEBHOOKS)] ?? buildSubscription(1, 1, 1);
    const events = Array.from({ length: EVENTS }, (_, n) =>
      buildEvent([...new Set([pick(), pick(), pick()])], { acceptedAt: NOW + Math.floor((n * DAYS * DAY_MS) / EVENTS) }),
    );
    await open().events.append(events, now);
    const listed = events.flatMap((event) =>
      event.owes.map((each): Listed => ({ eventId: event.id, subscription: each.subscription, state: endOf(random()) })),
    );
    const taskOf = ({ eventId, subscription }: DeliveryCursor) => {
      const event = events.find(({ id }) => id === eventId) as NewEvent;
      const owed = event.owes.find((each) => each.subscription === subscription);
      if (owed === undefined) throw new Error("not owed");
      return firstTask(event, owed);
    };
    await open().tasks.settle(listed.filter(({ state }) => state !== "pending").map((each) => buildSettlement(taskOf(each), each.state)));
    for (const [index, each] of listed.entries()) {
      const webhook = webhooks.find(({ id }) => id === each.subscription);
      if (each.state !== "dead" || webhook === undefined || random() < 0.7) continue;
      await open().tasks.replay([{ delivery: each, lane: laneOf(webhook) }], NOW + 1, null);
      listed[index] = { ...each, state: "pending" };
    }
    listed.sort((a, b) => (a.eventId === b.eventId ? b.subscription - a.subscription : a.eventId < b.eventId ? 1 : -1));
    for (let n = 0; n < 60; n += 1) {
      const ids = webhooks.map(({ id }) => id).filter(() => random() < (n % 3 === 0 ? 0.1 : 0.8));
      const bounds = [NOW + upTo(DAYS * DAY_MS), NOW + upTo(DAYS * DAY_MS)].sort((a, b) => a - b);
      const states = (["delivered", "dead", "cancelled"] as const).filter(() => random() < 0.6);
      const edge = listed[upTo(listed.length)] ?? null;
      const cursor = edge === null || random() < 0.4 ? null : { eventId: edge.eventId, subscription: edge.subscription };
      const query: FinalDeliveriesQuery = {
        subscriptions: random() < 0.3 ? null : ids,
        states,
        from: random() < 0.5 ? null : (bounds[0] ?? null),
        to: random() < 0.5 ? null : (bounds[1] ?? null),
        turn: random() < 0.5 ? { after: cursor } : { before: cursor },
        limit: 1 + upTo(12),
      };
      const found = (await open().log.listFinal(query)).map(({ eventId, subscription, state }) => ({ eventId, subscription, state }));
      expect(found, `seed ${seed}, ${JSON.stringify(query)}`).toEqual(expectedOf(query, listed, events));
    }
  });

  it("names the webhooks of an app, of a shop, of a topic that they have or had, ended ones and those that hold on every shop too", async () => {
    const [here, there, everywhere] = [
      buildSubscription(8_589_935_001, 1, 1),
      buildSubscription(8_589_935_002, 1, 2),
      buildSubscription(8_589_935_003, 2, null),
    ];
    const ended = buildSubscription(8_589_935_004, 2, 2, { endedAt: NOW, endReason: "unsubscribed" });
    const commit = buildCommit({ shops: [buildShop(2)], apps: [buildApp(2)], subscriptions: [here, there, everywhere, ended] });
    const committed = await open().directory.commit(commit, version());
    // A change keeps the row before it, which is no webhook of its own.
    const paused: Subscription = { ...here, status: "paused" };
    const moved: Subscription = { ...there, topic: "products/create" };
    await open().directory.commit(buildCommit({ subscriptions: [paused, moved] }), committed.kind === "committed" ? committed.version : 0);
    const idsOf = async (app: number | null, shop: number | null, topic: string | null = null): Promise<readonly number[]> =>
      (await open().directory.subscriptionIds({ app, shop, topic }, 100)).toSorted((a, b) => a - b);
    const first = [8_589_934_901, 8_589_934_902];
    expect(await idsOf(1, null)).toEqual([...first, here.id, there.id]);
    expect(await idsOf(2, null)).toEqual([everywhere.id, ended.id]);
    expect(await idsOf(null, 2)).toEqual([there.id, everywhere.id, ended.id]);
    expect(await idsOf(2, 1)).toEqual([everywhere.id]);
    expect(await idsOf(1, null, "products/create")).toEqual([there.id]);
    expect(await idsOf(1, 2, there.topic)).toEqual([there.id]);
    expect(await idsOf(null, 2, there.topic)).toEqual([there.id, everywhere.id, ended.id]);
    expect(await idsOf(2, null, "products/create")).toEqual([]);
    expect(await idsOf(null, null)).toEqual([...first, here.id, there.id, everywhere.id, ended.id]);
    expect(await open().directory.subscriptionIds({ app: 1, shop: null, topic: null }, 3)).toHaveLength(3);
    expect(await open().directory.subscriptionIds({ app: null, shop: 2, topic: null }, 2)).toHaveLength(2);
  });
}

function endOf(chance: number): Listed["state"] {
  if (chance < 0.1) return "pending";
  if (chance < 0.3) return "dead";
  return chance < 0.4 ? "cancelled" : "delivered";
}

/** What the list has to be, looked for among everything. */
function expectedOf(query: FinalDeliveriesQuery, listed: readonly Listed[], events: readonly NewEvent[]): readonly Listed[] {
  const { subscriptions, states, from, to, turn, limit } = query;
  const fitting = listed.filter(({ eventId, subscription, state }) => {
    const acceptedAt = events.find(({ id }) => id === eventId)?.acceptedAt ?? 0;
    const isWanted = state !== "pending" && states.includes(state) && (subscriptions === null || subscriptions.includes(subscription));
    return isWanted && (from === null || acceptedAt >= from) && (to === null || acceptedAt <= to);
  });
  const placeOf = (cursor: DeliveryCursor): number =>
    listed.findIndex(({ eventId, subscription }) => eventId === cursor.eventId && subscription === cursor.subscription);
  const isBehind = (each: Listed, cursor: DeliveryCursor): boolean => listed.indexOf(each) > placeOf(cursor);
  const isBefore = (each: Listed, cursor: DeliveryCursor): boolean => listed.indexOf(each) < placeOf(cursor);
  if ("after" in turn) {
    const { after } = turn;
    return fitting.filter((each) => after === null || isBehind(each, after)).slice(0, limit);
  }
  const { before } = turn;
  return fitting.filter((each) => before === null || isBefore(each, before)).slice(-limit);
}
