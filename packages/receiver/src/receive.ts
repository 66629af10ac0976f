import { ReceiverError } from "./error.ts";
import { parseEvent, type ParseOptions, type WebhookEvent } from "./event.ts";
import type { ApiVersion } from "./generated/topics.ts";
import type { HeadersLike } from "./headers.ts";
import { verifyHmac } from "./verify/body-hmac.ts";
import type { RawBody } from "./verify/raw-body.ts";
import type { Secrets } from "./verify/signing-keys.ts";
import { verifySignature } from "./verify/standard-signature.ts";
import type { VerifyOptions } from "./verify/tolerance.ts";

/** What a receiver checks with; at least one kind of secret. Both given: both signatures must be good. */
export interface ReceiveOptions<Version extends ApiVersion = ApiVersion> extends VerifyOptions, ParseOptions<Version> {
  /** The app's signing secret (`whsec_…`) or the sender's public key (`whpk_…`); several while one is being replaced. */
  readonly signingSecret?: Secrets;
  /** The app's client secret; several while it is being replaced. */
  readonly clientSecret?: Secrets;
}

/** Verifies with every kind of secret that is given, then reads the event. Throws `ReceiverError`. */
export async function receive<const Version extends ApiVersion = ApiVersion>(
  body: RawBody,
  headers: HeadersLike,
  options: ReceiveOptions<Version>,
): Promise<WebhookEvent<Version>> {
  // A member that is there and undefined is an environment variable that is not set: it must not turn its check off.
  const hasSigning = "signingSecret" in options;
  const hasClient = "clientSecret" in options;
  if (!hasSigning && !hasClient) {
    throw new ReceiverError("secret_missing", "Give signingSecret or clientSecret; without one nothing can be verified.");
  }
  if (hasSigning) await verifySignature(body, headers, options.signingSecret, options);
  if (hasClient) await verifyHmac(body, headers, options.clientSecret);
  return parseEvent(body, headers, options);
}
