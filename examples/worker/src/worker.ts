import { fetchReceiver, readId } from "@genhook/receiver";
import { d1Inbox, type D1Database } from "./d1-inbox.ts";

export interface Env {
  readonly SIGNING_SECRET: string;
  readonly DB: D1Database;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (new URL(request.url).pathname !== "/webhooks") return new Response("not found", { status: 404 });
    // Secrets and bindings come with the request.
    const receiver = fetchReceiver({
      signingSecret: env.SIGNING_SECRET,
      apiVersion: "202412",
      inbox: d1Inbox(env.DB),
      onEvent: (event, statements) => {
        if (event.topic !== "orders/create" || event.isTest) return;
        const { id, totalPrice = "0" } = event.payload.order;
        const insert = env.DB.prepare("INSERT OR IGNORE INTO orders (shop, id, total_price) VALUES (?, ?, ?)");
        statements.push(insert.bind(event.shopDomain, readId(id), String(totalPrice)));
      },
    });
    return receiver(request);
  },
};
