import { ROUTES, type Route } from "@genhook/contract";
import { OPERATIONS, type OperationName } from "@genhook/contract/client";
import { NOUNS } from "./nouns.ts";

/**
 * One command of the command line that is one call of an API: `genhook NOUN VERB`. Nouns and verbs follow from the routes, so that a new
 * route has its command at once. Where both APIs have the call, the credentials that are at hand decide.
 */
export interface ApiCommand {
  readonly noun: string;
  /** Empty where the noun alone is the command (`genhook stats`). */
  readonly verb: string;
  readonly summary: string;
  readonly platform: ApiCall | null;
  readonly app: ApiCall | null;
  /** App-wide access: the same for an app over all its shops. */
  readonly apps: ApiCall | null;
}

export interface ApiCall {
  readonly operation: OperationName;
  readonly route: Route;
}

/** Where the path does not say it well. */
const NAMES: Readonly<Record<string, { readonly noun: string; readonly verb: string }>> = {
  getStats: { noun: "stats", verb: "" },
  getScopes: { noun: "scopes", verb: "list" },
  uninstall: { noun: "installations", verb: "uninstall" },
  getAppStats: { noun: "stats", verb: "" },
  getOwnApp: { noun: "app", verb: "" },
  rotateAppSecret: { noun: "secrets", verb: "replace" },
  publishEvents: { noun: "events", verb: "publish" },
};

/** Signing in is `login`'s, which keeps the token where it belongs. */
const SIGN_IN: ReadonlySet<string> = new Set(["createAppToken", "openPortalLink", "getAppToken", "revokeAppToken"]);

const VERBS: Readonly<Record<Route["method"], string>> = { GET: "get", POST: "create", PUT: "put", PATCH: "change", DELETE: "delete" };

export function apiCommands(routes: readonly Route[] = ROUTES): readonly ApiCommand[] {
  const commands = new Map<string, ApiCommand>();
  for (const route of routes) {
    if (route.api === "open" || SIGN_IN.has(route.operation) || !isOperation(route.operation)) continue;
    const { noun, verb } = nameOf(route);
    const before = commands.get(`${noun} ${verb}`);
    commands.set(`${noun} ${verb}`, {
      noun,
      verb,
      summary: before === undefined || route.api === "platform" ? route.summary : before.summary,
      platform: before?.platform ?? null,
      app: before?.app ?? null,
      apps: before?.apps ?? null,
      [route.api]: { operation: route.operation, route },
    });
  }
  const order = [...Object.keys(NOUNS), ...[...commands.values()].map(({ noun }) => noun)];
  return [...commands.values()].sort((a, b) => order.indexOf(a.noun) - order.indexOf(b.noun));
}

function isOperation(operation: string): operation is OperationName {
  return Object.hasOwn(OPERATIONS, operation);
}

/** `/platform/v1/deliveries/:id/replay` → deliveries, replay; what a path ends with says more than its method. */
function nameOf(route: Route): { readonly noun: string; readonly verb: string } {
  const name = NAMES[route.operation];
  if (name !== undefined) return name;
  const parts = route.path.split("/").slice(route.api === "app" ? 4 : 3);
  const [noun = ""] = parts;
  const rest = parts.slice(1);
  const words = rest.filter((part) => !part.startsWith(":"));
  if (words.length > 0) {
    const isListOfPart = route.method === "GET";
    return { noun, verb: isListOfPart || route.method === "POST" ? words.join("-") : `${VERBS[route.method]}-${words.join("-")}` };
  }
  if (route.method === "GET" && rest.length === 0) return { noun, verb: "list" };
  return { noun, verb: VERBS[route.method] };
}

/** Names of a path's parameters, in order, without the version. */
export function parametersOf(route: Route): readonly string[] {
  return [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "").filter((name) => name !== "version");
}
