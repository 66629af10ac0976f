import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { makeTables, placeOrder } from "../src/shop.ts";

test("an order and its event are there together, or neither is", () => {
  const database = new DatabaseSync(":memory:");
  makeTables(database);
  database.exec("INSERT INTO stock VALUES ('shirt', 1)");
  const order = { sku: "shirt", quantity: 1, totalPrice: "19.90" };
  placeOrder(database, "my-shop.genmystore.com", { id: "1", ...order });
  expect(() => placeOrder(database, "my-shop.genmystore.com", { id: "2", ...order })).toThrow(/CHECK constraint failed/);
  const column = (sql: string): unknown[] =>
    database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  expect(column("SELECT id FROM shop_order")).toEqual(["1"]);
  expect(column("SELECT order_key FROM genhook_outbox")).toEqual(["1"]);
  expect(column("SELECT pieces FROM stock")).toEqual([0]);
});
