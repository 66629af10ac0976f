import {
  startEgressProxy,
  startEndpoint,
  testCertificate,
  type EgressProxy,
  type EgressProxyOptions,
  type Endpoint,
} from "@genhook/testkit";
import { afterEach, expect, test } from "vitest";
import type { HttpSender } from "../../src/send/http-sender.ts";
import { attempt, BODY, makeRequest, makeSender, wordOf } from "./sending.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function proxyOf(options: EgressProxyOptions = {}): Promise<EgressProxy> {
  const proxy = await startEgressProxy(options);
  open.push(proxy);
  return proxy;
}

async function endpointOf(tls: boolean): Promise<Endpoint> {
  const endpoint = await startEndpoint({ tls });
  open.push(endpoint);
  return endpoint;
}

function senderOver(proxy: string, more: Parameters<typeof makeSender>[0] = {}): HttpSender {
  const sender = makeSender({
    proxy,
    ca: [testCertificate.ca],
    // Nobody here resolves the names of endpoints.
    resolve: () => {
      throw new Error("a name was looked up beside the proxy");
    },
    ...more,
  });
  open.push(sender);
  return sender;
}

test("an https endpoint is reached through a tunnel, by its name, with its certificate checked, and the connection is kept", async () => {
  const endpoint = await endpointOf(true);
  const proxy = await proxyOf({ names: { "app.example.com": endpoint.port } });
  const sender = senderOver(proxy.url, { allowPrivate: false });
  const address = `https://app.example.com:${endpoint.port}/hooks`;
  expect(wordOf(await attempt(sender, makeRequest(address)))).toBe("200");
  expect(wordOf(await attempt(sender, makeRequest(address)))).toBe("200");
  expect(proxy.asked).toEqual([`app.example.com:${endpoint.port}`]);
  expect(endpoint.received.map(({ path, body, connection }) => [path, body.equals(BODY), connection])).toEqual([
    ["/hooks", true, 1],
    ["/hooks", true, 1],
  ]);
  expect(endpoint.received[0]?.headers["host"]).toBe(`app.example.com:${endpoint.port}`);
  expect(Object.keys(endpoint.received[0]?.headers ?? {}).filter((name) => name.startsWith("proxy"))).toEqual([]);
});

test("the default port is named to the proxy, and a certificate for another name is refused", async () => {
  const endpoint = await endpointOf(true);
  const proxy = await proxyOf({ names: { "other.example.org": endpoint.port } });
  const sender = senderOver(proxy.url, { allowPrivate: false });
  expect(wordOf(await attempt(sender, makeRequest("https://other.example.org/hooks")))).toBe("tls_failed");
  expect(proxy.asked).toEqual(["other.example.org:443"]);
});

test("http endpoints of a development setup go through a tunnel too", async () => {
  const endpoint = await endpointOf(false);
  const proxy = await proxyOf();
  expect(wordOf(await attempt(senderOver(proxy.url), makeRequest(`${endpoint.url}/plain`)))).toBe("200");
  expect(proxy.asked).toEqual([new URL(endpoint.url).host]);
});

test("a proxy may speak TLS and ask for a password, whatever characters it has", async () => {
  const endpoint = await endpointOf(true);
  const proxy = await proxyOf({ tls: true, credentials: "genhook:p@ss/wörd%", names: { "app.example.com": endpoint.port } });
  const url = new URL(proxy.url.replace(/\/\/.*@/, "//"));
  const address = "https://app.example.com/hooks";
  url.username = "genhook";
  url.password = "p@ss/wörd%";
  expect(wordOf(await attempt(senderOver(url.href), makeRequest(address)))).toBe("200");
  url.password = "wrong";
  const refused = await attempt(senderOver(url.href), makeRequest(address));
  expect(refused).toMatchObject({ kind: "failure", error: "connect_failed", detail: expect.stringContaining("answered 407") as string });
  expect(JSON.stringify(refused)).not.toContain("wrong");
});

test.each(["https://127.0.0.1/", "https://10.0.0.1/", "https://[::1]/", "https://[::ffff:169.254.169.254]/", "https://2130706433/"])(
  "%s is refused before the proxy is asked",
  async (address) => {
    const proxy = await proxyOf();
    expect(wordOf(await attempt(senderOver(proxy.url, { allowPrivate: false }), makeRequest(address)))).toBe("address_refused");
    expect(proxy.asked).toEqual([]);
  },
);

test.each<[string, EgressProxyOptions, string, string]>([
  ["refuses the target", { refuse: () => 403 }, "address_refused", "refuses app.example.com:443"],
  ["cannot reach it", { refuse: () => 502 }, "connect_failed", "answered 502 No Such Luck for app.example.com:443"],
  [
    "says why by RFC 9209",
    { refuse: () => 502, refusalHeader: 'Proxy-Status: proxy.internal; error=dns_error; rcode="NXDOMAIN"' },
    "connect_failed",
    'answered 502 No Such Luck for app.example.com:443: proxy.internal; error=dns_error; rcode="NXDOMAIN"',
  ],
  [
    "says why as Squid does",
    { refuse: () => 503, refusalHeader: "X-Squid-Error: ERR_CONNECT_FAIL 111" },
    "connect_failed",
    ": ERR_CONNECT_FAIL 111",
  ],
  [
    "refuses it by a rule",
    { refuse: () => 403, refusalHeader: "X-Squid-Error: ERR_ACCESS_DENIED 0" },
    "address_refused",
    ": ERR_ACCESS_DENIED 0",
  ],
  ["asks who we are", { refuse: () => 407 }, "connect_failed", "answered 407"],
  ["closes", { refuse: () => "close" }, "connect_failed", "could not be used"],
  ["says nothing", { refuse: () => "hang" }, "timeout", "while connecting"],
])("a proxy that %s: %s", async (_, options, error, detail) => {
  const proxy = await proxyOf(options);
  const outcome = await attempt(senderOver(proxy.url, { timeoutMs: 300 }), makeRequest("https://app.example.com/hooks"));
  expect(outcome).toMatchObject({ kind: "failure", error, detail: expect.stringContaining(detail) as string });
});

test("without a proxy there where it should be, nothing is connected", async () => {
  const proxy = await proxyOf();
  await proxy.close();
  const outcome = await attempt(senderOver(proxy.url), makeRequest("https://app.example.com/hooks"));
  expect(outcome).toMatchObject({ kind: "failure", error: "connect_failed", detail: expect.stringContaining("ECONNREFUSED") as string });
});
