import { createSecretKey, type KeyObject } from "node:crypto";
import type { App, SecretKind } from "@genhook/core";
import { ed25519Key } from "./ed25519.ts";
import type { Sealing } from "./sealing.ts";

/** What signs an app's deliveries just now. */
export interface LiveSecrets {
  /** The newest client secret in use: the key of `X-Genstore-Hmac-Sha256`. */
  readonly client: string;
  /** Keys of `webhook-signature`, newest first: one token each. Prepared once: an HMAC keyed with bytes takes five times as long. */
  readonly signing: readonly KeyObject[];
  /** Private keys of the `v1a` signatures, newest first; most apps have none. */
  readonly ed25519: readonly KeyObject[];
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
      live = {
        client: this.#client(app),
        signing: this.#signingSecrets(app, "signing").map((secret) => createSecretKey(signingKey(secret))),
        ed25519: this.#signingSecrets(app, "ed25519").map(ed25519Key),
      };
      this.#live.set(app, live);
    }
    return live;
  }

  #client(app: App): string {
    const inUse = app.secrets.find((secret) => secret.kind === "client" && secret.state === "live");
    if (inUse === undefined) throw new Error(`app ${app.clientId} has no client secret in use`);
    return this.#sealing.open(inUse.sealed);
  }

  /** The secrets of a kind that sign, the one in use before the one that it replaces. */
  #signingSecrets(app: App, kind: SecretKind): readonly string[] {
    const ofKind = app.secrets.filter((secret) => secret.kind === kind);
    return [...ofKind.filter(({ state }) => state === "live"), ...ofKind.filter(({ state }) => state === "retiring")].map(({ sealed }) =>
      this.#sealing.open(sealed),
    );
  }
}

/** The key inside a `whsec_` secret. */
export function signingKey(secret: string): Uint8Array {
  return Buffer.from(secret.replace(/^whsec_/, ""), "base64");
}
