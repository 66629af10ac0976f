import type { GenhookClient } from "@genhook/client";
import { ORDER_TOPICS } from "./order-topics.ts";

/** Makes the webhooks that are missing, so that it can run at every start. `shop` is a client with the token of the app on that shop. */
export async function subscribe(shop: GenhookClient, address: string): Promise<void> {
  const present = new Set<string>();
  for await (const webhook of shop.entries("listWebhooks", { query: { address, limit: 250 } })) present.add(webhook.topic);
  for (const topic of ORDER_TOPICS.filter((each) => !present.has(each))) {
    await shop.call("createWebhook", { body: { webhook: { topic, address } } });
  }
}
