import { compile, CURRENT_VERSION, errorCodesOf, EXAMPLES, pathParameters, ROUTES, type Route } from "@genhook/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, ORDER, type Answer, type Installed } from "../harness.ts";
import { mutationsOf } from "./mutations.ts";

const h = new Harness();
const SHOP = "almost.genmystore.com";
/** Shops with a bucket each, taken in turn: there are many calls. */
const SHOPS = Array.from({ length: 8 }, (_, index) => `almost-${index}.genmystore.com`);
const installed: Installed[] = [];
const ids: Record<string, string> = {};
/** Tokens of app-wide access: first the app's whose entries the paths name. */
const wide: string[] = [];
let turn = 0;

beforeAll(async () => {
  await h.start();
  const scopes = ["write_apps", "read_orders", "read_products", "read_customers"];
  const endpoint = await h.endpoint();
  const own = await h.install({}, SHOP, scopes);
  ids["apps/:clientId"] = ids["installations/:clientId"] = own.clientId;
  ids["shops/:domain"] = ids["clientId/:shop"] = SHOP;
  for (const shop of SHOPS) installed.push(await h.install({}, shop, scopes));
  for (const each of [own, ...installed]) wide.push(await h.signIn(each));
  ids["webhooks/:id"] = String(await h.subscribe(own, "orders/create", `${endpoint.url}/hooks`));
  ids["endpoints/:id"] = (await h.call("GET", `/platform/v1/webhooks/${ids["webhooks/:id"]}`)).body.webhook.endpointId as string;
  ids["events/:id"] = (await h.publish("orders/create", ORDER, { shop: SHOP })).body.event.id as string;
});
afterAll(() => h.stop());

/** Of the app whose entries the paths name, or of the next one. */
function wideToken({ path }: Route): string {
  return wide[path.includes(":id") ? 0 : turn % wide.length] ?? "";
}

async function call(route: Route, search: string, raw?: string): Promise<Answer> {
  let path = route.path;
  const own = installed[(turn += 1) % installed.length];
  // On each shop another webhook is one's own.
  if (route.api === "app" && path.includes("webhooks/:id") && own !== undefined) {
    const list = await h.call("GET", `/api/${CURRENT_VERSION}/app/webhooks`, undefined, { token: own.token });
    const first = (list.body.webhooks as { id: number }[] | undefined)?.[0]?.id;
    path = path.replace("webhooks/:id", `webhooks/${first ?? (await h.subscribe(own, "orders/create", "https://app.example.com/hooks"))}`);
  }
  for (const { name, example } of pathParameters(route)) {
    const kind = new RegExp(`(\\w+)/:${name}`).exec(route.path)?.[0] ?? "";
    path = path.replace(`:${name}`, ids[kind] ?? example);
  }
  const options = route.api === "app" ? { token: own?.token ?? "" } : route.api === "apps" ? { key: wideToken(route) } : {};
  return h.call(route.method, path + search, undefined, { ...options, ...(raw === undefined ? {} : { raw }) });
}

describe("bodies that are right but for one thing", () => {
  const routes = ROUTES.filter((route) => route.body !== undefined);

  test.each(routes.map((route): [string, Route] => [route.operation, route]))("%s", async (operation, route) => {
    const { body: schema } = route;
    if (schema === undefined) return;
    const example = EXAMPLES[operation]?.body;
    expect(compile(schema)(example)).toBeNull();
    // An array of events is a batch.
    const isBatch = (what: string): boolean => operation === "publishEvents" && what === "the whole body is array";
    const mutations = mutationsOf(schema, example).filter(({ what }) => !isBatch(what));
    expect(mutations.length).toBeGreaterThan(8);
    for (const { what, raw, code, member } of mutations) {
      const answer = await call(route, "", raw);
      expect([what, answer.status, answer.body?.code, answer.body?.member]).toEqual([what, 422, code, member]);
      expect(answer.body.error).toEqual(expect.stringContaining(member === "body" ? "" : member));
      expect(errorCodesOf(route)).toContain(code);
    }
  });
});

describe("queries that are right but for one thing", () => {
  const routes = ROUTES.filter((route) => route.query !== undefined);
  const names = (route: Route): readonly string[] => Object.keys(Reflect.get(route.query ?? {}, "properties") as object);

  test.each(routes.map((route): [string, Route] => [route.operation, route]))("%s", async (_, route) => {
    const wrong = async (search: string, status: number, code: string, member?: string): Promise<void> => {
      const answer = await call(route, search);
      expect([search, answer.status, answer.body?.code, answer.body?.member]).toEqual([search, status, code, member]);
      expect(errorCodesOf(route)).toContain(code);
    };
    for (const name of ["surplus", "__proto__", "constructor", "fields[]"]) {
      await wrong(`?${encodeURIComponent(name)}=1`, 422, "unknown_member", name);
    }
    for (const name of names(route)) {
      // Empty text fits none of them, and neither does what is twice there.
      await wrong(`?${name}=`, 422, "invalid_member", name);
      await wrong(`?${name}=1&${name}=1`, 400, "malformed_query");
    }
    if (!names(route).includes("pageToken")) return;
    for (const limit of ["0", "251", "-1", "1.5", "ten", "9".repeat(20)]) await wrong(`?limit=${limit}`, 422, "invalid_member", "limit");
    const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const given of [
      "x",
      token(5),
      token({}),
      token({ query: {}, position: { after: {} } }),
      token({ query: { limit: 5 }, position: null }),
      token({ query: {}, position: { before: [1] } }),
    ]) {
      await wrong(`?pageToken=${given}`, 400, "malformed_query");
    }
    const other = names(route).find((name) => name !== "limit" && name !== "pageToken");
    if (other !== undefined) {
      const value =
        EXAMPLES[route.operation]?.query?.[other] ??
        { shop: SHOP, clientId: "0".repeat(32), topic: "orders/create", state: "dead", actor: "key" }[other];
      if (value !== undefined)
        await wrong(`?pageToken=${token({ query: {}, position: null })}&${other}=${encodeURIComponent(value)}`, 400, "malformed_query");
    }
  });
});
