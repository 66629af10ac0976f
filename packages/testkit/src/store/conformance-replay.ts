import { firstTask, laneOf, type DeliveryKey, type NewEvent, type ReplayJob, type ReplayResult, type Task } from "@genhook/core";
import { expect, it } from "vitest";
import { buildEvent, buildSettlement, buildSubscription, eventIdAt, NOW } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });

/** Opening deliveries again, one by one and by replay jobs. */
export function describeReplay({ open, append, owed, version }: Fixture): void {
  const key = (event: NewEvent): DeliveryKey => ({ eventId: event.id, subscription: S.id });
  const replay = async (delivery: DeliveryKey, at: number, job: string | null = null): Promise<ReplayResult | undefined> => {
    const [result, ...others] = await open().tasks.replay([{ delivery, lane: laneOf(S) }], at, job);
    expect(others).toEqual([]);
    return result;
  };

  it("re-opens a final delivery as a new round that counts on, and drops it from the lists", async () => {
    const event = buildEvent([S]);
    await append(event);
    await open().tasks.settle([buildSettlement(firstTaskOf(event), "dead")]);
    const replayed = await replay(key(event), NOW + 500);
    expect(replayed).toMatchObject({ kind: "reopened", task: { seq: 3, round: 2, attempts: 0, attemptsEver: 1, due: NOW + 500 } });
    expect(
      await open().log.listFinal({ subscriptions: null, states: ["dead"], from: null, to: null, turn: { after: null }, limit: 9 }),
    ).toEqual([]);
    const [task] = await owed(S);
    await open().tasks.settle([buildSettlement(task as Task, "delivered")]);
    expect((await open().log.ofDelivery(key(event))).map(({ kind, seq, round, n }) => [kind, seq, round, n])).toEqual([
      ["attempt", 1, 1, 1],
      ["reopened", 2, 2, 1],
      ["attempt", 3, 2, 2],
    ]);
  });

  it("re-opens once when two ask at once", async () => {
    const event = buildEvent([S]);
    await append(event);
    await open().tasks.settle([buildSettlement(firstTaskOf(event), "delivered")]);
    const kinds = await Promise.all([1, 2].map(() => replay(key(event), NOW + 500)));
    expect(new Set(kinds.map((each) => each?.kind))).toEqual(new Set(["pending", "reopened"]));
    expect(await owed(S)).toHaveLength(1);
  });

  it("says pending, refused and not found", async () => {
    const event = buildEvent([S, T]);
    await append(event);
    expect(await replay(key(event), NOW)).toEqual({ kind: "pending" });
    expect(await replay({ eventId: event.id, subscription: 7 }, NOW)).toEqual({ kind: "not_found" });
    expect(await replay({ eventId: eventIdAt(NOW), subscription: S.id }, NOW)).toEqual({ kind: "not_found" });
    await open().tasks.cancelLane(laneOf(S), "uninstalled", NOW, 9, version());
    expect(await replay(key(event), NOW)).toEqual({ kind: "refused", reason: "uninstalled" });
  });

  it("re-opens many at once, answers in order, and names the replay job in the log", async () => {
    const [dead, pending, delivered] = [buildEvent([S]), buildEvent([S]), buildEvent([S])];
    await append(dead, pending, delivered);
    await open().tasks.settle([buildSettlement(firstTaskOf(dead), "dead"), buildSettlement(firstTaskOf(delivered), "delivered")]);
    const requests = [dead, pending, delivered].map((event) => ({ delivery: key(event), lane: laneOf(S) }));
    const results = await open().tasks.replay(requests, NOW + 500, "j1");
    expect(results.map(({ kind }) => kind)).toEqual(["reopened", "pending", "reopened"]);
    expect((await open().log.ofDelivery(key(dead))).at(-1)).toMatchObject({ kind: "reopened", detail: "j1", state: "pending" });
    expect(await owed(S)).toHaveLength(3);
  });

  it("re-opens nothing twice for the same job, whatever became of it since; for another job and for a person it does", async () => {
    const event = buildEvent([S]);
    await append(event);
    await open().tasks.settle([buildSettlement(firstTaskOf(event), "dead")]);
    const again = async (at: number, job: string | null): Promise<string | undefined> => (await replay(key(event), at, job))?.kind;
    expect(await again(NOW + 1, "j1")).toBe("reopened");
    expect(await again(NOW + 2, "j1")).toBe("repeated");
    const [task] = await owed(S);
    await open().tasks.settle([buildSettlement(task as Task, "dead")]);
    expect(await again(NOW + 3, "j1")).toBe("repeated");
    expect(await again(NOW + 4, "j2")).toBe("reopened");
    const [second] = await owed(S);
    await open().tasks.settle([buildSettlement(second as Task, "dead")]);
    expect(await again(NOW + 5, null)).toBe("reopened");
  });

  it("keeps replay jobs, changes them at an expected revision only, and lists them newest first both ways", async () => {
    const { replayJobs } = open();
    const jobs = [1, 2, 3].map((n) => buildReplayJob(eventIdAt(NOW + n)));
    for (const job of jobs) expect(await replayJobs.save(job, 0)).toBe(true);
    const [first, second, third] = jobs.map((job) => ({ ...job, revision: 1 })) as [ReplayJob, ReplayJob, ReplayJob];
    expect(await replayJobs.save(first, 0)).toBe(false);
    expect(await replayJobs.save({ ...first, state: "paused", done: 7 }, 1)).toBe(true);
    expect(await replayJobs.save({ ...first, state: "cancelled" }, 1)).toBe(false);
    const paused = { ...first, state: "paused", done: 7, revision: 2 } as const;
    expect(await replayJobs.find(first.id)).toEqual(paused);
    expect(await replayJobs.find(eventIdAt(NOW))).toBeNull();
    expect(await replayJobs.running()).toEqual([second, third]);
    expect(await replayJobs.list({ after: null }, 2)).toEqual([third, second]);
    expect(await replayJobs.list({ after: second.id }, 2)).toEqual([paused]);
    expect(await replayJobs.list({ before: second.id }, 2)).toEqual([third]);
    expect(await replayJobs.list({ before: null }, 2)).toEqual([second, paused]);
  });

  it("forgets replay jobs that ended before a time", async () => {
    const { replayJobs } = open();
    const jobs = (["done", "cancelled", "running"] as const).map((state, n) => buildReplayJob(eventIdAt(NOW + n), { state }));
    for (const job of jobs) await replayJobs.save(job, 0);
    expect(await replayJobs.forget(NOW, 9)).toBe(0);
    expect(await replayJobs.forget(NOW + 1, 1)).toBe(1);
    expect(await replayJobs.forget(NOW + 1, 9)).toBe(1);
    expect((await replayJobs.list({ after: null }, 9)).map((job) => job.state)).toEqual(["running"]);
  });
}

function firstTaskOf(event: NewEvent): Task {
  return firstTask(event, { subscription: S.id, ...laneOf(S) });
}

function buildReplayJob(id: string, more: Partial<ReplayJob> = {}): ReplayJob {
  const open = { shop: null, app: null, subscription: null, endpoint: null, eventId: null, topic: null, from: null };
  return {
    id,
    state: "running",
    isDryRun: false,
    filter: { ...open, state: "dead", to: NOW },
    ratePerSecond: 50,
    madeBy: "key 1",
    createdAt: NOW,
    updatedAt: NOW,
    matched: 0,
    isCounted: false,
    done: 0,
    reopened: 0,
    position: { phase: "final", eventId: id, subscription: S.id },
    revision: 1,
    ...more,
  };
}
