/**
 * An endpoint is one app's address without its query: shared by that app's subscriptions on all shops, never between
 * apps. Concurrency, breaker and pauses live here, in the memory of the one process that owns its shard.
 */

/** SHA-256 is handed in: core has no runtime of its own. Returns 64 hex digits. */
export type Sha256 = (text: string) => string;

export const SHARDS = 256;

/** The part of a URL that makes an endpoint; a parsed `URL` is one. */
export interface EndpointAddress {
  readonly origin: string;
  readonly pathname: string;
}

/** Endpoint id of an address: `ep_` and 24 hex digits. */
export function endpointOf(sha256: Sha256, clientId: string, url: EndpointAddress): string {
  return `ep_${sha256(`${clientId.toLowerCase()} ${url.origin}${url.pathname}`).slice(0, 24)}`;
}

/** Shard of an endpoint, 0 to 255. An endpoint is not divided over several: docs/adr/0030 says why. */
export function shardOf(endpoint: string): number {
  return Number.parseInt(endpoint.slice(3, 5), 16);
}
