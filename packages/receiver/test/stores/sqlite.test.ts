import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type BetterSqlite from "better-sqlite3";
import { afterAll, describe, expect, expectTypeOf, test } from "vitest";
import { memoryStore, processOnce } from "../../src/index.ts";
import { sqliteInbox, sqlitePositions, sqliteStore, type SqliteDatabase } from "../../src/sqlite/index.ts";
import { describeInbox } from "./inbox-conformance.ts";
import { describeDeliveryStore, describePositionStore, eventOf, type StoreCase } from "./store-conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "genhook-receiver-"));
const path = join(folder, "app.db");
const [first, second] = [new DatabaseSync(path, { timeout: 10_000 }), new DatabaseSync(path, { timeout: 10_000 })];
first.exec("PRAGMA journal_mode = WAL; CREATE TABLE counter (key TEXT PRIMARY KEY, value INTEGER)");
afterAll(() => {
  first.close();
  second.close();
  rmSync(folder, { recursive: true });
});

let at = Date.now();
const now = (): number => at;
const shared: StoreCase = {
  open: ({ rememberMs, prefix }) => {
    const options = { now, rememberMs, tablePrefix: prefix };
    return [sqliteStore(first, options), sqliteStore(second, options)];
  },
  positions: () => [sqlitePositions(first), sqlitePositions(second)],
  count: (prefix) => Promise.resolve(Number(first.prepare(`SELECT count(*) AS n FROM ${prefix}delivery`).get()?.["n"])),
  passTime: (ms) => {
    at += ms;
  },
};

describe("deliveries", () => {
  describeDeliveryStore(shared);
});
describe("positions", () => {
  describePositionStore(shared);
});

const countUp = (database: DatabaseSync, key: string): void => {
  database.prepare("INSERT INTO counter (key, value) VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET value = value + 1").run(key);
};
const read = (key: string): Promise<number> =>
  Promise.resolve(Number(second.prepare("SELECT value FROM counter WHERE key = ?").get(key)?.["value"] ?? 0));

describe("inbox", () => {
  const inbox = sqliteInbox(first);
  describeInbox(() => ({ inbox, countUp, read, victim: ["sqlite", path] }));

  test("synchronous work that throws rolls back", async () => {
    const event = eventOf();
    const failing = inbox.process(event, (database) => {
      countUp(database, event.eventId);
      throw new Error("down");
    });
    await expect(failing).rejects.toThrow("down");
    expect(await read(event.eventId)).toBe(0);
  });

  test("asynchronous work is refused and rolled back: others would write into its transaction", async () => {
    const event = eventOf();
    const failing = inbox.process(event, async (database) => {
      countUp(database, event.eventId);
      await Promise.resolve();
    });
    await expect(failing).rejects.toThrow("must be synchronous");
    expect(await read(event.eventId)).toBe(0);
    expect(first.isTransaction).toBe(false);
  });

  test("a transaction that is open already is not taken over", async () => {
    first.exec("BEGIN");
    await expect(inbox.process(eventOf(), () => undefined)).rejects.toThrow("transaction");
    first.exec("ROLLBACK");
  });

  test("inbox and store know what the other one processed", async () => {
    const event = eventOf();
    await inbox.process(event, () => undefined);
    expect(await processOnce(event, sqliteStore(second), () => undefined)).toBe("duplicate");
  });
});

test("a name that is no name does not reach a statement", () => {
  for (const tablePrefix of ["", "x; DROP TABLE counter; --", "a b", "1a", "a.b.c", 'a"']) {
    expect(() => sqliteStore(first, { tablePrefix })).toThrow(TypeError);
  }
});

test("the store in memory and the one on disk are the same to the caller", () => {
  expect(Object.keys(memoryStore())).toEqual(Object.keys(sqliteStore(first)));
});

test("better-sqlite3 fits by its shape", () => {
  expectTypeOf<BetterSqlite.Database>().toExtend<SqliteDatabase>();
});
