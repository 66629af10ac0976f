import { nextReceiver } from "@genhook/receiver/next";
import { sqliteInbox } from "@genhook/receiver/sqlite";
import { orderDatabase, saveOrder } from "../../lib/orders.ts";

// `node:sqlite` is not on the edge runtime; with a database that is, this line goes.
export const runtime = "nodejs";

export const POST: (request: Request) => Promise<Response> = nextReceiver({
  signingSecret: () => process.env["SIGNING_SECRET"] ?? "",
  apiVersion: "202412",
  inbox: sqliteInbox(orderDatabase()),
  onEvent: (event, database) => {
    if (event.topic === "orders/create" && !event.isTest) saveOrder(database, event);
  },
});
