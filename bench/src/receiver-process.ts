import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An app's endpoint as its own process: verifies every arrival, counts it, and tells times of what carries one. Talks by IPC. */
const secret = process.argv[2] ?? "";
let arrived = 0;
let bad = 0;
let latencies: number[] = [];
const seen = new Set<string>();
let wanted: { readonly count: number } | null = null;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
    const at = process.hrtime.bigint();
    if (createHmac("sha256", secret).update(body).digest("base64") !== request.headers["x-genstore-hmac-sha256"]) bad += 1;
    seen.add(String(request.headers["webhook-id"]));
    arrived += 1;
    const sentAt = /"sentAt":"(\d+)"/.exec(body.toString("latin1"))?.[1];
    if (sentAt !== undefined) latencies.push(Number(at - BigInt(sentAt)) / 1e6);
    response.writeHead(200).end();
    if (wanted !== null && arrived >= wanted.count) {
      process.send?.({ kind: "arrived" });
      wanted = null;
    }
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.({ kind: "listening", port: (server.address() as AddressInfo).port }));

process.on("message", (message: { readonly kind: "reset" | "report" | "wait"; readonly count?: number }) => {
  if (message.kind === "reset") {
    arrived = 0;
    bad = 0;
    latencies = [];
    seen.clear();
    process.send?.({ kind: "reset" });
  } else if (message.kind === "wait") {
    if (arrived >= (message.count ?? 0)) process.send?.({ kind: "arrived" });
    else wanted = { count: message.count ?? 0 };
  } else {
    process.send?.({ kind: "report", arrived, bad, distinct: seen.size, latencies });
  }
});
