import { Hono, type Context } from "hono";
import { describe, expect, expectTypeOf, test } from "vitest";
import { honoReceiver } from "../../src/adapters/hono.ts";
import { describeAdapter, postOf, testedOptions, told } from "./conformance.ts";

describe("Hono 4", () => {
  const app = new Hono().post("/webhooks", honoReceiver(testedOptions()));
  describeAdapter({ send: async (request) => app.fetch(request), routesByMethod: true });
});

describe("Hono 4, middleware that read the body", () => {
  const readThen = (read: (context: Context) => Promise<unknown>): Hono => {
    const app = new Hono();
    app.use(async (context, next) => {
      await read(context);
      await next();
    });
    return app.post("/webhooks", honoReceiver(testedOptions()));
  };

  test.each([
    ["text", (context: Context) => context.req.text()],
    ["json", (context: Context) => context.req.json()],
    ["arrayBuffer", (context: Context) => context.req.arrayBuffer()],
  ])("through Hono, as %s: the bytes are still there", async (_, read) => {
    told.events.length = 0;
    const body = '{"order": {"id":1,  "total":1.10}}';
    expect((await readThen(read).fetch(await postOf({ body }))).status).toBe(200);
    expect(told.events).toHaveLength(1);
    expect((await readThen(read).fetch(await postOf({ body: `"${" ".repeat(2_001)}"` }))).status).toBe(413);
  });

  test("from the raw request: 500, and the explanation names the remedy", async () => {
    const answer = await readThen((context) => context.req.raw.json()).fetch(await postOf());
    expect(answer.status).toBe(500);
    expect(await answer.text()).toMatch(/Something read the body from c\.req\.raw\..* do not read c\.req\.raw before/);
  });
});

test("secrets that come with the request, as on Workers", async () => {
  told.events.length = 0;
  interface Env {
    readonly Bindings: { readonly SIGNING_SECRET: string };
  }
  const app = new Hono<Env>().post(
    "/webhooks",
    honoReceiver((context: Context<Env>) => {
      expectTypeOf(context.env.SIGNING_SECRET).toEqualTypeOf<string>();
      return { ...testedOptions(), signingSecret: context.env.SIGNING_SECRET };
    }),
  );
  const { SIGNING } = await import("../fixtures.ts");
  expect((await app.fetch(await postOf(), { SIGNING_SECRET: SIGNING })).status).toBe(200);
  expect((await app.fetch(await postOf(), {})).status).toBe(500);
});
