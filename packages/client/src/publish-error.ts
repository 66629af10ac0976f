import type { ClientErrorCode, ErrorCode } from "@genhook/contract/client";

/** `closed`: the publisher was closed before the event was sent, or before its answer came. */
export type PublishErrorCode = ErrorCode | ClientErrorCode | "closed";

/**
 * An event that was not published, or of which nobody knows: `isKnown` tells the two apart. Give it again with the same `idempotencyKey`, within
 * a day, and it is published once.
 */
export class PublishError extends Error {
  readonly code: PublishErrorCode;
  /** Of the answer; 0 where none came, or where it was refused before it was sent. */
  readonly status: number;
  /** What is wrong with the event, where that can be said. */
  readonly member: string | null;
  readonly idempotencyKey: string;
  /** It is certain that the event was not published; otherwise it may have been. */
  readonly isKnown: boolean;

  constructor(
    code: PublishErrorCode,
    message: string,
    rest: {
      readonly idempotencyKey: string;
      readonly status?: number;
      readonly member?: string | null;
      readonly isKnown?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, rest.cause === undefined ? undefined : { cause: rest.cause });
    this.name = "PublishError";
    this.code = code;
    this.status = rest.status ?? 0;
    this.member = rest.member ?? null;
    this.idempotencyKey = rest.idempotencyKey;
    this.isKnown = rest.isKnown ?? true;
  }
}
