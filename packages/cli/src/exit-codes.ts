import type { ApiError } from "@genhook/contract/client";

export type Exit = "done" | "failed" | "usage" | "notFound" | "notAllowed" | "unavailable" | "conflict" | "interrupted";

/** The one table of exit codes; docs/cli.md is made from it. They do not change. */
export const EXIT_CODES: Readonly<Record<Exit, { readonly code: number; readonly meaning: string }>> = {
  done: { code: 0, meaning: "Done." },
  failed: { code: 1, meaning: "It failed, or what was checked is not in order (`check`, `verify`, `conform`)." },
  usage: { code: 2, meaning: "The command was called wrongly, or a value was refused (400, 413, 415, 422)." },
  notFound: { code: 3, meaning: "There is nothing with this id or name (404)." },
  notAllowed: { code: 4, meaning: "No key, a key that is not in force, or one whose role or scopes do not allow this (401, 403)." },
  unavailable: { code: 5, meaning: "Nothing answers, not in time, or the server is overloaded (408, 429, 503)." },
  conflict: { code: 6, meaning: "It exists already, or is not in a state for this (409, 410)." },
  interrupted: { code: 130, meaning: "Stopped with Ctrl+C before it was done." },
};

const BY_STATUS: Readonly<Record<number, Exit>> = {
  400: "usage",
  401: "notAllowed",
  403: "notAllowed",
  404: "notFound",
  408: "unavailable",
  409: "conflict",
  410: "conflict",
  413: "usage",
  415: "usage",
  422: "usage",
  429: "unavailable",
  503: "unavailable",
};

/** What a refused call means for the command. */
export function exitOf(error: Pick<ApiError, "code" | "status">): Exit {
  if (error.code === "unreachable" || error.code === "timed_out") return "unavailable";
  return error.code === "not_genhook" ? "failed" : (BY_STATUS[error.status] ?? "failed");
}
