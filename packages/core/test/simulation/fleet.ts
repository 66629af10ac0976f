import type { AttemptError, AttemptRequest, Outcome, Subscription, SubscriptionSettings } from "@genhook/core";
import { buildApp, buildInstallation, buildShop, buildSubscription } from "@genhook/testkit";
import { order, response, type Answer, type Meddled, type Population, type Publication } from "./population.ts";

const APPS = 100;
const SHOPS = 40;
/** Of each app on each of its two shops; each has an endpoint of its own, so there are 2,000. */
const WEBHOOKS = 10;
const FIRST_SUBSCRIPTION = 8_589_934_900;
/** Ordered lanes are numbered behind all subscriptions of the beginning. */
const FIRST_LANE = 10_000;
const ORDER_KEYS = 5;
/** Events of these shares belong to one shop, and are of the topic that some apps cannot take. */
const HOT_SHOP_SHARE = 0.3;
const POISON_SHARE = 0.25;
/** Most of those are of one shop. */
const HOT_POISON_SHARE = 0.8;
const DEADLINE_MS = 5_000;
/** Apps whose webhooks are changed meanwhile. No endpoint of theirs counts as healthy. */
const RESTLESS_APPS = 10;
const RESTLESS_TOPIC = "orders/create";
const POISON_TOPIC = "products/update";

type Behaviour = "healthy" | "slow" | "flapping" | "dead" | "busy" | "hanging" | "odd" | "gone" | "poisoned";

/** What is in a fleet, in hundredths; the rest is healthy. */
const SHARES: readonly (readonly [Behaviour, number])[] = [
  ["slow", 6],
  ["flapping", 7],
  ["dead", 6],
  ["busy", 5],
  ["hanging", 4],
  ["odd", 4],
  ["gone", 1],
];

const ODD_ERRORS: readonly AttemptError[] = [
  "dns_failed",
  "address_refused",
  "connect_failed",
  "tls_failed",
  "timeout",
  "connection_lost",
  "malformed_response",
  "headers_too_large",
  "upgrade_refused",
  "internal_error",
];
const ODD_STATUSES: readonly number[] = [200, 204, 301, 400, 404, 429, 500, 502, 503, 504];

const SETTINGS: readonly SubscriptionSettings[] = [
  { ordered: true, onDead: "block" },
  { ordered: true, onDead: "skip" },
  { sequence: true },
  { sequence: true, mode: "pull" },
  { filter: "order.parity = 0" },
  { ratePerSecond: 1 },
  { ratePerSecond: 30 },
  { filter: "order.parity != 0", fields: ["order.id"] },
];

export interface FleetOptions {
  readonly random: () => number;
  readonly isCalm: () => boolean;
  readonly now: () => number;
}

interface Endpoint {
  readonly behaviour: Behaviour;
  /** Of one that flaps: how long it is up, and down, ms. */
  readonly periodMs: number;
  readonly offsetMs: number;
  /** Null also where its webhook may get another address. */
  readonly ratePerSecond: number | null;
}

/** A hundred apps on forty shops with two thousand endpoints, each of which behaves in its own way until calm comes. */
export class Fleet implements Population {
  readonly #options: FleetOptions;
  readonly #endpoints = new Map<number, Endpoint>();
  readonly attemptsInFlightMax = 64;
  readonly holdsAll = false;
  readonly commit: Population["commit"];

  constructor(options: FleetOptions) {
    this.#options = options;
    const apps = Array.from({ length: APPS }, (_, index) => buildApp(index + 1));
    const shops = Array.from({ length: SHOPS }, (_, index) => buildShop(index + 1));
    const places = apps.flatMap(({ id }) => [
      { app: id, shop: 1 + (id % SHOPS) },
      { app: id, shop: 1 + ((id + 13) % SHOPS) },
    ]);
    this.commit = {
      counters: { shop: SHOPS + 1, app: APPS + 1, subscription: FIRST_SUBSCRIPTION + 100_000 },
      shops,
      apps,
      installations: places.map(({ app, shop }) =>
        buildInstallation(app, shop, { scopes: ["read_orders", "read_products", "write_apps"] }),
      ),
      subscriptions: places.flatMap(({ app, shop }, place) =>
        Array.from({ length: WEBHOOKS }, (_, index) => this.#webhook(FIRST_SUBSCRIPTION + place * WEBHOOKS + index, app, shop, index)),
      ),
    };
  }

  publication(n: number): Publication {
    const { random } = this.#options;
    const isPoison = random() < POISON_SHARE;
    const shop = random() < (isPoison ? HOT_POISON_SHARE : HOT_SHOP_SHARE) ? 1 : 1 + Math.floor(random() * SHOPS);
    const domain = `shop-${shop}.genmystore.com`;
    if (isPoison) {
      const payload = new TextEncoder().encode(`{"product":{"id":${n + 1}}}`);
      return { shop: domain, topic: POISON_TOPIC, payload, orderKey: undefined };
    }
    return { shop: domain, topic: RESTLESS_TOPIC, payload: order(n), orderKey: n % 4 === 0 ? undefined : `o${n % ORDER_KEYS}` };
  }

  answer({ subscriptionId, attempt }: AttemptRequest): Answer {
    const { random, isCalm } = this.#options;
    const endpoint = isCalm() ? undefined : this.#endpoints.get(subscriptionId);
    const outcome = this.#outcome(endpoint, attempt);
    const durationMs = outcome.kind === "aborted" ? 0 : outcome.durationMs;
    const arrives = outcome.kind === "response" || (outcome.kind === "failure" && outcome.error === "timeout") || random() < 0.3;
    return { outcome, arrivesMs: arrives ? durationMs * random() : null, endsMs: durationMs };
  }

  meddled(): Meddled {
    const { random } = this.#options;
    const app = 1 + Math.floor(random() * RESTLESS_APPS);
    const shop = 1 + ((random() < 0.5 ? app : app + 13) % SHOPS);
    return { app, shop, domain: `shop-${shop}.genmystore.com`, topic: RESTLESS_TOPIC };
  }

  isHealthy(subscription: number): boolean {
    return this.#endpoints.get(subscription)?.behaviour === "healthy";
  }

  isSlow(subscription: number): boolean {
    const behaviour = this.#endpoints.get(subscription)?.behaviour;
    return !this.#options.isCalm() && (behaviour === "hanging" || behaviour === "slow");
  }

  rateOf(subscription: number): number | null {
    return this.#endpoints.get(subscription)?.ratePerSecond ?? null;
  }

  #webhook(id: number, app: number, shop: number, index: number): Subscription {
    const { random } = this.#options;
    const isPoisoned = index >= WEBHOOKS - 2;
    const settings = isPoisoned || random() < 0.75 ? {} : (SETTINGS[Math.floor(random() * SETTINGS.length)] ?? {});
    const behaviour = isPoisoned && app % 3 === 0 ? "poisoned" : this.#behaviour(app <= RESTLESS_APPS || Object.keys(settings).length > 0);
    this.#endpoints.set(id, {
      behaviour,
      periodMs: 15_000 + random() * 60_000,
      offsetMs: random() * 120_000,
      ratePerSecond: app <= RESTLESS_APPS ? null : (settings.ratePerSecond ?? null),
    });
    const topic = isPoisoned ? POISON_TOPIC : RESTLESS_TOPIC;
    const made = buildSubscription(id, app, shop, { topic, settings });
    return settings.ordered === true ? { ...made, order: { lane: id + FIRST_LANE, left: [] } } : made;
  }

  /** `isSpecial`: if nothing else is wrong with it, it now and then fails all the same. */
  #behaviour(isSpecial: boolean): Behaviour {
    let dice = this.#options.random() * 100;
    for (const [behaviour, share] of SHARES) {
      if (dice < share) return behaviour;
      dice -= share;
    }
    return isSpecial ? "odd" : "healthy";
  }

  #outcome(endpoint: Endpoint | undefined, attempt: number): Outcome {
    const { random, now } = this.#options;
    const quick = 5 + random() * 55;
    switch (endpoint?.behaviour) {
      case undefined:
        return response(200, quick);
      case "healthy":
        // Always: one whose first answer is a failure counts as failing until it has done well for a while, and shares slots with slow ones.
        return response(random() < 0.5 ? 200 : 202, quick);
      case "slow":
        return response(200, 2_100 + random() * 2_800);
      case "flapping": {
        const isUp = (now() + endpoint.offsetMs) % (2 * endpoint.periodMs) < endpoint.periodMs;
        if (isUp) return response(200, quick);
        // Now and then it is our own machine that fails.
        return failure(random() < 0.05 ? "internal_error" : "connect_failed", quick);
      }
      case "dead":
        return attempt % 2 === 0 ? failure("timeout", DEADLINE_MS) : failure("connect_failed", quick);
      case "busy":
        return this.#busy(quick);
      case "hanging":
        return failure("timeout", DEADLINE_MS);
      case "gone":
        return response(410, quick);
      case "poisoned":
        return response(400, quick);
      case "odd":
        return this.#odd(quick);
    }
  }

  #busy(durationMs: number): Outcome {
    const { random } = this.#options;
    const dice = random();
    if (dice < 0.4) return response(200, durationMs);
    const hint = dice < 0.5 ? null : String(1 + Math.floor(random() * 40));
    return response(dice < 0.8 ? 429 : 503, durationMs, hint);
  }

  /** Whatever an attempt can end with. */
  #odd(durationMs: number): Outcome {
    const { random } = this.#options;
    const dice = random();
    if (dice < 0.5) return response(200, durationMs);
    if (dice < 0.75) return response(ODD_STATUSES[Math.floor(random() * ODD_STATUSES.length)] ?? 200, durationMs);
    return failure(ODD_ERRORS[Math.floor(random() * ODD_ERRORS.length)] ?? "timeout", durationMs);
  }
}

function failure(error: AttemptError, durationMs: number): Outcome {
  return { kind: "failure", error, detail: "", durationMs };
}
