import { makeHold, pauseSubscription, releaseHold, resumeSubscription, type HoldRequest, type Subscription } from "@genhook/core";
import { buildSubscription } from "@genhook/testkit";
import { describe, expect, it } from "vitest";
import { TOPICS } from "../directory/fixtures.ts";
import { EndpointWorld, HOUR, MINUTE, SECOND, type EndpointWorldOptions } from "./endpoint-world.ts";

const at = (id: number, path: string): Subscription =>
  buildSubscription(8_589_934_900 + id, 1, 1, { address: `https://app-1.example.com/${path}` });
const [A, B, C, OTHER] = [at(1, "hooks?a"), at(2, "hooks?b"), at(3, "hooks?c"), at(4, "other")] as const;
const ID = "00000000-0000-4000-8000-000000000001";

async function makeWorld(options: Partial<EndpointWorldOptions> = {}, nodes?: number): Promise<EndpointWorld> {
  const world = new EndpointWorld({ subscriptions: [A, B, C, OTHER], behave: () => 200, ...options });
  await world.begin(nodes);
  return world;
}

const hold = (more: Partial<HoldRequest> = {}): ReturnType<typeof makeHold> =>
  makeHold({ scope: "all", subject: "", reason: "r", madeBy: "key k1", endsAt: null, ...more }, ID, TOPICS);

async function publish(world: EndpointWorld, count: number, subscriptions: readonly Subscription[]): Promise<void> {
  for (let n = 0; n < count; n += 1) await world.publish(subscriptions);
}

/** At most 1, 2, 4 … at once: as many successes as were allowed at once double what is. */
function expectSlowStart(world: EndpointWorld, from: number): void {
  const started = world.attempts.slice(from);
  for (const [index, { concurrent }] of started.entries()) {
    expect(concurrent, `attempt ${index}`).toBeLessThanOrEqual(2 ** Math.floor(Math.log2(index + 1)));
  }
  expect(Math.max(...started.map((each) => each.concurrent))).toBeGreaterThan(8);
}

describe("a hold", () => {
  it("keeps nothing in memory, and at its release everything goes out at once, slowly at first", async () => {
    const world = await makeWorld();
    await world.change(hold());
    await publish(world, 100, [A, B]);
    await world.run(MINUTE);
    expect(world.attempts).toEqual([]);
    expect(world.any.engine.gauges).toMatchObject({ lanes: 0, heldBytes: 0 });
    await world.change(releaseHold(ID));
    await world.run(100);
    expect(world.attempts.length).toBeGreaterThan(0);
    expectSlowStart(world, 0);
    await world.run(MINUTE);
    expect(world.attempts).toHaveLength(200);
    expect([await world.pending(A), await world.pending(B)]).toEqual([0, 0]);
  });

  it("lets go what memory still had of it just as slowly", async () => {
    const world = await makeWorld();
    await publish(world, 300, [A]);
    await world.run(30);
    await world.change(hold());
    const before = world.attempts.length;
    await world.run(SECOND);
    expect(world.attempts.length).toBe(before);
    expect(await world.pending(A)).toBe(300 - before);
    await world.change(releaseHold(ID));
    await world.run(MINUTE);
    expectSlowStart(world, before);
    expect(await world.pending(A)).toBe(0);
    expect(world.attempts).toHaveLength(300);
  });

  it("ends by the sender's clock, whoever writes that down", async () => {
    const world = await makeWorld();
    const endsAt = world.time.clock.now() + 10 * MINUTE;
    await world.change(hold({ endsAt }));
    await publish(world, 3, [A]);
    await world.run(10 * MINUTE - 1);
    expect(world.attempts).toEqual([]);
    await world.run(SECOND);
    expect(world.attempts).toHaveLength(3);
    expect(world.any.directory.directory.holds.size).toBe(0);
  });

  it("that ended while no process was there is noticed by the next one", async () => {
    const world = await makeWorld();
    await world.change(hold({ endsAt: world.time.clock.now() + MINUTE }));
    await publish(world, 3, [A]);
    world.kill(world.any);
    await world.run(2 * MINUTE);
    world.boot();
    await world.run(SECOND);
    expect(world.attempts).toHaveLength(3);
    expect(world.any.directory.directory.holds.size).toBe(0);
  });

  it("of one thing leaves its neighbours alone", async () => {
    const world = await makeWorld();
    await world.change(hold({ scope: "topic", subject: "products/update" }));
    await publish(world, 5, [A]);
    await world.run(SECOND);
    expect(world.attempts).toHaveLength(5);
  });

  it("binds another process within two seconds, also while hints are lost; what is under way ends", async () => {
    const world = await makeWorld({ isShared: true, answerMs: 5 }, 2);
    world.network.isUp = false;
    const owner = world.ownerOf(A.endpoint);
    const other = world.nodes.find((node) => node !== owner);
    expect(owner).toBeDefined();
    for (let n = 0; n < 200; n += 1) world.time.after(n * 50, () => void world.publish([A], owner));
    await world.run(2 * SECOND);
    expect(world.attempts.length).toBeGreaterThan(20);
    await world.change(hold(), other);
    const heldAt = world.now;
    await world.run(20 * SECOND);
    expect(world.attempts.filter((each) => each.at > heldAt + 2 * SECOND)).toEqual([]);
    await world.change(releaseHold(ID), other);
    await world.run(30 * SECOND);
    expect(await world.pending(A)).toBe(0);
  });
});

it("what an app resumes goes out slowly, too", async () => {
  const world = await makeWorld();
  const who = { app: 1, shop: 1 };
  await world.change(pauseSubscription(who, A.id));
  await publish(world, 100, [A]);
  await world.run(MINUTE);
  expect(world.attempts).toEqual([]);
  await world.change(resumeSubscription(who, A.id));
  await world.run(MINUTE);
  expectSlowStart(world, 0);
  expect(world.attempts).toHaveLength(100);
});

describe("a breaker", () => {
  it("probes for each webhook of the endpoint in turn, one delivery and one attempt at a time", async () => {
    const world = await makeWorld({ behave: () => 503 });
    await publish(world, 30, [A, B, C]);
    await world.run(SECOND);
    const open = world.attempts.length;
    await world.run(HOUR);
    const probes = world.attempts.slice(open);
    const turns = probes.map((each) => each.subscription);
    for (let index = 0; index + 3 <= turns.length; index += 3) expect(new Set(turns.slice(index, index + 3)).size).toBe(3);
    expect(probes.every((each) => each.concurrent === 1)).toBe(true);
    const waits = probes.map((each, index) => Math.round((each.at - (index === 0 ? 0 : (probes[index - 1]?.at ?? 0))) / SECOND)).slice(1);
    expect(waits.slice(0, 7)).toEqual([20, 40, 80, 160, 320, 600, 600]);
  });

  it("goes on over a restart where it was: nothing is sent before the next probe", async () => {
    const world = await makeWorld({ behave: () => 503 });
    await publish(world, 30, [A]);
    await world.run(HOUR);
    const state = await world.stateOf(A.endpoint);
    const before = world.attempts.length;
    world.kill(world.any);
    world.boot();
    await world.run((state?.nextProbeAt ?? 0) - world.time.clock.now() - 1);
    expect(world.attempts).toHaveLength(before);
    await world.run(2 * SECOND);
    expect(world.attempts).toHaveLength(before + 1);
    expect(await world.stateOf(A.endpoint)).toMatchObject({ breaker: "open", probeWaitMs: 600_000, openedAt: state?.openedAt });
  });

  it("is probed at once when another process asks for it, also while hints are lost", async () => {
    let status = 503;
    const world = await makeWorld({ behave: () => status, isShared: true }, 2);
    world.network.isUp = false;
    await publish(world, 30, [A]);
    await world.run(5 * MINUTE);
    const before = world.attempts.length;
    const owner = world.ownerOf(A.endpoint);
    const other = world.nodes.find((node) => node !== owner);
    expect(other?.engine.endpoints.probe(A.endpoint)).toBe(false);
    status = 200;
    expect(await other?.store.endpoints.askProbe(A.endpoint, world.time.clock.now())).toBe(true);
    await world.run(3 * SECOND);
    expect(world.attempts.length).toBeGreaterThan(before);
    expect(world.attempts[before]?.node).toBe(owner?.name);
    expect(await world.stateOf(A.endpoint)).toMatchObject({ breaker: "closed" });
  });
});

it("Retry-After pauses the whole endpoint, over a restart too; its other deliveries use no attempt, its neighbours go on", async () => {
  let isBusy = true;
  const world = await makeWorld({
    behave: ({ subscriptionId }) => (isBusy && subscriptionId !== OTHER.id ? { status: 429, retryAfter: "3600" } : 200),
  });
  await publish(world, 1, [A]);
  await world.run(SECOND);
  await publish(world, 20, [A, B, C, OTHER]);
  await world.run(MINUTE);
  expect(world.attempts.filter((each) => each.subscription !== OTHER.id)).toHaveLength(1);
  expect(world.attempts.filter((each) => each.subscription === OTHER.id)).toHaveLength(20);
  expect(await world.stateOf(A.endpoint)).toMatchObject({ breaker: "closed", lastStatus: 429 });
  world.kill(world.any);
  world.boot();
  isBusy = false;
  await world.run(50 * MINUTE);
  expect(world.attempts.filter((each) => each.subscription === A.id)).toHaveLength(1);
  await world.run(15 * MINUTE);
  expect([await world.pending(A), await world.pending(B), await world.pending(C)]).toEqual([0, 0, 0]);
  expect(world.errors).toEqual([]);
});
