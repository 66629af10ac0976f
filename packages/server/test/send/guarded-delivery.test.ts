import { startDnsServer, startRawEndpoint } from "@genhook/testkit";
import { afterEach, expect, test } from "vitest";
import { Harness, ORDER } from "../harness.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(flags: Readonly<Record<string, string>>): Promise<Harness> {
  const harness = await new Harness().start({ "allow-private-addresses": "false", ...flags });
  closers.push(() => harness.stop());
  return harness;
}

test("a name that turns private after it was subscribed: nothing arrives, the operator reads why, the app only that it was refused", async () => {
  const canary = await startRawEndpoint({});
  closers.push(() => canary.close());
  const names = await startDnsServer(() => ["127.0.0.1", "::1"]);
  closers.push(() => names.close());
  const harness = await start({ "dns-servers": names.address });
  const app = await harness.install();
  await harness.subscribe(app, "orders/create", `https://app.example.com:${canary.port}/hooks`);
  const eventId = (await harness.publish("orders/create", ORDER)).body.event.id as string;
  const list = await harness.until(`/platform/v1/deliveries?eventId=${eventId}`, ({ body }) => body.deliveries[0]?.attemptCount > 0);
  expect(list.body.deliveries[0]).toMatchObject({ state: "pending", lastError: "address_refused" });
  const { id } = list.body.deliveries[0] as { id: string };
  const shown = await harness.call("GET", `/platform/v1/deliveries/${id}`);
  expect(shown.body.delivery.attempts[0].detail).toContain("app.example.com resolves to 127.0.0.1 (IPv4 loopback), ::1 (IPv6 loopback)");
  const own = await harness.call("GET", `/api/202412/app/deliveries/${id}`, undefined, { token: app.token });
  expect(own.body.delivery.attempts[0].error).toBe("address_refused");
  expect(own.text).not.toMatch(/127\.0\.0\.1|::1|loopback/);
  expect(names.questions.length).toBeGreaterThan(0);
  expect(canary.connections).toBe(0);
});

test("networks that the operator refuses are refused when an address is given, and when a name leads there", async () => {
  const names = await startDnsServer(() => ["8.8.8.8", "2606:4700::1"]);
  closers.push(() => names.close());
  const harness = await start({ "dns-servers": names.address, "refused-networks": "8.8.8.0/24, 2606:4700::/32" });
  const app = await harness.install();
  const refused = await harness.call(
    "POST",
    "/api/202412/app/webhooks",
    { webhook: { topic: "orders/create", address: "https://8.8.8.1/" } },
    { token: app.token },
  );
  expect([refused.status, refused.body.code, refused.body.member]).toEqual([422, "address_refused", "webhook.address"]);
  await harness.subscribe(app, "orders/create", "https://app.example.com/");
  const eventId = (await harness.publish("orders/create", ORDER)).body.event.id as string;
  const list = await harness.until(`/platform/v1/deliveries?eventId=${eventId}`, ({ body }) => body.deliveries[0]?.attemptCount > 0);
  expect(list.body.deliveries[0].lastError).toBe("address_refused");
});
