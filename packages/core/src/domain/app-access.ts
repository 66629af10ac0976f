import { ok, refuse, type Result } from "../refusal.ts";
import type { App } from "./directory-entries.ts";
import type { EventId } from "./event.ts";

/** What who comes in may do: see deliveries and everything around them · send again · change webhooks and secrets. */
export type Allowance = "read" | "replay" | "edit";

/** How it was given: for the app's client secret, as a session of the portal for the same, or by a link that an operator made. */
export type AccessKind = "token" | "session" | "link";

/**
 * Access to one app, over all its shops or on one of them, for a time.
 *
 *   token, session:  made in force ──────────────────────────► ended
 *   link:            made ── opened with its code, once ──► in force ──► ended
 *
 * It ends by time, when it is revoked, when the app is deleted, and, where it was given for a client secret, with that secret.
 */
export interface AppAccess {
  /** A UUIDv7: newer ones are greater. */
  readonly id: EventId;
  readonly kind: AccessKind;
  /** The app's internal key, which no later app has, whatever its client id. */
  readonly app: number;
  /** Null: all shops of the app. */
  readonly shop: number | null;
  readonly can: readonly Allowance[];
  /** The client secret that it was given for; null for links. */
  readonly secretId: string | null;
  /** SHA-256 of a link's one-time code, 64 hex digits; null otherwise. */
  readonly codeHash: string | null;
  /** SHA-256 of the token, 64 hex digits; null before a link is opened, and for sessions. */
  readonly tokenHash: string | null;
  /** Origins that may frame the pages of a link. */
  readonly frameAncestors: readonly string[];
  /** Who made it, as the audit names them. */
  readonly madeBy: string;
  readonly createdAt: number;
  readonly openedAt: number | null;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** Grows with every change. */
  readonly revision: number;
}

/** Whether it opens anything at this time; `app` is the app as it is now, undefined where it was deleted. */
export function isAccessInForce(access: AppAccess, app: App | undefined, now: number): boolean {
  if (app === undefined || app.id !== access.app || access.revokedAt !== null || now >= access.expiresAt) return false;
  return access.secretId === null || signInSecrets(app).some(({ id }) => id === access.secretId);
}

/** Client secrets that may be signed in with: the one in use, and the one that it replaces until that is revoked. */
export function signInSecrets(app: App): App["secrets"] {
  return app.secrets.filter(({ kind, state }) => kind === "client" && state !== "staged");
}

/** A link opened with its code: from now on the token counts, and the code no longer. */
export function openLink(access: AppAccess, tokenHash: string, now: number): Result<AppAccess> {
  if (access.openedAt !== null) return refuse("not_found", "The link was opened before; ask for a new one.");
  return ok({ ...access, tokenHash, codeHash: null, openedAt: now });
}

/** Ends it; what has ended by itself stays as it was. */
export function revokeAccess(access: AppAccess, now: number): AppAccess {
  return access.revokedAt !== null || now >= access.expiresAt ? access : { ...access, revokedAt: now };
}
