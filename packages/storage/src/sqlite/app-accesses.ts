import type { AppAccess, AuditRecord, FoundAccess, Turn } from "@genhook/core";
import { accessOf, number } from "../columns.ts";
import { writeAudit } from "./audit.ts";
import type { Connection, SqlValue } from "./connection.ts";
import type { Writer } from "./writer.ts";

/** Rows that one call removes: more than one call adds. */
const FORGET_MAX = 20;

export function addAppAccess(writer: Writer, access: AppAccess, audit: AuditRecord, forgetBefore: number): void {
  const { connection } = writer;
  writer.atomically(() => {
    connection.run("DELETE FROM app_access WHERE id IN (SELECT id FROM app_access WHERE expires_at < ? LIMIT ?)", forgetBefore, FORGET_MAX);
    connection.run(
      "INSERT INTO app_access (id, kind, app, token_hash, expires_at, revision, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
      access.id,
      access.kind,
      access.app,
      hashBytes(access),
      access.expiresAt,
      access.revision,
      JSON.stringify(access),
    );
    writeAudit(connection, audit);
  });
}

export function replaceAppAccess(writer: Writer, access: AppAccess, expectedRevision: number, audit: AuditRecord): boolean {
  const { connection } = writer;
  return writer.atomically(() => {
    const changed = connection.run(
      "UPDATE app_access SET token_hash = ?, expires_at = ?, revision = ?, body = ? WHERE id = ? AND revision = ?",
      hashBytes(access),
      access.expiresAt,
      expectedRevision + 1,
      JSON.stringify(access),
      access.id,
      expectedRevision,
    );
    if (changed === 1) writeAudit(connection, audit);
    return changed === 1;
  });
}

export function findAppAccess(connection: Connection, column: "id" | "token_hash", value: SqlValue): FoundAccess {
  const row = connection.get(`SELECT revision, body FROM app_access WHERE ${column} = ?`, value);
  const version = number(connection.get("SELECT version FROM directory")?.["version"]);
  return { access: row === undefined ? null : accessOf(row), version };
}

export function listLinks(connection: Connection, app: number | null, turn: Turn<string>, limit: number): AppAccess[] {
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const conditions = ["kind = 'link'"];
  const values: SqlValue[] = [];
  if (app !== null) {
    conditions.push("app = ?");
    values.push(app);
  }
  if (cursor !== null) {
    conditions.push(isForward ? "id < ?" : "id > ?");
    values.push(cursor);
  }
  const rows = connection.all(
    `SELECT revision, body FROM app_access WHERE ${conditions.join(" AND ")} ORDER BY id ${isForward ? "DESC" : "ASC"} LIMIT ?`,
    ...values,
    limit,
  );
  const links = rows.map(accessOf);
  return isForward ? links : links.reverse();
}

function hashBytes({ tokenHash }: AppAccess): SqlValue {
  return tokenHash === null ? null : Buffer.from(tokenHash, "hex");
}
