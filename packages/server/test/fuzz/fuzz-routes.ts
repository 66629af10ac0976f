import { compile, ERRORS, isErrorCode, ROUTES, type Route } from "@genhook/contract";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, ORDER, type Answer, type CallOptions } from "../harness.ts";
import { kindOf, OWNERS, RoutePool } from "./route-pool.ts";
import { almost, hostileText, hostileValue, valuesOf } from "./schema-values.ts";

/** In a path: something of the kind that is the caller's own. */
const OWN = Symbol("own");

interface Case {
  readonly owner: number;
  readonly parameters: readonly unknown[];
  /** Which of those that are there. */
  readonly at: number;
  readonly query: readonly (readonly [string, string])[];
  readonly body: unknown;
}

/** Those that end what others need come last, and those last that end most. */
const ENDINGS = ["revokeKey", "revokeAppToken", "uninstall", "deleteInstallation", "deleteApp", "deleteShop"];
const IN_TURN = [...ROUTES].sort((a, b) => endingOf(a) - endingOf(b));

function endingOf({ method, operation }: Route): number {
  return method === "DELETE" ? 1 + ENDINGS.indexOf(operation) + 1 : 0;
}

const parametersOf = (route: Route): readonly string[] => [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);

/** A test for each route of the table; `share` of a fuzz test's time for each. */
export function fuzzRoutes(store: "sqlite" | "postgres", share: number): void {
  const h = new Harness(store);
  let pool: RoutePool;
  const counts = { cases: 0, carriedOut: 0 };
  const never: string[] = [];

  beforeAll(async () => {
    await h.start({ "attempt-timeout": "1s", "retry-waits": "none" });
    pool = await RoutePool.open(h);
  });
  afterAll(() => h.stop());

  test.each(IN_TURN.map((route) => [route.operation, route] as const))(
    "%s: each parameter of its path has something to stand for",
    (_, route) => {
      for (const name of parametersOf(route)) {
        for (let owner = 0; owner < OWNERS; owner += 1) expect(pool.of(kindOf(route.path, name), owner), name).not.toEqual([]);
      }
    },
  );

  describe("whatever is asked, the answer is one of the contract's", () => {
    test.each(IN_TURN.map((route) => [route.operation, route] as const))("fuzz %s", async (operation, route) => {
      let carriedOut = 0;
      const tryOne = async (each: Case): Promise<void> => {
        const answer = await make(h, pool, route, each);
        counts.cases += 1;
        checkAnswer(route, answer);
        if (answer.status >= 300) return;
        carriedOut += 1;
        pool.learn(route, each.owner, answer.body);
      };
      await fuzz(operation, casesOf(route, pool), tryOne, share);
      counts.carriedOut += carriedOut;
      if (carriedOut === 0) never.push(operation);
      // The pollution of an object's prototype would show here.
      expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
    });
  });

  test("after all that the server still publishes, delivers and lists, once the holds that were made are released", async () => {
    console.log(
      `fuzz ${store}: ${counts.cases} calls of ${ROUTES.length} routes, ${counts.carriedOut} carried out, none of: ${never.join(", ")}`,
    );
    const { untouched } = pool;
    if (untouched === null) throw new Error("there is no such app");
    const endpoint = await h.endpoint();
    for (;;) {
      const { holds } = (await h.call("GET", "/platform/v1/holds?limit=250")).body as { holds: { id: string }[] };
      if (holds.length === 0) break;
      for (const { id } of holds) await h.call("DELETE", `/platform/v1/holds/${id}`);
    }
    await h.subscribe(untouched, "orders/create", endpoint.url);
    const published = await h.call("POST", "/platform/v1/events", { shop: untouched.shop, topic: "orders/create", payload: ORDER });
    expect(published.status).toBe(202);
    await endpoint.waitFor(1);
    expect((await h.call("GET", "/readyz")).status).toBe(200);
  });
}

/** A call of the route: right, almost right, or hostile, in each of its parts. */
function casesOf(route: Route, pool: RoutePool): fc.Arbitrary<Case> {
  const parameters = fc.tuple(...parametersOf(route).map((name) => parameterOf(kindOf(route.path, name), pool)));
  const right = route.query === undefined ? fc.constant({}) : valuesOf(route.query, pool.members);
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
  const fitting = route.body === undefined ? fc.constant<unknown>(undefined) : valuesOf(route.body, pool.members);
  const body =
    route.body === undefined
      ? fitting
      : fc.oneof({ weight: 2, arbitrary: fitting }, { weight: 3, arbitrary: almost(fitting) }, { weight: 1, arbitrary: hostileValue });
  return fc.record({ owner: fc.nat(OWNERS - 1), parameters, at: fc.nat(1_000), query, body });
}

function parameterOf(kind: string, pool: RoutePool): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant<unknown>(OWN) },
    { weight: 2, arbitrary: fc.constantFrom<unknown>(...pool.of(kind)) },
    { weight: 1, arbitrary: hostileText },
  );
}

function textOf(value: unknown): string {
  return (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
}

async function make(h: Harness, pool: RoutePool, route: Route, each: Case): Promise<Answer> {
  const path = parametersOf(route).reduce((text, name, index) => {
    const own = pool.of(kindOf(route.path, name), each.owner);
    const value = each.parameters[index] === OWN ? own[each.at % own.length] : each.parameters[index];
    return text.replace(`:${name}`, () => encodeURIComponent(String(value).toWellFormed()));
  }, route.path);
  const search =
    each.query.length === 0 ? "" : `?${new URLSearchParams(each.query.map(([name, value]) => [name.toWellFormed(), value])).toString()}`;
  const body = route.method === "GET" ? undefined : each.body;
  return h.call(route.method, path + search, body, credentialsOf(route, pool, each.owner));
}

function credentialsOf({ api }: Route, pool: RoutePool, owner: number): CallOptions {
  if (api === "app") return { token: pool.installed[owner]?.token ?? "" };
  return api === "apps" ? { key: pool.wide[owner] ?? "" } : {};
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
