import type { DirectoryService } from "../directory/directory-service.ts";
import { DISCOVERY_AGAIN_MS, DISCOVERY_EVERY_MS, DISCOVERY_PAGE, DISCOVERY_WITHOUT_HINTS_EVERY_MS } from "../limits.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { Hints } from "../ports/hints.ts";
import type { Store } from "../ports/store.ts";
import type { LaneRef, LaneWithWork } from "../ports/task-queue.ts";
import type { LaneTable } from "./lane-table.ts";

export interface DiscoveryOptions {
  readonly store: Pick<Store, "isShared" | "tasks" | "directory">;
  readonly hints: Pick<Hints, "isWorking">;
  readonly directory: DirectoryService;
  readonly table: LaneTable;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly owns: (shard: number) => boolean;
  readonly shards: () => readonly number[];
  readonly onError: (error: unknown) => void;
}

/**
 * Finds lanes with work by scanning the owned shards: at once those that were gained, all of them every so often, because hints may be lost,
 * and more often while hints are known not to arrive. One scan at a time, a page at a time.
 */
export class Discovery {
  readonly #options: DiscoveryOptions;
  /** Shards that were gained and not yet scanned since. */
  #gained = new Set<number>();
  /** Lanes that another process has told of and that memory did not know. */
  #told = new Map<number, LaneRef>();
  #isRunning = false;
  #isStopped = false;
  #scannedAt: number;
  #wereHintsLost = false;
  #timer: Timer | null = null;

  constructor(options: DiscoveryOptions) {
    this.#options = options;
    this.#scannedAt = options.clock.monotonic();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  gained(shards: readonly number[]): void {
    for (const shard of shards) this.#gained.add(shard);
    this.#run();
  }

  /** Another process says that something is owed in these lanes. */
  told(lanes: readonly LaneRef[]): void {
    const { table, owns } = this.#options;
    for (const lane of lanes) {
      if (owns(lane.shard) && !table.told(lane)) this.#told.set(lane.lane, lane);
    }
    if (this.#told.size > 0) this.#run();
  }

  #run(): void {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#timer?.cancel();
    void this.#work().then((isDone) => {
      this.#isRunning = false;
      if (!this.#isStopped) this.#runLater(isDone);
    });
  }

  #runLater(isDone: boolean): void {
    const { store, hints, timers } = this.#options;
    if (!hints.isWorking) this.#wereHintsLost = true;
    let waitMs = store.isShared ? DISCOVERY_WITHOUT_HINTS_EVERY_MS : DISCOVERY_EVERY_MS;
    if (!isDone) waitMs = DISCOVERY_AGAIN_MS;
    else if (this.#told.size > 0 || this.#gained.size > 0) waitMs = 0;
    this.#timer = timers.after(waitMs, () => this.#run());
  }

  /** Does what there is to do; false where something failed and is to be done again. */
  async #work(): Promise<boolean> {
    try {
      for (;;) {
        if (this.#told.size > 0) await this.#findTold();
        else if (this.#gained.size > 0) await this.#scanGained();
        else if (this.#isScanDue()) await this.#scanAll();
        else return true;
        if (this.#isStopped) return true;
      }
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  #isScanDue(): boolean {
    const { clock, hints } = this.#options;
    const agoMs = clock.monotonic() - this.#scannedAt;
    // Hints that were lost while they did not work are made up for once when they work again.
    return agoMs >= (hints.isWorking && !this.#wereHintsLost ? DISCOVERY_EVERY_MS : DISCOVERY_WITHOUT_HINTS_EVERY_MS) - 1;
  }

  async #scanGained(): Promise<void> {
    const shards = [...this.#gained];
    this.#gained = new Set();
    try {
      await this.#scan(shards);
    } catch (error) {
      for (const shard of shards) this.#gained.add(shard);
      throw error;
    }
  }

  async #scanAll(): Promise<void> {
    this.#scannedAt = this.#options.clock.monotonic();
    this.#wereHintsLost = !this.#options.hints.isWorking;
    await this.#scan(this.#options.shards());
    this.#options.table.forgetIdle();
  }

  async #scan(shards: readonly number[]): Promise<void> {
    const { store, table, owns } = this.#options;
    let after: LaneRef | null = null;
    do {
      const page: readonly LaneWithWork[] = await store.tasks.lanesWithWork(shards, after, DISCOVERY_PAGE);
      for (const found of page) await this.#found(found);
      after = page.length < DISCOVERY_PAGE ? null : (page.at(-1) ?? null);
    } while (after !== null && !this.#isStopped);
    // One that was lost and gained again meanwhile is to be scanned anew: what this scan found of it first is gone.
    if (!this.#isStopped) table.shardsDiscovered(shards.filter((shard) => owns(shard) && !this.#gained.has(shard)));
  }

  async #findTold(): Promise<void> {
    const told = this.#told;
    this.#told = new Map();
    const { directory } = this.#options.directory;
    for (const lane of told.values()) {
      await this.#found({ ...lane, firstDue: 0, subscription: directory.orderedIn(lane.lane)[0]?.id ?? lane.lane });
    }
  }

  async #found(found: LaneWithWork): Promise<void> {
    const { table, directory, store, owns } = this.#options;
    if (!owns(found.shard)) return;
    const { subscription: id } = found;
    const known = (): Subscription | undefined => table.lane(id)?.subscription ?? directory.directory.subscription(id);
    let subscription = known();
    if (subscription === undefined) {
      // Made a moment ago by another process; or it has ended, and its lane still has to be swept.
      if (store.isShared) await directory.refresh();
      const stored = known() === undefined ? await store.directory.findSubscription(id) : null;
      // What was read may be old by now, unless it has ended, which is for good.
      subscription = known() ?? (stored === null || stored.endedAt === null ? undefined : stored);
    }
    if (this.#isStopped || subscription === undefined || !owns(found.shard)) return;
    table.discovered(found, subscription);
  }
}
