import type { Directory } from "../directory/directory.ts";
import type { DeliveryKey, Task, TaskKey } from "../domain/delivery.ts";
import { isDue } from "../domain/delivery.ts";
import type { EventContent, EventHead } from "../domain/event.ts";
import { HELD_BYTES_MAX, NUMBER_AGAIN_MS, NUMBER_BACK_MS, NUMBER_BATCH_MAX, NUMBER_STEP, NUMBER_WAITING_MAX } from "../limits.ts";
import type { Clock, Timers } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import type { OwedTask, TaskQueue } from "../ports/task-queue.ts";
import { Batcher } from "./batcher.ts";
import type { Lane } from "./lane.ts";

const LOWEST_ID = "00000000-0000-0000-0000-000000000000";

export interface NumberingOptions {
  readonly store: Pick<Store, "sequences" | "tasks" | "events">;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly timers: Timers;
  /** These have new numbers, and they are durable. */
  readonly onNumbered: (subscriptions: readonly number[]) => void;
  /** A delivery of a lane in pull mode has its number: nothing more is to be done with it. */
  readonly onAvailable: (lane: Lane, task: Task, event: Available) => void;
  /** A delivery that was handed over has its number; null where it is to have none. */
  readonly offer: (event: EventContent, task: Task, n: number | null) => void;
  /** The lane has more in the store than memory will get without a read. */
  readonly onMore: (lane: Lane) => void;
  /** Some lane may be able to start. */
  readonly onReady: () => void;
  /** Counts payload bytes that are held in memory, let go where negative; answers how many are. */
  readonly hold: (bytes: number) => number;
  readonly onError: (error: unknown) => void;
}

/** What ending a delivery needs of its event. */
export type Available = Pick<EventHead, "shop" | "topic" | "isTest" | "acceptedAt">;

interface Wanted {
  readonly delivery: DeliveryKey;
  /** It is to get a number. Otherwise it keeps the one that it has, or none: it was attempted before the subscription was numbered. */
  readonly isNew: boolean;
  readonly done: (n: number | null) => void;
}

/**
 * Gives deliveries of numbered subscriptions their numbers, before their first attempt and in shared transactions:
 *
 *   hand-over ─► number ─► lane's queue        a lane read ─► number ─► lane's queue
 *   a lane that is not sent soon ─► numbered ahead, in steps ─► stays in the store
 *   a lane in pull mode ─► number ─► settled as available
 *
 * What is handed over and what is read pass through one queue, in order. A number that was given and whose attempt never started is found again by
 * whoever owns the lane next: the store gives a delivery one number, however often it is asked.
 */
export class Numbering {
  readonly #options: NumberingOptions;
  readonly #batcher: Batcher<Wanted>;
  #isStopped = false;

  constructor(options: NumberingOptions) {
    this.#options = options;
    this.#batcher = new Batcher({
      timers: options.timers,
      itemsMax: NUMBER_BATCH_MAX,
      bytesMax: Number.POSITIVE_INFINITY,
      waitMs: 0,
      sizeOf: () => 0,
      flush: (batch) => this.#number(batch),
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Numbers a delivery that was handed over, and offers it again with its number. Where that cannot be now, it is found in the store. */
  offer(lane: Lane, event: EventContent, task: Task): void {
    const { numbers } = lane;
    const { hold, offer, onMore, onReady } = this.#options;
    const isPull = lane.disposition.kind === "pull";
    const bytes = event.payload.length;
    const hasRoom = this.#batcher.waiting < NUMBER_WAITING_MAX && hold(0) + bytes <= HELD_BYTES_MAX;
    if (numbers === null || !hasRoom || !(isPull || lane.isRunnable)) {
      onMore(lane);
      return;
    }
    hold(bytes);
    numbers.awaited.add(event.id);
    this.#want(task, isPull || isFirst(task), (n) => {
      hold(-bytes);
      // The lane may have let go of it meanwhile, or have got it from the store and be done with it.
      if (numbers.awaited.delete(event.id) && !lane.isDropped) offer(event, task, n);
      onReady();
    });
  }

  /** Nothing is sent of a lane in pull mode: with its number a delivery has all that it is to have. */
  available(lane: Lane, task: Task, event: Available): void {
    if (lane.disposition.kind !== "pull" || lane.known.has(task.eventId)) return;
    lane.known.add(task.eventId);
    this.#options.onAvailable(lane, task, event);
  }

  /** The same tasks with their numbers. Does not resolve while the store is away; never once stopped. */
  async withNumbers(tasks: readonly OwedTask[]): Promise<readonly OwedTask[]> {
    if (!tasks.some(({ task }) => this.#isNumbered(task.subscription))) return tasks;
    return Promise.all(
      tasks.map(async (owed): Promise<OwedTask> => {
        const n = await this.#numberOf(owed.task, isFirst(owed.task));
        return n === null ? owed : { ...owed, sequence: n };
      }),
    );
  }

  /** The queue as it is read where nothing is handed over: with numbers. */
  get tasks(): Pick<TaskQueue, "readLane" | "lanesWithWork" | "listLane"> {
    const { tasks } = this.#options.store;
    return {
      readLane: async (...asked) => {
        const read = await tasks.readLane(...asked);
        return { ...read, tasks: await this.withNumbers(read.tasks) };
      },
      lanesWithWork: (...asked) => tasks.lanesWithWork(...asked),
      listLane: (...asked) => tasks.listLane(...asked),
    };
  }

  /** Numbers what the store has of the lane and what is not numbered on its way to an attempt. */
  walk(lane: Lane): void {
    const { numbers } = lane;
    if (numbers === null || this.#isStopped) return;
    numbers.isBehind = true;
    if (numbers.isWalking) return;
    numbers.isWalking = true;
    void this.#walk(lane);
  }

  /** The lane was found anew in the store: something may stand behind the place up to which it was numbered. */
  goBack(lane: Lane): void {
    const { numbers } = lane;
    if (numbers !== null && numbers.at !== null) numbers.at = { ...numbers.at, due: numbers.at.due - NUMBER_BACK_MS, eventId: LOWEST_ID };
  }

  #numberOf(task: Task, isNew: boolean): Promise<number | null> {
    return new Promise((resolve) => {
      this.#want(task, isNew, resolve);
    });
  }

  #want({ eventId, subscription }: Task, isNew: boolean, done: (n: number | null) => void): void {
    if (!this.#isNumbered(subscription)) done(null);
    else this.#batcher.add({ delivery: { eventId, subscription }, isNew, done });
  }

  #isNumbered(subscription: number): boolean {
    return this.#options.directory.subscription(subscription)?.settings.sequence === true;
  }

  async #number(batch: readonly Wanted[]): Promise<void> {
    const fresh = batch.filter(({ isNew }) => isNew);
    const others = batch.filter(({ isNew }) => !isNew);
    const given = await this.#patiently(() => this.#ask(fresh, others));
    if (given === null) return;
    if (fresh.length > 0) this.#options.onNumbered([...new Set(fresh.map(({ delivery }) => delivery.subscription))]);
    for (const wanted of batch) wanted.done(given.get(wanted) ?? null);
  }

  async #ask(fresh: readonly Wanted[], others: readonly Wanted[]): Promise<ReadonlyMap<Wanted, number | null>> {
    const { sequences } = this.#options.store;
    const [numbers, known] = await Promise.all([
      fresh.length === 0 ? [] : sequences.assign(fresh.map(({ delivery }) => delivery)),
      others.length === 0 ? [] : sequences.numbersOf(others.map(({ delivery }) => delivery)),
    ]);
    const pairs = (wanted: readonly Wanted[], given: readonly (number | null)[]): (readonly [Wanted, number | null])[] =>
      wanted.map((each, index) => [each, given[index] ?? null]);
    return new Map([...pairs(fresh, numbers), ...pairs(others, known)]);
  }

  async #walk(lane: Lane): Promise<void> {
    const { numbers } = lane;
    for (;;) {
      if (numbers?.isBehind !== true || lane.numbers !== numbers || lane.isDropped || this.#isStopped) break;
      numbers.isBehind = false;
      const isDone = await this.#patiently(() => (lane.disposition.kind === "pull" ? this.#pullAll(lane) : this.#goAhead(lane)));
      if (isDone === false) numbers.isBehind = true;
    }
    if (numbers !== null) numbers.isWalking = false;
    if (lane.isDropped || this.#isStopped || lane.disposition.kind !== "pull") return;
    lane.isComplete = true;
    lane.nextDue = null;
  }

  /** Gives numbers to what waits behind what memory holds; false where there is more. */
  async #goAhead(lane: Lane): Promise<boolean> {
    const { numbers } = lane;
    if (numbers === null || lane.disposition.kind !== "send" || lane.movesFrom !== null) return true;
    const { store, clock } = this.#options;
    const page = await store.tasks.listLane({ shard: lane.shard, lane: lane.id }, { after: numbers.at }, NUMBER_STEP);
    const now = clock.now();
    const waiting = page.filter((task) => isDue(task, now));
    await Promise.all(waiting.filter(isFirst).map((task) => this.#numberOf(task, true)));
    // Not past what is due later: what comes now stands before that.
    numbers.at = waiting.at(-1) ?? numbers.at;
    return waiting.length < NUMBER_STEP;
  }

  /** Numbers a lane in pull mode to its end, and has it settled. */
  async #pullAll(lane: Lane): Promise<boolean> {
    const { tasks, events } = this.#options.store;
    let at: TaskKey | null = null;
    for (;;) {
      const page: readonly Task[] = await tasks.listLane({ shard: lane.shard, lane: lane.id }, { after: at }, NUMBER_STEP);
      const open = page.filter(({ eventId }) => !lane.known.has(eventId) && lane.numbers?.awaited.has(eventId) !== true);
      const heads = open.length === 0 ? [] : await events.heads(open.map(({ eventId }) => eventId));
      await Promise.all(open.map((task) => this.#numberOf(task, true)));
      for (const [index, task] of open.entries()) {
        const head = heads[index];
        if (head !== null && head !== undefined) this.available(lane, task, head);
      }
      at = page.at(-1) ?? at;
      if (page.length < NUMBER_STEP || lane.isDropped || lane.disposition.kind !== "pull" || this.#isStopped) return true;
    }
  }

  /** Asks again until the store answers; null once stopped. */
  async #patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer | null> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.#isStopped) return null;
        this.#options.onError(error);
        await new Promise<void>((resolve) => {
          this.#options.timers.after(NUMBER_AGAIN_MS, resolve);
        });
        if (this.#isStopped) return null;
      }
    }
  }
}

/** No attempt of it was ever made. */
function isFirst(task: Task): boolean {
  return task.attemptsEver === 0;
}
