import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { PORTAL_HEADER } from "@genhook/contract";
import type { DirectoryService, PlatformKey, Store } from "@genhook/core";
import type { CallerUrl } from "../http/caller-url.ts";
import type { Sealing } from "../secrets/sealing.ts";

/** A working day; after that the key is asked for again. */
const SESSION_MS = 43_200_000;
const PURPOSE = "portal-session";

export interface SessionsOptions {
  readonly store: Pick<Store, "credentials">;
  readonly directory: Pick<DirectoryService, "catchUp">;
  readonly sealing: Sealing;
  readonly callerUrl: CallerUrl;
  readonly now: () => number;
}

/** A session that counts: whose key it was made with, and until when. */
export interface Session {
  readonly id: string;
  readonly key: PlatformKey;
  readonly expiresAt: number;
}

/**
 * Sessions of operators. A session is its cookie: an id, the key's hash and an end, sealed with the sealing key, so that any process that
 * shares the store knows it, and nobody else can make or read one. The key is looked up on every call, as if it had been sent: its role and
 * its revocation count at once. A sign-out is noted in the store. Rejected: a table of sessions (a write per sign-in, and something to clean).
 */
export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** The cookie of a new session, for `Set-Cookie`. */
  open(request: IncomingMessage, key: PlatformKey): { readonly session: Session; readonly cookie: string } {
    const session = { id: randomUUID(), key, expiresAt: this.#options.now() + SESSION_MS };
    const sealed = this.#options.sealing.seal(JSON.stringify([PURPOSE, session.id, key.hash, session.expiresAt]));
    return { session, cookie: this.#cookie(request, sealed.replaceAll("+", "-").replaceAll("/", "_"), SESSION_MS / 1_000) };
  }

  /** The session that a call of the portal carries; null where it carries none that counts, or is no call of the portal. */
  async find(request: IncomingMessage): Promise<Session | null> {
    if (!isPortalCall(request)) return null;
    const read = this.#read(request);
    if (read === null || read.expiresAt <= this.#options.now()) return null;
    const { credentials } = this.#options.store;
    const [{ key, version }, ended] = await Promise.all([credentials.findKey(read.hash), credentials.findNote(endedNote(read.id))]);
    if (key === null || key.revokedAt !== null || ended !== null) return null;
    await this.#options.directory.catchUp(version);
    return { id: read.id, key, expiresAt: read.expiresAt };
  }

  /** Ends a session wherever its cookie may be; the answer removes it here. */
  async end(request: IncomingMessage): Promise<string> {
    const session = await this.find(request);
    if (session !== null)
      await this.#options.store.credentials.putIfAbsent(endedNote(session.id), new Date(session.expiresAt).toISOString());
    return this.#cookie(request, "", 0);
  }

  #read(request: IncomingMessage): { readonly id: string; readonly hash: string; readonly expiresAt: number } | null {
    const name = this.#cookieName(request);
    for (const pair of (request.headers.cookie ?? "").split(";")) {
      const [given = "", value = ""] = pair.trim().split("=", 2);
      if (given !== name || value === "") continue;
      try {
        const sealed = value.replaceAll("-", "+").replaceAll("_", "/");
        const [purpose, id, hash, expiresAt] = JSON.parse(this.#options.sealing.open(sealed)) as [string, string, string, number];
        if (purpose === PURPOSE) return { id, hash, expiresAt };
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
