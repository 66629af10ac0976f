import type { Route } from "@genhook/contract";
import { ApiError } from "@genhook/contract/client";
import { ERRORS, isErrorCode } from "@genhook/contract/errors";
import { CliError } from "../cli-error.ts";
import { exitOf } from "../exit-codes.ts";
import { formatSpan } from "../output/time.ts";
import type { Connection } from "../session/connection.ts";
import { dashed } from "./api-options.ts";
import type { Session } from "./session.ts";

/** What a refused call says to the person at the keyboard: the API's message, and what to do here. Other errors go through as they are. */
export function explainError(error: unknown, session: Session, route?: Route): unknown {
  if (!(error instanceof ApiError)) return error;
  return new CliError(exitOf(error), error.code, messageOf(error, route), hintsOf(error, session, route));
}

/** The server is away or busy: worth waiting for. */
export function isPassing(error: ApiError): boolean {
  return ["unreachable", "timed_out", "not_genhook", "overloaded", "rate_limited", "internal_error"].includes(error.code);
}

function messageOf(error: ApiError, route: Route | undefined): string {
  const flag = error.member === null || error.member === "body" ? null : `--${dashed(error.member.split(".").at(-1) ?? error.member)}`;
  return flag === null || route === undefined || error.status !== 422 ? error.message : `${error.message} (${flag})`;
}

function hintsOf(error: ApiError, session: Session, route: Route | undefined): readonly string[] {
  const own = Object.hasOwn(HINTS, error.code) ? HINTS[error.code]?.(error, session.connection, route) : undefined;
  if (own !== undefined) return own;
  return isErrorCode(error.code) && error.status !== 422 && error.code !== "not_found" ? [ERRORS[error.code].remedy] : [];
}

type Hint = (error: ApiError, connection: Connection, route: Route | undefined) => readonly string[];

/** What to do at the command line; for other codes the table of the contract says it. */
const HINTS: Readonly<Partial<Record<ApiError["code"], Hint>>> = {
  unreachable: ({ message }, { originFrom }) => [
    message.endsWith(": bad port.")
      ? `This port is one of those that fetch calls nowhere, such as 6000 and 6667. Serve on another one; the address comes from ${originFrom}.`
      : `Is genhook serve running there? The address comes from ${originFrom}; give --url for another one.`,
  ],
  timed_out: () => ["Try again; look at the server's log and at /readyz."],
  not_genhook: (_, { origin, originFrom }) => [`Is ${origin} (from ${originFrom}) really a Genhook, or is a proxy in between?`],
  token_missing: (_, connection) => otherCredentials(connection),
  token_invalid: (_, connection) => otherCredentials(connection),
  scope_missing: (_, { credentials }, route) => (route === undefined || route.allows.length === 0 ? [] : [needs(credentials.kind, route)]),
  not_found: ({ message }, { originFrom }, route) =>
    message.startsWith(NO_PATH) && route !== undefined ? [otherPort(route, originFrom)] : [],
  already_exists: (_, __, route) => [`To change it: genhook ${route?.path.split("/")[3] ?? ""} put`],
  overloaded: (error) => leaveAlone(error),
  rate_limited: (error) => leaveAlone(error),
  internal_error: ({ requestId }) => (requestId === null ? [] : [`The server's log says more under the request id ${requestId}.`]),
};

function otherCredentials({ credentialsFrom }: Connection): readonly string[] {
  return [
    `The credentials come from ${credentialsFrom}. Give others with --key or --token, or log in: genhook login`,
    ...(credentialsFrom.endsWith("platform-key") ? ["If the data of this server lies elsewhere, give --data FOLDER."] : []),
  ];
}

/** How an answer about the path itself begins, and not one about what a path names. */
const NO_PATH = "There is nothing at this path";

function otherPort({ api }: Route, originFrom: string): string {
  const asked = api === "platform" ? "operators' calls" : "apps' calls";
  return `A server that was started with --platform-port takes ${asked} at its other port: give it with --url (this address comes from ${originFrom}).`;
}

function leaveAlone({ retryAfterMs }: ApiError): readonly string[] {
  return retryAfterMs === null ? [] : [`The server asks to be left alone for ${formatSpan(retryAfterMs)}.`];
}

function needs(kind: string, route: Route): string {
  const allows = route.allows.join(" or ");
  if (kind === "apps") return `The app may ${route.allows.length === 0 ? "not do this" : `only do this with the right to ${allows}`}.`;
  if (kind === "app") return `The app needs the scope ${allows} on this shop.`;
  return `A key with the role ${allows} is needed; an operator with an admin key makes one: genhook keys create --role ${route.allows.at(-1) ?? "admin"} --name NAME`;
}
