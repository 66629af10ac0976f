import type { ContractError, ErrorCode } from "@genhook/contract";
import type { Refusal, Result } from "@genhook/core";

/** A call that ends here with an error of the contract's table; the one thing that handlers throw. */
export class ApiError extends Error {
  readonly error: ContractError;
  readonly headers: Readonly<Record<string, string>>;

  constructor(error: ContractError, headers: Readonly<Record<string, string>> = {}) {
    super(error.message);
    this.error = error;
    this.headers = headers;
  }
}

/** Seconds that a publisher is told to wait when the store is down or behind. */
const OVERLOADED_RETRY_SECONDS = 1;

export function fail(code: ErrorCode, message: string, member?: string): never {
  throw apiError(member === undefined ? { code, message } : { code, message, member });
}

export function apiError(error: ContractError): ApiError {
  return new ApiError(error, error.code === "overloaded" ? { "Retry-After": String(OVERLOADED_RETRY_SECONDS) } : {});
}

/** 429 of an empty bucket, with the time after which there is room again. */
export function rateLimited(message: string, waitMs: number, headers: Readonly<Record<string, string>> = {}): never {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000));
  throw new ApiError({ code: "rate_limited", message }, { ...headers, "Retry-After": String(seconds) });
}

/** The value, or the refusal as an answer. `under` is put before the member's name. */
export function valueOf<Value>(result: Result<Value>, under = ""): Value {
  if (result.ok) return result.value;
  throw refusalError(result.refusal, under);
}

export function refusalError(refusal: Refusal, under = ""): ApiError {
  return apiError(refusal.member === undefined ? refusal : { ...refusal, member: under + refusal.member });
}
