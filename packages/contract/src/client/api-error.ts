import type { ErrorCode } from "../errors.ts";

/** A code's form. Not the table: a server that is newer than its client has codes that the client does not know. */
const CODE = /^[a-z][a-z0-9_]{1,63}$/;

/** What a client says by itself, where no answer of the API is at hand. */
export type ClientErrorCode = "unreachable" | "timed_out" | "not_genhook";

/** A call that did not succeed. `status` is 0 where no answer came; `member` stands on 409 and 422. */
export class ApiError extends Error {
  readonly code: ErrorCode | ClientErrorCode;
  readonly status: number;
  readonly member: string | null;
  /** How long the server asked to be left alone, ms. */
  readonly retryAfterMs: number | null;
  /** What to tell the operator. */
  readonly requestId: string | null;

  constructor(
    code: ErrorCode | ClientErrorCode,
    message: string,
    rest: {
      readonly status?: number;
      readonly member?: string | null;
      readonly retryAfterMs?: number | null;
      readonly requestId?: string | null;
    } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = rest.status ?? 0;
    this.member = rest.member ?? null;
    this.retryAfterMs = rest.retryAfterMs ?? null;
    this.requestId = rest.requestId ?? null;
  }
}

/** Reads an answer outside 2xx. What is no answer of the API (a proxy's page, another program) is `not_genhook`. */
export function readApiError(
  answer: unknown,
  response: {
    readonly status: number;
    readonly origin: string;
    readonly retryAfterMs: number | null;
    readonly requestId: string | null;
  },
): ApiError {
  const { status, origin, retryAfterMs, requestId } = response;
  if (typeof answer === "object" && answer !== null && "code" in answer && "error" in answer) {
    const { code, error } = answer;
    const member = "member" in answer && typeof answer.member === "string" ? answer.member : null;
    if (typeof code === "string" && CODE.test(code) && typeof error === "string")
      return new ApiError(code as ErrorCode, error, { status, member, retryAfterMs, requestId });
  }
  return new ApiError("not_genhook", `${origin} answered ${status}, but not as Genhook does.`, { status, retryAfterMs });
}
