import { Breaker } from "./breaker.ts";
import { ConcurrencyLimit } from "./concurrency.ts";
import type { EndpointSign } from "./decide.ts";
import type { EventId } from "../domain/event.ts";
import { SLOW_SERVICE_MS } from "../limits.ts";
import { Pace } from "./pace.ts";

/** Weight of the newest outcome in the running means, once there were as many as it is one of. */
const NEWEST_WEIGHT = 0.1;

/**
 * What stands between an endpoint's lanes and the network: its concurrency limit, its breaker, its rate, and pauses that it asked for. Lives in
 * the memory of the one owner, so it is exact. Lanes that may not start are parked here and cost nothing until they can.
 *
 *   a lane's turn ──► not paused, the breaker lets it, fewer in flight than was learned, the rate's next start has come?
 *                       yes ──► an attempt starts
 *                       no  ──► parked, behind those that came before
 *   parked ── an attempt ends, or the moment comes that the gate waits for (end of a pause, probe, rate) ──► as many have their turn again as
 *             there is room for; one, where the breaker is open: so webhooks take turns at being the probe
 *
 * Of the four the pause and the breaker shut the gate for everybody (`isShut`): then little is read for its lanes. The other two are its pace.
 */
export class EndpointGate<Lane> {
  readonly id: string;
  readonly breaker: Breaker = new Breaker();
  readonly concurrency: ConcurrencyLimit;
  readonly pace: Pace = new Pace();
  inFlight = 0;
  /** Monotonic ms until which the endpoint asked to be left alone. */
  pausedUntil: number = Number.NEGATIVE_INFINITY;
  #openedAt: number = Number.NEGATIVE_INFINITY;
  /** Wall ms of the last success that this gate has seen. */
  lastSuccessAt: number | null = null;
  /** Running mean of attempt durations, ms. */
  serviceMs = 10;
  /** Running mean: 0 when all attempts succeed, 1 when none does. */
  #failing = 0;
  #outcomes = 0;
  /** Monotonic ms of the last outcome, or of the first start after everything had ended. */
  heardAt = 0;
  /** Earliest monotonic time for which a wake-up is set. */
  wakeAt: number = Number.POSITIVE_INFINITY;
  #parked: Lane[] = [];
  #head = 0;

  constructor(id: string, concurrencyMax: number) {
    this.id = id;
    this.concurrency = new ConcurrencyLimit(concurrencyMax);
  }

  get parked(): number {
    return this.#parked.length - this.#head;
  }

  /** No attempt has ended yet. */
  get isUnknown(): boolean {
    return this.#outcomes === 0;
  }

  /** Attempts that may be in flight at once as far as is known. */
  get #limit(): number {
    return this.isUnknown ? 1 : this.concurrency.limit;
  }

  mayStart(now: number): boolean {
    return now >= this.pausedUntil && this.inFlight < this.#limit && this.breaker.mayStart(now, this.inFlight) && this.pace.mayStart(now);
  }

  /** True when nothing starts before a known time, whatever finishes: breaker open, or paused. */
  isShut(now: number): boolean {
    return now < this.pausedUntil || this.breaker.state !== "closed";
  }

  /** It takes long, or fails more often than not: it shares a part of the process's slots with others of its kind. */
  isSlow(now: number): boolean {
    if (this.serviceMs > SLOW_SERVICE_MS || this.#failing > 0.5) return true;
    return this.inFlight > 0 && now - this.heardAt > SLOW_SERVICE_MS;
  }

  /** Monotonic ms from which it lets go of what was kept for it: the breaker closed, a hold or a pause has ended. */
  get openedAt(): number {
    return Math.max(this.#openedAt, this.pausedUntil);
  }

  /** Lets go of what was held, slowly. */
  release(now: number): void {
    this.breaker.startSlowly();
    this.#openedAt = now;
  }

  /** When it may open again by the clock alone; null when that depends on attempts in flight. */
  opensAt(now: number): number | null {
    const probeAt = this.breaker.state === "open" ? this.breaker.probeAt : 0;
    const at = Math.max(this.pausedUntil, probeAt, this.pace.nextAt);
    return at > now ? at : null;
  }

  park(lane: Lane): void {
    this.#parked.push(lane);
  }

  /** Takes as many lanes out as there is room for, longest parked first; one where the breaker lets one try. */
  unpark(now: number): Lane[] {
    const count = this.breaker.state === "closed" ? Math.min(this.#limit - this.inFlight, this.pace.room(now)) : 1;
    const taken = this.#parked.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    if (this.#head === this.#parked.length) {
      this.#parked = [];
      this.#head = 0;
    }
    return taken;
  }

  /** Takes one lane out: it goes to another endpoint. */
  remove(lane: Lane): void {
    this.#parked = this.#parked.slice(this.#head).filter((parked) => parked !== lane);
    this.#head = 0;
  }

  /** An attempt starts; true when it is the breaker's probe. */
  started(now: number): boolean {
    if (this.inFlight === 0) this.heardAt = now;
    this.inFlight += 1;
    this.pace.started(now);
    return this.breaker.started();
  }

  /** Takes an outcome in; true when the breaker opened, closed, or moved its next probe. */
  finished(sign: EndpointSign, delivery: EventId, wasProbe: boolean, durationMs: number, now: number): boolean {
    this.inFlight -= 1;
    if (sign !== "none") this.#learn(sign, durationMs, now);
    if (sign === "success" || sign === "overload") this.concurrency.record(sign, this.inFlight);
    const hasMoved = this.breaker.record(sign, delivery, wasProbe, now);
    if (hasMoved && this.breaker.state === "closed") this.#openedAt = now;
    return hasMoved;
  }

  /**
   * Of the first ten the means are what they say. The first counts whole, because it is all that is known, and no longer than that: an endpoint
   * whose first answer was a failure would count as failing for seven successes.
   */
  #learn(sign: EndpointSign, durationMs: number, now: number): void {
    this.#outcomes += 1;
    const weight = Math.max(NEWEST_WEIGHT, 1 / this.#outcomes);
    this.serviceMs += (durationMs - this.serviceMs) * weight;
    this.#failing += ((sign === "success" ? 0 : 1) - this.#failing) * weight;
    this.heardAt = now;
  }
}
