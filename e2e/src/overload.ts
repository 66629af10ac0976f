/**
 * More publishes than the disk takes: `node e2e/src/overload.ts [SECONDS] [PUBLISHERS]` (30 and 400), each with events of a megabyte, one after
 * the other. Memory stays bounded, whoever is refused is told when to come back, and the next one is taken as soon as it stops.
 */
import { Agent, request } from "node:http";
import { startEndpoint } from "@genhook/testkit";
import { KEY, makeFolder, ServerProcess, settled, setUp, SHOP } from "./server-process.ts";

export interface OverloadReport {
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the 503, how many said when to come back. */
  readonly retryAfter: number;
  /** The most that the server had resident, MiB. */
  readonly residentMaxMib: number;
  /** What a publish is answered right afterwards. */
  readonly afterwards: number;
  /** Accepted events that never arrived. */
  readonly lost: number;
}

const PAYLOAD = "x".repeat(1_000_000);

export async function overload(seconds: number, publishers: number): Promise<OverloadReport> {
  const folder = makeFolder();
  const endpoint = await startEndpoint();
  const server = new ServerProcess(["serve", "--port", "0", "--data", folder.path, "--allow-private-addresses"]);
  const agent = new Agent({ keepAlive: true, maxSockets: publishers });
  const statuses: Record<string, number> = {};
  const accepted: string[] = [];
  let retryAfter = 0;
  let residentMaxMib = 0;
  const watch = setInterval(() => (residentMaxMib = Math.max(residentMaxMib, server.residentMib)), 50);
  try {
    const origin = await server.listening();
    await setUp(origin, [endpoint.url]);
    const until = performance.now() + seconds * 1_000;
    const publish = async (): Promise<void> => {
      while (performance.now() < until) {
        const answer = await publishOne(agent, origin);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        if (answer.id !== null) accepted.push(answer.id);
        if (answer.status === 503 && answer.retryAfter !== null) retryAfter += 1;
      }
    };
    await Promise.all(Array.from({ length: publishers }, publish));
    const { status: afterwards, id } = await publishOne(agent, origin);
    if (id !== null) accepted.push(id);
    await settled(origin);
    const arrived = new Set(endpoint.received.map(({ headers }) => headers["x-genstore-event-id"]));
    return { statuses, retryAfter, residentMaxMib, afterwards, lost: accepted.filter((each) => !arrived.has(each)).length };
  } finally {
    clearInterval(watch);
    agent.destroy();
    server.kill("SIGTERM");
    await server.exited;
    await endpoint.close();
    folder.remove();
  }
}

interface Answered {
  readonly status: number;
  readonly id: string | null;
  readonly retryAfter: string | null;
}

function publishOne(agent: Agent, origin: string): Promise<Answered> {
  const body = `{"shop":"${SHOP}","topic":"orders/create","payload":{"order":{"id":1,"note":"${PAYLOAD}"}}}`;
  const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json", "Content-Length": body.length };
  return new Promise((resolve) => {
    let isAnswered = false;
    const sent = request(`${origin}/platform/v1/events`, { method: "POST", headers, agent }, (response) => {
      isAnswered = true;
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("close", () => {
        const id = response.statusCode === 202 ? (JSON.parse(text) as { event: { id: string } }).event.id : null;
        resolve({ status: response.statusCode ?? 0, id, retryAfter: response.headers["retry-after"] ?? null });
      });
    });
    // A server that refuses does not read on: the rest of the body has nowhere to go.
    sent.on("error", () => (isAnswered ? undefined : resolve({ status: 0, id: null, retryAfter: null })));
    sent.end(body);
  });
}

if (import.meta.main) console.log(JSON.stringify(await overload(Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 400)), null, 2));
