import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { PORTAL_HEADER } from "@genhook/contract";
import type { PlatformKey, Store } from "@genhook/core";
import { callerOf, type AppWideCaller, type AppWideOptions } from "../http/app-wide/app-wide-access.ts";
import { endAccess } from "../http/app-wide/sign-in.ts";
import type { Sealing } from "../secrets/sealing.ts";

/** A working day; after that the key or secret is asked for again. */
export const SESSION_MS = 43_200_000;
const OPERATOR = "portal-session";
const DEVELOPER = "portal-app-session";

export interface SessionsOptions extends AppWideOptions {
  readonly store: AppWideOptions["store"] & Pick<Store, "credentials">;
  readonly sealing: Sealing;
}

/** A session that counts: with whose key it was made, or for which app, and until when. */
export type Session =
  | { readonly kind: "operator"; readonly id: string; readonly key: PlatformKey; readonly expiresAt: number }
  | { readonly kind: "app"; readonly id: string; readonly caller: AppWideCaller; readonly expiresAt: number };

/** What a cookie carries; `hash` is the platform key's, empty for an app's session, which the store knows by its id. */
interface Carried {
  readonly purpose: string;
  readonly id: string;
  readonly hash: string;
  readonly expiresAt: number;
}

/**
 * Sessions of the portal. A session is its cookie: an id, the key's hash and an end, sealed with the sealing key, so that any process that
 * shares the store knows it, and nobody else can make or read one. The key is looked up on every call, as if it had been sent: its role and
 * its revocation count at once. A sign-out is noted in the store. Rejected: a table of sessions (a write per sign-in, and something to clean).
 * An app's session is different: it ends with the client secret that it was opened with, so it is a row of app-wide access like any token.
 */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** The cookie of a new session of an operator, for `Set-Cookie`. */
  open(request: IncomingMessage, key: PlatformKey): { readonly session: Session; readonly cookie: string } {
    const session: Session = { kind: "operator", id: randomUUID(), key, expiresAt: this.#options.now() + SESSION_MS };
    return { session, cookie: this.#seal(request, { purpose: OPERATOR, id: session.id, hash: key.hash, expiresAt: session.expiresAt }) };
  }

  /** The same of an app's developer, whose access was made before. */
  openFor(request: IncomingMessage, caller: AppWideCaller): { readonly session: Session; readonly cookie: string } {
    const { id, expiresAt } = caller.access;
    return {
      session: { kind: "app", id, caller, expiresAt },
      cookie: this.#seal(request, { purpose: DEVELOPER, id, hash: "", expiresAt }),
    };
  }

  /** The session that a call of the portal carries; null where it carries none that counts, or is no call of the portal. */
  async find(request: IncomingMessage): Promise<Session | null> {
    if (!isPortalCall(request)) return null;
    const read = this.#read(request);
    if (read === null || read.expiresAt <= this.#options.now()) return null;
    return read.purpose === OPERATOR ? this.#findOperator(read) : this.#findDeveloper(read);
  }

  /** Ends a session wherever its cookie may be; the answer removes it here. */
  async end(request: IncomingMessage): Promise<string> {
    const session = await this.find(request);
    if (session?.kind === "operator") {
      await this.#options.store.credentials.putIfAbsent(endedNote(session.id), new Date(session.expiresAt).toISOString());
    }
    if (session?.kind === "app") {
      const { clientId } = session.caller.app;
      const record = { action: "signOut", requestId: null, actor: `app ${clientId} session ${session.id}`, subject: `app ${clientId}` };
      await endAccess(this.#options, session.id, record);
    }
    return this.#cookie(request, "", 0);
  }

  async #findOperator({ id, hash, expiresAt }: Carried): Promise<Session | null> {
    const { credentials } = this.#options.store;
    const [{ key, version }, ended] = await Promise.all([credentials.findKey(hash), credentials.findNote(endedNote(id))]);
    if (key === null || key.revokedAt !== null || ended !== null) return null;
    await this.#options.directory.catchUp(version);
    return { kind: "operator", id, key, expiresAt };
  }

  async #findDeveloper({ id, expiresAt }: Carried): Promise<Session | null> {
    const { access, version } = await this.#options.store.appAccesses.find(id);
    if (access === null) return null;
    await this.#options.directory.catchUp(version);
    const caller = callerOf(this.#options, access);
    return caller === null ? null : { kind: "app", id, caller, expiresAt };
  }

  #seal(request: IncomingMessage, { purpose, id, hash, expiresAt }: Carried): string {
    const sealed = this.#options.sealing.seal(JSON.stringify([purpose, id, hash, expiresAt]));
    return this.#cookie(request, sealed.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), SESSION_MS / 1_000);
  }

  #read(request: IncomingMessage): Carried | null {
    const name = this.#cookieName(request);
    for (const pair of (request.headers.cookie ?? "").split(";")) {
      const [, given, value = ""] = /^\s*([^=]*)=([\w-]+)\s*$/.exec(pair) ?? [];
      if (given !== name) continue;
      try {
        const sealed = `${value.replaceAll("-", "+").replaceAll("_", "/")}${"=".repeat((4 - (value.length % 4)) % 4)}`;
        const [purpose, id, hash, expiresAt] = JSON.parse(this.#options.sealing.open(sealed)) as [string, string, string, number];
        if (purpose === OPERATOR || purpose === DEVELOPER) return { purpose, id, hash, expiresAt };
      } catch {
        // Another server's, or an old one's, or made up.
      }
    }
    return null;
  }

  #cookie(request: IncomingMessage, value: string, seconds: number): string {
    const secure = this.#isSecure(request) ? "; Secure" : "";
    return `${this.#cookieName(request)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
  }

  /** Cookies know no ports: two servers on one machine would sign each other out, so the port as the caller wrote it stands in the name. */
  #cookieName(request: IncomingMessage): string {
    if (this.#isSecure(request)) return "__Host-genhook";
    const port = /:(\d{1,5})$/.exec(request.headers.host ?? "")?.[1];
    return port === undefined ? "genhook" : `genhook-${port}`;
  }

  #isSecure(request: IncomingMessage): boolean {
    return this.#options.callerUrl.originOf(request).startsWith("https:");
  }
}

/** Whether the portal's own script makes this call: another origin's page cannot set the header, and a browser says where a call is from. */
export function isPortalCall(request: IncomingMessage): boolean {
  if (request.headers[PORTAL_HEADER.toLowerCase()] === undefined) return false;
  const site = request.headers["sec-fetch-site"];
  return site === undefined || site === "same-origin";
}

function endedNote(id: string): string {
  return `portal-session-ended ${id}`;
}
