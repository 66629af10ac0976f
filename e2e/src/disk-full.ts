/**
 * A disk that fills up under load and has room again later, without a restart: `node e2e/src/disk-full.ts [CYCLES]`. The data folder is a
 * small file system in memory, in a mount namespace of the server's own; the file that fills it is written and removed through
 * `/proc/PID/root`.
 */
import { rmSync, writeFileSync } from "node:fs";
import { startEndpoint } from "@genhook/testkit";
import { call, KEY, makeFolder, ServerProcess, settled, setUp, SHOP } from "./server-process.ts";

export interface DiskFullReport {
  readonly accepted: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of the 503, how many said when to come back. */
  readonly retryAfter: number;
  /** What a change of the directory was answered while the disk was full. */
  readonly changes: readonly number[];
  /** What `/readyz` answered while the disk was full: reading and delivering go on, so traffic is welcome. */
  readonly ready: readonly number[];
  /** Accepted events that never arrived. */
  readonly lost: number;
  readonly repeated: number;
  readonly output: string;
}

const SIZE_MIB = 24;
const PAYLOAD_BYTES = 20_000;

export async function fillDisk(cycles: number): Promise<DiskFullReport> {
  const mount = makeFolder();
  // Slow enough that attempts end, and must be settled, while there is no room.
  const endpoint = await startEndpoint({
    answer: () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(200), 200);
      }),
  });
  const server = new ServerProcess(
    ["serve", "--port", "0", "--data", `${mount.path}/data`, "--allow-private-addresses", "--log-level", "error"],
    {},
    ["unshare", "--map-root-user", "--mount", "sh", "-c", `mount -t tmpfs -o size=${SIZE_MIB}m tmpfs ${mount.path} && exec "$0" "$@"`],
  );
  try {
    const publisher = new Publisher(await server.listening());
    const ready: number[] = [];
    await setUp(publisher.origin, [endpoint.url]);
    const filler = `/proc/${server.pid}/root${mount.path}/filler`;
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      await Promise.all(Array.from({ length: 20 }, () => publisher.publish()));
      fill(filler);
      for (let refused = 0; refused < 20;) if ((await publisher.publish()) !== 202) refused += 1;
      await publisher.changeDirectory(cycle);
      // Reading goes on all the while.
      await call(publisher.origin, "GET", "/platform/v1/stats");
      ready.push((await fetch(`${publisher.origin}/readyz`)).status);
      rmSync(filler);
      while ((await publisher.publish()) !== 202);
    }
    await settled(publisher.origin);
    const arrived = new Set(endpoint.received.map(({ headers }) => headers["x-genstore-event-id"]));
    const { accepted, statuses, retryAfter, changes } = publisher;
    return {
      accepted: accepted.length,
      statuses,
      retryAfter,
      changes,
      ready,
      lost: accepted.filter((id) => !arrived.has(id)).length,
      repeated: endpoint.received.length - arrived.size,
      output: server.output,
    };
  } finally {
    server.kill("SIGKILL");
    await server.exited;
    await endpoint.close();
    mount.remove();
  }
}

/** Publishes, and counts what it is answered. */
class Publisher {
  readonly origin: string;
  readonly accepted: string[] = [];
  readonly statuses: Record<string, number> = {};
  readonly changes: number[] = [];
  retryAfter = 0;
  #published = 0;

  constructor(origin: string) {
    this.origin = origin;
  }

  async publish(): Promise<number> {
    this.#published += 1;
    const payload = { order: { id: this.#published, note: "x".repeat(PAYLOAD_BYTES) } };
    const response = await this.#post("/platform/v1/events", { shop: SHOP, topic: "orders/create", payload });
    const answer = (await response.json()) as { event?: { id: string } };
    if (answer.event !== undefined) this.accepted.push(answer.event.id);
    this.statuses[response.status] = (this.statuses[response.status] ?? 0) + 1;
    if (response.status === 503 && response.headers.get("retry-after") !== null) this.retryAfter += 1;
    return response.status;
  }

  async changeDirectory(cycle: number): Promise<void> {
    this.changes.push((await this.#post("/platform/v1/shops", { domain: `full-${cycle}.genmystore.com` })).status);
  }

  #post(path: string, body: unknown): Promise<Response> {
    const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": "application/json" };
    return fetch(this.origin + path, { method: "POST", headers, body: JSON.stringify(body) });
  }
}

/** Takes all the room that is left. */
export function fill(path: string): void {
  const block = Buffer.alloc(65_536);
  try {
    for (;;) writeFileSync(path, block, { flag: "a" });
  } catch {
    // Full.
  }
}

if (import.meta.main) {
  const report = await fillDisk(Number(process.argv[2] ?? 10));
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.lost === 0 ? 0 : 1;
}
