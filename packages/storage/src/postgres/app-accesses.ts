import type { AppAccess, AppAccesses } from "@genhook/core";
import { accessOf, number } from "../columns.ts";
import { writeAudit } from "./audit.ts";
import type { Database, Row } from "./database.ts";
import { bytes, storable } from "./rows.ts";

/** Rows that one call removes: more than one call adds. */
const FORGET_MAX = 20;

/** App-wide access (`AppAccesses`). */
export function appAccesses(database: Database): AppAccesses {
  const find = async (column: "id" | "token_hash", value: unknown): Promise<{ access: AppAccess | null; version: number }> => {
    const [row] = await database.query(
      "read",
      `SELECT a.revision, a.body, d.version FROM directory d LEFT JOIN app_access a ON a.${column} = $1`,
      [value],
    );
    return { access: row === undefined || row["body"] === null ? null : accessOf(row), version: number(row?.["version"]) };
  };
  return {
    add: (access, audit, forgetBefore) =>
      database.transaction("settle", async (query) => {
        await query("DELETE FROM app_access WHERE id IN (SELECT id FROM app_access WHERE expires_at < $1 LIMIT $2)", [
          forgetBefore,
          FORGET_MAX,
        ]);
        await query("INSERT INTO app_access (id, kind, app, token_hash, expires_at, revision, body) VALUES ($1, $2, $3, $4, $5, $6, $7)", [
          access.id,
          access.kind,
          access.app,
          hashBytes(access),
          access.expiresAt,
          access.revision,
          bodyOf(access),
        ]);
        await writeAudit(query, [audit]);
      }),
    replace: (access, expectedRevision, audit) =>
      database.transaction("settle", async (query) => {
        const changed: readonly Row[] = await query(
          "UPDATE app_access SET token_hash = $3, expires_at = $4, revision = $2 + 1, body = $5 WHERE id = $1 AND revision = $2 RETURNING 1",
          [access.id, expectedRevision, hashBytes(access), access.expiresAt, bodyOf(access)],
        );
        if (changed.length === 1) await writeAudit(query, [audit]);
        return changed.length === 1;
      }),
    find: (id) => find("id", id),
    findByToken: (tokenHash) => find("token_hash", bytes(tokenHash)),
    listLinks: async (app, turn, limit) => {
      const isForward = "after" in turn;
      const cursor = isForward ? turn.after : turn.before;
      const values: unknown[] = [limit];
      const narrow = (condition: string, value: unknown): string =>
        value === null ? "" : ` AND ${condition.replace("?", `$${values.push(value)}`)}`;
      const where = narrow("app = ?", app) + narrow(isForward ? "id < ?::uuid" : "id > ?::uuid", cursor);
      const rows = await database.query(
        "read",
        `SELECT revision, body FROM app_access WHERE kind = 'link'${where} ORDER BY id ${isForward ? "DESC" : "ASC"} LIMIT $1`,
        values,
      );
      const links = rows.map(accessOf);
      return isForward ? links : links.reverse();
    },
  };
}

function bodyOf(access: AppAccess): string {
  return storable(JSON.stringify(access)) ?? "";
}

function hashBytes({ tokenHash }: AppAccess): Buffer | null {
  return tokenHash === null ? null : bytes(tokenHash);
}
