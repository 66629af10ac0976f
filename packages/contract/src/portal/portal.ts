/** Marks calls of the portal: only with this header is its session's cookie looked at. No page of another origin can set it. */
export const PORTAL_HEADER = "Genhook-Portal";
export const SESSION_PATH = "/portal/session";
/** A portal link's pages stand below this path and its id: so the answer knows who may frame them, though the code is never sent. */
export const PORTAL_LINKS_PATH = "/portal-links";

/** First parts of the paths that are pages of the portal; `/` is one too. */
export const PORTAL_PAGES = [
  "deliveries",
  "events",
  "replays",
  "webhooks",
  "endpoints",
  "blocked-keys",
  "holds",
  "topics",
  "apps",
  "shops",
  "installations",
  "keys",
  "audit",
  "secrets",
  "links",
] as const;

/** Pages of these that an app's developers have. */
export const APP_PAGES: readonly (typeof PORTAL_PAGES)[number][] = [
  "deliveries",
  "events",
  "replays",
  "webhooks",
  "endpoints",
  "blocked-keys",
  "topics",
  "secrets",
];

/** Ways in that a port offers: an operator's key, an app's client id and secret. */
export type PortalWay = "operator" | "app";

/** How the portal looks: the operator's settings. */
export interface PortalBrand {
  readonly name: string;
  /** Path of the logo; null where there is none but the name. */
  readonly logo: string | null;
}

/** Who is signed in: what `GET` and `POST` of the session's path answer, under `session`; null for nobody. */
export interface PortalSession {
  readonly role: "admin" | "read" | "app";
  /** Of the platform key that was used, or of the app. */
  readonly name: string;
  readonly expiresAt: string;
  /** Genhook's own. */
  readonly version: string;
  /** For an app's developer: which app, which shop (null: all), and what may be done. */
  readonly app?: { readonly clientId: string; readonly shop: string | null; readonly can: readonly ("read" | "replay" | "edit")[] };
}

/** What `GET` of the session's path answers. */
export interface PortalState {
  readonly session: PortalSession | null;
  readonly ways: readonly PortalWay[];
  readonly brand: PortalBrand;
}
