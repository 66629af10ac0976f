import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checkStore, dayOf, type BreachKind, type CheckReport, type NewEvent } from "@genhook/core";
import { buildEvent, DAY_MS, FIRST_SUBSCRIPTION, liveThrough, NOW, type Lives } from "@genhook/testkit";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSqliteCheckReader, openSqliteStore } from "../src/index.ts";

let folder = "";
let template: { readonly folder: string; readonly lives: Lives } | null = null;
const path = (): string => join(folder, "genhook.db");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "genhook-check-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
afterAll(() => {
  if (template !== null) rmSync(template.folder, { recursive: true, force: true });
});

async function check(now: number = NOW, breachesMax: number = 100): Promise<CheckReport> {
  const reader = openSqliteCheckReader(folder);
  try {
    return await checkStore(reader, { now, retentionMs: 30 * DAY_MS, breachesMax });
  } finally {
    await reader.close();
  }
}

/** A copy of one data file in which all of it has happened. */
async function liveAndClose(): Promise<Lives> {
  if (template === null) {
    const made = mkdtempSync(join(tmpdir(), "genhook-check-"));
    const store = await openSqliteStore({ folder: made });
    template = { folder: made, lives: await liveThrough(store) };
    await store.close();
  }
  copyFileSync(join(template.folder, "genhook.db"), path());
  return template.lives;
}

/** Changes the file behind the store's back. */
function spoil(sql: string, ...values: (string | number | Uint8Array)[]): void {
  const database = new DatabaseSync(path());
  const { changes } = database.prepare(sql).run(...values);
  database.close();
  expect(Number(changes), `nothing was spoilt by ${sql}`).toBeGreaterThan(0);
}

const bytes = (id: string): Uint8Array => Buffer.from(id.replaceAll("-", ""), "hex");

describe("a store in order", () => {
  it("has no breaches, and is counted", async () => {
    await liveAndClose();
    expect(await check()).toEqual({ events: 5, deliveries: 6, pending: 4, logRows: 6, daysLeftOut: [], breaches: [], counts: {} });
  });

  it("is read while it is used, and left as it is", async () => {
    const store = await openSqliteStore({ folder });
    await liveThrough(store);
    const reader = openSqliteCheckReader(folder);
    const more = buildEvent([FIRST_SUBSCRIPTION]);
    await store.events.append([more], 3);
    expect(await checkStore(reader, { now: NOW, retentionMs: DAY_MS, breachesMax: 10 })).toMatchObject({ events: 5, breaches: [] });
    await reader.close();
    expect(await check()).toMatchObject({ events: 6, breaches: [] });
    await store.close();
    const before = readFileSync(path());
    await check();
    expect(readFileSync(path()).equals(before)).toBe(true);
  });

  it("leaves out days past retention, which may be half dropped", async () => {
    const { replayed } = await liveAndClose();
    spoil(`DELETE FROM attempt_${dayOf(replayed.id)}`);
    const later = NOW + 33 * DAY_MS;
    expect(await check(later)).toMatchObject({ events: 0, daysLeftOut: [dayOf(replayed.id) - 1, dayOf(replayed.id)] });
    expect((await check()).counts.delivery_lost).toBeGreaterThan(0);
  });

  it("an empty one is in order", async () => {
    await (await openSqliteStore({ folder })).close();
    expect(await check()).toMatchObject({ events: 0, breaches: [] });
  });
});

type Spoiler = (lives: Lives) => void;
const day = ({ id }: NewEvent): number => dayOf(id);

const SPOILERS: readonly (readonly [story: string, kind: BreachKind, spoiler: Spoiler])[] = [
  ["a task that vanished", "delivery_lost", ({ retried }) => spoil("DELETE FROM task WHERE event = ?", bytes(retried.id))],
  [
    "a task that vanished before its first attempt",
    "delivery_lost",
    ({ pending }) => spoil("DELETE FROM task WHERE event = ? AND subscription = ?", bytes(pending.id), FIRST_SUBSCRIPTION.id),
  ],
  [
    "a task behind a final row",
    "task_behind_final",
    ({ replayed }) => spoil("INSERT INTO task VALUES (1, 1, 1, ?, ?, 5, 2, 1, 3)", bytes(replayed.id), FIRST_SUBSCRIPTION.id),
  ],
  [
    "a delivery with two tasks",
    "task_twice",
    ({ retried }) =>
      spoil(
        "INSERT INTO task SELECT shard, lane, due + 1, event, subscription, seq, round, attempts, attempts_ever FROM task WHERE event = ?",
        bytes(retried.id),
      ),
  ],
  [
    "a task of an event that is not there",
    "task_without_event",
    ({ retried }) => spoil(`DELETE FROM event_${day(retried)} WHERE id = ?`, bytes(retried.id)),
  ],
  [
    "a task of a subscription that is not owed",
    "task_without_event",
    ({ retried }) => spoil("UPDATE task SET subscription = 7 WHERE event = ?", bytes(retried.id)),
  ],
  [
    "a task of a day that is not there",
    "task_without_event",
    () => spoil("INSERT INTO task VALUES (1, 1, 1, ?, 1, 1, 1, 0, 0)", bytes("00000000-0001-7000-8000-000000000001")),
  ],
  ["a task with another number", "task_misfit", ({ retried }) => spoil("UPDATE task SET seq = 3 WHERE event = ?", bytes(retried.id))],
  [
    "a task that forgot its attempts",
    "task_misfit",
    ({ retried }) => spoil("UPDATE task SET attempts = 0 WHERE event = ?", bytes(retried.id)),
  ],
  [
    "a log without its event",
    "log_without_event",
    ({ replayed }) => spoil(`DELETE FROM event_${day(replayed)} WHERE id = ?`, bytes(replayed.id)),
  ],
  [
    "a log of a subscription that is not owed",
    "log_without_event",
    ({ replayed }) => spoil(`UPDATE attempt_${day(replayed)} SET subscription = 7 WHERE event = ?`, bytes(replayed.id)),
  ],
  [
    "a log with a gap",
    "log_broken",
    ({ replayed }) => spoil(`DELETE FROM attempt_${day(replayed)} WHERE event = ? AND seq = 2`, bytes(replayed.id)),
  ],
  [
    "an attempt that was counted twice",
    "log_broken",
    ({ replayed }) => spoil(`UPDATE attempt_${day(replayed)} SET n = 9 WHERE event = ? AND seq = 4`, bytes(replayed.id)),
  ],
  [
    "an attempt after the end",
    "log_broken",
    ({ replayed }) => spoil(`UPDATE attempt_${day(replayed)} SET kind = 0, n = 3 WHERE event = ? AND seq = 3`, bytes(replayed.id)),
  ],
  [
    "a final row that promises another attempt",
    "log_broken",
    ({ replayed }) => spoil(`UPDATE attempt_${day(replayed)} SET next_at = 5 WHERE event = ? AND seq = 4`, bytes(replayed.id)),
  ],
  [
    "an event of another time",
    "event_misplaced",
    ({ retried }) => spoil(`UPDATE event_${day(retried)} SET accepted_at = accepted_at + 1 WHERE id = ?`, bytes(retried.id)),
  ],
  [
    "an event without a payload",
    "event_malformed",
    ({ retried }) => spoil(`UPDATE event_${day(retried)} SET payload = x'' WHERE id = ?`, bytes(retried.id)),
  ],
  [
    "an event that was erased in half",
    "event_malformed",
    ({ retried }) => spoil(`UPDATE event_${day(retried)} SET erased_at = 1 WHERE id = ?`, bytes(retried.id)),
  ],
  [
    "a key of an event that is not there",
    "reference_broken",
    () => spoil("UPDATE idempotency SET event = ?", bytes("0193ffff-0001-7000-8000-000000000001")),
  ],
  ["a key that says another number of deliveries", "reference_broken", () => spoil("UPDATE idempotency SET deliveries = 3")],
  [
    "an erasure of an event that is not there",
    "reference_broken",
    () => spoil("INSERT INTO erasure VALUES (?, 1, NULL)", bytes("0193ffff-0001-7000-8000-000000000001")),
  ],
  [
    "a subject of an event that is not there",
    "reference_broken",
    ({ pending }) => spoil(`INSERT INTO event_subject_${day(pending)} VALUES (x'01', ?)`, bytes("0193ffff-0001-7000-8000-000000000001")),
  ],
  [
    "two current rows of a subscription",
    "history_broken",
    () => spoil("UPDATE subscription SET valid_to = NULL, until = NULL WHERE valid_to IS NOT NULL"),
  ],
  ["no current row of a shop", "history_broken", () => spoil("UPDATE shop SET valid_to = 99999999999999, until = 3")],
  ["a version from the future", "history_broken", () => spoil("UPDATE app SET version = 99")],
  ["a key that was not given out", "history_broken", () => spoil("UPDATE directory SET next_app = 1")],
  ["the content of another entry", "history_broken", () => spoil(`UPDATE shop SET body = '{"id":2}'`)],
  [
    "a gap in running numbers",
    "sequence_gap",
    ({ pending }) => {
      const { id } = FIRST_SUBSCRIPTION;
      for (const n of [4, 5, 7]) spoil("INSERT INTO sequence VALUES (?, ?, ?)", id, n, bytes(pending.id.slice(0, -1) + n));
      spoil("INSERT INTO sequence_floor VALUES (?, ?)", id, 3);
    },
  ],
  [
    "running numbers that begin too late",
    "sequence_gap",
    ({ pending }) => spoil("INSERT INTO sequence VALUES (?, ?, ?)", FIRST_SUBSCRIPTION.id, 2, bytes(pending.id)),
  ],
  [
    "a running number that is forgotten and there",
    "sequence_gap",
    ({ pending }) => {
      spoil("INSERT INTO sequence VALUES (?, ?, ?)", FIRST_SUBSCRIPTION.id, 1, bytes(pending.id));
      spoil("INSERT INTO sequence_floor VALUES (?, ?)", FIRST_SUBSCRIPTION.id, 1);
    },
  ],
  ["statistics without a publish", "statistics_off", () => spoil("UPDATE stat SET published = published - 1 WHERE published > 0")],
  ["statistics with a publish too many", "statistics_off", () => spoil("UPDATE stat SET published = published + 1 WHERE published > 0")],
  ["statistics that forgot the dead", "statistics_off", () => spoil("UPDATE stat SET dead = 0 WHERE dead > 0")],
  ["statistics with latencies of nobody", "statistics_off", () => spoil("UPDATE stat SET latency = '' WHERE latency <> ''")],
  ["a sum over all that forgot a publish", "statistics_off", () => spoil("UPDATE stat_sum SET published = published - 1 WHERE scope = ''")],
  ["an app's sum that forgot latencies", "statistics_off", () => spoil("UPDATE stat_sum SET latency = '' WHERE scope LIKE 'app %'")],
  ["a topic's sum that is gone", "statistics_off", () => spoil("DELETE FROM stat_sum WHERE scope LIKE 'topic %'")],
  ["a sum of an app that is none", "statistics_off", () => spoil("UPDATE stat_sum SET scope = 'app 77' WHERE scope LIKE 'app %'")],
];

describe("what is wrong is found", () => {
  it.each(SPOILERS)("%s: %s", async (_, kind, spoiler) => {
    const lives = await liveAndClose();
    spoiler(lives);
    const { counts, breaches } = await check();
    expect(counts, JSON.stringify(breaches)).toHaveProperty(kind);
    expect(breaches.find((breach) => breach.kind === kind)?.subject).not.toBe("");
  });

  it("pages that are no pages any more, which end the look for damage and the reading behind it", async () => {
    await liveAndClose();
    const database = new DatabaseSync(path());
    const roots = database.prepare("SELECT rootpage FROM sqlite_master WHERE name LIKE 'event_%' AND rootpage > 0").all();
    database.close();
    const bytes = readFileSync(path());
    for (const { rootpage } of roots) bytes.fill(0xff, (Number(rootpage) - 1) * 4_096, Number(rootpage) * 4_096);
    writeFileSync(path(), bytes);
    const { counts, breaches } = await check();
    expect(counts.damaged, JSON.stringify(counts)).toBeGreaterThan(0);
    expect(breaches.map(({ says }) => says).join("\n")).toContain("the rest cannot be read: database disk image is malformed");
  });

  it("damaged pages", async () => {
    await liveAndClose();
    const database = new DatabaseSync(path(), { defensive: false });
    database.exec(
      "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'WHERE state > 1', 'WHERE state > 0') WHERE name LIKE 'attempt_trouble_%'",
    );
    database.close();
    expect((await check()).counts.damaged).toBeGreaterThan(0);
  });

  it("all are counted, and only so many are kept", async () => {
    await liveAndClose();
    spoil("DELETE FROM task");
    const { counts, breaches } = await check(NOW, 2);
    expect([counts.delivery_lost, breaches.length]).toEqual([4, 2]);
  });
});

describe("a file that cannot be checked", () => {
  it("says why", async () => {
    expect(() => openSqliteCheckReader(folder)).toThrow(expect.objectContaining({ code: "no_data" }) as Error);
    writeFileSync(path(), "no database at all, but long enough to be read as one ".repeat(200));
    expect(() => openSqliteCheckReader(folder)).toThrow(expect.objectContaining({ code: "corrupt" }) as Error);
    rmSync(path());
    await (await openSqliteStore({ folder })).close();
    const database = new DatabaseSync(path());
    database.exec("PRAGMA user_version = 999");
    database.close();
    expect(() => openSqliteCheckReader(folder)).toThrow(expect.objectContaining({ code: "schema_newer" }) as Error);
  });
});
