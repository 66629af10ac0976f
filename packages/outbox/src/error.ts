/** Spelled as the platform API's own errors. */
export type OutboxErrorCode = "missing_member" | "unknown_member" | "invalid_member" | "malformed_json" | "body_too_large";

/** An event that Genhook would refuse, found before it is written. Throw away the transaction, or go on without the event. */
export class OutboxError extends TypeError {
  readonly code: OutboxErrorCode;
  /** The member of the event that is wrong. */
  readonly member: string;

  constructor(code: OutboxErrorCode, member: string, message: string) {
    super(message);
    this.name = "OutboxError";
    this.code = code;
    this.member = member;
  }
}
