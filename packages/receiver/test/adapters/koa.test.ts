import Koa from "koa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { koaReceiver } from "../../src/adapters/koa.ts";
import { describeAdapter, postOf, testedOptions, told } from "./conformance.ts";
import { serve, type Served } from "./serve.ts";

function serveApp(before: Koa.Middleware[]): { readonly send: (request: Request) => Promise<Response>; readonly port: () => number } {
  let server: Served;
  beforeAll(async () => {
    const app = new Koa();
    app.silent = true;
    for (const middleware of before) app.use(middleware);
    app.use(koaReceiver(testedOptions()));
    const handle = app.callback();
    server = await serve((request, response) => void handle(request, response));
  });
  afterAll(() => server.close());
  return { send: (request) => server.send(request), port: () => server.port };
}

/** What koa-bodyparser does: the parsed body, and where it is asked to the text. */
function parser(keepsText: boolean): Koa.Middleware {
  return async (context, next) => {
    const chunks: Buffer[] = [];
    for await (const chunk of context.req) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    Object.assign(context.request, { body: JSON.parse(text) as unknown }, keepsText ? { rawBody: text } : {});
    await next();
  };
}

describe("Koa 3", () => {
  describeAdapter(serveApp([]));
});

describe("Koa 3 behind a body parser", () => {
  const keeping = serveApp([parser(true)]);
  const losing = serveApp([parser(false)]);

  test("the text that it keeps is taken", async () => {
    told.events.length = 0;
    expect((await keeping.send(await postOf())).status).toBe(200);
    expect(told.events).toHaveLength(1);
  });

  test("without it: 500, and the explanation names the remedy", async () => {
    const answer = await losing.send(await postOf());
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("koaReceiver before the body parser");
  });
});
