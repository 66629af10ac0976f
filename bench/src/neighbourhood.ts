import type { Receiver } from "./processes.ts";
import { install, makeApp, subscribe } from "./setting-up.ts";
import type { System } from "./systems.ts";

/** As many shops, each with one webhook at an address of its own, hence as many endpoints. */
export const SHOPS = 100;
/** The last two are where the trouble is; what the others get is looked at. */
const OTHERS = SHOPS - 2;
/** Every second of the others has an outage in one of the parts. */
const STEADY = SHOPS / 2;

export const HEALTHY: readonly string[] = ["steady", "outage"];

export function shopOf(n: number): string {
  return `shop-${n}.genmystore.com`;
}

/** Events by turns over all shops. */
export function evenly(n: number): string {
  return shopOf(n % SHOPS);
}

/** Every second event is the last shop's, which so has 99 times what any other has; one before it has none. */
export function mostlyOne(n: number): string {
  return n % 2 === 0 ? shopOf((n / 2) % OTHERS) : shopOf(SHOPS - 1);
}

/** How many of so many events are for shops whose endpoint is healthy, and, of these, for those that never have an outage. */
export function countOf(events: number, spread: (n: number) => string): { readonly healthy: number; readonly steady: number } {
  let [healthy, steady] = [0, 0];
  for (let n = 0; n < events; n += 1) {
    const shop = Number(/\d+/.exec(spread(n))?.[0]);
    if (shop < OTHERS) healthy += 1;
    if (shop < STEADY) steady += 1;
  }
  return { healthy, steady };
}

/** Shops and webhooks; `lastTwo` are the first parts of the last two's paths, which say how these answer. */
export async function settle(system: System, receiver: Receiver, lastTwo: readonly [string, string]): Promise<void> {
  const [origin = ""] = system.origins;
  const app = await makeApp(origin);
  for (let n = 0; n < SHOPS; n += 1) {
    const group = n < STEADY ? "steady" : n < OTHERS ? "outage" : (lastTwo[n - OTHERS] ?? "");
    await subscribe(origin, await install(origin, app, shopOf(n)), "orders/create", `${receiver.origin}/${group}/${n}`);
  }
}
