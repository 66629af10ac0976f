import { DatabaseSync } from "node:sqlite";
import { makeTables, placeOrder } from "./shop.ts";

const [file = "shop.db", shop = "my-shop.genmystore.com", amount = "10"] = process.argv.slice(2);

const database = new DatabaseSync(file, { timeout: 5_000 });
makeTables(database);
database.prepare("INSERT OR REPLACE INTO stock VALUES ('shirt', ?)").run(Math.ceil(Number(amount) / 2));
let soldOut = 0;
for (let n = 1; n <= Number(amount); n += 1) {
  try {
    placeOrder(database, shop, { id: String(n), sku: "shirt", quantity: 1, totalPrice: "19.90" });
  } catch {
    soldOut += 1;
  }
}
console.log(`${Number(amount) - soldOut} orders placed, ${soldOut} sold out`);
database.close();
