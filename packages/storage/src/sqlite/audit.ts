import type { AuditQuery, AuditRecord, KeptAuditRecord } from "@genhook/core";
import { auditRecordOf } from "../columns.ts";
import type { Connection, SqlValue } from "./connection.ts";

/** A page of the audit, newest record first. */
export function readAudit(connection: Connection, query: AuditQuery): KeptAuditRecord[] {
  const { turn } = query;
  const isForward = "after" in turn;
  const cursor = isForward ? turn.after : turn.before;
  const conditions: string[] = ["1"];
  const parameters: SqlValue[] = [];
  const narrow = (condition: string, ...values: SqlValue[]): void => {
    conditions.push(condition);
    parameters.push(...values);
  };
  if (cursor !== null) narrow(isForward ? "id < ?" : "id > ?", cursor);
  if (query.actor !== null) narrow("substr(actor, 1, length(?)) = ?", query.actor, query.actor);
  // As a range, so that the index finds one subject's records among those of all others.
  if (query.subject !== null) narrow("subject >= ? AND subject < ?", query.subject, `${query.subject}\u{10ffff}`);
  if (query.action !== null) narrow("action = ?", query.action);
  if (query.requestId !== null) narrow("request_id = ?", query.requestId);
  if (query.from !== null) narrow("at >= ?", query.from);
  if (query.to !== null) narrow("at <= ?", query.to);
  const records = connection
    .all(
      `SELECT * FROM audit WHERE ${conditions.join(" AND ")} ORDER BY id ${isForward ? "DESC" : "ASC"} LIMIT ?`,
      ...parameters,
      query.limit,
    )
    .map(auditRecordOf);
  return isForward ? records : records.reverse();
}

/** Inside a transaction of the caller, or as one of its own. */
export function writeAudit(connection: Connection, record: AuditRecord): void {
  connection.run(
    "INSERT INTO audit (at, actor, action, subject, before, after, request_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
    record.at,
    record.actor,
    record.action,
    record.subject,
    record.before,
    record.after,
    record.requestId,
  );
}
