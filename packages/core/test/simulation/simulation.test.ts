import { deliveryId, resumeSubscription } from "@genhook/core";
import { expect, test } from "vitest";
import { World } from "./world.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const EVENTS = 150;
const SEEDS = Number(process.env["GENHOOK_TEST_SEEDS"] ?? 12);
const FIRST_SEED = Number(process.env["GENHOOK_TEST_FIRST_SEED"] ?? 1);

/** Ten minutes of publishing, meddling and misfortune, then a day of calm: everything that was accepted must have come to a recorded end. */
async function live(world: World): Promise<void> {
  await world.begin();
  const { time, random } = world;
  for (let n = 0; n < 8; n += 1) time.after(100 + n * 50, () => void world.node?.meddle().catch(() => undefined));
  for (let n = 0; n < EVENTS; n += 1) time.after(1_000 + random() * 10 * MINUTE, () => void publish(world, n));
  for (let n = 0; n < 25; n += 1) time.after(2_000 + random() * 10 * MINUTE, () => void world.node?.meddle().catch(() => undefined));
  for (let n = 0; n < 20; n += 1) time.after(MINUTE + random() * 9 * MINUTE, () => void replay(world));
  if (world.options.crashes) for (let n = 0; n < 8; n += 1) time.after(5_000 + random() * 10 * MINUTE, () => world.crash());
  await time.run(11 * MINUTE);
  world.isCalm = true;
  await time.run(12 * MINUTE);
  const { directory } = world.node ?? {};
  for (const { id, app } of directory?.directory.subscriptions() ?? []) {
    void directory?.change(resumeSubscription({ app, shop: 1 }, id));
  }
  await time.run(12 * MINUTE + DAY);
}

async function publish(world: World, n: number): Promise<void> {
  // A publisher that got no answer sends the same again under the same key, as the contract tells it to.
  if (world.node?.isReady === true) await world.node.publish(n).catch(() => undefined);
  else world.time.after(5_000, () => void publish(world, n));
}

async function replay(world: World): Promise<void> {
  const event = world.pick(world.accepted);
  const stored = event === undefined ? null : await world.store.events.read(event.id);
  const subscription = world.pick(stored?.owes ?? []);
  if (stored === null || subscription === undefined) return;
  await world.node?.deliveries.replay({ eventId: stored.id, subscription }).catch(() => undefined);
}

async function account(world: World): Promise<void> {
  const succeeded = new Set(world.arrivals.filter((each) => each.isSuccess).map((each) => each.deliveryId));
  for (const { id, deliveries } of world.accepted) {
    const event = await world.store.events.read(id);
    expect(event, `event ${id} was answered 202 and is not there`).not.toBeNull();
    expect(event?.owes.length).toBe(deliveries);
    for (const subscription of event?.owes ?? []) {
      const rows = await world.store.log.ofDelivery({ eventId: id, subscription });
      const last = rows.at(-1);
      const name = deliveryId({ eventId: id, subscription });
      expect(last?.state, `${name} has no end`).toMatch(/^(delivered|dead|cancelled)$/);
      if (last?.state === "delivered") expect(succeeded.has(name), `${name} is delivered and never arrived`).toBe(true);
      else expect(last?.reason, `${name} ended without a reason`).not.toBeNull();
      expect(rows.map((row) => row.seq)).toEqual(rows.map((_, index) => index + 1));
      const attempts = rows.filter((row) => row.kind === "attempt");
      expect(attempts.map((row) => row.n)).toEqual(attempts.map((_, index) => index + 1));
      for (const round of new Set(rows.map((row) => row.round))) {
        expect(attempts.filter((row) => row.round === round).length).toBeLessThanOrEqual(8);
      }
    }
  }
  expect(await world.store.tasks.backlog()).toEqual({ pending: 0, oldestDue: null });
  expect(world.breaches).toEqual([]);
}

for (const [name, options] of [
  ["all goes well", { crashes: false, storeFails: false }],
  ["the store is away now and then", { crashes: false, storeFails: true }],
  ["the process is killed again and again", { crashes: true, storeFails: false }],
  ["everything at once", { crashes: true, storeFails: true }],
] as const) {
  test(`simulation, ${name}: ${SEEDS} seeds from ${FIRST_SEED}`, { timeout: 600_000 }, async () => {
    let arrivals = 0;
    let accepted = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const world = new World({ seed, ...options });
      try {
        await live(world);
        await account(world);
        if (!options.crashes && !options.storeFails) exactlyOnce(world);
      } catch (error) {
        throw new Error(`seed ${seed}: GENHOOK_TEST_FIRST_SEED=${seed} GENHOOK_TEST_SEEDS=1 shows it again`, { cause: error });
      }
      arrivals += world.arrivals.length;
      accepted += world.accepted.length;
    }
    console.log(
      `simulation, ${name}: seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}, ${accepted} events accepted, ${arrivals} requests arrived`,
    );
    expect(accepted).toBeGreaterThan(SEEDS * 50);
    expect(arrivals).toBeGreaterThan(accepted);
  });
}

/** Without crashes no attempt is made twice: at least once becomes exactly once per attempt. */
function exactlyOnce(world: World): void {
  const seen = new Map<string, number>();
  for (const { deliveryId: id, attempt, isReplay } of world.arrivals) {
    if (isReplay) continue;
    const key = `${id} ${attempt}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect([...seen].filter(([, count]) => count > 1)).toEqual([]);
}
