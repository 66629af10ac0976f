import { ENDPOINT_ZOO, startEgressProxy, startRawEndpoint, testCertificate, type RawEndpoint, type ZooEntry } from "@genhook/testkit";
import type { Outcome } from "@genhook/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attempt, makeRequest, makeSender, wordOf } from "./sending.ts";

/** For what only the deadline ends. */
const SHORT_MS = 600;
const LONG_MS = 15_000;

let canary: RawEndpoint;
beforeAll(async () => {
  canary = await startRawEndpoint({});
});
afterAll(() => canary.close());

/** One way of each entry, through a tunnel of a proxy that knows every name as this machine. */
async function visit(entry: ZooEntry): Promise<{ readonly outcomes: readonly Outcome[]; readonly asked: readonly string[] }> {
  const endpoint = await startRawEndpoint(entry.options(0, canary.port));
  const proxy = await startEgressProxy({ isEveryNameHere: true });
  const sender = makeSender({
    timeoutMs: entry.ends === "deadline" ? SHORT_MS : LONG_MS,
    ca: [testCertificate.ca],
    proxy: proxy.url,
    resolve: () => {
      throw new Error("a name was looked up beside the proxy");
    },
  });
  try {
    const outcomes: Outcome[] = [];
    for (let n = 0; n < (entry.attempts ?? 1); n += 1) {
      const request = makeRequest(`${entry.reachedAt ?? "http://127.0.0.1"}:${endpoint.port}/`);
      const payload = entry.payloadBytes === undefined ? request.event.payload : Buffer.alloc(entry.payloadBytes, 0x20);
      outcomes.push(await attempt(sender, { ...request, event: { ...request.event, payload } }));
    }
    return { outcomes, asked: proxy.asked };
  } finally {
    await sender.close();
    await proxy.close();
    await endpoint.close();
  }
}

for (const group of ENDPOINT_ZOO) {
  describe(`endpoints behind an egress proxy: ${group.title}`, () => {
    test.each(group.entries)("$name: $outcome", async (entry) => {
      const { outcomes, asked } = await visit(entry);
      const last = outcomes.at(-1);
      const word = last === undefined ? "" : wordOf(last);
      expect(entry.outcome.split(" or "), JSON.stringify(last)).toContain(word);
      if (word !== "address_refused") expect(asked.length).toBeGreaterThan(0);
      expect(canary.connections).toBe(0);
    });
  });
}
