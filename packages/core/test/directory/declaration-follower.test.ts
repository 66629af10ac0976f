import { DeclarationFollower, DirectoryService, type DeclarationStep, type Store, type Subscription, type Timers } from "@genhook/core";
import { openMemoryCluster } from "@genhook/storage";
import { buildApp, buildCommit, buildInstallation, buildShop, NOW } from "@genhook/testkit";
import { expect, test } from "vitest";
import { makeTools } from "./fixtures.ts";

const SHOPS = 230;
const WEBHOOK = { topic: "orders/create", address: "https://app.example.com/orders" };

const timers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.min(delayMs, 5));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** A shared store in which an app declares one webhook that none of its installations has yet. */
async function makeCluster(): Promise<{ readonly connect: () => Store }> {
  const cluster = openMemoryCluster({ now: () => NOW, leaseMs: 10_000 });
  const ids = Array.from({ length: SHOPS }, (_, index) => index + 1);
  const app = buildApp(1, { webhooks: [WEBHOOK], declaration: { version: 2, changedAt: NOW } });
  const installations = ids.map((id) => buildInstallation(1, id));
  await cluster.connect().directory.commit(buildCommit({ shops: ids.map((id) => buildShop(id)), apps: [app], installations }), 1);
  return cluster;
}

interface Process {
  readonly follower: DeclarationFollower;
  readonly steps: DeclarationStep[];
  readonly errors: unknown[];
}

async function startProcess(store: Store, onStep: (steps: number) => void = () => undefined): Promise<Process> {
  const steps: DeclarationStep[] = [];
  const errors: unknown[] = [];
  const woken: { follower: DeclarationFollower | null } = { follower: null };
  const directory = new DirectoryService({
    store,
    now: () => NOW,
    onChange: () => woken.follower?.wake(),
  });
  await directory.load();
  const follower = new DeclarationFollower({
    directory,
    tools: { ...makeTools(), readAddress: (text) => ({ text, origin: new URL(text).origin, pathname: new URL(text).pathname }) },
    timers,
    audited: (decide) => decide,
    onStep: (step) => {
      steps.push(step);
      onStep(steps.length);
    },
    onError: (error) => errors.push(error),
  });
  woken.follower = follower;
  follower.wake();
  return { follower, steps, errors };
}

async function subscriptionsIn(store: Store): Promise<readonly Subscription[]> {
  return (await store.directory.changesSince(0)).subscriptions;
}

async function untilAll(store: Store): Promise<void> {
  while ((await subscriptionsIn(store)).length < SHOPS) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("two processes that follow at once take steps from each other, and make each webhook once", async () => {
  const cluster = await makeCluster();
  const store = cluster.connect();
  const processes = await Promise.all([startProcess(cluster.connect()), startProcess(cluster.connect())]);
  await untilAll(store);
  for (const { follower } of processes) await follower.stop();
  expect(processes.flatMap(({ errors }) => errors)).toEqual([]);
  const steps = processes.flatMap((process) => process.steps);
  expect(steps.reduce((sum, step) => sum + step.installations, 0)).toBe(SHOPS);
  const made = await subscriptionsIn(store);
  expect(new Set(made.map(({ shop }) => shop)).size).toBe(SHOPS);
  expect(new Set(made.map(({ id }) => id)).size).toBe(SHOPS);
});

test("one that goes away in the middle leaves nothing behind: another goes on from what the store has", async () => {
  const cluster = await makeCluster();
  const store = cluster.connect();
  const first = await new Promise<Process>((resolve, reject) => {
    const started: { process: Process | null } = { process: null };
    startProcess(cluster.connect(), (steps) => {
      if (steps === 2 && started.process !== null) started.process.follower.stop().then(() => resolve(started.process as Process), reject);
    }).then((process) => (started.process = process), reject);
  });
  expect(first.steps).toHaveLength(2);
  expect(await subscriptionsIn(store)).toHaveLength(100);
  const second = await startProcess(cluster.connect());
  await untilAll(store);
  await second.follower.stop();
  expect(second.steps.map(({ installations }) => installations)).toEqual([50, 50, 30]);
});

test("a store that fails is asked again, and what is done stays done", async () => {
  const cluster = await makeCluster();
  const own = cluster.connect();
  let failures = 3;
  const commit: Store["directory"]["commit"] = (...given) => {
    failures -= 1;
    return failures >= 0 ? Promise.reject(new Error("not now")) : own.directory.commit(...given);
  };
  const directory = new Proxy(own.directory, {
    get: (target, name) => {
      const member: unknown = name === "commit" ? commit : Reflect.get(target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  const flaky: Store = { ...own, directory };
  const process = await startProcess(flaky);
  await untilAll(own);
  await process.follower.stop();
  expect(process.errors).toHaveLength(3);
  expect(await subscriptionsIn(own)).toHaveLength(SHOPS);
});
