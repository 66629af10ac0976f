import pg from "pg";
import { StoreError } from "../store-error.ts";

/**
 * SQLSTATEs (PostgreSQL manual, appendix A) that say "not now" rather than "not this": by class, and single ones. 08 connection, 53
 * insufficient resources (disk full, too many connections), 57 operator intervention (shutdown, starting up, cancelled), 58 system error; 25006
 * read-only (a standby), 25P03 idle in a transaction for too long, 28000 and 28P01 the role or its password was changed under us, 3D000 the database is
 * being restored, 40001 and 40P01 serialization and deadlock, 55P03 lock not available, XX000 internal.
 */
const PASSING_CLASSES: ReadonlySet<string> = new Set(["08", "53", "57", "58"]);
const PASSING: ReadonlySet<string> = new Set(["25006", "25P03", "28000", "28P01", "3D000", "40001", "40P01", "55P03", "XX000"]);
/** What the server says when it cuts a connection in the middle: 08 connection, 57P01 and 57P02 shutdown, in order and after a crash. */
const CUT: ReadonlySet<string> = new Set(["57P01", "57P02"]);

/** A driver's error as the store contract has it. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(isPassing(error) ? "store_unavailable" : "statement_failed", message);
}

/** Whether the same call may succeed later. */
function isPassing(error: unknown): boolean {
  const code = sqlStateOf(error);
  if (code === null) return isOfConnection(error);
  return PASSING_CLASSES.has(code.slice(0, 2)) || PASSING.has(code);
}

/** Whether the connection was lost: what was under way may or may not have been committed. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlStateOf(error);
  if (code === null) return isOfConnection(error);
  return CUT.has(code) || code.startsWith("08");
}

/** Whether a unique key is taken by another row (23505): somebody else was faster. */
export function isKeyTaken(error: unknown): boolean {
  return sqlStateOf(error) === "23505";
}

/** Whether a table that was named is not there (42P01). */
export function isTableGone(error: unknown): boolean {
  return sqlStateOf(error) === "42P01";
}

/** The server's own word for what went wrong; null where the error is not the server's. */
function sqlStateOf(error: unknown): string | null {
  return error instanceof pg.DatabaseError && error.code !== undefined ? error.code : null;
}

/**
 * What is neither the server's word nor a mistake of our own is about the connection: sockets, names, TLS, time limits, the pool. Told by what it
 * is not, because drivers and runtimes put it in ever new words.
 */
function isOfConnection(error: unknown): boolean {
  return error instanceof Error && !(error instanceof TypeError || error instanceof RangeError || error instanceof StoreError);
}
