import type { DeliveryState, LogRow, NewEvent, Task } from "@genhook/core";
import type { MemoryWatcher } from "@genhook/storage";
import type { Breaches } from "./breaches.ts";
import type { Transitions } from "./transitions.ts";

/** What became of one delivery so far. */
interface Account {
  /** Tasks that the store has of it. */
  tasks: number;
  task: Task | null;
  /** The task that was taken out last. */
  removed: Task | null;
  rows: number;
  /** Attempts ever, and in this round. */
  attemptsEver: number;
  attempts: number;
  round: number;
  state: DeliveryState;
  isTouched: boolean;
}

/**
 * Keeps an account of every delivery beside the store, from each single change that the store makes: whatever is owed or has ended, and nothing
 * else. After each step only what the step has touched is looked at, so it costs the same however much there is.
 */
export class Ledger implements MemoryWatcher {
  readonly #accounts = new Map<string, Account>();
  readonly #breaches: Breaches;
  readonly #transitions: Transitions;
  readonly #attemptsMax: number;
  #touched: string[] = [];
  readonly counts: Record<"accepted" | DeliveryState, number> = { accepted: 0, pending: 0, delivered: 0, dead: 0, cancelled: 0 };
  /** Attempts that were recorded. */
  attempts = 0;

  constructor(breaches: Breaches, transitions: Transitions, attemptsMax: number) {
    this.#breaches = breaches;
    this.#transitions = transitions;
    this.#attemptsMax = attemptsMax;
  }

  readonly accepted = (event: NewEvent): void => {
    for (const { subscription } of event.owes) {
      const key = keyOf({ eventId: event.id, subscription });
      if (this.#accounts.has(key)) this.#breaches.add("account", `${key} was accepted twice`);
      this.#accounts.set(key, {
        tasks: 0,
        task: null,
        removed: null,
        rows: 0,
        attemptsEver: 0,
        attempts: 0,
        round: 1,
        state: "pending",
        isTouched: false,
      });
      this.counts.accepted += 1;
      this.counts.pending += 1;
      this.#touch(key);
    }
  };

  readonly inserted = (task: Task): void => {
    const key = keyOf(task);
    const account = this.#touch(key);
    if (account === null) return;
    account.tasks += 1;
    account.task = task;
    const { removed } = account;
    if (removed === null || removed.seq !== task.seq) return;
    if (removed.shard === task.shard && removed.lane === task.lane) return;
    const isAside = removed.shard === task.shard && task.lane < 0;
    this.#transitions.take("delivery", `pending → pending: ${isAside ? "set aside" : "moved along with its webhook"}`);
  };

  readonly removed = (task: Task): void => {
    const account = this.#touch(keyOf(task));
    if (account === null) return;
    account.tasks -= 1;
    account.removed = task;
  };

  readonly written = (row: LogRow): void => {
    const key = keyOf(row);
    const account = this.#touch(key);
    if (account === null) return;
    const { state: before } = account;
    account.rows += 1;
    if (row.seq !== account.rows) this.#breaches.add("attempts", `row ${row.seq} of ${key} was written where ${account.rows} was next`);
    if (row.kind === "attempt") {
      this.attempts += 1;
      account.attemptsEver += 1;
      account.attempts += 1;
      if (account.attempts > this.#attemptsMax) this.#breaches.add("attempts", `${key} was attempted ${account.attempts} times in a round`);
    } else if (row.kind === "reopened") {
      account.attempts = 0;
      account.round += 1;
      if (before === "pending") this.#breaches.add("account", `${key} was re-opened while it was pending`);
    }
    if (row.n !== account.attemptsEver || row.round !== account.round) {
      const should = `${account.attemptsEver} of round ${account.round}`;
      this.#breaches.add("attempts", `${key} was recorded as attempt ${row.n} of round ${row.round}, and it is ${should}`);
    }
    if (before !== "pending" && row.kind !== "reopened") this.#breaches.add("account", `${key} came to an end after it was ${before}`);
    this.counts[before] -= 1;
    this.counts[row.state] += 1;
    account.state = row.state;
    this.#transitions.take("delivery", nameOf(before, row));
  };

  /** After each step. */
  check(): void {
    if (this.#touched.length === 0) return;
    for (const key of this.#touched) {
      const account = this.#accounts.get(key);
      if (account === undefined) continue;
      account.isTouched = false;
      this.#checkOne(key, account);
    }
    this.#touched = [];
    const { accepted, pending, delivered, dead, cancelled } = this.counts;
    if (accepted !== pending + delivered + dead + cancelled) {
      this.#breaches.add(
        "account",
        `${accepted} accepted, ${pending} pending, ${delivered} delivered, ${dead} dead, ${cancelled} cancelled`,
      );
    }
  }

  #checkOne(key: string, { tasks, task, rows, attempts, attemptsEver, round, state }: Account): void {
    const should = state === "pending" ? 1 : 0;
    if (tasks !== should) this.#breaches.add("account", `${key} is ${state} and has ${tasks} tasks`);
    if (should === 0 || task === null) return;
    if (task.seq !== rows + 1 || task.round !== round || task.attempts !== attempts || task.attemptsEver !== attemptsEver) {
      const is = `seq ${task.seq}, round ${task.round}, ${task.attempts} and ${task.attemptsEver} attempts`;
      this.#breaches.add("attempts", `the task of ${key} says ${is}; its log ${rows + 1}, ${round}, ${attempts} and ${attemptsEver}`);
    }
  }

  #touch(key: string): Account | null {
    const account = this.#accounts.get(key);
    if (account === undefined) {
      this.#breaches.add("account", `${key} was never accepted`);
      return null;
    }
    if (!account.isTouched) this.#touched.push(key);
    account.isTouched = true;
    return account;
  }
}

function keyOf({ eventId, subscription }: { readonly eventId: string; readonly subscription: number }): string {
  return `${eventId} ${subscription}`;
}

function nameOf(before: DeliveryState, { kind, state, reason }: LogRow): string {
  if (kind === "reopened") return `${before} → pending: replayed`;
  return reason === null ? `${before} → ${state}` : `${before} → ${state}: ${reason}`;
}
