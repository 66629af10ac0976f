import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { BODY_BYTES_MAX, closed, compile, PORTAL_PAGES, SESSION_PATH, type PortalSession } from "@genhook/contract";
import { Type } from "typebox";
import { apiError, fail } from "../http/api-error.ts";
import type { AppAccessOptions } from "../http/app-access.ts";
import type { Reply } from "../http/call.ts";
import type { CallerUrl } from "../http/caller-url.ts";
import { findGivenKey } from "../http/platform-access.ts";
import { mediaType, parseJson, readBody } from "../http/request-body.ts";
import type { Sealing } from "../secrets/sealing.ts";
import { VERSION } from "../version.ts";
import { readPortalFiles, type PortalFile, type PortalSource } from "./portal-files.ts";
import { isPortalCall, Sessions, type Session } from "./sessions.ts";

export interface PortalOptions {
  /** Null: this process was started without the portal's files; its pages say so. */
  readonly source: PortalSource | null;
  readonly access: AppAccessOptions;
  readonly sealing: Sealing;
}

export interface PortalRoute {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly handle: (request: IncomingMessage) => Promise<Reply>;
}

/** Everything from here alone; nothing inline, nothing framed. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": PAGE_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
  Vary: "Accept-Encoding",
};
/** The name of an asset changes with its content. */
const ASSET_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "public, max-age=31536000, immutable",
  Vary: "Accept-Encoding",
};

const checkSignIn = compile(
  closed({ key: Type.String({ minLength: 1, maxLength: 255, expected: "a platform key" }) }, { expected: "an object with key" }),
);

/** What operators look at: pages and their files, and the sessions of those who are signed in. */
export class Portal {
  readonly sessions: Sessions;
  readonly #options: PortalOptions;
  #files: { readonly folder: string; readonly files: ReadonlyMap<string, PortalFile> } | null = null;

  constructor(options: PortalOptions) {
    this.#options = options;
    this.sessions = new Sessions({ ...options.access, sealing: options.sealing });
  }

  get routes(): readonly PortalRoute[] {
    const pages = ["/", ...PORTAL_PAGES.flatMap((page) => [`/${page}`, `/${page}/*`])];
    return [
      ...pages.map((path): PortalRoute => ({ method: "GET", path, handle: (request) => this.#page(request) })),
      { method: "GET", path: "/assets/*", handle: (request) => this.#asset(request) },
      { method: "POST", path: SESSION_PATH, handle: (request) => this.#signIn(request) },
      { method: "GET", path: SESSION_PATH, handle: (request) => this.#whoAmI(request) },
      { method: "DELETE", path: SESSION_PATH, handle: (request) => this.#signOut(request) },
    ];
  }

  #page(request: IncomingMessage): Promise<Reply> {
    // A shop's own domain is for its apps: an operator's session has no business there.
    if (this.#options.access.callerUrl.isOfShop(request)) nothingHere();
    const index = this.#current()?.get("index.html");
    if (index === undefined) return Promise.resolve(notBuilt(this.#options.source));
    return Promise.resolve(fileReply(index, request, PAGE_HEADERS));
  }

  #asset(request: IncomingMessage): Promise<Reply> {
    const path = (request.url ?? "").split("?")[0]?.slice(1) ?? "";
    const file = this.#current()?.get(path);
    return Promise.resolve(file === undefined ? nothingHere() : fileReply(file, request, ASSET_HEADERS));
  }

  #current(): ReadonlyMap<string, PortalFile> | null {
    const folder = this.#options.source?.folder ?? null;
    if (folder === null) return null;
    if (this.#files?.folder !== folder) this.#files = { folder, files: readPortalFiles(folder) };
    return this.#files.files;
  }

  async #signIn(request: IncomingMessage): Promise<Reply> {
    mustBePortal(request, this.#options.access.callerUrl);
    const bytes = await readBody(request, BODY_BYTES_MAX);
    mediaType(request, ["application/json"]);
    const body = parseJson(bytes);
    const error = checkSignIn(body);
    if (error !== null) throw apiError(error);
    const key = await findGivenKey(this.#options.access, request, (body as { readonly key: string }).key.trim());
    if (key.role === "publish") fail("scope_missing", "This key may only publish events; sign in with one whose role is admin or read.");
    const { session, cookie } = this.sessions.open(request, key);
    return { headers: { "Set-Cookie": cookie }, body: { session: toEntry(session) } };
  }

  async #whoAmI(request: IncomingMessage): Promise<Reply> {
    const session = await this.sessions.find(request);
    return { body: { session: session === null ? null : toEntry(session) } };
  }

  async #signOut(request: IncomingMessage): Promise<Reply> {
    mustBePortal(request, this.#options.access.callerUrl);
    return { headers: { "Set-Cookie": await this.sessions.end(request) }, body: {} };
  }
}

function mustBePortal(request: IncomingMessage, callerUrl: CallerUrl): void {
  if (!isPortalCall(request) || callerUrl.isOfShop(request)) nothingHere();
}

function nothingHere(): never {
  fail("not_found", "There is nothing at this path; GET /docs shows all there is.");
}

function toEntry({ key, expiresAt }: Session): PortalSession {
  return { role: key.role === "admin" ? "admin" : "read", name: key.name, expiresAt: new Date(expiresAt).toISOString(), version: VERSION };
}

/** The smallest form that the caller takes. */
function fileReply(file: PortalFile, request: IncomingMessage, headers: Readonly<Record<string, string>>): Reply {
  const accepted = (request.headers["accept-encoding"] ?? "")
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter((each) => !/;\s*q=0(\.0*)?$/.test(each))
    .map((each) => each.split(";")[0]);
  const encoding = file.br !== null && accepted.includes("br") ? "br" : file.gzip !== null && accepted.includes("gzip") ? "gzip" : null;
  const content = encoding === null ? file.plain : (file[encoding] ?? file.plain);
  return { headers: { ...headers, ...(encoding === null ? {} : { "Content-Encoding": encoding }) }, text: { type: file.type, content } };
}

const STYLE =
  ":root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}body{max-width:32rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.4rem}";
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** What stands at `/` until there are files. */
function notBuilt(source: PortalSource | null): Reply {
  const failure = source === null ? "This process was started without the portal's files." : source.failure;
  const says =
    failure === null
      ? "<h1>The portal is being built</h1><p>That takes a few seconds, once. This page looks again by itself.</p>"
      : `<h1>There is no portal here</h1><p>${escape(failure)}</p>`;
  const again = failure === null ? '<meta http-equiv="refresh" content="2">' : "";
  const content =
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${again}` +
    `<title>Genhook</title><style>${STYLE}</style></head><body><main>${says}` +
    `<p>Genhook itself is running. <a href="/docs">Its API is described here</a>.</p></main></body></html>`;
  const policy = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { headers: { "Content-Security-Policy": policy }, text: { type: "text/html; charset=utf-8", content } };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
