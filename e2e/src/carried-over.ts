import { startEndpoint, type Endpoint } from "@genhook/testkit";
import { judgeNumbers, subscribeNumbered, type Numbered } from "./numbers.ts";
import { startOrderedEndpoint, subscribeOrdered, type OrderedEndpoint } from "./order.ts";
import { call, publish, settled, setUp } from "./server-process.ts";

const KEYS = ["first", "second", "third"];
const BEFORE = 60;
const OWED = 30;
const AFTER = 30;

interface BlockedKey {
  readonly orderKey: string;
  readonly deliveryId: string;
  readonly pending: number;
}

interface Seen {
  /** Pages of events by number, as texts. */
  readonly pages: readonly string[];
  readonly blockedKeys: readonly BlockedKey[];
}

/**
 * Numbers and lanes in order that have to survive their data being carried somewhere else: numbers of a webhook that is sent to and of one in pull mode,
 * deliveries that are owed and have none yet, keys behind a dead letter, and what was set aside for them.
 */
export class CarriedOver {
  readonly #accepted: string[] = [];
  readonly #numbered: Numbered;
  readonly #receiver: Endpoint;
  readonly #ordered: OrderedEndpoint;
  readonly #shut: { isShut: boolean };
  #before: Seen = { pages: [], blockedKeys: [] };

  private constructor(numbered: Numbered, receiver: Endpoint, ordered: OrderedEndpoint, shut: { isShut: boolean }) {
    this.#numbered = numbered;
    this.#receiver = receiver;
    this.#ordered = ordered;
    this.#shut = shut;
  }

  /** On a server that gives up after the first attempt (`--retry-waits none`). */
  static async fill(origin: string): Promise<CarriedOver> {
    const shut = { isShut: true };
    const [receiver, ordered] = [await startEndpoint(), await startOrderedEndpoint({ isShut: () => shut.isShut })];
    const token = await setUp(origin, []);
    const carried = new CarriedOver(await subscribeNumbered(origin, token, receiver.url), receiver, ordered, shut);
    await subscribeOrdered(origin, token, ordered.url);
    await carried.#publish(origin, BEFORE);
    await receiver.waitFor(BEFORE);
    // What was sent is looked at once it is settled: the numbers and the dead letters of three keys stand then.
    while ((await carried.#see(origin)).blockedKeys.reduce((sum, { pending }) => sum + pending, 0) < BEFORE - KEYS.length);
    await carried.#call(origin, "POST", `/${carried.#numbered.pushed}/pause`);
    await carried.#publish(origin, OWED);
    while ((await carried.#last(origin, carried.#numbered.pulled)) < BEFORE + OWED);
    while ((await carried.#see(origin)).blockedKeys.reduce((sum, { pending }) => sum + pending, 0) < BEFORE + OWED - KEYS.length);
    carried.#before = await carried.#see(origin);
    return carried;
  }

  /** What is not as it was, and what goes wrong from here on, on a server that has the data now. Nothing must. */
  async judge(origin: string): Promise<readonly string[]> {
    const wrong: string[] = [];
    const now = await this.#see(origin);
    for (const [index, page] of this.#before.pages.entries()) {
      if (page !== now.pages[index]) wrong.push(`a page of events is not as it was: ${now.pages[index]} was ${page}`);
    }
    if (JSON.stringify(now.blockedKeys) !== JSON.stringify(this.#before.blockedKeys)) wrong.push("other keys are blocked than before");
    this.#shut.isShut = false;
    await this.#call(origin, "POST", `/${this.#numbered.pushed}/resume`);
    for (const { deliveryId } of now.blockedKeys) await call(origin, "POST", `/platform/v1/deliveries/${deliveryId}/replay`);
    await this.#publish(origin, AFTER);
    await settled(origin);
    wrong.push(...(await judgeNumbers(origin, this.#numbered, this.#accepted, this.#receiver)));
    const arrived = new Set(this.#ordered.received.map(({ headers }) => headers["x-genstore-event-id"]));
    const lost = this.#accepted.filter((id) => !arrived.has(id));
    if (lost.length > 0) wrong.push(`${lost.length} events did not arrive in order or at all, ${lost[0]} is one`);
    return [...wrong, ...this.#ordered.disordered];
  }

  async close(): Promise<void> {
    await this.#receiver.close();
    await this.#ordered.close();
  }

  async #publish(origin: string, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const id = await publish(origin, this.#accepted.length, KEYS[n % KEYS.length]);
      if (id === null) throw new Error("an event was refused");
      this.#accepted.push(id);
    }
  }

  async #see(origin: string): Promise<Seen> {
    const { pushed, pulled } = this.#numbered;
    const pages: string[] = [];
    for (const id of [pushed, pulled]) pages.push(JSON.stringify(await this.#call(origin, "GET", `/${id}/events?after=0&limit=250`)));
    const { blockedKeys } = await call<{ blockedKeys: BlockedKey[] }>(origin, "GET", "/platform/v1/blocked-keys");
    return { pages, blockedKeys };
  }

  async #last(origin: string, webhook: number): Promise<number> {
    return (await this.#call<{ last: number }>(origin, "GET", `/${webhook}/events?limit=1`)).last;
  }

  #call<Answer>(origin: string, method: string, path: string): Promise<Answer> {
    return call<Answer>(origin, method, `/api/202412/app/webhooks${path}`, undefined, this.#numbered.token);
  }
}
