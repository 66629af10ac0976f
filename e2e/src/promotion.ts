/**
 * The primary is lost under load and its standby takes its place: `node e2e/src/promotion.ts sync|async [EVENTS]`. Two processes reach the
 * database through a proxy that is led to the new primary, as a virtual address or a pooler would be. With `async` replication stands still
 * for the middle third of the events, so that the standby is sure to lack them.
 */
import { startEndpoint, FaultProxy, startPostgresPair, withClient, type Endpoint, type PostgresPair } from "@genhook/testkit";
import { after, compare, drained } from "./crash.ts";
import { call, publish, ServerProcess, setUp } from "./server-process.ts";

export interface PromotionReport {
  readonly accepted: number;
  /** Publishes that were told to come again while there was no primary. */
  readonly refused: number;
  /** Events that the old primary had accepted and the new one does not know. */
  readonly forgotten: number;
  /** Of those that replication was cut off from. */
  readonly unseen: number;
  /** Accepted and known, and never arrived. Must be none. */
  readonly lost: readonly string[];
  readonly repeated: number;
  readonly pending: number;
  /** From the end of the primary to the first publish that the new one took, promotion and all, ms. */
  readonly outageMs: number;
  readonly exits: number;
}

const SEALING_KEY = "55".repeat(32);
const AGAIN_MS = 50;

export async function promote(isSynchronous: boolean, events: number): Promise<PromotionReport> {
  let replication: FaultProxy | null = null;
  const pair = await startPostgresPair(isSynchronous, async (port) => (replication = await FaultProxy.start(port)).port);
  const front = await FaultProxy.start(pair.primary.port);
  const endpoint = await startEndpoint();
  const database = front.through(await pair.primary.createDatabase());
  const flags = ["--port", "0", "--allow-private-addresses", "--log-level", "silent", "--database", database];
  const nodes = [1, 2].map(() => new ServerProcess(["serve", ...flags], { GENHOOK_SEALING_KEY: SEALING_KEY }));
  try {
    const origins = await Promise.all(nodes.map((node) => node.listening()));
    await setUp(origins[0] ?? "", [endpoint.url]);
    const third = Math.ceil(events / 3);
    const publisher = new Publisher(origins);
    const seen = await publisher.publish(third);
    await followed(pair);
    if (!isSynchronous) (replication as FaultProxy | null)?.stall();
    const unseen = await publisher.publish(third);
    const endedAt = performance.now();
    await pair.primary.end();
    const afterwards = publisher.publish(third);
    (replication as FaultProxy | null)?.cut();
    while (publisher.refused === 0) await after(10);
    await pair.promote();
    front.leadTo(pair.standby.port);
    front.cut();
    const accepted = [...seen, ...unseen, ...(await afterwards)];
    const outageMs = Math.round((publisher.acceptedAgainAt ?? performance.now()) - endedAt);
    const pending = await drained(origins[0] ?? "");
    const forgotten = await unknown(origins[1] ?? "", accepted);
    const known = accepted.filter((id) => !forgotten.has(id));
    await arrived(endpoint, known);
    const exits = await exited(nodes);
    const counts = { accepted: accepted.length, refused: publisher.refused, forgotten: forgotten.size, pending, outageMs, exits };
    return { ...counts, unseen: isSynchronous ? 0 : unseen.length, ...compare(known, [endpoint]) };
  } finally {
    for (const node of nodes) node.kill("SIGKILL");
    await Promise.all(nodes.map((node) => node.exited));
    await Promise.all([endpoint.close(), front.close(), (replication as FaultProxy | null)?.close()]);
    await Promise.all([pair.primary.stop(), pair.standby.stop()]);
  }
}

class Publisher {
  readonly #origins: readonly string[];
  #next = 0;
  refused = 0;
  /** When something was accepted for the first time after a refusal. */
  acceptedAgainAt: number | null = null;

  constructor(origins: readonly string[]) {
    this.#origins = origins;
  }

  /** So many events, each again and again under its key until it is accepted. */
  publish(count: number): Promise<string[]> {
    return Promise.all(Array.from({ length: count }, () => this.#publishOne((this.#next += 1))));
  }

  async #publishOne(n: number): Promise<string> {
    for (;;) {
      const id = await publish(this.#origins[n % this.#origins.length] ?? "", n);
      if (id !== null) {
        if (this.refused > 0) this.acceptedAgainAt ??= performance.now();
        return id;
      }
      this.refused += 1;
      await after(AGAIN_MS);
    }
  }
}

/** Resolves once the standby has all that the primary has. */
async function followed(pair: PostgresPair): Promise<void> {
  await withClient(pair.primary.url, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ all: boolean }>("SELECT replay_lsn >= pg_current_wal_lsn() AS all FROM pg_stat_replication");
      if (rows[0]?.all === true) return;
      await after(20);
    }
  });
}

async function unknown(origin: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const id of ids)
    if (
      await call(origin, "GET", `/platform/v1/events/${id}`).then(
        () => false,
        (error: Error) => error.message.includes(": 404 "),
      )
    )
      found.add(id);
  return found;
}

async function arrived(endpoint: Endpoint, ids: readonly string[]): Promise<void> {
  for (let look = 0; look < 200 && compare(ids, [endpoint]).lost.length > 0; look += 1) await after(50);
}

/** How many of them have ended by themselves. */
async function exited(nodes: readonly ServerProcess[]): Promise<number> {
  const ended = await Promise.all(nodes.map((node) => Promise.race([node.exited.then(() => 1), after(0).then(() => 0)])));
  return ended.reduce((sum, one) => sum + one, 0);
}

if (import.meta.main) {
  const [kind = "sync", events = "3000"] = process.argv.slice(2);
  const report = await promote(kind !== "async", Number(events));
  console.log(JSON.stringify({ ...report, lost: report.lost.length }, null, 2));
  process.exitCode = report.lost.length === 0 && report.pending === 0 && report.exits === 0 ? 0 : 1;
}
