/**
 * Many connections at once: `node e2e/src/connections.ts [IDLE] [ACTIVE]` (5000 and 2000). Idle ones are kept open without a word, active
 * ones publish, one event after the other. Says what an idle connection costs, and that everything was answered and arrived.
 */
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Agent, request } from "node:http";
import { startEndpoint } from "@genhook/testkit";
import { call, KEY, makeFolder, ServerProcess, settled, setUp, SHOP } from "./server-process.ts";

export interface ConnectionsReport {
  readonly idle: number;
  readonly active: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly lost: number;
  /** Resident memory of the server before, with idle connections, under load, and once all are gone, MiB. */
  readonly residentMib: readonly number[];
  /** Descriptors left behind when all are gone. */
  readonly leftDescriptors: number;
  readonly seconds: number;
}

const EVENTS_EACH = 5;

export async function connectMany(idle: number, active: number): Promise<ConnectionsReport> {
  const folder = makeFolder();
  const endpoint = await startEndpoint();
  const server = new ServerProcess(["serve", "--port", "0", "--data", folder.path, "--allow-private-addresses"]);
  const sockets: Socket[] = [];
  const agent = new Agent({ keepAlive: true, maxSockets: active });
  try {
    const origin = await server.listening();
    await setUp(origin, [endpoint.url]);
    const before = readdirSync(`/proc/${server.pid}/fd`).length;
    const residentMib = [server.residentMib];
    sockets.push(...(await openIdle(origin, idle)));
    residentMib.push(server.residentMib);
    const started = performance.now();
    const answers = await Promise.all(Array.from({ length: active }, (_, n) => publishInTurn(agent, origin, n)));
    const seconds = (performance.now() - started) / 1_000;
    residentMib.push(server.residentMib);
    const statuses: Record<string, number> = {};
    const ids = new Set<string>();
    for (const { status, id } of answers.flat()) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (id !== null) ids.add(id);
    }
    await settled(origin);
    const arrived = new Set(endpoint.received.map(({ headers }) => headers["x-genstore-event-id"]));
    for (const socket of sockets) socket.destroy();
    agent.destroy();
    while (readdirSync(`/proc/${server.pid}/fd`).length > before + 64) await call(origin, "GET", "/healthz");
    residentMib.push(server.residentMib);
    return {
      idle: sockets.length,
      active,
      statuses,
      lost: [...ids].filter((id) => !arrived.has(id)).length,
      residentMib,
      leftDescriptors: readdirSync(`/proc/${server.pid}/fd`).length - before,
      seconds: Math.round(seconds * 10) / 10,
    };
  } finally {
    agent.destroy();
    for (const socket of sockets) socket.destroy();
    server.kill("SIGTERM");
    await server.exited;
    await endpoint.close();
    folder.remove();
  }
}

/** Connections that have had one answer and are silent since; a hundred at a time, as the backlog takes them. */
async function openIdle(origin: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(origin);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from(
      { length: Math.min(100, count - sockets.length) },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect(Number(port), hostname, () => socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"));
          socket.once("data", () => resolve(socket));
          socket.on("error", reject);
        }),
    );
    sockets.push(...(await Promise.all(more)));
  }
  return sockets;
}

async function publishInTurn(agent: Agent, origin: string, n: number): Promise<{ readonly status: number; readonly id: string | null }[]> {
  const answers: { status: number; id: string | null }[] = [];
  while (answers.length < EVENTS_EACH) {
    const body = JSON.stringify({ shop: SHOP, topic: "orders/create", payload: { order: { id: n * EVENTS_EACH + answers.length + 1 } } });
    answers.push(
      await new Promise((resolve, reject) => {
        const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
        const sent = request(`${origin}/platform/v1/events`, { method: "POST", headers, agent }, (response) => {
          let text = "";
          response.on("data", (chunk: Buffer) => (text += chunk.toString()));
          response.on("end", () => {
            const id = (JSON.parse(text) as { event?: { id: string } }).event?.id ?? null;
            resolve({ status: response.statusCode ?? 0, id });
          });
        });
        sent.on("error", reject);
        sent.end(body);
      }),
    );
  }
  return answers;
}

if (import.meta.main) {
  console.log(JSON.stringify(await connectMany(Number(process.argv[2] ?? 5_000), Number(process.argv[3] ?? 2_000)), null, 2));
}
