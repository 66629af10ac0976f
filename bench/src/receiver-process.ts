import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { testCertificate } from "@genhook/testkit";

/**
 * An app's endpoints as their own process: every arrival is verified and counted, and of what carries the time of its publish the way is told.
 * The first part of the path says how it is answered: at once, unless it stands in `ANSWERS` or `outage` names it. Talks by IPC.
 */
const [secret = "", protocol = "http"] = process.argv.slice(2);
const SLOW_MS = 2_000;
/** What a time stands in, at the end of a payload: large ones are not looked through. */
const TAIL_BYTES = 200;

interface Arrivals {
  readonly ids: Set<string>;
  arrived: number;
  bad: number;
  latencies: number[];
}

const groups = new Map<string, Arrivals>();
let outage = "";
let wanted: { readonly count: number; readonly groups: readonly string[] } | null = null;

const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  dead: () => undefined,
  slow: (response) => void setTimeout(() => response.writeHead(200).end(), SLOW_MS),
  once: (response) => response.writeHead(200, { connection: "close" }).end(),
};

function groupOf(name: string): Arrivals {
  let group = groups.get(name);
  if (group === undefined) {
    group = { ids: new Set(), arrived: 0, bad: 0, latencies: [] };
    groups.set(name, group);
  }
  return group;
}

function take(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const name = request.url?.split("/")[1] ?? "";
  if (name === outage) {
    response.writeHead(503).end();
    return;
  }
  const at = process.hrtime.bigint();
  const group = groupOf(name);
  if (createHmac("sha256", secret).update(body).digest("base64") !== request.headers["x-genstore-hmac-sha256"]) group.bad += 1;
  group.ids.add(String(request.headers["webhook-id"]));
  group.arrived += 1;
  const sentAt = /"sentAt":"(\d+)"/.exec(body.toString("latin1", Math.max(0, body.length - TAIL_BYTES)))?.[1];
  if (sentAt !== undefined) group.latencies.push(Number(at - BigInt(sentAt)) / 1e6);
  (ANSWERS[name] ?? answerAtOnce)(response);
  tellArrived();
}

function answerAtOnce(response: ServerResponse): void {
  response.writeHead(200).end();
}

function tellArrived(): void {
  if (wanted === null) return;
  let arrived = 0;
  for (const name of wanted.groups) arrived += groups.get(name)?.arrived ?? 0;
  if (arrived < wanted.count) return;
  wanted = null;
  process.send?.({ kind: "arrived" });
}

const listen = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => take(request, chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks), response));
};
const server = protocol === "https" ? createTlsServer(testCertificate, listen) : createServer(listen);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.({ kind: "listening", port: (server.address() as AddressInfo).port }));

type Asked =
  | { readonly kind: "reset" | "report" }
  | { readonly kind: "outage"; readonly group: string }
  | { readonly kind: "wait"; readonly count: number; readonly groups: readonly string[] };

process.on("message", (message: Asked) => {
  if (message.kind === "wait") {
    wanted = message;
    tellArrived();
    return;
  }
  if (message.kind === "reset") groups.clear();
  if (message.kind === "outage") outage = message.group;
  const report = Object.fromEntries(
    [...groups].map(([name, { ids, ...group }]) => [name, message.kind === "report" ? { ...group, distinct: ids.size } : {}]),
  );
  process.send?.({ kind: message.kind, groups: report });
});
process.on("disconnect", () => process.exit());
