import { StoreError } from "../store-error.ts";

/**
 * SQLSTATEs (PostgreSQL manual, appendix A) that say "not now" rather than "not this": by class, and single ones. 08 connection, 53
 * insufficient resources (disk full, too many connections), 57 operator intervention (shutdown, starting up, cancelled), 58 system error; 25006
 * read-only (a standby), 40001 and 40P01 serialization and deadlock, 55P03 lock not available, XX000 internal.
 */
const PASSING_CLASSES: ReadonlySet<string> = new Set(["08", "53", "57", "58"]);
const PASSING: ReadonlySet<string> = new Set(["25006", "40001", "40P01", "55P03", "XX000"]);
/** What Node and the driver say when a connection is gone or cannot be made. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "EMFILE",
]);
const CONNECTION_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|timeout expired/;

/** A driver's error as the store contract has it. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(isPassing(error) ? "store_unavailable" : "statement_failed", message);
}

/** Whether the same call may succeed later. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isPassing);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (PASSING_CLASSES.has(code.slice(0, 2)) && code.length === 5) return true;
  return PASSING.has(code) || isConnectionLoss(error);
}

/** Whether the connection was lost: what was under way may or may not have been committed. */
export function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return CONNECTION_CODES.has(code) || code === "57P01" || code.startsWith("08") || CONNECTION_MESSAGES.test(error.message);
}
