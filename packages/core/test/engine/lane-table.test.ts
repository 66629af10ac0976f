import { openMemoryStore } from "@genhook/storage";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription, NOW } from "@genhook/testkit";
import { expect, it } from "vitest";
import { Directory, laneOf } from "../../src/directory/directory.ts";
import type { NewEvent } from "../../src/domain/event.ts";
import type { LaneTable } from "../../src/engine/lane-table.ts";
import { LANE_WINDOW } from "../../src/limits.ts";
import type { LaneRead, TaskQueue } from "../../src/ports/task-queue.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";
import { makeLaneTable } from "./make-lane-table.ts";

const S = buildSubscription(1, 1, 1);

/** A lane table over a real memory store whose lane reads the test answers when it likes. */
async function setUp(): Promise<{
  table: LaneTable;
  publish: (acceptedAt?: number) => Promise<NewEvent>;
  reads: () => number;
  answerRead: () => Promise<void>;
  time: VirtualTime;
}> {
  const store = openMemoryStore();
  const commit = buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S] });
  const outcome = await store.directory.commit(commit, 1);
  const version = outcome.kind === "committed" ? outcome.version : 0;
  const directory = new Directory();
  directory.apply({ ...commit, version });
  const time = new VirtualTime(NOW);
  const waiting: (() => void)[] = [];
  let reads = 0;
  const tasks: TaskQueue = Object.create(store.tasks, {
    readLane: {
      value: async (...args: Parameters<TaskQueue["readLane"]>): Promise<LaneRead> => {
        reads += 1;
        const read = await store.tasks.readLane(...args);
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
        return read;
      },
    },
  });
  const table = makeLaneTable(time, { store: { ...store, tasks }, directory, refreshDirectory: () => Promise.resolve(), isShared: false });
  return {
    table,
    time,
    reads: () => reads,
    publish: async (acceptedAt = NOW) => {
      const event = buildEvent([S], { acceptedAt });
      await store.events.append([event], version);
      table.handOver(event);
      return event;
    },
    answerRead: async () => {
      await time.run(0);
      waiting.shift()?.();
      await time.run(0);
    },
  };
}

function takeAll(table: LaneTable): string[] {
  const taken: string[] = [];
  for (let lane = table.turns.next(0); lane !== null; lane = table.turns.next(0)) {
    taken.push(table.take(lane).event.id);
    table.taken(lane);
  }
  return taken;
}

it("a lane that is never idle is not read for ever: what arrives during a read is kept aside", async () => {
  const { table, publish, reads, answerRead, time } = await setUp();
  table.shardsChanged([laneOf(S).shard], []);
  // Not discovered yet, so the first delivery makes a read; one more arrives while it is under way, with a clock that runs ahead of ours.
  const first = await publish();
  const second = await publish(NOW + 3);
  await answerRead();
  expect(takeAll(table)).toEqual([first.id, second.id]);
  await time.run(NOW + 1_000);
  const third = await publish();
  expect(takeAll(table)).toEqual([third.id]);
  expect(reads()).toBe(1);
});

it("what arrives during a read and finds no room is read again", async () => {
  const { table, publish, reads, answerRead } = await setUp();
  table.shardsChanged([laneOf(S).shard], []);
  const published: string[] = [];
  for (let i = 0; i < LANE_WINDOW + 10; i += 1) published.push((await publish()).id);
  const taken: string[] = [];
  for (let round = 0; taken.length < published.length && round < 20; round += 1) {
    await answerRead();
    taken.push(...takeAll(table));
  }
  expect(new Set(taken)).toEqual(new Set(published));
  expect(taken).toHaveLength(published.length);
  expect(reads()).toBeGreaterThan(1);
});
