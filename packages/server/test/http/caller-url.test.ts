import { request as httpRequest } from "node:http";
import { afterEach, expect, test } from "vitest";
import { resolveSettings } from "../../src/index.ts";
import { Harness, type Installed } from "../harness.ts";

const h = new Harness();
afterEach(() => h.stop());

const SHOP = "suns-shop.genmystore.com";
const OTHER = "other-shop.genmystore.com";

/** Lists one webhook of two and gives the status and the address of the next page. */
function firstLink(app: Installed, headers: Readonly<Record<string, string>>): Promise<readonly [number, string]> {
  const url = new URL(`${h.origin}/api/202412/app/webhooks?limit=1`);
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { "X-Genstore-Access-Token": app.token, ...headers } }, (response) => {
      response.resume();
      const link = /<([^?]+)\?/.exec(String(response.headers["link"] ?? ""))?.[1] ?? "";
      resolve([response.statusCode ?? 0, link.replace("/api/202412/app/webhooks", "")]);
    });
    request.on("error", reject).end();
  });
}

async function start(flags: Readonly<Record<string, string>> = {}): Promise<Installed> {
  await h.start(flags);
  await h.call("PUT", `/platform/v1/shops/${OTHER}`, {});
  const app = await h.install({}, SHOP);
  await h.subscribe(app, "orders/create", "https://app.example.com/a");
  await h.subscribe(app, "orders/create", "https://app.example.com/b");
  return app;
}

test("links name what the caller used: host and port; nothing that could not be a host", async () => {
  const app = await start();
  expect(await firstLink(app, { Host: SHOP })).toEqual([200, `http://${SHOP}`]);
  expect(await firstLink(app, { Host: `${SHOP.toUpperCase()}:8443` })).toEqual([200, `http://${SHOP}:8443`]);
  expect(await firstLink(app, { Host: "[::1]:8080" })).toEqual([200, "http://[::1]:8080"]);
  expect(await firstLink(app, { Host: `${SHOP}.` })).toEqual([200, `http://${SHOP}.`]);
  expect(await firstLink(app, { Host: 'a"><b' })).toEqual([200, ""]);
  expect(await firstLink(app, { Host: `${OTHER}.` })).toEqual([401, ""]);
});

test("--public-url stands where the caller used no shop's own domain, and lends its scheme where he did", async () => {
  const app = await start({ "public-url": "https://hooks.example.com/" });
  expect(await firstLink(app, { Host: "10.0.0.7:8080" })).toEqual([200, "https://hooks.example.com"]);
  expect(await firstLink(app, { Host: SHOP })).toEqual([200, `https://${SHOP}`]);
  expect((await h.call("GET", "/openapi.json")).body.servers).toEqual([{ url: "https://hooks.example.com" }]);
});

test("forwarded headers count from a trusted proxy, the last value of several", async () => {
  const app = await start({ "trust-proxy": "loopback" });
  const forwarded = { Host: "10.0.0.7:8080", "X-Forwarded-Host": SHOP, "X-Forwarded-Proto": "https" };
  expect(await firstLink(app, forwarded)).toEqual([200, `https://${SHOP}`]);
  expect(await firstLink(app, { ...forwarded, "X-Forwarded-Host": `${OTHER}, ${SHOP}`, "X-Forwarded-Proto": "http, https" })).toEqual([
    200,
    `https://${SHOP}`,
  ]);
  expect(await firstLink(app, { ...forwarded, "X-Forwarded-Host": OTHER })).toEqual([401, ""]);
  expect(await firstLink(app, { ...forwarded, "X-Forwarded-Proto": "javascript" })).toEqual([200, `http://${SHOP}`]);
});

test("from anyone else they are ignored: they neither choose a shop nor get into a link", async () => {
  const app = await start({ "trust-proxy": "192.0.2.0/24,2001:db8::/32" });
  const spoofed = { Host: SHOP, "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https" };
  expect(await firstLink(app, spoofed)).toEqual([200, `http://${SHOP}`]);
  expect(await firstLink(app, { ...spoofed, "X-Forwarded-Host": OTHER })).toEqual([200, `http://${SHOP}`]);
  expect(await firstLink(app, { Host: OTHER, "X-Forwarded-Host": SHOP })).toEqual([401, ""]);
});

test.each(["", "everyone", "10.0.0.0/33", "10.0.0.1,,", "loopback private"])("--trust-proxy %j is refused", (text) => {
  expect(resolveSettings({ "trust-proxy": text }, {})).toMatchObject({
    ok: false,
    errors: [expect.stringContaining("--trust-proxy must be addresses or networks") as string],
  });
});

test.each(["proxy:3128", "socks5://proxy:1080", "http://proxy:3128/path", "http://user:secret@"])(
  "--egress-proxy %j is refused without showing it",
  (text) => {
    const resolved = resolveSettings({ "egress-proxy": text }, {});
    expect(resolved).toMatchObject({ ok: false, errors: ["--egress-proxy must be an address such as http://proxy.internal:3128."] });
  },
);
