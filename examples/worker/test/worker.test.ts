import { readFileSync } from "node:fs";
import { makeSigningSecret, signedRequest } from "@genhook/receiver/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import worker from "../src/worker.ts";
import { SqliteD1 } from "./sqlite-d1.ts";

const SIGNING_SECRET = await makeSigningSecret();
const DB = new SqliteD1();
DB.database.exec(readFileSync(new URL("../schema.sql", import.meta.url), "utf8"));
const env = { SIGNING_SECRET, DB };
const ids = (): unknown[] =>
  DB.database
    .prepare("SELECT id FROM orders ORDER BY id")
    .all()
    .map(({ id }) => id);

async function send(deliveryId: string, id: string, signingSecret = SIGNING_SECRET): Promise<number> {
  const payload = { order: { id, totalPrice: "12.30" } };
  const request = await signedRequest("https://worker.example/webhooks", { topic: "orders/create", payload, signingSecret, deliveryId });
  return (await worker.fetch(request, env)).status;
}

beforeEach(() => {
  for (const name of ["warn", "error"] as const) vi.spyOn(console, name).mockReturnValue();
});
afterEach(() => {
  vi.restoreAllMocks();
});

test("writes an order and the mark of its delivery together, once", async () => {
  expect([await send("d1", "1"), await send("d1", "1"), await send("d2", "2")]).toEqual([200, 200, 200]);
  expect(ids()).toEqual(["1", "2"]);
  expect(await send("d3", "3", await makeSigningSecret())).toBe(401);
  expect((await worker.fetch(new Request("https://worker.example/"), env)).status).toBe(404);
});

test("a write that fails leaves no mark: the delivery comes again, and is processed then", async () => {
  DB.database.exec("ALTER TABLE orders RENAME TO moved");
  expect(await send("d4", "4")).toBe(500);
  DB.database.exec("ALTER TABLE moved RENAME TO orders");
  expect(await send("d4", "4")).toBe(200);
  expect(ids()).toEqual(["1", "2", "4"]);
});
