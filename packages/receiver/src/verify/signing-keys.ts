import { fromBase64, type Bytes } from "../bytes.ts";
import { ReceiverError } from "../error.ts";

/** One secret, or several while one is being replaced. An unset environment variable is reported, not skipped. */
export type SecretTexts = string | readonly (string | undefined)[] | undefined;

/** Secrets, or where to ask for them at each request: `publishedKeys(…)`, a vault. What a function throws is not the request's fault: `500`. */
export type Secrets = SecretTexts | (() => SecretTexts | Promise<SecretTexts>);

export interface SigningKeys {
  /** For `v1`: HMAC-SHA256. */
  readonly symmetric: readonly Bytes[];
  /** For `v1a`: Ed25519 public keys of 32 bytes. */
  readonly asymmetric: readonly Bytes[];
}

/** The secrets that were given. Throws `ReceiverError` when there is none. */
export async function listSecrets(secrets: Secrets, name: string): Promise<readonly string[]> {
  const texts = typeof secrets === "function" ? await ask(secrets, name) : secrets;
  const list = typeof texts === "string" || texts === undefined ? [texts] : texts;
  for (const secret of list.length === 0 ? [undefined] : list) {
    if (secret === undefined || secret === "") {
      throw new ReceiverError("secret_missing", `The ${name} is ${secret === "" ? "empty" : "missing"}: is its environment variable set?`);
    }
  }
  return list as readonly string[];
}

async function ask(source: () => SecretTexts | Promise<SecretTexts>, name: string): Promise<SecretTexts> {
  try {
    return await source();
  } catch (error) {
    throw new ReceiverError("secret_missing", `The ${name} could not be had: ${String(error)}`);
  }
}

/**
 * Reads `whsec_` secrets and `whpk_` public keys (Standard Webhooks 1.0.0); without a prefix it is a secret. Throws `ReceiverError`.
 */
export function readSigningKeys(secrets: readonly string[]): SigningKeys {
  const symmetric: Bytes[] = [];
  const asymmetric: Bytes[] = [];
  for (const secret of secrets) {
    const [, prefix = "whsec_", text = ""] = /^(whsec_|whpk_|whsk_)?(.*)$/s.exec(secret.trim()) ?? [];
    if (prefix === "whsk_") throw malformed("whsk_ is the sender's private key: verify with whpk_, its public one");
    const key = fromBase64(text);
    if (key === null || key.length === 0) throw malformed(`it must be ${prefix} followed by base64`);
    if (prefix === "whpk_" && key.length !== 32) throw malformed("a whpk_ key has 32 bytes");
    (prefix === "whpk_" ? asymmetric : symmetric).push(key);
  }
  return { symmetric, asymmetric };
}

function malformed(problem: string): ReceiverError {
  return new ReceiverError("secret_malformed", `The signing secret cannot be used: ${problem}.`);
}
