import { encode, fromBase64, isSame } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import { HEADERS, requireHeader, type HeadersLike } from "../headers.ts";
import { explainMismatch } from "./explain-mismatch.ts";
import { hmacSha256 } from "./hmac.ts";
import { toBytes, type RawBody } from "./raw-body.ts";
import { listSecrets, type Secrets } from "./signing-keys.ts";

/**
 * Checks `X-Genstore-Hmac-Sha256`: base64 of HMAC-SHA256 over the raw body, keyed with the client secret as UTF-8. It binds neither time nor
 * id: who has seen a request can send it again under another id. Prefer `verifySignature` where a signing secret is at hand. Throws `ReceiverError`.
 */
export async function verifyHmac(body: RawBody, headers: HeadersLike, clientSecrets: Secrets): Promise<void> {
  const secrets = await listSecrets(clientSecrets, "client secret");
  const bytes = toBytes(body);
  const given = fromBase64(requireHeader(headers, HEADERS.hmac, "signature_missing"));
  if (given === null) throw new ReceiverError("header_malformed", `${HEADERS.hmac} is not base64.`);
  let isGood = false;
  for (const secret of secrets) isGood = isSame(await hmacSha256(encode(secret), bytes), given) || isGood;
  if (isGood) return;
  throw new ReceiverError(
    "signature_mismatch",
    `${HEADERS.hmac} does not fit body and client secret. ${explainMismatch(bytes, headers, secrets)}`,
  );
}
