import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { buildEvent, buildSubscription } from "@genhook/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteStore } from "../src/index.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "genhook-open-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): ReturnType<typeof openSqliteStore> => openSqliteStore({ folder });

test("a second store on the same folder is refused, whoever has it, and let in once the first is closed", async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: "locked_by_another_process", message: expect.stringContaining("--data") as string });
  await first.close();
  await (await open()).close();
});

test("a folder that cannot be made or written says so, and names the setting", async () => {
  const inFile = join(folder, "file");
  writeFileSync(inFile, "");
  await expect(openSqliteStore({ folder: join(inFile, "data") })).rejects.toMatchObject({ code: "data_folder_unwritable" });
  await expect(openSqliteStore({ folder: "/proc/genhook" })).rejects.toMatchObject({
    code: "data_folder_unwritable",
    message: expect.stringContaining("--data") as string,
  });
});

test("a file of a newer version is refused and left alone", async () => {
  await (await open()).close();
  const path = join(folder, "genhook.db");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA user_version = 999");
  database.close();
  await expect(open()).rejects.toMatchObject({ code: "schema_newer" });
  const after = new DatabaseSync(path);
  expect(after.prepare("PRAGMA user_version").get()).toEqual({ user_version: 999 });
  after.close();
});

test("a file that is no database is refused and left alone", async () => {
  writeFileSync(join(folder, "genhook.db"), "no database at all, but long enough to be read as one ".repeat(200));
  await expect(open()).rejects.toMatchObject({ code: "corrupt" });
  expect(readFileSync(join(folder, "genhook.db"), "utf8")).toContain("no database at all");
});

test("files are for this user alone", async () => {
  const store = await open();
  for (const name of ["genhook.db", "genhook.lock"]) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
  await store.close();
});

test("a closed store rejects what comes as unavailable", async () => {
  const store = await open();
  await store.close();
  await expect(store.events.append([], 1)).rejects.toMatchObject({ code: "store_unavailable" });
});

test("the schema is the golden one", async () => {
  const store = await open();
  const subscription = buildSubscription(8_589_934_901, 1, 1);
  await store.events.append([buildEvent([subscription])], 1);
  await store.close();
  const database = new DatabaseSync(join(folder, "genhook.db"));
  const rows = database.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name").all() as { sql: string }[];
  database.close();
  const dump = `${rows.map(({ sql }) => `${sql.replaceAll(/_\d{5}\b/g, "_DAY")};`).join("\n\n")}\n`;
  const golden = fileURLToPath(new URL("golden/sqlite.schema.sql", import.meta.url));
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(golden)) writeFileSync(golden, dump);
  expect(readFileSync(golden, "utf8"), "the schema changed: npm run golden:update, and a migration").toBe(dump);
});
