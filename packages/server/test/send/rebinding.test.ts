import fc from "fast-check";
import {
  startDnsServer,
  startEndpoint,
  startRawEndpoint,
  type DnsAnswer,
  type DnsQuestion,
  type DnsServer,
  type RawEndpoint,
} from "@genhook/testkit";
import { afterEach, expect, test } from "vitest";
import { dnsResolve } from "../../src/send/dns-resolve.ts";
import { guardedLookup } from "../../src/send/guarded-dial.ts";
import type { HttpSender, HttpSenderOptions } from "../../src/send/http-sender.ts";
import { judgeIp } from "../../src/send/ip-ranges.ts";
import { attempt, makeRequest, makeSender, wordOf } from "./sending.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function nameServer(answer: (question: DnsQuestion) => DnsAnswer): Promise<DnsServer> {
  const server = await startDnsServer(answer);
  closers.push(() => server.close());
  return server;
}

function senderBy(server: DnsServer, more: Partial<HttpSenderOptions> = {}): HttpSender {
  const sender = makeSender({ allowPrivate: false, resolve: dnsResolve({ servers: [server.address] }), ...more });
  closers.push(() => sender.close());
  return sender;
}

async function makeCanary(): Promise<RawEndpoint> {
  const canary = await startRawEndpoint({});
  closers.push(() => canary.close());
  return canary;
}

const PRIVATE_ANSWERS: readonly (readonly [string, DnsAnswer])[] = [
  ["loopback", ["127.0.0.1"]],
  ["loopback, IPv6", ["::1"]],
  ["the unspecified address", ["0.0.0.0", "::"]],
  ["v4-mapped loopback", ["::ffff:7f00:1"]],
  ["NAT64 loopback", ["64:ff9b::7f00:1"]],
  ["6to4 loopback", ["2002:7f00:1::1"]],
  ["cloud metadata", ["169.254.169.254", "fd00:ec2::254"]],
  ["many private addresses", ["10.0.0.1", "192.168.0.1", "172.16.0.1", "fc00::1", "fe80::1", "127.0.0.1"]],
  ["another name, which is private", { cname: "internal.example.net" }],
];

test.each(PRIVATE_ANSWERS)("a name that leads to %s: nothing arrives", async (_, answer) => {
  const canary = await makeCanary();
  const server = await nameServer(({ name }) => (name === "internal.example.net" ? ["127.0.0.1", "::1"] : answer));
  const sender = senderBy(server);
  for (const scheme of ["http", "https"]) {
    await expect(attempt(sender, makeRequest(`${scheme}://app.example.com:${canary.port}/`))).resolves.toMatchObject({
      error: "address_refused",
    });
  }
  expect(server.questions.map(({ name }) => name)).toContain("app.example.com");
  expect(canary.connections).toBe(0);
});

test("a rebinding name (another answer to each question) is asked once per connection, and what is dialled is what was vetted", async () => {
  const addresses = ["127.0.0.1", "1.1.1.1", "::1", "2606:4700::1111", "10.0.0.1", "169.254.169.254", "9.9.9.9", "::ffff:a00:1"];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.subarray(addresses, { minLength: 1 }), { minLength: 1, maxLength: 6 }), async (answers) => {
      const server = await startDnsServer(({ count }) => answers[(count - 1) % answers.length] ?? []);
      const lookup = guardedLookup({ allowPrivate: false, resolve: dnsResolve({ servers: [server.address] }) });
      for (const given of answers) {
        const found = await new Promise((resolve) => {
          lookup("app.example.com", { all: true }, (error, all) => resolve(error === null ? all : error));
        });
        const vetted = given.filter((address) => judgeIp(address) === null);
        if (vetted.length === 0) expect(found).toMatchObject({ code: "GENHOOK_ADDRESS_REFUSED" });
        else expect((found as { address: string }[]).map(({ address }) => address).toSorted()).toEqual(vetted.toSorted());
      }
      expect(server.questions.filter(({ type }) => type === "A")).toHaveLength(answers.length);
      await server.close();
    }),
    { numRuns: 30 },
  );
});

test("a connection does not outlive its time: then the name is looked up again", async () => {
  const endpoint = await startEndpoint();
  closers.push(() => endpoint.close());
  const server = await nameServer(({ count }) => (count === 1 ? ["127.0.0.1"] : "no such name"));
  const sender = senderBy(server, { allowPrivate: true, connectionLifeMs: 300 });
  const words: string[] = [];
  while (words.at(-1) !== "dns_failed") words.push(wordOf(await attempt(sender, makeRequest(`http://app.example.com:${endpoint.port}/`))));
  // As long as the connection lives its name is not asked for; a server that dies with it has its attempts' own word.
  expect(words.length).toBeGreaterThan(1);
  expect(new Set(words.slice(0, -1))).toEqual(new Set(["200"]));
  expect(new Set(endpoint.received.map(({ connection }) => connection))).toEqual(new Set([1]));
});

test("names whose servers keep silent do not hold up other names", async () => {
  const endpoint = await startEndpoint();
  closers.push(() => endpoint.close());
  const server = await nameServer(({ name }) => (name.startsWith("silent") ? "silence" : ["127.0.0.1"]));
  const sender = senderBy(server, { allowPrivate: true, timeoutMs: 1_500 });
  const ended: string[] = [];
  const follow = async (host: string): Promise<void> => {
    ended.push(`${host.replace(/\d+/, "")} ${wordOf(await attempt(sender, makeRequest(`http://${host}.example.com:${endpoint.port}/`)))}`);
  };
  await Promise.all([...Array.from({ length: 40 }, (_, n) => follow(`silent${n}`)), follow("good")]);
  expect(ended[0]).toBe("good 200");
  expect(new Set(ended.slice(1))).toEqual(new Set(["silent timeout"]));
});

test.each<[string, (question: DnsQuestion) => DnsAnswer, string]>([
  ["fails for IPv6", ({ type }) => (type === "A" ? ["127.0.0.1"] : "failure"), "200"],
  ["keeps silent for IPv6", ({ type }) => (type === "A" ? ["127.0.0.1"] : "silence"), "200"],
  ["denies the name for IPv6", ({ type }) => (type === "A" ? ["127.0.0.1"] : "no such name"), "200"],
  ["has no address", () => [], "dns_failed"],
  ["does not know the name", () => "no such name", "dns_failed"],
  ["fails", () => "failure", "dns_failed"],
  ["keeps silent", () => "silence", "timeout"],
])("a name server that %s", async (_, answer, word) => {
  const endpoint = await startEndpoint();
  closers.push(() => endpoint.close());
  const sender = senderBy(await nameServer(answer), { allowPrivate: true, timeoutMs: word === "timeout" ? 500 : 10_000 });
  expect(wordOf(await attempt(sender, makeRequest(`http://app.example.com:${endpoint.port}/`)))).toBe(word);
});

test("a name server that is not there is dns_failed, not the endpoint's refusal", async () => {
  const server = await startDnsServer(() => []);
  await server.close();
  expect(wordOf(await attempt(senderBy(server, { timeoutMs: 15_000 }), makeRequest("https://app.example.com/")))).toBe("dns_failed");
});
