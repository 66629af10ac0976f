import type { Bytes } from "../bytes.ts";
import { readHeader, type HeadersLike } from "../headers.ts";
import { EXPLAINED_BYTES_MAX } from "../limits.ts";

/**
 * The likeliest reason why a signature does not fit, for the developer who looks for it. What is verified are always the bytes that were
 * given: nothing is tried in other spellings.
 */
export function explainMismatch(body: Bytes, headers: HeadersLike, secrets: readonly string[]): string {
  const declared = readHeader(headers, "Content-Length");
  if (declared !== null && declared !== String(body.length) && readHeader(headers, "Content-Encoding") === null) {
    return `Content-Length says ${declared} bytes and ${body.length} were given: something parsed, decoded or cut the body on its way here.`;
  }
  if (body.length === 0) return "The body is empty: something read it before.";
  if (secrets.some((secret) => secret !== secret.trim())) return "A secret begins or ends with white space.";
  const text = body.length <= EXPLAINED_BYTES_MAX ? new TextDecoder().decode(body) : "";
  if (/^[A-Za-z0-9+/\s]{16,}=*\s*$/.test(text)) return "The body looks like base64: decode it first (API Gateway: isBase64Encoded).";
  if (isRewritten(text)) {
    return "The body is what JSON.stringify would write: if it comes from JSON.stringify(request.body), give the bytes that arrived instead. Otherwise check that the secret is this app's.";
  }
  return "Check that the secret is this app's and of this environment, and that nothing changed the body.";
}

function isRewritten(text: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
