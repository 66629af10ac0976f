import { Breaker, BREAKER_IN_A_ROW, type EndpointSign } from "@genhook/core";
import type { Transitions } from "./transitions.ts";

/** What led to an opening is told apart from outside: signs of the last minute, counted as the contract words it. */
interface Minute {
  inARow: number;
  readonly outcomes: { readonly at: number; readonly sign: EndpointSign }[];
}

const MINUTE_MS = 60_000;
/** More than any endpoint may have in flight. */
const MANY = 1_000_000;
const minutes = new WeakMap<Breaker, Minute>();
let taken: Transitions | null = null;

/** Counts what every breaker of this process does from here on. The class is watched, not replaced: it does what it does. */
export function watchBreakers(transitions: Transitions): void {
  const isWatched = taken !== null;
  taken = transitions;
  if (isWatched) return;
  // Each is called with the breaker that it is asked of.
  // oxlint-disable-next-line typescript/unbound-method
  const { record, restore, started, startSlowly, mayStart } = Breaker.prototype;
  Breaker.prototype.record = function recordWatched(this: Breaker, sign, delivery, wasProbe, now): boolean {
    const { state: before, probeWaitMs } = this;
    const wasSlow = before === "closed" && !mayStart.call(this, now, MANY);
    const minute = noted(this, sign, now);
    const hasChanged = record.call(this, sign, delivery, wasProbe, now);
    if (before === "probing" && wasProbe) {
      if (this.state === "closed") take("probing → closed");
      else take(this.probeWaitMs === probeWaitMs && sign === "none" ? "probing → open: the same wait" : "probing → open: the wait doubles");
    } else if (before === "closed" && this.state === "open") take(`closed → open: ${reasonOf(minute)}`);
    if (wasSlow && this.state === "closed" && mayStart.call(this, now, MANY)) take("closed: slow start is over");
    if (this.state !== "closed" || sign === "success") minute.inARow = 0;
    return hasChanged;
  };
  Breaker.prototype.restore = function restoreWatched(this: Breaker, probeAt, waitMs): void {
    take("closed → open: restored");
    restore.call(this, probeAt, waitMs);
  };
  Breaker.prototype.started = function startedWatched(this: Breaker): boolean {
    const isProbe = started.call(this);
    if (isProbe) take("open → probing");
    return isProbe;
  };
  Breaker.prototype.startSlowly = function startSlowlyWatched(this: Breaker): void {
    const wasLimited = this.state !== "closed" || !mayStart.call(this, 0, 1);
    startSlowly.call(this);
    if (!wasLimited) take("closed: slow start begins");
  };
}

function take(name: string): void {
  taken?.take("breaker", name);
}

function noted(breaker: Breaker, sign: EndpointSign, now: number): Minute {
  let minute = minutes.get(breaker);
  if (minute === undefined) minutes.set(breaker, (minute = { inARow: 0, outcomes: [] }));
  if (sign === "none") return minute;
  minute.inARow = sign === "overload" ? minute.inARow + 1 : 0;
  while ((minute.outcomes[0]?.at ?? now) < now - MINUTE_MS) minute.outcomes.shift();
  minute.outcomes.push({ at: now, sign });
  return minute;
}

function reasonOf({ inARow, outcomes }: Minute): string {
  if (inARow >= BREAKER_IN_A_ROW) return "ten in a row";
  return outcomes.filter(({ sign }) => sign === "overload").length * 2 >= outcomes.length ? "half of a minute" : "ten deliveries";
}
