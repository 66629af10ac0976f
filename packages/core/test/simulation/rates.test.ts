import { setEndpointRate, updateSubscription, type Subscription } from "@genhook/core";
import { buildSubscription } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { makeTools } from "../directory/fixtures.ts";
import { EndpointWorld, MINUTE, SECOND, type Attempt, type EndpointWorldOptions } from "./endpoint-world.ts";

const SEEDS = Number(process.env["GENHOOK_TEST_SEEDS"] ?? 5);
const FIRST_SEED = Number(process.env["GENHOOK_TEST_FIRST_SEED"] ?? 1);
/** Moments of virtual time are sums of fractions. */
const ROUNDING_MS = 0.002;

const at = (id: number, path: string, ratePerSecond?: number): Subscription =>
  buildSubscription(8_589_934_900 + id, 1, 1, {
    address: `https://app-1.example.com/${path}?n=${id}`,
    settings: ratePerSecond === undefined ? {} : { ratePerSecond },
  });

async function makeWorld(subscriptions: readonly Subscription[], options: Partial<EndpointWorldOptions> = {}, nodes = 1) {
  const world = new EndpointWorld({ subscriptions, behave: () => 200, ...options });
  await world.begin(nodes);
  return world;
}

async function publishMany(world: EndpointWorld, to: readonly Subscription[], count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await world.publish(to);
}

function startsAt(world: EndpointWorld, subscriptions: readonly Subscription[]): number[] {
  const own = new Set(subscriptions.map(({ id }) => id));
  return world.attempts.filter((each: Attempt) => own.has(each.subscription)).map((each) => each.at);
}

/** In any span of t seconds at most `rate × t` attempts start, and once a tenth of a second's worth, at least one. */
function overRate(starts: readonly number[], rate: number): string[] {
  const atOnce = Math.max(1, Math.floor(rate / 10));
  const over: string[] = [];
  let fullAt = Number.NEGATIVE_INFINITY;
  for (const start of starts) {
    if (start < fullAt - ((atOnce - 1) * 1_000) / rate - ROUNDING_MS) over.push(`at ${start}`);
    fullAt = Math.max(fullAt, start) + 1_000 / rate;
  }
  return over;
}

describe("an endpoint with a rate", { timeout: 300_000 }, () => {
  it("gets what it is owed at that rate, its webhooks in turns, and nothing else waits for it", async () => {
    const [a, b, other] = [at(1, "hooks", 2), at(2, "hooks"), at(3, "other")] as const;
    const world = await makeWorld([a, b, other]);
    const begun = world.now;
    await publishMany(world, [a, b, other], 30);
    await world.run(20 * SECOND);
    expect(startsAt(world, [other])).toHaveLength(30);
    expect(Math.max(...startsAt(world, [other])) - begun).toBeLessThan(2 * SECOND);
    // One at once, and two for each second.
    expect(startsAt(world, [a, b])).toHaveLength(41);
    expect(overRate(startsAt(world, [a, b]), 2)).toEqual([]);
    expect(startsAt(world, [a]).length - startsAt(world, [b]).length).toBeLessThanOrEqual(1);
    await world.run(20 * SECOND);
    expect([await world.pending(a), await world.pending(b)]).toEqual([0, 0]);
    expect(world.errors).toEqual([]);
  });

  it("is not started sooner because others were written before it in the same turn, which took its time", async () => {
    const others = [1, 2, 3, 4, 5].map((id) => at(id, `other-${id}`));
    const a = at(6, "hooks", 10);
    const world = await makeWorld([...others, a], { writeMs: 7 });
    await publishMany(world, [...others, a], 2);
    await world.run(SECOND);
    expect(startsAt(world, others)).toHaveLength(10);
    expect(startsAt(world, [a])).toHaveLength(2);
    expect(overRate(startsAt(world, [a]), 10)).toEqual([]);
  });

  it("uses a high rate to the full, although nobody is woken between two milliseconds", async () => {
    const a = at(1, "hooks", 150);
    const world = await makeWorld([a]);
    const begun = world.now;
    await publishMany(world, [a], 300);
    await world.run(10 * SECOND);
    expect(startsAt(world, [a])).toHaveLength(300);
    expect((Math.max(...startsAt(world, [a])) - begun) / SECOND).toBeLessThan(2.2);
    expect(overRate(startsAt(world, [a]), 150)).toEqual([]);
  });

  it("follows a rate that the app or the operator changes, at once, and whoever asks for less has it", async () => {
    const a = at(1, "hooks", 1);
    const world = await makeWorld([a]);
    await publishMany(world, [a], 400);
    await world.run(10 * SECOND);
    expect(startsAt(world, [a])).toHaveLength(11);
    const changed = async (change: () => Promise<void>, forMs: number): Promise<number> => {
      await change();
      const before = world.attempts.length;
      await world.run(forMs);
      return world.attempts.length - before;
    };
    const who = { app: 1, shop: 1 };
    const ask = (ratePerSecond: number | null) => () =>
      world.change(updateSubscription(makeTools(), who, a.id, { settings: { ratePerSecond } }));
    const operate = (ratePerSecond: number | null) => () => world.change(setEndpointRate(a.endpoint, ratePerSecond));
    expect(await changed(ask(10), 10 * SECOND)).toBeGreaterThanOrEqual(99);
    expect(await changed(operate(0.5), 10 * SECOND)).toBeLessThanOrEqual(6);
    expect(await changed(ask(100), 10 * SECOND)).toBe(5);
    expect(await changed(operate(5), 10 * SECOND)).toBeGreaterThanOrEqual(49);
    expect(await changed(ask(null), 10 * SECOND)).toBe(50);
    await operate(null)();
    await world.run(10 * SECOND);
    expect(await world.pending(a)).toBe(0);
  });

  it("that fails is tried again at that rate as well, and probed no sooner", async () => {
    const a = at(1, "hooks", 3);
    const world = await makeWorld([a]);
    world.behave = () => (world.random() < 0.5 ? 500 : "timeout");
    await publishMany(world, [a], 40);
    await world.run(10 * MINUTE);
    expect(world.attempts.length).toBeGreaterThan(12);
    expect(overRate(startsAt(world, [a]), 3)).toEqual([]);
    world.behave = () => 200;
    await world.run(180 * MINUTE);
    expect(await world.pending(a)).toBe(0);
    expect(overRate(startsAt(world, [a]), 3)).toEqual([]);
  });

  it(`never gets more, whichever process owns it, and however that changes: ${SEEDS} seeds from ${FIRST_SEED}`, async () => {
    let starts = 0;
    let handOvers = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
      const rates = [0.2, 1, 4, 19, 60];
      const limited = rates.map((rate, index) => ({ rate, subscription: at(index, `hooks/${index}`, rate) }));
      const world = await makeWorld(
        limited.map(({ subscription }) => subscription),
        { isShared: true, seed },
        2,
      );
      const owners = new Map<string, string>();
      for (let step = 0; step < 24; step += 1) {
        for (const { subscription, rate } of limited) await publishMany(world, [subscription], Math.ceil(rate * 3 * world.random()));
        const dice = world.random();
        if (dice < 0.2 && world.nodes.length > 1) world.kill(world.any);
        else if (dice < 0.4 && world.nodes.length > 1) await world.stop(world.any);
        else if (world.nodes.length < 3) world.boot();
        await world.run(SECOND + world.random() * 10 * SECOND);
        for (const { subscription } of limited) {
          const owner = world.ownerOf(subscription.endpoint)?.name;
          if (owner !== undefined && owners.get(subscription.endpoint) !== owner) handOvers += 1;
          if (owner !== undefined) owners.set(subscription.endpoint, owner);
        }
      }
      await world.run(5 * MINUTE);
      for (const { subscription, rate } of limited) {
        const own = startsAt(world, [subscription]);
        starts += own.length;
        expect(overRate(own, rate), `seed ${seed}, ${rate} a second`).toEqual([]);
        expect(await world.pending(subscription), `seed ${seed}, ${rate} a second`).toBe(0);
      }
    }
    console.log(
      `rates: seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}, ${starts} starts, ${handOvers} changes of owners, none too early`,
    );
    expect(handOvers).toBeGreaterThan(SEEDS * 20);
  });
});
