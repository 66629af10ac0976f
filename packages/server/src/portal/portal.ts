import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import {
  APP_PAGES,
  BODY_BYTES_MAX,
  closed,
  compile,
  PORTAL_LINKS_PATH,
  PORTAL_PAGES,
  SESSION_PATH,
  TokenCreate,
  type PortalSession,
  type PortalWay,
} from "@genhook/contract";
import { isUuid } from "@genhook/core";
import { Type } from "typebox";
import { apiError, fail } from "../http/api-error.ts";
import { signIn, type SignInOptions, type SignInRequest } from "../http/app-wide/sign-in.ts";
import type { Reply } from "../http/call.ts";
import type { CallerUrl } from "../http/caller-url.ts";
import { findGivenKey } from "../http/platform-access.ts";
import { mediaType, parseJson, readBody } from "../http/request-body.ts";
import { VERSION } from "../version.ts";
import { readPortalFiles, type PortalFile, type PortalSource } from "./portal-files.ts";
import type { Brand } from "./brand.ts";
import { isPortalCall, SESSION_MS, Sessions, type Session } from "./sessions.ts";

export interface PortalOptions {
  /** Null: this process was started without the portal's files; its pages say so. */
  readonly source: PortalSource | null;
  readonly access: SignInOptions;
  readonly brand: Brand;
}

export interface PortalRoute {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly handle: (request: IncomingMessage, requestId: string) => Promise<Reply>;
}

/** Everything from here alone; nothing inline, and framed only by who may. */
const pagePolicy = (frameAncestors: readonly string[]): string =>
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  `base-uri 'none'; form-action 'none'; frame-ancestors ${frameAncestors.length === 0 ? "'none'" : frameAncestors.join(" ")}`;
const pageHeaders = (frameAncestors: readonly string[] = []): Readonly<Record<string, string>> => ({
  "Content-Security-Policy": pagePolicy(frameAncestors),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
  Vary: "Accept-Encoding",
});
/** The name of an asset changes with its content. */
const ASSET_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "public, max-age=31536000, immutable",
  Vary: "Accept-Encoding",
};

const checkAppSignIn = compile(TokenCreate);
const checkSignIn = compile(
  closed({ key: Type.String({ minLength: 1, maxLength: 255, expected: "a platform key" }) }, { expected: "an object with key" }),
);

/** What operators and app developers look at: pages and their files, and the sessions of those who are signed in. */
export class Portal {
  readonly sessions: Sessions;
  readonly #options: PortalOptions;
  #files: { readonly folder: string; readonly files: ReadonlyMap<string, PortalFile> } | null = null;

  constructor(options: PortalOptions) {
    this.#options = options;
    this.sessions = new Sessions(options.access);
  }

  /** What is served on a port that offers these ways in: the pages of one side are not known on the other's. */
  routes(ways: readonly PortalWay[]): readonly PortalRoute[] {
    const names = ways.includes("operator") ? PORTAL_PAGES : APP_PAGES;
    // Below /apps/v1 stands an API: only a client id may follow the page's own path.
    const pages = ["/", ...names.flatMap((page) => [`/${page}`, page === "apps" ? "/apps/:clientId" : `/${page}/*`])];
    const links = ways.includes("app") ? [`${PORTAL_LINKS_PATH}/:id`, `${PORTAL_LINKS_PATH}/:id/*`] : [];
    const { brand } = this.#options;
    return [
      ...pages.map((path): PortalRoute => ({ method: "GET", path, handle: (request) => Promise.resolve(this.#page(request)) })),
      ...links.map((path): PortalRoute => ({ method: "GET", path, handle: (request) => this.#linkPage(request) })),
      { method: "GET", path: "/assets/*", handle: (request) => this.#asset(request) },
      ...brand.routes(),
      { method: "POST", path: SESSION_PATH, handle: (request, requestId) => this.#signIn(request, requestId, ways) },
      { method: "GET", path: SESSION_PATH, handle: (request) => this.#whoAmI(request, ways) },
      { method: "DELETE", path: SESSION_PATH, handle: (request) => this.#signOut(request) },
    ];
  }

  #page(request: IncomingMessage, frameAncestors: readonly string[] = []): Reply {
    // A shop's own domain is for its apps: nobody's session has business there.
    if (this.#options.access.callerUrl.isOfShop(request)) nothingHere();
    const index = this.#current()?.get("index.html");
    if (index === undefined) return notBuilt(this.#options.source);
    return fileReply(index, request, pageHeaders(frameAncestors));
  }

  /**
   * The page that a link leads to. The link's id stands in the path, so that the answer can say who may frame it; the code stands behind the
   * `#`, which is never sent. The id alone opens nothing, and every id is answered alike but for that policy.
   */
  async #linkPage(request: IncomingMessage): Promise<Reply> {
    const id = (request.url ?? "").split(/[/?]/)[2]?.toLowerCase() ?? "";
    const { access } = isUuid(id) ? await this.#options.access.store.appAccesses.find(id) : { access: null };
    return this.#page(request, access !== null && access.revokedAt === null ? access.frameAncestors : []);
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

  async #signIn(request: IncomingMessage, requestId: string, ways: readonly PortalWay[]): Promise<Reply> {
    mustBePortal(request, this.#options.access.callerUrl);
    const bytes = await readBody(request, BODY_BYTES_MAX);
    mediaType(request, ["application/json"]);
    const body = parseJson(bytes);
    const isApp = !ways.includes("operator") || (ways.includes("app") && typeof body === "object" && body !== null && "clientId" in body);
    const error = (isApp ? checkAppSignIn : checkSignIn)(body);
    if (error !== null) throw apiError(error);
    const { session, cookie } = isApp
      ? await this.#signInApp(request, requestId, body as SignInRequest)
      : await this.#signInOperator(request, (body as { readonly key: string }).key.trim());
    return { headers: { "Set-Cookie": cookie }, body: { session: toEntry(session) } };
  }

  async #signInOperator(request: IncomingMessage, text: string): Promise<ReturnType<Sessions["open"]>> {
    const key = await findGivenKey(this.#options.access, request, text);
    if (key.role === "publish") fail("scope_missing", "This key may only publish events; sign in with one whose role is admin or read.");
    return this.sessions.open(request, key);
  }

  async #signInApp(request: IncomingMessage, requestId: string, given: SignInRequest): Promise<ReturnType<Sessions["open"]>> {
    const trimmed = { clientId: given.clientId, clientSecret: given.clientSecret.trim() };
    const { caller } = await signIn(this.#options.access, request, trimmed, "session", SESSION_MS, { action: "signIn", requestId });
    return this.sessions.openFor(request, caller);
  }

  async #whoAmI(request: IncomingMessage, ways: readonly PortalWay[]): Promise<Reply> {
    const session = await this.sessions.find(request);
    // Cookies know no ports: a session of the other side's port is nothing here.
    const isOfSide = session !== null && ways.includes(session.kind);
    return { body: { session: isOfSide ? toEntry(session) : null, ways, brand: this.#options.brand.view } };
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
  fail("not_found", "There is nothing at this path.");
}

function toEntry(session: Session): PortalSession {
  const common = { expiresAt: new Date(session.expiresAt).toISOString(), version: VERSION };
  if (session.kind === "operator") return { role: session.key.role === "admin" ? "admin" : "read", name: session.key.name, ...common };
  const { app, shop, access } = session.caller;
  return { role: "app", name: app.name, ...common, app: { clientId: app.clientId, shop: shop?.domain ?? null, can: access.can } };
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
