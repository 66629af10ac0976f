import type { AttemptRequest, Outcome } from "@genhook/core";
import { buildApp, buildInstallation, buildShop } from "@genhook/testkit";
import { order, response, type Answer, type Meddled, type Population, type Publication } from "./population.ts";

const APPS = 3;
/** Few enough that several events of each are on their way at the same time. */
const ORDER_KEYS = 7;

export interface ThreeAppsOptions {
  readonly random: () => number;
  readonly isCalm: () => boolean;
  /** Some orders are answered 500 by ordered webhooks until calm comes: their dead letters block order keys. */
  readonly hasPoison: boolean;
}

/** One shop with three apps, whose webhooks are made and changed as it goes, and endpoints that answer by dice. */
export class ThreeApps implements Population {
  readonly #options: ThreeAppsOptions;
  readonly attemptsInFlightMax = 32;
  readonly holdsAll = true;
  readonly commit: Population["commit"];

  constructor(options: ThreeAppsOptions) {
    this.#options = options;
    const apps = Array.from({ length: APPS }, (_, index) => buildApp(index + 1));
    this.commit = {
      counters: { shop: 2, app: APPS + 1, subscription: 8_589_934_859 },
      shops: [buildShop(1)],
      apps,
      installations: apps.map((app) => buildInstallation(app.id, 1, { scopes: ["read_orders", "write_apps"] })),
    };
  }

  publication(n: number): Publication {
    const orderKey = n % 11 === 0 ? undefined : `o${n % ORDER_KEYS}`;
    return { shop: "shop-1.genmystore.com", topic: "orders/create", payload: order(n), orderKey };
  }

  answer(request: AttemptRequest, isOrdered: boolean): Answer {
    const { random, isCalm } = this.#options;
    const outcome = this.#outcome(request, isOrdered);
    const arrives = outcome.kind === "response" || random() < 0.5;
    const arrivesMs = 1 + random() * 20;
    const isSlow = !isCalm() && random() < 0.05;
    return { outcome, arrivesMs: arrives ? arrivesMs : null, endsMs: 21 + random() * (isSlow ? 5_000 : 400) };
  }

  meddled(): Meddled {
    const app = 1 + Math.floor(this.#options.random() * APPS);
    return { app, shop: 1, domain: "shop-1.genmystore.com", topic: "orders/create" };
  }

  isHealthy(): boolean {
    return false;
  }

  isSlow(): boolean {
    return false;
  }

  rateOf(): null {
    return null;
  }

  #outcome({ event }: AttemptRequest, isOrdered: boolean): Outcome {
    const { random, isCalm, hasPoison } = this.#options;
    const isPoison = hasPoison && isOrdered && /"id":\d*[05][,}]/.test(new TextDecoder().decode(event.payload));
    if (isPoison && !isCalm()) return response(500, 20);
    const dice = isCalm() ? 0 : random();
    if (dice < 0.7) return response(200, 20);
    if (dice < 0.8) return response(500, 20);
    if (dice < 0.84) return response(503, 20, "30");
    if (dice < 0.845) return response(410, 20);
    return { kind: "failure", error: dice < 0.92 ? "timeout" : "connection_lost", detail: "", durationMs: 20 };
  }
}
