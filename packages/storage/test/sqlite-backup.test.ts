import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkStore, type CheckReport } from "@genhook/core";
import { buildEvent, buildSubscription, DAY_MS, NOW } from "@genhook/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backupSqlite, openSqliteCheckReader, openSqliteStore, restoreSqlite } from "../src/index.ts";

// A store is opened up to five times in one test, each with three threads.
vi.setConfig({ testTimeout: 60_000 });

const S = buildSubscription(8_589_934_901, 1, 1);

let base = "";
let folder = "";
let other = "";
let file = "";

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "genhook-backup-"));
  folder = join(base, "data");
  other = join(base, "other");
  file = join(base, "copy.db");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function check(of: string): Promise<CheckReport> {
  const reader = openSqliteCheckReader(of);
  try {
    return await checkStore(reader, { now: NOW, retentionMs: DAY_MS, breachesMax: 10 });
  } finally {
    await reader.close();
  }
}

async function fill(of: string, events: number): Promise<void> {
  const store = await openSqliteStore({ folder: of });
  await store.events.append(
    Array.from({ length: events }, () => buildEvent([S])),
    1,
  );
  await store.close();
}

test("a copy that is made under load is of one moment, whole, and in order", async () => {
  await fill(folder, 2_000);
  const store = await openSqliteStore({ folder });
  const writing = { isOn: true, events: 2_000 };
  const writer = (async () => {
    while (writing.isOn) {
      await store.events.append([buildEvent([S], { payload: new Uint8Array(2_000).fill(32) })], 1);
      writing.events += 1;
    }
  })();
  const shares: number[] = [];
  const { bytes } = await backupSqlite(folder, file, (share) => shares.push(share));
  writing.isOn = false;
  await writer;
  await store.close();
  expect(bytes).toBe(statSync(file).size);
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(restoreSqlite(file, other, NOW)).toEqual({ movedTo: null, hasSealingKey: false });
  const { events, pending, breaches } = await check(other);
  expect(breaches).toEqual([]);
  expect(events).toBe(pending);
  expect(events).toBeGreaterThanOrEqual(2_000);
  expect(events).toBeLessThanOrEqual(writing.events);
});

test("the copy is for this user alone, and nothing is left beside it", async () => {
  await fill(folder, 1);
  await backupSqlite(folder, file);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readdirSync(base).toSorted()).toEqual(["copy.db", "data"]);
});

test("an existing file is not overwritten, and missing data is said", async () => {
  await expect(backupSqlite(folder, file)).rejects.toMatchObject({ code: "no_data" });
  await fill(folder, 1);
  writeFileSync(file, "precious");
  await expect(backupSqlite(folder, file)).rejects.toMatchObject({ code: "file_exists" });
  expect(readFileSync(file, "utf8")).toBe("precious");
  await expect(backupSqlite(folder, join(base, "nowhere", "copy.db"))).rejects.toMatchObject({ code: "backup_failed" });
});

test("a restore moves what was there aside, with its log, and a server starts on what was restored", async () => {
  await fill(folder, 3);
  await backupSqlite(folder, file);
  await fill(other, 5);
  const { movedTo } = restoreSqlite(file, other, NOW);
  expect(movedTo).toBe(join(other, "genhook.db.before-2024-12-30T23-59-59-000Z"));
  expect((await check(other)).events).toBe(3);
  await fill(other, 1);
  expect((await check(other)).events).toBe(4);
  const before = new DatabaseSync(movedTo ?? "", { readOnly: true });
  expect(before.prepare("SELECT count(*) AS n FROM task").get()).toEqual({ n: 5 });
  before.close();
});

test("a restore is refused while the folder is in use, and for what is damaged, newer or nothing; then nothing changes", async () => {
  await fill(folder, 1);
  const store = await openSqliteStore({ folder });
  await backupSqlite(folder, file);
  expect(() => restoreSqlite(file, folder, NOW)).toThrow(expect.objectContaining({ code: "locked_by_another_process" }) as Error);
  await store.close();
  const inodeBefore = statSync(join(folder, "genhook.db")).ino;
  expect(() => restoreSqlite(join(base, "missing"), folder, NOW)).toThrow(expect.objectContaining({ code: "no_data" }) as Error);
  const damaged = join(base, "damaged");
  writeFileSync(damaged, readFileSync(file).subarray(0, 20_000));
  expect(() => restoreSqlite(damaged, folder, NOW)).toThrow(expect.objectContaining({ code: "corrupt" }) as Error);
  const newer = new DatabaseSync(file);
  newer.exec("PRAGMA user_version = 999");
  newer.close();
  expect(() => restoreSqlite(file, folder, NOW)).toThrow(expect.objectContaining({ code: "schema_newer" }) as Error);
  const empty = join(base, "empty");
  new DatabaseSync(empty).close();
  expect(() => restoreSqlite(empty, folder, NOW)).toThrow(expect.objectContaining({ code: "corrupt" }) as Error);
  expect(statSync(join(folder, "genhook.db")).ino).toBe(inodeBefore);
  expect(existsSync(join(folder, "genhook.db.restoring"))).toBe(false);
  expect((await check(folder)).events).toBe(1);
});
