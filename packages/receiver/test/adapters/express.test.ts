import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expressReceiver } from "../../src/adapters/express.ts";
import { describeAdapter, postOf, testedOptions, told } from "./conformance.ts";
import { serve, type Served } from "./serve.ts";

function serveApp(before: express.RequestHandler[]): {
  readonly send: (request: Request) => Promise<Response>;
  readonly port: () => number;
} {
  let server: Served;
  beforeAll(async () => {
    const app = express();
    for (const middleware of before) app.use(middleware);
    app.all("/webhooks", expressReceiver(testedOptions()));
    app.use(express.json());
    app.post("/other", (request, response) => void response.json(request.body));
    server = await serve(app);
  });
  afterAll(() => server.close());
  return { send: (request) => server.send(request), port: () => server.port };
}

describe("Express 5, before the parsers", () => {
  const app = serveApp([]);
  describeAdapter(app);

  test("other routes keep their parser", async () => {
    const answer = await app.send(
      new Request("http://a/other", { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"a":1}' }),
    );
    expect(await answer.json()).toEqual({ a: 1 });
  });
});

describe("Express 5 behind express.raw()", () => {
  describeAdapter({ ...serveApp([express.raw({ type: "*/*" })]), limitsBodies: true });
});

describe("Express 5 behind express.json() that keeps the bytes", () => {
  const verify = (request: object, _response: unknown, bytes: Buffer): void => void Object.assign(request, { rawBody: bytes });
  const app = serveApp([express.json({ verify })]);
  test("they are taken", async () => {
    told.events.length = 0;
    expect((await app.send(await postOf())).status).toBe(200);
    expect(told.events).toHaveLength(1);
    expect((await app.send(await postOf({}, "{}"))).status).toBe(401);
  });
});

describe("Express 5 behind express.json()", () => {
  const app = serveApp([express.json()]);
  test("500, so that nothing is lost, and the explanation names the remedy", async () => {
    const answer = await app.send(await postOf());
    expect(answer.status).toBe(500);
    const { code, error } = (await answer.json()) as { code: string; error: string };
    expect(code).toBe("body_already_parsed");
    expect(error).toContain("mount expressReceiver before express.json()");
  });

  test("a body that the parser passed by is still there", async () => {
    const signed = await postOf();
    signed.headers.set("Content-Type", "application/vnd.other");
    expect((await app.send(signed)).status).toBe(200);
  });
});
