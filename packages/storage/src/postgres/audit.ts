import type { AuditQuery, AuditRecord, KeptAuditRecord } from "@genhook/core";
import { auditRecordOf } from "../columns.ts";
import type { Database, Query } from "./database.ts";
import { storable } from "./rows.ts";

/** A page of the audit, newest record first. */
export async function readAudit(database: Database, query: AuditQuery): Promise<readonly KeptAuditRecord[]> {
  const isForward = "after" in query.turn;
  const cursor = isForward ? query.turn.after : query.turn.before;
  const values: unknown[] = [query.limit];
  const conditions = ["true"];
  const narrow = (condition: string, value: unknown): void => {
    if (value === null) return;
    conditions.push(condition.replaceAll("?", `$${values.push(value)}`));
  };
  narrow(isForward ? "id < ?" : "id > ?", cursor);
  narrow("starts_with(actor, ?)", query.actor);
  narrow("subject ^@ ?", query.subject);
  narrow("action = ?", query.action);
  narrow("request_id = ?", query.requestId);
  narrow("at >= ?", query.from);
  narrow("at <= ?", query.to);
  const rows = await database.query(
    "read",
    `SELECT * FROM audit WHERE ${conditions.join(" AND ")} ORDER BY id ${isForward ? "DESC" : "ASC"} LIMIT $1`,
    values,
  );
  const records = rows.map(auditRecordOf);
  return isForward ? records : records.reverse();
}

/** Inside a transaction of the caller, or as one of its own. */
export async function writeAudit(query: Query, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  const of = (value: (record: AuditRecord) => string | null): (string | null)[] => records.map((record) => storable(value(record)));
  await query(
    `INSERT INTO audit (at, actor, action, subject, before, after, request_id)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
    [
      records.map((record) => record.at),
      of((record) => record.actor),
      of((record) => record.action),
      of((record) => record.subject),
      of((record) => record.before),
      of((record) => record.after),
      of((record) => record.requestId),
    ],
  );
}
