import { DatabaseSync } from "node:sqlite";
import { GenhookClient } from "@genhook/client";
import { orderSync } from "./app.ts";
import { subscribe } from "./subscribe.ts";

const { SIGNING_SECRET = "", ACCESS_TOKEN = "", SHOP_ORIGIN = "", PUBLIC_URL = "", PORT = "3000", ORDER_FILE = "orders.db" } = process.env;

const database = new DatabaseSync(ORDER_FILE, { timeout: 5_000 });
const server = orderSync({ database, signingSecret: SIGNING_SECRET }).listen(Number(PORT));
await subscribe(new GenhookClient({ origin: SHOP_ORIGIN, accessToken: ACCESS_TOKEN }), `${PUBLIC_URL}/webhooks`);
console.log(`subscribed; orders are shown at http://127.0.0.1:${PORT}/orders/{shop}`);
process.once("SIGTERM", () => server.close(() => database.close()));
