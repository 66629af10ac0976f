import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { insertEvent, insertEventSync, postgresSchema, sqliteSchema, type OutboxEvent } from "@genhook/outbox";
import { poolerMissing, openTestDatabases, startPooler, type Pooler, type TestDatabases } from "@genhook/testkit";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Intake } from "../src/index.ts";
import {
  OutboxSource,
  PostgresOutbox,
  PostgresWake,
  SqliteOutbox,
  type OutboxRecord,
  type OutboxSourceOptions,
  type OutboxStore,
  type OutboxStoreOptions,
} from "../src/relay/index.ts";
import { accepted, KeptLog, refused } from "./fixtures.ts";

/** Lets everybody else go on: SQLite answers without it. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

interface Case {
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
  readonly store: (options?: OutboxStoreOptions) => OutboxStore;
  readonly insert: (event: OutboxEvent) => Promise<void>;
  readonly run: (statement: string) => Promise<unknown>;
}

const SHOP = "linen.genmystore.com";
const TRACE = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
const order = (id: string, orderKey?: string): OutboxEvent => ({
  shop: SHOP,
  topic: "orders/create",
  payload: { order: { id } },
  idempotencyKey: id,
  orderKey,
});

/** What Genhook would be told: keys, in requests. Refuses each key that is in `bad`. */
class Published {
  readonly requests: string[][] = [];
  readonly bad = new Set<string>();
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  get keys(): readonly string[] {
    return this.requests.flat();
  }

  readonly publish = async (events: readonly string[]) => {
    const keys = events.map((event) => (JSON.parse(event) as { idempotencyKey: string }).idempotencyKey);
    this.requests.push(keys.filter((key) => !this.bad.has(key)));
    const items = keys.map((key) => (this.bad.has(key) ? refused() : accepted()));
    for (const { count, resolve } of this.#waiting) if (this.keys.length >= count) resolve();
    return { kind: "answered" as const, items };
  };

  waitFor(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.keys.length >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }
}

function describeOutbox({ open, close, store, insert, run }: Case): void {
  let relays: Intake<OutboxRecord>[] = [];
  beforeEach(open);
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
    await close();
  });

  function relay(published: Published, options: OutboxStoreOptions = {}, more: OutboxSourceOptions = {}) {
    const log = new KeptLog();
    const source = new OutboxSource(store(options), { pollMs: 5, ...more });
    const intake = new Intake<OutboxRecord>({ source, log, publish: published.publish });
    relays.push(intake);
    intake.start();
    return { intake, log, source };
  }

  async function until(holds: (status: Awaited<ReturnType<OutboxStore["status"]>>) => boolean): Promise<void> {
    while (!holds(await store().status())) await turn();
  }

  it("publishes each event as it was written, in order, and leaves nothing", async () => {
    const payload = ' {"order":{"id":9007199254740993, "total":1.0}}';
    await insert({ ...order("1"), payload, triggeredAt: "2026-01-15T12:00:00.123456789Z", changed: ["order.total"], traceparent: TRACE });
    for (const id of ["2", "3", "4"]) await insert(order(id));
    const published = new Published();
    const texts: string[] = [];
    const { publish } = published;
    Object.assign(published, { publish: (events: readonly string[]) => (texts.push(...events), publish(events)) });
    relay(published);
    await published.waitFor(4);
    await until(({ waiting }) => waiting === 0);
    expect(published.keys).toEqual(["1", "2", "3", "4"]);
    expect(texts[0]).toContain(`"payload":${payload}}`);
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({
      triggeredAt: "2026-01-15T12:00:00.123456789Z",
      changed: ["order.total"],
      traceparent: TRACE,
    });
    // When it was written, where nothing else was said.
    expect(Math.abs(Date.parse((JSON.parse(texts[1] ?? "") as { triggeredAt: string }).triggeredAt) - Date.now())).toBeLessThan(60_000);
  });

  it("a refused event is set aside with its reason, listed, and holds up nobody", async () => {
    for (const id of ["1", "2", "3"]) await insert(order(id));
    const published = new Published();
    published.bad.add("2");
    relay(published);
    await published.waitFor(2);
    await until(({ refused: count }) => count === 1);
    expect(published.keys).toEqual(["1", "3"]);
    expect(await store().refused(10)).toEqual([
      {
        id: "2",
        shop: SHOP,
        topic: "orders/create",
        orderKey: null,
        code: "payload_mismatch",
        error: "It is payload_mismatch.",
        member: "payload",
        createdAt: expect.stringMatching(/^20\d\d-.*Z$/),
        refusedAt: expect.stringMatching(/^20\d\d-.*Z$/),
        behind: 0,
      },
    ]);
    published.bad.clear();
    expect([await store().retry(["2", "77"]), await store().retry(null)]).toEqual([1, 0]);
    await published.waitFor(3);
    await until(({ waiting, refused: count }) => waiting + count === 0);
  });

  it("a refused event keeps the later ones of its order key, also those that come later, until it is retried", async () => {
    for (const id of ["a1", "a2", "b1", "a3"]) await insert(order(id, id[0]));
    const published = new Published();
    published.bad.add("a1");
    relay(published);
    await published.waitFor(1);
    await until(({ behind }) => behind === 2);
    await insert(order("a4", "a"));
    await insert(order("b2", "b"));
    await published.waitFor(2);
    await until(({ behind }) => behind === 3);
    expect(published.keys).toEqual(["b1", "b2"]);
    expect((await store().refused(10)).map(({ id, behind }) => [id, behind])).toEqual([["1", 3]]);
    published.bad.clear();
    await store().retry(null);
    await published.waitFor(6);
    expect(published.keys.slice(2)).toEqual(["a1", "a2", "a3", "a4"]);
  });

  it("when a refused event is discarded, what waited behind it goes on", async () => {
    for (const id of ["a1", "a2", "a3"]) await insert(order(id, "a"));
    const published = new Published();
    published.bad.add("a1");
    relay(published);
    await until(({ behind }) => behind === 2);
    expect([await store().discard(["2"]), await store().discard(["1"])]).toEqual([0, 1]);
    await published.waitFor(2);
    await until(({ waiting, behind, refused: count }) => waiting + behind + count === 0);
    expect(published.keys).toEqual(["a2", "a3"]);
  });

  it("with onRefused skip the later ones go on at once", async () => {
    for (const id of ["a1", "a2", "a3"]) await insert(order(id, "a"));
    const published = new Published();
    published.bad.add("a1");
    relay(published, { onRefused: "skip" });
    await published.waitFor(2);
    expect(published.keys).toEqual(["a2", "a3"]);
  });

  it("of an order key there is never more than one in a request", async () => {
    for (const id of ["a1", "a2", "b1", "a3", "x", "b2"]) await insert(order(id, id === "x" ? undefined : id[0]));
    const published = new Published();
    relay(published);
    await published.waitFor(6);
    expect(published.requests).toEqual([["a1", "b1", "x"], ["a2", "b2"], ["a3"]]);
  });

  it("one order key with very many does not keep out the others", async () => {
    await run(
      `INSERT INTO genhook_outbox (key, shop, topic, payload, order_key)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      SELECT 'hot ' || i, '${SHOP}', 'orders/create', '{}', 'hot' FROM n`,
    );
    for (const id of ["x", "y", "z"]) await insert(order(id));
    const published = new Published();
    relay(published);
    await published.waitFor(30);
    expect(published.keys.indexOf("z")).toBeGreaterThan(-1);
    const hot = published.keys.filter((key) => key.startsWith("hot"));
    expect(hot).toEqual(hot.map((_, index) => `hot ${index + 1}`));
  });

  it("rows that others have written are checked first, so that a broken one spoils nothing", async () => {
    const values = (payload: string, changed = "NULL"): string =>
      `INSERT INTO genhook_outbox (shop, topic, payload, order_key, changed) VALUES ('${SHOP}', 'orders/create', '${payload}', 'k', ${changed})`;
    await run(values("{order: 1}"));
    await run(values("{}", "'order'"));
    await insert(order("good"));
    const published = new Published();
    relay(published);
    await published.waitFor(1);
    await until(({ behind }) => behind === 1);
    expect((await store().refused(10)).map(({ code, member }) => [code, member])).toEqual([["malformed_json", "payload"]]);
    await store().discard(null);
    await until(({ refused: count, behind }) => count === 1 && behind === 0);
    expect((await store().refused(10)).map(({ code, member }) => [code, member])).toEqual([["invalid_member", "changed"]]);
    expect(published.keys).toEqual(["good"]);
  });

  it("reads no more than it has room for, but always something", async () => {
    for (const id of ["1", "2", "3"]) await insert({ ...order(id), payload: { order: { id, note: "x".repeat(1_000) } } });
    const ids = async (query: object): Promise<readonly string[]> => {
      const rows = await store().read({ limit: 10, bytesMax: 1e9, withoutIds: [], withoutLanes: [], ...query });
      return rows.map(({ id }) => id);
    };
    expect(await ids({ bytesMax: 1 })).toEqual(["1"]);
    expect(await ids({ bytesMax: 1_500 })).toEqual(["1", "2"]);
    expect(await ids({ limit: 1 })).toEqual(["1"]);
    expect(await ids({ withoutIds: ["1", "3"] })).toEqual(["2"]);
  });

  it("one relay at a time is at work; another takes over when it stops", async () => {
    const [first, second] = [new Published(), new Published()];
    const one = relay(first);
    await insert(order("1"));
    await first.waitFor(1);
    relay(second);
    await insert(order("2"));
    await first.waitFor(2);
    expect(second.keys).toEqual([]);
    await one.intake.stop();
    await insert(order("3"));
    await second.waitFor(1);
    expect([first.keys, second.keys]).toEqual([["1", "2"], ["3"]]);
  });

  it("a relay that is gone without a word is replaced when its lease has run out", async () => {
    expect(await store().renew("gone", 50)).toBe(true);
    await insert(order("1"));
    const published = new Published();
    relay(published);
    await published.waitFor(1);
    expect(published.keys).toEqual(["1"]);
    expect((await store().status()).relay).not.toBe("gone");
  });
}

describe("an outbox in PostgreSQL", () => {
  let databases: TestDatabases;
  let pool: pg.Pool;
  beforeAll(async () => {
    databases = await openTestDatabases();
    pool = new pg.Pool({ connectionString: await databases.create() }).on("error", () => undefined);
    for (const statement of postgresSchema({ notify: true })) await pool.query(statement);
  }, 60_000);
  afterAll(async () => {
    await pool.end();
    await databases.close();
  });
  const empty = async (): Promise<void> => {
    await pool.query("TRUNCATE genhook_outbox, genhook_outbox_aside, genhook_outbox_relay RESTART IDENTITY");
  };
  const insert = async (event: OutboxEvent): Promise<void> => {
    const client = await pool.connect();
    await insertEvent(client, event);
    client.release();
  };

  describeOutbox({
    open: empty,
    close: async () => undefined,
    store: (options) => new PostgresOutbox(pool, options),
    insert,
    run: (statement) => pool.query(statement),
  });

  it("a slower transaction's lower id, seen later than a higher one, is published all the same", async () => {
    await empty();
    const slow = await pool.connect();
    await slow.query("BEGIN");
    await insertEvent(slow, order("slow"));
    await insert(order("fast"));
    const published = new Published();
    const intake = new Intake<OutboxRecord>({
      source: new OutboxSource(new PostgresOutbox(pool), { pollMs: 5 }),
      log: new KeptLog(),
      publish: published.publish,
    });
    intake.start();
    await published.waitFor(1);
    expect(published.keys).toEqual(["fast"]);
    await slow.query("COMMIT");
    slow.release();
    await published.waitFor(2);
    await intake.stop();
    expect(published.keys).toEqual(["fast", "slow"]);
    expect(await new PostgresOutbox(pool).status()).toMatchObject({ waiting: 0, refused: 0, behind: 0, relay: null });
  });

  it("is woken by the trigger, long before it would have looked", async () => {
    await empty();
    const published = new Published();
    const wake = new PostgresWake(pool);
    const intake = new Intake<OutboxRecord>({
      source: new OutboxSource(new PostgresOutbox(pool), { pollMs: 3_600_000, wake }),
      log: new KeptLog(),
      publish: published.publish,
    });
    intake.start();
    for (const id of ["1", "2", "3"]) {
      await insert(order(id));
      await published.waitFor(Number(id));
    }
    await intake.stop();
    expect(published.keys).toEqual(["1", "2", "3"]);
  });

  describe.skipIf(poolerMissing !== null)(`behind a transaction pooler${poolerMissing === null ? "" : `: ${poolerMissing}`}`, () => {
    let pooler: Pooler;
    let pooled: pg.Pool;
    beforeAll(async () => {
      const url = await databases.create();
      pooler = await startPooler(url, 2);
      pooled = new pg.Pool({ connectionString: pooler.through(url) }).on("error", () => undefined);
      for (const statement of postgresSchema({ table: "public.events" })) await pooled.query(statement);
    });
    afterAll(async () => {
      await pooled.end();
      await pooler.stop();
    });

    it("publishes, sets aside, hands over", async () => {
      const options = { table: "public.events" };
      const published = new Published();
      published.bad.add("a1");
      const start = (): Intake<OutboxRecord> => {
        const source = new OutboxSource(new PostgresOutbox(pooled, options), { pollMs: 5 });
        const intake = new Intake<OutboxRecord>({ source, log: new KeptLog(), publish: published.publish });
        intake.start();
        return intake;
      };
      const client = await pooled.connect();
      for (const id of ["a1", "a2", "b1"]) await insertEvent(client, order(id, id[0]), options);
      client.release();
      const one = start();
      const other = start();
      await published.waitFor(1);
      while ((await new PostgresOutbox(pooled, options).status()).behind !== 1) await turn();
      published.bad.clear();
      await one.stop();
      await new PostgresOutbox(pooled, options).retry(null);
      await published.waitFor(3);
      await other.stop();
      expect(published.keys).toEqual(["b1", "a1", "a2"]);
    });
  });
});

describe("an outbox in SQLite", () => {
  let folder = "";
  let platform: DatabaseSync;
  let database: DatabaseSync;
  describeOutbox({
    open: async () => {
      folder = mkdtempSync(join(tmpdir(), "genhook-outbox-"));
      const open = (): DatabaseSync => new DatabaseSync(join(folder, "shop.db"), { timeout: 5_000 });
      [platform, database] = [open(), open()];
      platform.exec("PRAGMA journal_mode = WAL");
      for (const statement of sqliteSchema()) platform.exec(statement);
    },
    close: async () => {
      platform.close();
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
    store: (options) => new SqliteOutbox(database, options),
    insert: async (event) => void insertEventSync(platform, event),
    run: async (statement) => platform.exec(statement),
  });
});
