import { ApiClient, type ApiError } from "@genhook/contract/client";
import { parseExact } from "../exact-json.ts";
import { note, type Terminal } from "../output/terminal.ts";
import { formatSpan, type TimeStyle } from "../output/time.ts";
import { fetchAsApp } from "../session/app-access.ts";
import { resolveConnection, sourcesOf, type Connection, type ConnectionFlags, type Wanted } from "../session/connection.ts";

/** Flags of every command that calls a server. */
export interface CommonFlags extends ConnectionFlags {
  readonly json?: boolean;
  readonly utc?: boolean;
}

/** A command's client, and what its errors need to be explained. */
export interface Session {
  readonly client: ApiClient;
  readonly connection: Connection;
}

export function openSession(terminal: Terminal, flags: CommonFlags, wanted: Wanted): Session {
  const connection = resolveConnection(sourcesOf(flags, terminal.environment), wanted);
  const client = new ApiClient({
    origin: connection.origin,
    credentials: connection.credentials,
    ...(connection.signIn === null ? {} : { fetch: fetchAsApp(connection.origin, connection.signIn.secrets, connection.signIn.keeper) }),
    parse: parseExact,
    onRetry: (error: ApiError, waitMs) => {
      if (terminal.isErrorTty) note(terminal, `${error.message} Trying again in ${formatSpan(waitMs)}.`);
    },
  });
  return { client, connection };
}

/** Relative to now for people at a terminal; ISO 8601 with --utc, and where the output is kept. */
export function timeStyle(terminal: Terminal, flags: Pick<CommonFlags, "utc">): TimeStyle {
  return { isUtc: flags.utc === true || !terminal.isTty, now: terminal.now() };
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, terminal.isTty ? 2 : 0)}\n`);
}
