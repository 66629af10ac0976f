/** Why a request is not to be trusted, or cannot be read. */
export type VerificationReason =
  | "header_missing"
  | "header_malformed"
  | "timestamp_too_old"
  | "timestamp_too_new"
  | "signature_mismatch"
  | "body_malformed"
  | "secret_malformed";

/** The one error that the kit throws. Answer `401` for it (`400` for `body_malformed`), and log the reason. */
export class VerificationError extends Error {
  readonly reason: VerificationReason;

  constructor(reason: VerificationReason, message: string) {
    super(message);
    this.name = "VerificationError";
    this.reason = reason;
  }
}
