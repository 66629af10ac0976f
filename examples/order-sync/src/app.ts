import type { DatabaseSync } from "node:sqlite";
import { readId, type EventOf, type WebhookEvent } from "@genhook/receiver";
import { expressReceiver } from "@genhook/receiver/express";
import { sqliteInbox } from "@genhook/receiver/sqlite";
import express, { type Express } from "express";
import { ORDER_TOPICS } from "./order-topics.ts";
import { forgetCustomer, forgetShop, listOrders, makeOrderTable, saveOrder } from "./order-table.ts";

export interface AppOptions {
  readonly database: DatabaseSync;
  readonly signingSecret: string;
}

/** Receives orders at /webhooks and shows them at /orders/{shop}. */
export function orderSync({ database, signingSecret }: AppOptions): Express {
  makeOrderTable(database);
  const app = express();
  app.post(
    "/webhooks",
    expressReceiver({
      signingSecret,
      apiVersion: "202412",
      // The orders and the mark that a delivery was processed are one transaction: each delivery counts once, whatever crashes.
      inbox: sqliteInbox(database),
      onEvent: apply,
    }),
  );
  // After the webhooks: a body parser would use up their bytes.
  app.use(express.json());
  app.get("/orders/:shop", (request, response) => void response.json({ orders: listOrders(database, request.params.shop) }));
  return app;
}

function apply(event: WebhookEvent<"202412">, database: DatabaseSync): void {
  // A test of the shop's is genuine, and not an order.
  if (event.isTest) return;
  const { shopDomain, triggeredAt } = event;
  if (isOrderEvent(event)) saveOrder(database, shopDomain, triggeredAt, event.payload.order);
  else if (event.topic === "customers/redact") forgetCustomer(database, shopDomain, readId(event.payload.customerRedact.customer.id));
  else if (event.topic === "shop/redact") forgetShop(database, shopDomain);
}

type OrderTopic = (typeof ORDER_TOPICS)[number];

function isOrderEvent(event: WebhookEvent<"202412">): event is EventOf<OrderTopic, "202412"> {
  return (ORDER_TOPICS as readonly string[]).includes(event.topic);
}
