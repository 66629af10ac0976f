import { Breaker } from "./breaker.ts";
import { ConcurrencyLimit } from "./concurrency.ts";
import type { EndpointSign } from "./decide.ts";
import type { EventId } from "../domain/event.ts";

/** Weight of the newest service time in the running mean. */
const SERVICE_WEIGHT = 0.1;

/**
 * What stands between an endpoint's lanes and the network: its concurrency limit, its breaker, and pauses that it asked for. Lives in
 * the memory of the one owner, so it is exact. Lanes that may not start are parked here and cost nothing until they can.
 */
export class EndpointGate<Lane> {
  readonly id: string;
  readonly breaker: Breaker = new Breaker();
  readonly concurrency: ConcurrencyLimit;
  inFlight = 0;
  /** Monotonic ms until which the endpoint asked to be left alone. */
  pausedUntil = 0;
  /** Wall ms of the last success that this gate has seen. */
  lastSuccessAt: number | null = null;
  /** Running mean of attempt durations, ms. */
  serviceMs = 10;
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

  mayStart(now: number): boolean {
    return now >= this.pausedUntil && this.inFlight < this.concurrency.limit && this.breaker.mayStart(now, this.inFlight);
  }

  /** True when nothing starts before a known time, whatever finishes: breaker open, or paused. */
  isShut(now: number): boolean {
    return now < this.pausedUntil || this.breaker.state !== "closed";
  }

  /** When it may open again by the clock alone; null when that depends on attempts in flight. */
  opensAt(now: number): number | null {
    const probeAt = this.breaker.state === "open" ? this.breaker.probeAt : 0;
    const at = Math.max(this.pausedUntil, probeAt);
    return at > now ? at : null;
  }

  park(lane: Lane): void {
    this.#parked.push(lane);
  }

  /** Takes up to `count` lanes out, longest parked first. */
  unpark(count: number): Lane[] {
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
  started(): boolean {
    this.inFlight += 1;
    return this.breaker.started();
  }

  /** Takes an outcome in; true when the breaker opened, closed, or moved its next probe. */
  finished(sign: EndpointSign, delivery: EventId, wasProbe: boolean, durationMs: number, now: number): boolean {
    this.inFlight -= 1;
    if (sign !== "none") this.serviceMs += (durationMs - this.serviceMs) * SERVICE_WEIGHT;
    if (sign === "success" || sign === "overload") this.concurrency.record(sign, this.inFlight);
    return this.breaker.record(sign, delivery, wasProbe, now);
  }
}
