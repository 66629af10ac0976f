import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "@genhook/core";
import { describeSharedStore, describeStore, NOW } from "@genhook/testkit";
import { openMemoryCluster, openMemoryStore, openSqliteStore } from "../src/index.ts";

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
