import { encode, hex, isSame } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import { hmacSha256 } from "./hmac.ts";
import { listSecrets, type Secrets } from "./signing-keys.ts";
import { checkTimestamp, type VerifyOptions } from "./tolerance.ts";

/**
 * Checks the `hmac` parameter of a query that the platform signed (installation links, the app's own pages): hex of HMAC-SHA256 over the other
 * parameters, sorted by name, as they stand in the query, undecoded. Takes a whole URL, a path with a query, or the query; answers the
 * signed parameters, decoded. The parameter `timestamp` is only checked when `toleranceSeconds` is given. Throws `ReceiverError`.
 */
export async function verifyQuery(query: string, clientSecrets: Secrets, options: VerifyOptions = {}): Promise<URLSearchParams> {
  const secrets = await listSecrets(clientSecrets, "client secret");
  const parts = queryOf(query)
    .split("&")
    .filter((part) => part !== "");
  const hmacs = parts.filter((part) => nameOf(part) === "hmac");
  const given = hmacs[0]?.slice("hmac=".length);
  if (given === undefined) throw new ReceiverError("signature_missing", "The query has no hmac parameter.");
  if (hmacs.length > 1 || !/^[0-9a-f]{64}$/i.test(given)) {
    throw new ReceiverError("header_malformed", "The hmac parameter is not 64 hex digits, once.");
  }
  const signed = parts.filter((part) => nameOf(part) !== "hmac").sort((a, b) => compare(nameOf(a), nameOf(b)));
  const text = signed.join("&");
  let isGood = false;
  for (const secret of secrets) {
    isGood = isSame(encode(hex(await hmacSha256(encode(secret), encode(text)))), encode(given.toLowerCase())) || isGood;
  }
  if (!isGood) {
    throw new ReceiverError(
      "signature_mismatch",
      "The hmac parameter does not fit query and client secret. Give the query as it stands in the address: a framework's decoded parameters, joined again, are another text.",
    );
  }
  const parameters = new URLSearchParams(text);
  if (options.toleranceSeconds !== undefined) checkTimestamp("The parameter timestamp", parameters.get("timestamp") ?? "", options);
  return parameters;
}

function queryOf(text: string): string {
  const withoutFragment = text.replace(/#.*$/s, "");
  return /^(\?|\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(withoutFragment) ? withoutFragment.replace(/^[^?]*\??/, "") : withoutFragment;
}

function nameOf(part: string): string {
  return part.replace(/=.*$/s, "");
}

/** By code units, as every language's plain string comparison does for these names. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
