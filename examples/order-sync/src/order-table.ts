import type { DatabaseSync } from "node:sqlite";
import { readId, type Order } from "@genhook/receiver";

export interface StoredOrder {
  readonly id: string;
  readonly totalPrice: string;
  readonly financialStatus: string;
  readonly fulfillmentStatus: string;
  readonly isCancelled: boolean;
}

/** The app's own table. What is known of an order is what the newest event said: events overtake each other. */
export function makeOrderTable(database: DatabaseSync): void {
  database.exec(`CREATE TABLE IF NOT EXISTS shop_order (
    shop TEXT NOT NULL, id TEXT NOT NULL, customer_id TEXT, triggered_at TEXT NOT NULL, total_price TEXT NOT NULL,
    financial_status TEXT NOT NULL, fulfillment_status TEXT NOT NULL, is_cancelled INTEGER NOT NULL, PRIMARY KEY (shop, id)) STRICT`);
}

/** Whole and idempotent: the same again, or something older, changes nothing. */
export function saveOrder(database: DatabaseSync, shop: string, triggeredAt: string, order: Order): void {
  database
    .prepare(
      `INSERT INTO shop_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (shop, id) DO UPDATE SET customer_id = excluded.customer_id, triggered_at = excluded.triggered_at, total_price = excluded.total_price,
        financial_status = excluded.financial_status, fulfillment_status = excluded.fulfillment_status, is_cancelled = excluded.is_cancelled
      WHERE excluded.triggered_at >= shop_order.triggered_at`,
    )
    .run(
      shop,
      readId(order.id),
      order.customer?.id === undefined ? null : readId(order.customer.id),
      // Nine digits, always UTC: as texts they are in the order of time.
      triggeredAt,
      String(order.totalPrice ?? "0"),
      order.financialStatus ?? "pending",
      order.fulfillmentStatus ?? "unfulfilled",
      typeof order.cancelledTime === "string" ? 1 : 0,
    );
}

export function listOrders(database: DatabaseSync, shop: string): StoredOrder[] {
  const rows = database
    .prepare("SELECT id, total_price, financial_status, fulfillment_status, is_cancelled FROM shop_order WHERE shop = ? ORDER BY id")
    .all(shop);
  return rows.map((row) => ({
    id: String(row["id"]),
    totalPrice: String(row["total_price"]),
    financialStatus: String(row["financial_status"]),
    fulfillmentStatus: String(row["fulfillment_status"]),
    isCancelled: row["is_cancelled"] === 1,
  }));
}

export function forgetCustomer(database: DatabaseSync, shop: string, customerId: string): void {
  database.prepare("DELETE FROM shop_order WHERE shop = ? AND customer_id = ?").run(shop, customerId);
}

export function forgetShop(database: DatabaseSync, shop: string): void {
  database.prepare("DELETE FROM shop_order WHERE shop = ?").run(shop);
}
