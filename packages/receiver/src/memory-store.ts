import { MEMORY_DELIVERIES_MAX } from "./limits.ts";
import type { DeliveryStore } from "./delivery-store.ts";

export interface MemoryStoreOptions {
  /** Deliveries to remember; 100,000 unless given. The oldest are forgotten, and would be processed again. */
  readonly deliveriesMax?: number | undefined;
  /** Any time that goes on, ms; the system's unless given. */
  readonly now?: (() => number) | undefined;
}

/** Remembers in this process: for one process whose work may be repeated after a restart. Bounded. */
export function memoryStore(options: MemoryStoreOptions = {}): DeliveryStore {
  const { deliveriesMax = MEMORY_DELIVERIES_MAX, now = Date.now } = options;
  const processed = new Set<string>();
  const claims = new Map<string, { readonly token: string; readonly endsAt: number }>();
  return {
    claim(id, token, leaseMs, again) {
      if (processed.has(id) && !again) return Promise.resolve("processed");
      const held = claims.get(id);
      if (held !== undefined && held.endsAt > now()) return Promise.resolve("in_progress");
      claims.delete(id);
      claims.set(id, { token, endsAt: now() + leaseMs });
      forgetOldest(claims, deliveriesMax);
      return Promise.resolve("claimed");
    },
    complete(id) {
      claims.delete(id);
      processed.delete(id);
      processed.add(id);
      forgetOldest(processed, deliveriesMax);
      return Promise.resolve();
    },
    release(id, token) {
      if (claims.get(id)?.token === token) claims.delete(id);
      return Promise.resolve();
    },
  };
}

/** Both keep the order in which keys came. */
function forgetOldest(keys: Set<string> | Map<string, unknown>, max: number): void {
  for (const key of keys.keys()) {
    if (keys.size <= max) return;
    keys.delete(key);
  }
}
