import type { Directory } from "../directory/directory.ts";
import { DISCOVERY_EVERY_MS, DISCOVERY_PAGE } from "../limits.ts";
import type { Timer, Timers } from "../ports/clock.ts";
import type { DirectoryStore } from "../ports/directory-store.ts";
import type { LaneRef, LaneWithWork, TaskQueue } from "../ports/task-queue.ts";
import type { LaneTable } from "./lane-table.ts";

export interface DiscoveryOptions {
  readonly tasks: TaskQueue;
  readonly directoryStore: Pick<DirectoryStore, "findSubscription">;
  readonly directory: Directory;
  readonly table: LaneTable;
  readonly timers: Timers;
  readonly owns: (shard: number) => boolean;
  readonly shards: () => readonly number[];
  readonly onError: (error: unknown) => void;
}

/** Finds lanes with work by scanning the owned shards: at take-over, and every so often, because hints may be lost. */
export class Discovery {
  readonly #options: DiscoveryOptions;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Scans these shards, a page at a time, then sets the next scan of all that are owned. */
  async scan(shards: readonly number[]): Promise<void> {
    const { tasks, table, timers, onError } = this.#options;
    this.#timer?.cancel();
    let after: LaneRef | null = null;
    try {
      do {
        const page: readonly LaneWithWork[] = await tasks.lanesWithWork(shards, after, DISCOVERY_PAGE);
        for (const found of page) await this.#found(found);
        after = page.length < DISCOVERY_PAGE ? null : (page.at(-1) ?? null);
      } while (after !== null && !this.#isStopped);
      if (!this.#isStopped) table.shardsDiscovered(shards);
    } catch (error) {
      onError(error);
    }
    if (this.#isStopped) return;
    table.forgetIdle();
    this.#timer = timers.after(DISCOVERY_EVERY_MS, () => void this.scan(this.#options.shards()));
  }

  async #found(found: LaneWithWork): Promise<void> {
    const { table, directory, directoryStore, owns } = this.#options;
    // A lane whose subscription has ended is no longer in memory's directory, and still has to be swept or emptied.
    const subscription =
      table.lane(found.lane)?.subscription ?? directory.subscription(found.lane) ?? (await directoryStore.findSubscription(found.lane));
    if (this.#isStopped || subscription === null || !owns(found.shard)) return;
    table.discovered(found, subscription);
  }
}
