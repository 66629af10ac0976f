import { fetchReceiver, memoryStore, readId } from "@genhook/receiver";
import type { OrderBook } from "./order-book.ts";

/** What takes its place: called when something has changed, with what it is now. */
export function orderReceiver(signingSecret: string, book: OrderBook): (request: Request) => Promise<Response> {
  return fetchReceiver({
    signingSecret,
    apiVersion: "202412",
    store: memoryStore(),
    onEvent: (event) => {
      if (event.topic !== "orders/create" && event.topic !== "orders/paid" && event.topic !== "orders/cancelled") return;
      const { id, financialStatus } = event.payload.order;
      book.apply({ id: readId(id), financialStatus: financialStatus ?? "pending", updateTime: event.triggeredAt });
    },
  });
}
