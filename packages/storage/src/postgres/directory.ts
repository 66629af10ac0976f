import type {
  App,
  DirectoryChanges,
  DirectoryCommit,
  DirectoryStore,
  Hold,
  Installation,
  Shop,
  Subscription,
  SubscriptionPlace,
} from "@genhook/core";
import { countersOf, number, text } from "../columns.ts";
import { appendWith } from "./append.ts";
import { readAudit, writeAudit } from "./audit.ts";
import type { Database, Query, Row } from "./database.ts";
import { readAsOf } from "./directory-history.ts";
import { CANCEL_LANE } from "./end-tasks.ts";
import type { Partitions } from "./partitions.ts";
import { bytes } from "./rows.ts";
import { dayOf } from "@genhook/core";

/** Tasks of one lane that a commit cancels itself; the owner sweeps the rest, so that no transaction grows with a backlog. */
const CANCEL_PER_LANE_MAX = 1_000;

type CommitOutcome = { readonly kind: "committed"; readonly version: number } | { readonly kind: "stale" };

/** Everything that changed since, with the version, in one statement: one snapshot. From version 0, what has ended is left out where nobody asks for it. */
const CHANGES = `
SELECT 'directory' AS kind, version, next_shop, next_app, next_subscription, NULL::text AS body FROM directory
UNION ALL (SELECT 'shop', version, NULL, NULL, NULL, body FROM shop WHERE valid_to IS NULL AND version > $1 ORDER BY version, id)
UNION ALL (SELECT 'app', version, NULL, NULL, NULL, body FROM app WHERE valid_to IS NULL AND version > $1 AND ($1 > 0 OR ended_at IS NULL) ORDER BY version, id)
UNION ALL (SELECT 'installation', version, NULL, NULL, NULL, body FROM installation WHERE valid_to IS NULL AND version > $1 ORDER BY version, app, shop)
UNION ALL (SELECT 'subscription', version, NULL, NULL, NULL, body FROM subscription WHERE valid_to IS NULL AND version > $1 AND ($1 > 0 OR ended_at IS NULL) ORDER BY version, id)
UNION ALL (SELECT 'hold', version, NULL, NULL, NULL, body FROM hold WHERE version > $1 AND ($1 > 0 OR ended_at IS NULL) ORDER BY version, id)`;

/** Shops, apps, installations, subscriptions, holds (`DirectoryStore`). */
export function directoryStore(database: Database, partitions: Partitions): DirectoryStore {
  return {
    version: async () => number((await database.query("soon", "SELECT version FROM directory"))[0]?.["version"]),
    changesSince: async (version) => toChanges(await database.query("read", CHANGES, [version])),
    commit: async (commit, expectedVersion) => {
      await partitions.ensure(commit.events.map((event) => dayOf(event.id)));
      return database.transaction("settle", (query) => commitDirectory(query, commit, expectedVersion));
    },
    readAsOf: (version, shop, topic) => readAsOf(database, version, shop, topic),
    findToken: async (tokenHash) => {
      const [row] = await database.query(
        "read",
        `SELECT d.version, i.body FROM directory d LEFT JOIN installation i ON i.token_hash = $1 AND i.valid_to IS NULL AND i.ended_at IS NULL`,
        [bytes(tokenHash)],
      );
      const body = row?.["body"];
      return {
        installation: typeof body === "string" ? (JSON.parse(body) as Installation) : null,
        version: number(row?.["version"]),
      };
    },
    findSubscription: async (id) => {
      const [row] = await database.query("read", "SELECT body FROM subscription WHERE id = $1 AND valid_to IS NULL", [id]);
      return row === undefined ? null : parse<Subscription>(row);
    },
    subscriptionIds: async (place, limit) => subscriptionIds(database, place, limit),
    record: async (audit) => {
      await writeAudit((statement, values) => database.query("settle", statement, values), [audit]);
    },
    readAudit: (query) => readAudit(database, query),
  };
}

/** A topic is looked for among all rows of those that are in the place: it may have been another one once. */
async function subscriptionIds(database: Database, { app, shop, topic }: SubscriptionPlace, limit: number): Promise<readonly number[]> {
  const values: unknown[] = [shop, limit];
  const ofApp = app === null ? "" : `AND app = $${values.push(app)}`;
  const ofTopic =
    topic === null ? "" : `AND EXISTS (SELECT FROM subscription v WHERE v.id = s.id AND v.topic = $${values.push(topic)} OFFSET 0)`;
  const ids = (where: string): string => `(SELECT id FROM subscription s WHERE valid_to IS NULL AND ${where} ${ofApp} ${ofTopic} LIMIT $2)`;
  const statement =
    shop === null
      ? `SELECT id FROM ${ids("$1::bigint IS NULL")} AS found`
      : `${ids("shop = $1::bigint")} UNION ALL ${ids("shop IS NULL")} LIMIT $2`;
  return (await database.query("read", statement, values)).map((row) => number(row["id"]));
}

/** The row of the directory is locked first: two commits are carried out one behind the other, and the second finds itself stale. */
async function commitDirectory(query: Query, commit: DirectoryCommit, expectedVersion: number): Promise<CommitOutcome> {
  const { counters, at } = commit;
  const version = expectedVersion + 1;
  const moved = await query(
    "UPDATE directory SET version = $2, next_shop = $3, next_app = $4, next_subscription = $5 WHERE version = $1 RETURNING version",
    [expectedVersion, version, counters.shop, counters.app, counters.subscription],
  );
  if (moved.length === 0) return { kind: "stale" };
  await putEntries(query, "shop", commit.shops, version, at);
  await putEntries(query, "app", commit.apps, version, at);
  await putSubscriptions(query, commit.subscriptions, version, at);
  await putInstallations(query, commit.installations, version, at);
  await putHolds(query, commit.holds, version);
  for (const { lane, reason } of commit.cancel) await query(CANCEL_LANE, [lane.shard, lane.lane, CANCEL_PER_LANE_MAX, reason, at]);
  if (commit.events.length > 0) await appendWith(query, commit.events, version, expectedVersion);
  await writeAudit(query, commit.audit);
  return { kind: "committed", version };
}

async function putEntries(
  query: Query,
  table: "shop" | "app",
  entries: readonly (Shop | App)[],
  version: number,
  at: number,
): Promise<void> {
  if (entries.length === 0) return;
  const ids = entries.map((entry) => entry.id);
  await query(`UPDATE ${table} SET valid_to = $2, until = $3 WHERE id = ANY($1::bigint[]) AND valid_to IS NULL`, [ids, at, version]);
  await query(
    `INSERT INTO ${table} (id, version, valid_from, ended_at, body) SELECT id, $1, $2, ended_at, body FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS e (id, ended_at, body)`,
    [version, at, ids, entries.map((entry) => entry.endedAt), entries.map((entry) => JSON.stringify(entry))],
  );
}

async function putSubscriptions(query: Query, subscriptions: readonly Subscription[], version: number, at: number): Promise<void> {
  if (subscriptions.length === 0) return;
  const of = (value: (subscription: Subscription) => unknown): unknown[] => subscriptions.map(value);
  const ids = of(({ id }) => id);
  await query("UPDATE subscription SET valid_to = $2, until = $3 WHERE id = ANY($1::bigint[]) AND valid_to IS NULL", [ids, at, version]);
  await query(
    `INSERT INTO subscription (id, app, shop, topic, version, valid_from, ended_at, body)
     SELECT id, app, shop, topic, $1, $2, ended_at, body
     FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::text[]) AS s (id, app, shop, topic, ended_at, body)`,
    [
      version,
      at,
      ids,
      of(({ app }) => app),
      of(({ shop }) => shop),
      of(({ topic }) => topic),
      of(({ endedAt }) => endedAt),
      of((each) => JSON.stringify(each)),
    ],
  );
}

async function putInstallations(query: Query, installations: readonly Installation[], version: number, at: number): Promise<void> {
  if (installations.length === 0) return;
  const of = (value: (installation: Installation) => unknown): unknown[] => installations.map(value);
  const keys = [of(({ app }) => app), of(({ shop }) => shop)];
  await query(
    `UPDATE installation i SET valid_to = $3, until = $4 FROM unnest($1::bigint[], $2::bigint[]) AS k (app, shop)
     WHERE i.app = k.app AND i.shop = k.shop AND i.valid_to IS NULL`,
    [...keys, at, version],
  );
  await query(
    `INSERT INTO installation (app, shop, version, valid_from, ended_at, token_hash, body)
     SELECT app, shop, $3, $4, ended_at, token_hash, body
     FROM unnest($1::bigint[], $2::bigint[], $5::bigint[], $6::bytea[], $7::text[]) AS i (app, shop, ended_at, token_hash, body)`,
    [...keys, version, at, of(({ endedAt }) => endedAt), of(({ tokenHash }) => bytes(tokenHash)), of((each) => JSON.stringify(each))],
  );
}

async function putHolds(query: Query, holds: readonly Hold[], version: number): Promise<void> {
  if (holds.length === 0) return;
  await query(
    `INSERT INTO hold (id, version, ended_at, body) SELECT id, $1, ended_at, body FROM unnest($2::text[], $3::bigint[], $4::text[]) AS h (id, ended_at, body)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, ended_at = excluded.ended_at, body = excluded.body`,
    [version, holds.map((hold) => hold.id), holds.map((hold) => hold.endedAt), holds.map((hold) => JSON.stringify(hold))],
  );
}

function toChanges(rows: readonly Row[]): DirectoryChanges {
  const directory = rows.find((row) => row["kind"] === "directory") ?? {};
  const of = <Entry>(kind: string): Entry[] => rows.filter((row) => row["kind"] === kind).map((row) => parse<Entry>(row));
  return {
    version: number(directory["version"]),
    counters: countersOf(directory),
    shops: of<Shop>("shop"),
    apps: of<App>("app"),
    installations: of<Installation>("installation"),
    subscriptions: of<Subscription>("subscription"),
    holds: of<Hold>("hold"),
  };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows which table the row is from
function parse<Entry>(row: Row): Entry {
  return JSON.parse(text(row["body"])) as Entry;
}
