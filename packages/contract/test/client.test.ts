import { getEventListeners } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ApiClient, ApiError, type ClientOptions } from "@genhook/contract/client";
import { readNextToken } from "../src/client/links.ts";
import { readRetryAfter, waitBeforeRetry } from "../src/client/retry.ts";

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real server that answers by a script, one entry a call. */
let script: ((call: Call, response: ServerResponse) => void)[] = [];
let calls: Call[] = [];
let waits: number[] = [];
let origin = "";
let server = createServer();

beforeEach(async () => {
  script = [];
  calls = [];
  waits = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const call = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      calls.push(call);
      script.shift()?.(call, response);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(
  () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
);

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_: Call, response: ServerResponse): void => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  };

const client = (options: Partial<ClientOptions> = {}): ApiClient =>
  new ApiClient({
    origin,
    credentials: { kind: "platform", key: "the-key" },
    random: () => 0.5,
    sleep: (delayMs) => {
      waits.push(delayMs);
      return Promise.resolve();
    },
    ...options,
  });

/** Where nobody listens any more. */
async function closedOrigin(): Promise<string> {
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, "127.0.0.1", resolve);
  });
  const { port } = other.address() as AddressInfo;
  await new Promise((resolve) => {
    other.close(resolve);
  });
  return `http://127.0.0.1:${port}`;
}

const errorOf = (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error as ApiError,
  );

describe("calls", () => {
  it("fill in the path, send the key and answer what was answered", async () => {
    const shop = { domain: "a/b.example", shopId: "1", plan: "none", createTime: "t", updateTime: "t" };
    script = [json(200, { shop })];
    expect((await client().call("putShop", { params: { domain: "a/b.example" }, body: { plan: "basic" } })).shop).toEqual(shop);
    expect(calls).toMatchObject([
      {
        method: "PUT",
        url: "/platform/v1/shops/a%2Fb.example",
        body: '{"plan":"basic"}',
        headers: { authorization: "Bearer the-key", "content-type": "application/json" },
      },
    ]);
  });

  it("of the App API carry the token and the version", async () => {
    script = [json(200, { count: 3 })];
    const app = client({ credentials: { kind: "app", accessToken: "the-token" } });
    expect(await app.call("countWebhooks", { query: { topic: "orders/create" } })).toEqual({ count: 3 });
    expect(calls[0]).toMatchObject({
      url: "/api/202412/app/webhooks/count?topic=orders%2Fcreate",
      headers: { "x-genstore-access-token": "the-token" },
    });
  });

  it("turn the API's errors into one class with status, code and member", async () => {
    script = [json(422, { error: "plan must be …", code: "invalid_member", member: "plan" }, { "X-Request-Id": "r1" })];
    const error = await errorOf(client().call("createShop", { body: { domain: "a.example" } }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: "invalid_member", member: "plan", message: "plan must be …", requestId: "r1" });
  });

  it("of a server that is newer than the client keep their code", async () => {
    script = [json(409, { error: "the webhook is asleep", code: "webhook_asleep", member: "id" })];
    const error = await errorOf(client().call("createShop", { body: { domain: "a.example" } }));
    expect(error).toMatchObject({ status: 409, code: "webhook_asleep", member: "id", message: "the webhook is asleep" });
  });

  it("tell what is not Genhook from what is", async () => {
    script = [
      (_, response) => response.writeHead(502).end("<html>bad gateway</html>"),
      (_, response) => response.writeHead(200).end("<html>hello</html>"),
      json(404, { message: "some other API" }),
    ];
    for (const status of [502, 200, 404]) {
      expect(await errorOf(client().call("listKeys"))).toMatchObject({ code: "not_genhook", status });
    }
  });

  it("say that nothing answers, or not in time", async () => {
    const unused = client({ origin: await closedOrigin() });
    expect(await errorOf(unused.call("listKeys"))).toMatchObject({
      code: "unreachable",
      status: 0,
      message: expect.stringContaining("ECONN") as string,
    });
    script = [() => undefined];
    expect(await errorOf(client({ timeoutMs: 50 }).call("listKeys"))).toMatchObject({ code: "timed_out" });
  });

  it("say so when the connection ends in the middle of an answer", async () => {
    script = [
      (_, response) => {
        response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" }).write('{"keys":');
        setImmediate(() => response.destroy());
      },
    ];
    expect(await errorOf(client().call("listKeys"))).toMatchObject({ code: "unreachable", status: 0 });
  });

  it("end with the caller's own reason when the caller aborts", async () => {
    const reason = new Error("enough");
    const aborter = new AbortController();
    script = [() => aborter.abort(reason)];
    await expect(client().call("listKeys", {}, { signal: aborter.signal })).rejects.toBe(reason);
  });
});

describe("pages", () => {
  it("follow the links with the token alone, whatever host they name", async () => {
    const link = '<https://public.example/platform/v1/keys?limit=2&pageToken=abc>; rel="next"';
    script = [
      json(200, { shops: [{ domain: "a" }, { domain: "b" }] }, { Link: `<https://x.example/?pageToken=p>; rel="previous", ${link}` }),
      json(200, { shops: [{ domain: "c" }] }),
    ];
    const found: string[] = [];
    for await (const shop of client().entries("listShops", { query: { limit: 2 } })) found.push(shop.domain);
    expect(found).toEqual(["a", "b", "c"]);
    expect(calls.map((call) => call.url)).toEqual(["/platform/v1/shops?limit=2", "/platform/v1/shops?limit=2&pageToken=abc"]);
  });

  it("are not asked for when nobody wants their entries", async () => {
    script = [json(200, { shops: [{ domain: "a" }] }, { Link: '<http://x/?pageToken=abc>; rel="next"' })];
    for await (const shop of client().entries("listShops")) {
      expect(shop.domain).toBe("a");
      break;
    }
    expect(calls).toHaveLength(1);
  });

  it.each([
    [null, null],
    ["", null],
    ['<http://x/?pageToken=a%2Fb>; rel="next"', "a/b"],
    ["<http://x/?pageToken=a>; rel=next", "a"],
    ['<http://x/?pageToken=a>; title="x"; rel="next"', "a"],
    ['<http://x/?pageToken=a>; rel="previous"', null],
    ['<http://x/?pageToken=a>; rel="previous", <http://x/?limit=5&pageToken=b>; rel="next"', "b"],
    ['<http://x/nothing>; rel="next"', null],
  ])("the token of %s is %s", (header, token) => expect(readNextToken(header)).toBe(token));
});

describe("patience", () => {
  const overloaded = { error: "busy", code: "overloaded" };

  it("an idempotent call is made again after 503 and 429, as late as it was asked to be", async () => {
    script = [
      json(503, overloaded, { "Retry-After": "2" }),
      json(429, { error: "slow down", code: "rate_limited" }, { "Retry-After": "3" }),
      json(503, overloaded),
      json(200, { keys: [] }),
    ];
    const told: string[] = [];
    expect(await client({ onRetry: (error) => told.push(error.code) }).call("listKeys")).toEqual({ keys: [] });
    expect(waits).toEqual([2_000, 3_000, 2_000]);
    expect(told).toEqual(["overloaded", "rate_limited", "overloaded"]);
  });

  it("ends: the last refusal is thrown, with how long the server asked for", async () => {
    script = Array.from({ length: 9 }, () => json(503, overloaded, { "Retry-After": "1" }));
    expect(await errorOf(client().call("listKeys"))).toMatchObject({ code: "overloaded", retryAfterMs: 1_000 });
    expect(calls).toHaveLength(4);
    script = [json(503, overloaded, { "Retry-After": "3600" })];
    expect(await errorOf(client().call("listKeys"))).toMatchObject({ code: "overloaded", retryAfterMs: 3_600_000 });
    expect(calls).toHaveLength(5);
  });

  it("a POST is made again only when nothing can have happened, or its content makes it repeatable", async () => {
    const body = { shop: "a.example", topic: "orders/create", payload: {} };
    script = [json(503, overloaded)];
    expect(await errorOf(client().call("publishEvents", { body }))).toMatchObject({ code: "overloaded" });
    expect(calls).toHaveLength(1);
    const event = { id: "1", deliveries: 0, duplicate: false };
    script = [json(429, { error: "slow", code: "rate_limited" }), json(202, { event })];
    expect(await client().call("publishEvents", { body })).toEqual({ event });
    script = [json(503, overloaded), json(202, { event })];
    expect(await client().call("publishEvents", { body: { ...body, idempotencyKey: "k" } }, { isIdempotent: true })).toEqual({ event });
    expect(calls).toHaveLength(5);
  });

  it("what was lost is called again where that is wanted and does no harm", async () => {
    const lost = (_: Call, response: ServerResponse): void => void response.destroy();
    const retry = { attemptsMax: 4, waitMaxMs: 60_000, isLossRetried: true };
    const gateway = (_: Call, response: ServerResponse): void => void response.writeHead(502).end("bad gateway");
    script = [lost, gateway, json(500, { error: "ouch", code: "internal_error" }), json(200, { keys: [] })];
    expect(await client({ retry }).call("listKeys")).toEqual({ keys: [] });
    expect(waits).toEqual([500, 1_000, 2_000]);
    script = [lost];
    const body = { shop: "a.example", topic: "orders/create", payload: {} };
    expect(await errorOf(client({ retry }).call("publishEvents", { body }))).toMatchObject({ code: "unreachable" });
    script = [json(404, { error: "no", code: "not_found" }), json(401, { error: "no", code: "token_invalid" })];
    expect(await errorOf(client({ retry }).call("listKeys"))).toMatchObject({ code: "not_found" });
    expect(await errorOf(client({ retry }).call("listKeys"))).toMatchObject({ code: "token_invalid" });
    expect(calls).toHaveLength(7);
  });

  it("waiting ends with the caller's signal, and leaves nothing behind on it", async () => {
    const aborter = new AbortController();
    const reason = new Error("enough");
    const patient = new ApiClient({ origin, credentials: { kind: "none" }, onRetry: () => aborter.abort(reason) });
    script = [json(503, overloaded, { "Retry-After": "50" })];
    await expect(patient.call("listKeys", {}, { signal: aborter.signal })).rejects.toBe(reason);
    script = [json(503, overloaded, { "Retry-After": "0" }), json(200, { keys: [] })];
    const { signal } = new AbortController();
    await new ApiClient({ origin, credentials: { kind: "none" } }).call("listKeys", {}, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("other errors are not waited for", async () => {
    script = [json(500, { error: "ouch", code: "internal_error" })];
    expect(await errorOf(client().call("listKeys"))).toMatchObject({ code: "internal_error" });
    expect([calls.length, waits]).toEqual([1, []]);
  });

  it("Retry-After is read as seconds or as a date, and nothing else", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    for (const [text, waitMs] of [
      ["0", 0],
      ["120", 120_000],
      ["Thu, 01 Jan 2026 00:00:10 GMT", 10_000],
      ["Thu, 01 Jan 2020 00:00:10 GMT", 0],
      ["soon", null],
      ["-5", null],
      [null, null],
    ] as const) {
      expect([text, readRetryAfter(text, now)]).toEqual([text, waitMs]);
    }
  });

  it("waits grow, bounded, by up to a fifth more or less", () => {
    const options = { attemptsMax: 9, waitMaxMs: 3_000 };
    expect([1, 2, 3, 4, 8, 9].map((attempt) => waitBeforeRetry(attempt, null, options, 0.5))).toEqual([
      500,
      1_000,
      2_000,
      3_000,
      3_000,
      null,
    ]);
    expect([0, 1].map((random) => waitBeforeRetry(1, null, options, random))).toEqual([400, 600]);
  });
});
