import { hasEnded, type ReplayJob, type ReplayJobs, type Turn } from "@genhook/core";
import { pageOf } from "./page-of.ts";

/** Replay jobs in a map. */
export class MemoryReplayJobs implements ReplayJobs {
  readonly #jobs = new Map<string, ReplayJob>();

  find(id: string): Promise<ReplayJob | null> {
    return Promise.resolve(this.#jobs.get(id) ?? null);
  }

  list(turn: Turn<string>, limit: number): Promise<readonly ReplayJob[]> {
    const newestFirst = [...this.#jobs.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    return Promise.resolve(pageOf(newestFirst, turn, limit, (id, job) => (job.id === id ? 0 : job.id < id ? -1 : 1)));
  }

  running(): Promise<readonly ReplayJob[]> {
    const running = [...this.#jobs.values()].filter((job) => job.state === "running");
    return Promise.resolve(running.sort((a, b) => (a.id < b.id ? -1 : 1)));
  }

  save(job: ReplayJob, expectedRevision: number): Promise<boolean> {
    if ((this.#jobs.get(job.id)?.revision ?? 0) !== expectedRevision) return Promise.resolve(false);
    this.#jobs.set(job.id, { ...job, revision: expectedRevision + 1 });
    return Promise.resolve(true);
  }

  forget(at: number, limit: number): Promise<number> {
    const old = [...this.#jobs.values()].filter((job) => hasEnded(job) && job.updatedAt < at).slice(0, limit);
    for (const job of old) this.#jobs.delete(job.id);
    return Promise.resolve(old.length);
  }
}
