import type { Clock } from "../ports/clock.ts";
import type { EventId } from "./event.ts";

/** 32 random bits as an unsigned integer. */
export type RandomBits = () => number;

const COUNTER_MAX = 0xfff;
/** How far ids may run ahead of a clock that was set back, ms. */
const AHEAD_MAX_MS = 300_000;

/**
 * Makes UUIDv7 (RFC 9562 5.7) that strictly grow within this source: the 12 bits behind the time are a counter (method 1 of
 * section 6.2) that starts low in each millisecond; when it runs out, the time inside runs ahead of the clock by a millisecond.
 * A clock that steps back is followed only once it has passed the last id; at once where that would take longer than five minutes, because
 * events that claim to be of another hour are worse than two that are out of order.
 */
export function eventIdSource(clock: Pick<Clock, "now">, random: RandomBits): () => EventId {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const now = clock.now();
    if (now > lastMs || now < lastMs - AHEAD_MAX_MS) {
      lastMs = now;
      counter = random() & 0x3ff;
    } else if (counter < COUNTER_MAX) {
      counter += 1;
    } else {
      lastMs += 1;
      counter = random() & 0x3ff;
    }
    return format(lastMs, counter, random(), random());
  };
}

function format(ms: number, counter: number, high: number, low: number): EventId {
  const time = ms.toString(16).padStart(12, "0");
  const count = (0x7000 | counter).toString(16);
  const variant = (0x8000 | ((high >>> 16) & 0x3fff)).toString(16);
  const tail = (high & 0xffff).toString(16).padStart(4, "0") + (low >>> 0).toString(16).padStart(8, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${variant}-${tail}`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in canonical lower-case form. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
