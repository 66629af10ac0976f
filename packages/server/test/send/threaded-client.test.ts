import { createHash, randomBytes } from "node:crypto";
import { startDnsServer, startEndpoint, testCertificate, type DnsServer, type Endpoint } from "@genhook/testkit";
import type { Outcome } from "@genhook/core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { HttpSender, HttpSenderOptions } from "../../src/send/http-sender.ts";
import { attempt, BODY, makeRequest, makeSender, wordOf } from "./sending.ts";

let names: DnsServer;
beforeAll(async () => {
  names = await startDnsServer(({ name }) => (name.startsWith("private") ? ["10.0.0.1"] : ["127.0.0.1"]));
});
afterAll(() => names.close());

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

function senderOver(count: number, more: Partial<HttpSenderOptions> = {}): HttpSender {
  const sender = makeSender({ timeoutMs: 20_000, threads: { count, nameServers: [names.address] }, ca: [testCertificate.ca], ...more });
  open.push(sender);
  return sender;
}

async function endpointWith(...options: Parameters<typeof startEndpoint>): Promise<Endpoint> {
  const endpoint = await startEndpoint(...options);
  open.push(endpoint);
  return endpoint;
}

test("requests of all sizes to several origins arrive as they were sent, connections are kept, answers come back to whom they belong", async () => {
  const endpoints = await Promise.all(
    [false, false, true].map((tls) =>
      endpointWith({
        tls,
        answer:
          ({ body }) =>
          (response) =>
            response.writeHead(500).end(`${body.length} bytes`),
      }),
    ),
  );
  const sender = senderOver(2);
  const payloads = [0, 1, 1_000, 40_000, 1_000_000].flatMap((bytes) => [randomBytes(bytes), randomBytes(bytes)]);
  const send = async (endpoint: Endpoint, payload: Buffer): Promise<void> => {
    const request = makeRequest(endpoint.url.replace("127.0.0.1", "app.example.com"));
    const outcome = await attempt(sender, { ...request, event: { ...request.event, payload } });
    if (outcome.kind !== "response") throw new Error(JSON.stringify(outcome));
    expect([outcome.status, Buffer.from(outcome.responseBody).toString()]).toEqual([500, `${payload.length} bytes`]);
    expect(outcome.responseHeaders).toContain("connection: keep-alive");
  };
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(endpoints.flatMap((endpoint) => payloads.map((payload) => send(endpoint, payload))));
  }
  const hashes = (bodies: readonly Uint8Array[]): string[] =>
    bodies.map((body) => createHash("sha256").update(body).digest("hex")).toSorted();
  for (const { received } of endpoints) {
    expect(hashes(received.map(({ body }) => body))).toEqual(hashes([...payloads, ...payloads]));
    expect(new Set(received.map(({ connection }) => connection)).size).toBeLessThanOrEqual(payloads.length);
  }
});

test("threads vet addresses, know the authorities and keep the clock", async () => {
  const endpoint = await endpointWith({ tls: true });
  const silent = await endpointWith({ answer: () => () => undefined });
  const strict = senderOver(1, { allowPrivate: false });
  const words = [];
  for (const host of ["127.0.0.1", "private.example.com", "app.example.com"]) {
    words.push(wordOf(await attempt(strict, makeRequest(`https://${host}:${endpoint.port}/`))));
  }
  expect(words).toEqual(["address_refused", "address_refused", "address_refused"]);
  expect(wordOf(await attempt(senderOver(1, { ca: null }), makeRequest(`https://app.example.com:${endpoint.port}/`)))).toBe("tls_failed");
  expect(wordOf(await attempt(senderOver(1), makeRequest(`https://app.example.com:${endpoint.port}/`)))).toBe("200");
  expect(wordOf(await attempt(senderOver(1, { timeoutMs: 100 }), makeRequest(silent.url)))).toBe("timeout");
});

test("a stop cuts off what is in flight in a thread and what is still on its way there, uncounted", async () => {
  const endpoint = await endpointWith({ answer: () => () => undefined });
  const sender = senderOver(2);
  const inFlight = attempt(sender, makeRequest(endpoint.url));
  await endpoint.waitFor(1);
  const onTheWay = attempt(sender, makeRequest(endpoint.url));
  sender.abortAll();
  await expect(Promise.all([inFlight, onTheWay])).resolves.toEqual([{ kind: "aborted" }, { kind: "aborted" }]);
  const atTheEnd = attempt(sender, makeRequest(endpoint.url));
  await sender.close();
  await expect(atTheEnd).resolves.toEqual({ kind: "aborted" });
});

test("a thread that ends takes no endpoint with it, and another one goes on", async () => {
  const endpoint = await endpointWith();
  const told: unknown[] = [];
  // No look-up can be made of this: the thread fails as it starts.
  const broken = senderOver(1, { threads: { count: 1, nameServers: ["no name server"] }, onInternalError: (error) => told.push(error) });
  for (let n = 1; n <= 2; n += 1) {
    await expect(attempt(broken, makeRequest(endpoint.url))).resolves.toMatchObject({ kind: "failure", error: "internal_error" });
    expect(told).toHaveLength(n);
  }
  expect(endpoint.received).toEqual([]);
});

test("what is on its way to a thread is no longer ours to change", async () => {
  const endpoint = await endpointWith();
  const sender = senderOver(1);
  const payload = Buffer.from(BODY);
  const request = makeRequest(endpoint.url);
  const outcome: Promise<Outcome> = attempt(sender, { ...request, event: { ...request.event, payload } });
  await Promise.resolve();
  payload.fill(0);
  await expect(outcome).resolves.toMatchObject({ status: 200 });
  expect(endpoint.received[0]?.body.equals(BODY)).toBe(true);
});
