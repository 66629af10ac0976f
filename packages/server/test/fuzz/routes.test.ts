import { compile, ERRORS, isErrorCode, ROUTES, type Route } from "@genhook/contract";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, ORDER, type Answer, type Installed, type CallOptions } from "../harness.ts";
import { almost, hostileText, hostileValue, valuesOf, type Pool } from "./schema-values.ts";

const h = new Harness();
/** Each shop has a bucket of its own, so that few calls meet an empty one. */
const SHOPS = Array.from({ length: 12 }, (_, n) => `shop-${n}.genmystore.com`);
const tokens: string[] = [];
/** Of app-wide access. */
const wide: string[] = [];
const installed: Installed[] = [];
/** An app that nothing here knows of. Its token is used before it comes to guesses from this address: those shut out only what is new. */
let untouched: Installed;
const pool: Record<string, unknown[]> = {
  shop: [...SHOPS],
  domain: [...SHOPS],
  clientId: [],
  webhookId: [],
  eventId: [],
  deliveryId: [],
  topic: ["orders/create", "orders/update", "customers/redact"],
};

beforeAll(async () => {
  await h.start({ "attempt-timeout": "1s", "retry-waits": "none" });
  const endpoint = await h.endpoint({ answer: (_, count) => (count % 2 === 0 ? 200 : 500) });
  pool["address"] = [`${endpoint.url}/a`, `${endpoint.url}/b`];
  const first = await h.install({}, SHOPS[0]);
  pool["clientId"]?.push(first.clientId);
  untouched = await h.install({ name: "untouched" }, "untouched.genmystore.com");
  await h.subscribe(untouched, "products/create", `${endpoint.url}/untouched`);
  for (const shop of SHOPS) {
    await h.call("PUT", `/platform/v1/shops/${shop}`, { plan: "advanced" });
    const each = shop === SHOPS[0] ? first : await h.installOn(shop);
    installed.push(each);
    tokens.push(each.token);
    wide.push(await h.signIn(each));
    pool["clientId"]?.push(each.clientId);
    pool["webhookId"]?.push(await h.subscribe(each, "orders/create", `${endpoint.url}/${shop}`));
    const published = await h.call("POST", "/platform/v1/events", { shop, topic: "orders/create", payload: ORDER });
    const event = published.body.event.id as string;
    pool["eventId"]?.push(event);
    const shown = await h.call("GET", `/platform/v1/events/${event}`);
    for (const { id } of shown.body.event.deliveries as { id: string }[]) pool["deliveryId"]?.push(id);
  }
  pool["id"] = [...(pool["webhookId"] ?? []), ...(pool["eventId"] ?? []), ...(pool["deliveryId"] ?? [])];
});
afterAll(() => h.stop());

interface Case {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly body: unknown;
  readonly who: number;
}

/** A call of the route: right, almost right, or hostile, in each of its parts. */
function casesOf(route: Route): fc.Arbitrary<Case> {
  const parameters = [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const path = fc.tuple(...parameters.map((name) => parameterOf(name, pool))).map((values) => {
    return parameters.reduce(
      (text, name, index) => text.replace(`:${name}`, encodeURIComponent(String(values[index]).toWellFormed())),
      route.path,
    );
  });
  const right = route.query === undefined ? fc.constant({}) : valuesOf(route.query, pool);
  const query = fc
    .oneof(
      { weight: 3, arbitrary: right },
      { weight: 1, arbitrary: almost(right) },
      { weight: 1, arbitrary: fc.dictionary(hostileText, hostileText, { maxKeys: 3 }) },
    )
    .map((values) =>
      typeof values === "object" && values !== null
        ? Object.entries(values).map(([name, value]): [string, string] => [name, textOf(value)])
        : [],
    );
  const fitting = route.body === undefined ? fc.constant<unknown>(undefined) : valuesOf(route.body, pool);
  const body =
    route.body === undefined
      ? fitting
      : fc.oneof({ weight: 2, arbitrary: fitting }, { weight: 3, arbitrary: almost(fitting) }, { weight: 1, arbitrary: hostileValue });
  return fc.record({ path, query, body, who: fc.nat(SHOPS.length - 1) });
}

function parameterOf(name: string, known: Pool): fc.Arbitrary<unknown> {
  if (name === "version")
    return fc.oneof({ weight: 8, arbitrary: fc.constantFrom("202412", "202410") }, { weight: 1, arbitrary: hostileText });
  const values = known[name] ?? [];
  return values.length === 0
    ? hostileText
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom<unknown>(...values) }, { weight: 1, arbitrary: hostileText });
}

function textOf(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

async function make(route: Route, each: Case): Promise<Answer> {
  const search =
    each.query.length === 0 ? "" : `?${new URLSearchParams(each.query.map(([name, value]) => [name.toWellFormed(), value])).toString()}`;
  const body = route.method === "GET" ? undefined : each.body;
  return h.call(route.method, each.path + search, body, credentialsOf(route, each.who));
}

function credentialsOf({ api }: Route, who: number): CallOptions {
  if (api === "app") return { token: tokens[who] ?? "" };
  return api === "apps" ? { key: wide[who] ?? "" } : {};
}

/** What holds for every answer, whatever was asked. */
function checkAnswer(route: Route, answer: Answer): void {
  const { status, body, headers } = answer;
  const context = `${status} ${answer.text.slice(0, 300)}`;
  expect(headers.get("x-request-id"), context).not.toBeNull();
  if (status === 503) {
    expect(headers.get("retry-after"), context).not.toBeNull();
    return;
  }
  expect(status, context).toBeLessThan(500);
  if (status >= 400) {
    const { code, error, member } = body as { code: string; error: unknown; member: unknown };
    expect(isErrorCode(code), context).toBe(true);
    expect(ERRORS[code as keyof typeof ERRORS].status, context).toBe(status);
    expect(typeof error, context).toBe("string");
    expect(typeof member, context).toBe(status === 409 || status === 422 ? "string" : "undefined");
    if (status === 429) expect(headers.get("retry-after"), context).not.toBeNull();
    return;
  }
  if (headers.get("content-type")?.startsWith("application/json") !== true) return;
  expect([compile(route.answer)(body), context]).toEqual([null, context]);
}

/** Those that end what others need come last. */
const IN_TURN = [...ROUTES].sort((a, b) => Number(isEnding(a)) - Number(isEnding(b)));

function isEnding(route: Route): boolean {
  return route.method === "DELETE";
}

describe("whatever is asked, the answer is one of the contract's", () => {
  test.each(IN_TURN.map((route) => [route.operation, route] as const))("fuzz %s", async (operation, route) => {
    await fuzz(operation, casesOf(route), async (each) => checkAnswer(route, await make(route, each)), 0.15);
    // The pollution of an object's prototype would show here.
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });
});

test("after all that the server still publishes, delivers and lists, once the holds that were made are released", async () => {
  const endpoint = await h.endpoint();
  const { holds } = (await h.call("GET", "/platform/v1/holds?limit=250")).body as { holds: { id: string }[] };
  for (const { id } of holds) await h.call("DELETE", `/platform/v1/holds/${id}`);
  await h.subscribe(untouched, "orders/create", endpoint.url);
  const published = await h.call("POST", "/platform/v1/events", { shop: untouched.shop, topic: "orders/create", payload: ORDER });
  expect(published.status).toBe(202);
  await endpoint.waitFor(1);
  expect((await h.call("GET", "/readyz")).status).toBe(200);
});
