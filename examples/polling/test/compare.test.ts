import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeSigningSecret, signedRequest } from "@genhook/receiver/testing";
import { expect, test } from "vitest";
import { OrderBook, type Order } from "../src/order-book.ts";
import { Poller } from "../src/poll.ts";
import { orderReceiver } from "../src/webhooks.ts";

test("one asks and sees what is left when it asks; the other is told of each change, once, and asks for nothing", async () => {
  const signingSecret = await makeSigningSecret();
  const told = new OrderBook();
  const receive = orderReceiver(signingSecret, told);
  const shop = new Map<string, Order>();
  const server = createServer((request, response) => {
    const since = new URL(request.url ?? "", "http://shop").searchParams.get("updateTimeMin") ?? "";
    response.end(JSON.stringify({ orders: [...shop.values()].filter(({ updateTime }) => updateTime >= since) }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const asked = new OrderBook();
  const poller = new Poller(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked);
  let seconds = 10;
  const change = async (topic: string, id: string, financialStatus: string): Promise<void> => {
    seconds += 1;
    const triggeredAt = `2026-01-01T00:00:${seconds}.000000000Z`;
    shop.set(id, { id, financialStatus, updateTime: triggeredAt });
    const request = await signedRequest("https://app.example/webhooks", {
      topic,
      payload: { order: { id, financialStatus } },
      signingSecret,
      triggeredAt,
    });
    expect((await receive(request)).status).toBe(200);
  };

  await change("orders/create", "1", "pending");
  await poller.poll();
  await poller.poll();
  await change("orders/paid", "1", "paid");
  await change("orders/create", "2", "pending");
  await change("orders/cancelled", "1", "voided");
  await poller.poll();
  await poller.poll();

  expect(told.seen).toEqual(["1 pending", "1 paid", "2 pending", "1 voided"]);
  expect(new Set(asked.seen)).toEqual(new Set(["1 pending", "2 pending", "1 voided"]));
  expect(asked.seen).not.toContain("1 paid");
  expect(Object.fromEntries(asked.orders)).toEqual(Object.fromEntries(told.orders));
  expect(poller.calls).toBe(4);
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});
