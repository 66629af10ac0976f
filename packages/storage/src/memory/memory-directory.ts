import { pageOf } from "./page-of.ts";
import type {
  App,
  AuditQuery,
  AuditRecord,
  Counters,
  DirectoryChanges,
  DirectoryCommit,
  DirectoryStore,
  Installation,
  Shop,
  Subscription,
} from "@genhook/core";

interface Versioned<Entry> {
  readonly version: number;
  readonly entry: Entry;
}

/** Where the first subscription's id begins: wide enough that nobody takes it for a 32-bit number. */
const FIRST_SUBSCRIPTION = 8_589_934_859;

/** The current rows of the directory. `also` carries out what a commit does beyond them. */
export class MemoryDirectory implements DirectoryStore {
  #version = 1;
  #counters: Counters = { shop: 1, app: 1, subscription: FIRST_SUBSCRIPTION };
  readonly #shops = new Map<number, Versioned<Shop>>();
  readonly #apps = new Map<number, Versioned<App>>();
  readonly #installations = new Map<string, Versioned<Installation>>();
  readonly #subscriptions = new Map<number, Versioned<Subscription>>();
  readonly #audit: AuditRecord[] = [];
  readonly #also: (commit: DirectoryCommit) => void;

  constructor(also: (commit: DirectoryCommit) => void) {
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
      shops: changed(this.#shops, version),
      apps: changed(this.#apps, version).filter((app) => !isFresh || app.endedAt === null),
      installations: changed(this.#installations, version),
      subscriptions: changed(this.#subscriptions, version).filter((each) => !isFresh || each.endedAt === null),
    });
  }

  commit(commit: DirectoryCommit, expectedVersion: number): ReturnType<DirectoryStore["commit"]> {
    if (this.#version !== expectedVersion) return Promise.resolve({ kind: "stale" });
    const version = expectedVersion + 1;
    this.#version = version;
    this.#counters = commit.counters;
    for (const entry of commit.shops) this.#shops.set(entry.id, { version, entry });
    for (const entry of commit.apps) this.#apps.set(entry.id, { version, entry });
    for (const entry of commit.subscriptions) this.#subscriptions.set(entry.id, { version, entry });
    for (const entry of commit.installations) this.#installations.set(`${entry.app} ${entry.shop}`, { version, entry });
    this.#also(commit);
    this.#audit.push(...commit.audit);
    return Promise.resolve({ kind: "committed", version });
  }

  findToken(tokenHash: string): ReturnType<DirectoryStore["findToken"]> {
    const found = [...this.#installations.values()].find(({ entry }) => entry.tokenHash === tokenHash && entry.endedAt === null);
    return Promise.resolve({ installation: found?.entry ?? null, version: this.#version });
  }

  findSubscription(id: number): Promise<Subscription | null> {
    return Promise.resolve(this.#subscriptions.get(id)?.entry ?? null);
  }

  /** The app of a subscription, for rows that end a delivery without an attempt. */
  appOf(subscription: number): number {
    return this.#subscriptions.get(subscription)?.entry.app ?? 0;
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

function changed<Key, Entry>(entries: ReadonlyMap<Key, Versioned<Entry>>, since: number): Entry[] {
  return [...entries.values()]
    .filter((each) => each.version > since)
    .sort((a, b) => a.version - b.version)
    .map((each) => each.entry);
}
