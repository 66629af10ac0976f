import { randomFillSync } from "node:crypto";
import type { Clock, RandomBits, Timers } from "@genhook/core";

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** The longest delay that `setTimeout` takes, ms; a longer one would fire at once. */
const DELAY_MAX_MS = 2_147_483_647;

export const systemTimers: Timers = {
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, Math.min(Math.max(0, delayMs), DELAY_MAX_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Cryptographic random bits, drawn in blocks: ids must not be guessable, and a call per id would cost more than the id. */
export function systemRandomBits(): RandomBits {
  const block = new Uint32Array(512);
  let next = block.length;
  return () => {
    if (next === block.length) {
      randomFillSync(block);
      next = 0;
    }
    const bits = block[next] ?? 0;
    next += 1;
    return bits;
  };
}
