import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { insertEventSync, sqliteSchema } from "@genhook/outbox";
import type { Source, SourceRecord } from "@genhook/sources";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeIntakeLog } from "../src/intake/intake-log.ts";
import { runIntake, type IntakeFlags } from "../src/intake/run-intake.ts";
import { keepingTerminal, runCommand, ScriptedApi } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "genhook-cli-intake-"));
const outbox = join(folder, "shop.db");
const api = new ScriptedApi();
const database = new DatabaseSync(outbox);

beforeAll(async () => {
  await api.start();
});
afterAll(async () => {
  database.close();
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("an outbox from its schema to the end of a refused event", async () => {
  const missing = await runCommand(["outbox", "status", "--outbox", outbox]);
  expect([missing.exit, missing.error]).toEqual([3, expect.stringContaining("genhook outbox schema --sqlite")]);
  const schema = await runCommand(["outbox", "schema", "--sqlite"]);
  expect(schema.out).toBe(`${sqliteSchema().join(";\n")};\n`);
  database.exec(schema.out);
  const shop = "linen.genmystore.com";
  for (const id of ["1", "2"]) insertEventSync(database, { shop, topic: "orders/create", payload: { order: { id } } });
  const events = (body: string): readonly unknown[] => JSON.parse(body) as readonly unknown[];
  const stop = new AbortController();
  api.on("POST /platform/v1/events", ({ body }) => {
    if (events(body).length > 0) setImmediate(() => stop.abort());
    const items = events(body).map((_, index) =>
      index === 0
        ? { error: "There is no such shop.", code: "unknown_shop", member: "shop" }
        : { id: "e", deliveries: 1, duplicate: false },
    );
    return { status: 202, body: { events: items } };
  });
  const relay = await runCommand(["relay", "--outbox", outbox, "--url", api.origin, "--key", "k"], { interrupts: stop.signal });
  expect([relay.exit, relay.out]).toEqual([0, `publishing from sqlite outbox genhook_outbox to ${api.origin}\n`]);
  const status = await runCommand(["outbox", "status", "--outbox", outbox]);
  expect(status.out).toBe("0 events waiting\n1 event refused, 0 events behind them\nno relay is at work\n");
  const refused = await runCommand(["outbox", "refused", "--outbox", outbox]);
  expect(refused.out).toMatch(
    /^ID +REFUSED +SHOP +TOPIC +BEHIND +CODE +WHY\n1 .*linen\.genmystore\.com +orders\/create +0 +unknown_shop +There is no such shop\.\n$/,
  );
  expect((await runCommand(["outbox", "retry", "1", "--outbox", outbox])).out).toBe("1 event waiting again\n");
  expect((await runCommand(["outbox", "refused", "--outbox", outbox])).error).toBe("Nothing is refused.\n");
});

test.each<[string, readonly string[], number, string]>([
  ["no outbox", ["relay"], 2, "Say where the outbox is"],
  ["no such file", ["relay", "--outbox", "/nowhere.db"], 3, "There is no file /nowhere.db"],
  ["no such server", ["outbox", "status", "--outbox", "postgres://127.0.0.1:1/shop"], 5, "The outbox cannot be read"],
  ["a wrong word", ["relay", "--outbox", outbox, "--on-refused", "stop"], 2, "must be block or skip"],
  ["a wrong time", ["relay", "--outbox", outbox, "--take-over", "5"], 2, "--take-over must be from 1s to 10m"],
  ["a wrong table", ["outbox", "schema", "--table", "a b"], 2, "must be letters, digits and underscores"],
  ["a trigger of SQLite", ["outbox", "schema", "--sqlite", "--notify"], 2, "--notify is for PostgreSQL"],
  ["neither ids nor all", ["outbox", "retry", "--outbox", outbox], 2, "Give the ids of refused events, or --all"],
  ["a wrong id", ["outbox", "retry", "x", "--outbox", outbox], 2, "is no id of a refused event"],
  ["an id that is not refused", ["outbox", "retry", "99", "--outbox", outbox], 3, "No event is refused under this id"],
  ["discarding without a yes", ["outbox", "discard", "--all", "--outbox", outbox], 2, "give --yes"],
  ["no broker", ["source", "nats", "--stream", "S"], 2, "Say where the broker is"],
  ["no stream", ["source", "nats", "--server", "nats://127.0.0.1:1"], 2, "Say which stream"],
  ["a broker that is not there", ["source", "nats", "--server", "nats://127.0.0.1:1", "--stream", "S"], 5, "NATS cannot be reached"],
  ["no address", ["source", "nats", "--server", "127.0.0.1", "--stream", "S"], 2, "must be a URL such as nats://host:4222"],
  ["a wrong pattern", ["source", "nats", "--server", "nats://127.0.0.1:1", "--stream", "S", "--subjects", "{x}"], 2, "The pattern"],
  ["no queue", ["source", "rabbitmq", "--server", "amqp://127.0.0.1:1"], 2, "Say which queue"],
  [
    "nowhere for what is refused",
    ["source", "rabbitmq", "--server", "amqp://127.0.0.1:1", "--queue", "q"],
    2,
    "--dead-letter QUEUE, or --reject",
  ],
  [
    "a queue that is not there",
    ["source", "rabbitmq", "--server", "amqp://127.0.0.1:1", "--queue", "q", "--reject"],
    5,
    "RabbitMQ cannot be reached",
  ],
])("%s: it says what to do", async (_, args, exit, says) => {
  const { exit: code, error } = await runCommand(args);
  expect([code, error]).toEqual([exit, expect.stringContaining(says)]);
  expect(error).not.toMatch(/\n {4}at /);
});

test("a key that may not publish is said at once", async () => {
  api.on("POST /platform/v1/events", { status: 403, body: { error: "The key's role does not allow this.", code: "scope_missing" } });
  const { exit, error } = await runCommand(["relay", "--outbox", outbox, "--url", api.origin, "--key", "k"]);
  expect([exit, error]).toEqual([4, expect.stringContaining("role does not allow")]);
});

/** A broker's connection keeps a process alive until it is closed. */
test.each<[string, (origin: string) => IntakeFlags, string]>([
  ["no key", (url) => ({ url }), "There is no platform key"],
  ["a key that may not publish", (url) => ({ url, key: "k" }), "role does not allow"],
  ["no port for the metrics", () => ({ url: "http://127.0.0.1:1", key: "k", metricsPort: "x" }), "--metrics-port"],
])("%s: the source is closed, so that the process can end", async (_, flags, says) => {
  let closed = 0;
  const source: Source<SourceRecord> = {
    name: "a source",
    blocksLanes: false,
    take: () => expect.fail("nothing is to be taken"),
    accepted: () => expect.fail("nothing was taken"),
    refused: () => expect.fail("nothing was taken"),
    isCurrent: () => true,
    backlog: () => Promise.resolve({ waiting: 0, oldestAt: null, refused: 0 }),
    close: () => {
      closed += 1;
      return Promise.resolve();
    },
  };
  api.on("POST /platform/v1/events", { status: 403, body: { error: "The key's role does not allow this.", code: "scope_missing" } });
  // Not the working folder's data either: a demo that was started there has left a key.
  const { terminal } = keepingTerminal({ environment: { HOME: folder, GENHOOK_DATA: folder } });
  await expect(runIntake(source, flags(api.origin), makeIntakeLog(), terminal)).rejects.toThrow(says);
  expect(closed).toBe(1);
});
