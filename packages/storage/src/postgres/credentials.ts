import type { BucketState, Credentials, PlatformKey, Role } from "@genhook/core";
import { number, text } from "../columns.ts";
import { writeAudit } from "./audit.ts";
import type { Database, Row } from "./database.ts";
import { bytes, storable } from "./rows.ts";

/**
 * One statement, exact whichever process asks: the row is locked by the first and read again by the next. The table is not logged: after a
 * crash of the server every bucket is full, which harms nobody.
 */
const TAKE = `
INSERT INTO rate_bucket AS b (app, shop, tokens, at, is_taken) VALUES ($1, $2, $3::double precision - 1, $5, true)
ON CONFLICT (app, shop) DO UPDATE SET
  tokens = LEAST($3, b.tokens + GREATEST(0, $5 - b.at) / 1000.0 * $4)
    - CASE WHEN LEAST($3, b.tokens + GREATEST(0, $5 - b.at) / 1000.0 * $4) >= 1 THEN 1 ELSE 0 END,
  is_taken = LEAST($3, b.tokens + GREATEST(0, $5 - b.at) / 1000.0 * $4) >= 1,
  at = GREATEST(b.at, $5)
RETURNING tokens, is_taken`
  .replaceAll("$3,", "$3::double precision,")
  .replaceAll("$4)", "$4::double precision)")
  .replaceAll("$5 -", "$5::bigint -");

/** Keys, buckets, notes (`Credentials`). */
export function credentials(database: Database): Credentials {
  return {
    putKey: (key, audit) =>
      database.transaction("settle", async (query) => {
        await query(
          `INSERT INTO api_key (id, name, role, hash, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, revoked_at = excluded.revoked_at`,
          [key.id, storable(key.name), key.role, bytes(key.hash), key.createdAt, key.revokedAt],
        );
        if (audit !== null) await writeAudit(query, [audit]);
      }),
    findKey: async (hash) => {
      const [row] = await database.query("read", "SELECT k.*, d.version FROM directory d LEFT JOIN api_key k ON k.hash = $1", [
        bytes(hash),
      ]);
      return { key: row === undefined || row["id"] === null ? null : toKey(row), version: number(row?.["version"]) };
    },
    listKeys: async () => (await database.query("read", "SELECT * FROM api_key ORDER BY created_at, id")).map(toKey),
    takeToken: async (app, shop, size, perSecond, at) => {
      const [row] = await database.query("settle", TAKE, [app, shop, size, perSecond, at]);
      return toState(row ?? {}, size, perSecond);
    },
    replaceNote: async (name, before, after) => {
      const replaced = await database.query("settle", "UPDATE note SET value = $3 WHERE name = $1 AND value = $2 RETURNING name", [
        name,
        before,
        after,
      ]);
      return replaced.length > 0;
    },
    findNote: async (name) => {
      const [row] = await database.query("read", "SELECT value FROM note WHERE name = $1", [name]);
      return row === undefined ? null : text(row["value"]);
    },
    putIfAbsent: async (name, value) => {
      await database.query("settle", "INSERT INTO note (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", [name, value]);
      return text((await database.query("settle", "SELECT value FROM note WHERE name = $1", [name]))[0]?.["value"]);
    },
  };
}

function toState(row: Row, size: number, perSecond: number): BucketState {
  const tokens = number(row["tokens"]);
  const isTaken = row["is_taken"] === true;
  return { taken: isTaken, used: Math.ceil(size - tokens), waitMs: isTaken ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000) };
}

function toKey(row: Row): PlatformKey {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    role: text(row["role"]) as Role,
    hash: (row["hash"] as Buffer).toString("hex"),
    createdAt: number(row["created_at"]),
    revokedAt: row["revoked_at"] === null ? null : number(row["revoked_at"]),
  };
}
