import { firstTask, laneOf, type NewEvent, type Store, type Subscription, type Task } from "@genhook/core";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildIdempotency,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  NOW,
} from "./builders.ts";

export const FIRST_SUBSCRIPTION: Subscription = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });

/** Events by what became of their deliveries. */
export interface Lives {
  /** Owed to both subscriptions, never attempted. */
  readonly pending: NewEvent;
  /** Owed to the first one: failed once, waits. */
  readonly retried: NewEvent;
  /** Owed to the first one: delivered, replayed, dead. */
  readonly replayed: NewEvent;
}

/** Deliveries in every situation, over two days, and a directory that has changed. */
export async function liveThrough(store: Store): Promise<Lives> {
  await store.directory.commit(
    buildCommit({
      shops: [buildShop(1)],
      apps: [buildApp(1)],
      installations: [buildInstallation(1, 1)],
      subscriptions: [FIRST_SUBSCRIPTION, T],
    }),
    1,
  );
  await store.directory.commit(buildCommit({ at: NOW + 5, subscriptions: [{ ...FIRST_SUBSCRIPTION, updatedAt: NOW + 5 }] }), 2);
  const pending = buildEvent([FIRST_SUBSCRIPTION, T], { idempotency: buildIdempotency("k", "c"), subjects: ["ab".repeat(16)] });
  const retried = buildEvent([FIRST_SUBSCRIPTION]);
  const replayed = buildEvent([FIRST_SUBSCRIPTION], { acceptedAt: NOW + 2_000 });
  const cancelled = buildEvent([T], { acceptedAt: NOW + 3_000 });
  const test = buildEvent([FIRST_SUBSCRIPTION], { isTest: true });
  await store.events.append([pending, retried, replayed, cancelled, test], 3);
  await store.tasks.settle([buildSettlement(taskOf(retried), "pending", { next: NOW + 9_000 })]);
  await store.tasks.settle([buildSettlement(taskOf(replayed), "pending", { next: NOW + 5_000 })]);
  const second = { ...taskOf(replayed), due: NOW + 5_000, seq: 2, attempts: 1, attemptsEver: 1 };
  await store.tasks.settle([buildSettlement(second, "delivered", { at: NOW + 5_000 })]);
  const delivery = { eventId: replayed.id, subscription: FIRST_SUBSCRIPTION.id };
  const [reopened] = await store.tasks.replay([{ delivery, lane: laneOf(FIRST_SUBSCRIPTION) }], NOW + 6_000, null);
  if (reopened?.kind !== "reopened") throw new Error("it was not reopened");
  await store.tasks.settle([buildSettlement(reopened.task, "dead", { at: NOW + 7_000 })]);
  await store.tasks.cancelLane(laneOf(T), "unsubscribed", NOW + 8_000, 1, 3);
  return { pending, retried, replayed };
}

function taskOf(event: NewEvent): Task {
  const [owed] = event.owes;
  if (owed === undefined) throw new Error("nothing is owed");
  return firstTask(event, owed);
}
