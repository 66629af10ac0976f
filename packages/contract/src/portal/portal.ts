/** Marks calls of the portal: only with this header is its session's cookie looked at. No page of another origin can set it. */
export const PORTAL_HEADER = "Genhook-Portal";
export const SESSION_PATH = "/portal/session";

/** First parts of the paths that are pages of the portal; `/` is one too. */
export const PORTAL_PAGES = [
  "deliveries",
  "events",
  "replays",
  "webhooks",
  "endpoints",
  "holds",
  "topics",
  "apps",
  "shops",
  "installations",
  "keys",
  "audit",
] as const;

/** Who is signed in: what `GET` and `POST` of the session's path answer, under `session`. */
export interface PortalSession {
  readonly role: "admin" | "read";
  /** Of the platform key that was used. */
  readonly name: string;
  readonly expiresAt: string;
  /** Genhook's own. */
  readonly version: string;
}
