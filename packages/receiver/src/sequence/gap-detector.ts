import type { EventFields } from "../event.ts";
import { advance, formatPosition, parsePosition, without, type Finding, type Gap, type NumberRange, type Position } from "./position.ts";
import { memoryPositions, type PositionStore } from "./position-store.ts";

export interface GapDetectorOptions {
  /** Where it remembers what it saw: `postgresPositions(pool)`, `redisPositions(client)`, `sqlitePositions(database)`; in memory unless given. */
  readonly positions?: PositionStore | undefined;
  /** The number that each webhook begins with: 1 where the detector sees a webhook from its first day. The first one seen unless given. */
  readonly startAt?: number | undefined;
  /** Told when numbers are missing. Deliveries overtake each other: most of these gaps close by themselves. */
  readonly onGap?: ((webhookId: string, missing: NumberRange) => void) | undefined;
  /** Wall time, ms; the system's unless given. */
  readonly now?: (() => number) | undefined;
}

export interface GapDetector {
  /** Notes an event's number, after the event was processed. Null where the event has none. A number may be shown any number of times. */
  observe(event: Pick<EventFields, "webhookId" | "sequence">): Promise<Finding | null>;
  /** What was seen of a webhook; null for nothing. */
  read(webhookId: string): Promise<Position | null>;
  /** Numbers that are missing for longer than `olderThanMs`. */
  missing(webhookId: string, olderThanMs?: number): Promise<readonly Gap[]>;
  /** Takes numbers off the list without having seen them: cancelled, erased, or lost for good. */
  settle(webhookId: string, range: NumberRange): Promise<void>;
}

/** How often another process may come in between before a change is given up: each time means that the other one got on. */
const SWAPS_MAX = 100;

/**
 * Watches `X-Genstore-Sequence`: the numbers of one webhook have no gaps, so a number that does not come is an event that did not. Several
 * processes may share one position store.
 */
export function gapDetector(options: GapDetectorOptions = {}): GapDetector {
  const { positions = memoryPositions(), startAt, onGap, now = Date.now } = options;
  const change = oneAtATime(positions);
  const orStart = (position: Position | null): Position | null =>
    position ?? (startAt === undefined ? null : { first: startAt, highest: startAt - 1, gaps: [] });
  const read = async (webhookId: string): Promise<Position | null> => orStart(parsePosition(await positions.read(webhookId)));
  return {
    async observe({ webhookId, sequence }) {
      if (sequence === null) return null;
      const finding = await change(webhookId, (text) => {
        const before = orStart(parsePosition(text));
        const { position, finding } = advance(before, sequence, now());
        return { text: position === before ? null : formatPosition(position), answer: finding };
      });
      if (finding.kind === "gap") onGap?.(webhookId, finding.missing);
      return finding;
    },
    read,
    async missing(webhookId, olderThanMs = 0) {
      const before = now() - olderThanMs;
      return (await read(webhookId))?.gaps.filter((gap) => gap.noticedAt <= before) ?? [];
    },
    settle: (webhookId, range) =>
      change(webhookId, (text) => {
        const before = orStart(parsePosition(text));
        if (before === null) return { text: null, answer: undefined };
        // Beyond the highest number: everything up to the range is missing, and the range is not.
        const at = range.to > before.highest ? advance(before, range.to, now()).position : before;
        return { text: formatPosition({ ...at, gaps: without(at.gaps, range) }), answer: undefined };
      }),
  };
}

type Change = <Answer>(
  key: string,
  decide: (text: string | null) => { readonly text: string | null; readonly answer: Answer },
) => Promise<Answer>;

/** Changes of one key wait for each other within this process, so that only other processes can come in between. A null text changes nothing. */
function oneAtATime(positions: PositionStore): Change {
  const last = new Map<string, Promise<unknown>>();
  const swap: Change = async (key, decide) => {
    for (let tries = 0; tries < SWAPS_MAX; tries += 1) {
      const before = await positions.read(key);
      const { text, answer } = decide(before);
      if (text === null || (await positions.swap(key, before, text))) return answer;
    }
    throw new Error(`The position of webhook ${key} was changed by others ${SWAPS_MAX} times in a row`);
  };
  return (key, decide) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(() => swap(key, decide));
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    last.set(key, settled);
    void settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return turn;
  };
}
