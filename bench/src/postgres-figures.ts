import { TOPIC_BY_NAME } from "@genhook/contract";
import { withClient } from "@genhook/testkit";
import { Receiver } from "./processes.ts";
import { startOnFile, startOnPostgres, type PostgresSystem, type System, type SystemOptions } from "./systems.ts";
import { call, CLIENT_SECRET, median, ownRound, rawRound, setUp, SHOP, subscribe, type Workload } from "./workload.ts";

const FAN_OUT = 10;
const HELD_ROWS = 300_000;
const SUBSCRIPTIONS = 100_000;
const SHOPS = 1_000;

/** Lives per second as a share of raw POSTs per second just before. */
interface Share {
  readonly perSecond: number;
  readonly ofRaw: number;
}

/**
 * Everything on PostgreSQL in one run: one, two and four processes beside the embedded file and raw POSTs; log and commits per delivery; and how much of
 * its speed one process keeps under a pinned horizon, with a backlog that is held, and with many webhooks. Each is compared with raw POSTs
 * made just before it, because machines are shared and their speed changes.
 */
export async function postgresFigures(workload: Workload, options: SystemOptions, rounds: number, isJson: boolean): Promise<void> {
  const receiver = new Receiver(CLIENT_SECRET);
  const figures: Record<string, unknown> = {};
  const tell: Tell = (name, figure) => {
    figures[name] = figure;
    if (!isJson) console.log(`${name}: ${JSON.stringify(figure)}`);
  };
  try {
    await receiver.start();
    const file = await startOnFile(options);
    try {
      await setUp(file.origins[0] ?? "", `${receiver.origin}/hooks`);
      tell("sqlite", await shareOf(receiver, file, workload, rounds));
    } finally {
      await file.stop();
    }
    const system = await startOnPostgres(1, options);
    try {
      await withClient(system.database, (client) => figuresOf(system, client, receiver, workload, rounds, tell));
    } finally {
      await system.stop();
    }
  } finally {
    receiver.child.kill();
  }
  if (isJson) console.log(JSON.stringify(figures, null, 2));
}

type Tell = (name: string, figure: unknown) => void;
type Client = Parameters<Parameters<typeof withClient>[1]>[0];

/** `client` looks at what is owed during a round: a connection made for each look would be work of the database that no delivery needs. */
async function figuresOf(
  system: PostgresSystem,
  client: Client,
  receiver: Receiver,
  workload: Workload,
  rounds: number,
  tell: Tell,
): Promise<void> {
  const token = await setUp(system.origins[0] ?? "", `${receiver.origin}/hooks`);
  const held = await makeHeld(system, token, receiver);
  const ours: Workload = { ...workload, isSettled: () => isElsewhereEmpty(client, held) };
  const share = (): Promise<Share> => shareOf(receiver, system, ours, rounds);
  const written = (fanOut: number): Promise<Written> =>
    perDelivery(system, ours.events, () => ownRound(receiver, system, { ...ours, fanOut }));
  const plain = await share();
  tell("postgres, 1 process", plain);
  tell("log and commits per delivery, fan-out 1", await written(1));
  tell("kept under a pinned horizon", keptOf(await withPinnedHorizon(system, share), plain));
  await fillHeld(system.database, held);
  tell(`kept with ${HELD_ROWS} rows held`, keptOf(await share(), plain));
  await addSubscriptions(system.database);
  await system.restart(1);
  tell(`kept with ${SUBSCRIPTIONS} webhooks`, keptOf(await share(), plain));
  for (const count of [2, 4]) {
    await system.restart(count);
    tell(`postgres, ${count} processes`, await share());
  }
  await system.restart(1);
  for (let n = 1; n < FAN_OUT; n += 1) await subscribe(system.origins[0] ?? "", token, "orders/create", `${receiver.origin}/hooks/${n}`);
  await written(FAN_OUT);
  tell(`log and commits per delivery, fan-out ${FAN_OUT}`, await written(FAN_OUT));
}

function keptOf(with_: Share, plain: Share): { readonly kept: number; readonly perSecond: number } {
  return { kept: Number((with_.ofRaw / plain.ofRaw).toFixed(3)), perSecond: with_.perSecond };
}

/** The median of several rounds, each behind a raw one; a first one is warm-up. */
async function shareOf(receiver: Receiver, system: System, workload: Workload, rounds: number): Promise<Share> {
  const own: number[] = [];
  const ofRaw: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const { rawPerSecond } = await rawRound(receiver, workload);
    const { ownPerSecond } = await ownRound(receiver, system, workload);
    if (round === 0) continue;
    own.push(ownPerSecond);
    ofRaw.push(ownPerSecond / rawPerSecond);
  }
  return { perSecond: Math.round(median(own)), ofRaw: Number(median(ofRaw).toFixed(3)) };
}

interface Written {
  readonly walBytes: number;
  readonly commits: number;
}

/** What one round writes, all that the database does meanwhile included: leases, statistics, looks at what is owed. */
async function perDelivery(system: PostgresSystem, deliveries: number, round: () => Promise<unknown>): Promise<Written> {
  const read = (): Promise<Written> =>
    withClient(system.database, async (client) => {
      const { rows } = await client.query<{ wal: string; commits: string }>(
        "SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits",
      );
      return { walBytes: Number(rows[0]?.wal), commits: Number(rows[0]?.commits) };
    });
  const before = await read();
  await round();
  const after = await read();
  return {
    walBytes: Math.round((after.walBytes - before.walBytes) / deliveries),
    commits: Number(((after.commits - before.commits) / deliveries).toFixed(4)),
  };
}

/** Somebody's long transaction: what is deleted meanwhile stays. */
function withPinnedHorizon<Value>(system: PostgresSystem, work: () => Promise<Value>): Promise<Value> {
  return withClient(system.database, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    await client.query("SELECT 1 FROM directory");
    const value = await work();
    await client.query("COMMIT");
    return value;
  });
}

/** Where the rows of a paused webhook lie. */
interface Held {
  readonly shard: number;
  readonly lane: number;
}

/** A paused webhook for another topic, with one delivery that waits. */
async function makeHeld(system: PostgresSystem, token: string, receiver: Receiver): Promise<Held> {
  const [origin = ""] = system.origins;
  const id = await subscribe(origin, token, "products/create", `${receiver.origin}/held`);
  await call(origin, "POST", `/api/202412/app/webhooks/${id}/pause`, undefined, token);
  await call(origin, "POST", "/platform/v1/events", {
    shop: SHOP,
    topic: "products/create",
    payload: TOPIC_BY_NAME.get("products/create")?.sample,
  });
  return withClient(system.database, async (client) => {
    const { rows } = await client.query<{ shard: number; lane: string }>("SELECT shard, lane FROM task");
    const [row] = rows;
    if (row === undefined || rows.length > 1) throw new Error("one delivery should wait");
    return { shard: row.shard, lane: Number(row.lane) };
  });
}

/** As if so many events had come for it. */
async function fillHeld(database: string, { lane }: Held): Promise<void> {
  await withClient(database, async (client) => {
    await client.query(`
      WITH one AS (SELECT * FROM task WHERE lane = ${lane} LIMIT 1), more AS (
        SELECT one.*, overlay(one.event::text PLACING lpad(to_hex(g), 12, '0') FROM 25)::uuid AS id FROM one, generate_series(1, ${HELD_ROWS}) g
      ), kept AS (
        INSERT INTO event (day, id, shop, app, topic, api_version, triggered_at, accepted_at, order_key, changed, is_test, owes, directory_version, payload)
        SELECT e.day, m.id, e.shop, e.app, e.topic, e.api_version, e.triggered_at, e.accepted_at, e.order_key, e.changed, e.is_test, e.owes, e.directory_version,
          e.payload FROM more m JOIN event e ON e.id = m.event
      )
      INSERT INTO task (shard, lane, due, event, subscription, seq, round, attempts, attempts_ever)
      SELECT shard, lane, due, id, subscription, seq, round, attempts, attempts_ever FROM more`);
  });
}

/** Webhooks of the same app on other shops, by the hundred. */
async function addSubscriptions(database: string): Promise<void> {
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
      FROM one, generate_series(1, ${SUBSCRIPTIONS}) g`);
    await client.query("UPDATE directory SET next_shop = next_shop + 10000, next_subscription = next_subscription + 2000000");
  });
}

/** Whether nothing is owed but what is held; told from the key alone. */
async function isElsewhereEmpty(client: Client, { shard, lane }: Held): Promise<boolean> {
  const { rows } = await client.query<{ some: boolean }>(
    "SELECT EXISTS (SELECT FROM task WHERE (shard, lane) < ($1::smallint, $2::bigint)) OR EXISTS (SELECT FROM task WHERE (shard, lane) > ($1::smallint, $2::bigint)) AS some",
    [shard, lane],
  );
  return rows[0]?.some === false;
}
