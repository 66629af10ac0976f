import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fastifyReceiver } from "../../src/adapters/fastify.ts";
import { describeAdapter, postOf, testedOptions, told } from "./conformance.ts";
import { sendTo } from "./serve.ts";

describe("Fastify 5", () => {
  let app: FastifyInstance;
  const port = (): number => (app.server.address() as AddressInfo).port;
  beforeAll(async () => {
    app = Fastify();
    await app.register(fastifyReceiver({ url: "/webhooks", ...testedOptions() }));
    await app.register(fastifyReceiver({ url: "/webhooks", ...testedOptions() }), { prefix: "/v2" });
    app.post("/other", (request) => request.body);
    await app.listen({ port: 0, host: "127.0.0.1" });
  });
  afterAll(() => app.close());

  describeAdapter({ send: (request) => sendTo(port(), request), port, routesByMethod: true, limitsBodies: true });

  test("the rest of the app keeps its own parsers", async () => {
    const answer = await app.inject({ method: "POST", url: "/other", payload: { a: 1 } });
    expect(answer.json()).toEqual({ a: 1 });
  });

  test("a prefix goes before the url, and inject is enough for a test", async () => {
    told.events.length = 0;
    const request = await postOf();
    const answer = await app.inject({
      method: "POST",
      url: "/v2/webhooks",
      headers: Object.fromEntries(request.headers),
      payload: Buffer.from(await request.arrayBuffer()),
    });
    expect([answer.statusCode, told.events.length]).toEqual([200, 1]);
  });

  test("a request without a body is no reason to fall over", async () => {
    const answer = await app.inject({ method: "POST", url: "/webhooks", headers: (await postOf()).headers as never });
    expect([answer.statusCode, answer.json().code]).toEqual([401, "signature_missing"]);
  });
});
