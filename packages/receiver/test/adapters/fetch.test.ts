import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { nextReceiver } from "../../src/adapters/next.ts";
import { fetchReceiver, HEADERS, memoryStore, type WebhookEvent } from "../../src/index.ts";
import { sqliteInbox } from "../../src/sqlite/index.ts";
import { BODY, SIGNING } from "../fixtures.ts";
import { describeAdapter, postOf, testedOptions } from "./conformance.ts";

describe("fetch: Workers, Deno, Bun", () => {
  describeAdapter({ send: fetchReceiver(testedOptions()) });
});

describe("Next.js, app router", () => {
  describeAdapter({ send: nextReceiver(testedOptions()) });
});

test("whatever comes, there is an answer that says whose fault it is", async () => {
  const handle = fetchReceiver(testedOptions());
  const header = fc.constantFrom(...Object.values(HEADERS), "content-length", "content-encoding");
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.constantFrom("v1,AAAA", "1735603199", String(Math.floor(Date.now() / 1_000)), "true", "202412"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(header, value)), fc.uint8Array({ maxLength: 3_000 }), async (entries, body) => {
      const headers = new Headers();
      for (const [name, text] of entries) headers.set(name, encodeURIComponent(text));
      const answer = await handle(new Request("http://a.example.com/", { method: "POST", headers, body }));
      expect([400, 401, 413]).toContain(answer.status);
      expect(Object.keys((await answer.json()) as object)).toEqual(["error", "code"]);
    }),
  );
});

test("a body that was read before: 500, and the explanation names the remedy", async () => {
  const request = await postOf();
  await request.json();
  const answer = await nextReceiver(testedOptions())(request);
  expect(answer.status).toBe(500);
  expect(await answer.text()).toContain("The request's body was read before.");
});

test("a body without an end is not read to its end", async () => {
  let chunks = 0;
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (stream) => {
      chunks += 1;
      stream.enqueue(new Uint8Array(1_000));
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  expect((await fetchReceiver(testedOptions())(await postOf({}, endless))).status).toBe(413);
  expect([chunks < 10, isCancelled]).toEqual([true, true]);
});

test("a body that fails while it is read: 400, and comes again", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (stream) => stream.error(new Error("reset")) });
  const answer = await fetchReceiver(testedOptions())(await postOf({}, broken));
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, "body_incomplete"]);
});

test("making a receiver without its secrets does not fail a build; the first request says what is missing", async () => {
  const handle = nextReceiver({ ...testedOptions(), signingSecret: process.env["NO_SUCH_VARIABLE"] });
  const answer = await handle(await postOf());
  expect(answer.status).toBe(500);
  expect(await answer.text()).toContain("is its environment variable set?");
});

test("an inbox gives the work its transaction; with a store besides, the receiver says that it cannot have both", async () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE orders (topic TEXT)");
  const errors: unknown[] = [];
  const options = {
    signingSecret: SIGNING,
    inbox: sqliteInbox(database),
    onEvent: (event: WebhookEvent, transaction: DatabaseSync) => transaction.prepare("INSERT INTO orders VALUES (?)").run(event.topic),
    onError: (error: unknown) => void errors.push(error),
  };
  const statuses = [
    (await fetchReceiver(options)(await postOf({ deliveryId: "d1" }))).status,
    (await fetchReceiver(options)(await postOf({ deliveryId: "d1" }))).status,
    (await fetchReceiver({ ...options, store: memoryStore() })(await postOf())).status,
  ];
  expect(statuses).toEqual([200, 200, 500]);
  expect(database.prepare("SELECT topic FROM orders").all()).toMatchObject([{ topic: "orders/create" }]);
  expect(errors.map(String)).toEqual(["TypeError: Give the receiver a store or an inbox, not both"]);
  database.close();
});

test("409 while another attempt of the delivery is being processed, wherever it runs", async () => {
  const store = memoryStore();
  await store.claim("d1", "another attempt", 60_000, false);
  const answer = await fetchReceiver({ ...testedOptions(), store })(await postOf({ deliveryId: "d1" }));
  expect([answer.status, answer.headers.get("retry-after"), ((await answer.json()) as { code: string }).code]).toEqual([
    409,
    null,
    "delivery_in_progress",
  ]);
});

test("what breaks while a signature is checked is not the sender's fault", async () => {
  const now = (): number => {
    throw new Error("no clock");
  };
  const answer = await fetchReceiver({ ...testedOptions(), now })(await postOf());
  expect([answer.status, await answer.text()]).toEqual([500, expect.stringContaining("no clock")]);
});

test("a listener that throws costs no answer, and without listeners the log is told", async () => {
  const told: unknown[][] = [];
  const error = vi.spyOn(console, "error").mockImplementation((...line: unknown[]) => void told.push(line));
  const warn = vi.spyOn(console, "warn").mockImplementation((...line: unknown[]) => void told.push(line));
  const fails = (): never => {
    throw new Error("listener");
  };
  const noisy = fetchReceiver({ signingSecret: SIGNING, onEvent: fails, onError: fails, onRefused: fails });
  expect((await noisy(await postOf())).status).toBe(500);
  expect((await noisy(await postOf({}, `${BODY} `))).status).toBe(401);
  const silent = fetchReceiver({ signingSecret: SIGNING, onEvent: fails });
  expect((await silent(await postOf({ deliveryId: "d1" }))).status).toBe(500);
  expect((await silent(await postOf({}, `${BODY} `))).status).toBe(401);
  expect(told.map(([text]) => String(text))).toEqual([
    "A listener of the webhook receiver threw:",
    "A listener of the webhook receiver threw:",
    "Webhook d1 (orders/create) failed:",
    expect.stringContaining("Webhook refused, signature_mismatch:"),
  ]);
  error.mockRestore();
  warn.mockRestore();
});
