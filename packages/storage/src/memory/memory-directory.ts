import { pageOf } from "./page-of.ts";
import type {
  App,
  AuditQuery,
  AuditRecord,
  Counters,
  DirectoryChanges,
  DirectoryCommit,
  DirectoryStore,
  Hold,
  Installation,
  Shop,
  Subscription,
  SubscriptionPlace,
} from "@genhook/core";

/** An entry of a key: the current one, or one that held from `version` to just before `until`. */
interface Versioned<Entry> {
  readonly version: number;
  readonly entry: Entry;
}
interface Past<Entry> extends Versioned<Entry> {
  readonly until: number;
  readonly validTo: number;
}

/** Current entries by key, and what they replaced. */
class Table<Key, Entry> {
  readonly current = new Map<Key, Versioned<Entry>>();
  past: Past<Entry>[] = [];

  put(key: Key, entry: Entry, version: number, at: number): void {
    const before = this.current.get(key);
    if (before !== undefined) this.past.push({ ...before, until: version, validTo: at });
    this.current.set(key, { version, entry });
  }

  changedSince(version: number): Entry[] {
    return [...this.current.values()]
      .filter((each) => each.version > version)
      .sort((a, b) => a.version - b.version)
      .map((each) => each.entry);
  }

  asOf(version: number): Entry[] {
    const past = this.past.filter((each) => each.until > version);
    return [...past, ...this.current.values()].filter((each) => each.version <= version).map((each) => each.entry);
  }

  /** Lets go of up to `limit` entries that were replaced before `at`, oldest first; answers the versions until which they held. */
  forget(at: number, limit: number): readonly number[] {
    const gone = this.past
      .filter((each) => each.validTo < at)
      .sort((a, b) => a.validTo - b.validTo)
      .slice(0, limit);
    this.past = this.past.filter((each) => !gone.includes(each));
    return gone.map((each) => each.until);
  }
}

/** Where the first subscription's id begins: wide enough that nobody takes it for a 32-bit number. */
const FIRST_SUBSCRIPTION = 8_589_934_859;

/** The directory with its history. `also` carries out what a commit does beyond it, at the version that was expected. */
export class MemoryDirectory implements DirectoryStore {
  #version = 1;
  #counters: Counters = { shop: 1, app: 1, subscription: FIRST_SUBSCRIPTION };
  #historyFrom = 1;
  readonly #shops = new Table<number, Shop>();
  readonly #apps = new Table<number, App>();
  readonly #installations = new Table<string, Installation>();
  readonly #subscriptions = new Table<number, Subscription>();
  readonly #holds = new Map<string, Versioned<Hold>>();
  readonly #audit: AuditRecord[] = [];
  readonly #also: (commit: DirectoryCommit, expectedVersion: number) => void;

  constructor(also: (commit: DirectoryCommit, expectedVersion: number) => void) {
    this.#also = also;
  }

  get current(): number {
    return this.#version;
  }

  version(): Promise<number> {
    return Promise.resolve(this.#version);
  }

  changesSince(version: number): Promise<DirectoryChanges> {
    const isFresh = version === 0;
    return Promise.resolve({
      version: this.#version,
      counters: this.#counters,
      shops: this.#shops.changedSince(version),
      apps: this.#apps.changedSince(version).filter((app) => !isFresh || app.endedAt === null),
      installations: this.#installations.changedSince(version),
      subscriptions: this.#subscriptions.changedSince(version).filter((each) => !isFresh || each.endedAt === null),
      holds: [...this.#holds.values()]
        .filter((each) => each.version > version && (!isFresh || each.entry.endedAt === null))
        .sort((a, b) => a.version - b.version)
        .map((each) => each.entry),
    });
  }

  readAsOf(version: number, shop: number, topic: string): Promise<DirectoryChanges | null> {
    if (version < this.#historyFrom || version > this.#version) return Promise.resolve(null);
    const subscriptions = this.#subscriptions
      .asOf(version)
      .filter((each) => each.endedAt === null && each.topic === topic && (each.shop === shop || each.shop === null));
    const installations = this.#installations.asOf(version).filter((each) => each.shop === shop);
    const apps = new Set([...subscriptions, ...installations].map((each) => each.app));
    return Promise.resolve({
      version,
      counters: this.#counters,
      shops: this.#shops.asOf(version).filter((each) => each.id === shop),
      apps: this.#apps.asOf(version).filter((each) => each.endedAt === null && apps.has(each.id)),
      installations,
      subscriptions,
      holds: [],
    });
  }

  forgetHistory(at: number, limit: number): number {
    const tables = [this.#shops, this.#apps, this.#installations, this.#subscriptions];
    const gone = tables.flatMap((table) => table.forget(at, limit));
    this.#historyFrom = Math.max(this.#historyFrom, ...gone);
    const ended = [...this.#holds].filter(([, { entry }]) => entry.endedAt !== null && entry.endedAt < at).slice(0, limit);
    for (const [id] of ended) this.#holds.delete(id);
    return gone.length + ended.length;
  }

  commit(commit: DirectoryCommit, expectedVersion: number): ReturnType<DirectoryStore["commit"]> {
    if (this.#version !== expectedVersion) return Promise.resolve({ kind: "stale" });
    const version = expectedVersion + 1;
    this.#version = version;
    this.#counters = commit.counters;
    const { at } = commit;
    for (const entry of commit.shops) this.#shops.put(entry.id, entry, version, at);
    for (const entry of commit.apps) this.#apps.put(entry.id, entry, version, at);
    for (const entry of commit.subscriptions) this.#subscriptions.put(entry.id, entry, version, at);
    for (const entry of commit.installations) this.#installations.put(`${entry.app} ${entry.shop}`, entry, version, at);
    for (const entry of commit.holds) this.#holds.set(entry.id, { version, entry });
    this.#also(commit, expectedVersion);
    this.#audit.push(...commit.audit);
    return Promise.resolve({ kind: "committed", version });
  }

  findToken(tokenHash: string): ReturnType<DirectoryStore["findToken"]> {
    const found = [...this.#installations.current.values()].find(({ entry }) => entry.tokenHash === tokenHash && entry.endedAt === null);
    return Promise.resolve({ installation: found?.entry ?? null, version: this.#version });
  }

  findSubscription(id: number): Promise<Subscription | null> {
    return Promise.resolve(this.#subscriptions.current.get(id)?.entry ?? null);
  }

  subscriptionIds({ app, shop, topic }: SubscriptionPlace, limit: number): Promise<readonly number[]> {
    const ids = [...this.#subscriptions.current.values()]
      .filter(({ entry }) => (app === null || entry.app === app) && (shop === null || entry.shop === null || entry.shop === shop))
      .filter(({ entry }) => topic === null || this.#hasHadTopic(entry, topic))
      .map(({ entry }) => entry.id);
    return Promise.resolve(ids.slice(0, limit));
  }

  #hasHadTopic({ id, topic }: Subscription, wanted: string): boolean {
    return topic === wanted || this.#subscriptions.past.some(({ entry }) => entry.id === id && entry.topic === wanted);
  }

  /** The app of a subscription, for rows that end a delivery without an attempt. */
  appOf(subscription: number): number {
    return this.#subscriptions.current.get(subscription)?.entry.app ?? 0;
  }

  record(audit: AuditRecord): Promise<void> {
    this.#audit.push(audit);
    return Promise.resolve();
  }

  readAudit(query: AuditQuery): ReturnType<DirectoryStore["readAudit"]> {
    const { actor, subject, action, requestId, from, to } = query;
    const fitting = this.#audit
      .map((record, index) => ({ ...record, id: index + 1 }))
      .filter(
        (record) =>
          record.actor.startsWith(actor ?? "") &&
          record.subject.startsWith(subject ?? "") &&
          (action ?? record.action) === record.action &&
          (requestId ?? record.requestId) === record.requestId &&
          (from === null || record.at >= from) &&
          (to === null || record.at <= to),
      )
      .reverse();
    return Promise.resolve(pageOf(fitting, query.turn, query.limit, (cursor, record) => record.id - cursor));
  }
}
