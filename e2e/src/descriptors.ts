/**
 * A server that runs out of file descriptors because somebody opens connections and keeps them: `node e2e/src/descriptors.ts`. What it
 * has accepted goes on, what it cannot do is its own failure and nobody else's, and once there is room it recovers by itself.
 */
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { startEndpoint } from "@genhook/testkit";
import { call, KEY, makeFolder, ServerProcess, setUp, SHOP } from "./server-process.ts";

export interface DescriptorsReport {
  /** Connections that were taken before there was no descriptor left. */
  readonly taken: number;
  /** What a publish over a connection that was there before is answered meanwhile. */
  readonly published: number;
  /** How attempts ended while there was none. */
  readonly errors: readonly string[];
  /** Afterwards: the event's deliveries, by state. */
  readonly states: readonly string[];
  readonly output: string;
}

const DESCRIPTORS = 200;

export async function runOutOfDescriptors(): Promise<DescriptorsReport> {
  const folder = makeFolder();
  const endpoint = await startEndpoint();
  const waits = Array.from({ length: 7 }, () => "1s").join(",");
  const server = new ServerProcess(
    ["serve", "--port", "0", "--data", folder.path, "--allow-private-addresses", "--retry-waits", waits],
    {},
    ["sh", "-c", `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`],
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const hogs: Socket[] = [];
  try {
    const origin = await server.listening();
    await setUp(origin, [endpoint.url]);
    // A connection that is there already, and stays.
    await over(agent, origin, "GET", "/healthz");
    const taken = await hog(origin, hogs);
    const published = await over(agent, origin, "POST", "/platform/v1/events", {
      shop: SHOP,
      topic: "orders/create",
      payload: { order: { id: 1 } },
    });
    const id = (JSON.parse(published.text) as { event: { id: string } }).event.id;
    const errors = new Set<string>();
    while (errors.size === 0) {
      const shown = JSON.parse((await over(agent, origin, "GET", `/platform/v1/events/${id}`)).text) as {
        event: { deliveries: { lastError: string | null }[] };
      };
      for (const { lastError } of shown.event.deliveries) if (lastError !== null) errors.add(lastError);
    }
    for (const socket of hogs) socket.destroy();
    await endpoint.waitFor(1);
    let states: string[] = ["pending"];
    while (states.includes("pending")) {
      const shown = await call<{ event: { deliveries: { state: string }[] } }>(origin, "GET", `/platform/v1/events/${id}`);
      states = shown.event.deliveries.map(({ state }) => state);
    }
    return { taken, published: published.status, errors: [...errors], states, output: server.output };
  } finally {
    agent.destroy();
    for (const socket of hogs) socket.destroy();
    server.kill("SIGTERM");
    await server.exited;
    await endpoint.close();
    folder.remove();
  }
}

/** Opens connections until the server gives them up as soon as it has taken them. */
async function hog(origin: string, hogs: Socket[]): Promise<number> {
  const { hostname, port } = new URL(origin);
  for (let taken = 0; ; taken += 1) {
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname);
      hogs.push(socket);
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      // A request in pieces: the server has the connection for good, and waits.
      socket.on("connect", () => socket.write("GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ", () => setTimeout(() => resolve(true), 5)));
    });
    if (!isTaken) return taken;
  }
}

function over(
  agent: Agent,
  origin: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };
    const sent = request(origin + path, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

if (import.meta.main) console.log(JSON.stringify(await runOutOfDescriptors(), null, 2));
