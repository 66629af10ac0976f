import type { App } from "../domain/directory-entries.ts";
import { ENDPOINT_RATES_MAX } from "../limits.ts";
import { ok, refuse } from "../refusal.ts";
import type { DecideChange } from "./directory-service.ts";

/**
 * The operator's own rate for an endpoint, attempts per second; null takes it away. It stays with the address: an app that makes its webhooks
 * there anew does not get rid of it.
 */
export function setEndpointRate(endpoint: string, ratePerSecond: number | null): DecideChange<App> {
  return (directory) => {
    const [first] = directory.subscriptionsAt(endpoint);
    const before = first === undefined ? undefined : directory.app(first.app);
    if (before === undefined) return refuse("not_found", "There is no endpoint with this id.");
    const { endpointRates = {}, ...rest } = before;
    if ((endpointRates[endpoint] ?? null) === ratePerSecond) return ok({ value: before });
    const { [endpoint]: _before, ...others } = endpointRates;
    const rates = ratePerSecond === null ? others : { ...others, [endpoint]: ratePerSecond };
    const count = Object.keys(rates).length;
    if (count > ENDPOINT_RATES_MAX) {
      const message = `The app has ${ENDPOINT_RATES_MAX} endpoints with a rate of the operator's already; take one away first.`;
      return refuse("invalid_member", message, "ratePerSecond");
    }
    const app: App = count === 0 ? rest : { ...rest, endpointRates: rates };
    return ok({ value: app, apps: [app] });
  };
}
