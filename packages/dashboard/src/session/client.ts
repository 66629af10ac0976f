import { ApiClient, OPERATIONS, PORTAL_HEADER, readNextToken, SESSION_PATH } from "@genhook/contract/client";
import type { Entry, PagedName, PortalSession } from "@genhook/contract/client";

import { words } from "../words.ts";

/** Called when an answer says that nobody is signed in any more. */
let onSignedOut: () => void = () => undefined;

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

/** Both APIs, as whoever is signed in: the browser adds the session's cookie, the header says that it counts. */
export const client = new ApiClient({
  origin: window.location.origin,
  credentials: { kind: "none" },
  parse: parseExactly,
  fetch: async (input, init) => {
    const isSession = typeof input === "string" && input.endsWith(SESSION_PATH);
    const headers = { ...(init?.headers as Readonly<Record<string, string>>), [PORTAL_HEADER]: "1" };
    const response = await fetch(input, { ...init, headers, credentials: "same-origin" });
    if (response.status === 401 && !isSession) onSignedOut();
    return response;
  },
});

/** Null when nobody is signed in. */
export async function readSession(): Promise<PortalSession | null> {
  return sessionOf((await client.send({ method: "GET", path: SESSION_PATH })).answer);
}

export async function signIn(key: string): Promise<PortalSession> {
  const body = { mediaType: "application/json", content: JSON.stringify({ key }) };
  const session = sessionOf((await client.send({ method: "POST", path: SESSION_PATH, body })).answer);
  if (session === null) throw new Error(words.signIn.ended);
  return session;
}

export async function signOut(): Promise<void> {
  await client.send({ method: "DELETE", path: SESSION_PATH });
}

function sessionOf(answer: unknown): PortalSession | null {
  return (answer as { readonly session: PortalSession | null }).session;
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
  const { path, entries = "" } = OPERATIONS[name];
  const { headers, answer } = await client.send({ method: "GET", path, query, signal });
  return {
    entries: (answer as Readonly<Record<string, readonly Entry<Name>[]>>)[entries] ?? [],
    next: readNextToken(headers.get("Link")),
  };
}
