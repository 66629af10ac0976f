import { resumeEndpoint, type Subscription } from "@genhook/core";
import { buildSubscription } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { DAY, EndpointWorld, HOUR, MINUTE, SECOND, type EndpointWorldOptions } from "./endpoint-world.ts";

const at = (id: number, query: string): Subscription =>
  buildSubscription(8_589_934_900 + id, 1, 1, { address: `https://app-1.example.com/hooks?n=${query}` });
const [A, B, C] = [at(1, "a"), at(2, "b"), at(3, "c")] as const;
const ENDPOINT = A.endpoint;

async function makeWorld(options: Partial<EndpointWorldOptions> = {}): Promise<EndpointWorld> {
  const world = new EndpointWorld({ subscriptions: [A, B, C], behave: () => "timeout", ...options });
  await world.begin();
  return world;
}

/** An event for all three now and then, for so long. */
async function traffic(world: EndpointWorld, forMs: number, everyMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += everyMs) {
    if (world.nodes.length > 0) await world.publish([A, B, C]);
    await world.run(everyMs);
  }
}

const hours = (world: EndpointWorld): readonly (readonly [string, number])[] =>
  world.said.map(({ what, at: moment }) => [what, Math.round(moment / HOUR)]);

describe("an endpoint that fails for days", { timeout: 120_000 }, () => {
  it("is warned three times, then suspended in one step; nothing is sent to it, nothing is lost; resumed, it counts anew", async () => {
    const world = await makeWorld();
    await traffic(world, 6 * DAY, 2 * HOUR);
    expect(hours(world)).toEqual([
      ["warned at 25 %", 30],
      ["warned at 50 %", 60],
      ["warned at 75 %", 90],
      ["suspended 3", 120],
    ]);
    const suspendedAt = world.said.at(-1)?.at ?? 0;
    // Only what was under way in that moment.
    expect(world.attempts.filter((each) => each.at > suspendedAt)).toEqual([]);
    expect(await world.pending(A)).toBeGreaterThan(10);
    expect(await world.stateOf(ENDPOINT)).toMatchObject({ suspendedAt: expect.any(Number) as number, lastError: "timeout" });

    await world.change(resumeEndpoint(ENDPOINT));
    await world.run(MINUTE);
    expect(world.said.at(-1)?.what).toBe("resumed");
    expect(await world.stateOf(ENDPOINT)).toMatchObject({ suspendedAt: null });
    await traffic(world, 4 * DAY, 2 * HOUR);
    expect(
      hours(world)
        .slice(5)
        .map(([what]) => what),
    ).toEqual(["warned at 25 %", "warned at 50 %", "warned at 75 %"]);
    world.behave = () => 200;
    // What waits for another attempt waits two hours at most, and a little.
    await world.run(3 * HOUR);
    expect([await world.pending(A), await world.pending(B), await world.pending(C)]).toEqual([0, 0, 0]);
    expect(await world.stateOf(ENDPOINT)).toMatchObject({ failing: null, breaker: "closed" });
    expect(world.errors).toEqual([]);
  });

  it("resumed a moment after its suspension it is tried at once, not when its breaker would have probed", async () => {
    const world = await makeWorld();
    await traffic(world, 119 * HOUR, 2 * HOUR);
    await world.publish([A]);
    while (!world.said.some(({ what }) => what.startsWith("suspended"))) await world.run(MINUTE);
    expect((await world.stateOf(ENDPOINT))?.nextProbeAt).toBeGreaterThan(world.time.clock.now() + 5 * MINUTE);
    const before = world.attempts.length;
    await world.change(resumeEndpoint(ENDPOINT));
    await world.run(SECOND);
    expect(world.attempts).toHaveLength(before + 1);
  });

  it("is not told what could not be written down; it is told once it can be", async () => {
    const world = await makeWorld();
    await traffic(world, 28 * HOUR, 2 * HOUR);
    world.isStoreAway = true;
    await traffic(world, 8 * HOUR, 2 * HOUR);
    expect(world.said).toEqual([]);
    expect(new Set(world.errors)).toEqual(
      new Set(["warn of an endpoint: Error: the store is away", "save the states of endpoints: Error: the store is away"]),
    );
    world.isStoreAway = false;
    await traffic(world, 4 * HOUR, 2 * HOUR);
    expect(world.said.map(({ what }) => what)).toEqual(["warned at 25 %"]);
    world.kill(world.any);
    world.boot();
    await world.run(SECOND);
    await traffic(world, 8 * HOUR, 2 * HOUR);
    expect(world.said.map(({ what }) => what)).toEqual(["warned at 25 %"]);
  });

  it.each([1, 2, 3])("is warned and suspended once each, however often its owner dies or stops: seed %i", async (seed) => {
    const world = await makeWorld({ seed });
    for (let n = 0; n < 6 * 8; n += 1) {
      await traffic(world, 3 * HOUR, HOUR);
      const dice = world.random();
      if (dice < 0.5) world.kill(world.any);
      else if (dice < 0.8) await world.stop(world.any);
      else continue;
      await world.run(world.random() * 20 * SECOND);
      world.boot();
      await world.run(SECOND);
    }
    const said = world.said.map(({ what }) => what);
    expect(said).toEqual(["warned at 25 %", "warned at 50 %", "warned at 75 %", "suspended 3"]);
    const [, , , suspended] = world.said;
    expect((suspended?.at ?? 0) / HOUR).toBeGreaterThan(119);
    expect((suspended?.at ?? 0) / HOUR).toBeLessThan(124);
    expect(world.attempts.filter((each) => each.at > (suspended?.at ?? 0) + 2 * SECOND)).toEqual([]);
  });

  it.each([true, false])(
    "what ends before the states are read counts as well: a failure goes on with the count, a success ends it: %s",
    async (fails) => {
      const world = await makeWorld({ behave: () => 500 });
      await traffic(world, 40 * HOUR, 2 * HOUR);
      expect(world.said.map(({ what }) => what)).toEqual(["warned at 25 %"]);
      const before = (await world.stateOf(ENDPOINT))?.failing ?? null;
      await world.stop(world.any);
      world.statesReadMs = 5 * SECOND;
      world.behave = () => (fails ? 500 : 200);
      world.boot();
      await world.run(SECOND);
      await world.publish([A, B, C]);
      await world.run(SECOND);
      expect((await world.stateOf(ENDPOINT))?.failing?.since).not.toBe(before?.since);
      world.behave = () => 500;
      await world.run(10 * SECOND);
      const after = (await world.stateOf(ENDPOINT))?.failing ?? null;
      if (fails) expect(after).toMatchObject({ since: before?.since, warnedPercent: 25 });
      if (fails) expect(after?.attempts).toBeGreaterThanOrEqual((before?.attempts ?? 0) + 3);
      else expect(after?.since ?? null).not.toBe(before?.since);
    },
  );

  it("a success ends the count, also one of another webhook of the endpoint", async () => {
    const world = await makeWorld({ behave: ({ subscriptionId }) => (subscriptionId === C.id ? 200 : 500) });
    await traffic(world, 7 * DAY, 3 * HOUR);
    expect(world.said).toEqual([]);
    world.behave = () => 500;
    await traffic(world, 4 * DAY, 3 * HOUR);
    expect(world.said.map(({ what }) => what)).toEqual(["warned at 25 %", "warned at 50 %", "warned at 75 %"]);
    world.behave = () => 200;
    await traffic(world, 3 * HOUR, 3 * HOUR);
    world.behave = () => 500;
    await traffic(world, 2 * DAY, 3 * HOUR);
    expect(world.said.map(({ what }) => what).slice(3)).toEqual(["warned at 25 %"]);
  });

  it("with little traffic it is warned before it is suspended, a day before at the least", async () => {
    const world = await makeWorld();
    const said = (): string => world.said.map(({ what }) => what).join(", ");
    await traffic(world, 6 * DAY, 6 * DAY);
    expect(said()).toBe("");
    await traffic(world, 12 * HOUR, 12 * HOUR);
    expect(said()).toBe("warned at 75 %");
    await traffic(world, 13 * HOUR, 13 * HOUR);
    expect(said()).toBe("warned at 75 %");
    await traffic(world, HOUR, HOUR);
    expect(said()).toBe("warned at 75 %, suspended 3");
  });

  it("its state is written when it changes, and never more than once in five seconds but for a verdict", async () => {
    const world = await makeWorld({ behave: () => 500 });
    for (let n = 0; n < 300; n += 1) {
      await world.publish([A, B, C]);
      await world.run(SECOND);
    }
    const saves = world.saves.get(ENDPOINT) ?? [];
    expect(saves.length).toBeGreaterThan(1);
    for (const [index, time] of saves.entries()) if (index > 0) expect(time - (saves[index - 1] ?? 0)).toBeGreaterThanOrEqual(5 * SECOND);
    world.behave = () => 200;
    await world.run(20 * MINUTE);
    const written = world.saves.get(ENDPOINT)?.length ?? 0;
    const sent = world.attempts.length;
    for (let n = 0; n < 100; n += 1) {
      await world.publish([A, B, C]);
      await world.run(SECOND);
    }
    expect(world.attempts.length - sent).toBe(300);
    expect(world.saves.get(ENDPOINT)?.length, "successes are not written").toBe(written);
  });
});
