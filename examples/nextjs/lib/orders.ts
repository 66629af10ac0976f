import { DatabaseSync } from "node:sqlite";
import { readId, type EventOf } from "@genhook/receiver";

/** One connection for the process, also where a development server loads this file again. */
const kept = globalThis as { orderDatabase?: DatabaseSync };

export function orderDatabase(): DatabaseSync {
  kept.orderDatabase ??= open();
  return kept.orderDatabase;
}

function open(): DatabaseSync {
  const database = new DatabaseSync(process.env["ORDER_FILE"] ?? "orders.db", { timeout: 5_000 });
  database.exec("CREATE TABLE IF NOT EXISTS shop_order (shop TEXT, id TEXT, total_price TEXT, PRIMARY KEY (shop, id))");
  return database;
}

export function saveOrder(database: DatabaseSync, event: EventOf<"orders/create", "202412">): void {
  const { id, totalPrice = "0" } = event.payload.order;
  database.prepare("INSERT OR IGNORE INTO shop_order VALUES (?, ?, ?)").run(event.shopDomain, readId(id), String(totalPrice));
}
