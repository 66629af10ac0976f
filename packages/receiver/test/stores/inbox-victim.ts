// Begins to process a delivery, says so, and never ends: its parent kills it.
import { writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import pg from "pg";
import { postgresInbox } from "../../src/postgres/index.ts";
import { redisInbox } from "../../src/redis/index.ts";
import { sqliteInbox } from "../../src/sqlite/index.ts";
import { eventOf } from "./store-conformance.ts";

const [kind, where = "", deliveryId = "", key = ""] = process.argv.slice(2);
const event = eventOf({ deliveryId });

const say = (): void => void writeSync(1, "in the middle of its work\n");
const stayForEver = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);

if (kind === "sqlite") {
  await sqliteInbox(new DatabaseSync(where)).process(event, (database) => {
    database.prepare("INSERT INTO counter (key, value) VALUES (?, 1)").run(key);
    say();
    stayForEver();
  });
} else if (kind === "postgres") {
  await postgresInbox(new pg.Pool({ connectionString: where })).process(event, async (transaction) => {
    await transaction.query("INSERT INTO counter (key, value) VALUES ($1, 1)", [key]);
    say();
    await new Promise(() => undefined);
  });
} else {
  await redisInbox(new Redis(where)).process(event, async (transaction) => {
    transaction.add("INCR", key);
    say();
    await new Promise(() => undefined);
  });
}
