import { parentPort, workerData } from "node:worker_threads";
import type { Outcome } from "@genhook/core";
import { dnsResolve } from "./dns-resolve.ts";
import { LocalClient } from "./http-client.ts";
import { Targets } from "./request-head.ts";
import type { OutcomeBatch, RequestBatch, ThreadStart } from "./threaded-client.ts";

/** A thread that sends for `ThreadedClient`: batches of requests come in, batches of outcomes go out; null cuts off everything in flight. */
const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread");

const { nameServers, ...terms } = workerData as ThreadStart;
const client = new LocalClient({ ...terms, ...(nameServers === "system" ? {} : { resolve: dnsResolve({ servers: nameServers }) }) });

const targets = new Targets();
const EMPTY = new Uint8Array(0);

let ids: number[] = [];
let outcomes: Outcome[] = [];

port.on("message", (batch: RequestBatch | null) => {
  if (batch === null) {
    client.abortAll();
    return;
  }
  const bytes = Buffer.from(batch.bytes.buffer);
  let at = 0;
  for (const [index, id] of batch.ids.entries()) {
    const end = at + (batch.sizes[index] ?? 0);
    client.post(targets.at(batch.origins[index] ?? ""), "", bytes.subarray(at, end), (outcome) => ended(id, outcome));
    at = end;
  }
});

/** Told together, once all sockets that have something were read. */
function ended(id: number, outcome: Outcome): void {
  if (ids.length === 0) setImmediate(tell);
  ids.push(id);
  outcomes.push(outcome);
}

function tell(): void {
  const bodies = outcomes.map((outcome) => (outcome.kind === "response" ? outcome.responseBody : EMPTY));
  const bodySizes = bodies.map((body) => body.length);
  const bytes = new Uint8Array(bodySizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
  }
  const bare = outcomes.map((outcome) => (outcome.kind === "response" ? { ...outcome, responseBody: EMPTY } : outcome));
  port?.postMessage({ ids, outcomes: bare, bodySizes, bytes } satisfies OutcomeBatch, [bytes.buffer]);
  ids = [];
  outcomes = [];
}
