import type { CancelReason } from "../domain/delivery.ts";
import type { App, Installation, Shop, Subscription } from "../domain/directory-entries.ts";
import type { NewEvent } from "../domain/event.ts";
import type { Hold } from "../domain/hold.ts";
import type { AuditRecord, Counters, DirectoryChanges, DirectoryCommit } from "../ports/directory-store.ts";
import type { Store } from "../ports/store.ts";
import type { LaneRef } from "../ports/task-queue.ts";
import { ok, refuse, type Result } from "../refusal.ts";
import { Directory } from "./directory.ts";

/** What a decision wants changed; absent members change nothing. */
export interface Change<Value> {
  readonly value: Value;
  readonly counters?: Counters;
  readonly shops?: readonly Shop[];
  readonly apps?: readonly App[];
  readonly installations?: readonly Installation[];
  readonly subscriptions?: readonly Subscription[];
  readonly holds?: readonly Hold[];
  readonly cancel?: readonly { readonly lane: LaneRef; readonly reason: CancelReason }[];
  readonly events?: readonly NewEvent[];
  readonly audit?: readonly AuditRecord[];
}

/** Decides on the directory as it is; pure apart from ids and time handed in. Called again when the directory has moved on. */
export type DecideChange<Value> = (directory: Directory, now: number) => Result<Change<Value>>;

export interface DirectoryServiceOptions {
  readonly store: Pick<Store, "isShared" | "directory" | "hints">;
  readonly now: () => number;
  /** After a change is committed and applied here: lanes are told, made events are handed over. */
  readonly onChange: (change: DirectoryCommit) => void;
}

const STALE_ROUNDS_MAX = 16;

/**
 * The one way in which the directory changes: decide on the copy in memory, commit at exactly that version, apply. Two processes that
 * decide at once cannot both commit; the later one decides again. Uniqueness (topic + address, domains, client ids) is exact for it.
 */
export class DirectoryService {
  readonly directory: Directory = new Directory();
  readonly #options: DirectoryServiceOptions;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(options: DirectoryServiceOptions) {
    this.#options = options;
  }

  /** Loads the directory; to be called once before anything else. */
  async load(): Promise<void> {
    this.directory.apply(await this.#options.store.directory.changesSince(0));
  }

  /** Brings the copy to at least `version`. */
  async catchUp(version: number): Promise<void> {
    if (this.directory.version >= version) return;
    const changes = await this.#options.store.directory.changesSince(this.directory.version);
    if (changes.version <= this.directory.version) return;
    this.directory.apply(changes);
    this.#tellChanged(changes);
  }

  /** Brings the copy to what the store has now; back, too, where the store was set back to an earlier state. */
  async refresh(): Promise<void> {
    const { directory } = this.#options.store;
    const before = this.directory.version;
    const version = await directory.version();
    if (version >= before) {
      await this.catchUp(version);
      return;
    }
    const state = await directory.changesSince(0);
    if (state.version >= this.directory.version) return;
    this.#tellChanged(this.directory.setBack(state, this.#options.now()));
  }

  /** Carries one change through; changes of one process queue behind each other. Rejects only when the store does. */
  change<Value>(decide: DecideChange<Value>): Promise<Result<Value>> {
    const result = this.#tail.then(() => this.#carryOut(decide));
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #carryOut<Value>(decide: DecideChange<Value>): Promise<Result<Value>> {
    for (let round = 0; round < STALE_ROUNDS_MAX; round += 1) {
      const at = this.#options.now();
      const decided = decide(this.directory, at);
      const change = decided.ok ? decided.value : null;
      if (change === null || isEmpty(change)) {
        // Nothing is committed that would be found stale; and another process may just have changed what this follows from.
        const { version } = this.directory;
        if (this.#options.store.isShared) await this.refresh();
        if (this.directory.version !== version) continue;
        return decided.ok ? ok(decided.value.value) : decided;
      }
      const commit = complete(change, this.directory, at);
      const outcome = await this.#options.store.directory.commit(commit, this.directory.version);
      if (outcome.kind === "committed") {
        this.#committed(commit, outcome.version);
        return ok(change.value);
      }
      await this.refresh();
    }
    return refuse("overloaded", "The directory is changing too fast; try again.");
  }

  #tellChanged(changes: DirectoryChanges): void {
    this.#options.onChange({ ...changes, at: this.#options.now(), cancel: [], events: [], audit: [] });
  }

  #committed(commit: DirectoryCommit, version: number): void {
    this.#options.store.hints.tell({ kind: "directory", version });
    // While the answer was on its way the copy may have caught up past it, with a later change of the same rows: the newest has been told.
    const isPast = this.directory.version > version;
    this.directory.apply({ ...commit, version });
    this.#options.onChange(isPast ? { ...commit, shops: [], apps: [], installations: [], subscriptions: [] } : commit);
  }
}

/** Whether a change changes nothing. */
export function isEmpty(change: Change<unknown>): boolean {
  const { shops, apps, installations, subscriptions, holds, cancel, events, audit } = change;
  const lists = [shops, apps, installations, subscriptions, holds, cancel, events, audit];
  return lists.every((list) => list === undefined || list.length === 0);
}

function complete(change: Change<unknown>, directory: Directory, at: number): DirectoryCommit {
  return {
    at,
    counters: change.counters ?? directory.counters,
    shops: change.shops ?? [],
    apps: change.apps ?? [],
    installations: change.installations ?? [],
    subscriptions: change.subscriptions ?? [],
    holds: change.holds ?? [],
    cancel: change.cancel ?? [],
    events: change.events ?? [],
    audit: change.audit ?? [],
  };
}
