import { createSecretKey, type KeyObject } from "node:crypto";
import type { App, SealedSecret } from "@genhook/core";
import type { Sealing } from "./sealing.ts";

/** What signs an app's deliveries just now. */
export interface LiveSecrets {
  /** The newest client secret in use: the key of `X-Genstore-Hmac-Sha256`. */
  readonly client: string;
  /** Keys of `webhook-signature`, newest first: one token each. Prepared once: an HMAC keyed with bytes takes five times as long. */
  readonly signing: readonly KeyObject[];
}

/** Opens an app's secrets when they are first needed and keeps them for as long as that value of the app is in use. */
export class SecretVault {
  readonly #sealing: Sealing;
  readonly #live = new WeakMap<App, LiveSecrets>();

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  liveSecrets(app: App): LiveSecrets {
    let live = this.#live.get(app);
    if (live === undefined) {
      live = { client: this.#client(app), signing: this.#signing(app) };
      this.#live.set(app, live);
    }
    return live;
  }

  #client(app: App): string {
    const newest = newestFirst(app.secrets, "client").find((secret) => secret.state === "live");
    if (newest === undefined) throw new Error(`app ${app.clientId} has no client secret in use`);
    return this.#sealing.open(newest.sealed);
  }

  #signing(app: App): readonly KeyObject[] {
    return newestFirst(app.secrets, "signing")
      .filter((secret) => secret.state !== "staged")
      .map((secret) => createSecretKey(signingKey(this.#sealing.open(secret.sealed))));
  }
}

/** The key inside a `whsec_` secret. */
export function signingKey(secret: string): Uint8Array {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}

function newestFirst(secrets: readonly SealedSecret[], kind: SealedSecret["kind"]): SealedSecret[] {
  return secrets.filter((secret) => secret.kind === kind).sort((a, b) => b.createdAt - a.createdAt);
}
