import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { makeSigningSecret, signedDelivery } from "@genhook/receiver/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { orderSync } from "../src/app.ts";

const SHOP = "my-shop.genmystore.com";
const signingSecret = await makeSigningSecret();
const server = orderSync({ database: new DatabaseSync(":memory:"), signingSecret }).listen(0, "127.0.0.1");
const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
beforeAll(async () => {
  if (!server.listening) await once(server, "listening");
});
afterAll(() => void server.close());

async function send(topic: string, payload: object, second: number, deliveryId: string): Promise<number> {
  const triggeredAt = `2026-01-01T00:00:0${second}.000000000Z`;
  const { headers, body } = await signedDelivery({ topic, payload, shopDomain: SHOP, signingSecret, triggeredAt, deliveryId });
  return (await fetch(`${origin()}/webhooks`, { method: "POST", headers, body: new Uint8Array(body) })).status;
}
const order = (financialStatus: string): object => ({ order: { id: "1", customer: { id: "77" }, financialStatus } });
const orders = async (): Promise<unknown> => ((await (await fetch(`${origin()}/orders/${SHOP}`)).json()) as { orders: unknown }).orders;

test("keeps what the newest event says, takes a delivery once, and forgets who is to be forgotten", async () => {
  expect(await send("orders/create", order("pending"), 1, "d1")).toBe(200);
  expect(await send("orders/paid", order("paid"), 3, "d3")).toBe(200);
  // Overtaken on the way: it is older than what is known.
  expect(await send("orders/update", order("pending"), 2, "d2")).toBe(200);
  expect(await orders()).toMatchObject([{ id: "1", financialStatus: "paid" }]);
  // The same delivery again, whatever it says now, is not processed again.
  expect(await send("orders/update", order("refunded"), 4, "d3")).toBe(200);
  expect(await orders()).toMatchObject([{ id: "1", financialStatus: "paid" }]);
  expect(await send("customers/redact", { customerRedact: { shopId: "1", customer: { id: "77" } } }, 5, "d5")).toBe(200);
  expect(await orders()).toEqual([]);
});

test("takes nothing that is not signed", async () => {
  vi.spyOn(console, "warn").mockReturnValue();
  const response = await fetch(`${origin()}/webhooks`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  expect(response.status).toBe(401);
  vi.restoreAllMocks();
});
