import type { DatabaseSync } from "node:sqlite";
import { insertEventSync, sqliteSchema } from "@genhook/outbox";

export interface Order {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly totalPrice: string;
}

/** The shop's tables, and the outbox's beside them. */
export function makeTables(database: DatabaseSync): void {
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, pieces INTEGER NOT NULL CHECK (pieces >= 0)) STRICT");
  database.exec(
    "CREATE TABLE IF NOT EXISTS shop_order (id TEXT PRIMARY KEY, sku TEXT NOT NULL, quantity INTEGER NOT NULL, total_price TEXT NOT NULL) STRICT",
  );
  for (const statement of sqliteSchema()) database.exec(statement);
}

/**
 * Takes an order, the stock for it and the event that tells of it: all three, or nothing. Nothing is published here; `genhook relay` does that,
 * also when this process dies right behind COMMIT. Throws when there is not enough in stock.
 */
export function placeOrder(database: DatabaseSync, shop: string, order: Order): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    database.prepare("INSERT INTO shop_order VALUES (?, ?, ?, ?)").run(order.id, order.sku, order.quantity, order.totalPrice);
    database.prepare("UPDATE stock SET pieces = pieces - ? WHERE sku = ?").run(order.quantity, order.sku);
    insertEventSync(database, {
      shop,
      topic: "orders/create",
      orderKey: order.id,
      payload: { order: { id: order.id, totalPrice: order.totalPrice } },
    });
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
