import { createSecretKey } from "node:crypto";
import { DELIVERY_HEADERS } from "@genhook/contract";
import type { Outcome } from "@genhook/core";
import { ed25519Key, makeEd25519 } from "../secrets/ed25519.ts";
import { signingKey, type LiveSecrets } from "../secrets/secret-vault.ts";
import { headersOf, type HeaderSource, type WebhookIdForm } from "./delivery-headers.ts";
import { HttpSender } from "./http-sender.ts";

export { makeEd25519 };
export type { HeaderSource, WebhookIdForm };

/** Secrets as an app has them; a null one is not known, and the header that it makes is left out. */
export interface GivenSecrets {
  readonly clientSecret: string | null;
  /** `whsec_…`, one signature each, newest first; `whsk_…` makes a `v1a` signature. */
  readonly signingSecrets: readonly string[];
}

/** The headers of an attempt, as the server makes them: names and values in turn, in the order in which they are sent. */
export function directHeaders(source: HeaderSource, given: GivenSecrets, webhookId: WebhookIdForm): string[] {
  const isPrivateKey = (secret: string): boolean => secret.startsWith("whsk_");
  const secrets: LiveSecrets = {
    client: given.clientSecret ?? "",
    signing: given.signingSecrets.filter((secret) => !isPrivateKey(secret)).map((secret) => createSecretKey(signingKey(secret))),
    ed25519: given.signingSecrets.filter(isPrivateKey).map(ed25519Key),
  };
  const left = new Set<string>();
  if (given.clientSecret === null) left.add(DELIVERY_HEADERS.hmac);
  if (given.signingSecrets.length === 0) left.add(DELIVERY_HEADERS.standardSignature);
  return without(headersOf(source, secrets, { webhookId }), left);
}

function without(flat: readonly string[], names: ReadonlySet<string>): string[] {
  return flat.filter((_, index) => !names.has(flat[index - (index % 2)] ?? ""));
}

/**
 * Sends what it is given with the server's own sender: the same connections, clock and reading of answers. For the command line, whose user
 * chose the address: private ones are allowed.
 */
export class DirectSender {
  readonly #sender: HttpSender;

  constructor(options: { readonly timeoutMs: number }) {
    this.#sender = new HttpSender({
      secrets: {
        liveSecrets: (): never => {
          throw new Error("what is sent directly is signed already");
        },
      },
      timeoutMs: options.timeoutMs,
      allowPrivate: true,
      webhookId: "number",
      keepResponses: "all",
      ca: null,
    });
  }

  /** Never rejects: whatever happens is an outcome. */
  post(address: string, headers: readonly string[], body: Uint8Array): Promise<Outcome> {
    return new Promise((resolve) => this.#sender.post(address, () => [...headers], body, resolve));
  }

  abortAll(): void {
    this.#sender.abortAll();
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}
