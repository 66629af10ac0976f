import { TOPIC_BY_NAME } from "@genhook/contract";
import { withClient } from "@genhook/testkit";
import { SHOP } from "./credentials.ts";
import { call, pause, subscribe } from "./setting-up.ts";

type Client = Parameters<Parameters<typeof withClient>[1]>[0];

const SHOPS = 1_000;

/** Where the rows of a paused webhook lie. */
export interface Held {
  readonly shard: number;
  readonly lane: number;
}

/** A paused webhook for another topic, with one delivery that waits. */
export async function makeHeld(origin: string, database: string, token: string, address: string): Promise<Held> {
  await pause(origin, token, await subscribe(origin, token, "products/create", address));
  await call(origin, "POST", "/platform/v1/events", {
    shop: SHOP,
    topic: "products/create",
    payload: TOPIC_BY_NAME.get("products/create")?.sample,
  });
  return withClient(database, async (client) => {
    const { rows } = await client.query<{ shard: number; lane: string }>("SELECT shard, lane FROM task");
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new Error("one delivery should wait");
    return { shard: row.shard, lane: Number(row.lane) };
  });
}

/**
 * As if so many events had come for it. Tidied up and written out, as all but the newest part of a backlog is: what a server does with hundreds
 * of megabytes that were written a second ago is another question.
 */
export async function fillHeld(database: string, { lane }: Held, rows: number): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(`
      WITH one AS (SELECT * FROM task WHERE lane = ${lane} LIMIT 1), more AS (
        SELECT one.*, overlay(one.event::text PLACING lpad(to_hex(g), 12, '0') FROM 25)::uuid AS id FROM one, generate_series(1, ${rows}) g
      ), kept AS (
        INSERT INTO event (day, id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, is_test, owes, directory_version, payload)
        SELECT e.day, m.id, e.shop, e.app, e.topic, e.api_version, e.triggered_at, e.accepted_at, e.order_key, e.changed, e.is_test, e.owes, e.directory_version,
          e.payload FROM more m JOIN event e ON e.id = m.event
      )
      INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
      SELECT shard, lane, due, id, subscription, seq, round, attempts, attempts_ever FROM more`);
    await tidyUp(client);
  });
}

/** Webhooks of the same app on other shops, by the hundred. */
export async function addSubscriptions(database: string, subscriptions: number): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(`
      WITH one AS (SELECT * FROM shop WHERE valid_to IS NULL LIMIT 1)
      INSERT INTO shop (id, version, valid_from, body)
      SELECT 1000 + g, version, valid_from,
        (body::jsonb || jsonb_build_object('id', 1000 + g, 'domain', 'other-' || g || '.genmystore.com', 'shopId', (90000000 + g)::text))::text
      FROM one, generate_series(1, ${SHOPS}) g`);
    await client.query(`
      WITH one AS (SELECT * FROM installation WHERE valid_to IS NULL LIMIT 1)
      INSERT INTO installation (app, shop, version, valid_from, token_hash, body)
      SELECT app, 1000 + g, version, valid_from, decode(md5(g::text), 'hex'), (body::jsonb || jsonb_build_object('shop', 1000 + g))::text
      FROM one, generate_series(1, ${SHOPS}) g`);
    await client.query(`
      WITH one AS (SELECT * FROM subscription WHERE valid_to IS NULL AND topic = 'orders/create' ORDER BY id LIMIT 1)
      INSERT INTO subscription (id, app, shop, topic, version, valid_from, body)
      SELECT id + 1000000 + g, app, 1001 + g % ${SHOPS}, topic, version, valid_from, (body::jsonb || jsonb_build_object(
        'id', id + 1000000 + g, 'uuid', gen_random_uuid(), 'shop', 1001 + g % ${SHOPS}, 'address', (body::jsonb ->> 'address') || '?of=' || g))::text
      FROM one, generate_series(1, ${subscriptions}) g`);
    await client.query("UPDATE directory SET next_shop = next_shop + 10000, next_subscription = next_subscription + 2000000");
    await tidyUp(client);
  });
}

/** Lanes over all shards, each with one task. */
export async function addLanes(client: Client, lanes: number): Promise<void> {
  await client.query(`
    INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
    SELECT g % 256, 8589934859 + g, 1700000000000, gen_random_uuid(), 8589934859 + g, 1, 1, 0, 0 FROM generate_series(1, ${lanes}) g`);
}

async function tidyUp(client: Client): Promise<void> {
  await client.query("VACUUM ANALYZE");
  await client.query("CHECKPOINT");
}

const beyond = (side: "<" | ">"): string =>
  `(SELECT lane FROM task WHERE (shard, lane) ${side} ($1::smallint, $2::bigint) ORDER BY shard, lane, due, event, subscription LIMIT 1) IS NOT NULL`;

/**
 * Whether nothing is owed but what is held, told from the key alone. `client` is a connection that stays: one made for each look would be work of the
 * database that no delivery needs. Without the order the planner reads the table from its start to its end, 20 ms at 300,000 rows.
 */
export async function isElsewhereEmpty(client: Client, { shard, lane }: Held): Promise<boolean> {
  const { rows } = await client.query<{ some: boolean }>(`SELECT ${beyond("<")} OR ${beyond(">")} AS some`, [shard, lane]);
  return rows[0]?.some === false;
}
