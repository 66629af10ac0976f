import type { Hint, Store } from "@genhook/core";
import {
  buildEvent,
  buildSubscription,
  describeSharedStore,
  describeStore,
  poolerMissing,
  openTestDatabases,
  startPooler,
  withClient,
  type Pooler,
  type TestDatabases,
} from "@genhook/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgresStore } from "../src/index.ts";

/** Fewer than a store has of its own, so that transactions of different uses share them. */
const SERVER_CONNECTIONS = 3;
const LEASE_MS = 400;

describe.skipIf(poolerMissing !== null)(`behind a transaction pooler${poolerMissing === null ? "" : `: ${poolerMissing}`}`, () => {
  let databases: TestDatabases;
  let pooler: Pooler;
  let template = "";
  let direct = "";
  let open: Store[] = [];

  beforeAll(async () => {
    databases = await openTestDatabases();
    template = await databases.create();
    await (await openPostgresStore({ url: template })).close();
    pooler = await startPooler(template, SERVER_CONNECTIONS);
  }, 60_000);
  afterAll(async () => {
    await pooler.stop();
    await databases.close();
  }, 60_000);

  async function connect(withHints: boolean): Promise<Store> {
    const url = pooler.through(direct);
    const store = await openPostgresStore({ url, leaseMs: LEASE_MS, ...(withHints ? { hintsUrl: direct } : {}) });
    open.push(store);
    return store;
  }

  async function close(): Promise<void> {
    await Promise.all(open.map((store) => store.close()));
    open = [];
  }

  describeStore("postgres behind a pooler", {
    open: async () => {
      direct = await databases.create(template);
      return connect(true);
    },
    reopen: async () => {
      await close();
      return connect(true);
    },
    close,
  });

  describeSharedStore("postgres behind a pooler", {
    open: async () => {
      direct = await databases.create(template);
      return [await connect(true), await connect(true)];
    },
    passLease: () =>
      new Promise((resolve) => {
        setTimeout(resolve, LEASE_MS + 20);
      }),
    close,
  });

  it("notices where hints do not arrive, and goes on without; where it may listen past the pooler, they do", async () => {
    direct = await databases.create();
    // The pooler hands the connection that has said LISTEN to whoever comes next, so what is notified reaches nobody for sure.
    const [deaf, hearing] = [await connect(false), await connect(true)];
    try {
      expect(hearing.hints.isWorking).toBe(true);
      const heard = new Promise<Hint>((resolve) => {
        hearing.hints.listen(resolve);
      });
      deaf.hints.tell({ kind: "directory", version: 5 });
      expect(await heard).toEqual({ kind: "directory", version: 5 });
      expect(typeof deaf.hints.isWorking).toBe("boolean");
      expect((await deaf.events.append([buildEvent([buildSubscription(8_589_934_901, 1, 1)])], 1)).kind).toBe("committed");
    } finally {
      await close();
    }
  });

  it("leaves nothing behind on the pooler's connections: no settings, no named statements, no locks", async () => {
    direct = await databases.create();
    const store = await connect(true);
    await store.events.append([buildEvent([buildSubscription(8_589_934_901, 1, 1)])], 1);
    await store.leases.renew({ node: "a", delivers: true, claim: [1], release: [] });
    store.hints.tell({ kind: "leases" });
    try {
      for (let n = 0; n < SERVER_CONNECTIONS * 4; n += 1) {
        const left = await withClient(pooler.through(direct), async (client) => {
          const { rows } = await client.query<{ settings: string; statements: string; locks: string }>(`
            SELECT (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name NOT IN ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')) AS settings,
              (SELECT count(*) FROM pg_prepared_statements) AS statements,
              (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) AS locks`);
          return rows[0];
        });
        expect(left).toEqual({ settings: "0", statements: "0", locks: "0" });
      }
    } finally {
      await close();
    }
  });
});
