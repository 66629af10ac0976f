import type { ServerResponse } from "node:http";
import { startEndpoint, type Endpoint } from "@genhook/testkit";
import { call } from "./server-process.ts";
import { unlessGivenUp } from "./unless-given-up.ts";

/** Every so many events the first attempt is refused: what follows of its key has to wait for the second one. */
const REFUSED_EVERY = 7;
const WRONG_MAX = 20;

/** One key's place at one address: what it has got to, and what is under way. */
interface Place {
  /** The latest event that an attempt was made for. */
  n: number;
  isTaken: boolean;
  underWay: ServerResponse | null;
}

/** An endpoint of an ordered webhook. It says what arrived out of order, whatever happened to the processes meanwhile. */
export interface OrderedEndpoint extends Endpoint {
  /** What was wrong with the order of a key. Nothing must be. */
  readonly disordered: readonly string[];
  /** Events of which the first attempt was refused. */
  readonly refusedCount: () => number;
}

export interface OrderedEndpointOptions {
  /** How long an answer takes, ms. */
  readonly delayMs?: () => number;
  /** While it is true, everything is refused. */
  readonly isShut?: () => boolean;
}

/**
 * Publishers say in the payload which key an event has and its number in it, each one above the one before (`publish`). Then an attempt
 * may only be for the latest event of its key or for a later one, for a later one only once the latest was taken, and only while nothing of
 * the key is under way.
 */
export async function startOrderedEndpoint(options: OrderedEndpointOptions = {}): Promise<OrderedEndpoint> {
  const places = new Map<string, Place>();
  const refused = new Set<string>();
  const disordered: string[] = [];
  const say = (what: string): void => {
    if (disordered.length < WRONG_MAX) disordered.push(what);
  };
  const take = (key: string, n: number, response: ServerResponse): number => {
    const place = places.get(key) ?? { n: 0, isTaken: true, underWay: null };
    places.set(key, place);
    if (place.underWay !== null) say(`${key}: ${n} came while ${place.n} was under way`);
    if (n < place.n) say(`${key}: ${n} came behind ${place.n}`);
    else if (n > place.n && !place.isTaken) say(`${key}: ${n} came before ${place.n} was taken`);
    const isRefused = options.isShut?.() === true || (n % REFUSED_EVERY === 0 && !refused.has(`${key} ${n}`));
    if (isRefused) refused.add(`${key} ${n}`);
    if (n >= place.n) Object.assign(place, { n, isTaken: (n === place.n && place.isTaken) || !isRefused });
    place.underWay = response;
    response.once("close", () => {
      if (place.underWay === response) place.underWay = null;
    });
    return isRefused ? 500 : 200;
  };
  const endpoint = await startEndpoint({
    answer: ({ path, body }) => {
      const { order } = JSON.parse(body.toString()) as { readonly order: { readonly id: number; readonly key: string } };
      return (response) => {
        unlessGivenUp(response, () => {
          const status = take(`${path} ${order.key}`, order.id, response);
          const answer = (): void => void response.writeHead(status).end();
          if (options.delayMs === undefined) answer();
          else setTimeout(answer, options.delayMs());
        });
      };
    },
  });
  return { ...endpoint, disordered, refusedCount: () => refused.size };
}

/** Makes an ordered webhook for an app's token. */
export async function subscribeOrdered(origin: string, token: string, address: string): Promise<void> {
  const webhook = { topic: "orders/create", address, ordered: true };
  await call(origin, "POST", "/api/202412/app/webhooks", { webhook }, token);
}
