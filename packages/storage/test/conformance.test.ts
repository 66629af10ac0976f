import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@genhook/core";
import { describeSharedStore, describeStore, NOW, openTestDatabases, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll } from "vitest";
import { openMemoryCluster, openMemoryStore, openPostgresStore, openSqliteStore } from "../src/index.ts";

describeStore("memory", { open: () => Promise.resolve(openMemoryStore()), close: () => Promise.resolve() });

let now = NOW;

describeSharedStore("memory", {
  open: () => {
    const cluster = openMemoryCluster({ now: () => now, leaseMs: 10_000 });
    return Promise.resolve([cluster.connect(), cluster.connect()]);
  },
  passLease: () => {
    now += 10_001;
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
});

let folder = "";
let sqlite: Store | null = null;

describeStore("sqlite", {
  open: async () => {
    folder = mkdtempSync(join(tmpdir(), "genhook-sqlite-"));
    sqlite = await openSqliteStore({ folder });
    return sqlite;
  },
  reopen: async () => {
    await sqlite?.close();
    sqlite = await openSqliteStore({ folder });
    return sqlite;
  },
  close: async () => {
    await sqlite?.close();
    rmSync(folder, { recursive: true, force: true });
  },
});

const LEASE_MS = 400;
let databases: TestDatabases | null = null;
/** Copied for each test: a schema is made in four times the time. */
let template = "";
let url = "";
let postgres: readonly Store[] = [];

beforeAll(async () => {
  databases = await openTestDatabases();
  template = await databases.create();
  await (await openPostgresStore({ url: template })).close();
}, 60_000);
afterAll(() => databases?.close(), 60_000);

async function openPostgres(count: number): Promise<readonly Store[]> {
  url = (await databases?.create(template)) ?? "";
  for (let n = 0; n < count; n += 1) postgres = [...postgres, await openPostgresStore({ url, leaseMs: LEASE_MS })];
  return postgres;
}

async function closePostgres(): Promise<void> {
  await Promise.all(postgres.map((store) => store.close()));
  postgres = [];
}

describeStore("postgres", {
  open: async () => (await openPostgres(1))[0] as Store,
  reopen: async () => {
    await closePostgres();
    postgres = [await openPostgresStore({ url, leaseMs: LEASE_MS })];
    return postgres[0] as Store;
  },
  close: closePostgres,
});

describeSharedStore("postgres", {
  open: async () => {
    const [a, b] = await openPostgres(2);
    return [a as Store, b as Store];
  },
  // The server's own clock has to pass it.
  passLease: () =>
    new Promise((resolve) => {
      setTimeout(resolve, LEASE_MS + 20);
    }),
  close: closePostgres,
});
