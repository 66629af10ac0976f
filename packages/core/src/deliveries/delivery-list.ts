import type { EventId } from "../domain/event.ts";
import type { Turn } from "../ports/turn.ts";
import type { DeliveryView } from "./delivery-view.ts";

/**
 * A place in a list of deliveries. What is pending comes lane by lane in due order, then what is final, newest event first; a list of one
 * event's deliveries has the order in which they were owed.
 */
export type DeliveryPosition =
  | { readonly phase: "pending"; readonly lane: number; readonly due: number; readonly eventId: EventId; readonly subscription: number }
  | { readonly phase: "final"; readonly eventId: EventId; readonly subscription: number }
  | { readonly phase: "event"; readonly index: number };

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryView[];
  /** How to ask for the neighbouring pages; null where there is none. */
  readonly previous: Turn<DeliveryPosition> | null;
  readonly next: Turn<DeliveryPosition> | null;
}

/** A delivery with its place. */
export interface Placed {
  readonly view: DeliveryView;
  readonly position: DeliveryPosition;
}

/** A stretch of the list that one source holds: a lane, or everything final. Stretches follow each other by `rank`. */
export interface Stretch {
  readonly rank: number;
  /** A page of the stretch in its own order, whether it fits the filter or not; shorter than `limit` only where the stretch ends. */
  read(turn: Turn<DeliveryPosition>, limit: number): Promise<readonly Placed[]>;
}

/** Rows looked at for one page: a filter that fits nothing answers a short page and a place to go on, not a scan of everything. */
const LOOKED_AT_MAX = 1_000;
/** Rows of a read after the first one, which has found that little fits: all the rest at once, because a list over many webhooks begins each read at all of them. */
const LOOKED_AT_STEP = LOOKED_AT_MAX;

/** Rank of the stretch that a place lies in. */
export function rankOf(position: DeliveryPosition): number {
  return position.phase === "pending" ? position.lane : Number.POSITIVE_INFINITY;
}

/** Reads a page over several stretches, in either direction, of what fits. */
export async function readPage(
  stretches: readonly Stretch[],
  turn: Turn<DeliveryPosition>,
  limit: number,
  fits: (view: DeliveryView) => boolean,
): Promise<DeliveryPage> {
  const isForward = "after" in turn;
  const from = isForward ? turn.after : turn.before;
  const { found, edge } = await walk(stretches, turn, limit, fits);
  const page = isForward ? found : found.toReversed();
  const [first, last] = [page[0]?.position ?? null, page.at(-1)?.position ?? null];
  const deliveries = page.map(({ view }) => view);
  if (isForward) {
    const next = edge === null ? null : { after: edge };
    return { deliveries, previous: from === null ? null : { before: first ?? from }, next };
  }
  return { deliveries, previous: edge === null ? null : { before: edge }, next: { after: last } };
}

/** What fits, in the direction of walking, and where to go on; null where nothing is left. */
async function walk(
  stretches: readonly Stretch[],
  turn: Turn<DeliveryPosition>,
  limit: number,
  fits: (view: DeliveryView) => boolean,
): Promise<{ readonly found: readonly Placed[]; readonly edge: DeliveryPosition | null }> {
  const isForward = "after" in turn;
  const from = isForward ? turn.after : turn.before;
  const found: Placed[] = [];
  let looked = 0;
  for (const stretch of isForward ? stretches : stretches.toReversed()) {
    const rank = from === null ? stretch.rank : rankOf(from);
    if (isForward ? stretch.rank < rank : stretch.rank > rank) continue;
    let at = stretch.rank === rank ? from : null;
    for (;;) {
      const size = looked === 0 ? limit + 1 : Math.max(limit + 1, LOOKED_AT_STEP);
      const read = await stretch.read(isForward ? { after: at } : { before: at }, size);
      looked += read.length;
      for (const placed of isForward ? read : read.toReversed()) {
        at = placed.position;
        if (!fits(placed.view)) continue;
        // One more than wanted was found: so there is a page behind this one.
        if (found.length >= limit) return { found, edge: found.at(-1)?.position ?? null };
        found.push(placed);
      }
      if (read.length < size) break;
      if (looked >= LOOKED_AT_MAX) return { found, edge: at };
    }
  }
  return { found, edge: null };
}
