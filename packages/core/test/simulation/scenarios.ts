import { releaseHold, resumeSubscription } from "@genhook/core";
import { meddleWithReplays, replayOne, resumeReplays } from "./replays.ts";
import type { World, WorldOptions } from "./world.ts";

const SECOND = 1_000;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const EVENTS = 150;
const FLEET_EVENTS = 60;
/** The longest that a healthy delivery of a fleet waits: for one deadline of others, when nothing is known of any endpoint; and its turn. */
const FLEET_WAIT_MS = 8_000;
/** And after a misfortune: for the lease of whoever died, and what was found at once then. */
const FLEET_WAIT_AFTER_MS = 40_000;

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly options: Omit<WorldOptions, "seed" | "scale">;
  readonly live: (world: World) => Promise<void>;
  /** No process dies and the store stays. */
  readonly isExact: boolean;
}

/** Ten minutes of publishing, meddling and misfortune, then up to a day of calm: everything that was accepted must have come to a recorded end. */
async function liveAlone(world: World, misfortunes: readonly (() => void)[]): Promise<void> {
  await world.begin(1);
  const { time, random } = world;
  for (let n = 0; n < 8; n += 1) time.after(100 + n * 50, () => world.meddle());
  for (let n = 0; n < world.scaled(EVENTS); n += 1) time.after(1_000 + random() * 10 * MINUTE, () => void publish(world, n));
  for (let n = 0; n < world.scaled(25); n += 1) time.after(2_000 + random() * 10 * MINUTE, () => world.meddle());
  for (let n = 0; n < world.scaled(20); n += 1) time.after(MINUTE + random() * 9 * MINUTE, () => void replayOne(world));
  for (let n = 0; n < world.scaled(10); n += 1) time.after(MINUTE + random() * 9 * MINUTE, () => void meddleWithReplays(world));
  for (const misfortune of some(world, misfortunes)) time.after(5_000 + random() * 10 * MINUTE, misfortune);
  await time.run(11 * MINUTE);
  await comeToRest(world, DAY, 10 * MINUTE);
}

/** The same with several processes on one store, for three minutes, and shorter waits: what matters happens at hand-overs. */
async function liveTogether(world: World, misfortunes: readonly (() => void)[]): Promise<void> {
  await world.begin(3);
  const { time, random } = world;
  if (random() < 0.5) time.after(1_000, () => world.boot("-api"));
  for (let n = 0; n < 8; n += 1) time.after(1_000 + n * 50, () => world.meddle());
  for (let n = 0; n < world.scaled(EVENTS); n += 1) time.after(2_000 + random() * 3 * MINUTE, () => void publish(world, n));
  for (let n = 0; n < world.scaled(40); n += 1) time.after(3_000 + random() * 3 * MINUTE, () => world.meddle());
  for (let n = 0; n < world.scaled(20); n += 1) time.after(30 * SECOND + random() * 3 * MINUTE, () => void replayOne(world));
  for (let n = 0; n < world.scaled(10); n += 1) time.after(30 * SECOND + random() * 3 * MINUTE, () => void meddleWithReplays(world));
  for (const misfortune of some(world, misfortunes)) time.after(5_000 + random() * 3 * MINUTE, misfortune);
  if (world.options.hasPoison === true) {
    for (let n = 0; n < 25; n += 1) time.after(20 * SECOND + random() * 4 * MINUTE, () => void world.lift(1));
  }
  await time.run(4 * MINUTE);
  await comeToRest(world, 30 * MINUTE, 15 * SECOND);
}

/** Three minutes of a fleet, with bursts for one shop, and then as long as it takes. */
async function liveAsFleet(world: World, nodes: number, misfortunes: readonly (() => void)[]): Promise<void> {
  await world.begin(nodes);
  const { time, random } = world;
  const bursts = [20, 60, 100].map((second) => second * SECOND + random() * 20 * SECOND);
  for (let n = 0; n < world.scaled(FLEET_EVENTS); n += 1) {
    const at = n % 3 === 0 ? (world.pick(bursts) ?? 0) + random() * 500 : random() * 2 * MINUTE;
    time.after(15 * SECOND + at, () => void publish(world, n));
  }
  for (let n = 0; n < world.scaled(20); n += 1) time.after(20 * SECOND + random() * 2 * MINUTE, () => world.meddle());
  for (let n = 0; n < world.scaled(10); n += 1) time.after(30 * SECOND + random() * 2 * MINUTE, () => void replayOne(world));
  for (let n = 0; n < world.scaled(4); n += 1) time.after(MINUTE + random() * 2 * MINUTE, () => void meddleWithReplays(world));
  for (const misfortune of some(world, misfortunes)) time.after(5_000 + random() * 150 * SECOND, misfortune);
  await time.run(3 * MINUTE);
  await comeToRest(world, 40 * MINUTE, 15 * SECOND);
}

/** Calm, and then no longer than it takes until nothing is owed, and no job runs. */
async function comeToRest(world: World, untilMs: number, stepMs: number): Promise<void> {
  const { time, store } = world;
  becomeCalm(world);
  await time.run(time.clock.monotonic() + 20 * SECOND);
  await resumeAll(world);
  for (let until = time.clock.monotonic() + stepMs; until < untilMs; until += stepMs) {
    await time.run(until);
    void world.lift(1_000);
    const { pending } = await store.tasks.backlog();
    if (pending === 0 && (await store.replayJobs.running()).length === 0) break;
  }
  await time.run(time.clock.monotonic() + 10 * SECOND);
}

function becomeCalm(world: World): void {
  world.isCalm = true;
  world.crashPoints.disarm();
  world.hints.lossRate = 0;
  world.hints.isUp = true;
}

async function resumeAll(world: World): Promise<void> {
  await resumeReplays(world);
  const { directory } = world.node ?? {};
  for (const { id } of directory?.directory.holds.all() ?? []) void directory?.change(releaseHold(id)).catch(() => undefined);
  for (const { id, app, shop, status } of directory?.directory.subscriptions() ?? []) {
    if (shop === null || (world.options.isFleet === true && status === "active")) continue;
    void directory?.change(resumeSubscription({ app, shop }, id)).catch(() => undefined);
  }
}

async function publish(world: World, n: number): Promise<void> {
  const { node } = world;
  const again = (): void => world.time.after(1_000 + world.random() * 2_000, () => void publish(world, n));
  if (node === undefined) {
    again();
    return;
  }
  // A publisher that got no answer, or was told to come back, sends the same again under the same key, as the contract tells it to.
  const died = new Promise<never>((_, reject) => {
    world.time.after(10_000, () => reject(new Error("no answer")));
  });
  await Promise.race([node.publish(n), died]).catch(again);
}

const times = (count: number, act: () => void): (() => void)[] => Array.from({ length: count }, () => act);

/** As many of each kind in turn as the world's scale says. */
function some(world: World, misfortunes: readonly (() => void)[]): readonly (() => void)[] {
  return misfortunes.filter((_, index) => index === 0 || world.scaled(index + 1) > world.scaled(index));
}

const ALONE = { isShared: false, retryWaitsMs: [10_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000] };
const TOGETHER = { isShared: true, retryWaitsMs: [1_000, 3_000, 10_000, 20_000, 30_000, 60_000, 120_000] };
const FLEET = { isFleet: true, retryWaitsMs: [1_000, 5_000, 20_000] };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "calm",
    title: "all goes well",
    options: { ...ALONE, storeFails: false },
    live: (world) => liveAlone(world, []),
    isExact: true,
  },
  {
    name: "store",
    title: "the store is away now and then",
    options: { ...ALONE, storeFails: true },
    live: (world) => liveAlone(world, []),
    isExact: false,
  },
  {
    name: "killed",
    title: "the process is killed again and again",
    options: { ...ALONE, storeFails: false },
    live: (world) => liveAlone(world, [...times(8, () => world.kill()), ...times(24, () => world.crashPoints.arm())]),
    isExact: false,
  },
  {
    name: "all",
    title: "everything at once",
    options: { ...ALONE, storeFails: true },
    live: (world) =>
      liveAlone(world, [
        ...times(8, () => world.kill()),
        ...times(24, () => world.crashPoints.arm()),
        ...times(3, () => world.expire()),
        ...times(2, () => world.stop()),
      ]),
    isExact: false,
  },
  {
    name: "stops",
    title: "several processes, which come and go in order",
    options: { ...TOGETHER, storeFails: false },
    live: (world) => liveTogether(world, [...times(8, () => world.stop()), ...times(4, () => world.join())]),
    isExact: true,
  },
  {
    name: "hints",
    title: "several processes, of which no hint is heard",
    options: { ...TOGETHER, storeFails: false },
    live: (world) => {
      world.hints.lossRate = 0.5;
      const silence = (): void => {
        world.hints.isUp = !world.hints.isUp;
      };
      return liveTogether(world, [...times(5, silence), ...times(3, () => world.stop()), ...times(3, () => world.join())]);
    },
    isExact: true,
  },
  {
    name: "cluster",
    title: "several processes, killed, frozen, suspended, cut off and stopped",
    options: { ...TOGETHER, storeFails: true },
    live: (world) => {
      world.hints.lossRate = 0.2;
      return liveTogether(world, [
        ...times(5, () => world.kill()),
        ...times(14, () => world.crashPoints.arm()),
        ...times(5, () => world.freeze(false)),
        ...times(2, () => world.freeze(true)),
        ...times(3, () => world.cutOff()),
        ...times(3, () => world.stop()),
        ...times(3, () => world.join()),
        ...times(3, () => world.stepClock()),
      ]);
    },
    isExact: false,
  },
  {
    name: "ordered",
    title: "several processes, whose ordered lanes are blocked by dead letters",
    options: { ...TOGETHER, retryWaitsMs: [500, 2_000], storeFails: true, hasPoison: true },
    live: (world) => {
      world.hints.lossRate = 0.2;
      return liveTogether(world, [
        ...times(3, () => world.kill()),
        ...times(14, () => world.crashPoints.arm()),
        ...times(3, () => world.freeze(false)),
        ...times(2, () => world.cutOff()),
        ...times(3, () => world.stop()),
        ...times(2, () => world.join()),
      ]);
    },
    isExact: false,
  },
  {
    name: "fleet",
    title: "two thousand endpoints, one process",
    options: { ...FLEET, isShared: false, storeFails: false, waitMaxMs: FLEET_WAIT_MS },
    live: (world) => liveAsFleet(world, 1, []),
    isExact: true,
  },
  {
    name: "fleet-killed",
    title: "two thousand endpoints, one process, which dies after any step",
    options: { ...FLEET, isShared: false, storeFails: true, waitMaxMs: FLEET_WAIT_AFTER_MS },
    live: (world) =>
      liveAsFleet(
        world,
        1,
        times(25, () => world.crashPoints.arm()),
      ),
    isExact: false,
  },
  {
    name: "fleet-cluster",
    title: "two thousand endpoints, several owners, which die after any step, freeze and are cut off; hints are lost",
    options: { ...FLEET, isShared: true, storeFails: true, waitMaxMs: FLEET_WAIT_AFTER_MS },
    live: (world) => {
      world.hints.lossRate = 0.3;
      return liveAsFleet(world, 2, [
        ...times(24, () => world.crashPoints.arm()),
        ...times(3, () => world.freeze(false)),
        ...times(1, () => world.freeze(true)),
        ...times(2, () => world.cutOff()),
        ...times(2, () => world.stop()),
        ...times(2, () => world.join()),
      ]);
    },
    isExact: false,
  },
];
