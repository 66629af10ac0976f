import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { makeSigningSecret, signedDelivery } from "@genhook/receiver/testing";
import type { Express } from "express";
import { afterEach, expect, test, vi } from "vitest";
import { webhookApp as before } from "../src/before.ts";
import { webhookApp as moved } from "../src/moved.ts";
import { webhookApp as withKit } from "../src/with-kit.ts";

const SECRET = "a client secret, the same on both sides";
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function send(app: Express, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<number> {
  const server = app.listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/webhooks`, { method: "POST", headers, body: new Uint8Array(body) });
  return response.status;
}

test("moving is another prefix: the HMAC is the same one", async () => {
  const source = (name: string): string => readFileSync(new URL(`../src/${name}.ts`, import.meta.url), "utf8");
  expect(source("before").replaceAll("X-Shopify-", "X-Genstore-")).toBe(source("moved"));
  const work = vi.fn<(topic: string, shop: string, payload: unknown) => void>();
  const body = new TextEncoder().encode('{"id":820982911946154508,"total_price":"403.00"}');
  const headers = {
    "Content-Type": "application/json",
    "X-Shopify-Topic": "orders/create",
    "X-Shopify-Shop-Domain": "my-shop.myshopify.com",
    "X-Shopify-Hmac-Sha256": createHmac("sha256", SECRET).update(body).digest("base64"),
  };
  expect(await send(before(SECRET, work), headers, body)).toBe(200);
  const delivery = await signedDelivery({ topic: "orders/create", clientSecret: SECRET });
  expect(await send(moved(SECRET, work), delivery.headers, delivery.body)).toBe(200);
  expect(await send(moved("another secret", work), delivery.headers, delivery.body)).toBe(401);
  expect(work.mock.calls.map(([topic, shop]) => [topic, shop])).toEqual([
    ["orders/create", "my-shop.myshopify.com"],
    ["orders/create", "test-shop.genmystore.com"],
  ]);
  // What has to be read differently: the payload has its name around it.
  expect(work.mock.calls[1]?.[2]).toHaveProperty("order.id");
});

test("with the kit, the same delivery counts once; by hand it counts as often as it comes", async () => {
  const signingSecret = await makeSigningSecret();
  const delivery = await signedDelivery({ topic: "orders/create", clientSecret: SECRET, signingSecret });
  for (const [app, times] of [
    [moved, 2],
    [withKit, 1],
  ] as const) {
    const work = vi.fn<(topic: string, shop: string, payload: unknown) => void>();
    const receiver = app(app === moved ? SECRET : signingSecret, work);
    expect([await send(receiver, delivery.headers, delivery.body), await send(receiver, delivery.headers, delivery.body)]).toEqual([
      200, 200,
    ]);
    expect(work).toHaveBeenCalledTimes(times);
  }
});
