import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { CURRENT_VERSION, errorCodesOf, ROUTES, type ErrorCode, type Route } from "@genhook/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, KEY, type Answer, type Installed } from "../harness.ts";

/**
 * Every call with every kind of credentials: what it answers follows from the route table, and the whole of it stands in a golden file, so that
 * a new call, or one that begins to let others in, is seen when the file changes.
 */
const h = new Harness();
const SHOP = "own-shop.genmystore.com";
const OTHER_SHOP = "other-shop.genmystore.com";

interface Caller {
  readonly name: string;
  readonly headers: () => Readonly<Record<string, string>>;
  /** What a call of an API answers to it; `passes` where credentials are no obstacle. */
  readonly expected: (route: Route) => ErrorCode | "passes";
}

const keys: Record<string, string> = { admin: KEY };
const apps: Record<string, Installed> = {};
/** Of app-wide access. */
const wide: Record<string, string> = {};
const bearer = (role: string) => () => ({ Authorization: `Bearer ${keys[role] ?? ""}` });
const token = (of: string) => () => ({ "X-Genstore-Access-Token": apps[of]?.token ?? "" });

const ofRole = (role: string): Caller => ({
  name: `${role} key`,
  headers: bearer(role),
  expected: ({ api, allows, isSignIn }) => {
    if (isSignIn === true) return "passes";
    if (api !== "platform") return api === "app" ? "token_missing" : "token_invalid";
    return allows.includes(role) ? "passes" : "scope_missing";
  },
});
/** App-wide access with some allowances. */
const ofAccess = (name: string, can: readonly string[]): Caller => ({
  name: `app-wide, ${can.join(", ")}`,
  headers: () => ({ Authorization: `Bearer ${wide[name] ?? ""}` }),
  expected: ({ api, allows, isSignIn }) => {
    if (isSignIn === true) return "passes";
    if (api !== "apps") return api === "app" ? "token_missing" : "token_invalid";
    return allows.length === 0 || allows.some((each) => can.includes(each)) ? "passes" : "scope_missing";
  },
});
const ofScopes = (name: string, scopes: readonly string[]): Caller => ({
  name: `token with ${scopes.join(", ") || "no scope"}`,
  headers: token(name),
  expected: ({ api, allows, isSignIn }) => {
    if (isSignIn === true) return "passes";
    if (api !== "app") return "token_missing";
    return allows.length === 0 || allows.some((scope) => scopes.includes(scope)) ? "passes" : "scope_missing";
  },
});
/** What is answered where an access token is asked for, and where a bearer is. */
const always = (name: string, headers: Caller["headers"], app: ErrorCode, bearers: ErrorCode): Caller => ({
  name,
  headers,
  expected: ({ api, isSignIn }) => (isSignIn === true ? "passes" : api === "app" ? app : bearers),
});

const CALLERS: readonly Caller[] = [
  always("nothing", () => ({}), "token_missing", "token_missing"),
  always("empty headers", () => ({ "X-Genstore-Access-Token": "", Authorization: "Bearer" }), "token_missing", "token_missing"),
  always(
    "unknown token and key",
    () => ({ "X-Genstore-Access-Token": "gat_unknown_0000000", Authorization: "Bearer gpk_unknown_000" }),
    "token_invalid",
    "token_invalid",
  ),
  always(
    "another scheme",
    () => ({ Authorization: `Basic ${Buffer.from(`admin:${KEY}`).toString("base64")}` }),
    "token_missing",
    "token_missing",
  ),
  always("revoked key", bearer("revoked"), "token_missing", "token_invalid"),
  always("token of an ended installation", token("ended"), "token_invalid", "token_missing"),
  always("token of another shop", () => ({ ...token("elsewhere")(), Host: SHOP }), "token_invalid", "token_missing"),
  always("platform key as token", () => ({ "X-Genstore-Access-Token": KEY }), "token_invalid", "token_missing"),
  always("token as platform key", () => ({ Authorization: `Bearer ${apps["writer"]?.token ?? ""}` }), "token_missing", "token_invalid"),
  always(
    "client secret as either",
    () => ({
      "X-Genstore-Access-Token": apps["writer"]?.clientSecret ?? "",
      Authorization: `Bearer ${apps["writer"]?.clientSecret ?? ""}`,
    }),
    "token_invalid",
    "token_invalid",
  ),
  always(
    "app-wide token of a revoked secret",
    () => ({ Authorization: `Bearer ${wide["rotated"] ?? ""}` }),
    "token_missing",
    "token_invalid",
  ),
  always("app-wide token of a deleted app", () => ({ Authorization: `Bearer ${wide["deleted"] ?? ""}` }), "token_missing", "token_invalid"),
  always("revoked app-wide token", () => ({ Authorization: `Bearer ${wide["revoked"] ?? ""}` }), "token_missing", "token_invalid"),
  always("app-wide token as access token", () => ({ "X-Genstore-Access-Token": wide["all"] ?? "" }), "token_invalid", "token_missing"),
  ofRole("admin"),
  ofRole("read"),
  ofRole("publish"),
  ofScopes("writer", ["write_apps"]),
  ofScopes("reader", ["read_apps"]),
  ofScopes("bare", []),
  ofAccess("all", ["read", "replay", "edit"]),
  ofAccess("replay", ["read", "replay"]),
  ofAccess("read", ["read"]),
];

beforeAll(async () => {
  await h.start({ "trust-proxy": "loopback" });
  for (const shop of [SHOP, OTHER_SHOP]) await h.call("PUT", `/platform/v1/shops/${shop}`, { plan: "advanced" });
  for (const role of ["read", "publish", "revoked"]) {
    const made = await h.call("POST", "/platform/v1/keys", { name: role, role: role === "revoked" ? "admin" : role });
    keys[role] = made.body.key.key as string;
    if (role === "revoked") await h.call("DELETE", `/platform/v1/keys/${made.body.key.id}`);
  }
  apps["writer"] = await h.installOn(SHOP, {}, ["write_apps"]);
  apps["reader"] = await h.installOn(SHOP, {}, ["read_apps"]);
  apps["bare"] = await h.installOn(SHOP, {}, []);
  apps["elsewhere"] = await h.installOn(OTHER_SHOP, {}, ["write_apps"]);
  const ended = await h.installOn(SHOP, {}, ["write_apps"]);
  await h.call("DELETE", "/api/202412/oauth2/uninstall", undefined, { token: ended.token });
  apps["ended"] = ended;
  wide["all"] = await h.signIn(apps["writer"]);
  for (const can of [["read"], ["read", "replay"]]) wide[can.at(-1) ?? ""] = await openLink(apps["writer"], can);
  wide["revoked"] = await h.signIn(apps["writer"]);
  await h.call("DELETE", "/apps/v1/token", undefined, { key: wide["revoked"] });
  const rotated = await h.installOn(SHOP);
  wide["rotated"] = await h.signIn(rotated);
  for (const step of ["stage", "use", "revoke"]) {
    await h.call("POST", `/platform/v1/apps/${rotated.clientId}/secrets`, { kind: "client", step });
  }
  const deleted = await h.installOn(SHOP);
  wide["deleted"] = await h.signIn(deleted);
  await h.call("DELETE", `/platform/v1/apps/${deleted.clientId}`);
});

async function openLink({ clientId }: Installed, can: readonly string[]): Promise<string> {
  const made = await h.call("POST", "/platform/v1/portal-links", { clientId, can, minutes: 60 });
  const code = new URL(made.body.url as string).hash.slice(1);
  return (await h.call("POST", `/apps/v1/portal-links/${made.body.id}/token`, { code }, { key: null })).body.token.token as string;
}
afterAll(() => h.stop());

let calls = 0;

/** Each from another address: so many wrong keys from one would be told to wait. */
function elsewhere(): string {
  calls += 1;
  return `198.18.${calls >> 8}.${calls & 255}`;
}

/** As Node sends it: `fetch` would not let the Host be chosen. */
function send(route: Route, path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const url = new URL(h.origin + path);
  const body = route.body === undefined ? "" : "{}";
  const type: Record<string, string> = body === "" ? {} : { "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      url,
      { method: route.method, headers: { ...type, "X-Forwarded-For": elsewhere(), ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const all = new Headers(Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]));
          resolve({ status: response.statusCode ?? 0, headers: all, text, body: text.startsWith("{") ? JSON.parse(text) : null });
        });
      },
    );
    request.on("error", reject).end(body);
  });
}

/** Names nothing that exists, so that a call that is let in changes nothing. */
const NOBODY: Readonly<Record<string, string>> = {
  version: CURRENT_VERSION,
  domain: "nobody.genmystore.com",
  shop: "nobody.genmystore.com",
  clientId: "0".repeat(32),
  id: "1",
};
const pathOf = (route: Route): string => route.path.replaceAll(/:(\w+)/g, (_, name: string) => NOBODY[name] ?? "x");
const REFUSALS: ReadonlySet<string> = new Set(["token_missing", "token_invalid", "scope_missing"]);

async function answerTo(route: Route, caller: Caller): Promise<string> {
  // This one ends the token that it is called with.
  if (route.operation === "revokeAppToken" && caller.expected(route) === "passes") {
    const own = await h.signIn(apps["writer"] as Installed);
    return (await send(route, pathOf(route), { Authorization: `Bearer ${own}` })).status === 200 ? "passes" : "refused";
  }
  // This one ends the installation that it is called for.
  if (route.operation === "uninstall" && caller.expected(route) === "passes") {
    const { token: own } = await h.installOn(SHOP, {}, ["write_apps"]);
    return (await send(route, pathOf(route), { "X-Genstore-Access-Token": own })).status === 200 ? "passes" : "refused";
  }
  const answer = await send(route, pathOf(route), caller.headers());
  const code = (answer.body as { code?: string } | null)?.code ?? "";
  if (!REFUSALS.has(code)) return "passes";
  expect(answer.status).toBe(code === "scope_missing" ? 403 : 401);
  expect(errorCodesOf(route)).toContain(code);
  return code;
}

describe("every call with every kind of credentials", () => {
  const guarded = ROUTES.filter((route) => route.api !== "open");
  const rows = new Map<string, readonly string[]>();

  test.each(guarded.map((route): [string, Route] => [route.operation, route]))("%s", async (operation, route) => {
    const found: string[] = [];
    for (const caller of CALLERS) found.push(await answerTo(route, caller));
    expect(found).toEqual(CALLERS.map((caller) => caller.expected(route)));
    rows.set(operation, found);
  });

  test("what is open asks nobody for anything, and takes no notice of what is sent", async () => {
    for (const route of ROUTES.filter(({ api }) => api === "open")) {
      const answers = new Set<number>();
      for (const caller of CALLERS) answers.add((await send(route, pathOf(route), caller.headers())).status);
      expect([route.operation, answers.size]).toEqual([route.operation, 1]);
    }
  });

  test("docs/api/credentials.md is what the server answered", () => {
    expect([...rows.keys()]).toEqual(guarded.map(({ operation }) => operation));
    const url = new URL("../../../../docs/api/credentials.md", import.meta.url);
    const page = credentialsPage(guarded, rows);
    if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(url)) writeFileSync(url, page);
    expect(readFileSync(url, "utf8"), "who may call what has changed: look at the difference, then npm run golden:update").toBe(page);
  });
});

const MARKS: Readonly<Record<string, string>> = {
  passes: "yes",
  token_missing: "401 missing",
  token_invalid: "401 invalid",
  scope_missing: "403",
};

function credentialsPage(routes: readonly Route[], rows: ReadonlyMap<string, readonly string[]>): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "# Who may call what",
    "",
    "What a running server answered to every call with every kind of credentials, written by `packages/server/test/http/credentials.test.ts`.",
    "`401 missing` and `401 invalid` are `token_missing` and `token_invalid`, `403` is `scope_missing`.",
    "",
    line(["call", ...CALLERS.map(({ name }) => name)]),
    line(["---", ...CALLERS.map(() => "---")]),
    ...routes.map((route) =>
      line([`\`${route.method} ${route.path}\``, ...(rows.get(route.operation) ?? []).map((each) => MARKS[each] ?? each)]),
    ),
    "",
  ].join("\n");
}

describe("ids of others", () => {
  /** What an answer is, apart from what names the call itself and counts it. */
  const bare = (answer: Answer): unknown => {
    const headers = Object.fromEntries(answer.headers.entries());
    for (const name of ["x-request-id", "date", "x-genstore-shop-api-rate-limit"]) delete headers[name];
    return { status: answer.status, headers, body: answer.body };
  };

  test("are not told apart from ids that there never were: status, headers, body", async () => {
    const endpoint = await h.endpoint();
    const scopes = ["write_apps", "read_orders"];
    const own = await h.installOn(SHOP, {}, scopes);
    const sibling = await h.installOn(SHOP, {}, scopes);
    const far = await h.installOn(OTHER_SHOP, {}, scopes);
    const same = await h.call("PUT", `/platform/v1/installations/${own.clientId}/${OTHER_SHOP}`, { scopes });
    const sameAppElsewhere: Installed = { ...own, shop: OTHER_SHOP, token: same.body.installation.accessToken as string };
    const webhooks: number[] = [];
    for (const each of [sibling, far, sameAppElsewhere]) webhooks.push(await h.subscribe(each, "orders/create", `${endpoint.url}/x`));
    const deliveries: string[] = [];
    for (const shop of [SHOP, OTHER_SHOP]) {
      const published = await h.publish("orders/create", { order: { id: 1 } }, { shop });
      const shown = await h.call("GET", `/platform/v1/events/${published.body.event.id}`);
      deliveries.push(...(shown.body.event.deliveries as { id: string }[]).map(({ id }) => id));
    }
    await endpoint.waitFor(3);
    const unknown = { webhooks: "8589999999", deliveries: `dlv_${"0".repeat(32)}_8589999999` };
    const byId = ROUTES.filter(({ api, path }) => api === "app" && path.includes(":id"));
    expect(byId.length).toBeGreaterThan(7);
    for (const route of byId) {
      const kind = route.path.includes("/deliveries/") ? "deliveries" : "webhooks";
      const ask = async (id: string): Promise<unknown> => {
        const path = route.path.replace(":version", CURRENT_VERSION).replace(":id", id);
        const body = route.body === undefined ? undefined : { webhook: { topic: "orders/create" } };
        return bare(await h.call(route.method, path, body, { token: own.token }));
      };
      const none = await ask(unknown[kind]);
      expect(none).toMatchObject({ status: 404, body: { code: "not_found" } });
      const others = kind === "webhooks" ? webhooks.map(String) : deliveries;
      expect(others).toHaveLength(3);
      for (const id of others) expect([route.operation, id, await ask(id)]).toEqual([route.operation, id, none]);
    }
    for (const id of [...webhooks.map(String), unknown.webhooks]) {
      const list = await h.call("GET", `/api/${CURRENT_VERSION}/app/deliveries?webhookId=${id}`, undefined, { token: own.token });
      expect([list.status, list.body]).toEqual([200, { deliveries: [] }]);
    }
    for (const query of [
      `shop=${OTHER_SHOP}`,
      `clientId=${sibling.clientId}`,
      "shop=nobody.genmystore.com",
      `clientId=${"0".repeat(32)}`,
    ]) {
      const list = await h.call("GET", `/api/${CURRENT_VERSION}/app/deliveries?${query}`, undefined, { token: own.token });
      expect([list.status, list.body]).toEqual([200, { deliveries: [] }]);
    }
    // Nothing of theirs was touched.
    for (const each of [sibling, far, sameAppElsewhere]) {
      const list = await h.call("GET", `/api/${CURRENT_VERSION}/app/webhooks`, undefined, { token: each.token });
      expect(list.body.webhooks).toMatchObject([{ status: "active", topic: "orders/create" }]);
    }
  });
});
