import type { App, DirectoryCommit, Hold, Installation, Shop, Subscription } from "@genhook/core";
import { writeAudit } from "./audit.ts";
import type { Writer } from "./writer.ts";

/** Tasks of one lane that a commit cancels itself; the owner sweeps the rest, so that no transaction grows with a backlog. */
const CANCEL_PER_LANE_MAX = 1_000;

type CommitOutcome = { readonly kind: "committed"; readonly version: number } | { readonly kind: "stale" };

/** Changes of the directory, in the writer's thread. */
export function commitDirectory(writer: Writer, commit: DirectoryCommit, expectedVersion: number): CommitOutcome {
  if (writer.directoryVersion() !== expectedVersion) return { kind: "stale" };
  const version = expectedVersion + 1;
  writer.atomically(() => {
    const { connection } = writer;
    const { counters, at } = commit;
    connection.run(
      "UPDATE directory SET version = ?, next_shop = ?, next_app = ?, next_subscription = ?",
      version,
      counters.shop,
      counters.app,
      counters.subscription,
    );
    for (const shop of commit.shops) put(writer, "shop", shop, version, at);
    for (const app of commit.apps) put(writer, "app", app, version, at);
    for (const subscription of commit.subscriptions) putSubscription(writer, subscription, version, at);
    for (const installation of commit.installations) putInstallation(writer, installation, version, at);
    for (const hold of commit.holds) putHold(writer, hold, version);
    for (const { lane, reason } of commit.cancel) writer.cancelStep(lane, reason, at, CANCEL_PER_LANE_MAX);
    for (const event of commit.events) writer.appendOne(event, expectedVersion);
    for (const record of commit.audit) writeAudit(connection, record);
  });
  return { kind: "committed", version };
}

function put(writer: Writer, table: "shop" | "app", entry: Shop | App, version: number, at: number): void {
  const { connection } = writer;
  connection.run(`UPDATE ${table} SET valid_to = ?, until = ? WHERE id = ? AND valid_to IS NULL`, at, version, entry.id);
  connection.run(
    `INSERT INTO ${table} (id, version, valid_from, valid_to, ended_at, body) VALUES (?, ?, ?, NULL, ?, ?)`,
    entry.id,
    version,
    at,
    entry.endedAt,
    JSON.stringify(entry),
  );
}

function putHold({ connection }: Writer, hold: Hold, version: number): void {
  connection.run(
    `INSERT INTO hold (id, version, ended_at, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET version = excluded.version, ended_at = excluded.ended_at, body = excluded.body`,
    hold.id,
    version,
    hold.endedAt,
    JSON.stringify(hold),
  );
}

function putSubscription(writer: Writer, subscription: Subscription, version: number, at: number): void {
  const { connection } = writer;
  const { id, app, shop, topic, endedAt } = subscription;
  connection.run("UPDATE subscription SET valid_to = ?, until = ? WHERE id = ? AND valid_to IS NULL", at, version, id);
  connection.run(
    "INSERT INTO subscription (id, app, shop, topic, version, valid_from, valid_to, ended_at, body) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)",
    id,
    app,
    shop,
    topic,
    version,
    at,
    endedAt,
    JSON.stringify(subscription),
  );
}

function putInstallation(writer: Writer, installation: Installation, version: number, at: number): void {
  const { connection } = writer;
  const { app, shop, endedAt, tokenHash } = installation;
  connection.run("UPDATE installation SET valid_to = ?, until = ? WHERE app = ? AND shop = ? AND valid_to IS NULL", at, version, app, shop);
  connection.run(
    "INSERT INTO installation (app, shop, version, valid_from, valid_to, ended_at, token_hash, body) VALUES (?, ?, ?, ?, NULL, ?, ?, ?)",
    app,
    shop,
    version,
    at,
    endedAt,
    Buffer.from(tokenHash, "hex"),
    JSON.stringify(installation),
  );
}
