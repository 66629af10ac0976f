import { connect } from "node:net";
import { openMemoryStore } from "@genhook/storage";
import { DirectoryService } from "@genhook/core";
import { afterEach, expect, test } from "vitest";
import { CallerUrl } from "../../src/http/caller-url.ts";
import { WrongCredentials } from "../../src/http/wrong-credentials.ts";
import { makeHttpServer, type HttpServerOptions } from "../../src/http/http-server.ts";

/** A server whose one handler fails as it is told; everything before the handler is the real thing. */
async function start(more: Partial<HttpServerOptions>): Promise<{ readonly origin: string; readonly errors: unknown[] }> {
  const store = openMemoryStore();
  const directory = new DirectoryService({ store, now: Date.now, onChange: () => undefined });
  const callerUrl = new CallerUrl({ trustProxy: [], publicUrl: null, isShopDomain: () => false });
  const errors: unknown[] = [];
  const server = makeHttpServer(
    {
      access: { store, directory, now: Date.now, callerUrl, wrong: new WrongCredentials(() => 0) },
      app: {},
      apps: {},
      signIn: {},
      platform: {},
      open: {},
      portal: null,
      answersCalls: true,
      requestTimeoutMs: 60_000,
      onAnswer: () => undefined,
      onError: (error, requestId) => errors.push([error, requestId]),
      ...more,
    },
    "all",
  );
  stop = () => server.close();
  return { origin: await server.listen({ host: "127.0.0.1", port: 0 }), errors };
}
let stop: () => Promise<unknown> = () => Promise.resolve();
afterEach(() => stop());

test("a store that is down is 503 with Retry-After, and told to us", async () => {
  const down = Object.assign(new Error("the disk is full"), { code: "store_unavailable" });
  const { origin, errors } = await start({ open: { getHealth: () => Promise.reject(down) } });
  const answer = await fetch(`${origin}/healthz`, { headers: { "X-Request-Id": "r-1" } });
  expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(await answer.json()).toEqual({ error: "The store cannot be used just now; try again later.", code: "overloaded" });
  expect(errors).toEqual([[down, "r-1"]]);
});

test("what an answer took is measured from the request on, whether it succeeds or fails", async () => {
  const takes = 30;
  const waits = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, takes));
  const told: [string, number, number][] = [];
  const { origin } = await start({
    open: {
      getHealth: () => waits().then(() => ({ body: { alive: true } })),
      getReadiness: () => waits().then(() => Promise.reject(new Error("not now"))),
    },
    onAnswer: (route, status, durationMs) => told.push([route?.operation ?? "none", status, durationMs]),
  });
  await fetch(`${origin}/healthz`);
  await fetch(`${origin}/readyz`);
  expect(told.map(([operation, status]) => [operation, status])).toEqual([
    ["getHealth", 200],
    ["getReadiness", 500],
  ]);
  // A timer may end a little before its time by another clock.
  for (const [, , durationMs] of told) expect(durationMs).toBeGreaterThan(takes * 0.9);
});

test.each<[string, () => Promise<never>]>([
  ["a handler that rejects", () => Promise.reject(new Error("secret: whsec_abc"))],
  [
    "a handler that throws at once",
    () => {
      throw new TypeError("secret: whsec_abc");
    },
  ],
])("%s is 500 with the request's id and nothing of the error", async (_, getHealth) => {
  const { origin, errors } = await start({ open: { getHealth } });
  const answer = await fetch(`${origin}/healthz`, { headers: { "X-Request-Id": "r-2" } });
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({ error: "Something failed on our side; request r-2.", code: "internal_error" });
  expect(errors).toHaveLength(1);
});

test.each([
  ["headers", "GET /healthz HTTP/1.1\r\nHost: a\r\n"],
  ["body", "POST /platform/v1/shops HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"],
])("a request whose %s does not come to an end is 408, in the contract's shape, and the connection ends", async (what, bytes) => {
  const platform = { createShop: () => new Promise<never>(() => undefined) };
  const { origin } = await start({ requestTimeoutMs: 200, platform });
  const { hostname, port } = new URL(origin);
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let seen = "";
    socket.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => resolve(seen));
  });
  // A call without credentials is answered before its body has come; then the rest of it is waited for, for as long.
  const answers = text.split(/(?=HTTP\/1\.1 )/);
  expect(answers.map((answer) => answer.slice(9, 12))).toEqual(what === "body" ? ["401", "408"] : ["408"]);
  expect(JSON.parse(answers.at(-1)?.split("\r\n\r\n")[1] ?? "")).toEqual({
    error: "The request did not arrive in time.",
    code: "request_timeout",
  });
});
