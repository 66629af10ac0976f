import { createHash, createHmac, randomBytes } from "node:crypto";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Outcome } from "@genhook/core";
import { startEndpoint, testCertificate, type Endpoint } from "@genhook/testkit";
import { Webhook } from "standardwebhooks";
import { afterEach, expect, test } from "vitest";
import { createSealing } from "../../src/secrets/sealing.ts";
import { SecretVault } from "../../src/secrets/secret-vault.ts";
import type { HttpSender, HttpSenderOptions } from "../../src/send/http-sender.ts";
import { attempt, BODY, CLIENT_SECRET, makeRequest, makeSender as senderWith, SIGNING_SECRET } from "./sending.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function makeSender(more: Partial<HttpSenderOptions> = {}): HttpSender {
  const sender = senderWith(more);
  closers.push(() => sender.close());
  return sender;
}

async function endpointWith(...options: Parameters<typeof startEndpoint>): Promise<Endpoint> {
  const endpoint = await startEndpoint(...options);
  closers.push(() => endpoint.close());
  return endpoint;
}

/** A TCP server that answers as it is told, for answers that no HTTP server would give. */
async function rawServer(onData: (socket: Socket, request: string) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (data) => onData(socket, data.toString("latin1")));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("what arrives is the payload's bytes with exactly the documented headers, both signatures good", async () => {
  const endpoint = await endpointWith();
  const outcome = await attempt(makeSender(), makeRequest(`${endpoint.url}/hooks?a=b%20c`));
  expect(outcome).toMatchObject({ kind: "response", status: 200 });
  const [got] = endpoint.received;
  expect(got?.path).toBe("/hooks?a=b%20c");
  expect(got?.body.equals(BODY)).toBe(true);
  const headers = got?.headers ?? {};
  const standard = new Webhook(SIGNING_SECRET).verify(BODY.toString(), headers as Record<string, string>);
  expect(standard).toEqual(JSON.parse(BODY.toString()));
  const { host, "webhook-timestamp": timestamp, "webhook-signature": signature, "user-agent": agent, ...rest } = headers;
  expect(host).toBe(`127.0.0.1:${endpoint.port}`);
  expect(timestamp).toMatch(/^\d{10}$/);
  expect(signature).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  expect(agent).toMatch(/^Genhook\/\d+\.\d+\.\d+$/);
  expect(rest).toEqual({
    connection: "keep-alive",
    "content-length": String(BODY.length),
    "content-type": "application/json",
    accept: "*/*",
    "accept-encoding": "identity",
    "x-genstore-topic": "orders/create",
    "x-genstore-hmac-sha256": createHmac("sha256", CLIENT_SECRET).update(BODY).digest("base64"),
    "x-genstore-shop-domain": "suns-shop.genmystore.com",
    "x-genstore-api-version": "202412",
    "x-genstore-webhook-id": "8589934859",
    "x-genstore-triggered-at": "2024-12-30T23:59:59.123456789Z",
    "x-genstore-event-id": "0193f0a0-b1c2-7000-8000-00000000abcd",
    "x-genstore-attempt": "3",
    "webhook-id": "dlv_0193f0a0b1c27000800000000000abcd_8589934859",
  });
});

test("replays, tests and numbered deliveries say so; the webhook's UUID goes out by setting", async () => {
  const endpoint = await endpointWith();
  const request = makeRequest(endpoint.url, { isReplay: true, sequence: 17 });
  await attempt(makeSender({ webhookId: "uuid" }), { ...request, event: { ...request.event, isTest: true } });
  expect(endpoint.received[0]?.headers).toMatchObject({
    "x-genstore-replay": "true",
    "x-genstore-test": "true",
    "x-genstore-sequence": "17",
    "x-genstore-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
  });
});

test.each([200, 201, 204, 299, 301, 302, 400, 404, 410, 429, 500, 503])("status %i comes back as it was answered", async (status) => {
  const endpoint = await endpointWith({
    answer: () => (response) => response.writeHead(status, { location: "/elsewhere", "retry-after": "7" }).end(),
  });
  const outcome = await attempt(makeSender(), makeRequest(endpoint.url));
  expect(outcome).toMatchObject({ kind: "response", status, retryAfter: "7" });
  expect(endpoint.received).toHaveLength(1);
});

test("of a failed answer 4 KiB of body and the headers are kept, credentials masked; of a good one no headers", async () => {
  const endpoint = await endpointWith({
    answer: (got) => (response) =>
      response
        .writeHead(got.path === "/good" ? 200 : 500, { "set-cookie": ["a=secret", "b=secret"], "x-why": "because" })
        .end("x".repeat(10_000)),
  });
  const sender = makeSender();
  const bad = await attempt(sender, makeRequest(endpoint.url));
  if (bad.kind !== "response") throw new Error("no answer");
  expect(bad.responseHeaders).toContain("x-why: because");
  expect(bad.responseHeaders).toContain("set-cookie: (masked)");
  expect(bad.responseHeaders).not.toContain("secret");
  expect(bad.responseBody).toHaveLength(4_096);
  const good = await attempt(sender, makeRequest(`${endpoint.url}/good`));
  expect(good).toMatchObject({ kind: "response", responseHeaders: "" });
});

test("64 KiB of body count as the whole answer, however much would follow", async () => {
  const endpoint = await endpointWith({
    answer: () => (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
        response.once("drain", more);
      };
      more();
    },
  });
  await expect(attempt(makeSender(), makeRequest(endpoint.url))).resolves.toMatchObject({ kind: "response", status: 200 });
});

test.each([
  ["headers that never come", (): void => undefined],
  [
    "a body that never ends",
    (response: { writeHead(status: number): unknown; write(text: string): unknown }): void => {
      response.writeHead(200);
      response.write("half");
    },
  ],
])("the deadline ends %s", async (_, answer) => {
  const endpoint = await endpointWith({ answer: () => answer });
  const outcome = await attempt(makeSender({ timeoutMs: 200 }), makeRequest(endpoint.url));
  expect(outcome).toMatchObject({ kind: "failure", error: "timeout" });
});

test("the deadline also covers the look-up", async () => {
  const sender = makeSender({ timeoutMs: 200, resolve: () => undefined });
  await expect(attempt(sender, makeRequest("http://app.example.com/"))).resolves.toMatchObject({ kind: "failure", error: "timeout" });
});

test("a connection that nobody takes is connect_failed, an unknown name dns_failed, a private one address_refused", async () => {
  const free = await startEndpoint();
  await free.close();
  await expect(attempt(makeSender(), makeRequest(free.url))).resolves.toMatchObject({ error: "connect_failed" });
  const unknown = makeSender({ resolve: (_, done) => done(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), []) });
  await expect(attempt(unknown, makeRequest("http://app.example.com/"))).resolves.toMatchObject({ error: "dns_failed" });
  const endpoint = await endpointWith();
  const strict = makeSender({ allowPrivate: false, resolve: (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) });
  await expect(attempt(strict, makeRequest(`http://app.example.com:${endpoint.port}/`))).resolves.toMatchObject({
    error: "address_refused",
  });
  await expect(attempt(strict, makeRequest(endpoint.url))).resolves.toMatchObject({ error: "address_refused" });
  expect(endpoint.received).toHaveLength(0);
});

test("TLS: a certificate is checked against its name and authority; the authority can be given", async () => {
  const endpoint = await endpointWith({ tls: true });
  await expect(attempt(makeSender(), makeRequest(endpoint.url))).resolves.toMatchObject({ error: "tls_failed" });
  const trusting = makeSender({ ca: [testCertificate.ca], resolve: (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]) });
  await expect(attempt(trusting, makeRequest(`https://app.example.com:${endpoint.port}/`))).resolves.toMatchObject({ status: 200 });
  await expect(attempt(trusting, makeRequest(`https://other.example.com:${endpoint.port}/`))).resolves.toMatchObject({
    error: "tls_failed",
  });
});

test("what is no HTTP, a reset, an upgrade and too many headers each have their word", async () => {
  const sender = makeSender();
  const answers = async (text: string, ends = true): Promise<Outcome> =>
    attempt(
      sender,
      makeRequest(
        await rawServer((socket) => {
          socket.write(text);
          if (ends) socket.end();
        }),
      ),
    );
  await expect(answers("SSH-2.0-OpenSSH\r\n")).resolves.toMatchObject({ error: "malformed_response" });
  await expect(answers("")).resolves.toMatchObject({ error: "connection_lost" });
  await expect(answers("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")).resolves.toMatchObject({ error: "connection_lost" });
  await expect(answers("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")).resolves.toMatchObject({
    error: "upgrade_refused",
  });
  await expect(answers(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(40_000)}\r\n\r\n`)).resolves.toMatchObject({ error: "headers_too_large" });
  await expect(answers("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")).resolves.toMatchObject({
    status: 200,
  });
});

test("connections are reused; a reused one that the server had closed costs no attempt", async () => {
  const endpoint = await endpointWith();
  const sender = makeSender();
  await attempt(sender, makeRequest(endpoint.url));
  await attempt(sender, makeRequest(endpoint.url));
  expect(endpoint.received.map((each) => each.connection)).toEqual([1, 1]);
  let requests = 0;
  const address = await rawServer((socket) => {
    requests += 1;
    // Answers the first request of a connection, and dies on the second without a word.
    if (requests === 2) socket.destroy();
    else socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  await expect(attempt(sender, makeRequest(address))).resolves.toMatchObject({ status: 200 });
  await expect(attempt(sender, makeRequest(address))).resolves.toMatchObject({ status: 200 });
  expect(requests).toBe(3);
});

test("a fresh connection that dies is a failed attempt: nothing is sent twice by guess", async () => {
  let requests = 0;
  const address = await rawServer((socket) => {
    requests += 1;
    socket.destroy();
  });
  await expect(attempt(makeSender(), makeRequest(address))).resolves.toMatchObject({ error: "connection_lost" });
  expect(requests).toBe(1);
});

test("our own stop cuts off what is in flight, uncounted", async () => {
  const endpoint = await endpointWith({ answer: () => () => undefined });
  const sender = makeSender();
  const outcomes = [attempt(sender, makeRequest(endpoint.url)), attempt(sender, makeRequest(endpoint.url))];
  await endpoint.waitFor(2);
  sender.abortAll();
  await expect(Promise.all(outcomes)).resolves.toEqual([{ kind: "aborted" }, { kind: "aborted" }]);
});

test("a secret that cannot be opened is our failure, told to the operator", async () => {
  const told: unknown[] = [];
  const sender = makeSender({ secrets: new SecretVault(createSealing(randomBytes(32))), onInternalError: (error) => told.push(error) });
  await expect(attempt(sender, makeRequest("http://127.0.0.1:9/"))).resolves.toMatchObject({ error: "internal_error" });
  expect(told).toHaveLength(1);
});

test.each([true, false])("requests of all sizes at once arrive as they were sent, TLS: %s", async (tls) => {
  const endpoint = await endpointWith({ tls });
  const sender = makeSender({
    ca: [testCertificate.ca],
    resolve: (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
    timeoutMs: 20_000,
  });
  const address = `${tls ? "https" : "http"}://app.example.com:${endpoint.port}/`;
  const payloads = [0, 1, 1_000, 20_000, 31_000, 33_000, 1_000_000].flatMap((bytes) => Array.from({ length: 4 }, () => randomBytes(bytes)));
  const send = (payload: Buffer): Promise<Outcome> => {
    const request = makeRequest(address);
    return attempt(sender, { ...request, event: { ...request.event, payload } });
  };
  const hashes = (bodies: readonly Uint8Array[]): string[] =>
    bodies.map((body) => createHash("sha256").update(body).digest("hex")).toSorted();
  for (let round = 0; round < 2; round += 1) await Promise.all(payloads.map(send));
  expect(hashes(endpoint.received.map(({ body }) => body))).toEqual(hashes([...payloads, ...payloads]));
  expect(new Set(endpoint.received.map(({ connection }) => connection)).size).toBeLessThanOrEqual(payloads.length);
});

test("a value that would break out of its header is our failure; nothing is sent", async () => {
  const endpoint = await endpointWith();
  const told: unknown[] = [];
  const sender = makeSender({ onInternalError: (error) => told.push(error) });
  for (const shopDomain of ["a\r\nx-injected: b", "a\nb", "a\0b", "a\u2028b"]) {
    const outcome = await attempt(sender, makeRequest(endpoint.url, { shopDomain }));
    expect(outcome).toMatchObject({ error: "internal_error", detail: expect.stringContaining("X-Genstore-Shop-Domain") as string });
  }
  expect([endpoint.received.length, told.length]).toEqual([0, 4]);
});

test("a connection is not used up to the moment at which the server said it would close it", async () => {
  for (const [keepAlive, connections] of [
    ["timeout=1", [1, 2]],
    ["timeout=60", [1, 1]],
    ["max=1000", [1, 1]],
  ] as const) {
    const endpoint = await endpointWith({ answer: () => (response) => response.writeHead(200, { "keep-alive": keepAlive }).end() });
    const sender = makeSender();
    await attempt(sender, makeRequest(endpoint.url));
    await attempt(sender, makeRequest(endpoint.url));
    expect([keepAlive, endpoint.received.map(({ connection }) => connection)]).toEqual([keepAlive, connections]);
  }
});

test("attempts that began one after another end one after another, each at its own deadline", async () => {
  const endpoint = await endpointWith({ answer: () => () => undefined });
  const sender = makeSender({ timeoutMs: 150 });
  const outcomes: Promise<Outcome>[] = [];
  for (let n = 1; n <= 5; n += 1) {
    outcomes.push(attempt(sender, makeRequest(endpoint.url)));
    await endpoint.waitFor(n);
  }
  for (const outcome of await Promise.all(outcomes)) {
    if (outcome.kind !== "failure") throw new Error("it was answered");
    expect(outcome.error).toBe("timeout");
    expect(outcome.durationMs).toBeGreaterThanOrEqual(149);
  }
});

test("closing cuts off a connection that is being made, and one that is free", async () => {
  const endpoint = await endpointWith();
  const sender = makeSender({ resolve: () => undefined });
  await attempt(sender, makeRequest(endpoint.url));
  const lost = attempt(sender, makeRequest("http://app.example.com/"));
  sender.abortAll();
  await expect(lost).resolves.toEqual({ kind: "aborted" });
  const lostToo = attempt(sender, makeRequest("http://app.example.com/"));
  await sender.close();
  await expect(lostToo).resolves.toEqual({ kind: "aborted" });
  await endpoint.close();
});
