import { ApiClient, ApiError, OPERATIONS, PORTAL_HEADER, readNextToken, SESSION_PATH } from "@genhook/contract/client";
import type { Entry, OperationName, PagedName, PortalSession, PortalState } from "@genhook/contract/client";
import { words } from "../words.ts";
import { openedLink } from "./link.ts";
import { TWINS } from "./twins.ts";

/** Called when an answer says that nobody is signed in any more. */
let onSignedOut: () => void = () => undefined;
/** Of a link: in memory alone, so that it ends with the page. */
let linkToken: string | null = null;
let isDeveloper = false;

export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Numbers that JavaScript cannot hold exactly stay as they were written; ids have up to 64 bits. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== "number" || context?.source === undefined || String(value) === context.source) return value;
    return "rawJSON" in JSON && typeof JSON.rawJSON === "function" ? (JSON.rawJSON as (source: string) => unknown)(context.source) : value;
  });
}

/** Calls as whoever is signed in makes them: an app's developer asks the same of what is the app's. */
class PortalClient extends ApiClient {
  override call<Name extends OperationName>(...[name, ...rest]: Parameters<typeof ApiClient.prototype.call<Name>>) {
    return super.call<Name>(ownName(name), ...rest);
  }
}

function ownName<Name extends OperationName>(name: Name): Name {
  return isDeveloper ? ((TWINS[name] ?? name) as Name) : name;
}

/**
 * All APIs, as whoever is signed in: the browser adds the session's cookie, the header says that it counts. Who came by a link has a token
 * instead, and no cookie goes along: its pages may stand in somebody else's frame.
 */
export const client: PortalClient = new PortalClient({
  origin: window.location.origin,
  credentials: { kind: "none" },
  parse: parseExactly,
  fetch: async (input, init) => {
    const isSession = typeof input === "string" && (input.endsWith(SESSION_PATH) || input.endsWith("/token"));
    const headers: Record<string, string> = { ...(init?.headers as Readonly<Record<string, string>>), [PORTAL_HEADER]: "1" };
    if (linkToken !== null) headers["Authorization"] = `Bearer ${linkToken}`;
    const response = await fetch(input, { ...init, headers, credentials: openedLink === null ? "same-origin" : "omit" });
    if (response.status === 401 && !isSession) onSignedOut();
    return response;
  },
});

/** Who is signed in, how one comes in here, and how the portal looks. Opens the link that the page was loaded by. */
export async function readState(): Promise<PortalState> {
  const state = (await client.send({ method: "GET", path: SESSION_PATH })).answer as PortalState;
  const session = openedLink === null ? state.session : linkSession(await openLink(openedLink));
  isDeveloper = session?.role === "app";
  return { ...state, session };
}

interface LinkAccess {
  readonly expiresAt: string;
  readonly app: NonNullable<PortalSession["app"]>;
}

/** What the link opened; kept, because a code is good once, and what follows may have to be asked again. */
let linkAccess: LinkAccess | null = null;

/** Null where it opens nothing (any more). */
async function openLink({ id, code }: NonNullable<typeof openedLink>): Promise<(LinkAccess & { readonly name: string }) | null> {
  if (linkAccess === null) {
    if (code === null) return null;
    try {
      const { token } = await client.call("openPortalLink", { params: { id }, body: { code } });
      const { clientId, shop, can, expiresAt } = token;
      linkToken = token.token ?? null;
      linkAccess = { expiresAt, app: { clientId, shop, can } };
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  }
  return { ...linkAccess, name: (await client.call("getOwnApp")).app.name };
}

function linkSession(access: Awaited<ReturnType<typeof openLink>>): PortalSession | null {
  return access === null ? null : { role: "app", version: "", ...access };
}

export type Credentials = { readonly key: string } | { readonly clientId: string; readonly clientSecret: string };

export async function signIn(credentials: Credentials): Promise<PortalSession> {
  const body = { mediaType: "application/json", content: JSON.stringify(credentials) };
  const { session } = (await client.send({ method: "POST", path: SESSION_PATH, body })).answer as Pick<PortalState, "session">;
  if (session === null) throw new Error(words.signIn.ended);
  isDeveloper = session.role === "app";
  return session;
}

export async function signOut(): Promise<void> {
  if (linkToken === null) await client.send({ method: "DELETE", path: SESSION_PATH });
  else await client.call("revokeAppToken");
  linkToken = null;
  isDeveloper = false;
}

export interface Page<One> {
  readonly entries: readonly One[];
  readonly next: string | null;
}

/** One page of a list, and the token of the next one from its `Link`. Only for lists whose path has no parameters. */
export async function readPage<Name extends PagedName>(
  name: Name,
  query: Readonly<Record<string, string | number | undefined>>,
  signal: AbortSignal,
): Promise<Page<Entry<Name>>> {
  const { path, entries = "" } = OPERATIONS[ownName(name)];
  const { headers, answer } = await client.send({ method: "GET", path, query, signal });
  return {
    entries: (answer as Readonly<Record<string, readonly Entry<Name>[]>>)[entries] ?? [],
    next: readNextToken(headers.get("Link")),
  };
}
