import { BREAKER_FIRST_PROBE_MS, BREAKER_IN_A_ROW, PACE_AT_ONCE_MS, type EndpointSign } from "@genhook/core";
import type { Breaches } from "./breaches.ts";

/** Clocks are read in whole milliseconds, and timers may fire a fraction early. */
const GRACE_MS = 2;

/** What one life of a process has seen of an endpoint. */
interface Seen {
  inFlight: number;
  ended: number;
  overloadInARow: number;
  /** True ms until which the endpoint asked to be left alone. */
  pausedUntil: number;
  /** True ms until which the breaker is open for sure, and starts that were made since: the probe of one that had opened before may be among them. */
  openUntil: number;
  startsWhileOpen: number;
}

export interface StartedAt {
  /** Every answer of the endpoint takes longer than what counts as slow. */
  readonly isSlow: boolean;
  /** The rate that it has had from the beginning; null where it has none, or has not had it always. */
  readonly ratePerSecond: number | null;
}

export interface EndpointLimitsOptions {
  readonly breaches: Breaches;
  /** True time, ms. */
  readonly now: () => number;
  /** Attempts in flight in one process. */
  readonly slots: number;
  /** Of them, for endpoints that are known to be slow. */
  readonly slowSlots: number;
  /** One process owns everything, so what it has seen of an endpoint is all there is, and it never forgets it. */
  readonly isExact: boolean;
}

/**
 * What limits promise, from the outside: of what each process has started and was told, and from nothing that it keeps. A new endpoint gets one
 * attempt until that has ended; one that asked for a pause gets it; ten signs of overload in a row close it for ten seconds; and all
 * together never take more than their slots.
 */
export class EndpointLimits {
  readonly #options: EndpointLimitsOptions;
  readonly #seen = new Map<string, Map<string, Seen>>();
  readonly #inFlight = new Map<string, number>();
  readonly #slow = new Map<string, number>();
  /** Of endpoints with a rate: when what has started is used up, true ms, over all processes. */
  readonly #usedUpAt = new Map<string, number>();
  /** Starts that a rate held for. */
  paced = 0;

  constructor(options: EndpointLimitsOptions) {
    this.#options = options;
  }

  /** Answers what is to be called when the process is told how it ended. */
  started(node: string, endpoint: string, { isSlow, ratePerSecond }: StartedAt): (sign: EndpointSign, pauseMs: number | null) => void {
    const { breaches, slots, slowSlots, isExact } = this.#options;
    const seen = this.#of(node, endpoint);
    const who = `${node} at ${Math.round(this.#options.now())} ms, endpoint ${endpoint.slice(0, 8)}`;
    const inFlight = add(this.#inFlight, node, 1);
    if (inFlight > slots) breaches.add("limits", `${who}: ${inFlight} in flight in the process, of ${slots}`);
    const countsAsSlow = isSlow && seen.ended > 0;
    if (countsAsSlow && add(this.#slow, node, 1) > slowSlots && isExact) {
      breaches.add("limits", `${who}: ${this.#slow.get(node) ?? 0} slow ones in flight, of ${slowSlots}`);
    }
    if (isExact) this.#checkOne(seen, who);
    if (ratePerSecond !== null) this.#checkRate(endpoint, ratePerSecond, who);
    seen.inFlight += 1;
    return (sign, pauseMs) => {
      add(this.#inFlight, node, -1);
      if (countsAsSlow) add(this.#slow, node, -1);
      seen.inFlight -= 1;
      this.#ended(seen, sign, pauseMs);
    };
  }

  /** Another process may own it from here on. */
  forget(node: string): void {
    this.#seen.delete(node);
    this.#inFlight.delete(node);
    this.#slow.delete(node);
  }

  /** Whichever process it is: in any span of t seconds rate × t, and once a tenth of a second's worth, at least one. */
  #checkRate(endpoint: string, perSecond: number, who: string): void {
    const now = this.#options.now();
    const atOnce = Math.max(1, Math.floor((perSecond * PACE_AT_ONCE_MS) / 1_000));
    const intervalMs = 1_000 / perSecond;
    const usedUpAt = this.#usedUpAt.get(endpoint) ?? 0;
    const earlyMs = usedUpAt - (atOnce - 1) * intervalMs - now;
    if (earlyMs > GRACE_MS)
      this.#options.breaches.add("limits", `${who}: started ${Math.round(earlyMs)} ms before ${perSecond} a second allow`);
    this.#usedUpAt.set(endpoint, Math.max(now, usedUpAt) + intervalMs);
    this.paced += 1;
  }

  #checkOne(seen: Seen, who: string): void {
    const { breaches } = this.#options;
    const now = this.#options.now();
    if (seen.ended === 0 && seen.inFlight > 0) breaches.add("limits", `${who}: another at once to an endpoint of which nothing is known`);
    if (now < seen.pausedUntil - GRACE_MS) {
      breaches.add("limits", `${who}: started ${Math.round(seen.pausedUntil - now)} ms before the end of a pause that it asked for`);
    }
    if (now >= seen.openUntil - GRACE_MS) return;
    seen.startsWhileOpen += 1;
    if (seen.startsWhileOpen > 1 || seen.inFlight > 0) breaches.add("limits", `${who}: started after ten signs of overload in a row`);
  }

  #ended(seen: Seen, sign: EndpointSign, pauseMs: number | null): void {
    const now = this.#options.now();
    if (sign !== "none") seen.ended += 1;
    if (pauseMs !== null) seen.pausedUntil = Math.max(seen.pausedUntil, now + pauseMs);
    if (sign === "overload") {
      seen.overloadInARow += 1;
      if (seen.overloadInARow === BREAKER_IN_A_ROW) {
        seen.openUntil = now + BREAKER_FIRST_PROBE_MS;
        seen.startsWhileOpen = 0;
      }
    } else if (sign !== "none") {
      seen.overloadInARow = 0;
      seen.openUntil = 0;
    }
  }

  #of(node: string, endpoint: string): Seen {
    let own = this.#seen.get(node);
    if (own === undefined) this.#seen.set(node, (own = new Map()));
    let seen = own.get(endpoint);
    if (seen === undefined) {
      seen = { inFlight: 0, ended: 0, overloadInARow: 0, pausedUntil: 0, openUntil: 0, startsWhileOpen: 0 };
      own.set(endpoint, seen);
    }
    return seen;
  }
}

function add(counts: Map<string, number>, key: string, by: number): number {
  const count = (counts.get(key) ?? 0) + by;
  counts.set(key, count);
  return count;
}
