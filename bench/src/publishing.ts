import { Client, Pool } from "undici";
import { KEY, SHOP } from "./credentials.ts";
import { PAYLOAD } from "./payload.ts";

/** Events of one request, and their bytes at most. */
const BATCH = 500;
const BATCH_BYTES = 8_388_608;
const BATCHES_UNDER_WAY = 3;
const CLIENTS = 32;

export interface Batches {
  readonly events: number;
  readonly payload?: string;
  /** Of the event with this number; the one shop unless given. */
  readonly shopOf?: (n: number) => string;
}

/** Publishes as fast as it is taken, three requests of many events each under way at every process. */
export async function publishAll(origins: readonly string[], { events, payload = PAYLOAD, shopOf = () => SHOP }: Batches): Promise<void> {
  const pools = origins.map((origin) => new Pool(origin, { connections: BATCHES_UNDER_WAY }));
  const batch = Math.max(1, Math.min(BATCH, Math.floor(BATCH_BYTES / payload.length)));
  const lines = new Map<string, string>();
  const lineOf = (shop: string): string => {
    const line = lines.get(shop) ?? `{"shop":"${shop}","topic":"orders/create","payload":${payload}}\n`;
    lines.set(shop, line);
    return line;
  };
  let from = 0;
  const publish = async (pool: Pool): Promise<void> => {
    while (from < events) {
      const numbers = Array.from({ length: Math.min(batch, events - from) }, (_, n) => from + n);
      from += numbers.length;
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: "/platform/v1/events",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/x-ndjson" },
        body: numbers.map((n) => lineOf(shopOf(n))).join(""),
      });
      const { events: answers } = (await body.json()) as { events: { code?: string }[] };
      const refused = answers.filter((event) => event.code !== undefined).length;
      if (statusCode !== 202 || refused > 0) throw new Error(`publish answered ${statusCode}, ${refused} refused`);
    }
  };
  await Promise.all(pools.flatMap((pool) => Array.from({ length: BATCHES_UNDER_WAY }, () => publish(pool))));
  await Promise.all(pools.map((pool) => pool.close()));
}

export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
  readonly shopOf?: (n: number) => string;
}

/** Single publishes at a steady pace, each with the time just before it on the machine's monotonic clock; answers how many. */
export async function publishSteadily(origins: readonly string[], { perSecond, seconds, shopOf = () => SHOP }: Pace): Promise<number> {
  const clients = Array.from({ length: CLIENTS }, (_, n) => new Client(origins[n % origins.length] ?? "", { pipelining: 1 }));
  const total = Math.round(perSecond * seconds);
  const startedAt = performance.now();
  let sent = 0;
  const failures: string[] = [];
  const under: Promise<void>[] = [];
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1_000) * perSecond));
    for (; sent < due; sent += 1) {
      const client = clients[sent % clients.length] as Client;
      under.push(publishTimed(client, shopOf(sent)).catch((error: unknown) => void failures.push(String(error))));
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  await Promise.all(under);
  await Promise.all(clients.map((client) => client.close()));
  if (failures.length > 0) throw new Error(`${failures.length} publishes failed: ${failures[0]}`);
  return total;
}

/** Single publishes, one after the other on each of so many connections; answers how many a second were taken. */
export async function publishSingly(origin: string, events: number, connections: number): Promise<number> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  let left = events;
  const publish = async (): Promise<void> => {
    for (; left > 0;) {
      left -= 1;
      await publishOne(pool, SHOP, PAYLOAD);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, publish));
  const seconds = (performance.now() - startedAt) / 1_000;
  await pool.close();
  return events / seconds;
}

function publishTimed(client: Client, shop: string): Promise<void> {
  return publishOne(client, shop, `${PAYLOAD.slice(0, -1)},"sentAt":"${process.hrtime.bigint()}"}`);
}

async function publishOne(to: Client | Pool, shop: string, payload: string): Promise<void> {
  const { statusCode, body } = await to.request({
    method: "POST",
    path: "/platform/v1/events",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: `{"shop":"${shop}","topic":"orders/create","payload":${payload}}`,
  });
  await body.dump();
  if (statusCode !== 202) throw new Error(`publish answered ${statusCode}`);
}
