import type { DirectoryService } from "../directory/directory-service.ts";
import { touchSubscriptions } from "../directory/subscriptions.ts";
import type { DeliveryState } from "../domain/delivery.ts";
import { millisecondsOf } from "../domain/event.ts";
import { ERASE_STEP } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Erasure } from "../ports/erasure.ts";
import type { Store } from "../ports/store.ts";

/** Not sooner, ms: events whose ids are smaller may still be on their way into the store. */
export const ERASE_EARLIEST_MS = 60_000;
/** Not later, ms, whether the redact deliveries have come to an end or not (contract section 6). */
export const ERASE_LATEST_MS = 864_000_000;

export interface EraserOptions {
  readonly store: Pick<Store, "erasures" | "events" | "log">;
  readonly directory: DirectoryService;
  readonly clock: Clock;
  /** An erasure was carried out: how many events lost their payload, the redact event among them. */
  readonly onErased: (erasure: Erasure, events: number) => void;
}

/** Whether an erasure is to be carried out: every app has been told, or told for long enough. Pure. */
export function isErasureDue(erasure: Erasure, states: readonly DeliveryState[], now: number): boolean {
  const ageMs = now - millisecondsOf(erasure.eventId);
  if (ageMs < ERASE_EARLIEST_MS) return false;
  return ageMs >= ERASE_LATEST_MS || !states.includes("pending");
}

/**
 * Carries out what `customers/redact` and `shop/redact` ask for, in small steps. Begins again from the start after a crash: what is erased
 * already is not found again.
 */
export class Eraser {
  readonly #options: EraserOptions;

  constructor(options: EraserOptions) {
    this.#options = options;
  }

  /** Carries out every erasure that is due. */
  async eraseDue(isStopped: () => boolean): Promise<void> {
    for (const erasure of await this.#options.store.erasures.open()) {
      if (isStopped()) return;
      if (isErasureDue(erasure, await this.#states(erasure), this.#options.clock.now())) await this.#carryOut(erasure, isStopped);
    }
  }

  async #states(erasure: Erasure): Promise<readonly DeliveryState[]> {
    const { events, log } = this.#options.store;
    const [head] = await events.heads([erasure.eventId]);
    const owes = head?.owes ?? [];
    const rows = await log.lastRows(owes.map((subscription) => ({ eventId: erasure.eventId, subscription })));
    return rows.map((row) => row?.state ?? "pending");
  }

  async #carryOut(erasure: Erasure, isStopped: () => boolean): Promise<void> {
    const { store, clock, onErased } = this.#options;
    let erased = 0;
    let after: Erasure["eventId"] | null = null;
    do {
      const page = await store.erasures.find(erasure, after, ERASE_STEP);
      if (page.ids.length > 0) await this.#letGo(await store.erasures.erase(page.ids, clock.now()));
      erased += page.ids.length;
      after = page.next;
      if (isStopped()) return;
    } while (after !== null);
    await this.#letGo(await store.erasures.finish(erasure.eventId, clock.now()));
    onErased(erasure, erased + 1);
  }

  /** Owners hold payloads in memory: a new version of the same subscription makes every process read its lane again. */
  async #letGo(subscriptions: readonly number[]): Promise<void> {
    if (subscriptions.length > 0) await this.#options.directory.change(touchSubscriptions(subscriptions));
  }
}
