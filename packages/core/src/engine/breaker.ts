import type { EventId } from "../domain/event.ts";
import { ENDPOINT_CONCURRENCY_MAX } from "../limits.ts";
import type { EndpointSign } from "./decide.ts";

/**
 * Circuit breaker of one endpoint (contract section 4).
 *
 *   closed ── trips ──► open ── probe is due ──► probing ── success ──► closed, slow start 1, 2, 4 …
 *                        ▲                          │
 *                        └── failed: the wait doubles, to 10 min
 *
 * Open: deliveries wait and use no attempt. A probe is an ordinary, counted attempt; one at a time. Where it was open when its owner went,
 * the next owner goes on from there. What was held (a pause, a suspension, an operator's hold) is let go through the same slow start.
 *
 * It trips on signs of overload (DNS, connect, TLS, timeout, 429, 502, 503, 504): 10 in a row, or at least half of at least 10
 * outcomes within a minute. Other failures are the app's answer to one payload more often than trouble, so with them it trips only
 * when 10 different deliveries failed, however, within a minute and none succeeded.
 *
 * Times are monotonic ms. The minute is counted in ten slices of six seconds, which bounds memory whatever the rate.
 */
export const BREAKER_IN_A_ROW = 10;
export const BREAKER_MIN_OUTCOMES = 10;
export const BREAKER_FIRST_PROBE_MS = 10_000;
export const BREAKER_PROBE_WAIT_MAX_MS = 600_000;

const SLICE_MS = 6_000;
const SLICES = 10;

interface Slice {
  index: number;
  total: number;
  overload: number;
  success: number;
}

export type BreakerState = "closed" | "open" | "probing";

export class Breaker {
  state: BreakerState = "closed";
  /** When the next probe may start, monotonic ms; meaningful while open. */
  probeAt = 0;
  #probeWaitMs = BREAKER_FIRST_PROBE_MS;
  #overloadInARow = 0;
  #slices: Slice[] = [];
  /** Deliveries that failed since the last success, at most 10, with the time of each one's latest failure. */
  #failedDeliveries = new Map<EventId, number>();
  /** While closing again: the concurrency that slow start allows; Infinity when over. */
  #slowStart = Number.POSITIVE_INFINITY;
  #slowStartSuccesses = 0;

  /** The wait that leads to the next probe, ms; meaningful while open. */
  get probeWaitMs(): number {
    return this.#probeWaitMs;
  }

  /** Open as a former owner left it: it has `waitMs` behind it or before it, and probes at `probeAt`. */
  restore(probeAt: number, waitMs: number): void {
    this.#open(probeAt - waitMs, waitMs);
  }

  /** The next probe is due at once; false when there is none to make, because it is closed. */
  probeNow(now: number): boolean {
    if (this.state === "closed") return false;
    if (this.state === "open") this.probeAt = Math.min(this.probeAt, now);
    return true;
  }

  /** Lets 1, 2, 4 … attempts run at once from here on; one that is starting slowly already goes on as it is. */
  startSlowly(): void {
    if (this.state !== "closed" || this.#slowStart !== Number.POSITIVE_INFINITY) return;
    this.#slowStart = 1;
    this.#slowStartSuccesses = 0;
  }

  /** True when an attempt may start as far as the breaker is concerned; `inFlight` counts the endpoint's. */
  mayStart(now: number, inFlight: number): boolean {
    if (this.state === "closed") return inFlight < this.#slowStart;
    return this.state === "open" && now >= this.probeAt && inFlight === 0;
  }

  /** To be called when an attempt starts; true when it is a probe. */
  started(): boolean {
    if (this.state !== "open") return false;
    this.state = "probing";
    return true;
  }

  /** Takes an outcome in; true when the state changed. */
  record(sign: EndpointSign, delivery: EventId, wasProbe: boolean, now: number): boolean {
    if (wasProbe) return this.#recordProbe(sign, now);
    if (sign === "none") return false;
    this.#count(sign, now);
    if (this.state !== "closed") return false;
    if (sign === "success") {
      this.#overloadInARow = 0;
      this.#failedDeliveries.clear();
      this.#advanceSlowStart();
      return false;
    }
    this.#overloadInARow = sign === "overload" ? this.#overloadInARow + 1 : 0;
    this.#noteFailure(delivery, now);
    if (!this.#trips(now)) return false;
    this.#open(now, BREAKER_FIRST_PROBE_MS);
    return true;
  }

  #recordProbe(sign: EndpointSign, now: number): boolean {
    if (sign === "success") {
      this.state = "closed";
      this.#overloadInARow = 0;
      this.#slices = [];
      this.#failedDeliveries.clear();
      this.#slowStart = 1;
      this.#slowStartSuccesses = 0;
      return true;
    }
    // Cut off by our own stop, or our own error: says nothing, so the same wait again.
    const waitMs = sign === "none" ? this.#probeWaitMs : Math.min(this.#probeWaitMs * 2, BREAKER_PROBE_WAIT_MAX_MS);
    this.#open(now, waitMs);
    return true;
  }

  /** Doubles once as many attempts succeeded as were allowed at once; over when no endpoint's limit is that high. */
  #advanceSlowStart(): void {
    if (this.#slowStart === Number.POSITIVE_INFINITY) return;
    this.#slowStartSuccesses += 1;
    if (this.#slowStartSuccesses < this.#slowStart) return;
    this.#slowStartSuccesses = 0;
    this.#slowStart = this.#slowStart >= ENDPOINT_CONCURRENCY_MAX ? Number.POSITIVE_INFINITY : this.#slowStart * 2;
  }

  #open(now: number, waitMs: number): void {
    this.state = "open";
    this.#probeWaitMs = waitMs;
    this.probeAt = now + waitMs;
    this.#slowStart = Number.POSITIVE_INFINITY;
  }

  #count(sign: EndpointSign, now: number): void {
    const index = Math.floor(now / SLICE_MS);
    let slice = this.#slices.at(-1);
    if (slice === undefined || slice.index !== index) {
      slice = { index, total: 0, overload: 0, success: 0 };
      this.#slices.push(slice);
      while ((this.#slices[0]?.index ?? index) <= index - SLICES) this.#slices.shift();
    }
    slice.total += 1;
    if (sign === "overload") slice.overload += 1;
    if (sign === "success") slice.success += 1;
  }

  #noteFailure(delivery: EventId, now: number): void {
    this.#failedDeliveries.delete(delivery);
    this.#failedDeliveries.set(delivery, now);
    if (this.#failedDeliveries.size > BREAKER_MIN_OUTCOMES) {
      const oldest = this.#failedDeliveries.keys().next();
      if (oldest.done === false) this.#failedDeliveries.delete(oldest.value);
    }
  }

  #trips(now: number): boolean {
    if (this.#overloadInARow >= BREAKER_IN_A_ROW) return true;
    const oldestIndex = Math.floor(now / SLICE_MS) - SLICES;
    let total = 0;
    let overload = 0;
    let success = 0;
    for (const slice of this.#slices) {
      if (slice.index <= oldestIndex) continue;
      total += slice.total;
      overload += slice.overload;
      success += slice.success;
    }
    if (total >= BREAKER_MIN_OUTCOMES && overload * 2 >= total) return true;
    if (success > 0 || this.#failedDeliveries.size < BREAKER_MIN_OUTCOMES) return false;
    const oldest = this.#failedDeliveries.values().next();
    return oldest.done === false && oldest.value > now - SLICE_MS * SLICES;
  }
}
