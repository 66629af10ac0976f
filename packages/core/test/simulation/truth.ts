import { createHash } from "node:crypto";
import {
  endpointOf,
  shardOf,
  traitOf,
  type AttemptRequest,
  type DeliveryKey,
  type DirectoryCommit,
  type Hold,
  type LogRow,
  type Subscription,
} from "@genhook/core";
import type { Breaches } from "./breaches.ts";
import { NumberTruth } from "./number-truth.ts";
import { OrderTruth } from "./order-truth.ts";

/** A change of rights or address binds every process within this, ms. */
const BINDS_WITHIN_MS = 2_000;
/** How far a process may be out about the store's time, ms. */
const CLOCK_ERROR_MS = 5_000;

interface Known {
  readonly subscription: Subscription;
  readonly version: number;
  readonly at: number;
}

/** A hold, and between which true times it was in force; its end by itself is in store's wall time. */
interface KnownHold {
  readonly hold: Hold;
  readonly from: number;
  releasedAt: number;
}

interface Flight {
  readonly node: string;
  readonly deliveryId: string;
  readonly endpoint: string;
  /** Its process was killed, frozen or cut off from the store meanwhile: the request cannot be called back. */
  isExcused: boolean;
}

/** The one view of everything that no process has, and what must hold in it at every moment. */
export class Truth {
  readonly order: OrderTruth;
  readonly numbers: NumberTruth;
  readonly #breaches: Breaches;
  readonly #now: () => number;
  readonly #wallNow: () => number;
  readonly #ownerOf: (shard: number) => string | null;
  readonly #concurrencyMax: number;
  readonly #history = new Map<number, Known[]>();
  readonly #holds = new Map<string, KnownHold>();
  readonly #flights = new Set<Flight>();
  /** Those that are not excused, by endpoint and by delivery. */
  readonly #atEndpoint = new Map<string, number>();
  readonly #ofDelivery = new Map<string, number>();
  readonly #endpoints = new Map<string, string>();
  readonly #roundAttempts: number;

  constructor(options: {
    readonly breaches: Breaches;
    readonly now: () => number;
    /** The store's wall time. */
    readonly wallNow: () => number;
    /** Null where shards have no owners, because there is one process. */
    readonly ownerOf: (shard: number) => string | null;
    readonly concurrencyMax: number;
    /** Attempts of one round. */
    readonly roundAttempts: number;
    readonly logOf: (delivery: DeliveryKey) => Promise<readonly LogRow[]>;
  }) {
    const { breaches } = options;
    this.#breaches = breaches;
    this.#roundAttempts = options.roundAttempts;
    this.numbers = new NumberTruth((says) => breaches.add("numbers", says));
    this.order = new OrderTruth({
      logOf: options.logOf,
      breach: (says) => breaches.add("order", says),
      historyOf: (id) => this.#history.get(id) ?? [],
    });
    this.#now = options.now;
    this.#wallNow = options.wallNow;
    this.#ownerOf = options.ownerOf;
    this.#concurrencyMax = options.concurrencyMax;
  }

  committed(commit: DirectoryCommit, version: number): void {
    for (const subscription of commit.subscriptions) {
      const history = this.#history.get(subscription.id) ?? [];
      history.push({ subscription, version, at: this.#now() });
      this.#history.set(subscription.id, history);
    }
    for (const hold of commit.holds) {
      const known = this.#holds.get(hold.id);
      if (known === undefined) this.#holds.set(hold.id, { hold, from: this.#now(), releasedAt: Number.POSITIVE_INFINITY });
      else known.releasedAt = Math.min(known.releasedAt, this.#now());
    }
  }

  /** An attempt starts; answers what is to be called when it has ended. */
  started(node: string, request: AttemptRequest, isExcused: boolean): () => void {
    const { deliveryId, attempt } = request;
    const endpoint = this.endpointOf(request);
    const who = `${node} at ${Math.round(this.#now())} ms: ${deliveryId}, attempt ${attempt}`;
    const owner = this.#ownerOf(shardOf(endpoint));
    if (owner !== node) this.#breaches.add("owner", `${who}: started while ${owner ?? "nobody"} owned the shard`);
    const wrong = this.#isAgainst(request);
    if (wrong !== null) this.#breaches.add("rights", `${who}: ${wrong}`);
    if (attempt < 1 || attempt > this.#roundAttempts) this.#breaches.add("attempts", `${who}: no such attempt`);
    if ((this.#atEndpoint.get(endpoint) ?? 0) >= this.#concurrencyMax) {
      this.#breaches.add("limits", `${who}: more than ${this.#concurrencyMax} in flight`);
    }
    if ((this.#ofDelivery.get(deliveryId) ?? 0) > 0) this.#breaches.add("once", `${who}: in flight already`);
    const flight: Flight = { node, deliveryId, endpoint, isExcused };
    this.#flights.add(flight);
    if (!isExcused) this.#count(flight, 1);
    this.numbers.started(request, this.madeAs(request.subscriptionId), who);
    const landed = this.order.started(request, who, flight);
    return () => {
      landed();
      this.#flights.delete(flight);
      if (!flight.isExcused) this.#count(flight, -1);
    };
  }

  /** The endpoint that a request goes to, worked out from what is sent. */
  endpointOf({ app, address }: Pick<AttemptRequest, "app" | "address">): string {
    const key = `${app.clientId} ${address}`;
    let endpoint = this.#endpoints.get(key);
    if (endpoint === undefined) {
      endpoint = endpointOf((text) => createHash("sha256").update(text).digest("hex"), app.clientId, new URL(address));
      this.#endpoints.set(key, endpoint);
    }
    return endpoint;
  }

  #count({ endpoint, deliveryId }: Flight, by: number): void {
    this.#atEndpoint.set(endpoint, (this.#atEndpoint.get(endpoint) ?? 0) + by);
    const ofDelivery = (this.#ofDelivery.get(deliveryId) ?? 0) + by;
    if (ofDelivery === 0) this.#ofDelivery.delete(deliveryId);
    else this.#ofDelivery.set(deliveryId, ofDelivery);
  }

  /** A subscription as it was made. */
  madeAs(id: number): Subscription | undefined {
    return this.#history.get(id)?.[0]?.subscription;
  }

  /** What a process has under way is out of anyone's hands from here on. */
  excuse(node: string): void {
    for (const flight of this.#flights) {
      if (flight.node !== node || flight.isExcused) continue;
      flight.isExcused = true;
      this.#count(flight, -1);
    }
  }

  /** Why a request goes against what its subscription has been for longer than a change may take to bind; null when it does not. */
  #isAgainst({ subscriptionId, address, app, shopDomain }: AttemptRequest): string | null {
    const since = this.#now() - BINDS_WITHIN_MS;
    const history = this.#history.get(subscriptionId) ?? [];
    // What it was at any moment of the last two seconds may still be acted on.
    const allowed = history.filter(({ at }, index) => at > since || (history[index + 1]?.at ?? Number.POSITIVE_INFINITY) > since);
    const open = allowed.filter(({ subscription }) => subscription.endedAt === null && subscription.status === "active");
    if (open.length === 0) return `the subscription has been ${history.at(-1)?.subscription.status ?? "unknown"} for more than 2 s`;
    if (!open.some(({ subscription }) => subscription.address === address)) return "the address has been another for more than 2 s";
    const held = open.every(({ subscription }) => this.#isHeld(subscription, { clientId: app.clientId, shop: shopDomain }, since));
    return held ? "an operator's hold has covered it for more than 2 s" : null;
  }

  /** Whether some hold has covered a subscription ever since a moment. */
  #isHeld({ host, topic }: Subscription, { clientId, shop }: { readonly clientId: string; readonly shop: string }, since: number): boolean {
    if (this.#holds.size === 0) return false;
    return [...this.#holds.values()].some(({ hold, from, releasedAt }) => {
      const trait = traitOf(hold.scope, { shop, clientId, host, topic });
      const isOver = hold.endsAt !== null && hold.endsAt <= this.#wallNow() + CLOCK_ERROR_MS;
      return trait === hold.subject && from <= since && releasedAt === Number.POSITIVE_INFINITY && !isOver;
    });
  }

  /** A caller was told at this moment that what it asked for is so: it must have been so at some time since it asked. */
  answered(what: string, id: number, askedAt: number, isSo: (subscription: Subscription) => boolean): void {
    const history = this.#history.get(id) ?? [];
    const since = history.filter((_, index) => (history[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= askedAt);
    if (!since.some(({ subscription }) => isSo(subscription)))
      this.#breaches.add("answers", `${what} ${id} was answered and never happened`);
  }

  /** Whether a cancelled delivery's reason held at some time after its event was matched. */
  explains(row: LogRow, directoryVersion: number): boolean {
    const history = this.#history.get(row.subscription) ?? [];
    return history.some(({ subscription, version }) => version > directoryVersion && isReason(row.reason, subscription));
  }
}

function isReason(reason: LogRow["reason"], { status, statusReason, endReason }: Subscription): boolean {
  if (reason === "disabled") return status === "disabled";
  return reason === "scope_lost" ? statusReason === "scope_lost" : endReason === reason;
}
