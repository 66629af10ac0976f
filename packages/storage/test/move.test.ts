import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore, laneOf, type NewEvent } from "@genhook/core";
import {
  buildEvent,
  DAY_MS,
  FIRST_SUBSCRIPTION,
  liveThrough,
  NOW,
  openTestDatabases,
  withClient,
  type Lives,
  type TestDatabases,
} from "@genhook/testkit";
import { afterAll, beforeAll, beforeEach, afterEach, expect, test, vi } from "vitest";
import {
  backupSqlite,
  moveToPostgres,
  openPostgresCheckReader,
  openPostgresStore,
  openSqliteStore,
  type MoveOptions,
  type MoveReport,
} from "../src/index.ts";

// Each opens several stores, each with its threads or connections.
vi.setConfig({ testTimeout: 60_000 });

let databases: TestDatabases;
let base = "";
let folder = "";
let url = "";

beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close());
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "genhook-move-"));
  folder = join(base, "data");
  url = await databases.create();
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function move(options: Partial<MoveOptions> = {}): Promise<MoveReport> {
  return moveToPostgres({
    from: folder,
    to: url,
    startsOver: false,
    checkKey: () => undefined,
    now: () => NOW,
    onProgress: () => undefined,
    ...options,
  });
}

/** The two drivers have bytes in different classes. */
function plain(value: unknown): unknown {
  const asList = (_: string, each: unknown): unknown => (each instanceof Uint8Array ? { type: "Buffer", data: [...each] } : each);
  return JSON.parse(JSON.stringify(value, asList));
}

const SHARED = { shard: 9, lane: 8_589_934_990 };

function orderedEvent(): NewEvent {
  return buildEvent([], { orderKey: "k", owes: [{ subscription: FIRST_SUBSCRIPTION.id, ...SHARED }] });
}

/** Data with something in every table that a server writes. */
async function fill(): Promise<Lives> {
  const store = await openSqliteStore({ folder });
  const lives = await liveThrough(store);
  await store.events.append(
    [
      buildEvent([FIRST_SUBSCRIPTION], { orderKey: 'a\0"b', changed: ["order.note", "ö"], acceptedAt: NOW - DAY_MS }),
      buildEvent([], { erases: "subjects", subjects: ["cd".repeat(16), "ef".repeat(16)], payload: new Uint8Array([0, 255, 0]) }),
      buildEvent([], { erases: "shop" }),
    ],
    3,
  );
  // An ordered one, in a lane of its own.
  await store.events.append([orderedEvent(), orderedEvent()], 3);
  await store.credentials.putIfAbsent("data-key", "sealed");
  const key = { id: "key", name: "a key", role: "admin", hash: "ab".repeat(32), createdAt: NOW, revokedAt: null } as const;
  const audit = { at: NOW, actor: "key", action: "keys.create", subject: "key", before: null, after: '{"a":1}', requestId: null };
  await store.credentials.putKey(key, audit);
  await store.credentials.putKey(key, audit);
  await store.close();
  return lives;
}

/** A column that one schema has and the other has not, or a table, fails here: planning a move throws. */
test("a data file is moved whole: every table, counted and compared, in order by the check, and a publisher's order key with U+0000 in it too", async () => {
  const { pending } = await fill();
  const report = await move();
  const rows = Object.fromEntries(report.counts.map(({ table, rows: n }) => [table, n]));
  expect(rows).toMatchObject({
    event: 10,
    event_subject: 3,
    task: 7,
    api_key: 1,
    audit: 2,
    directory: 1,
    erasure: 2,
    idempotency: 1,
    note: 1,
    subscription: 3,
  });
  expect(rows["attempt"]).toBeGreaterThan(4);
  const reader = await openPostgresCheckReader(url);
  const { counts, events } = await checkStore(reader, { now: NOW, retentionMs: 9 * DAY_MS, breachesMax: 10 });
  await reader.close();
  expect({ counts, events }).toEqual({ counts: {}, events: 10 });

  const store = await openPostgresStore({ url });
  const file = await (async () => {
    rmSync(join(folder, "moved-to"));
    return openSqliteStore({ folder });
  })();
  try {
    const lane = laneOf(FIRST_SUBSCRIPTION);
    const [here, there] = await Promise.all(
      [file, store].map((each) => each.tasks.readLane(lane, NOW + DAY_MS, 100, 1_000_000, new Set())),
    );
    expect(there?.tasks).toHaveLength(4);
    expect(plain(there)).toEqual(plain(here));
    expect(plain(await store.events.read(pending.id))).toEqual(plain(await file.events.read(pending.id)));
    expect(await store.directory.changesSince(0)).toEqual(await file.directory.changesSince(0));
    expect(await store.erasures.open()).toEqual(await file.erasures.open());
    expect(await store.credentials.findNote("data-key")).toBe("sealed");
    const range = { from: NOW - DAY_MS, to: NOW + DAY_MS, stepMs: 3_600_000, shop: null, app: null, topic: null };
    expect(await store.statistics.read(range)).toEqual(await file.statistics.read(range));
    // What is ordered goes on behind what came before.
    const later = orderedEvent();
    await store.events.append([later], 3);
    expect((await store.tasks.listLane(SHARED, { after: null }, 9)).at(-1)?.eventId).toBe(later.id);
    // The next record's number follows on.
    await store.directory.record({ at: NOW, actor: "a", action: "b", subject: "c", before: null, after: null, requestId: null });
    const query = { turn: { after: null }, limit: 9, actor: null, subject: null, action: null, requestId: null, from: null, to: null };
    expect((await store.directory.readAudit(query)).map(({ id }) => id)).toEqual([3, 2, 1]);
  } finally {
    await store.close();
    await file.close();
  }
});

test("what was moved is not started on again by accident, and says where it is; a backup of it can be", async () => {
  await fill();
  const { mark, place } = await move();
  expect(mark === null ? "" : readFileSync(mark, "utf8")).toContain(place);
  await expect(openSqliteStore({ folder })).rejects.toMatchObject({ code: "moved", message: expect.stringContaining(place) as string });
  expect(place).not.toContain("postgres@");
  expect(await move()).toMatchObject({ wasDone: true, pending: 7 });
});

test("a backup's file is moved too, and stays as it is", async () => {
  await fill();
  const file = join(base, "copy.db");
  await backupSqlite(folder, file);
  expect(await move({ from: file })).toMatchObject({ mark: null, pending: 7 });
  expect(existsSync(join(base, "moved-to"))).toBe(false);
});

test("the file of a running server is refused, and so is one that no key opens: nothing was written", async () => {
  await fill();
  const store = await openSqliteStore({ folder });
  await expect(move()).rejects.toMatchObject({ code: "locked_by_another_process" });
  await store.close();
  const seen: (string | null)[] = [];
  const checkKey = (sealed: string | null): void => {
    seen.push(sealed);
    throw new Error("wrong key");
  };
  await expect(move({ checkKey })).rejects.toThrow("wrong key");
  expect(seen).toEqual(["sealed"]);
  const tables = await withClient(url, (client) => client.query("SELECT 1 FROM pg_class WHERE relname = 'event'"));
  expect(tables.rows).toEqual([]);
});

test("a database with data in it is refused, and one that a server has only been started on: it has keys of its own", async () => {
  await fill();
  const store = await openPostgresStore({ url });
  await store.credentials.putIfAbsent("data-key", "another one");
  await store.close();
  await expect(move()).rejects.toMatchObject({ code: "target_in_use", message: expect.stringContaining("(note)") as string });
});

test("interrupted, no server starts on it; other data is refused; the same goes on; changed data does not, and begins anew when told to", async () => {
  await fill();
  const interrupted = new Error("interrupted");
  let steps = 0;
  const stopAfter = (count: number) => (): void => {
    steps += 1;
    if (steps === count) throw interrupted;
  };
  await expect(move({ onProgress: stopAfter(8) })).rejects.toMatchObject({ code: "move_failed", cause: interrupted });
  await expect(openPostgresStore({ url })).rejects.toMatchObject({ code: "move_unfinished" });

  const mine = folder;
  folder = join(base, "other");
  await (await openSqliteStore({ folder })).close();
  await expect(move()).rejects.toMatchObject({ code: "target_in_use", message: expect.stringContaining("half moved") as string });
  folder = mine;

  steps = 0;
  await expect(move({ onProgress: stopAfter(12) })).rejects.toMatchObject({ code: "move_failed" });
  const store = await openSqliteStore({ folder });
  await store.events.append([buildEvent([FIRST_SUBSCRIPTION])], 3);
  await store.close();
  await expect(move()).rejects.toMatchObject({ code: "source_changed" });
  expect(await move({ startsOver: true })).toMatchObject({ wasResumed: false, pending: 8 });
});

test("goes on where it stopped, however often: nothing is left out or copied twice", async () => {
  await fill();
  for (let stop = 5; ; stop += 9) {
    let steps = 0;
    const onProgress = (): void => {
      steps += 1;
      if (steps === stop) throw new Error("interrupted");
    };
    const outcome = await move({ onProgress }).catch((error: unknown) => error);
    if (stop > 99) throw new Error("it never ends", { cause: outcome });
    if (!(outcome instanceof Error)) {
      expect(outcome).toMatchObject({ wasResumed: true, wasDone: false });
      break;
    }
  }
});

test("rows that something else has written meanwhile are noticed, and servers go on refusing the database", async () => {
  await fill();
  await expect(
    move({
      onProgress: () => {
        throw new Error("now");
      },
    }),
  ).rejects.toThrow("now");
  await withClient(url, (client) => client.query("INSERT INTO api_key VALUES ('x', 'x', 'read', '\\x00', 1, NULL)"));
  await expect(move()).rejects.toMatchObject({ code: "move_differs", message: expect.stringContaining("api_key") as string });
  await expect(openPostgresStore({ url })).rejects.toMatchObject({ code: "move_unfinished" });
});

test("a file that is none, a folder without one, and a server that does not answer are told plainly", async () => {
  const file = join(base, "x.db");
  writeFileSync(file, "no database at all, whatever its name says");
  await expect(move({ from: file })).rejects.toMatchObject({ code: "corrupt" });
  await expect(move()).rejects.toMatchObject({ code: "no_data" });
  await fill();
  await expect(move({ to: "postgres://postgres@127.0.0.1:1/x" })).rejects.toMatchObject({ code: "database_unreachable" });
});
