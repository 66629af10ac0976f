import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeReceiver } from "../../src/adapters/node.ts";
import { describeAdapter, postOf, testedOptions, told } from "./conformance.ts";
import { serve, type Served } from "./serve.ts";

describe("node:http", () => {
  let server: Served;
  beforeAll(async () => {
    const receiver = nodeReceiver(testedOptions());
    server = await serve((request, response) => void receiver(request, response));
  });
  afterAll(() => server.close());

  describeAdapter({ send: (request) => server.send(request), port: () => server.port });
});

test("a connection that broke before the receiver was asked is noticed, not waited for", async () => {
  const request = new IncomingMessage(new Socket());
  request.method = "POST";
  request.destroy();
  const answers: number[] = [];
  await nodeReceiver(testedOptions())(request, { writeHead: (status) => answers.push(status), end: () => undefined });
  expect(answers).toEqual([400]);
});

describe("something read the stream before", () => {
  let server: Served;
  const receiver = nodeReceiver(testedOptions());
  beforeAll(async () => {
    server = await serve((request, response) => {
      request.resume();
      request.on("end", () => {
        const kept = request.headers["x-keep"] === undefined ? {} : { rawBody: "" };
        void receiver(Object.assign(request, kept), response);
      });
    });
  });
  afterAll(() => server.close());

  test("500, and the explanation stands in the answer", async () => {
    told.refused.length = 0;
    const answer = await server.send(await postOf());
    expect(answer.status).toBe(500);
    expect(((await answer.json()) as { error: string }).error).toContain("was read before, by a body parser");
    expect(told.refused[0]?.reason).toBe("body_already_parsed");
  });
});
