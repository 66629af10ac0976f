import type { Endpoint } from "@genhook/testkit";
import { call } from "./server-process.ts";

/** A numbered webhook that is sent to, and one in pull mode: what both are told has to come to the same. */
export interface Numbered {
  readonly token: string;
  readonly pushed: number;
  readonly pulled: number;
}

interface Entry {
  readonly sequence: number;
  readonly id: string;
  readonly state: string;
}

/** Makes both for an app's token. */
export async function subscribeNumbered(origin: string, token: string, address: string): Promise<Numbered> {
  const make = async (webhook: object): Promise<number> =>
    (await call<{ webhook: { id: number } }>(origin, "POST", "/api/202412/app/webhooks", { webhook }, token)).webhook.id;
  return {
    token,
    pushed: await make({ topic: "orders/create", address, sequence: true }),
    pulled: await make({ topic: "orders/create", mode: "pull" }),
  };
}

/**
 * What is wrong with the numbers of a server through which all this went; nothing must be. Each webhook's events are read from the beginning: dense,
 * none twice, every accepted event among them; and each request that the endpoint got carried the number that its event has.
 */
export async function judgeNumbers(
  origin: string,
  numbered: Numbered,
  accepted: readonly string[],
  endpoint: Endpoint,
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const [pushed, pulled] = await Promise.all([readAll(origin, numbered, numbered.pushed), readAll(origin, numbered, numbered.pulled)]);
  for (const [name, entries] of [["pushed", pushed] as const, ["pulled", pulled] as const]) {
    const ids = new Set(entries.map(({ id }) => id));
    const gap = entries.findIndex(({ sequence }, index) => sequence !== index + 1);
    if (gap >= 0) wrong.push(`${name}: number ${entries[gap]?.sequence} stands where ${gap + 1} should`);
    if (ids.size < entries.length) wrong.push(`${name}: ${entries.length - ids.size} events have two numbers`);
    const missing = accepted.filter((id) => !ids.has(id));
    if (missing.length > 0) wrong.push(`${name}: ${missing.length} accepted events have no number, ${missing[0]} is one`);
    const gone = entries.filter(({ state }) => state !== "available");
    if (gone.length > 0) wrong.push(`${name}: ${gone.length} events are ${gone[0]?.state}`);
  }
  const numbers = new Map(pushed.map(({ id, sequence }) => [id, String(sequence)]));
  for (const { headers } of endpoint.received) {
    const id = headers["x-genstore-event-id"] ?? "";
    if (headers["x-genstore-sequence"] !== numbers.get(id)) {
      wrong.push(`event ${id} was sent with number ${headers["x-genstore-sequence"]}, and has ${numbers.get(id)}`);
    }
  }
  return wrong.slice(0, 20);
}

async function readAll(origin: string, { token }: Numbered, id: number): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const path = `/api/202412/app/webhooks/${id}/events?after=${entries.at(-1)?.sequence ?? 0}&limit=250`;
    const page = await call<{ events: Entry[]; last: number }>(origin, "GET", path, undefined, token);
    entries.push(...page.events);
    if (page.events.length === 0 || (entries.at(-1)?.sequence ?? 0) >= page.last) return entries;
  }
}
