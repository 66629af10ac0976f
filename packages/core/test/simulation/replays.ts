import { cancelReplay, pauseReplay, resumeReplay, type ReplayJob, type Result } from "@genhook/core";
import type { World } from "./world.ts";

let made = 0;

/** Somebody sends one delivery again. */
export async function replayOne(world: World): Promise<void> {
  const id = world.pick([...world.accepted.keys()]);
  const stored = id === undefined ? null : await world.store.events.read(id);
  const subscription = world.pick(stored?.owes ?? []);
  if (stored === null || subscription === undefined) return;
  await world.node?.deliveries.replay({ eventId: stored.id, subscription }).catch(() => undefined);
}

/** Somebody makes a replay job, or pauses, resumes or cancels one. */
export async function meddleWithReplays(world: World): Promise<void> {
  const { random, store, time, transitions } = world;
  const { replayJobs } = store;
  const jobs = await replayJobs.list({ after: null }, 100);
  const job = world.pick(jobs.filter(({ state }) => state === "running" || state === "paused"));
  if (job === undefined || random() < 0.4) {
    world.injected.replayJobs += 1;
    await replayJobs.save(newJob(world), 0);
    return;
  }
  const dice = random();
  const now = time.clock.now();
  const changed: Result<ReplayJob> = dice < 0.4 ? pauseReplay(job, now) : dice < 0.85 ? resumeReplay(job, now) : cancelReplay(job, now);
  if (!changed.ok || changed.value.state === job.state || !(await replayJobs.save(changed.value, job.revision))) return;
  transitions.take("replay", `${job.state} → ${changed.value.state}`);
}

/** Lets every job go on, so that it comes to its end. */
export async function resumeReplays({ store, time }: World): Promise<void> {
  for (const job of await store.replayJobs.list({ after: null }, 1_000)) {
    const resumed = job.state === "paused" ? resumeReplay(job, time.clock.now()) : null;
    if (resumed?.ok === true) await store.replayJobs.save(resumed.value, job.revision);
  }
}

/** Every job has come to its end, and none has opened a delivery twice. */
export async function accountReplays(world: World): Promise<void> {
  const { store, breaches, transitions } = world;
  const jobs = await store.replayJobs.list({ after: null }, 1_000);
  for (const { id, state, isDryRun } of jobs) {
    breaches.hold(state === "done" || state === "cancelled", "replay", () => `job ${id} is ${state} at the end`);
    if (state === "done") transitions.take("replay", isDryRun ? "dry run → done" : "running → done");
  }
  if (jobs.length === 0) return;
  const opened = new Map<string, number>();
  for (const id of world.accepted.keys()) {
    const event = await store.events.read(id);
    for (const subscription of event?.owes ?? []) {
      for (const row of await store.log.ofDelivery({ eventId: id, subscription })) {
        if (row.kind !== "reopened" || row.detail === null) continue;
        const key = `${row.detail} ${id} ${subscription}`;
        const times = (opened.get(key) ?? 0) + 1;
        opened.set(key, times);
        breaches.hold(
          times === 1,
          "replay",
          () => `job ${row.detail ?? ""} has opened a delivery of ${id} to ${subscription} ${times} times`,
        );
      }
    }
  }
  const counts = jobs.reduce((sum, { reopened }) => sum + reopened, 0);
  breaches.hold(counts <= opened.size, "replay", () => `jobs say that they have opened ${counts}, and their deliveries ${opened.size}`);
}

function newJob({ random, time, population }: World): ReplayJob {
  made += 1;
  const now = time.clock.now();
  const state = random() < 0.6 ? "dead" : random() < 0.6 ? "cancelled" : "delivered";
  const place = population.meddled();
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, "0");
  const at = now.toString(16).padStart(12, "0");
  return {
    id: `${at.slice(0, 8)}-${at.slice(8)}-7${hex(3)}-8${hex(3)}-${(made % 16 ** 4).toString(16).padStart(4, "0")}${hex(8)}`,
    state: "running",
    isDryRun: random() < 0.15,
    filter: {
      state,
      shop: null,
      app: random() < 0.3 ? null : place.app,
      subscription: null,
      endpoint: null,
      eventId: null,
      topic: null,
      from: null,
      to: now,
    },
    ratePerSecond: 5 + Math.floor(random() * 95),
    madeBy: "key k1",
    createdAt: now,
    updatedAt: now,
    matched: 0,
    isCounted: false,
    done: 0,
    reopened: 0,
    position: null,
    revision: 0,
  };
}
