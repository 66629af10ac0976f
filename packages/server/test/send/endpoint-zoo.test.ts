import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ATTEMPT_ERRORS } from "@genhook/contract";
import { decide, DEFAULT_RETRY_POLICY, type Outcome } from "@genhook/core";
import { ENDPOINT_ZOO, startRawEndpoint, testCertificate, type RawEndpoint, type ZooEntry } from "@genhook/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { HttpSender } from "../../src/send/http-sender.ts";
import { attempt, makeRequest, makeSender, toThisMachine, wordOf } from "./sending.ts";

/** For what only the deadline ends. */
const SHORT_MS = 400;
/** For what has to end by itself: far beyond what it takes, so that reaching it is a failure. */
const LONG_MS = 15_000;
/** A busy machine's delay in noticing a deadline. */
const MARGIN_MS = 5_000;
/** What may be taken of an answer that has no end: what the sender reads, and what the machine's buffers swallow. */
const TAKEN_MAX_BYTES = 16 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let canary: RawEndpoint;
const told: unknown[] = [];

beforeAll(async () => {
  canary = await startRawEndpoint({});
});
beforeEach(() => {
  told.length = 0;
});
afterAll(() => canary.close());

function senderFor(entry: ZooEntry): HttpSender {
  return makeSender({
    timeoutMs: entry.ends === "deadline" ? SHORT_MS : LONG_MS,
    ca: [testCertificate.ca],
    resolve: toThisMachine,
    onInternalError: (error) => told.push(error),
  });
}

interface Visit {
  readonly outcomes: readonly Outcome[];
  readonly endpoint: RawEndpoint;
}

/** Makes the entry's attempts against one endpoint, and sees every connection closed. */
async function visit(entry: ZooEntry, variant: number): Promise<Visit> {
  const endpoint = await startRawEndpoint(entry.options(variant, canary.port));
  const sender = senderFor(entry);
  try {
    const outcomes: Outcome[] = [];
    for (let n = 0; n < (entry.attempts ?? 1); n += 1) {
      outcomes.push(await attempt(sender, requestTo(`${entry.reachedAt ?? "http://127.0.0.1"}:${endpoint.port}/`, entry)));
    }
    // What is not to be used again is closed at once, by the sender alone.
    if (entry.isKept !== true) await endpoint.allClosed();
    return { outcomes, endpoint };
  } finally {
    await sender.close();
    await endpoint.allClosed();
    await endpoint.close();
  }
}

function requestTo(address: string, entry: ZooEntry): ReturnType<typeof makeRequest> {
  const request = makeRequest(address);
  if (entry.payloadBytes === undefined) return request;
  return { ...request, event: { ...request.event, payload: Buffer.alloc(entry.payloadBytes, 0x20) } };
}

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

for (const group of ENDPOINT_ZOO) {
  describe(`endpoints: ${group.title}`, () => {
    test.each(group.entries)("$name: $outcome", async (entry) => {
      for (let variant = 0; variant < (entry.variants ?? 1); variant += 1) {
        const { outcomes, endpoint } = await visit(entry, variant);
        const before = outcomes.slice(0, -1).map(wordOf);
        expect([variant, ...before]).toEqual([variant, ...before.map(() => "200")]);
        const last = outcomes.at(-1);
        const word = last === undefined ? "" : wordOf(last);
        expect(entry.outcome.split(" or "), `variant ${variant}: ${JSON.stringify(last)}`).toContain(word);
        if (entry.requests !== null) expect(endpoint.requests).toBe(entry.requests ?? entry.attempts ?? 1);
        expect(durationMs(last)).toBeGreaterThanOrEqual(entry.ends === "deadline" ? SHORT_MS - 1 : 0);
        expect(durationMs(last)).toBeLessThan(entry.ends === "deadline" ? SHORT_MS + MARGIN_MS : LONG_MS - 1_000);
        expect(endpoint.bytesWritten).toBeLessThan(TAKEN_MAX_BYTES);
        if (entry.pauseSeconds !== undefined) expect(pauseSeconds(last)).toBe(entry.pauseSeconds);
      }
      expect(told).toEqual([]);
      expect(canary.connections).toBe(0);
    });
  });
}

test("memory stays flat over many attempts, whatever the endpoint does", async () => {
  const hostile = ENDPOINT_ZOO.flatMap(({ entries }) => entries).filter(
    ({ ends, variants }) => ends === "at once" && variants === undefined,
  );
  const round = async (): Promise<number> => {
    for (const entry of hostile) await visit(entry, 0);
    return heldBytes();
  };
  // The first rounds fill caches and pools.
  await round();
  const before = await round();
  let after = 0;
  for (let n = 0; n < 3; n += 1) after = await round();
  // 3 rounds of some 90 endpoints: 64 KiB kept of each would be three times this.
  expect((after - before) / 1_048_576).toBeLessThan(6);
}, 60_000);

test("the canary's port can be reached: that nothing arrived there means something", async () => {
  const sender = makeSender({ timeoutMs: SHORT_MS });
  await attempt(sender, makeRequest(`http://127.0.0.1:${canary.port}/`));
  expect(canary.requests).toBe(1);
  await sender.close();
});

test("docs/endpoint-zoo.md is what the zoo says", () => {
  const path = fileURLToPath(new URL("../../../../docs/endpoint-zoo.md", import.meta.url));
  const page = zooPage();
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, page);
  expect(readFileSync(path, "utf8")).toBe(page);
});

function durationMs(outcome: Outcome | undefined): number {
  return outcome === undefined || outcome.kind === "aborted" ? Number.NaN : outcome.durationMs;
}

function pauseSeconds(outcome: Outcome | undefined): number | null {
  if (outcome === undefined) return null;
  const now = Date.UTC(2026, 0, 1);
  const decision = decide({ attempts: 0 }, outcome, DEFAULT_RETRY_POLICY, now, () => 0.5);
  return decision.kind === "retry" && decision.pauseUntil !== null ? (decision.pauseUntil - now) / 1000 : null;
}

function zooPage(): string {
  const lines = [
    "# The endpoint zoo",
    "",
    "Made from `packages/testkit/src/zoo` by `npm run golden:update`; the table is what the test",
    "`packages/server/test/send/endpoint-zoo.test.ts` sees happen, over real sockets and real TLS.",
    "",
    "One attempt per row (several where the row speaks of a next one; the outcome is the last one's). A number is the status as it was",
    "answered, a word stands for no usable answer (see [receiving.md](receiving.md)). Only `2xx` counts as delivered. Behind **deadline**",
    "nothing ended the attempt but its own clock (`--attempt-timeout`); everything else ended by itself. In every row the attempt ended",
    "within its deadline, memory stayed flat, no connection was left open, and nothing reached a server that the row sends elsewhere.",
    "",
  ];
  for (const { title, entries } of ENDPOINT_ZOO) {
    lines.push(`## ${title}`, "", "| | the endpoint… | the attempt | ends |", "| --- | --- | --- | --- |");
    for (const { name, does, outcome, ends, pauseSeconds } of entries) {
      const pause = pauseSeconds === undefined ? "" : pauseSeconds === null ? ", no pause" : `, paused for ${pauseSeconds} s`;
      lines.push(`| ${name} | ${does} | \`${outcome}\`${pause} | ${ends} |`);
    }
    lines.push("");
  }
  lines.push("## The words", "", "| word | |", "| --- | --- |");
  for (const [word, meaning] of Object.entries(ATTEMPT_ERRORS)) lines.push(`| \`${word}\` | ${meaning} |`);
  return `${lines.join("\n")}\n`;
}
