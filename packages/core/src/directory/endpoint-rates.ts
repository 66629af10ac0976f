import type { App, Subscription } from "../domain/directory-entries.ts";

/** The rates that the webhooks of one endpoint ask for. */
interface Asked {
  /** Rate → webhooks that ask for it. */
  readonly webhooks: Map<number, number>;
  lowest: number;
}

/**
 * How often attempts may start at each endpoint: at the lowest rate that one of its webhooks asks for, or the operator has set. Webhooks count
 * whatever their status, so that a pause does not unleash the others. Kept as they change: an endpoint may have a webhook on each of 100,000
 * shops.
 */
export class EndpointRates {
  /** Grows when some endpoint's rate becomes another. */
  revision = 0;
  readonly #asked = new Map<string, Asked>();
  readonly #operators = new Map<string, number>();

  /** Attempts a second; null where nobody has limited it. */
  of(endpoint: string): number | null {
    const asked = this.#asked.get(endpoint)?.lowest;
    const operators = this.#operators.get(endpoint);
    if (asked === undefined || operators === undefined) return asked ?? operators ?? null;
    return Math.min(asked, operators);
  }

  /** What the operator has set. */
  ofOperator(endpoint: string): number | null {
    return this.#operators.get(endpoint) ?? null;
  }

  putApp(before: App | undefined, after: App): void {
    const [was, is] = [before?.endpointRates ?? {}, after.endedAt === null ? (after.endpointRates ?? {}) : {}];
    if (was === is) return;
    for (const endpoint of new Set([...Object.keys(was), ...Object.keys(is)])) {
      const rate = is[endpoint];
      if (rate === this.#operators.get(endpoint)) continue;
      this.#watch(endpoint, () => {
        if (rate === undefined) this.#operators.delete(endpoint);
        else this.#operators.set(endpoint, rate);
      });
    }
  }

  add(subscription: Subscription): void {
    const rate = subscription.settings.ratePerSecond;
    if (rate === undefined) return;
    this.#watch(subscription.endpoint, () => {
      const asked = this.#asked.get(subscription.endpoint);
      if (asked === undefined) {
        this.#asked.set(subscription.endpoint, { webhooks: new Map([[rate, 1]]), lowest: rate });
        return;
      }
      asked.webhooks.set(rate, (asked.webhooks.get(rate) ?? 0) + 1);
      asked.lowest = Math.min(asked.lowest, rate);
    });
  }

  remove(subscription: Subscription): void {
    const rate = subscription.settings.ratePerSecond;
    const asked = rate === undefined ? undefined : this.#asked.get(subscription.endpoint);
    if (rate === undefined || asked === undefined) return;
    this.#watch(subscription.endpoint, () => {
      const left = (asked.webhooks.get(rate) ?? 0) - 1;
      if (left > 0) {
        asked.webhooks.set(rate, left);
        return;
      }
      asked.webhooks.delete(rate);
      if (asked.webhooks.size === 0) this.#asked.delete(subscription.endpoint);
      else if (rate === asked.lowest) asked.lowest = Math.min(...asked.webhooks.keys());
    });
  }

  #watch(endpoint: string, change: () => void): void {
    const before = this.of(endpoint);
    change();
    if (this.of(endpoint) !== before) this.revision += 1;
  }
}
