import { deliveryId, type LogRow, type StoredEvent } from "@genhook/core";
import { accountReplays } from "./replays.ts";
import type { World } from "./world.ts";

/** At the end, when calm has lasted long enough: everything that was accepted has come to a recorded end. Answers how much was made available to be pulled. */
export async function account(world: World): Promise<number> {
  const { breaches, store, truth } = world;
  let pulled = 0;
  const succeeded = new Set(world.arrivals.filter((each) => each.isSuccess).map((each) => each.deliveryId));
  for (const [id, deliveries] of world.accepted) {
    const event = await store.events.read(id);
    if (event === null) {
      breaches.hold(false, "account", () => `event ${id} was answered 202 and is not there`);
      continue;
    }
    breaches.hold(
      event.owes.length === deliveries,
      "answers",
      () => `event ${id} owes ${event.owes.length}, and ${deliveries} were answered`,
    );
    for (const subscription of event.owes) {
      const rows = await store.log.ofDelivery({ eventId: id, subscription });
      if (await accountOne(world, event, rows, deliveryId({ eventId: id, subscription }), succeeded)) pulled += 1;
    }
  }
  await truth.numbers.account(store);
  const { pending } = await store.tasks.backlog();
  breaches.hold(pending === 0, "account", () => `${pending} deliveries are pending at the end`);
  breaches.hold(world.ledger.counts.pending === 0, "account", () => `the account has ${world.ledger.counts.pending} pending at the end`);
  await accountReplays(world);
  breaches.throwFirst();
  return pulled;
}

/** Answers whether it was made available to be pulled. */
async function accountOne(
  { breaches, store, truth }: World,
  event: StoredEvent,
  rows: readonly LogRow[],
  name: string,
  succeeded: ReadonlySet<string>,
): Promise<boolean> {
  const last = rows.at(-1);
  if (last === undefined || last.state === "pending") {
    breaches.hold(false, "account", () => `${name} has no end`);
    return false;
  }
  const isAvailable = last.reason === "available";
  if (last.state === "delivered" && !isAvailable) {
    breaches.hold(succeeded.has(name), "account", () => `${name} is delivered and never arrived`);
  } else breaches.hold(last.reason !== null, "account", () => `${name} ended without a reason`);
  if (last.state === "cancelled") {
    breaches.hold(truth.explains(last, event.directoryVersion), "account", () => `${name} was ${last.reason} for nothing`);
  } else if (last.reason !== "expired" && truth.madeAs(last.subscription)?.settings.sequence === true) {
    await truth.numbers.ended(store, last.eventId, last.subscription);
  }
  return isAvailable;
}

/** Where no process dies and the store stays, no attempt is made twice, whatever is handed over: at least once becomes exactly once. */
export function exactlyOnce({ arrivals, breaches }: World): void {
  const seen = new Set<string>();
  for (const { deliveryId: id, attempt, isReplay, isCutOff } of arrivals) {
    if (isReplay || isCutOff) continue;
    const key = `${id} ${attempt}`;
    breaches.hold(!seen.has(key), "once", () => `attempt ${attempt} of ${id} arrived twice`);
    seen.add(key);
  }
}
