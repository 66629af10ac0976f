import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { freePort } from "@genhook/testkit";
import { call } from "./server-process.ts";

/** One webhook of a soak: of which topic, for which part of the events, and how its endpoint behaves. */
interface Kind {
  readonly topic: string;
  readonly share: number;
  /** Answers, and says whether the event was taken. Null: nobody listens. */
  readonly answer: ((response: ServerResponse, n: number) => boolean) | null;
}

const SLOW_MS = 300;
const FAILS_EVERY = 10;

/** Most go well, as most do; of the others there is enough that slots, retries, breakers and expiry are at work all the time. */
const KINDS = {
  healthy: {
    topic: "orders/create",
    share: 0.9,
    answer: (response) => {
      response.writeHead(200).end();
      return true;
    },
  },
  slow: {
    topic: "orders/paid",
    share: 0.05,
    answer: (response) => {
      setTimeout(() => response.writeHead(200).end(), SLOW_MS);
      return true;
    },
  },
  flapping: {
    topic: "orders/cancelled",
    share: 0.04,
    answer: (response, n) => {
      const isTaken = n % FAILS_EVERY !== 0;
      response.writeHead(isTaken ? 200 : 500).end();
      return isTaken;
    },
  },
  dead: { topic: "orders/fulfilled", share: 0.01, answer: null },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;

export interface SoakEndpoints {
  /** Told of every event that an endpoint has taken. */
  onTaken: (id: string) => void;
  close(): Promise<void>;
}

/** One endpoint of each kind, and its webhook. They keep nothing of what they get. */
export async function startSoakEndpoints(origin: string, token: string): Promise<SoakEndpoints> {
  const servers: ReturnType<typeof createServer>[] = [];
  const endpoints: SoakEndpoints = {
    onTaken: () => undefined,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => {
          server.close(resolve);
        });
      }
    },
  };
  for (const { topic, answer } of Object.values<Kind>(KINDS)) {
    let n = 0;
    const port = answer === null ? await freePort() : 0;
    const server = createServer((incoming, response) => {
      incoming.resume();
      incoming.on("end", () => {
        if (answer?.(response, (n += 1)) === true) endpoints.onTaken(String(incoming.headers["x-genstore-event-id"]));
      });
    });
    if (answer !== null) {
      servers.push(server);
      await new Promise<void>((resolve) => {
        server.listen(0, "127.0.0.1", resolve);
      });
    }
    const address = `http://127.0.0.1:${answer === null ? port : (server.address() as AddressInfo).port}/hooks`;
    await call(origin, "POST", "/api/202412/app/webhooks", { webhook: { topic, address } }, token);
  }
  return endpoints;
}

/** Whose turn it is, by shares; the same for the same number. */
export function kindAt(n: number): { readonly name: KindName; readonly topic: string } {
  // The golden ratio's multiples are spread evenly, whatever the shares are.
  let at = (n * 0.618_033_988_75) % 1;
  for (const [name, { share, topic }] of Object.entries(KINDS) as [KindName, Kind][]) {
    at -= share;
    if (at < 0) return { name, topic };
  }
  return { name: "healthy", topic: KINDS.healthy.topic };
}
