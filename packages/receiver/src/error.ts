export type Reason =
  | "signature_missing"
  | "signature_mismatch"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "header_missing"
  | "header_malformed"
  | "body_malformed"
  | "body_incomplete"
  | "version_unexpected"
  | "delivery_in_progress"
  | "body_too_large"
  | "body_already_parsed"
  | "secret_missing"
  | "secret_malformed"
  | "crypto_unsupported";

/**
 * Why the kit refuses a request, and the status to answer it with. `4xx`: the request is to blame. `5xx`: this app is, and the sender will
 * try again. Every row stands in the table of `README.md`.
 */
export const REASONS: Readonly<Record<Reason, number>> = {
  signature_missing: 401,
  signature_mismatch: 401,
  timestamp_too_old: 401,
  timestamp_too_new: 401,
  header_missing: 400,
  header_malformed: 400,
  body_malformed: 400,
  body_incomplete: 400,
  version_unexpected: 400,
  delivery_in_progress: 409,
  body_too_large: 413,
  body_already_parsed: 500,
  secret_missing: 500,
  secret_malformed: 500,
  crypto_unsupported: 500,
};

/** The one error that the kit throws. `message` explains to the developer; it holds no secret and no payload. */
export class ReceiverError extends Error {
  readonly reason: Reason;
  /** The HTTP status to answer. */
  readonly status: number;

  constructor(reason: Reason, message: string) {
    super(message);
    this.name = "ReceiverError";
    this.reason = reason;
    this.status = REASONS[reason];
  }
}
