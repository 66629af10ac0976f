import type { AttemptError } from "@genhook/core";

export interface Failure {
  readonly error: AttemptError;
  /** For the operator. */
  readonly detail: string;
}

/** How far an attempt had come when it failed. */
export type Phase = "connecting" | "waiting" | "reading";

const DNS_CODES: ReadonlySet<string> = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EAI_NODATA",
  "EAI_NONAME",
  "ENODATA",
  "ESERVFAIL",
  "ETIMEOUT",
]);
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "EADDRNOTAVAIL",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "EACCES",
  "EPERM",
]);

/** This machine has no descriptors or no memory left: no endpoint is to blame. */
const OWN_CODES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);

/** Maps what the network said to a word of the contract's table: one function, so that every failure has exactly one name. */
export function failureOf(error: Error, phase: Phase): Failure {
  const code = codeOf(error);
  const detail = detailOf(error, code);
  // Whatever is wrong with the proxy, no endpoint is reached: their breakers open, and what is owed waits without using attempts.
  if (code === "GENHOOK_PROXY_REFUSED") return { error: "connect_failed", detail };
  if (OWN_CODES.has(code)) return { error: "internal_error", detail };
  if (code === "GENHOOK_ADDRESS_REFUSED") return { error: "address_refused", detail };
  if (code === "ETIMEDOUT") return { error: "timeout", detail };
  if (DNS_CODES.has(code) || isDnsQuery(error)) return { error: "dns_failed", detail };
  if (isTlsCode(code)) return { error: "tls_failed", detail };
  if (phase === "connecting") return { error: code === "" ? "internal_error" : "connect_failed", detail };
  return { error: CONNECTION_CODES.has(code) ? "connection_lost" : "internal_error", detail };
}

/** A name server's answer, or that it gave none; its codes (EREFUSED, ECONNREFUSED, …) mean other things elsewhere. */
function isDnsQuery(error: Error): boolean {
  return "syscall" in error && typeof error.syscall === "string" && error.syscall.startsWith("query");
}

function isTlsCode(code: string): boolean {
  return (
    code.startsWith("ERR_TLS") ||
    code.startsWith("ERR_SSL") ||
    code.startsWith("CERT_") ||
    code.startsWith("UNABLE_TO_") ||
    code.endsWith("_CERT") ||
    code.endsWith("_CERT_IN_CHAIN") ||
    code === "EPROTO" ||
    code === "HOSTNAME_MISMATCH" ||
    code === "ERR_INVALID_PROTOCOL"
  );
}

/** The code of an error, or of the first one of several addresses' errors that has one. */
function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) {
    for (const each of error.errors) if (each instanceof Error && codeOf(each) !== "") return codeOf(each);
  }
  return "";
}

function detailOf(error: Error, code: string): string {
  const inner =
    error instanceof AggregateError
      ? error.errors.map((each) => (each instanceof Error ? each.message : String(each))).join("; ")
      : error.message;
  return `${code === "" ? "" : `${code}: `}${inner}`.slice(0, 500);
}
