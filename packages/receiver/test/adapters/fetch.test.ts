import { describe, expect, test, vi } from "vitest";
import { nextReceiver } from "../../src/adapters/next.ts";
import { fetchReceiver } from "../../src/index.ts";
import { BODY, SIGNING } from "../fixtures.ts";
import { describeAdapter, postOf, testedOptions } from "./conformance.ts";

describe("fetch: Workers, Deno, Bun", () => {
  describeAdapter({ send: fetchReceiver(testedOptions()) });
});

describe("Next.js, app router", () => {
  describeAdapter({ send: nextReceiver(testedOptions()) });
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
